"""Integer graphs as QuantLab writes them: Mul, Add, Div by a power of two, Floor, Clip."""

from __future__ import annotations

from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.handlers.integers import INTEGER_HANDLERS, has_integer_weights
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph


def is_quantlab(graph: OnnxGraph) -> bool:
    """Whether sums of integer weights are divided and clipped."""
    operations = {node.op_type for node in graph.nodes}
    return {"Div", "Clip"} <= operations and has_integer_weights(graph)


QUANTLAB = Flavour(
    "QuantLab",
    "QuantLab for DORY",
    "`clip((sum * mul + add) >> s)`, half of the divisor being in `add`",
    is_quantlab,
    INTEGER_HANDLERS,
    IntegerArithmetic(),
)
