"""Functions of one activation, sums and products of two, and changes of type."""

from __future__ import annotations

from functools import partial

import numpy as np

from dsconv.frontends.tflite_file.onnx_writer import OnnxWriter
from dsconv.frontends.tflite_file.operators.fused_activations import clipped, fused
from dsconv.frontends.tflite_file.schema import Operator


def write_binary(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    """Two activations, or one and a constant, of which one may broadcast."""
    lhs, rhs = writer.real(operator, 0), writer.real(operator, 1)
    result = writer.node(operator, op_type, lhs, rhs)
    writer.result(operator, fused(writer, operator, result, 0))


def write_unary(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    """A function without options."""
    writer.result(operator, writer.node(operator, op_type, writer.real(operator)))


def write_bounds(low: float, high: float | None, writer: OnnxWriter, operator: Operator) -> None:
    """A ReLU that stands alone."""
    writer.result(operator, clipped(writer, operator, writer.real(operator), low, high))


def write_leaky_relu(writer: OnnxWriter, operator: Operator) -> None:
    """LEAKY_RELU, whose slope is an option."""
    alpha = operator.real(0)
    writer.result(operator, writer.node(operator, "LeakyRelu", writer.real(operator), alpha=alpha))


def write_parametric_relu(writer: OnnxWriter, operator: Operator) -> None:
    """PRELU, whose slopes are a constant of one value a channel."""
    slopes, x = writer.source(operator, 1), writer.source(operator)
    if len(slopes.shape) != len(x.shape) - 1 or any(size != 1 for size in slopes.shape[:-1]):
        raise operator.problem(
            f"slopes of shape {list(slopes.shape)} on {list(x.shape)}",
            "one for every channel is supported",
        )
    writer.result(
        operator,
        writer.node(operator, "PRelu", writer.real(operator), writer.real(operator, 1)),
    )


def write_quantise(writer: OnnxWriter, operator: Operator) -> None:
    """QUANTIZE of reals, or from one scale to another."""
    writer.result(operator, writer.real(operator))


def write_dequantise(writer: OnnxWriter, operator: Operator) -> None:
    """DEQUANTIZE: reals of integers, or float32 of float16."""
    x = writer.source(operator)
    if x.is_constant and x.dtype == "float16":
        real = writer.constant(x.array.astype(np.float32), x.name)
        writer.plain_result(operator, real)
        return
    writer.plain_result(operator, writer.real(operator))


def write_softmax(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    """SOFTMAX and LOG_SOFTMAX over the last axis."""
    real = writer.real(operator)
    beta = operator.real(0, 1.0) if op_type == "Softmax" else 1.0
    if beta != 1:
        raise operator.problem(f"beta {beta:g}; 1 is supported")
    writer.result(operator, writer.node(operator, op_type, real, axis=-1))


def write_largest(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    """ARG_MAX and ARG_MIN."""
    (axis,) = writer.integers(operator, 1)
    found = writer.node(operator, op_type, writer.real(operator), axis=axis, keepdims=0)
    if writer.target(operator).dtype != "int64":
        found = writer.node(operator, "Cast", found, to=6)
    writer.plain_result(operator, found)


write_add = partial(write_binary, "Add")
write_difference = partial(write_binary, "Sub")
write_product = partial(write_binary, "Mul")
