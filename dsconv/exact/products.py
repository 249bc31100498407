"""Sums of products: convolutions and products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod

import numpy as np

from dsconv.exact.operation import Call, Operation
from dsconv.exact.tensor import (
    DOUBLES,
    UNIT_ROUNDOFF,
    Array,
    Floats,
    Tensor,
    added,
    exact,
    largest,
    multiplied,
    small,
    whole,
)
from dsconv.exact.windows import Window, window_of

ROUNDINGS = 4
"""Operations in float32 on a sum that is computed on integers."""


def convolution(x: Tensor, weights: Tensor, window: Window, groups: int) -> Tensor:
    """Sums over windows of x (N, C, ...) with weights (K, C / groups, ...); pads are 0."""
    x, (integers, factors) = x.coarsest(), _by_rows(weights)
    sums = _sums(x.steps, integers, window, groups)
    channels = exact(_along(factors, 1, len(x.shape)), weights.unit, np.float32)
    total = multiplied(exact(sums, x.unit, x.dtype), channels)
    error: Floats | float = 0.0
    if x.error.any():
        error = _sums(x.error, weights.magnitude, window, groups)
    if weights.error.any():
        error = error + _sums(x.magnitude + x.error, weights.error, window, groups)
    return total.with_error(error)


def _by_rows(weights: Tensor) -> tuple[Array, Array]:
    """Weights as integers without a factor that a row of them shares, and these factors."""
    rows = weights.steps.reshape(len(weights.steps), -1)
    factors = np.array([int(np.gcd.reduce(row)) or 1 for row in rows], weights.steps.dtype)
    return small(weights.steps // _along(factors, 0, len(weights.shape))), factors


def _along(array: Array, axis: int, rank: int) -> Array:
    """A vector that lies along an axis."""
    return array.reshape([-1 if index == axis else 1 for index in range(rank)])


def _sums(x: Array, weights: Array, window: Window, groups: int) -> Array:
    """Integers of any size, or doubles, convolved."""
    as_doubles = x.dtype.kind == "f" or (
        largest(x) * largest(weights) * prod(weights.shape[1:]) < DOUBLES
    )
    kind = np.float64 if as_doubles else object
    kernel = weights.astype(kind)
    each = len(kernel) // groups
    inputs = weights.shape[1]
    parts: list[Array] = []
    rank = len(window.kernel)
    windows = window.of(x.astype(kind), 0)
    axes = [1, *range(2 + rank, 2 + 2 * rank)]
    for group in range(groups):
        part = windows[:, group * inputs : (group + 1) * inputs]
        rows = kernel[group * each : (group + 1) * each]
        sums = np.tensordot(part, rows, (axes, list(range(1, 2 + rank))))
        parts.append(np.moveaxis(sums, -1, 1))
    total = np.concatenate(parts, axis=1)
    return total if x.dtype.kind == "f" or not as_doubles else np.rint(total).astype(np.int64)


def with_bias(
    call: Call, sums: Tensor, bias: Tensor | None, absolute: Floats | None = None, terms: int = 0
) -> Tensor:
    """Sums with a bias, which broadcasts, and the bound of their errors.

    `absolute` are the sums of that many absolute values, where they are sums of floats.
    """
    magnitude = sums.magnitude
    total = sums
    if bias is not None:
        total = added(sums, bias)
        magnitude = magnitude + bias.magnitude
        absolute = None if absolute is None else absolute + bias.magnitude
    if absolute is None:
        return call.rounded(total, ROUNDINGS * UNIT_ROUNDOFF * magnitude)
    return call.rounded(total, (ROUNDINGS + terms) * UNIT_ROUNDOFF * absolute, absolute)


def conv(call: Call) -> Tensor:
    """A convolution in any number of dimensions and groups, with a bias."""
    x, weights = call.real(0), call.real(1)
    rank = len(x.shape) - 2
    window = window_of(call, x.shape[2:], weights.shape[2:])
    groups = call.attribute("group", 1)
    sums = convolution(x, weights, window, groups)
    bias = None
    if call.has(2):
        bias = call.real(2).map(lambda array: array.reshape(-1, *[1] * rank))
    return _with_bias(call, sums, bias, (x, weights, window, groups))


def _with_bias(
    call: Call, sums: Tensor, bias: Tensor | None, operands: tuple[Tensor, Tensor, Window, int]
) -> Tensor:
    """Sums of a convolution with a bias for each channel."""
    x, weights, window, groups = operands
    if not call.float_sums:
        return with_bias(call, sums, bias)
    absolute = _sums(x.magnitude, weights.magnitude, window, groups)
    return with_bias(call, sums, bias, absolute, prod(weights.shape[1:]))


def matrix_product(lhs: Tensor, rhs: Tensor) -> Tensor:
    """A product of matrices, as numpy's matmul has it."""
    if len(rhs.shape) == 2 and len(lhs.shape) >= 2:
        *outer, terms = lhs.shape
        columns = lhs.map(lambda array: array.reshape(-1, terms, 1))
        rows = rhs.map(lambda array: array.T[..., None])
        window = Window((1,), (1,), (1,), ((0, 0),))
        sums = convolution(columns, rows, window, 1)
        return sums.map(lambda array: array.reshape(*outer, rhs.shape[1]))
    lhs, rhs = lhs.coarsest(), rhs.coarsest()
    error = lhs.error @ rhs.magnitude + (lhs.magnitude + lhs.error) @ rhs.error
    product = lhs.steps.astype(object) @ rhs.steps.astype(object)
    return exact(np.asarray(product, object), lhs.unit * rhs.unit, lhs.dtype).with_error(error)


def matmul(call: Call) -> Tensor:
    """A product of matrices."""
    lhs, rhs = call.real(0), call.real(1)
    return _product(call, lhs, rhs, None)


