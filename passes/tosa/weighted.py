"""Convolutions of TOSA."""

from __future__ import annotations

import numpy as np

from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    ConstantOp,
    Conv2DOp,
    DepthwiseOp,
    LayerOperation,
    LinearOp,
    PointwiseOp,
    activation_type,
)
from dsconv.passes.tosa.function_reader import FunctionReader, image_sizes
from dsconv.passes.tosa.operation import TosaOperation, bits_of
from dsconv.passes.tosa.values import Activation, Array, Sums

INPUT, WEIGHTS, BIAS, INPUT_ZERO_POINT, WEIGHT_ZERO_POINT = range(5)
OUTPUTS_FIRST = (0, 3, 1, 2)
"""Weights OHWI as OIHW."""
CHANNELS_FIRST = (2, 3, 0, 1)
"""Weights HWCM as CMHW."""


def read_conv2d(reader: FunctionReader, operation: TosaOperation) -> None:
    """A dense convolution; a matrix product where it reads a single pixel."""
    x, weights = reader.activation(operation, INPUT), reader.array(operation, WEIGHTS)
    if weights.ndim != 4 or len(x.shape) != 4 or weights.shape[3] != x.shape[3]:
        raise operation.problem(f"weights of shape {weights.shape} on {x.shape}")
    if x.shape[1:3] == (1, 1) and weights.shape[1:3] == (1, 1):
        _read(reader, operation, x, _of_flattened(x, weights), LinearOp)
        return
    if not x.is_image:
        raise operation.problem(
            f"reads {x.sizes} as {x.shape}", "reshapes that mix rows, columns and channels are not"
        )
    _read(reader, operation, x, np.transpose(weights, OUTPUTS_FIRST), Conv2DOp)


def read_depthwise_conv2d(reader: FunctionReader, operation: TosaOperation) -> None:
    """A depthwise convolution; several results a channel are a convolution in groups."""
    x, weights = reader.activation(operation, INPUT), reader.array(operation, WEIGHTS)
    if weights.ndim != 4 or not x.is_image or weights.shape[2] != x.shape[3]:
        raise operation.problem(f"weights of shape {weights.shape} on {x.shape}")
    height, width, _, multiplier = weights.shape
    kernel = np.transpose(weights, CHANNELS_FIRST).reshape(-1, 1, height, width)
    _read(reader, operation, x, kernel, DepthwiseOp if multiplier == 1 else Conv2DOp)


def read_matmul(reader: FunctionReader, operation: TosaOperation) -> None:
    """Rows of an activation times a constant matrix."""
    x, matrix = reader.activation(operation, INPUT), reader.array(operation, WEIGHTS)
    fits = matrix.ndim == len(x.shape) == 3 and matrix.shape[:2] == (1, x.shape[2])
    if not fits or x.sizes != image_sizes(x.shape):
        raise operation.problem(f"a matrix of shape {matrix.shape} on {x.shape}")
    kernel = np.ascontiguousarray(matrix[0].T)
    bias = np.zeros(len(kernel), np.int64)
    zero_points = (reader.number(operation, 2), reader.number(operation, 3))
    kind = LinearOp if x.shape[1] == 1 else PointwiseOp

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        return kind(
            reader.label(operation),
            x.value,
            ConstantOp.of(kernel.astype(np.int8)),
            ConstantOp.of(bias.astype(np.int32)),
            requant,
            activation_type(image_sizes(operation.result_shape), dtype),
            input_zero_point=zero_points[0],
            weight_zero_points=zero_points[1:],
        )

    if bits_of(operation.operands[WEIGHTS]) != 8:
        raise operation.problem("a matrix of other than 8 bits", "int8 is supported")
    reader.set(operation, Sums(make, operation.result_shape))


def _of_flattened(x: Activation, weights: Array) -> Array:
    """Weights (K, H*W*C) of an activation that was flattened, in the order C, H, W."""
    _, channels, height, width = x.sizes
    cut = weights.reshape(-1, height, width, channels)
    return np.transpose(cut, OUTPUTS_FIRST).reshape(len(weights), -1)


def _read(
    reader: FunctionReader,
    operation: TosaOperation,
    x: Activation,
    kernel: Array,
    kind: type[Conv2DOp | DepthwiseOp | LinearOp],
) -> None:
    zero_point = reader.number(operation, INPUT_ZERO_POINT)
    weight_zero_points = (reader.number(operation, WEIGHT_ZERO_POINT),)
    outputs = len(kernel)
    bias = np.broadcast_to(reader.array(operation, BIAS).reshape(-1), outputs)
    if bits_of(operation.operands[WEIGHTS]) != 8:
        raise operation.problem("weights of other than 8 bits", "int8 is supported")
    shape = operation.result_shape
    window = None if kind is LinearOp else _window(operation, kernel.shape[2:])
    is_pointwise = (
        kind is Conv2DOp and window == WindowAttr.of((1, 1)) and kernel.shape[1] == x.sizes[1]
    )

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        array = kernel.reshape(outputs, -1) if is_pointwise else kernel
        label = reader.label(operation)
        operands = (
            x.value,
            ConstantOp.of(np.ascontiguousarray(array).astype(np.int8)),
            ConstantOp.of(bias.astype(np.int32)),
        )
        batch, rows, columns, channels = shape
        type_ = activation_type((batch, channels, rows, columns), dtype)
        if window is None or is_pointwise:
            matrix = PointwiseOp if is_pointwise else LinearOp
            return matrix(
                label,
                *operands,
                requant,
                type_,
                input_zero_point=zero_point,
                weight_zero_points=weight_zero_points,
            )
        convolution = DepthwiseOp if kind is DepthwiseOp else Conv2DOp
        return convolution(
            label,
            *operands,
            window,
            requant,
            type_,
            input_zero_point=zero_point,
            weight_zero_points=weight_zero_points,
        )

    reader.set(operation, Sums(make, shape))


def _window(operation: TosaOperation, kernel: tuple[int, ...]) -> WindowAttr:
    strides, dilations = map(operation.integers, ("stride", "dilation"))
    return WindowAttr.of(kernel, strides, operation.pads, dilations)
