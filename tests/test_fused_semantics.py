"""Fused layers mean what their layers mean one by one, at every depth and in every layout."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_chains import Sizes, chain_of, random_chains
from random_layers import RandomLayer
from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.attributes import Axis, Space, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation, tensor_type
from dsconv.dialects.run import run_lowered, run_reference, to_memory
from dsconv.dialects.tiled import BufferOp, L3LoadOp, L3StoreOp, aligned, buffer_size, buffer_space
from dsconv.driver.pipeline import run_pipeline
from dsconv.lowering.c_target import network_function
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.channel_plan import channel_plan
from dsconv.passes.scheduling.legality import fuse, why_illegal
from dsconv.passes.scheduling.row_plan import row_plan

ROWS_PATTERNS = (
    ("dw", "pw"),
    ("pw", "dw"),
    ("pw", "dw", "pw"),
    ("dw", "pw", "dw", "pw"),
    ("pw", "dw", "pw", "dw"),
    ("dw", "dw", "pw"),
)


def fused_rows(chain: RandomLayer, depth: int, buffers: int) -> tuple[ModuleOp, FusedOp]:
    """The network with all its layers fused, along rows."""
    module = chain.module.clone()
    layers = chain_of(module)
    assert why_illegal(layers, Axis.ROWS) is None
    fused = fuse(layers, Axis.ROWS)
    _, channels, rows, columns = tensor_type(fused.result).get_shape()
    tile = Tile(channels, min(depth, rows), columns, buffers=buffers)
    fused.properties["tile"] = TileAttr.of(tile)
    module.verify()
    return module, fused


def check(chain: RandomLayer, fused: ModuleOp, pipeline: str) -> None:
    """The network equals its fused form, and that what a pipeline makes of it."""
    (expected,) = run_reference(chain.module, *chain.inputs).outputs
    np.testing.assert_array_equal(run_reference(fused, *chain.inputs).outputs[0], expected)
    run_pipeline(fused, pipeline)
    inputs = [
        to_memory(array, layout)
        for array, layout in zip(chain.inputs, chain.input_layouts, strict=True)
    ]
    data = to_memory(expected, chain.output_layout)
    (actual,) = run_lowered(network_function(fused), *inputs)
    np.testing.assert_array_equal(actual, data)


@settings(max_examples=150)
@given(
    chain=random_chains(ROWS_PATTERNS),
    depth=st.integers(1, 28),
    buffers=st.sampled_from([1, 2]),
)
def test_rows(chain: RandomLayer, depth: int, buffers: int):
    module, fused = fused_rows(chain, depth, buffers)
    assert fused.tile is not None
    plan = row_plan(Chain.of(fused.chain), fused.tile.tile)
    assume(plan is not None)
    check(chain, module, "lower-to-tiles,double-buffer")
    assert plan is not None
    check_l1(module, plan.l1_bytes, buffers)


@settings(max_examples=60)
@given(
    chain=random_chains((("pw", "dw"),), Sizes(residual=False)),
    depth=st.integers(1, 13),
    buffers=st.sampled_from([1, 2]),
)
def test_channels(chain: RandomLayer, depth: int, buffers: int):
    module = chain.module.clone()
    fused = fuse(chain_of(module), Axis.CHANNELS)
    _, channels, rows, columns = tensor_type(fused.result).get_shape()
    tile = Tile(min(depth, channels), rows, columns, buffers=buffers)
    fused.properties["tile"] = TileAttr.of(tile)
    plan = channel_plan(Chain.of(fused.chain), tile)
    check(chain, module, "lower-to-tiles,double-buffer")
    check_l1(module, plan.l1_bytes, buffers)


def check_l1(module: ModuleOp, planned: int, copies: int) -> None:
    """A module takes as much of L1 as is planned; of two copies, each is planned aligned."""
    buffers = [op.result for op in module.walk() if isinstance(op, BufferOp)]
    sizes = [buffer_size(buffer) for buffer in buffers if buffer_space(buffer) is Space.L1]
    taken = sum(map(aligned, sizes))
    assert taken <= planned
    assert copies > 1 or taken == planned


@settings(max_examples=25)
@given(
    chain=random_chains((("pw", "dw", "pw", "pw", "dw", "pw"), ("pw", "dw", "pw", "dw"))),
    kind=st.sampled_from(["mode=block", "mode=dw-pw", "mode=pw-dw", "mode=pw-dw axis=channels"]),
    buffers=st.sampled_from([1, 2]),
    l1=st.integers(1000, 20000),
)
def test_maps_in_l3(chain: RandomLayer, kind: str, buffers: int, l1: int):
    """All that lies between fused layers lies in L3, and passes through L2 step by step."""
    module = chain.module.clone()
    run_pipeline(module, f"fuse-dsconv{{{kind} l1={l1}}}")
    assume(isinstance(next(op for op in module.walk() if isinstance(op, LayerOperation)), FusedOp))
    tiles = f"tile-l1{{l1={max(l1, 20000)} buffers={buffers}}},lower-to-tiles,double-buffer"
    check(chain, module, f"{tiles},spill-activations{{l2=1}},plan-memory")
    assert {type(op) for op in module.walk()} >= {L3LoadOp, L3StoreOp}


SMALL = Sizes(heights=(2, 3, 5, 6), widths=(1, 6), channels=(1, 5))


@settings(max_examples=20)
@given(
    chain=random_chains(ROWS_PATTERNS, SMALL),
    depth=st.integers(1, 6),
    buffers=st.sampled_from([1, 2]),
)
def test_rows_as_loops(chain: RandomLayer, depth: int, buffers: int):
    module, fused = fused_rows(chain, depth, buffers)
    assert fused.tile is not None
    assume(row_plan(Chain.of(fused.chain), fused.tile.tile) is not None)
    check(
        chain,
        module,
        "lower-to-tiles,double-buffer,plan-memory,lower-kernels,canonicalize,cse",
    )