def _product(call: Call, lhs: Tensor, rhs: Tensor, bias: Tensor | None) -> Tensor:
    absolute = lhs.magnitude @ rhs.magnitude if call.float_sums else None
    return with_bias(call, matrix_product(lhs, rhs), bias, absolute, lhs.shape[-1])


def gemm(call: Call) -> Tensor:
    """`alpha * A * B + beta * C`, A and B transposed or not."""
    lhs, rhs = call.real(0), call.real(1)
    if call.attribute("transA", 0):
        lhs = lhs.map(np.transpose)
    if call.attribute("transB", 0):
        rhs = rhs.map(np.transpose)
    lhs = multiplied(lhs, factor(call.attribute("alpha", 1.0)))
    bias = None
    if call.has(2):
        bias = multiplied(call.real(2), factor(call.attribute("beta", 1.0)))
    return _product(call, lhs, rhs, bias)


def factor(number: float) -> Tensor:
    """An attribute, which is a float32, as an exact number."""
    return Tensor.of(np.asarray(np.float32(number)))


def centred(call: Call, index: int, zero_point: int, axis: int | None = None) -> Tensor:
    """Integers without their zero point, which may be one for every index of an axis."""
    x = call.real(index)
    if not call.has(zero_point):
        return x
    zeros = call.array(zero_point).astype(np.int64)
    if zeros.size == 1:
        zeros = zeros.reshape(())
    elif axis is not None:
        shape = [1] * len(x.shape)
        shape[axis] = zeros.size
        zeros = zeros.reshape(shape)
    return exact(x.steps - zeros, Fraction(1), np.int32)


def _integer_sums(sums: Tensor) -> Tensor:
    return exact(whole(sums), Fraction(1), np.int32)


def conv_integer(call: Call) -> Tensor:
    """A convolution of integers less their zero points; pads are the zero point."""
    x, weights = centred(call, 0, 2), centred(call, 1, 3, 0)
    window = window_of(call, x.shape[2:], weights.shape[2:])
    return _integer_sums(convolution(x, weights, window, call.attribute("group", 1)))


def matmul_integer(call: Call) -> Tensor:
    """A product of matrices of integers less their zero points."""
    lhs = centred(call, 0, 2, len(call.real(0).shape) - 2)
    rhs = centred(call, 1, 3, len(call.real(1).shape) - 1)
    return _integer_sums(matrix_product(lhs, rhs))


def conv_transpose(call: Call) -> Tensor:
    """A convolution of x with zeros put between its pixels, by the weights turned round."""
    x, weights = call.real(0), call.real(1)
    rank, groups = len(x.shape) - 2, call.attribute("group", 1)
    strides = call.attribute("strides", [1] * rank)
    dilations = call.attribute("dilations", [1] * rank)
    extents = [
        (kernel - 1) * dilation + 1
        for kernel, dilation in zip(weights.shape[2:], dilations, strict=True)
    ]
    pads = _transposed_pads(call, x.shape[2:], extents, strides)
    extra = call.attribute("output_padding", [0] * rank)
    around = tuple(
        (extent - 1 - before, extent - 1 - after + more)
        for extent, (before, after), more in zip(extents, pads, extra, strict=True)
    )
    spread = x.map(lambda array: _spread(array, strides))
    turned = weights.map(lambda array: _turned(array, groups))
    window = Window(tuple(weights.shape[2:]), (1,) * rank, tuple(dilations), around)
    sums = convolution(spread, turned, window, groups)
    bias = None
    if call.has(2):
        bias = call.real(2).map(lambda array: array.reshape(-1, *[1] * rank))
    return _with_bias(call, sums, bias, (spread, turned, window, groups))


def _transposed_pads(
    call: Call, sizes: Sequence[int], extents: Sequence[int], strides: Sequence[int]
) -> list[tuple[int, int]]:
    rank = len(sizes)
    extra = call.attribute("output_padding", [0] * rank)
    mode = call.attribute("auto_pad", "NOTSET")
    shape = call.attribute("output_shape", None)
    if shape is None and mode in ("SAME_UPPER", "SAME_LOWER"):
        shape = [size * stride for size, stride in zip(sizes, strides, strict=True)]
    if shape is None:
        pads = call.attribute("pads", [0] * 2 * rank)
        return list(zip(pads[:rank], pads[rank:], strict=True))
    totals = [
        stride * (size - 1) + more + extent - wanted
        for size, extent, stride, more, wanted in zip(
            sizes, extents, strides, extra, shape[-rank:], strict=True
        )
    ]
    if mode == "SAME_UPPER":
        return [(total // 2, total - total // 2) for total in totals]
    return [(total - total // 2, total // 2) for total in totals]


def _spread(array: Array, strides: Sequence[int]) -> Array:
    sizes = [(size - 1) * stride + 1 for size, stride in zip(array.shape[2:], strides, strict=True)]
    result = np.zeros((*array.shape[:2], *sizes), array.dtype)
    result[(slice(None), slice(None), *(slice(None, None, stride) for stride in strides))] = array
    return result


def _turned(array: Array, groups: int) -> Array:
    """Weights (C, K / groups, ...) as (K, C / groups, ...), from the last to the first."""
    channels, kernels, *kernel = array.shape
    grouped = array.reshape(groups, channels // groups, kernels, *kernel)
    swapped = np.swapaxes(grouped, 1, 2).reshape(groups * kernels, channels // groups, *kernel)
    return np.flip(swapped, tuple(range(2, swapped.ndim)))


PRODUCTS: dict[str, Operation] = {
    "Conv": conv,
    "ConvInteger": conv_integer,
    "ConvTranspose": conv_transpose,
    "Gemm": gemm,
    "MatMul": matmul,
    "MatMulInteger": matmul_integer,
}
