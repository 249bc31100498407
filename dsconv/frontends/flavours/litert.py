"""The arithmetic of LiteRT's reference kernels, where it is not that of TensorFlow Lite Micro.

Fully connected layers of int8 round once, and products of two activations have a factor that is
computed in float32 (LiteRT 2.3: tensorflow/lite/kernels/fully_connected.cc, mul.cc).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr, Rounding
from dsconv.frontends.arithmetic.gemmlowp import clip_range, factor_of, rounded_twice
from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import MulLayer, PendingLayer, WeightedLayer
from dsconv.frontends.core.operations import largest_sums
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.flavours.tflite import TFLITE, TfliteArithmetic, is_fully_connected

Integers = npt.NDArray[np.int64]

MULTIPLIER_BITS = 31
DIVISOR_BITS = 50
NEIGHBOURS = 3
"""Sums on both sides of where a quotient says that a result changes."""


class LiteRtArithmetic(TfliteArithmetic):
    """One rounding for fully connected layers of int8; products by a factor of float32."""

    def requantisation(
        self, layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
    ) -> RequantAttr:
        """The accumulator times a double, or a multiplier of 31 bits, rounded twice."""
        if isinstance(layer, MulLayer):
            factor = np.float32(x.scale) * weights[0] / np.float32(output.scale)
            return rounded_twice([factor_of(layer.node, float(factor))], layer, output)
        twice = super().requantisation(layer, x, weights, output)
        if not isinstance(layer, WeightedLayer) or not is_fully_connected(layer):
            return twice
        if x.dtype != "int8":
            return twice
        factors = [float(np.float32(x.scale) * scale) / output.scale for scale in weights]
        return _rounded_once(factors, layer, output)


def _rounded_once(factors: list[float], layer: WeightedLayer, output: Quantisation) -> RequantAttr:
    """Integers that round every sum as the kernel rounds its product in double."""
    low, high = clip_range(layer, output)
    sums = largest_sums(layer)
    forms = [
        _integer_form(layer, factor, int(largest), np.arange(low + 1, high + 1) - output.zero_point)
        for factor, largest in zip(np.broadcast_to(factors, sums.shape), sums, strict=True)
    ]
    return RequantAttr.of(
        [multiplier for multiplier, _, _ in forms],
        [divisor for _, _, divisor in forms],
        addends=[addend for _, addend, _ in forms],
        rounding=Rounding.HALF_UP,
        zero_point=output.zero_point,
        clip=(low, high),
    )


def _integer_form(
    layer: WeightedLayer, factor: float, largest: int, results: Integers
) -> tuple[int, int, int]:
    """Multiplier, addend and divisor that give each result from the sum on that the kernel does.

    Both functions rise with the sum, so they are equal where each result begins at the same sum.
    """
    fraction, exponent = math.frexp(factor)
    places = min(MULTIPLIER_BITS, DIVISOR_BITS + exponent)
    if places <= 0:  # no sum of 32 bits comes to half a step
        return 0, 0, 1
    multiplier = min(round(math.ldexp(fraction, places)), 2**MULTIPLIER_BITS - 1)
    divisor = 1 << (places - exponent)
    begins = _first_sums(factor, results)
    needed = results * divisor - divisor // 2
    reached = np.abs(begins) <= largest
    at_least = (needed - begins * multiplier)[reached]
    below = (needed - (begins - 1) * multiplier)[reached]
    if not reached.any():
        return multiplier, 0, divisor
    lowest, highest = int(at_least.max()), int(below.min()) - 1
    if lowest > highest:
        raise layer.node.problem(
            f"no integers round its sums as the double factor {factor} does",
            "--flavour TFLite rounds them twice, as TensorFlow Lite Micro does",
        )
    return multiplier, min(max(0, lowest), highest), divisor


def _first_sums(factor: float, results: Integers) -> Integers:
    """The smallest sum that gives each result, or more, in double arithmetic."""
    near = np.ceil((results - 0.5) / factor)
    near = np.clip(near, -(2.0**33), 2.0**33).astype(np.int64)
    sums = near[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    products = sums.astype(np.float64) * factor
    rounded = np.copysign(np.floor(np.abs(products) + 0.5), products)
    return sums[np.arange(len(sums)), np.argmax(rounded >= results[:, None], axis=1)]


LITERT = Flavour(
    "LiteRT",
    "a .tflite file, where it is asked for",
    "LiteRT's reference kernels: as TFLite, fully connected layers rounded once",
    lambda graph: False,
    TFLITE.handlers,
    LiteRtArithmetic(),
)
