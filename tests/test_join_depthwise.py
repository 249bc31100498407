"""What factorise-depthwise takes apart, join-depthwise puts together, with the same values."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_factorise_depthwise import network
from xdsl.context import Context

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import ConcatOp, DepthwiseOp, LayerOperation, SliceOp
from dsconv.dialects.run import run_reference
from dsconv.driver.pipeline import layers_left
from dsconv.passes.factorise_depthwise import FactoriseDepthwisePass
from dsconv.passes.join_depthwise import JoinDepthwisePass


@st.composite
def small_windows(draw: st.DrawFn) -> WindowAttr:
    """Windows of 4 to 9 taps with pads of any kind."""
    kernel = draw(st.tuples(*[st.integers(2, 3)] * 2))
    pads = [draw(st.integers(0, taps - 1)) for taps in kernel * 2]
    return WindowAttr.of(kernel, draw(st.tuples(*[st.integers(1, 3)] * 2)), pads)


@given(small_windows(), st.integers(2, 7), st.integers(0, 99))
def test_axial_layers_become_one(window: WindowAttr, channels: int, seed: int) -> None:
    module, x = network(window, channels, seed, centre_only=False)
    FactoriseDepthwisePass().apply(Context(), module)
    before = run_reference(module, x)
    JoinDepthwisePass().apply(Context(), module)
    module.verify()
    after = run_reference(module, x)
    assert not [op for op in module.walk() if isinstance(op, ConcatOp | SliceOp)]
    assert len([op for op in module.walk() if isinstance(op, DepthwiseOp)]) == 1
    np.testing.assert_array_equal(before.layers["dw"], after.layers["dw"])
    np.testing.assert_array_equal(before.outputs[0], after.outputs[0])


def test_code_is_reserved_for_the_layers_that_are_left() -> None:
    """Not for slices, filters and concats: programs kept fewer weights in L2 for those."""
    module, _ = network(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), 4, seed=0, centre_only=False)
    before = layers_left(module)
    FactoriseDepthwisePass().apply(Context(), module)
    assert len([op for op in module.walk() if isinstance(op, LayerOperation)]) > before
    assert layers_left(module) == before
