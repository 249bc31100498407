"""QuantizeLinear and DequantizeLinear."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from onnx import helper

from dsconv.exact.operation import Call, Operation
from dsconv.exact.rounding import clipped, quantised
from dsconv.exact.tensor import FEW_BITS, UNIT_ROUNDOFF, Array, Tensor, exact, multiplied

NO_AXIS = 1


def scales(call: Call, index: int) -> Fraction | Array:
    """Scales as exact fractions: one, or an array of them."""
    array = call.array(index).astype(np.float64)
    if not np.all(np.isfinite(array)) or not np.all(array > 0):
        raise call.problem("a scale is not positive and finite")
    if array.size == 1:
        return Fraction(float(array.reshape(-1)[0]))
    return np.array([Fraction(float(scale)) for scale in array.reshape(-1)], object)


def zero_points(call: Call, index: int, dtype: Any, count: int) -> Array:
    """Zero points as integers, as many as there are scales; 0 where they are left out."""
    if call.has(index):
        zero_point = call.array(index).astype(np.int64).reshape(-1)
    else:
        zero_point = np.zeros(count, np.int64)
    return zero_point.reshape(()) if count == 1 else zero_point


def quantize_linear(call: Call) -> Tensor:
    """Reals to integers; the type is that of the zero point, or uint8."""
    scale = scales(call, 1)
    dtype = np.dtype(np.uint8)
    if call.has(2):
        dtype = call.array(2).dtype
    elif call.attribute("output_dtype", 0):
        dtype = helper.tensor_dtype_to_np_dtype(call.attribute("output_dtype", 0))
    if dtype.name not in FEW_BITS and dtype.name not in ("int8", "uint8", "int16", "uint16"):
        raise call.problem(f"quantises to {dtype.name}")
    if call.attribute("block_size", 0):
        raise call.problem("has scales for blocks")
    count = 1 if isinstance(scale, Fraction) else len(scale)
    x = call.real(0)
    axis = call.attribute("axis", NO_AXIS)
    axis %= max(1, len(x.shape))
    zero_point = zero_points(call, 2, dtype, count)
    given = call.value(0)
    if not isinstance(given, Tensor) and given.dtype == np.float32:
        return _quantised_constant(call, given, zero_point, dtype, axis)
    return quantised(x, scale, zero_point, dtype, axis, float_sums=call.float_sums)


def _quantised_constant(
    call: Call, given: Array, zero_point: Array, dtype: Any, axis: int
) -> Tensor:
    """A constant, whose quotients are rounded to float32: one division leaves no choice."""
    shape = [1] * given.ndim
    if zero_point.size > 1:
        shape[axis] = zero_point.size
    scale = call.array(1).astype(np.float32).reshape(shape)
    steps = np.rint(given / scale).astype(np.int64) + zero_point.reshape(shape)
    return exact(clipped(steps, dtype), Fraction(1), dtype)


def dequantize_linear(call: Call) -> Tensor:
    """Integers to reals: `(x - zero_point) * scale`."""
    x, scale = call.real(0), scales(call, 1)
    if call.attribute("block_size", 0):
        return _dequantised_blocks(call, x)
    count = 1 if isinstance(scale, Fraction) else len(scale)
    zero_point = zero_points(call, 2, x.dtype, count)
    steps = call.whole(0)
    if isinstance(scale, Fraction):
        reals = exact(steps - zero_point, scale, np.float32)
    else:
        axis = call.attribute("axis", NO_AXIS)
        axis = axis if len(x.shape) > 1 else 0
        shape = [1] * len(x.shape)
        shape[axis] = count
        factors = Tensor.of(np.array([float(one) for one in scale]).reshape(shape))
        centred = exact(steps - zero_point.reshape(shape), Fraction(1), np.float32)
        reals = multiplied(centred, factors)
    if call.float_sums:
        reals = call.rounded(reals, UNIT_ROUNDOFF * reals.magnitude)
    if x.low is None or x.high is None or not np.any(x.low != x.high):
        return reals
    # a tie that nobody has decided: either integer may be read
    size = np.max(call.array(1).astype(np.float64))
    undecided = reals.with_error(reals.error + (x.high - x.low) * size)
    return replace(undecided, in_float32=True)


def _dequantised_blocks(call: Call, x: Tensor) -> Tensor:
    """Integers with a scale and a zero point for every block along an axis."""
    axis, size = call.attribute("axis", NO_AXIS), call.attribute("block_size", 0)

    def repeated(array: Array) -> Array:
        whole = np.repeat(array, size, axis)
        return np.take(whole, range(x.shape[axis]), axis)

    zero_point = repeated(call.array(2).astype(np.int64)) if call.has(2) else 0
    factors = call.real(1).map(repeated)
    return multiplied(exact(call.whole(0) - zero_point, Fraction(1), np.float32), factors)


QUANTISATION: dict[str, Operation] = {
    "DequantizeLinear": dequantize_linear,
    "QuantizeLinear": quantize_linear,
}
