"""Arrays of exact numbers: integers times one unit, which is a fraction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

LIMIT = 2**62
"""Integers below it are kept in int64, others as Python's."""
DOUBLES = 2**53
"""Integers up to it are exact in doubles."""
FLOAT32_INTEGERS = 2**24
"""Integers up to it are exact in float32."""
FEW_BITS = {"int2": (-2, 1), "int4": (-8, 7), "uint2": (0, 3), "uint4": (0, 15)}
"""Smallest and largest integer of the types that numpy does not have."""
UNIT_ROUNDOFF = 2.0**-24
"""Largest relative error of one operation in float32."""


@dataclass(frozen=True)
class Tensor:
    """Numbers `steps * unit`, exactly.

    `dtype` is the type in the file. `error` bounds how far the float32 arithmetic of a runtime may
    be from each number. `low` and `high`, where a number was rounded, are the steps that such an
    error can lead to. `in_float32`: some number was made by float32 arithmetic and not by integers,
    so that its error is there where the exact number is a tie, too.
    """

    steps: Array
    unit: Fraction
    dtype: np.dtype[Any]
    error: Floats
    low: Array | None = None
    high: Array | None = None
    in_float32: bool = False

    @staticmethod
    def of(array: Array) -> Tensor:
        """The numbers of an array of floats, all finite, or integers."""
        if array.dtype.kind == "f":
            return _of_floats(array)
        if array.dtype.kind not in "biu" and array.dtype.name not in FEW_BITS:
            raise ValueError(f"are numbers of {array.dtype.name}")
        return exact(array.astype(np.int64), Fraction(1), array.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self.steps.shape

    @property
    def magnitude(self) -> Floats:
        """Absolute values, rounded to doubles."""
        return np.abs(self.floats())

    def floats(self) -> Floats:
        """The numbers, rounded to doubles."""
        if self.steps.dtype != object:
            return self.steps.astype(np.float64) * float(self.unit)
        scaled = self.steps * self.unit.numerator / self.unit.denominator
        return np.asarray(scaled, np.float64)

    def map(self, move: Callable[[Array], Array]) -> Tensor:
        """Moved by what changes no value."""
        return replace(self, steps=move(self.steps), error=move(self.error), low=None, high=None)

    def with_error(self, error: Floats | float) -> Tensor:
        """With another bound of its errors."""
        return replace(self, error=np.broadcast_to(np.float64(error), self.shape))

    def coarsest(self) -> Tensor:
        """The same numbers in the largest unit that there is."""
        factor = int(np.gcd.reduce(self.steps, axis=None)) if self.steps.size else 1
        if factor == 0:
            return replace(self, unit=Fraction(1))
        return replace(self, steps=small(self.steps // factor), unit=self.unit * factor)


def exact(steps: Array, unit: Fraction, dtype: npt.DTypeLike) -> Tensor:
    """Numbers without an error."""
    zero = np.broadcast_to(np.float64(0), steps.shape)
    return Tensor(small(steps), unit, np.dtype(dtype), zero)


def _of_floats(array: Array) -> Tensor:
    doubles = array.astype(np.float64)
    if not np.all(np.isfinite(doubles)):
        raise ValueError("a number is infinite or none at all")
    if not doubles.any():
        return exact(np.zeros(array.shape, np.int64), Fraction(1), array.dtype)
    fractions, exponents = np.frexp(doubles)
    mantissas = (fractions * DOUBLES).astype(np.int64).astype(object)
    places = np.where(doubles == 0, np.max(exponents, initial=-1100), exponents)
    last = int(np.min(places, initial=1100))
    steps = np.asarray(mantissas << (places - last).astype(object), object).reshape(array.shape)
    return exact(steps, Fraction(2) ** (last - 53), array.dtype).coarsest()


def small(steps: Array) -> Array:
    """Integers in int64 where they fit."""
    if steps.dtype != object:
        return steps.astype(np.int64)
    fits = all(-LIMIT < value < LIMIT for value in steps.reshape(-1))
    return steps.astype(np.int64) if fits else steps


def largest(steps: Array) -> int:
    """The largest absolute value."""
    return max(abs(int(steps.min())), abs(int(steps.max()))) if steps.size else 0


def times(steps: Array, factor: Array | int) -> Array:
    """A product of integers, broadcast."""
    factors = np.asarray(factor)
    in_words = steps.dtype != object and factors.dtype != object
    if in_words and largest(steps) * largest(factors) < LIMIT:
        return steps * factors
    return np.asarray(steps.astype(object) * factors.astype(object), object)


def common_unit(units: Sequence[Fraction]) -> Fraction:
    """The largest unit that measures all others."""
    denominator = math.lcm(*(unit.denominator for unit in units))
    return Fraction(math.gcd(*(int(unit * denominator) for unit in units)), denominator)


def aligned(*tensors: Tensor) -> tuple[list[Array], Fraction]:
    """The steps of several tensors in a unit that they share."""
    unit = common_unit([tensor.unit for tensor in tensors])
    return [times(tensor.steps, int(tensor.unit / unit)) for tensor in tensors], unit


def added(lhs: Tensor, rhs: Tensor, sign: int = 1) -> Tensor:
    """A sum or a difference; its error is that of the operands."""
    (a, b), unit = aligned(lhs, rhs)
    if object in (a.dtype, b.dtype) or largest(a) + largest(b) >= LIMIT:
        a, b = a.astype(object), b.astype(object)
    total = a + sign * b
    return exact(total, unit, lhs.dtype).with_error(lhs.error + rhs.error)


def multiplied(lhs: Tensor, rhs: Tensor) -> Tensor:
    """A product; its error is that of the operands."""
    product = exact(times(lhs.steps, rhs.steps), lhs.unit * rhs.unit, lhs.dtype)
    if not lhs.error.any() and not rhs.error.any():
        return product
    error = lhs.error * rhs.magnitude + rhs.error * lhs.magnitude + lhs.error * rhs.error
    return product.with_error(error)


def of_fractions(values: Array, dtype: npt.DTypeLike) -> Tensor:
    """An array of fractions."""
    denominator = math.lcm(*(value.denominator for value in values.reshape(-1)))
    steps = [int(value * denominator) for value in values.reshape(-1)]
    array = np.array(steps, object).reshape(values.shape)
    return exact(array, Fraction(1, denominator), dtype)


def reciprocal(tensor: Tensor) -> Tensor:
    """One over each number, none of which may be 0."""
    if not np.all(tensor.steps != 0):
        raise ValueError("a divisor is 0")
    inverse = [1 / (int(step) * tensor.unit) for step in tensor.steps.reshape(-1)]
    return of_fractions(np.array(inverse, object).reshape(tensor.shape), tensor.dtype)


def whole(tensor: Tensor) -> Array:
    """Integers as they are. Raises ValueError for other numbers."""
    steps = times(tensor.steps, tensor.unit.numerator)
    quotients = steps // tensor.unit.denominator
    if np.any(quotients * tensor.unit.denominator != steps):
        raise ValueError("is no integer")
    return quotients


def rounded_down(tensor: Tensor) -> Array:
    """The largest integers that are not larger."""
    return small(times(tensor.steps, tensor.unit.numerator) // tensor.unit.denominator)
