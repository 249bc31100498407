"""How a producer's real factors become integer functions; ONNX Runtime's arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.arithmetic.addition_forms import (
    Addition,
    Integers,
    addition_of,
    bytes_of,
    exact_sums,
    requantised,
)
from dsconv.frontends.arithmetic.functions import table
from dsconv.frontends.arithmetic.product_forms import (
    Average,
    Product,
    centred_products,
    exact_steps,
    of_fraction,
    product_of,
)
from dsconv.frontends.arithmetic.scales import (
    MULTIPLIER_LIMIT,
    REST_PLACES,
    Floats,
    Quantisation,
    addition_multipliers,
    float_multipliers,
    requantisation,
    requantisation_with_rests,
)
from dsconv.frontends.arithmetic.values import (
    AddLayer,
    AveragePoolLayer,
    Dequantised,
    InterpolatedLayer,
    MovingLayer,
    MulLayer,
    PendingLayer,
    RescaleLayer,
    TableLayer,
    WeightedLayer,
    with_bounds,
)

LARGEST_ADDEND = 2**61
NO_WEIGHTS = np.ones(1, np.float32)
MOST_PIXELS = 2**13
"""Of the averages whose sums are all compared with the exact ones."""


class Arithmetic(Protocol):
    """What a flavour means by a layer between quantised tensors."""

    def requantisation(
        self, layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
    ) -> RequantAttr:
        """Requantises sums in units of x scale x weight scale, one or K."""
        ...

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """The weighted sum of two activations."""
        ...

    def product(self, layer: MulLayer, output: Quantisation) -> Product:
        """The product of two activations."""
        ...

    def rescaled(self, layer: RescaleLayer, output: Quantisation) -> RequantAttr | TableLayer:
        """An activation, quantised again."""
        ...

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> Average:
        """What is taken off every pixel, and the requantisation of their sum."""
        ...

    def restated(self, layer: MovingLayer, x: Dequantised, output: Quantisation) -> TableLayer:
        """An activation as a movement takes it that gives another scale."""
        ...

    def table(self, layer: TableLayer, output: Quantisation) -> npt.NDArray[np.integer]:
        """The integers (1, 256) or (C, 256) of a function's results."""
        ...


class OnnxRuntimeArithmetic:
    """One float32 factor, rounded once, half to even."""

    def requantisation(
        self, layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
    ) -> RequantAttr:
        """The accumulator times one float32."""
        if isinstance(layer, WeightedLayer) and layer.bias_rests:
            limit = MULTIPLIER_LIMIT // REST_PLACES
            multipliers = _multipliers(layer, x, weights, output, limit)
            requant = requantisation_with_rests(
                multipliers, layer.bias_rests, output, layer.bounds, layer.divisor
            )
            if max(map(abs, requant.addends)) > LARGEST_ADDEND:
                raise layer.node.problem(
                    "its bias is far out of the range of its output",
                    "quantise the model again with representative data",
                )
            return requant
        divisor = layer.divisor if isinstance(layer, WeightedLayer | InterpolatedLayer) else 1
        multipliers = _multipliers(layer, x, weights, output)
        return requantisation(multipliers, output, layer.bounds, divisor)

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> Average:
        """The sum over the number of pixels, rounded as its real is."""
        near = self.scaled_average(layer, output)
        return exact_average(layer, near, output)

    def scaled_average(self, layer: AveragePoolLayer, output: Quantisation) -> RequantAttr:
        """The sum times one float32, over the number of pixels."""
        x, pixels = layer.x.quantisation, math.prod(layer.window.kernel)
        divisor = 1 if layer.is_sum or layer.counted_pads is not None else pixels
        multipliers = _multipliers(layer, x, NO_WEIGHTS, output)
        return requantisation(multipliers, output, layer.bounds, divisor)

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """Both scales over one power of two, every sum rounded as its reals are."""
        near = self.scaled(layer, output)
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        exact = exact_sums(lhs, rhs, layer.signs, output).clip(*near.requant.clip)
        return addition_of(near, lhs, rhs, exact)

    def scaled(self, layer: AddLayer, output: Quantisation) -> Addition:
        """Both scales over one power of two, rounded to 22 bits."""
        scales = np.array([x.quantisation.scale for x in (layer.lhs, layer.rhs)], np.float32)
        ratios = float_multipliers(1.0, scales, output.scale)
        too_far = layer.node.problem("an input scale is millions of times the output scale")
        if not np.all(np.isfinite(ratios)):
            raise too_far
        multipliers, shift = addition_multipliers(ratios.tolist())
        if shift < 0:
            raise too_far
        requant = RequantAttr.of(
            [1], [1 << shift], zero_point=output.zero_point, clip=output.clip_range(layer.bounds)
        )
        return Addition(layer.signed(*multipliers), requant)

    def product(self, layer: MulLayer, output: Quantisation) -> Product:
        """Every product rounded as its real is."""
        near = self.scaled_product(layer, output)
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        factor = Fraction(lhs.scale) * Fraction(rhs.scale) / Fraction(output.scale)
        products = centred_products(lhs, rhs)
        exact = exact_steps(products, factor) + output.zero_point
        return product_of(near, products, exact.clip(*near.clip))

    def scaled_product(self, layer: MulLayer, output: Quantisation) -> RequantAttr:
        """The product times one float32."""
        factor = np.array([layer.rhs.quantisation.scale], np.float32)
        return self.requantisation(layer, layer.lhs.quantisation, factor, output)

    def rescaled(self, layer: RescaleLayer, output: Quantisation) -> RequantAttr | TableLayer:
        """The value times one float32, or a table where float32 makes another quotient."""
        x = layer.x.quantisation
        near = self.requantisation(layer, x, NO_WEIGHTS, output)
        reals = with_bounds(table(layer.node, layer.x), layer.bounds)
        same = np.array_equal(
            requantised(bytes_of(x) - x.zero_point, near), self.table(reals, output)[0]
        )
        return near if same else reals

    def restated(self, layer: MovingLayer, x: Dequantised, output: Quantisation) -> TableLayer:
        """Its reals, quantised again."""
        return with_bounds(table(layer.node, x), layer.bounds)

    def table(self, layer: TableLayer, output: Quantisation) -> npt.NDArray[np.integer]:
        """Reals, quantised as QuantizeLinear does."""
        return output.quantised(layer.reals)


