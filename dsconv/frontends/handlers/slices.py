"""Handlers of nodes that take a part of an activation: Slice and Split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsconv.frontends.arithmetic.values import (
    Constant,
    MovingLayer,
    Value,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.gathers import all_gathered, taken
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.quantisation import read_integers
from dsconv.frontends.handlers.shuffles import shuffle
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import CHANNEL_AXIS, Shape, View


def read_slice(reader: Reader, node: Node) -> Value:
    """A part of an activation's channels, rows and columns, in any steps, or of a constant."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return Constant(value.array[np.ix_(*_ranges(reader, node, value.array.shape))])
    return moved(
        reader,
        node,
        [0],
        lambda parts: _sliced(node, parts[0], _ranges(reader, node, parts[0].view.shape)),
    )


def _ranges(reader: Reader, node: Node, shape: Shape) -> list[range]:
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
    if 0 in steps:
        raise node.problem("takes values in steps of 0")
    ranges = [range(size) for size in shape]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        ranges[axis % rank] = range(*slice(start, end, step).indices(shape[axis % rank]))
    return ranges


def _sliced(node: Node, part: Part, ranges: Sequence[range]) -> MovingLayer:
    """Ranges of dimensions: in one layer where they are steps forward of N, C, H, W."""
    if not all(ranges):
        raise node.problem(f"takes {[len(taken) for taken in ranges]} of {list(part.view.shape)}")
    if part.view.is_nchw and all(taken.step > 0 for taken in ranges):
        in_turns = _channels_in_turns(node, part, ranges)
        if in_turns is not None:
            return in_turns
        if len(ranges) <= CHANNEL_AXIS or ranges[CHANNEL_AXIS].step == 1:
            return taken(node, part, ranges)
    changed = {
        dimension: taken
        for dimension, taken in enumerate(ranges)
        if taken != range(part.view.shape[dimension])
    }
    return all_gathered(node, part, changed)


def _channels_in_turns(node: Node, part: Part, ranges: Sequence[range]) -> MovingLayer | None:
    """Every n-th channel, where n divides their number: those taken follow each other then."""
    channels, chosen = part.view.sizes[CHANNEL_AXIS], ranges[CHANNEL_AXIS : CHANNEL_AXIS + 1]
    if not chosen or len(chosen[0]) < 2 or chosen[0].step == 1 or channels % chosen[0].step:
        return None
    groups = channels // chosen[0].step
    first = chosen[0].start % chosen[0].step * groups + chosen[0].start // chosen[0].step
    shuffled = shuffle(node, part, groups, View.plain(part.view.sizes, part.view.shape))
    following = range(first, first + len(chosen[0]))
    return taken(node, shuffled, [ranges[0], following, *ranges[CHANNEL_AXIS + 1 :]])


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
    ranges = [range(whole) for whole in shape]
    ranges[axis % len(shape)] = range(ends[number], ends[number + 1])
    return _sliced(node, part, ranges)


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
