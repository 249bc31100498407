"""Handlers of ConvInteger and MatMulInteger: sums of integers, which Cast and Mul make reals."""

from __future__ import annotations

import numpy as np

from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    ConvolutionLayer,
    Dequantised,
    MatrixLayer,
    ScaledConstant,
    Value,
)
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.handlers import weighted_layers
from dsconv.frontends.onnx_file.onnx_graph import Node

X_ZERO_POINT, WEIGHT_ZERO_POINT = 2, 3


def read_conv_integer(reader: Reader, node: Node) -> Value:
    """A Conv of integers less zero points that are constants, to int32."""
    weights = _weights(reader, node, 0)
    return _sums(
        reader, node, weighted_layers.convolution(node, _activation(reader, node), weights)
    )


def read_matmul_integer(reader: Reader, node: Node) -> Value:
    """A MatMul of integers less zero points that are constants, to int32."""
    x, weights = _activation(reader, node), _weights(reader, node, -1)
    return _sums(reader, node, weighted_layers.matrix_product(node, x, weights))


def _activation(reader: Reader, node: Node) -> Dequantised:
    """The integers, each of which counts as 1."""
    integers = reader.integers(node)
    zero_point = 0
    if node.has_input(X_ZERO_POINT):
        array = reader.array(node, X_ZERO_POINT)
        if array.size != 1:
            raise node.problem("several zero points of its first input", "one is supported")
        zero_point = int(array.reshape(-1)[0])
    return Dequantised(integers, Quantisation(1.0, zero_point, integers.dtype))


def _weights(reader: Reader, node: Node, axis: int) -> ScaledConstant:
    """Integers with one zero point, or one for every output along an axis."""
    array = reader.array(node, 1)
    ones = [1] * array.ndim
    zero_points = np.zeros(1, array.dtype)
    if node.has_input(WEIGHT_ZERO_POINT):
        zero_points = reader.array(node, WEIGHT_ZERO_POINT).reshape(-1)
    shape = list(ones)
    shape[axis] = zero_points.size
    if zero_points.size not in (1, array.shape[axis]):
        raise node.problem(f"{zero_points.size} zero points for weights {list(array.shape)}")
    return ScaledConstant(array, np.ones(ones, np.float32), zero_points.reshape(shape))


def _sums(reader: Reader, node: Node, layer: ConvolutionLayer | MatrixLayer) -> Value:
    """The sums, or those of a last layer."""
    if node.outputs[0] in reader.graph.outputs:
        return reader.builder.add_accumulators(layer, node.outputs[0])
    return layer


INTEGER_SUMS: dict[str, Handler] = {
    "ConvInteger": read_conv_integer,
    "MatMulInteger": read_matmul_integer,
}
