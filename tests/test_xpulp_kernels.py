"""Dense kernels in assembly against the reference semantics, many to a run of the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from random_kernels import KernelRun, KernelThatRoundsTwice, RandomKernel
from xpulp_program import KernelSimulator, check_kernels

from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.records import SHIFT
from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.convolution import Form, candidates, conv2d
from dsconv.lowering.xpulp.dense import DenseWriter
from dsconv.lowering.xpulp.gather import gather_for, reads_in_place
from dsconv.lowering.xpulp.tap_pointers import TapPointers, TapWriter


def check(simulator: KernelSimulator, runs: Sequence[KernelRun]) -> None:
    check_kernels(simulator, conv2d, runs)


@pytest.mark.parametrize("seed", range(3))
def test_random_pointwise_kernels(simulator: KernelSimulator, seed: int):
    random = np.random.default_rng(seed)
    check(
        simulator,
        [
            RandomKernel(
                int(random.integers(2**32)),
                int(random.integers(1, 40)),
                (int(random.integers(1, 9)), int(random.integers(1, 9))),
            ).dense(int(random.integers(1, 30)))
            for _ in range(40)
        ],
    )


@pytest.mark.parametrize("seed", range(3))
def test_random_windows(simulator: KernelSimulator, seed: int):
    random = np.random.default_rng(seed)

    def one() -> KernelRun:
        fy, fx, dy, dx, sy, sx = (int(random.integers(1, most)) for most in (5, 5, 3, 3, 3, 3))
        extent = (fy - 1) * dy + 1, (fx - 1) * dx + 1
        height, width = (int(random.integers(size, size + 9)) for size in extent)
        pads = [int(random.integers(size)) for size in (*extent, *extent)]
        if dx > 1 or random.random() < 0.3:
            pads = [0] * 4
        window = WindowAttr.of((fy, fx), (sy, sx), pads, (dy, dx))
        channels = int(random.integers(1, 96 // (fy * fx) + 2))
        kernel = RandomKernel(int(random.integers(2**32)), channels, (height, width))
        kernels = int(random.integers(1, 20))
        return kernel.dense(kernels, window, start=(-pads[0], -pads[1]))

    check(simulator, [one() for _ in range(40)])


@pytest.mark.parametrize("seed", range(2))
def test_windows_gathered_together(simulator: KernelSimulator, seed: int):
    """Pixels of several blocks at a time, some of them in another row or at a border."""
    random = np.random.default_rng(seed)

    def one() -> KernelRun:
        size, stride = int(random.choice([3, 5])), int(random.choice([1, 2]))
        height, width = int(random.integers(5, 12)), int(random.integers(9, 48))
        pads = [int(random.integers(size)) for _ in range(4)]
        window = WindowAttr.of((size, size), (stride, stride), pads)
        kernel = RandomKernel(
            int(random.integers(2**32)), int(random.choice([1, 3, 4])), (height, width)
        )
        return kernel.dense(int(random.choice([4, 8, 9])), window, start=(-pads[0], -pads[1]))

    def any_candidate(kernel: KernelOp, cluster: Cluster) -> str | None:
        found = list(
            candidates(kernel, Form(DenseWriter, gather_for(kernel, cluster.core)), cluster.core)
        )
        return found[random.integers(len(found))].text() if found else None

    check_kernels(simulator, any_candidate, [one() for _ in range(30)])


def random_window(
    random: np.random.Generator, largest: int, dilation: int
) -> tuple[WindowAttr, tuple[int, int]]:
    """A window of up to `largest` taps either way, and the size of a map for it."""
    fy, fx = (int(random.integers(1, largest + 1)) for _ in range(2))
    strides = [int(random.integers(1, 3)) for _ in range(2)]
    dilations = [int(random.integers(1, dilation + 1)) for _ in range(2)]
    extent = (fy - 1) * dilations[0] + 1, (fx - 1) * dilations[1] + 1
    pads = [int(random.integers(size)) for size in (*extent, *extent)]
    height, width = (int(random.integers(size, size + 9)) for size in extent)
    return WindowAttr.of((fy, fx), strides, pads, dilations), (height, width)


@pytest.mark.parametrize("seed", range(2))
def test_windows_read_through_pointers(simulator: KernelSimulator, seed: int):
    """Of any length, dilated and padded, with channels that are no whole words."""
    random = np.random.default_rng(seed)

    def one() -> KernelRun:
        window, size = random_window(random, 5, 3)
        channels = int(random.choice([4, 5, 6, 7, 12, 33, 64, 102]))
        kernel = RandomKernel(int(random.integers(2**32)), channels, size)
        start, target = (-window.pads[0], -window.pads[1]), Layout.CHW
        layouts = Layout.HWC, target if random.random() < 0.5 else Layout.HWC
        kernels = int(random.integers(1, 20))
        return kernel.dense(kernels, window, start=start, layouts=layouts)

    def any_candidate(kernel: KernelOp, cluster: Cluster) -> str | None:
        if reads_in_place(kernel):
            return conv2d(kernel, cluster)
        found = list(candidates(kernel, Form(TapWriter, TapPointers(kernel)), cluster.core))
        return found[random.integers(len(found))].text() if found else None

    check_kernels(simulator, any_candidate, [one() for _ in range(40)])


@pytest.mark.parametrize("seed", range(2))
def test_groups(simulator: KernelSimulator, seed: int):
    random = np.random.default_rng(seed)

    def one() -> KernelRun:
        window, size = random_window(random, int(random.choice([1, 3])), 1)
        groups = int(random.integers(2, 6))
        channels = groups * int(random.integers(1, 9))
        kernel = RandomKernel(int(random.integers(2**32)), channels, size)
        start = -window.pads[0], -window.pads[1]
        return kernel.dense(groups * int(random.integers(1, 9)), window, start=start, groups=groups)

    check(simulator, [one() for _ in range(40)])


def test_sums_that_stay_as_they_are(simulator: KernelSimulator):
    shapes = [(20, (1, 1), 10), (7, (2, 3), 5), (64, (4, 4), 8), (640, (1, 1), 4)]
    runs = [
        RandomKernel(seed, channels, size).sums(kernels, (source, target))
        for seed, (channels, size, kernels) in enumerate(shapes)
        for source in Layout
        for target in Layout
    ]
    check(simulator, runs)


def test_long_sums(simulator: KernelSimulator):
    """Of those that have a narrow form, most have one of 64-bit products."""
    runs = [
        RandomKernel(seed, 400 + seed, (2, 3)).dense(5, layouts=(Layout.HWC, Layout.HWC))
        for seed in range(20)
    ]
    forms = [run.kernel.narrow for run in runs]
    assert any(narrow is not None and narrow.is_mulh for narrow in forms)
    check(simulator, runs)


def test_kernels_that_round_twice(simulator: KernelSimulator):
    """As TFLite's do where no form of 32 bits is proved; every sum of 32 bits may come."""
    layouts = list(product(Layout, Layout))
    dense = [
        KernelThatRoundsTwice(seed, 5 + seed, (2, 3)).dense(7, layouts=layouts[seed % 4])
        for seed in range(24)
    ]
    check(simulator, dense)


