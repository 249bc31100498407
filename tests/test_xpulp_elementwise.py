"""Additions, rescales and pools in assembly, many layers to a run of the simulator."""

from __future__ import annotations

import random

import numpy as np
import pytest
from handwritten import needs_gvsoc

from benchmarks.layers import GvsocNetwork
from dsconv.bench.builder import Activation, NetworkBuilder
from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.machine import AssemblyOp


def random_activation(rng: random.Random, layout: Layout) -> Activation:
    dtype = rng.choice([np.uint8, np.int8])
    return Activation(dtype, rng.choice([0, 7, 100] if dtype is np.uint8 else [-128, 0, 9]), layout)


def add_layers(seed: int) -> GvsocNetwork:
    """Additions and rescales of one shape, then a pool."""
    rng = random.Random(seed)
    layout = list(Layout)[seed % 2]
    channels = 4 * rng.randint(1, 6) if layout is Layout.HWC else rng.randint(1, 23)
    height, width = rng.randint(3, 13), rng.randint(3, 13)
    builder = NetworkBuilder(seed).begin(channels, height, width, random_activation(rng, layout))
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


@pytest.mark.parametrize("layouts", [(Layout.CHW, Layout.HWC), (Layout.HWC, Layout.CHW)])
def test_another_layout_is_left_to_the_loops(layouts: tuple[Layout, Layout]):
    builder = NetworkBuilder().begin(8, 5, 5, Activation(layout=layouts[0]))
    builder.rescale(Activation(layout=layouts[1]))
    lowered = GvsocNetwork(builder.module()).lowered
    assert not any(isinstance(op, AssemblyOp) for op in lowered.body.block.ops)
