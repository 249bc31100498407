"""Operations that take and give integers, as ONNX Runtime's kernels compute them.

QLinearConv, QLinearMatMul, QGemm and the global average round the exact real to an integer and add
the zero point. QLinearAdd, QLinearMul and QLinearAveragePool add the zero point before they round:
where it is odd, ties go the other way. Quotients of scales are float32 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from dsconv.exact.elementwise import with_slope
from dsconv.exact.functions import applied, sigmoid, softmax
from dsconv.exact.operation import Call, Operation, Value
from dsconv.exact.pools import average_pool, global_average_pool, max_pool
from dsconv.exact.products import centred, convolution, factor, matrix_product, with_bias
from dsconv.exact.quantisation import QUANTISATION, dequantize_linear, scales, zero_points
from dsconv.exact.rounding import quantised, rounded
from dsconv.exact.tensor import (
    FLOAT32_INTEGERS,
    UNIT_ROUNDOFF,
    Array,
    Tensor,
    added,
    aligned,
    exact,
    multiplied,
)
from dsconv.exact.windows import window_of

ROUNDINGS = 4


def dequantised(call: Call, index: int, axis: int = 1) -> Tensor:
    """Three inputs, a tensor, its scale and its zero point, as reals."""
    inputs = [call.value(index), call.value(index + 1), _optional(call, index + 2)]
    return dequantize_linear(_call(call, inputs, {"axis": axis}))


def _optional(call: Call, index: int) -> Value | None:
    return call.value(index) if call.has(index) else None


def _call(call: Call, inputs: Sequence[Value | None], attributes: dict[str, object]) -> Call:
    return replace(call, inputs=inputs, attributes=attributes, float_sums=False)


def requantised(
    call: Call, reals: Tensor, index: int, *, added_first: bool = False, float_sums: bool = False
) -> Tensor:
    """Reals as integers, with the scale and zero point at these inputs."""
    scale = scales(call, index)
    if not isinstance(scale, Fraction):
        raise call.problem("its output has several scales")
    dtype = call.array(index + 1).dtype if call.has(index + 1) else np.dtype(np.uint8)
    zero_point = zero_points(call, index + 1, dtype, 1)
    if not added_first:
        return quantised(reals, scale, zero_point, dtype)
    quotient = replace(reals, unit=reals.unit / scale, error=reals.error / float(scale))
    return rounded(quotient, int(zero_point), dtype, added_first=True, float_sums=float_sums)


def qlinear_conv(call: Call) -> Tensor:
    """A convolution; the bias has the scale of the sums."""
    x, weights = centred(call, 0, 2), centred(call, 3, 5, 0)
    last = bool(call.attribute("channels_last", 0))
    x = x.map(_channels_first) if last else x
    window = window_of(call, x.shape[2:], weights.shape[2:])
    sums = convolution(x, weights, window, call.attribute("group", 1))
    if call.has(8):
        bias = call.real(8).map(lambda array: array.reshape(-1, *[1] * (len(x.shape) - 2)))
        sums = added(sums, bias)
    scale = np.asarray(call.array(1), np.float64) * np.asarray(call.array(4), np.float64)
    if scale.size > 1:
        scale = scale.reshape(-1, *[1] * (len(x.shape) - 2))
    reals = multiplied(sums, Tensor.of(scale.reshape(scale.shape if scale.size > 1 else ())))
    return requantised(call, reals.map(_channels_last) if last else reals, 6)


def qlinear_matmul(call: Call) -> Tensor:
    """A product of matrices."""
    lhs = dequantised(call, 0, -2)
    rhs = dequantised(call, 3, -1)
    return requantised(call, matrix_product(lhs, rhs), 6)


def q_gemm(call: Call) -> Tensor:
    """`alpha * A * B + C`, where C has the scale of the product."""
    lhs = centred(call, 0, 2)
    weight_axis = 0 if call.attribute("transB", 0) else 1
    rhs = centred(call, 3, 5, weight_axis)
    if call.attribute("transA", 0):
        lhs = lhs.map(np.transpose)
    if call.attribute("transB", 0):
        rhs = rhs.map(np.transpose)
    sums = matrix_product(lhs, rhs)
    if call.has(6):
        sums = added(sums, call.real(6))
    scale = np.asarray(call.array(1), np.float64) * np.asarray(call.array(4), np.float64)
    if scale.size == 1:
        scale = scale.reshape(())
    reals = multiplied(multiplied(sums, Tensor.of(scale)), factor(call.attribute("alpha", 1.0)))
    if not call.has(7):
        return with_bias(call, reals, None)
    return requantised(call, reals, 7)


def qlinear_add(call: Call) -> Tensor:
    """`half_even(a * ra + b * rb + (zy - (ra * za + rb * zb)))` with ra = sa / sy, rb = sb / sy."""
    output = np.float32(call.array(6).reshape(-1)[0])
    terms: list[Tensor] = []
    magnitude = np.zeros(())
    for index in (0, 3):
        ratio = np.float32(call.array(index + 1).reshape(-1)[0]) / output
        x = call.whole(index)
        zero = _zero_point(call, index + 2)
        steps = exact(x - zero, Fraction(1), np.float32)
        terms.append(multiplied(steps, factor(float(ratio))))
        magnitude = magnitude + float(ratio) * (np.abs(x) + abs(zero))
    (lhs, rhs) = terms
    total = added(lhs, rhs)
    error = ROUNDINGS * UNIT_ROUNDOFF * magnitude
    held = magnitude + abs(_zero_point(call, 7)) < FLOAT32_INTEGERS / total.unit.denominator
    total = replace(total.with_error(np.where(held, 0, error)), in_float32=True)
    return _with_zero_point(call, total, 7)


def qlinear_mul(call: Call) -> Tensor:
    """`half_even((a - za) * (b - zb) * (sa * sb / sy) + zy)`."""
    scale_a, scale_b, output = (np.float32(call.array(index).reshape(-1)[0]) for index in (1, 4, 6))
    product = multiplied(centred(call, 0, 2), centred(call, 3, 5))
    product = multiplied(product, factor(float(scale_a * scale_b / output)))
    return _with_zero_point(call, product, 7)


def _zero_point(call: Call, index: int) -> int:
    return int(call.array(index).reshape(-1)[0]) if call.has(index) else 0


def _with_zero_point(call: Call, steps: Tensor, index: int) -> Tensor:
    dtype = call.array(index).dtype if call.has(index) else call.real(0).dtype
    return rounded(steps, _zero_point(call, index), dtype, added_first=True)


def qlinear_average_pool(call: Call) -> Tensor:
    """An average of windows, of floats; what is beyond the pads counts where pads do."""
    inputs = [call.value(0), call.value(1), _optional(call, 2)]
    reals = dequantize_linear(replace(call, inputs=inputs, attributes={}))
    mean = _with_channels_first(call, average_pool, reals)
    return requantised(call, mean, 3, added_first=True, float_sums=call.float_sums)


def qlinear_global_average_pool(call: Call) -> Tensor:
    """The average of every channel, the sum times a float32 in which the number of pixels is."""
    attributes = dict(call.attributes)
    inner = _call(call, [], attributes)
    mean = _with_channels_first(inner, global_average_pool, dequantised(call, 0))
    pixels = call.real(0).steps.size // mean.steps.size
    x, y = (np.float32(call.array(index).reshape(-1)[0]) for index in (1, 3))
    kernel = Fraction(float(x / (y * np.float32(pixels))))
    is_exact = kernel == Fraction(float(x)) / (Fraction(float(y)) * pixels)
    return requantised(call, replace(mean, in_float32=not is_exact), 3)


def _with_channels_first(call: Call, operation: Operation, x: Tensor) -> Tensor:
    """What an operation of N, C, H, W gives of a tensor that has its channels there or last."""
    if not call.attribute("channels_last", 0):
        return _pooled(call, operation, x)
    return _pooled(call, operation, x.map(_channels_first)).map(_channels_last)


def _pooled(call: Call, operation: Operation, x: Tensor) -> Tensor:
    result = operation(replace(call, inputs=[x]))
    assert isinstance(result, Tensor)
    return result


def nhwc_max_pool(call: Call) -> Tensor:
    """The maxima of windows of N, H, W, C."""
    x = call.real(0).map(_channels_first)
    result = max_pool(_call(call, [x], dict(call.attributes)))
    return result.map(_channels_last)


def _channels_first(array: Array) -> Array:
    return np.moveaxis(array, -1, 1)


def _channels_last(array: Array) -> Array:
    return np.moveaxis(array, 1, -1)


def qlinear_concat(call: Call) -> Tensor:
    """Put together along an axis, each input with its scale and zero point."""
    parts = [dequantised(call, index) for index in range(2, len(call.inputs), 3)]
    steps, unit = aligned(*parts)
    joined = exact(np.concatenate(steps, call.attribute("axis", 0)), unit, np.float32)
    return requantised(call, joined, 0)


def qlinear_leaky_relu(call: Call) -> Tensor:
    """A slope for what is below 0."""
    reals = with_slope(dequantised(call, 0), factor(call.attribute("alpha", 0.01)))
    return requantised(call, reals, 3)


def qlinear_sigmoid(call: Call) -> Tensor:
    """The logistic function."""
    return requantised(call, applied(dequantised(call, 0), sigmoid), 3)


def qlinear_softmax(call: Call) -> Tensor:
    """Exponentials over their sum along an axis."""
    attributes: dict[str, object] = {"axis": call.attribute("axis", -1)}
    inner = _call(call, [dequantised(call, 0)], attributes)
    inner = replace(inner, opset=call.attribute("opset", 13))
    return requantised(call, softmax(inner), 3)


QOPERATORS: dict[str, Operation] = {
    "DequantizeLinear": QUANTISATION["DequantizeLinear"],
    "NhwcMaxPool": nhwc_max_pool,
    "QGemm": q_gemm,
    "QLinearAdd": qlinear_add,
    "QLinearAveragePool": qlinear_average_pool,
    "QLinearConcat": qlinear_concat,
    "QLinearConv": qlinear_conv,
    "QLinearGlobalAveragePool": qlinear_global_average_pool,
    "QLinearLeakyRelu": qlinear_leaky_relu,
    "QLinearMul": qlinear_mul,
    "QLinearSigmoid": qlinear_sigmoid,
    "QLinearSoftmax": qlinear_softmax,
    "QuantizeLinear": QUANTISATION["QuantizeLinear"],
}
STANDARD_QOPERATORS: dict[str, Operation] = {
    "QLinearConv": qlinear_conv,
    "QLinearMatMul": qlinear_matmul,
}