def _multipliers(
    layer: PendingLayer,
    x: Quantisation,
    weights: Floats,
    output: Quantisation,
    limit: int = MULTIPLIER_LIMIT,
) -> Floats:
    """One float32 a channel, or one for all, below a limit."""
    multipliers = float_multipliers(x.scale, weights, output.scale)
    if not np.all(multipliers < limit):
        raise layer.node.problem(
            f"input, weight and output scales give a factor of {np.max(multipliers)}",
            "quantise the model again with representative data",
        )
    return multipliers


def average_sums(x: Quantisation, pixels: int) -> Integers:
    """Every sum of so many pixels."""
    low, high = x.limits
    return np.arange(pixels * (low - x.zero_point), pixels * (high - x.zero_point) + 1)


def exact_average(layer: AveragePoolLayer, near: RequantAttr, output: Quantisation) -> Average:
    """Every average rounded as its real is: by `near`, or by the very fraction.

    Its addend may hold the zero point. Pads that do not count make the divisor vary.
    """
    x, pixels = layer.x.quantisation, math.prod(layer.window.kernel)
    ratio = Fraction(x.scale) / Fraction(output.scale) * (pixels if layer.is_sum else 1)
    varies = layer.counted_pads is not None
    counts = range(1, pixels + 1) if varies else (pixels,)
    if sum(counts) <= MOST_PIXELS and all(
        _rounds_as_reals(_over(near, count) if varies else near, x, count, ratio, output)
        for count in counts
    ):
        return Average(x.zero_point, near)
    found = of_fraction(near, ratio if varies else ratio / pixels)
    if found is None:
        raise layer.node.problem(
            "its scales are too far apart for an exact average",
            "quantise the model again with representative data",
        )
    return Average(x.zero_point, found)


def _over(requant: RequantAttr, count: int) -> RequantAttr:
    (divisor,), (addend,) = requant.divisors, requant.addends
    return requant.with_factors(requant.multipliers, [divisor * count], [addend * count])


def _rounds_as_reals(
    requant: RequantAttr, x: Quantisation, count: int, ratio: Fraction, output: Quantisation
) -> bool:
    """Whether averages of so many pixels are half to even, the zero point added where it is."""
    sums, outside = average_sums(x, count), requant.zero_point
    exact = exact_steps(sums, ratio / count, output.zero_point - outside) + outside
    return np.array_equal(requantised(sums, requant), exact.clip(*requant.clip))
