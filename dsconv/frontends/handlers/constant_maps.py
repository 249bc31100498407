"""Quantised constants of a value for every pixel, beside an activation: maps of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.graph import ConstantOp, IntTensorType, LayerOperation, PointwiseOp
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Dequantised,
    MovingLayer,
    ScaledConstant,
    Value,
    WeightedLayer,
    with_view,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.blocks import depth_to_space
from dsconv.frontends.handlers.gathers import taken
from dsconv.frontends.handlers.quantisation import ACTIVATION_DTYPES
from dsconv.frontends.onnx_file.onnx_graph import Array, Node
from dsconv.frontends.onnx_file.view import View, padded_to_rank_4

PIXEL = (range(1),) * 4


def read_constant_map(reader: Reader, node: Node, index: int, beside: int) -> None:
    """Makes input `index` a map where it is a constant for pixels of the activation at `beside`."""
    constant, x = reader.value(node, index), _activation_of(reader.value(node, beside))
    if not isinstance(constant, ScaledConstant) or x is None or constant.scale.size != 1:
        return
    dtype = constant.array.dtype.name
    if dtype in ACTIVATION_DTYPES and is_of_pixels(constant.array, reader.value(node, beside)):
        scale, zero_point = (part.reshape(-1)[0] for part in (constant.scale, constant.zero_point))
        meaning = Quantisation(float(scale), int(zero_point), dtype)
        made = constant_map(reader, node, x, constant.array, meaning)
        reader.remember(node.inputs[index], made)


def is_of_pixels(constant: Array, value: Value) -> bool:
    """Whether a constant broadcasts over an activation N, C, H, W with several rows or columns."""
    view = getattr(value, "view", None)
    if not isinstance(view, View) or not view.is_nchw or constant.ndim > len(view.shape):
        return False
    shape = (*[1] * (len(view.shape) - constant.ndim), *constant.shape)
    fits = all(size in (1, whole) for size, whole in zip(shape, view.shape, strict=True))
    return fits and any(size > 1 for size in shape[2:])


def constant_map(
    reader: Reader, node: Node, x: Dequantised, constant: Array, meaning: Quantisation
) -> Dequantised:
    """The integers of a constant as an activation, whatever the values of `x` are.

    They are the biases of a product with one pixel of it by zeros, laid out as pixels.
    """
    rank = len(x.view.shape)
    shape = (*[1] * (rank - constant.ndim), *constant.shape)
    _, channels, rows, columns = padded_to_rank_4(shape)
    integers = constant.astype(np.int32).reshape(-1)

    def make(
        values: Sequence[SSAValue], result: IntTensorType, output: Quantisation, _: int
    ) -> LayerOperation:
        return PointwiseOp(
            UNLABELLED,
            values[0],
            ConstantOp.of(np.zeros((len(integers), 1), np.int8)),
            ConstantOp.of(integers - output.zero_point),
            RequantAttr.of([1], [1], zero_point=output.zero_point, clip=output.limits),
            result,
        )

    stored = with_view(x, lambda view: View.plain(view.sizes))
    pixel = reader.builder.add_layer(taken(node, stored, PIXEL), x.quantisation, None)
    view = View.plain((1, channels * rows * columns, 1, 1))
    vector = MovingLayer(node, view, UNBOUNDED, (Dequantised(pixel, meaning),), make)
    layer = depth_to_space(node, vector, (rows, columns), by_pixels=False)
    made = reader.builder.add_layer(layer, meaning, None)
    return with_view(Dequantised(made, meaning), lambda view: view.reshaped(shape))


def _activation_of(value: Value) -> Dequantised | None:
    """A quantised activation, or the one that a layer with weights reads."""
    if isinstance(value, WeightedLayer):
        return value.x
    return value if isinstance(value, Dequantised) else None
