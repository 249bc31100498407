"""How a producer's real factors become integer functions; ONNX Runtime's arithmetic."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.scales import (
    MULTIPLIER_LIMIT,
    Floats,
    Quantisation,
    addition_multipliers,
    float_multipliers,
    requantisation,
)
from dsconv.frontends.values import AddLayer, Layer

NO_WEIGHTS = np.ones(1, np.float32)


class Arithmetic(Protocol):
    """What a flavour means by a layer between quantised tensors."""

    def requantisation(
        self, layer: Layer, x: Quantisation, weights: Floats, pixels: int, output: Quantisation
    ) -> RequantAttr:
        """Requantises sums of `pixels` values in units of x scale x weight scale, one or K."""
        ...

    def addition(
        self, layer: AddLayer, output: Quantisation
    ) -> tuple[tuple[int, int], RequantAttr]:
        """Multipliers of both terms, and the requantisation of their sum."""
        ...


class OnnxRuntimeArithmetic:
    """One float32 factor, rounded once, half to even."""

    def requantisation(
        self, layer: Layer, x: Quantisation, weights: Floats, pixels: int, output: Quantisation
    ) -> RequantAttr:
        """The accumulator times one float32, over the number of pixels."""
        multipliers = float_multipliers(x.scale, weights, output.scale)
        if not np.all(multipliers < MULTIPLIER_LIMIT):
            raise layer.node.problem(
                f"input, weight and output scales give a factor of {np.max(multipliers)}",
                "quantise the model again with representative data",
            )
        return requantisation(multipliers, output, layer.bounds, pixels)

    def addition(
        self, layer: AddLayer, output: Quantisation
    ) -> tuple[tuple[int, int], RequantAttr]:
        """Both scales over one power of two."""
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
        return multipliers, requant
