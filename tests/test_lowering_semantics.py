"""Every level means the same: the IR before and after each pass, on one input."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_layers import RandomLayer, random_layers

from dsconv.pipeline import run_pipeline
from dsconv.reference import run_lowered, run_reference, to_memory

NARROW = "fold-weight-zero-points,narrow-requant"


def check(layer: RandomLayer, pipeline: str) -> None:
    expected = to_memory(run_reference(layer.module, *layer.inputs).outputs[0], layer.output_layout)
    lowered = layer.module.clone()
    run_pipeline(lowered, pipeline)
    inputs = [
        to_memory(array, layout)
        for array, layout in zip(layer.inputs, layer.input_layouts, strict=True)
    ]
    actual = run_lowered(lowered, *inputs, output_bytes=expected.size)
    np.testing.assert_array_equal(actual, expected)


@settings(max_examples=150, deadline=None)
@given(layer=random_layers(), l1=st.integers(1500, 4000))
def test_tiles_mean_the_same_as_tensors(layer: RandomLayer, l1: int):
    check(layer, f"{NARROW},select-layout,tile-l1{{l1={l1}}},lower-to-tiles")


@settings(max_examples=100, deadline=None)
@given(
    layer=random_layers(),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 8), st.integers(1, 8)),
)
def test_tiles_of_any_size(layer: RandomLayer, sizes: tuple[int, int, int]):
    asked = ",".join(map(str, sizes))
    check(layer, f"select-layout,tile-l1{{l1=1000000 sizes={asked}}},lower-to-tiles")


@settings(max_examples=150, deadline=None)
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


@settings(max_examples=40, deadline=None)
@given(layer=random_layers(max_size=4), l1=st.integers(1500, 4000))
def test_loops_mean_the_same_as_kernels(layer: RandomLayer, l1: int):
    check(
        layer,
        f"{NARROW},select-layout,tile-l1{{l1={l1}}},lower-to-tiles,"
        "double-buffer,plan-memory,lower-kernels,canonicalize,cse",
    )
