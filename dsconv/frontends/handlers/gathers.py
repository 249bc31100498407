"""Channels, rows and columns of an activation at constant places, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.graph import InterpolateOp, IntTensorType, LayerOperation, Places, SliceOp
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Constant,
    MovingLayer,
    Value,
    with_view,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers import common
from dsconv.frontends.handlers.channels import with_channels
from dsconv.frontends.handlers.concats import joined
from dsconv.frontends.handlers.coordinates import UNMOVED, Axis, places_of_indices
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.quantisation import read_integers
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import CHANNEL_AXIS, Shape, View, padded_to_rank_4

MOST_PARTS = 64
"""Layers that a gather in no order may take."""


def read_gather(reader: Reader, node: Node) -> Value:
    """Channels, rows or columns of an activation in any order, or elements of a constant list."""
    if isinstance(reader.value(node), Constant):
        return common.read_gather(reader, node)
    return moved(reader, node, [0], lambda parts: _chosen(reader, node, parts[0]))


def read_tile(reader: Reader, node: Node) -> Value:
    """An activation's channels, rows and columns, repeated as a whole."""
    return moved(reader, node, [0], lambda parts: _tiled(reader, node, parts[0]))


def _chosen(reader: Reader, node: Node, part: Part) -> MovingLayer:
    shape, indices = part.view.shape, read_integers(reader, node, 1)
    axis, rank = node.integer("axis", 0), reader.array(node, 1).ndim
    if not -len(shape) <= axis < len(shape) or rank > 1 or not indices:
        raise node.problem(
            f"takes {len(indices)} indices of {rank} dimensions along axis {axis} of {list(shape)}",
            "one index, or a list of them, is supported",
        )
    axis %= len(shape)
    if not all(-shape[axis] <= index < shape[axis] for index in indices):
        raise node.problem(f"indices {indices} of {shape[axis]}")
    layer = gathered(node, part, axis, [index % shape[axis] for index in indices])
    if rank:
        return layer
    return with_view(layer, lambda view: view.reshaped((*shape[:axis], *shape[axis + 1 :])))


def _tiled(reader: Reader, node: Node, part: Part) -> MovingLayer:
    shape, repeats = part.view.shape, read_integers(reader, node, 1)
    if len(repeats) != len(shape) or min(repeats) < 1:
        raise node.problem(f"repeats {list(shape)} {repeats} times")
    places = {
        axis: [*range(shape[axis])] * times for axis, times in enumerate(repeats) if times > 1
    }
    return all_gathered(node, part, places)


def gathered(node: Node, part: Part, dimension: int, indices: Sequence[int]) -> MovingLayer:
    """One dimension of an activation at indices, in any order and any number of times."""
    shape = list(part.view.shape)
    axis, shape[dimension] = part.view.axis_of_dimension(dimension), len(indices)
    view = part.view.resized(tuple(shape)) if axis else None
    if axis is None or view is None:
        raise node.problem(
            f"takes {len(indices)} of dimension {dimension} of {list(part.view.shape)}",
            "channels, rows and columns can be taken",
        )
    stored = with_view(part, lambda view: View.plain(view.sizes))
    return replace(_along(node, stored, axis, indices), view=view)


def all_gathered(node: Node, part: Part, places: Mapping[int, Sequence[int]]) -> MovingLayer:
    """Several dimensions, one after the other; without any, a copy."""
    last = len(part.view.shape) - 1
    first, *rest = places.items() or [(last, range(part.view.shape[last]))]
    layer = gathered(node, part, *first)
    for dimension, indices in rest:
        layer = gathered(node, layer, dimension, indices)
    return layer


def _along(node: Node, part: Part, axis: int, indices: Sequence[int]) -> MovingLayer:
    layer = _one_layer(node, part, axis, indices)
    if layer is not None:
        return layer
    runs = progressions(indices)
    if axis == CHANNEL_AXIS and any(index + 1 != n for run in runs for index, n in pairwise(run)):
        return with_channels(node, part, indices)
    if len(runs) > MOST_PARTS:
        raise node.problem(
            f"takes {len(indices)} rows or columns in an order of {len(runs)} parts",
            f"{MOST_PARTS} parts, each in equal steps, are supported",
        )
    whole = [*range(part.view.sizes[axis])]
    parts = [part if run == whole else _along(node, part, axis, run) for run in runs]
    return joined(node, parts, axis)


def _one_layer(node: Node, part: Part, axis: int, indices: Sequence[int]) -> MovingLayer | None:
    """Indices in equal steps, moved into the map."""
    steps = {following - index for index, following in pairwise(indices)} or {1}
    step = max(steps, key=abs)
    forward = len(steps) == 1 and (step == 1 if axis == CHANNEL_AXIS else step > 0)
    if forward:
        ranges = [range(size) for size in part.view.sizes]
        ranges[axis] = range(indices[0], indices[-1] + 1, step)
        return taken(node, part, ranges)
    if axis == CHANNEL_AXIS:
        return None
    size = part.view.sizes[axis]
    places = places_of_indices(indices, Axis(size, len(indices), Fraction(1)), Fraction(step))
    if places is None:
        return None
    target = list(part.view.sizes)
    target[axis] = len(indices)
    return sampled(node, part, tuple(target), (places, UNMOVED) if axis == 2 else (UNMOVED, places))


def progressions(indices: Sequence[int]) -> list[list[int]]:
    """Indices in runs of equal steps."""
    runs: list[list[int]] = []
    for index in indices:
        run = runs[-1] if runs else []
        if run and (len(run) == 1 or index - run[-1] == run[1] - run[0]):
            run.append(index)
        else:
            runs.append([index])
    return runs


def taken(node: Node, part: Part, ranges: Sequence[range]) -> MovingLayer:
    """Ranges of the dimensions of an activation, rows and columns in any steps forward."""
    check_nchw(node, part.view)
    starts, sizes = [taken.start for taken in ranges], [len(taken) for taken in ranges]
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


def sampled(node: Node, part: Part, target: Shape, places: tuple[Places, Places]) -> MovingLayer:
    """Rows and columns that places, rounded down, are."""

    def make(
        values: Sequence[SSAValue], result: IntTensorType, output: Quantisation, _: int
    ) -> LayerOperation:
        zero_point = output.zero_point
        requant = RequantAttr.of([1], [1], zero_point=zero_point, clip=output.limits)
        return InterpolateOp(
            UNLABELLED,
            values[0],
            *places,
            requant,
            result,
            nearest=True,
            input_zero_point=zero_point,
        )

    view = View.plain(padded_to_rank_4(target), target)
    return MovingLayer(node, view, UNBOUNDED, (part,), make)
