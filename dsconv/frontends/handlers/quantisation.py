"""Reads scales and zero points of nodes, and checks them."""

from __future__ import annotations

import numpy as np

from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import Constant, ScaledConstant
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.onnx_file.onnx_graph import Array, Node
from dsconv.frontends.onnx_file.rearrange import axes

ACTIVATION_DTYPES = ("int8", "uint8")
# 4-bit constants mean the same in 8 bits.
WIDENED = {"int4": "int8", "uint4": "uint8", "int2": "int8", "uint2": "uint8"}


def read_scale(reader: Reader, node: Node, index: int) -> Floats:
    """A scale or list of scales: float32, finite, positive."""
    scale = reader.array(node, index)
    if scale.dtype != np.float32:
        raise node.problem(
            f"its scale is {scale.dtype}: sums in that type are rounded again and again",
            "convert the model to float32, and quantise it then",
        )
    if scale.size == 0 or not np.all(np.isfinite(scale) & (scale > 0)):
        raise node.problem("its scale is not a positive finite number", "quantise the model again")
    return scale


def read_quantisation(
    reader: Reader, node: Node, index: int, dtype: str | None = None
) -> Quantisation:
    """Scale at input `index` and zero point behind it, of a whole activation.

    `dtype` is that of the tensor where it is known; otherwise the zero point's, or uint8.
    """
    scale = read_scale(reader, node, index)
    zero_point = (
        reader.array(node, index + 1)
        if node.has_input(index + 1)
        else np.zeros((), np.dtype(dtype or "uint8"))
    )
    if scale.size != 1 or zero_point.size != 1:
        raise node.problem("an activation is quantised per channel; per tensor is supported")
    if zero_point.dtype.name not in ACTIVATION_DTYPES:
        raise node.problem(
            f"activations of {zero_point.dtype.name}; int8 and uint8 are supported",
            "quantise to 8 bits",
        )
    if dtype is not None and zero_point.dtype != dtype:
        raise node.problem(f"a zero point of {zero_point.dtype} for a tensor of {dtype}")
    return Quantisation(
        float(scale.reshape(-1)[0]), int(zero_point.reshape(-1)[0]), zero_point.dtype.name
    )


def read_scaled_constant(
    reader: Reader, node: Node, array: Array, index: int, axis: int
) -> ScaledConstant:
    """Constant integers with the scale at input `index` and the zero point behind it.

    More than one scale belong to the slices of `axis`.
    """
    if array.dtype.kind not in "iu" and array.dtype.name not in WIDENED:
        raise node.problem(f"dequantises a constant of {array.dtype.name}")
    scale = read_scale(reader, node, index)
    zero_point = (
        reader.array(node, index + 1)
        if node.has_input(index + 1)
        else np.zeros(scale.shape, array.dtype)
    )
    if zero_point.dtype != array.dtype:
        raise node.problem(f"a zero point of {zero_point.dtype} for a tensor of {array.dtype}")
    narrow = array.dtype.name
    dtype = np.dtype(WIDENED.get(narrow, narrow))
    shaped = _of_blocks if node.integer("block_size", 0) else _along_axis
    return ScaledConstant(
        array.astype(dtype),
        shaped(node, scale, array, axis),
        shaped(node, zero_point.astype(dtype), array, axis),
    )


def read_integers(reader: Reader, node: Node, index: int) -> list[int]:
    """A required constant input as a list of integers."""
    array = reader.array(node, index)
    if array.dtype.kind not in "iu":
        raise node.problem(f"input {index} is a list of {array.dtype}; integers are needed")
    return array.reshape(-1).tolist()


def read_bound(reader: Reader, node: Node, index: int, attribute: str, default: float) -> float:
    """A bound of a Clip: an input or, before opset 11, an attribute."""
    if not node.has_input(index):
        return node.real(attribute, default)
    value = reader.value(node, index)
    if not isinstance(value, Constant | ScaledConstant):
        raise node.problem(f"its bound '{attribute}' is not constant")
    reals = value.array if isinstance(value, Constant) else value.real
    if reals.size != 1 or np.isnan(reals).any():
        raise node.problem(f"its bound '{attribute}' is not one number")
    return float(reals.reshape(-1)[0])


def reduced_axes(reader: Reader, node: Node, rank: int) -> tuple[set[int], bool]:
    """Dimensions that a reduction takes away, all by default, and whether they stay with size 1."""
    chosen = axes(node, reader.constant)
    if not chosen:
        chosen = () if node.integer("noop_with_empty_axes", 0) else range(rank)
    if any(not -rank <= axis < rank for axis in chosen):
        raise node.problem(f"axes {list(chosen)} for {rank} dimensions")
    return {axis % rank for axis in chosen}, bool(node.integer("keepdims", 1))


def _of_blocks(node: Node, values: Array, array: Array, axis: int) -> Array:
    """One value for each block along an axis, as one for each element."""
    size = node.integer("block_size", 0)
    blocks = list(array.shape)
    if not -array.ndim <= axis < array.ndim or size < 1:
        raise node.problem(f"blocks of {size} along axis {axis} of {array.ndim} dimensions")
    blocks[axis] = -(-blocks[axis] // size)
    if values.shape != tuple(blocks):
        raise node.problem(
            f"scales or zero points {list(values.shape)} for blocks {blocks} of weights"
        )
    return np.take(np.repeat(values, size, axis), range(array.shape[axis]), axis)


def _along_axis(node: Node, values: Array, array: Array, axis: int) -> Array:
    """Shapes one value, or one per slice, to broadcast over the array."""
    shape = [1] * array.ndim
    if values.size == 1:
        return values.reshape(shape)
    if array.ndim == 1:
        axis = 0  # tf2onnx gives biases the axis that their layer's weights had
    if not -array.ndim <= axis < array.ndim:
        raise node.problem(f"axis {axis} for a tensor of {array.ndim} dimensions")
    if values.ndim != 1 or values.size != array.shape[axis]:
        raise node.problem(f"{values.size} scales or zero points for {array.shape[axis]} channels")
    shape[axis] = -1
    return values.reshape(shape)
