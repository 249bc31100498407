"""Handlers of nodes that take a part of an activation: Slice and Split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsconv.dialects.graph import (
    SliceOp,
)
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Constant,
    MovingLayer,
    Value,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.quantisation import read_integers
from dsconv.frontends.handlers.shuffles import shuffle
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import Shape, View, padded_to_rank_4


def read_slice(reader: Reader, node: Node) -> Value:
    """A part of an activation's channels, rows and columns, or every n-th, or of a constant."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return Constant(value.array[_ranges(reader, node, value.array.shape)])
    return moved(reader, node, [0], lambda parts: _sliced(reader, node, parts[0]))


def _ranges(reader: Reader, node: Node, shape: Shape) -> tuple[slice, ...]:
    """What a Slice takes of every dimension; inputs or, before opset 10, attributes."""
    rank = len(shape)

    def integers(index: int, name: str) -> list[int] | None:
        if node.has_input(index):
            return read_integers(reader, node, index)
        values = node.integers(name)
        return None if values is None else list(values)

    starts, ends = integers(1, "starts") or [], integers(2, "ends") or []
    axes = integers(3, "axes") or list(range(len(starts)))
    steps = integers(4, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or not all(
        -rank <= axis < rank for axis in axes
    ):
        raise node.problem(f"starts {starts}, ends {ends} and axes {axes} for {rank} dimensions")
    ranges = [slice(0, size, 1) for size in shape]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 1:
            raise node.problem(
                f"takes values backwards, with a step of {step}", "steps forward are supported"
            )
        ranges[axis % rank] = slice(*slice(start, end, step).indices(shape[axis % rank]))
    return tuple(ranges)


def _sliced(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    ranges = list(_ranges(reader, node, part.view.shape))
    if len(ranges) > 1 and ranges[1].step > 1 and len(range(*_bounds(ranges[1]))) > 1:
        part, ranges[1] = _channels_in_turns(reader, node, part, ranges[1])
    return taken(node, part, ranges)


def _bounds(taken: slice) -> tuple[int, int, int]:
    return taken.start, taken.stop, taken.step


def _channels_in_turns(
    reader: Reader, node: Node, part: Part, taken: slice
) -> tuple[MovingLayer, slice]:
    """An activation whose channels are in such an order that those taken follow each other."""
    channels, step = part.view.shape[1], taken.step
    if channels % step:
        raise node.problem(
            f"takes every {step}th of {channels} channels",
            "every n-th is supported where n divides the number of channels",
        )
    groups = channels // step
    first = taken.start % step * groups + taken.start // step
    view = View.plain(part.view.sizes, part.view.shape)
    return shuffle(node, part, groups, view), slice(first, first + len(range(*_bounds(taken))), 1)


def read_split(reader: Reader, node: Node) -> Value:
    """Parts of an activation's channels, rows or columns, one behind the other."""
    return moved(reader, node, [0], lambda parts: _split(reader, node, parts[0]))


def _split(reader: Reader, node: Node, part: Part) -> MovingLayer:
    shape = part.view.shape
    axis = node.integer("axis", 0)
    if not -len(shape) <= axis < len(shape):
        raise node.problem(f"axis {axis} for {len(shape)} dimensions")
    size, number = shape[axis % len(shape)], node.integer("part", 0)
    ends = np.cumsum([0, *_split_sizes(reader, node, size)]).tolist()
    if ends[-1] != size:
        raise node.problem(f"splits {size} into {np.diff(ends).tolist()}")
    ranges = [slice(0, whole, 1) for whole in shape]
    ranges[axis % len(shape)] = slice(ends[number], ends[number + 1], 1)
    return taken(node, part, ranges)


def _split_sizes(reader: Reader, node: Node, size: int) -> list[int]:
    """Sizes of all parts: an input, before opset 13 an attribute, or as equal as they can be."""
    parts = node.integer("parts", 1)
    if node.has_input(1):
        sizes = read_integers(reader, node, 1)
    else:
        whole = -(-size // parts)
        equal = [min(whole, size - start) for start in range(0, size, whole)]
        sizes = list(node.integers("split") or equal)
    if len(sizes) != parts or min(sizes) < 1:
        raise node.problem(f"splits {size} into {sizes} for {parts} outputs")
    return sizes


def taken(node: Node, part: Part, ranges: Sequence[slice]) -> MovingLayer:
    """Ranges of the dimensions of an activation."""
    check_nchw(node, part.view)
    starts = [taken.start for taken in ranges]
    sizes = [len(range(*_bounds(taken))) for taken in ranges]
    if min(sizes) < 1 or sizes[0] != 1:
        raise node.problem(f"takes {sizes} of {list(part.view.shape)}")
    first = [*starts[1:], *[0] * (4 - len(starts))]
    strides = [*(taken.step for taken in ranges[2:]), *[1] * (4 - len(ranges))]
    stored = padded_to_rank_4(tuple(sizes))
    return MovingLayer(
        node,
        View.plain(stored, tuple(sizes)),
        UNBOUNDED,
        (part,),
        lambda values, result, _, __: SliceOp(UNLABELLED, values[0], first, result, strides),
    )
