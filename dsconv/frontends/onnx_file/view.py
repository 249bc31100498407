"""How the dimensions of an ONNX tensor read the bytes of an activation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import Layout

Shape = tuple[int, ...]

CHANNEL_AXIS = 1
"""Of the stored axes N, C, H, W."""


class Piece(NamedTuple):
    """A part of a stored axis that a dimension cuts from it; `number` counts from outside."""

    axis: int
    number: int


@dataclass(frozen=True)
class View:
    """A row-major reading of stored axes: taken in `order`, outermost first, and cut into `shape`.

    Transposes and reshapes of a network only change the view, never a byte. The stored axes of an
    activation are N, C, H, W; those of a network input are the dimensions it has in the file.
    """

    sizes: Shape
    order: Shape
    shape: Shape

    @staticmethod
    def plain(sizes: Shape, shape: Shape | None = None) -> View:
        """Axes in stored order."""
        return View(sizes, tuple(range(len(sizes))), sizes if shape is None else shape)

    @property
    def significant_order(self) -> Shape:
        """The order without axes of size 1, which may stand anywhere."""
        return tuple(axis for axis in self.order if self.sizes[axis] != 1)

    @property
    def is_plain(self) -> bool:
        """Whether elements come in stored order."""
        return self.significant_order == tuple(sorted(self.significant_order))

    @property
    def is_nchw(self) -> bool:
        """Whether dimensions are N, C, H, W, or N, C, H of a map that is one pixel wide."""
        return self.is_plain and padded_to_rank_4(self.shape) == self.sizes

    @property
    def is_turned(self) -> bool:
        """Whether dimensions are N, C, H, W of a row that they read as a column, or N, C, W, H."""
        batch, channels, *size = padded_to_rank_4(self.shape)
        turned = (batch, channels, *reversed(size))
        return self.is_plain and 1 in size and not self.is_nchw and turned == self.sizes

    @property
    def layout(self) -> Layout | None:
        """Layout of N, C, H, W axes read in this order; CHW where both are the same."""
        if self.is_plain:
            return Layout.CHW
        height_width_channel = tuple(axis for axis in (2, 3, 1) if self.sizes[axis] != 1)
        return Layout.HWC if self.significant_order == height_width_channel else None

    def reads_like(self, other: View) -> bool:
        """Whether both give the same element at every index."""
        return (self.sizes, self.shape, self.significant_order) == (
            other.sizes,
            other.shape,
            other.significant_order,
        )

    def axes_of_dimensions(self) -> tuple[Shape, ...] | None:
        """Stored axes, except those of size 1, in each dimension; None where one splits an axis."""
        axes = list(self.significant_order)
        dimensions: list[Shape] = []
        for size in self.shape:
            covered: list[int] = []
            while math.prod(self.sizes[axis] for axis in covered) < size and axes:
                covered.append(axes.pop(0))
            if math.prod(self.sizes[axis] for axis in covered) != size:
                return None
            dimensions.append(tuple(covered))
        return tuple(dimensions)

    def pieces_of_dimensions(self) -> tuple[Piece, ...] | None:
        """The part of one stored axis that each dimension is; None where one holds several.

        Dimensions of size 1 are parts of the batch.
        """
        pieces: list[Piece] = []
        axes = [(axis, self.sizes[axis]) for axis in reversed(self.significant_order)]
        number = 0
        for size in self.shape:
            if size == 1:
                pieces.append(Piece(0, len(pieces)))
                continue
            axis, left = axes.pop()
            if left % size:
                return None
            pieces.append(Piece(axis, number))
            number = number + 1 if left > size else 0
            if left > size:
                axes.append((axis, left // size))
        return tuple(pieces)

    def reshaped(self, shape: Shape) -> View:
        """The same elements cut differently."""
        return replace(self, shape=shape)

    def resized(self, shape: Shape) -> View | None:
        """The same axes, so long that the dimensions are `shape`.

        None where a dimension of another size is not one axis.
        """
        sizes = list(self.sizes)
        for dimension, (old, new) in enumerate(zip(self.shape, shape, strict=True)):
            if old == new:
                continue
            axis = self.axis_of_dimension(dimension)
            if axis is None:
                return None
            sizes[axis] = new
        order = tuple(range(len(sizes))) if self.is_nchw else self.order
        return View(tuple(sizes), order, shape)

    def axis_of_dimension(self, dimension: int) -> int | None:
        """The stored axis that a dimension is, None where it is none or several."""
        if self.is_nchw:
            return dimension
        if padded_to_rank_4(self.shape) == padded_to_rank_4(
            tuple(self.sizes[axis] for axis in self.order)
        ):
            return self.order[dimension]
        dimensions = self.axes_of_dimensions()
        covered = () if dimensions is None else dimensions[dimension]
        return covered[0] if len(covered) == 1 else None

    def transposed(self, permutation: Sequence[int]) -> View | None:
        """Dimensions permuted; None where that cuts through an axis."""
        dimensions = self.axes_of_dimensions()
        if dimensions is None:
            return None
        unit_axes = tuple(axis for axis, size in enumerate(self.sizes) if size == 1)
        moved = (axis for dimension in permutation for axis in dimensions[dimension])
        return replace(
            self,
            order=(*unit_axes, *moved),
            shape=tuple(self.shape[dimension] for dimension in permutation),
        )

    def shuffled(self, permutation: Sequence[int]) -> tuple[int, View] | None:
        """Groups of channels that permuted dimensions take in turns, and how they read the result.

        None where the dimensions do not cut the channels in two that change places.
        """
        for index, (groups, size) in enumerate(pairwise(self.shape)):
            if groups == 1 or size == 1 or groups * size != self.sizes[CHANNEL_AXIS]:
                continue
            split = self._with_channels_split(groups, size)
            dimensions, moved = split.axes_of_dimensions(), split.transposed(permutation)
            if dimensions is None or moved is None or dimensions[index] != (CHANNEL_AXIS,):
                continue
            place = moved.order.index(CHANNEL_AXIS + 1)
            if moved.order[place + 1 : place + 2] == (CHANNEL_AXIS,):
                order = [axis - (axis > CHANNEL_AXIS) for axis in moved.order]
                del order[place]
                return groups, View(self.sizes, tuple(order), moved.shape)
        return None

    def _with_channels_split(self, groups: int, size: int) -> View:
        """The same with channels as two axes."""
        batch, _, *rest = self.sizes
        order: list[int] = []
        for axis in self.order:
            order += [1, 2] if axis == CHANNEL_AXIS else [axis + (axis > CHANNEL_AXIS)]
        return View((batch, groups, size, *rest), tuple(order), self.shape)

    def stored(self, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Brings an array read through this view back to the stored axes."""
        read = array.reshape([self.sizes[axis] for axis in self.order])
        return read.transpose(np.argsort(self.order).tolist())

    def read(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Stored axes as an array read through this view, the inverse of `stored`."""
        return stored.transpose(self.order).reshape(self.shape)


def padded_to_rank_4(shape: Shape) -> Shape:
    """Appends dimensions of size 1."""
    return (*shape, *[1] * (4 - len(shape)))


def channels_last_view(shape: Shape) -> View:
    """Dimensions N, H, W, C of a shape."""
    batch, height, width, channels = shape
    return View((batch, channels, height, width), (0, 2, 3, 1), shape)


def nchw_view_of_input(used: View) -> View | None:
    """Names the axes of a network input N, C, H, W after the view its first layer takes.

    `used` reads the dimensions of the file, and its own shape is what the first layer sees. Returns
    the view with that the file's dimensions read N, C, H, W in one of the two layouts; None where
    there is none.
    """
    if used.is_plain:
        return _named(used.shape, (0, 1, 2, 3), used.sizes)
    return _in_a_layout(used) or _named(used.sizes, (0, 1, 2, 3), used.sizes)


def is_in_a_layout(used: View) -> bool:
    """Whether the first layer takes the dimensions of the file as they lie there, or as NHWC."""
    return used.is_plain or _in_a_layout(used) is not None


def _in_a_layout(used: View) -> View | None:
    uncut = used.reshaped(tuple(used.sizes[axis] for axis in used.order))
    for candidate in (_named_after_dimensions(used), _named_after_dimensions(uncut)):
        if candidate is not None and candidate.layout is not None:
            return candidate
    return None


def _named_after_dimensions(used: View) -> View | None:
    dimensions = used.axes_of_dimensions()
    if dimensions is None or len(dimensions) > 4:
        return None
    if any(axes != tuple(range(axes[0], axes[0] + len(axes))) for axes in dimensions if axes):
        return None
    dimensions = (*dimensions, *[()] * (4 - len(dimensions)))
    order = sorted(range(4), key=lambda dimension: dimensions[dimension][:1])
    return _named(used.shape, tuple(order), used.sizes)


def _named(shape: Shape, order: Shape, file_shape: Shape) -> View | None:
    sizes = padded_to_rank_4(shape)
    if len(sizes) != 4 or sizes[0] != 1:
        return None
    return View(sizes, order, file_shape)
