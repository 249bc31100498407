"""Convolutions and fully connected layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dsconv.frontends.tflite_file.onnx_writer import OnnxWriter
from dsconv.frontends.tflite_file.operators.fused_activations import fused
from dsconv.frontends.tflite_file.operators.windows import image, window
from dsconv.frontends.tflite_file.schema import Operator, Quantised, TfliteTensor

INPUT, WEIGHTS, BIAS = range(3)
WEIGHT_TYPES = ("int4", "int8", "uint8")
CONVERT_AGAIN = "convert the model with full integer quantisation"
OUTPUTS_FIRST = (0, 3, 1, 2)
"""Weights OHWI as OIHW."""
INPUTS_FIRST = (3, 0, 1, 2)
"""Weights OHWI as IOHW."""
CHANNELS_FIRST = (3, 0, 1, 2)
"""Weights of a depthwise layer, 1 x height x width x channels, with channels first."""


def write_convolution(writer: OnnxWriter, operator: Operator) -> None:
    """CONV_2D, in groups where a filter has fewer channels than the input."""
    x, weights = image(writer, operator), _weights(writer, operator)
    outputs, height, width, channels = _rank_4(operator, weights)
    if channels == 0 or x.shape[3] % channels:
        raise operator.problem(f"filters of {channels} channels on {x.shape[3]}")
    groups = x.shape[3] // channels
    if outputs % groups:
        raise operator.problem(f"{outputs} filters in {groups} groups")
    attributes = window(
        operator,
        x,
        (height, width),
        operator.integer(0, "b"),
        (operator.integer(2), operator.integer(1)),
        (operator.integer(5, default=1), operator.integer(4, default=1)),
    )
    kernel = np.transpose(weights.array, OUTPUTS_FIRST)
    _write(writer, operator, kernel, 3, {**attributes, "group": groups})


def write_depthwise(writer: OnnxWriter, operator: Operator) -> None:
    """DEPTHWISE_CONV_2D: channel c gives the results c * multiplier and following."""
    x, weights = image(writer, operator), _weights(writer, operator)
    ones, height, width, outputs = _rank_4(operator, weights)
    if ones != 1 or x.shape[3] == 0 or outputs % x.shape[3]:
        raise operator.problem(f"weights of shape {list(weights.shape)} on {x.shape[3]} channels")
    attributes = window(
        operator,
        x,
        (height, width),
        operator.integer(0, "b"),
        (operator.integer(2), operator.integer(1)),
        (operator.integer(6, default=1), operator.integer(5, default=1)),
    )
    kernel = np.transpose(weights.array, CHANNELS_FIRST)
    _write(writer, operator, kernel, 4, {**attributes, "group": x.shape[3]})


def write_transposed(writer: OnnxWriter, operator: Operator) -> None:
    """TRANSPOSE_CONV: the inputs are the result's shape, weights, the activation and a bias."""
    shape = writer.integers(operator, 0)
    moved = replace(
        operator,
        inputs=(operator.inputs[2], operator.inputs[1], *operator.inputs[3:]),
    )
    x, weights = image(writer, moved), _weights(writer, moved)
    outputs, *kernel, channels = _rank_4(operator, weights)
    if channels != x.shape[3] or len(shape) != 4 or shape[3] != outputs:
        raise operator.problem(
            f"weights of shape {list(weights.shape)} on {list(x.shape)} for {shape}"
        )
    strides = operator.integer(2), operator.integer(1)
    result = replace(x, shape=tuple(shape))
    attributes = window(operator, result, (kernel[0], kernel[1]), operator.integer(0, "b"), strides)
    pads = attributes["pads"]
    extra = [0, 0]
    for axis in range(2):
        reach = (x.shape[1 + axis] - 1) * strides[axis] + kernel[axis]
        rest = reach - pads[axis] - shape[1 + axis]
        pads[2 + axis], extra[axis] = max(rest, 0), max(-rest, 0)
    array = np.transpose(weights.array, INPUTS_FIRST)
    _write(writer, moved, array, 3, {**attributes, "output_padding": extra}, transposed=True)


def _write(
    writer: OnnxWriter,
    operator: Operator,
    kernel: npt.NDArray[np.generic],
    fused_field: int,
    attributes: dict[str, Any],
    *,
    transposed: bool = False,
) -> None:
    axis = 1 if transposed else 0
    image_first = writer.channels_first(operator, writer.real(operator, INPUT))
    parts = [image_first, _real_weights(writer, operator, kernel, axis)]
    if writer.has(operator, BIAS):
        parts.append(_real_bias(writer, operator, kernel.shape[axis]))
    sums = writer.node(operator, "ConvTranspose" if transposed else "Conv", *parts, **attributes)
    writer.result(
        operator, writer.channels_last(operator, fused(writer, operator, sums, fused_field))
    )


