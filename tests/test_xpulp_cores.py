"""Kernels in assembly for any number of cores, against the reference semantics."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from random_kernels import KernelRun, RandomKernel
from xpulp_program import KernelSimulator, check_kernels

from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.target import MOST_CORES, Cluster
from dsconv.dialects.tiled import KernelKind, KernelOp
from dsconv.lowering.xpulp.lower_kernels import WRITERS

ANY_CORES = range(1, MOST_CORES + 1)
WINDOW = WindowAttr.of((3, 3), pads=(1, 1, 1, 1))


def dense(seed: int) -> KernelRun:
    return RandomKernel(seed, 12, (5, 7)).dense(37)


def windows_at_borders(seed: int) -> KernelRun:
    """Pixels are dealt out one by one."""
    return RandomKernel(seed, 3, (9, 11)).dense(10, WINDOW, start=(-1, -1))


def depthwise(seed: int) -> KernelRun:
    return RandomKernel(seed, 11, (7, 18)).depthwise(WINDOW, (Layout.CHW, Layout.HWC))


def addition(seed: int) -> KernelRun:
    return RandomKernel(seed, 10, (5, 7)).elementwise(KernelKind.ADD)


def lookup(seed: int) -> KernelRun:
    return RandomKernel(seed, 10, (5, 7)).lookup()


def concat(seed: int) -> KernelRun:
    return RandomKernel(seed, 7, (5, 7)).concat(3)


def maximum(seed: int) -> KernelRun:
    return RandomKernel(seed, 21, (7, 7)).pool(KernelKind.MAX_POOL, WindowAttr.of((2, 2), (2, 2)))


def average(seed: int) -> KernelRun:
    return RandomKernel(seed, 21, (4, 4)).pool(KernelKind.AVG_POOL, WindowAttr.of((4, 4)))


def written(kernel: KernelOp, cluster: Cluster) -> str | None:
    write = WRITERS[kernel.kind]
    return None if write is None else write(kernel, cluster)


@pytest.mark.parametrize(
    "draw",
    [dense, windows_at_borders, depthwise, addition, lookup, concat, maximum, average],
    ids=lambda draw: draw.__name__,
)
def test_all_outputs_are_made(simulator: KernelSimulator, draw: Callable[[int], KernelRun]):
    runs = [draw(seed) for seed in ANY_CORES]
    check_kernels(simulator, written, runs, ANY_CORES)
