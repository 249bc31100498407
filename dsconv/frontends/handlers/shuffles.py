"""Channels in another order: groups of them in turns, as ShuffleNet has it."""

from __future__ import annotations

from dsconv.dialects.graph import ShuffleOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    MovingLayer,
)
from dsconv.frontends.handlers.moving import Part
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


def shuffle(node: Node, part: Part, groups: int, view: View) -> MovingLayer:
    """Channels of groups taken in turns."""

    return MovingLayer(
        node,
        view,
        UNBOUNDED,
        (part,),
        lambda values, result, _, __: ShuffleOp(UNLABELLED, values[0], groups, result),
    )
