"""Integer graphs as QuantLab writes them: Mul, Add, Div by a power of two, Floor, Clip.

An Add of two activations may carry what its operands and its sum are requantised by, as attributes
that only DORY knows: `(x * mul + add) >> shift` of each, the last one clipped to `out_n_levels`.
"""

from __future__ import annotations

from dataclasses import replace

from dsconv.dialects.attributes import RequantAttr, Rounding
from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.arithmetic.scales import MULTIPLIER_LIMIT
from dsconv.frontends.arithmetic.values import Value
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.handlers import binary, integers
from dsconv.frontends.handlers.integers import INTEGER_HANDLERS, has_integer_weights
from dsconv.frontends.onnx_file.onnx_graph import Node, OnnxGraph

LARGEST_SHIFT = 31


def is_quantlab(graph: OnnxGraph) -> bool:
    """Whether sums of integer weights are divided and clipped."""
    operations = {node.op_type for node in graph.nodes}
    return {"Div", "Clip"} <= operations and has_integer_weights(graph)


def read_add(reader: Reader, node: Node) -> Value:
    """An integer addend, one for every channel, or another activation; each may be requantised."""
    if not any(node.integer(f"{part}_rq", 0) for part in ("in1", "in2", "out")):
        return integers.read_add(reader, node)
    operands = [integers.settled(reader, node, index) for index in (0, 1)]
    terms = [
        _requantised(node, part, x.quantisation.limits)
        for part, x in zip(("in1", "in2"), operands, strict=True)
    ]
    layer = binary.addition(reader, node, *operands)
    if layer.lhs.integers.value is not operands[0].integers.value:
        terms.reverse()
    total = integers.scaled(replace(layer, terms=tuple(terms)))
    multiplier, addend, shift = _factors(node, "out")
    function = total.function.times((multiplier,)).plus((addend,)).over(1 << shift)
    is_signed = any(x.quantisation.dtype == "int8" for x in operands)
    clipped = replace(total, function=function, bounds=_levels(node, is_signed))
    return integers.settle(reader, clipped, node.outputs[0])


def _requantised(node: Node, part: str, limits: tuple[int, int]) -> RequantAttr:
    """What an operand between limits is requantised by; its clip range is what then comes of it."""
    multiplier, addend, shift = _factors(node, part)
    ends = [limit * multiplier + addend >> shift for limit in limits]
    return RequantAttr.of(
        [multiplier],
        [1 << shift],
        addends=[addend],
        rounding=Rounding.FLOOR,
        clip=(min(ends), max(ends)),
    )


def _factors(node: Node, part: str) -> tuple[int, int, int]:
    """Multiplier, addend and shift of an operand or of the sum; those that change nothing if it is
    not requantised.
    """
    if not node.integer(f"{part}_rq", 0):
        return 1, 0, 0
    multiplier, addend, shift = (
        node.integer(f"{part}_{name}", default)
        for name, default in (("mul", 1), ("add", 0), ("shift", 0))
    )
    fits = max(abs(multiplier), abs(addend)) < MULTIPLIER_LIMIT and 0 <= shift <= LARGEST_SHIFT
    if not fits:
        raise node.problem(
            f"'{part}' is requantised by {multiplier}, {addend} and a shift of {shift}",
            "integers of 32 bits are supported",
        )
    return multiplier, addend, shift


def _levels(node: Node, is_signed: bool) -> tuple[int, int]:
    """The limits of the sum, which have to fit 8 bits."""
    levels = node.integer("out_n_levels", 256)
    low = -(levels // 2) if is_signed else 0
    return low, low + levels - 1


HANDLERS: dict[str, Handler] = INTEGER_HANDLERS | {"Add": read_add}
QUANTLAB = Flavour(
    "QuantLab",
    "QuantLab for DORY",
    "`clip((sum * mul + add) >> s)`, half of the divisor being in `add`",
    is_quantlab,
    HANDLERS,
    IntegerArithmetic(),
)
