"""Activations put together: Concat."""

from __future__ import annotations

from collections.abc import Sequence

from dsconv.dialects.graph import ConcatOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Constant,
    MovingLayer,
    Value,
    with_view,
)
from dsconv.frontends.core.channels_last import turned_to_nchw, turned_to_nhwc
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers import common
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


def read_concat(reader: Reader, node: Node) -> Value:
    """Activations along channels, rows or columns, or constant lists, as exporters make a shape."""
    values = [reader.value(node, index) for index in range(len(node.inputs))]
    if all(isinstance(value, Constant) for value in values):
        return common.read_concat(reader, node)
    return moved(reader, node, range(len(values)), lambda parts: concatenation(node, parts))


def concatenation(node: Node, parts: Sequence[Part]) -> MovingLayer:
    """Channels, rows or columns of activations N, C, H, W or N, H, W, C, one after the other."""
    rank = len(parts[0].view.shape)
    axis = node.integer("axis", 1) % max(rank, 1)
    turned = [turned_to_nchw(part.view) for part in parts]
    are_nchw = all(part.view.is_nchw for part in parts)
    if are_nchw or not all(view is not None and view.is_nchw for view in turned):
        return joined(node, parts, axis)
    first = [with_view(part, lambda view: turned_to_nchw(view) or view) for part in parts]
    return turned_to_nhwc(joined(node, first, (0, *range(2, rank), 1)[axis]))


def joined(node: Node, parts: Sequence[Part], axis: int) -> MovingLayer:
    """Activations N, C, H, W one after the other along an axis."""
    first = parts[0].view
    for part in parts:
        check_nchw(node, part.view)
    rank = len(first.shape)
    rest = {(*part.view.shape[:axis], *part.view.shape[axis + 1 :]) for part in parts}
    if axis == 0 or len(rest) > 1 or any(len(part.view.shape) != rank for part in parts):
        shapes = ", ".join(str(list(part.view.shape)) for part in parts)
        raise node.problem(
            f"puts {shapes} together along axis {axis}",
            "channels, rows or columns of activations that are alike otherwise are supported",
        )
    sizes = list(first.sizes)
    sizes[axis] = sum(part.view.sizes[axis] for part in parts)
    return MovingLayer(
        node,
        View.plain(tuple(sizes), tuple(sizes[:rank])),
        UNBOUNDED,
        tuple(parts),
        lambda values, result, _, __: ConcatOp(UNLABELLED, values, result, axis),
    )
