"""Cycles of kernels on the RTL of a core beside those on GVSoC's model of it.

    pytest -m slow -s tests/test_core_cycles.py

prints them. GVSoC's cores meet at barriers besides, and miss in an instruction cache that is
warm. No bank conflicts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from core_program import CoreRtl
from gvsoc_program import Gvsoc
from handwritten import needs_core_rtl, needs_gvsoc
from random_kernels import KernelRun, RandomKernel
from rich.console import Console
from rich.table import Table
from xpulp_program import Case, KernelSimulator, checked

from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.xpulp.lower_kernels import WRITERS
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER

SHAPES = 50
"""Of each kind."""
CHANNELS_AND_SIZES = (4, 32), (5, 14), (5, 14)

Draw = Callable[[RandomKernel, np.random.Generator], KernelRun]


def layouts(random: np.random.Generator) -> tuple[Layout, Layout]:
    source, target = random.choice(2, 2)
    return [*Layout][source], [*Layout][target]


def window(random: np.random.Generator, most: int = 5) -> WindowAttr:
    size = int(random.choice(range(2, most + 1)))
    pad = int(random.integers(size))
    return WindowAttr.of((size, size), [int(random.integers(1, 3))] * 2, [pad] * 4)


def pointwise(kernel: RandomKernel, random: np.random.Generator) -> KernelRun:
    return kernel.dense(int(random.integers(8, 60)), layouts=layouts(random))


def convolution(kernel: RandomKernel, random: np.random.Generator) -> KernelRun:
    where = window(random, 3)
    start = -where.pads[0], -where.pads[1]
    return kernel.dense(int(random.integers(8, 30)), where, start=start)


def depthwise(kernel: RandomKernel, random: np.random.Generator) -> KernelRun:
    return kernel.depthwise(window(random), layouts(random))


def pool(kind: KernelKind) -> Draw:
    return lambda kernel, random: kernel.pool(kind, window(random, 3))


def elementwise(kind: KernelKind) -> Draw:
    return lambda kernel, _: kernel.elementwise(kind)


DRAWS: dict[str, Draw] = {
    "pointwise": pointwise,
    "convolution": convolution,
    "depthwise": depthwise,
    "maximum": pool(KernelKind.MAX_POOL),
    "average": pool(KernelKind.AVG_POOL),
    "addition": elementwise(KernelKind.ADD),
    "product": elementwise(KernelKind.MUL),
    "rescale": elementwise(KernelKind.RESCALE),
    "lookup": lambda kernel, _: kernel.lookup(),
    "concat": lambda kernel, random: kernel.concat(int(random.integers(1, 12))),
    "shuffle": lambda kernel, _: kernel.shuffle(),
    "resize": lambda kernel, _: kernel.resize(),
    "pixels from channels": lambda kernel, _: kernel.depth_to_space(),
}


def cases(draw: Draw) -> list[Case]:
    """Random shapes of one kind, those that have assembly."""
    random = np.random.default_rng(7)
    found: list[Case] = []
    while len(found) < SHAPES:
        channels, height, width = (int(random.integers(*range_)) for range_ in CHANNELS_AND_SIZES)
        run = draw(RandomKernel(int(random.integers(2**32)), channels, (height, width)), random)
        write = WRITERS[run.kernel.kind]
        text = None if write is None else write(run.kernel, DEFAULT_CLUSTER)
        if text is not None:
            found.append(Case(run, text))
    return found


def cycles(simulator: KernelSimulator, drawn: list[Case]) -> int:
    """Of all cases."""
    return sum(outcome.cycles for outcome in checked(simulator, drawn))


@pytest.mark.slow
@needs_gvsoc
@needs_core_rtl
def test_cycles_beside_gvsoc(core_rtl: Path, tmp_path: Path) -> None:
    table = Table("kind", "shapes", "GVSoC", "RTL", "RTL / GVSoC")
    ratios: dict[str, float] = {}
    for kind, draw in DRAWS.items():
        drawn = cases(draw)
        folders = [tmp_path / kind / name for name in ("gvsoc", "rtl")]
        for folder in folders:
            folder.mkdir(parents=True)
        model = cycles(Gvsoc(folders[0], bank_conflicts=False, repeats=2), drawn)
        core = cycles(CoreRtl(folders[1], core_rtl), drawn)
        ratios[kind] = core / model
        table.add_row(kind, str(len(drawn)), f"{model:,}", f"{core:,}", f"{ratios[kind]:.3f}")
    Console(width=100).print(table)
    assert all(0.6 < ratio < 1.02 for ratio in ratios.values()), ratios
