"""The arithmetic of graphs that compute on integers: the function that they spell out."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.arithmetic import NO_WEIGHTS
from dsconv.frontends.integer_function import IDENTITY, IntegerFunction
from dsconv.frontends.scales import Floats, Quantisation
from dsconv.frontends.values import AddLayer, Layer, WeightedLayer

ACCUMULATORS = 2**31
"""What accumulators stay below."""
DIVIDENDS = 2**62
"""What accumulator * multiplier + addend has to stay below, and the divisor."""


@dataclass(frozen=True)
class IntegerArithmetic:
    """Requantises a layer by one function, whatever the scales of its operands.

    The scales of an addition's operands are the integers that they are multiplied by.
    """

    function: IntegerFunction = IDENTITY

    def requantisation(
        self, layer: Layer, x: Quantisation, weights: Floats, pixels: int, output: Quantisation
    ) -> RequantAttr:
        """The function itself, in lowest terms; a pool's divisor holds its pixels already."""
        function = self.function
        channels = max(len(function.multipliers), len(function.addends))
        if channels > 1 and not isinstance(layer, WeightedLayer):
            raise layer.node.problem(
                f"{channels} factors or addends behind a layer without weights",
                "one for all channels is supported",
            )
        common = gcd(*function.multipliers, *function.addends, function.divisor)
        multipliers = [multiplier // common for multiplier in function.multipliers]
        addends = [addend // common for addend in function.addends]
        largest = ACCUMULATORS * max(map(abs, multipliers)) + max(map(abs, addends))
        if largest >= DIVIDENDS or function.divisor // common >= DIVIDENDS:
            raise layer.node.problem(
                "the integers that scale its result do not fit 64 bits",
                "look for a factor or an addend far out of range",
            )
        return RequantAttr.of(
            multipliers,
            [function.divisor // common],
            addends=addends,
            rounding=function.rounding,
            zero_point=output.zero_point,
            clip=output.clip_range(layer.bounds),
        )

    def addition(
        self, layer: AddLayer, output: Quantisation
    ) -> tuple[tuple[int, int], RequantAttr]:
        """The sum of both operands times their scales, and the function of it."""
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        requant = self.requantisation(layer, lhs, NO_WEIGHTS, 1, output)
        return (int(lhs.scale), int(rhs.scale)), requant
