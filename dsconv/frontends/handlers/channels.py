"""Channels of an activation in any order, or of one value: a pointwise layer of ones and zeros."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.graph import ConstantOp, IntTensorType, LayerOperation, PointwiseOp
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import UNBOUNDED, UNLABELLED, MovingLayer
from dsconv.frontends.handlers.moving import Part
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


def with_channels(
    node: Node, part: Part, chosen: Sequence[int | None], real: float = 0.0
) -> MovingLayer:
    """The channels `chosen` of an activation N, C, H, W; `real` in place of those that are None."""
    view, channels = part.view, part.view.sizes[1]

    def make(
        values: Sequence[SSAValue], result: IntTensorType, output: Quantisation, value: int
    ) -> LayerOperation:
        weights = np.zeros((len(chosen), channels), np.int8)
        bias = np.zeros(len(chosen), np.int32)
        for kernel, channel in enumerate(chosen):
            if channel is None:
                bias[kernel] = value - output.zero_point
            else:
                weights[kernel, channel] = 1
        return PointwiseOp(
            UNLABELLED,
            values[0],
            ConstantOp.of(weights),
            ConstantOp.of(bias),
            RequantAttr.of([1], [1], zero_point=output.zero_point, clip=output.limits),
            result,
            input_zero_point=output.zero_point,
        )

    sizes = (1, len(chosen), *view.sizes[2:])
    fill = real if None in chosen else None
    moved = View.plain(sizes, sizes[: len(view.shape)])
    return MovingLayer(node, moved, UNBOUNDED, (part,), make, fill)
