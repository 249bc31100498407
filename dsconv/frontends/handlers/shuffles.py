"""Channels in another order: groups of them in turns, as ShuffleNet has it."""

from __future__ import annotations

from dsconv.dialects.graph import ShuffleOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Dequantised,
    Integers,
    MovingLayer,
    PendingLayer,
    Value,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers import common
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.rearrange import permutation
from dsconv.frontends.onnx_file.view import View


def read_transpose(reader: Reader, node: Node) -> Value:
    """New dimensions where no byte moves, or channels shuffled: groups of them in turns."""
    value = reader.value(node)
    if not isinstance(value, Integers | Dequantised | PendingLayer):
        return common.read_rearrangement(reader, node)
    view = value.view
    shuffled = view.shuffled(permutation(node, len(view.shape)))
    if shuffled is None or view.axes_of_dimensions() is not None:
        return common.read_rearrangement(reader, node)
    return moved(reader, node, [0], lambda parts: shuffle(node, parts[0], *shuffled))


def shuffle(node: Node, part: Part, groups: int, view: View) -> MovingLayer:
    """Channels of groups taken in turns."""

    return MovingLayer(
        node,
        view,
        UNBOUNDED,
        (part,),
        lambda values, result, _, __: ShuffleOp(UNLABELLED, values[0], groups, result),
    )
