"""Handlers that every flavour shares: constants, views, pools on integers, the network's end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from onnx import TensorProto

from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    AnyPendingLayer,
    Constant,
    Dequantised,
    Integers,
    LeftToCaller,
    MaxPoolLayer,
    PendingLayer,
    RealInput,
    ScaledConstant,
    TableLayer,
    Value,
    with_view,
)
from dsconv.frontends.core.reader import ACCUMULATORS, QUANTISE_FIRST, Handler, Reader
from dsconv.frontends.handlers import pools
from dsconv.frontends.handlers.quantisation import (
    reduced_axes,
)
from dsconv.frontends.onnx_file.network import OnnxTensor
from dsconv.frontends.onnx_file.onnx_graph import Array, Node, constant_node_array
from dsconv.frontends.onnx_file.rearrange import new_shape, permutation, rearranged


def read_constant(reader: Reader, node: Node) -> Value:
    """A constant of the graph."""
    return Constant(constant_node_array(node))


def read_rearrangement(reader: Reader, node: Node) -> Value:
    """New dimensions; values move where they become a map of other channels and rows."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return Constant(_rearranged(reader, node, value.array))
    if isinstance(value, ScaledConstant):
        return _rearranged_weights(reader, node, value)
    activation = reader.activation(node)
    moved = with_view(activation, lambda view: rearranged(node, view, reader.constant))
    if isinstance(moved, Integers):
        return replace(moved, stored=OnnxTensor(node.outputs[0], moved.view))
    return moved


def _rearranged(reader: Reader, node: Node, array: Array) -> Array:
    if node.op_type == "Transpose":
        return array.transpose(permutation(node, array.ndim))
    return array.reshape(new_shape(node, array.shape, reader.constant))


def _rearranged_weights(reader: Reader, node: Node, weights: ScaledConstant) -> ScaledConstant:
    array = _rearranged(reader, node, weights.array)
    if node.op_type == "Transpose":
        order = permutation(node, weights.array.ndim)
        return ScaledConstant(
            array, weights.scale.transpose(order), weights.zero_point.transpose(order)
        )
    if weights.scale.size != 1 or weights.zero_point.size != 1:
        raise node.problem("reshapes weights that are quantised per channel")
    ones = (1,) * array.ndim
    return ScaledConstant(array, weights.scale.reshape(ones), weights.zero_point.reshape(ones))


def read_end(reader: Reader, node: Node) -> Value:
    """The end of the network, which the caller computes from the logits."""
    value = reader.value(node)
    if isinstance(value, Integers):
        return LeftToCaller(value, (node.op_type,))
    if isinstance(value, Dequantised | TableLayer):
        return value.left_to_caller(node.op_type)
    sums = reader.sums(node)
    if sums is None:
        raise reader.wrong_input(node, value, "a quantised activation")
    return sums


def read_shape(reader: Reader, node: Node) -> Value:
    """The shape of a tensor, which is static, or a part of it."""
    value = reader.value(node)
    is_constant = isinstance(value, Constant | ScaledConstant)
    shape = value.array.shape if is_constant else reader.activation(node).view.shape
    part = slice(node.integer("start", 0), node.integer("end", len(shape)))
    return Constant(np.asarray(shape[part], np.int64))


def read_gather(reader: Reader, node: Node) -> Value:
    """An element of a constant list, as exporters pick one size of a shape."""
    data, indices = reader.array(node, 0), reader.array(node, 1)
    if data.ndim != 1 or indices.dtype.kind not in "iu" or node.integer("axis", 0) not in (0, -1):
        raise node.problem("only a Gather from the shape of a tensor is supported")
    if np.any(indices < -data.size) or np.any(indices >= data.size):
        raise node.problem(f"indices {indices.tolist()} of {data.size} values")
    return Constant(data[indices])


def read_concat(reader: Reader, node: Node) -> Value:
    """Constant lists put together, as exporters make a shape."""
    for index in range(len(node.inputs)):
        if not isinstance(value := reader.value(node, index), Constant):
            raise reader.wrong_input(node, value, "a constant")
    arrays = [reader.array(node, index) for index in range(len(node.inputs))]
    if not arrays or any(array.ndim != 1 for array in arrays):
        raise node.problem("only a Concat of shapes is supported")
    return Constant(np.concatenate(arrays))


def read_cast(reader: Reader, node: Node) -> Value:
    """Integers as reals, as of an image of bytes, or a constant as exporters compute shapes."""
    value = reader.value(node)
    to_real = node.integer("to", 0) == TensorProto.FLOAT
    if isinstance(value, Integers) and value.dtype != ACCUMULATORS and to_real:
        return reader.dequantise(value, Quantisation(1.0, 0, value.dtype))
    if isinstance(value, RealInput | Dequantised | PendingLayer) and to_real:
        return value
    array = reader.array(node, 0)
    if array.dtype.kind not in "iu":
        raise node.problem("only casts in the computation of a shape are supported", QUANTISE_FIRST)
    return Constant(array.astype(np.int64))


COMMON_HANDLERS: dict[str, Handler] = {
    "ArgMax": read_end,
    "ArgMin": read_end,
    "Cast": read_cast,
    "Concat": read_concat,
    "Constant": read_constant,
    "Flatten": read_rearrangement,
    "Gather": read_gather,
    "LogSoftmax": read_end,
    "Reshape": read_rearrangement,
    "Shape": read_shape,
    "Softmax": read_end,
    "Squeeze": read_rearrangement,
    "Transpose": read_rearrangement,
    "Unsqueeze": read_rearrangement,
}


def maximum(reader: Reader, node: Node, x: Dequantised | AnyPendingLayer) -> MaxPoolLayer:
    """The maximum over a window, or over all rows and columns."""
    match node.op_type:
        case "MaxPool":
            return pools.max_pool(node, x)
        case "ReduceMax":
            chosen, keep = reduced_axes(reader, node, len(x.view.shape))
            return pools.global_max(node, x, chosen, keep)
        case _:
            return pools.global_max(node, x, set(range(2, len(x.view.shape))), keep=True)
