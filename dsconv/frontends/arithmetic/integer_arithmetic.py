"""The arithmetic of graphs that compute on integers: the function that they spell out."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.arithmetic.addition_forms import Addition
from dsconv.frontends.arithmetic.functions import table
from dsconv.frontends.arithmetic.integer_function import IDENTITY, IntegerFunction
from dsconv.frontends.arithmetic.product_forms import Average, Product
from dsconv.frontends.arithmetic.real_factors import NO_WEIGHTS
from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import (
    AddLayer,
    AveragePoolLayer,
    Dequantised,
    MovingLayer,
    MulLayer,
    PendingLayer,
    RescaleLayer,
    TableLayer,
    WeightedLayer,
    with_bounds,
)

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
        self, layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
    ) -> RequantAttr:
        """The function itself, in lowest terms."""
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

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> Average:
        """The function of the sum, its divisor holding the pixels already."""
        x = layer.x.quantisation
        return Average(x.zero_point, self.requantisation(layer, x, NO_WEIGHTS, output))

    def product(self, layer: MulLayer, output: Quantisation) -> Product:
        """The function of the product."""
        return Product(self.requantisation(layer, layer.lhs.quantisation, NO_WEIGHTS, output))

    def rescaled(self, layer: RescaleLayer, output: Quantisation) -> RequantAttr:
        """The function of the integer."""
        return self.requantisation(layer, layer.x.quantisation, NO_WEIGHTS, output)

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """The sum of both operands times their scales, and the function of it."""
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        requant = self.requantisation(layer, lhs, NO_WEIGHTS, output)
        return Addition(layer.signed(int(lhs.scale), int(rhs.scale)), requant, layer.terms)

    def restated(self, layer: MovingLayer, x: Dequantised, output: Quantisation) -> TableLayer:
        """The same integers in another type."""
        return with_bounds(table(layer.node, x), layer.bounds)

    def table(self, layer: TableLayer, output: Quantisation) -> npt.NDArray[np.integer]:
        """Integers, of which all have the scale 1."""
        return output.quantised(layer.reals)
