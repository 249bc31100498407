"""How a producer's real factors become integer functions; ONNX Runtime's arithmetic."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.arithmetic.addition_forms import (
    Addition,
    exact_sums,
    form_of_sums,
    sums_of,
)
from dsconv.frontends.arithmetic.functions import table
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
    MovingLayer,
    PendingLayer,
    TableLayer,
    WeightedLayer,
    with_bounds,
)

LARGEST_ADDEND = 2**61
NO_WEIGHTS = np.ones(1, np.float32)


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

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> tuple[int, RequantAttr]:
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
        divisor = layer.divisor if isinstance(layer, WeightedLayer) else 1
        multipliers = _multipliers(layer, x, weights, output)
        return requantisation(multipliers, output, layer.bounds, divisor)

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> tuple[int, RequantAttr]:
        """The sum times one float32, over the number of pixels."""
        x, pixels = layer.x.quantisation, math.prod(layer.window.kernel)
        divisor = pixels if layer.counted_pads is None else 1
        multipliers = _multipliers(layer, x, NO_WEIGHTS, output)
        return x.zero_point, requantisation(multipliers, output, layer.bounds, divisor)

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """Both scales over one power of two, every sum rounded as its reals are."""
        near = self.scaled(layer, output)
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        exact = exact_sums(lhs, rhs, layer.signs, output).clip(*near.requant.clip)
        if np.array_equal(sums_of(near, lhs, rhs), exact):
            return near
        return form_of_sums(near, lhs, rhs, exact) or near

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