def test_scales_far_apart(simulator: KernelSimulator):
    runs = [
        RandomKernel(seed, 9 + seed, (2, 3)).dense(64, spread=15, layouts=(Layout.HWC, target))
        for seed in range(10)
        for target in Layout
    ]
    narrow = [run for run in runs if run.kernel.narrow is not None]
    assert any(SHIFT in run.kernel.record.fields for run in narrow if run.kernel.record)
    check(simulator, narrow)


def test_long_rows_and_far_strides(simulator: KernelSimulator):
    """What immediates do not reach: records, pixels and planes that are far apart."""
    shapes = [
        (1200, (1, 1), 13),
        (640, (1, 1), 12),
        (3000, (1, 1), 6),
        (520, (3, 3), 700),
        (8, (48, 48), 9),
        (1, (1, 1), 2100),
        (64, (1, 1), 10),
        (64, (4, 4), 12),
    ]
    runs = [
        RandomKernel(seed, channels, size).dense(kernels, layouts=(source, target))
        for seed, (channels, size, kernels) in enumerate(shapes)
        for source in Layout
        for target in Layout
        if source is Layout.HWC or size == (1, 1)
    ]
    flattened = [
        RandomKernel(seed, 40, (5, 3)).dense(
            11, WindowAttr.of((5, 3)), layouts=(source, Layout.HWC)
        )
        for seed, source in enumerate(Layout)
    ]
    check(simulator, runs + flattened)


def test_planes_are_transposed(simulator: KernelSimulator):
    check(
        simulator,
        [
            RandomKernel(seed, channels, (7, width)).dense(12, layouts=(Layout.CHW, target))
            for seed, channels in enumerate((4, 5, 7, 32, 63, 96, 130, 390))
            for width in (1, 4, 5)
            for target in Layout
        ],
    )
