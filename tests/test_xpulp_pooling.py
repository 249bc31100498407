"""Pools in assembly against the reference semantics, many to a run of the simulator."""

from __future__ import annotations

import random

import numpy as np
import pytest
from random_kernels import KernelRun, RandomKernel
from xpulp_program import KernelSimulator, check_kernels

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.xpulp.pooling import avg_pool, has_loops, max_pool
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER

WRITERS = {KernelKind.AVG_POOL: avg_pool, KernelKind.MAX_POOL: max_pool}
each_kind = pytest.mark.parametrize("kind", WRITERS)


def random_run(kind: KernelKind, seed: int, largest: int = 10) -> KernelRun:
    """Windows with and without padding, some of a whole map and some of a tile."""
    rng = random.Random(seed)
    fy, fx = rng.randint(1, 5), rng.randint(1, 5)
    strides = rng.randint(1, 3), rng.randint(1, 3)
    height, width = rng.randint(fy, fy + largest), rng.randint(fx, fx + largest)
    pads = [rng.randint(0, size - 1) for size in (fy, fx, fy, fx)] if rng.random() < 0.7 else []
    window = WindowAttr.of((fy, fx), strides, pads or [0] * 4)
    starts = None
    if any(pads):
        top, left = rng.randint(1 - fy, 0), rng.randint(1 - fx, 0)
        starts = rng.choice([None, ([top, 0], [left]), ([top, 0], [left, 0])])
    kernel = RandomKernel(seed, rng.randint(1, 24), (height, width))
    return kernel.pool(kind, window, starts=starts)


@each_kind
@pytest.mark.parametrize("seed", range(2))
def test_random_kernels(simulator: KernelSimulator, kind: KernelKind, seed: int):
    runs = [random_run(kind, 100 * seed + number) for number in range(60)]
    check_kernels(simulator, WRITERS[kind], [run for run in runs if has_loops(run.kernel)])


@each_kind
@pytest.mark.parametrize("seed", range(3))
def test_loops_of_random_kernels(kind: KernelKind, seed: int):
    run = random_run(kind, 1000 + seed, largest=3)
    np.testing.assert_array_equal(run.lowered(), run.expected())


@each_kind
def test_large_windows_and_far_strides(simulator: KernelSimulator, kind: KernelKind):
    """Windows that are loops, and rows and planes that are farther than an immediate reaches."""
    shapes = [
        (13, (9, 9), WindowAttr.of((9, 9), pads=(4, 4, 4, 4))),
        (40, (12, 12), WindowAttr.of((12, 12))),
        (600, (4, 6), WindowAttr.of((3, 3), (2, 2), (1, 1, 1, 1))),
        (5, (48, 50), WindowAttr.of((3, 2), (2, 1), (1, 0, 1, 1))),
    ]
    runs = [
        RandomKernel(seed, channels, size).pool(kind, window)
        for channels, size, window in shapes
        for seed in range(4)
    ]
    check_kernels(simulator, WRITERS[kind], runs)


def test_slices_and_pads(simulator: KernelSimulator):
    """Windows of one pixel, of which some are nothing but padding of any value."""
    runs: list[KernelRun] = []
    for seed in range(40):
        rng = random.Random(seed)
        pads = [rng.randint(0, 3) for _ in range(4)] if seed % 2 else [0] * 4
        strides = (1, 1) if seed % 2 else (rng.randint(1, 3), rng.randint(1, 3))
        window = WindowAttr.of((1, 1), strides, pads)
        size = rng.randint(1, 9), rng.randint(1, 9)
        kernel = RandomKernel(seed, rng.randint(1, 20), size)
        runs.append(kernel.pool(KernelKind.MAX_POOL, window, pad_value=rng.randint(0, 100)))
    check_kernels(simulator, max_pool, runs)


def test_padding_that_may_be_the_maximum_is_left_to_the_loops():
    window = WindowAttr.of((2, 2), pads=(1, 1, 1, 1))
    kernel = RandomKernel(0, 8, (6, 6))
    lowest = kernel.pool(KernelKind.MAX_POOL, window).kernel
    higher = kernel.pool(KernelKind.MAX_POOL, window, pad_value=50).kernel
    assert max_pool(lowest, DEFAULT_CLUSTER) is not None
    assert max_pool(higher, DEFAULT_CLUSTER) is None


@each_kind
def test_dilated_windows(simulator: KernelSimulator, kind: KernelKind):
    runs: list[KernelRun] = []
    for seed in range(40):
        rng = random.Random(seed)
        (fy, fx), dilations = (rng.randint(1, 3), rng.randint(2, 3)), (rng.randint(1, 3), 2)
        pads = [rng.randint(0, 2) for _ in range(4)]
        window = WindowAttr.of((fy, fx), (rng.randint(1, 2), rng.randint(1, 2)), pads, dilations)
        size = rng.randint(7, 12), rng.randint(7, 12)
        runs.append(RandomKernel(seed, rng.randint(1, 24), size).pool(kind, window))
    check_kernels(simulator, WRITERS[kind], runs)


def test_averages_that_count_their_pixels(simulator: KernelSimulator):
    """In the map alone, and in a part of the pads."""
    runs: list[KernelRun] = []
    for seed in range(40):
        rng = random.Random(seed)
        fy, fx = rng.randint(2, 5), rng.randint(2, 5)
        pads = [rng.randint(0, size - 1) for size in (fy, fx, fy, fx)]
        window = WindowAttr.of((fy, fx), (rng.randint(1, 2), rng.randint(1, 2)), pads)
        counted = [rng.randint(0, pad) if seed % 2 else 0 for pad in pads]
        size = rng.randint(fy, 9), rng.randint(fx, 9)
        kernel = RandomKernel(seed, rng.randint(1, 24), size)
        runs.append(kernel.pool(KernelKind.AVG_POOL, window, counted=counted))
    check_kernels(simulator, avg_pool, runs)


def test_windows_too_many_to_write_out_are_left_to_the_loops():
    window = WindowAttr.of((9, 9), pads=(8, 8, 8, 8))
    kernel = RandomKernel(0, 8, (20, 20))
    assert avg_pool(kernel.pool(KernelKind.AVG_POOL, window).kernel, DEFAULT_CLUSTER) is not None
    counted = kernel.pool(KernelKind.AVG_POOL, window, counted=[0] * 4).kernel
    assert avg_pool(counted, DEFAULT_CLUSTER) is None