def write_fully_connected(writer: OnnxWriter, operator: Operator) -> None:
    """FULLY_CONNECTED: rows of as many values as a filter has, times all filters."""
    x, weights, y = writer.source(operator), _weights(writer, operator), writer.target(operator)
    if len(weights.shape) != 2 or operator.integer(1, "b") != 0:
        raise operator.problem(
            f"weights of shape {list(weights.shape)}, format {operator.integer(1, 'b')}",
            "plain matrices are supported",
        )
    outputs, depth = weights.shape
    size = int(np.prod(x.shape))
    if depth == 0 or size % depth:
        raise operator.problem(f"filters of {depth} values on an input of shape {list(x.shape)}")
    rows = size // depth
    real = writer.real(operator, INPUT)
    if x.shape != (rows, depth):
        real = writer.node(operator, "Reshape", real, writer.constant([rows, depth]))
    real_weights = _real_weights(writer, operator, weights.array)
    bias = [_real_bias(writer, operator, outputs)] if writer.has(operator, BIAS) else []
    sums = writer.node(operator, "Gemm", real, real_weights, *bias, transB=1)
    sums = fused(writer, operator, sums, 0)
    if y.shape != (rows, outputs):
        sums = writer.node(operator, "Reshape", sums, writer.constant(y.shape))
    writer.result(operator, sums)


def _weights(writer: OnnxWriter, operator: Operator) -> TfliteTensor:
    tensor = writer.source(operator, WEIGHTS)
    x = writer.source(operator, INPUT)
    if x.dtype in ("float32", "float16") and tensor.dtype in WEIGHT_TYPES:
        raise operator.problem(
            f"weights of {tensor.dtype} on an input of {x.dtype} (dynamic range quantisation)",
            CONVERT_AGAIN,
        )
    if tensor.dtype not in WEIGHT_TYPES or tensor.quantised is None:
        raise operator.problem(f"weights of {tensor.dtype} that are not quantised", CONVERT_AGAIN)
    if not tensor.is_constant:
        raise operator.problem(
            f"weights ('{tensor.name}') that are not constant",
            "products of two activations are not supported",
        )
    return tensor


def _rank_4(operator: Operator, weights: TfliteTensor) -> tuple[int, int, int, int]:
    if len(weights.shape) != 4:
        raise operator.problem(f"weights of shape {list(weights.shape)}")
    first, height, width, last = weights.shape
    return first, height, width, last


def _real_weights(
    writer: OnnxWriter, operator: Operator, array: npt.NDArray[np.generic], axis: int = 0
) -> str:
    """Weights with their scales: `axis` is that of output channels."""
    tensor = writer.source(operator, WEIGHTS)
    quantised = _by_channel(operator, tensor, array.shape[axis])
    zero_points = quantised.zero_points.astype(array.dtype)
    many = quantised.scales.size > 1
    return writer.node(
        operator,
        "DequantizeLinear",
        writer.constant(array, tensor.name),
        writer.constant(quantised.scales if many else quantised.scales.reshape(())),
        writer.constant(zero_points if many else zero_points.reshape(())),
        **({"axis": axis} if many else {}),
    )


def _real_bias(writer: OnnxWriter, operator: Operator, outputs: int) -> str:
    """The bias in units of input scale times weight scale, whatever scale the file gives it."""
    tensor = writer.source(operator, BIAS)
    array = writer.constant_input(operator, BIAS)
    if array.dtype != np.int32 or array.shape != (outputs,):
        raise operator.problem(
            f"a bias of {array.dtype}, shape {list(array.shape)}",
            f"int32 of {outputs} values is supported",
        )
    x = writer.source(operator, INPUT).quantised
    weights = _by_channel(operator, writer.source(operator, WEIGHTS), outputs)
    if x is None or x.scales.size != 1:
        raise operator.problem("its input has no scale", CONVERT_AGAIN)
    scales = (x.scales * weights.scales).astype(np.float32)
    many = scales.size > 1
    return writer.node(
        operator,
        "DequantizeLinear",
        writer.constant(array, tensor.name),
        writer.constant(scales if many else scales.reshape(())),
        **({"axis": 0} if many else {}),
    )


def _by_channel(operator: Operator, tensor: TfliteTensor, outputs: int) -> Quantised:
    quantised = tensor.quantised
    assert quantised is not None, "weights are quantised"
    if quantised.scales.size not in (1, outputs):
        raise operator.problem(
            f"weights of {outputs} output channels with {quantised.scales.size} scales"
        )
    return quantised
