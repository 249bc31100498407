"""Integer graphs as NEMO writes them: a true division by D, between casts to int64 and back."""

from __future__ import annotations

from onnx import TensorProto

from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.handlers.integers import INTEGER_HANDLERS, has_integer_weights
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph


def is_nemo(graph: OnnxGraph) -> bool:
    """Whether sums of integer weights are divided as int64."""
    operations = {node.op_type for node in graph.nodes}
    casts = any(
        node.op_type == "Cast" and node.integer("to", 0) == TensorProto.INT64
        for node in graph.nodes
    )
    return casts and "Div" in operations and has_integer_weights(graph)


NEMO = Flavour(
    "NEMO",
    "NEMO",
    "`clip(floor((sum * kappa + lamda) * m / D))`, a true division in 64 bits",
    is_nemo,
    INTEGER_HANDLERS,
    IntegerArithmetic(),
)
