"""Graphs with Deeploy's RequantShift behind every layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsconv.dialects.attributes import Rounding
from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.arithmetic.values import Value
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.flavours.flavour import Flavour, has_operation
from dsconv.frontends.handlers.integers import (
    INTEGER_HANDLERS,
    channel_integers,
    integers_of,
    scaled_input,
    settle,
)
from dsconv.frontends.onnx_file.onnx_graph import Node

NAMES = ("RequantShift", "PACTOps.RequantShift")
"""The operation in no domain, and in QuantLab's."""


def read_requant_shift(reader: Reader, node: Node) -> Value:
    """Scaled sums, shifted with half of the divisor added, clipped to n_levels_out."""
    layer = scaled_input(reader, node, 0)
    factors = channel_integers(node, layer, reader.array(node, 1), "its factors")
    terms = channel_integers(node, layer, reader.array(node, 2), "its addends")
    divisor = _integer(node, "div")
    if divisor.bit_count() != 1:
        raise node.problem(f"a divisor of {divisor}, which is no power of two")
    function = layer.function.times(factors).plus(terms).over(divisor)
    rounded = replace(function, rounding=Rounding.HALF_UP)
    return settle(reader, replace(layer, function=rounded, bounds=_limits(node)), node.outputs[0])


def _limits(node: Node) -> tuple[int, int]:
    levels, signed = _integer(node, "n_levels_out"), _integer(node, "signed")
    if not signed:
        return 0, levels - 1
    if levels % 2:
        raise node.problem(
            f"{levels} signed levels, of which some make {-(levels // 2)} to {levels // 2 - 1} and "
            f"others one more",
            "an even number of levels means one range",
        )
    return -(levels // 2), levels // 2 - 1


def _integer(node: Node, name: str) -> int:
    """An integer attribute, which the exporter writes as a tensor of one float."""
    value = node.attributes.get(name)
    if value is None or isinstance(value, str):
        raise node.problem(f"attribute '{name}' is missing or no number")
    array = integers_of(node, np.asarray(value), f"attribute '{name}'")
    if array.size != 1:
        raise node.problem(f"attribute '{name}' is not one integer")
    return int(array.reshape(-1)[0])


HANDLERS: dict[str, Handler] = INTEGER_HANDLERS | dict.fromkeys(NAMES, read_requant_shift)
REQUANTSHIFT = Flavour(
    "RequantShift",
    "QuantLab for Deeploy",
    "`clip((sum * mul + add + div / 2) >> log2(div))`",
    has_operation(*NAMES),
    HANDLERS,
    IntegerArithmetic(),
)
