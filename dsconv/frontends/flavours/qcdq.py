"""Brevitas' QCDQ: a Clip between QuantizeLinear and DequantizeLinear makes fewer than 8 bits."""

from __future__ import annotations

import math

import numpy as np

from dsconv.frontends.arithmetic.real_factors import OnnxRuntimeArithmetic
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import Constant, Dequantised, Integers, RescaleLayer, Value
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.flavours.qdq import QDQ_HANDLERS, read_clip
from dsconv.frontends.handlers.quantisation import read_bound
from dsconv.frontends.onnx_file.onnx_graph import Node, OnnxGraph


def is_qcdq(graph: OnnxGraph) -> bool:
    """Whether a Clip stands before a DequantizeLinear."""
    return any(
        node.op_type == "Clip" and consumer.op_type == "DequantizeLinear"
        for node in graph.nodes
        for consumer in graph.consumers.get(node.outputs[0], [])
    )


def read_integer_clip(reader: Reader, node: Node) -> Value:
    """Fewer than 8 bits of quantised weights or activations; of reals, as in QDQ."""
    value = reader.value(node)
    if not isinstance(value, Constant | Integers):
        return read_clip(reader, node)
    low = read_bound(reader, node, 1, "min", -math.inf)
    high = read_bound(reader, node, 2, "max", math.inf)
    if isinstance(value, Constant):
        return Constant(np.clip(value.array, low, high).astype(value.array.dtype))
    return _clipped(reader, node, value, (low, high))


def _clipped(reader: Reader, node: Node, value: Integers, limits: tuple[float, float]) -> Integers:
    meaning = value.quantisation or Quantisation(1.0, 0, value.dtype)
    low, high = ((limit - meaning.zero_point) * meaning.scale for limit in limits)
    if not low <= high:
        raise node.problem(f"clips to the empty range {limits[0]:g} to {limits[1]:g}")
    layer = RescaleLayer(node, value.view, (low, high), Dequantised(value, meaning))
    return reader.builder.add_layer(layer, meaning, node.outputs[0])


QCDQ = Flavour(
    "QCDQ",
    "Brevitas",
    "as QDQ, clipped to the bits of the Clip",
    is_qcdq,
    QDQ_HANDLERS | {"Clip": read_integer_clip},
    OnnxRuntimeArithmetic(),
)
