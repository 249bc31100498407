"""Elementwise kernels, and those that move values, in assembly, many to a run of the simulator."""

from __future__ import annotations

import random

import numpy as np
import pytest
from handwritten import needs_gvsoc
from random_kernels import KernelRun, RandomKernel
from xpulp_program import KernelSimulator, check_kernels

from benchmarks.layers import GvsocNetwork
from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, WindowAttr, i64_array
from dsconv.dialects.machine import AssemblyOp
from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.xpulp.elementwise import elementwise
from dsconv.lowering.xpulp.movement import concat, depth_to_space, resize, shuffle
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER


def random_activation(rng: random.Random, layout: Layout) -> Activation:
    dtype = rng.choice([np.uint8, np.int8])
    return Activation(dtype, rng.choice([0, 7, 100] if dtype is np.uint8 else [-128, 0, 9]), layout)


def add_layers(seed: int) -> GvsocNetwork:
    """Additions and rescales of one shape, then a pool."""
    rng = random.Random(seed)
    layout = list(Layout)[seed % 2]
    channels = 4 * rng.randint(1, 6) if layout is Layout.HWC else rng.randint(1, 23)
    height, width = rng.randint(3, 13), rng.randint(3, 13)
    builder = ModelBuilder(seed).begin(channels, height, width, random_activation(rng, layout))
    for _ in range(3):
        shift = rng.choice([18, 20, 22])
        largest = 1 << min(shift, 21)
        multipliers = rng.randint(1, largest), rng.randint(1, largest)
        builder.add(multipliers, shift, random_activation(rng, layout))
        builder.rescale(random_activation(rng, layout))
    if layout is Layout.HWC:
        kernel = rng.randint(1, 3), rng.randint(1, 3)
        strides = rng.randint(1, 3), rng.randint(1, 3)
        builder.max_pool(WindowAttr.of(kernel, strides), layout)
    else:
        output = random_activation(rng, rng.choice(list(Layout)))
        builder.average_pool(WindowAttr.of((height, width)), output)
    return GvsocNetwork(builder.module())


@needs_gvsoc
@pytest.mark.parametrize("seed", range(8))
def test_random_layers(seed: int):
    network = add_layers(seed)
    network.check(network.run(trace=True))


@pytest.mark.parametrize("seed", range(8))
def test_every_layer_has_a_kernel(seed: int):
    network = add_layers(seed)
    kernels = [op for op in network.lowered.body.block.ops if isinstance(op, AssemblyOp)]
    assert {op.kernel.string_value().split("_")[0] for op in kernels} == {
        layer.label for layer in network.layers
    }


def random_run(kind: KernelKind, seed: int) -> KernelRun:
    rng = random.Random(seed)
    channels, height, width = (rng.randint(1, rng.choice([3, 20])) for _ in range(3))
    kernel = RandomKernel(seed, channels, (height, width))
    if kind is KernelKind.LOOKUP:
        return kernel.lookup()
    if kind is KernelKind.CONCAT:
        return kernel.concat(rng.randint(1, 12))
    if kind is KernelKind.SHUFFLE:
        return kernel.shuffle()
    if kind is KernelKind.RESIZE:
        return kernel.resize()
    if kind is KernelKind.DEPTH_TO_SPACE:
        return kernel.depth_to_space()
    return kernel.elementwise(kind)


KINDS = (KernelKind.ADD, KernelKind.MUL, KernelKind.RESCALE)
WRITERS = {
    **dict.fromkeys((*KINDS, KernelKind.LOOKUP), elementwise),
    KernelKind.CONCAT: concat,
    KernelKind.SHUFFLE: shuffle,
    KernelKind.RESIZE: resize,
    KernelKind.DEPTH_TO_SPACE: depth_to_space,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_random_kernels(simulator: KernelSimulator, kind: KernelKind):
    """Of all layouts, broadcast inputs and outputs that are parts of larger tiles among them."""
    check_kernels(simulator, WRITERS[kind], [random_run(kind, seed) for seed in range(60)])


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("seed", range(3))
def test_loops_of_random_kernels(kind: KernelKind, seed: int):
    run = random_run(kind, 100 + seed)
    np.testing.assert_array_equal(run.lowered(), run.expected())


def test_sums_of_terms(simulator: KernelSimulator):
    runs = [RandomKernel(seed, 3 + seed % 5, (4, 5)).sum_of_terms() for seed in range(60)]
    check_kernels(simulator, elementwise, runs)


def test_far_strides(simulator: KernelSimulator):
    """Planes and pixels that are farther apart than an immediate reaches."""
    runs = [
        RandomKernel(seed, 3, (50, 50)).elementwise(kind) for seed in range(4) for kind in KINDS
    ]
    runs += [RandomKernel(seed, 2100, (2, 3)).elementwise(KernelKind.RESCALE) for seed in range(4)]
    check_kernels(simulator, elementwise, runs)


def test_repetitions_that_a_tile_begins_in_are_left_to_the_loops():
    kernel = RandomKernel(1, 4, (3, 3)).resize().kernel
    assert resize(kernel, DEFAULT_CLUSTER) is not None
    kernel.properties["row_starts"] = i64_array((0, 1))
    assert resize(kernel, DEFAULT_CLUSTER) is None
