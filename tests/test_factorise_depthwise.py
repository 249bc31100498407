"""Filters that are axial before compute the same after factorise-depthwise."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp

from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph import ConstantOp, DepthwiseOp, PointwiseOp, activation_type
from dsconv.dialects.run import run_reference
from dsconv.passes.factorise_depthwise import FactoriseDepthwisePass


@st.composite
def windows(draw: st.DrawFn) -> WindowAttr:
    """Windows with a middle: odd sizes, pads of any kind."""
    odd = st.sampled_from([3, 5, 7])
    return WindowAttr.of(
        draw(st.tuples(odd, odd)),
        draw(st.tuples(*[st.integers(1, 3)] * 2)),
        draw(st.tuples(*[st.integers(0, 3)] * 4)),
        draw(st.tuples(*[st.integers(1, 2)] * 2)),
    )


def network(
    window: WindowAttr, channels: int, seed: int, *, centre_only: bool
) -> tuple[ModuleOp, np.typing.NDArray[np.uint8]]:
    """A depthwise and a pointwise layer; kernels have a middle row, or a middle column, alone."""
    random = np.random.default_rng(seed)
    height, width = window.extent[0] + 5, window.extent[1] + 4
    (fy, fx), middle = window.kernel, (channels + 1) // 2
    kernels = np.zeros((channels, 1, fy, fx), np.int8)
    if centre_only:
        kernels[:, 0, fy // 2, fx // 2] = random.integers(-127, 128, channels)
    else:
        kernels[:middle, :, fy // 2] = random.integers(-127, 128, (middle, 1, fx))
        rest = channels - middle
        kernels[middle:, :, :, fx // 2] = random.integers(-127, 128, (rest, 1, fy))
    function = FuncOp("net", ([activation_type((1, channels, height, width), np.uint8)], []))
    constants = [
        ConstantOp.of(kernels),
        ConstantOp.of(random.integers(-500, 500, channels).astype(np.int32)),
        ConstantOp.of(random.integers(-127, 128, (3, channels)).astype(np.int8)),
        ConstantOp.of(random.integers(-500, 500, 3).astype(np.int32)),
    ]
    weights, bias, mixing, mixing_bias = (constant.result for constant in constants)
    outputs = window.output_size(height, width)
    multipliers = random.integers(2**20, 2**24, channels).tolist()
    depthwise = DepthwiseOp(
        "dw",
        function.body.block.args[0],
        weights,
        bias,
        window,
        RequantAttr.of(multipliers, [2**30], zero_point=3, clip=(0, 255)),
        activation_type((1, channels, *outputs), np.uint8),
        input_zero_point=17,
    )
    pointwise = PointwiseOp(
        "pw",
        depthwise,
        mixing,
        mixing_bias,
        RequantAttr.of([1], [2**6], clip=(-128, 127)),
        activation_type((1, 3, *outputs), np.int8),
        input_zero_point=3,
    )
    function.body.block.add_ops([*constants, depthwise, pointwise, ReturnOp(pointwise.result)])
    function.update_function_type()
    module = ModuleOp([function])
    module.verify()
    return module, random.integers(0, 256, (1, channels, height, width), np.uint8)


@given(windows(), st.integers(2, 7), st.integers(0, 99))
def test_half_of_axial_filters_is_exact(window: WindowAttr, channels: int, seed: int) -> None:
    module, x = network(window, channels, seed, centre_only=False)
    before = run_reference(module, x)
    FactoriseDepthwisePass().apply(Context(), module)
    module.verify()
    after = run_reference(module, x)
    assert "dw/rows" in after.layers
    np.testing.assert_array_equal(before.layers["dw"], after.layers["dw"])
    np.testing.assert_array_equal(before.outputs[0], after.outputs[0])


@given(windows(), st.integers(2, 7), st.integers(0, 99))
def test_full_of_single_taps_is_exact(window: WindowAttr, channels: int, seed: int) -> None:
    module, x = network(window, channels, seed, centre_only=True)
    before = run_reference(module, x)
    FactoriseDepthwisePass(variant="full").apply(Context(), module)
    module.verify()
    after = run_reference(module, x)
    assert after.layers["dw"].shape[1] == 2 * channels
    np.testing.assert_array_equal(before.outputs[0], after.outputs[0])
