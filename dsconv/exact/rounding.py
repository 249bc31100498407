"""Rounding to integers, and what the roundings of float32 before it can make of that.

A runtime computes a real number in float32 and rounds that to an integer. Where the exact number is
farther from a tie than float32 can be from it, the integer is one and the same; where it is not,
both neighbours are right. Numbers that float32 holds exactly, as ties between equal scales, are
rounded to even and leave no choice.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dsconv.exact.tensor import (
    FEW_BITS,
    FLOAT32_INTEGERS,
    UNIT_ROUNDOFF,
    Array,
    Floats,
    Tensor,
    small,
    times,
)

ROUNDINGS = 3
"""Operations in float32 on a number that is quantised: a quotient of scales, the product, its sum
with a zero point."""
NO_GAP = 1e-15
"""What a double may be from the fraction that it stands for, below 1."""

MOST_STEPS = 2.0**62
"""Stands for an error of more steps than any integer type has."""


def half_even(numerators: Array, denominator: int) -> tuple[Array, Floats]:
    """Quotients rounded down, and the rests as doubles in [0, 1)."""
    quotients = numerators // denominator
    rests = np.asarray((numerators - quotients * denominator) / denominator, np.float64)
    return quotients, rests


def quantised(
    x: Tensor,
    scale: Fraction | Array,
    zero_point: Array,
    dtype: npt.DTypeLike,
    axis: int = 1,
    *,
    float_sums: bool = False,
) -> Tensor:
    """QuantizeLinear: `clip(half_even(x / scale) + zero_point)`.

    `scale` is one fraction or, along `axis`, an array of them, and so is the zero point.
    """
    if isinstance(scale, Fraction):
        return _quantised(x, scale, zero_point, dtype, float_sums)
    parts = [
        _quantised(_at(x, axis, index), one, np.asarray(zero), dtype, float_sums)
        for index, (one, zero) in enumerate(zip(scale, zero_point, strict=True))
    ]
    fields = (
        np.concatenate([getattr(part, field) for part in parts], axis)
        for field in ("steps", "error", "low", "high")
    )
    steps, error, low, high = fields
    return Tensor(steps, Fraction(1), np.dtype(dtype), error, low, high)


def _at(x: Tensor, axis: int, index: int) -> Tensor:
    return x.map(lambda array: np.take(array, [index], axis))


def _quantised(
    x: Tensor, scale: Fraction, zero_point: Array, dtype: npt.DTypeLike, float_sums: bool
) -> Tensor:
    quotient = replace(x, unit=x.unit / scale, error=x.error / float(scale))
    result = rounded(quotient, int(zero_point), dtype, float_sums=float_sums)
    if not float_sums or result.low is None or result.high is None:
        return result
    # a runtime may take it for a QLinear operation, some of which add the zero point first
    other = rounded(quotient, int(zero_point), dtype, added_first=True, float_sums=True)
    low, high = np.minimum(result.low, other.steps), np.maximum(result.high, other.steps)
    return replace(result, low=low, high=high)


def rounded(
    x: Tensor,
    zero_point: int,
    dtype: npt.DTypeLike,
    *,
    added_first: bool = False,
    float_sums: bool = False,
) -> Tensor:
    """Numbers rounded half to even and moved by a zero point, within what a type holds.

    With `added_first`, the zero point is added before they are rounded. Errors of `float_sums` are
    there where the exact number is a float32, too.
    """
    if not x.shape:  # numpy gives scalars, not arrays, for what has no dimensions
        one = x.map(np.atleast_1d)
        result = rounded(one, zero_point, dtype, added_first=added_first, float_sums=float_sums)
        low, high = (x if x is None else x.reshape(()) for x in (result.low, result.high))
        return replace(result.map(lambda x: x.reshape(())), low=low, high=high)
    numerators = times(x.steps, x.unit.numerator)
    if added_first:
        numerators = numerators.astype(object) + zero_point * x.unit.denominator
    down, rests = half_even(numerators.astype(object), x.unit.denominator)
    twice = 2 * (numerators.astype(object) - down * x.unit.denominator)
    up = (twice > x.unit.denominator) | ((twice == x.unit.denominator) & (down % 2 == 1))
    nearest = down + up.astype(np.int64)
    size = x.magnitude + (abs(zero_point) if added_first else 0)
    added = zero_point if added_first else 0
    error = np.where(
        _has_error(x, added, float_sums or x.in_float32),
        x.error + ROUNDINGS * UNIT_ROUNDOFF * size,
        0,
    )
    error = error + np.where(error > 0, NO_GAP, 0)
    error = np.minimum(error, MOST_STEPS)
    low = np.where(error > 0, down + np.ceil(rests - error - 0.5).astype(np.int64), nearest)
    high = np.where(error > 0, down + np.floor(rests + error + 0.5).astype(np.int64), nearest)
    offset = 0 if added_first else zero_point
    nearest, low, high = (clipped(small(part + offset), dtype) for part in (nearest, low, high))
    no_error = np.broadcast_to(np.float64(0), x.shape)
    return Tensor(nearest, Fraction(1), np.dtype(dtype), no_error, low, high)


def held_by_float32(numbers: Floats) -> npt.NDArray[np.bool_]:
    """Which doubles are numbers of float32."""
    with np.errstate(over="ignore"):
        return numbers == numbers.astype(np.float32)


def clipped(steps: Array, dtype: npt.DTypeLike) -> Array:
    """Integers within what a type holds."""
    name = np.dtype(dtype).name
    low, high = FEW_BITS[name] if name in FEW_BITS else (np.iinfo(name).min, np.iinfo(name).max)
    return np.clip(steps, low, high).astype(np.int64)


def _has_error(x: Tensor, added: int, float_sums: bool) -> Array:
    """Where float32 may not hold a number, or it with what is added: (the shape), by channels.

    On a grid of few steps with a width that is a float32, it holds what has 24 bits.
    """
    numbers = x.floats()
    is_float32 = held_by_float32(numbers) & held_by_float32(numbers + added)
    if float_sums:
        return ~is_float32 | (x.error > 0)
    axes = tuple(axis for axis in range(len(x.shape)) if axis != 1)
    factors = np.gcd.reduce(x.steps, axis=axes, keepdims=True) if x.steps.size else x.steps
    factors = np.where(factors == 0, 1, factors)
    on_grid = [_is_float32(int(factor) * x.unit) for factor in factors.reshape(-1)]
    few = np.abs(x.steps // factors) < FLOAT32_INTEGERS
    held = np.array(on_grid).reshape(factors.shape) & few.astype(np.bool_)
    return ~(held & is_float32)


def _is_float32(number: Fraction) -> bool:
    return Fraction(float(np.float32(float(number)))) == number
