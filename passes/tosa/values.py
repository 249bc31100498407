"""What a value of a TOSA function is on the way to layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr, Rounding
from dsconv.dialects.graph import LayerOperation, dtype_of, tensor_type

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
INT32 = (-(2**31), 2**31 - 1)


@dataclass(frozen=True)
class Constant:
    """Values that the function holds."""

    array: Array

    @property
    def shape(self) -> Shape:
        """Dimensions."""
        return self.array.shape


@dataclass(frozen=True)
class Activation:
    """A tensor 1xCxHxW of the graph level; `shape` cuts it in the order H, W, C."""

    value: SSAValue
    shape: Shape

    @property
    def dtype(self) -> np.dtype[np.integer]:
        """Type of the elements."""
        return np.dtype(dtype_of(self.value))

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """N, C, H, W."""
        batch, channels, height, width = tensor_type(self.value).get_shape()
        return batch, channels, height, width

    @property
    def is_image(self) -> bool:
        """Whether the dimensions are N, H, W, C."""
        batch, channels, height, width = self.sizes
        return self.shape == (batch, height, width, channels)


@dataclass(frozen=True)
class Term:
    """An activation in 32 bits: `rounded((x - zero_point) * factor)`.

    Nothing is rounded where `rounded` is None. Of a constant, `constant` holds what stands in
    place of `x - zero_point`.
    """

    activation: Activation | None
    zero_point: int
    factor: int
    rounded: RequantAttr | None
    shape: Shape
    constant: Array | None = None

    @property
    def form(self) -> RequantAttr:
        """The rounding, or one that changes nothing."""
        return self.rounded or RequantAttr.of([1], [1], rounding=Rounding.HALF_UP, clip=INT32)


@dataclass(frozen=True)
class WindowSum:
    """A term, summed over rows, columns or both: `axes` are those of N, H, W, C."""

    term: Term
    axes: frozenset[int]
    shape: Shape


@dataclass(frozen=True)
class Sums:
    """The 32-bit sums of a layer, which `make` builds with its requantisation and type."""

    make: Callable[[RequantAttr, type[np.integer]], LayerOperation]
    shape: Shape


@dataclass(frozen=True)
class Result:
    """A layer that is requantised, not built yet: clamps behind it still change its limits."""

    sums: Sums
    requant: RequantAttr
    dtype: type[np.integer]
    shape: Shape


Value: TypeAlias = Constant | Activation | Term | WindowSum | Sums | Result


def same_order(shape: Shape, permutation: tuple[int, ...]) -> bool:
    """Whether permuted dimensions give the same elements in the same order."""
    moved = [axis for axis in permutation if shape[axis] != 1]
    return moved == sorted(moved)


def resolved(shape: Shape, count: int) -> Shape:
    """A shape of which one size may be -1, for so many elements."""
    if -1 not in shape:
        return shape
    known = prod(size for size in shape if size != -1)
    return tuple(count // known if size == -1 else size for size in shape)
