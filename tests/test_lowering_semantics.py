"""Every level means the same: the IR before and after each pass, on one input."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_layers import IN_LITTLE_L1, RandomLayer, random_layers
from small_networks import l2_needs, residual_blocks
from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.attributes import Space, TileOrder
from dsconv.dialects.run import run_lowered, run_reference, to_memory
from dsconv.dialects.tiled import BufferOp, L3LoadOp, L3StoreOp
from dsconv.driver.pipeline import run_pipeline
from dsconv.lowering.c_target import network_function
from dsconv.passes.analysis.liveness import constants

NARROW = "fold-weight-zero-points,narrow-requant"


def check(layer: RandomLayer, pipeline: str) -> ModuleOp:
    expected = to_memory(run_reference(layer.module, *layer.inputs).outputs[0], layer.output_layout)
    lowered = layer.module.clone()
    run_pipeline(lowered, pipeline)
    inputs = [
        to_memory(array, layout)
        for array, layout in zip(layer.inputs, layer.input_layouts, strict=True)
    ]
    (actual,) = run_lowered(network_function(lowered), *inputs)
    np.testing.assert_array_equal(actual, expected)
    return lowered


@settings(max_examples=150)
@given(layer=random_layers(IN_LITTLE_L1), l1=st.integers(1500, 4000))
def test_tiles_mean_the_same_as_tensors(layer: RandomLayer, l1: int):
    check(layer, f"{NARROW},select-layout,tile-l1{{l1={l1}}},lower-to-tiles")


@settings(max_examples=100)
@given(
    layer=random_layers(),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(1, 8)),
)
def test_tiles_of_any_size(layer: RandomLayer, sizes: tuple[int, int, int]):
    asked = ",".join(map(str, sizes))
    check(layer, f"select-layout,tile-l1{{l1=1000000 sizes={asked}}},lower-to-tiles")


@settings(max_examples=150)
@given(
    layer=random_layers(),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(1, 8)),
)
def test_double_buffers_mean_the_same_as_single_ones(
    layer: RandomLayer, sizes: tuple[int, int, int]
):
    asked = ",".join(map(str, sizes))
    tiles = f"select-layout,tile-l1{{l1=1000000 buffers=2 sizes={asked}}},lower-to-tiles"
    check(layer, f"{tiles},double-buffer")
    check(layer, f"{tiles},double-buffer,canonicalize,cse")
    check(layer, f"{tiles}{{chunk=100}},double-buffer")


@settings(max_examples=100)
@given(
    layer=random_layers(),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(1, 8)),
    order=st.sampled_from(list(TileOrder)),
)
def test_tiles_mean_the_same_in_any_order(
    layer: RandomLayer, sizes: tuple[int, int, int], order: TileOrder
):
    asked = ",".join(map(str, sizes))
    tiles = f"select-layout,tile-l1{{l1=1000000 buffers=2 sizes={asked}}}"
    ordered = f"{tiles},order-tiles{{order={order}}},lower-to-tiles"
    check(layer, ordered)
    check(layer, f"{ordered},double-buffer,canonicalize,cse")
    check(layer, f"{ordered}{{chunk=100}},double-buffer,stream-weights,plan-memory")


@settings(max_examples=20)
@given(layer=random_layers(("pair_lookup",)), l1=st.integers(8400, 9000))
def test_pairs_mean_the_same_in_tiles_and_loops(layer: RandomLayer, l1: int):
    tiles = f"select-layout,tile-l1{{l1={l1}}},lower-to-tiles"
    check(layer, tiles)
    check(layer, f"{tiles},plan-memory,lower-kernels{{cores=2}},canonicalize,cse")


@settings(max_examples=40)
@given(layer=random_layers(IN_LITTLE_L1, max_size=4), l1=st.integers(1500, 4000))
def test_loops_mean_the_same_as_kernels(layer: RandomLayer, l1: int):
    check(
        layer,
        f"{NARROW},select-layout,tile-l1{{l1={l1}}},lower-to-tiles,"
        "double-buffer,plan-memory,lower-kernels,canonicalize,cse",
    )


@settings(max_examples=30)
@given(network=residual_blocks(), share=st.floats(0.6, 0.95), chunk=st.sampled_from([0, 300]))
def test_streamed_weights_mean_the_same(network: RandomLayer, share: float, chunk: int):
    tiles = f"select-layout,tile-l1{{l1=4000}},lower-to-tiles{{chunk={chunk}}},double-buffer"
    activations, weights = l2_needs(network, tiles)
    l2 = activations + int(share * weights)
    lowered = check(network, f"{tiles},stream-weights{{l2={l2}}},plan-memory{{l2={l2}}}")
    assert constants(lowered, Space.L3)
    assert any(isinstance(op, L3LoadOp) for op in lowered.walk())


@settings(max_examples=40)
@given(
    network=residual_blocks(),
    l1=st.integers(1500, 6000),
    share=st.sampled_from([0, 0.8]),
    fused=st.booleans(),
    kept=st.booleans(),
)
def test_what_layers_share_in_l1_means_the_same(
    network: RandomLayer, l1: int, share: float, fused: bool, kept: bool
):
    """Weights that come early, and activations that stay, lie where nothing else lies."""
    schedule = "fuse-dsconv{l1=1500}," if fused else ""
    tiles = f"select-layout,{schedule}tile-l1{{l1={l1}}},lower-to-tiles,"
    tiles += f"keep-in-l1{{l1={l1}}},double-buffer" if kept else "double-buffer"
    activations, weights = l2_needs(network, tiles)
    l2 = activations + int(share * weights)
    lowered = check(
        network,
        f"{tiles},stream-weights{{l2={l2 if share else 0}}},prefetch-weights{{l1={l1}}},"
        f"plan-memory{{l1={l1}}}",
    )
    ends = [
        op.offset.value.data + op.size
        for op in lowered.walk()
        if isinstance(op, BufferOp) and op.space is Space.L1 and op.offset is not None
    ]
    assert max(ends) <= l1


@settings(max_examples=25)
@given(
    network=residual_blocks(),
    buffers=st.sampled_from([1, 2]),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(1, 16)),
)
def test_spilled_activations_mean_the_same(
    network: RandomLayer, buffers: int, sizes: tuple[int, int, int]
):
    """All that lies between layers lies in L3: lines and tiles need not be whole words."""
    asked = f"l1=1000000 buffers={buffers} sizes={','.join(map(str, sizes))}"
    tiles = f"select-layout,tile-l1{{{asked}}},lower-to-tiles,double-buffer"
    lowered = check(network, f"{tiles},spill-activations{{l2=1}},plan-memory")
    assert {type(op) for op in lowered.walk()} >= {L3LoadOp, L3StoreOp}
    assert any(isinstance(op, BufferOp) and op.space is Space.L3 for op in lowered.walk())
