"""Networks as functions of upstream MLIR: verified by mlir-opt, and run as machine code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_layers import IN_LITTLE_L1, RandomLayer, random_layers
from small_networks import l2_needs, residual_blocks
from upstream_mlir import count_differences, needs_mlir

from dsconv.dialects.run import run_reference, to_memory
from dsconv.driver.pipeline import run_pipeline
from dsconv.lowering.c_target import network_function

LOWER = "lower-kernels,lower-to-upstream,canonicalize,cse"
TILES = "narrow-requant,select-layout,tile-l1{{l1={l1}}},lower-to-tiles,double-buffer"


def check(network: RandomLayer, pipeline: str) -> str:
    """Compares what the machine code makes with what the layers mean."""
    lowered = network.module.clone()
    run_pipeline(lowered, pipeline)
    name = network_function(lowered).sym_name.data
    run_pipeline(lowered, LOWER)
    expected = run_reference(network.module, *network.inputs).outputs[0]
    inputs = [
        to_memory(array, layout)
        for array, layout in zip(network.inputs, network.input_layouts, strict=True)
    ]
    text = str(lowered)
    assert "dsconv" not in text
    output = to_memory(expected, network.output_layout)
    assert count_differences(text, name, inputs, output) == 0
    return text


def check_tiles(layer: RandomLayer, l1: int) -> None:
    check(layer, f"{TILES.format(l1=l1)},plan-memory")


@needs_mlir
@settings(max_examples=5)
@given(layer=random_layers(IN_LITTLE_L1, max_size=6), l1=st.integers(1500, 4000))
def test_layers_mean_the_same(layer: RandomLayer, l1: int):
    check_tiles(layer, l1)


@needs_mlir
@pytest.mark.slow
@settings(max_examples=500)
@given(layer=random_layers(IN_LITTLE_L1, max_size=6), l1=st.integers(1500, 4000))
def test_many_layers_mean_the_same(layer: RandomLayer, l1: int):
    check_tiles(layer, l1)


@needs_mlir
@settings(max_examples=2)
@given(network=residual_blocks(), fused=st.booleans())
def test_what_stays_in_l1_means_the_same(network: RandomLayer, fused: bool):
    schedule = "fuse-dsconv{l1=3000}," if fused else ""
    text = check(
        network,
        f"select-layout,{schedule}tile-l1{{l1=4000}},lower-to-tiles,keep-in-l1{{l1=4000}},"
        "double-buffer,prefetch-weights{l1=4000},plan-memory{l1=4000}",
    )
    assert "1 : i64>" in text


@needs_mlir
@settings(max_examples=2)
@given(network=residual_blocks())
def test_activations_in_l3_mean_the_same(network: RandomLayer):
    text = check(network, f"{TILES.format(l1=4000)},spill-activations{{l2=1}},plan-memory")
    assert "3 : i64>" in text


@needs_mlir
@settings(max_examples=2)
@given(network=residual_blocks(), share=st.floats(0.6, 0.95))
def test_weights_in_l3_mean_the_same(network: RandomLayer, share: float):
    tiles = TILES.format(l1=4000)
    activations, weights = l2_needs(network, tiles)
    l2 = activations + int(share * weights)
    text = check(network, f"{tiles},stream-weights{{l2={l2}}},plan-memory{{l2={l2}}}")
    assert "3 : i64>" in text


@needs_mlir
def test_a_wrong_byte_is_counted():
    text = "builtin.module {\nfunc.func @net(%x: memref<4xi8>, %y: memref<4xi8>) {\n"
    text += "memref.copy %x, %y : memref<4xi8> to memref<4xi8>\nreturn\n}\n}\n"
    data = np.array([1, 2, 255, 4], np.uint8)
    assert count_differences(text, "net", [data], data) == 0
    assert count_differences(text, "net", [data], np.array([1, 3, 255, 5], np.uint8)) == 2
