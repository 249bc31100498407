"""Factors of 31 bits and an exponent, and sums that they scale, rounded twice.

As TFLite's QuantizeMultiplier and MultiplyByQuantizedMultiplier (tensorflow/lite/kernels/internal/
quantization_util.cc, common.h), which go back to gemmlowp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dsconv.dialects.attributes import TWICE_DIVISOR, RequantAttr, Rounding
from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import PendingLayer
from dsconv.frontends.onnx_file.onnx_graph import Node

LARGEST_FACTOR = 2**29
"""Real factors are below."""
SMALLEST_EXPONENT = -31
"""Factors of a smaller one are 0."""


def quantised_factor(node: Node, factor: float) -> tuple[int, int]:
    """31 bits of a real factor and its exponent: `factor = multiplier * 2**(exponent - 31)`."""
    if not factor < LARGEST_FACTOR:
        raise node.problem(
            f"input, weight and output scales give a factor of {factor}",
            "quantise the model again with representative data",
        )
    fraction, exponent = math.frexp(factor)
    multiplier = math.floor(fraction * TWICE_DIVISOR + 0.5)
    if multiplier == TWICE_DIVISOR:
        multiplier, exponent = multiplier // 2, exponent + 1
    return (0, 0) if exponent < SMALLEST_EXPONENT else (multiplier, exponent)


def divided(multiplier: int, exponent: int) -> tuple[int, int]:
    """Multiplier and divisor."""
    return multiplier, int(math.ldexp(TWICE_DIVISOR, -exponent))


def factor_of(node: Node, factor: float) -> tuple[int, int]:
    """A real factor as multiplier and divisor."""
    return divided(*quantised_factor(node, factor))


def rounded_twice(
    factors: Sequence[tuple[int, int]], layer: PendingLayer, output: Quantisation
) -> RequantAttr:
    """The requantisation by one factor, or one a channel."""
    return RequantAttr.of(
        [multiplier for multiplier, _ in factors],
        [divisor for _, divisor in factors],
        rounding=Rounding.TWICE,
        zero_point=output.zero_point,
        clip=clip_range(layer, output),
    )


def clip_range(layer: PendingLayer, output: Quantisation) -> tuple[int, int]:
    """What a layer's results lie between, its bounds rounded as TFLite does."""
    return output.clip_range(layer.bounds, round_half_away)


def round_half_away(reals: Floats) -> Floats:
    """As C's round, so in double: 0.5 added in float32 would round up what is just below it."""
    return np.copysign(np.floor(np.abs(reals.astype(np.float64)) + 0.5), reals).astype(np.float32)
