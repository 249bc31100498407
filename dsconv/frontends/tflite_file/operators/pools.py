"""Pools, and reductions over rows and columns."""

from __future__ import annotations

from functools import partial

from dsconv.frontends.tflite_file.onnx_writer import CHANNELS_FIRST, OnnxWriter
from dsconv.frontends.tflite_file.operators.fused_activations import fused
from dsconv.frontends.tflite_file.operators.windows import image, window
from dsconv.frontends.tflite_file.schema import Operator


def _write_pool(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    x = image(writer, operator)
    attributes = window(
        operator,
        x,
        (operator.integer(4), operator.integer(3)),
        operator.integer(0, "b"),
        (operator.integer(2), operator.integer(1)),
    )
    pooled = writer.node(
        operator, op_type, writer.channels_first(operator, writer.real(operator)), **attributes
    )
    writer.result(operator, writer.channels_last(operator, fused(writer, operator, pooled, 5)))


def _write_reduction(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    x = writer.source(operator)
    rank = len(x.shape)
    axes = [axis % rank for axis in writer.integers(operator, 1)]
    keep = operator.flag(0)
    real = writer.real(operator)
    if rank == 4:
        real = writer.channels_first(operator, real)
        axes = [CHANNELS_FIRST.index(axis) for axis in axes]
    reduced = writer.node(operator, op_type, real, axes=sorted(axes), keepdims=1)
    if rank == 4:
        reduced = writer.channels_last(operator, reduced)
    if not keep:
        shape = writer.constant(writer.target(operator).shape)
        reduced = writer.node(operator, "Reshape", reduced, shape)
    writer.result(operator, reduced)


write_average_pool = partial(_write_pool, "AveragePool")
write_max_pool = partial(_write_pool, "MaxPool")
write_mean = partial(_write_reduction, "ReduceMean")
write_maximum = partial(_write_reduction, "ReduceMax")
