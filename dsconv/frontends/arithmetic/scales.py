"""From the float scales of ONNX to integer requantisations, as ONNX Runtime rounds them.

ONNX Runtime multiplies the int32 accumulator by one float32, rounds half to even and adds the zero
point. That float32 is a mantissa of at most 24 bits over a power of two, so an integer multiplier
and a shift hold it exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr

Floats = npt.NDArray[np.float32]
Reals = npt.NDArray[np.floating[Any]]

MANTISSA_BITS = 24
MAXIMUM_SHIFT = 62
LARGEST_DIVISOR = 2**MAXIMUM_SHIFT
MULTIPLIER_LIMIT = 2**31
ADD_MULTIPLIER_BITS = 22
REST_PLACES = 4
"""Two binary places more, for the halves of a quotient and for a rest between two of them."""
LAST_PLACES = 2**-21
"""By how much float32 numbers differ that were one before they were rounded."""


@dataclass(frozen=True)
class Quantisation:
    """What the bytes of a tensor mean: real = scale * (q - zero_point)."""

    scale: float
    zero_point: int
    dtype: str

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest integer."""
        info = np.iinfo(self.dtype)
        return info.min, info.max

    @property
    def largest_distance(self) -> int:
        """Largest |q - zero_point|."""
        low, high = self.limits
        return max(self.zero_point - low, high - self.zero_point)

    @property
    def reals(self) -> Floats:
        """What each integer means, as DequantizeLinear computes it, in their order."""
        low, high = self.limits
        centred = np.arange(low, high + 1) - self.zero_point
        return centred.astype(np.float32) * np.float32(self.scale)

    def quantised(self, reals: Reals) -> npt.NDArray[np.integer]:
        """The integers of finite or infinite reals, as QuantizeLinear computes them."""
        steps = np.rint(reals / np.float32(self.scale)) + self.zero_point
        return np.clip(steps, *self.limits).astype(self.dtype)

    def clipped(self, real: float, bounds: tuple[float, float]) -> int:
        """The integer of a real, moved within real bounds."""
        return int(self.quantised(np.clip(np.array(real, np.float32), *bounds)))

    def has(self, real: float) -> bool:
        """Whether a real is what one of the integers means, but for its last places in float32."""
        nearest = self.clipped(real, (-math.inf, math.inf)) - self.zero_point
        return math.isclose(nearest * self.scale, real, rel_tol=LAST_PLACES)

    def has_bounds(self, bounds: tuple[float, float]) -> bool:
        """Whether values of this tensor, moved within real bounds, are values of it again."""
        lowest, highest = float(self.reals[0]), float(self.reals[-1])
        low, high = bounds
        return (low <= lowest or self.has(low)) and (high >= highest or self.has(high))

    def clip_range(
        self, bounds: tuple[float, float], rounded: Callable[[Floats], Floats] = np.rint
    ) -> tuple[int, int]:
        """The integers that real bounds leave, infinities leaving the whole range."""
        low, high = self.limits

        def integer(bound: float, limit: int) -> int:
            if math.isinf(bound):
                return limit
            steps = rounded(np.asarray(bound, np.float32) / np.float32(self.scale))
            return int(np.clip(steps + self.zero_point, low, high))

        return integer(bounds[0], low), integer(bounds[1], high)


def float_multipliers(x: float, weights: Floats, y: float) -> Floats:
    """`x * weights / y` with the float32 roundings of ONNX Runtime."""
    return (np.float32(x) * weights) / np.float32(y)


def mantissa_and_shift(multiplier: np.float32) -> tuple[int, int]:
    """Integers with `multiplier == mantissa / 2**shift`, the mantissa odd unless shift is 0."""
    fraction, exponent = math.frexp(float(multiplier))
    mantissa, shift = int(fraction * 2**MANTISSA_BITS), MANTISSA_BITS - exponent
    while shift > 0 and mantissa % 2 == 0 and mantissa:
        mantissa, shift = mantissa // 2, shift - 1
    return (mantissa << -shift, 0) if shift < 0 else (mantissa, shift)


def requantisation(
    multipliers: Floats, output: Quantisation, bounds: tuple[float, float], divisor: int = 1
) -> RequantAttr:
    """Requantises accumulators by `multipliers / divisor`, one or one per channel.

    Multipliers are positive and below 2**31, accumulators below 2**31 and the divisor below 2**24.
    `bounds` are the real limits of a folded activation function.
    """
    factors = [_factor(multiplier, divisor) for multiplier in multipliers]
    if len(set(factors)) == 1:
        factors = factors[:1]
    return RequantAttr.of(
        [multiplier for multiplier, _ in factors],
        [quotient for _, quotient in factors],
        zero_point=output.zero_point,
        clip=output.clip_range(bounds),
    )


def requantisation_with_rests(
    multipliers: Floats,
    rests: Sequence[Fraction],
    output: Quantisation,
    bounds: tuple[float, float],
    divisor: int = 1,
) -> RequantAttr:
    """The same of accumulators to which each channel adds a rest, a fraction of any size.

    Twice the rest counts in units of the quotient's halves, which is where outputs change: what is
    left of it only tells on which side of one it lies, so one binary place more holds it.
    """
    spread = np.broadcast_to(multipliers, (len(rests),))
    factors = [_factor(multiplier, REST_PLACES * divisor) for multiplier in spread]
    halves = [2 * rest * multiplier for (multiplier, _), rest in zip(factors, rests, strict=True)]
    return RequantAttr.of(
        [multiplier * REST_PLACES for multiplier, _ in factors],
        [divisor for _, divisor in factors],
        addends=[2 * floor(half) + (half.denominator > 1) for half in halves],
        zero_point=output.zero_point,
        clip=output.clip_range(bounds),
    )


def _factor(multiplier: np.float32, divisor: int) -> tuple[int, int]:
    """`multiplier / divisor` exactly, or 0 where it is too small to round any sum to 1."""
    mantissa, shift = mantissa_and_shift(multiplier)
    if divisor << shift > LARGEST_DIVISOR:
        return 0, 1
    return mantissa, divisor << shift


def addition_multipliers(ratios: Sequence[float]) -> tuple[tuple[int, int], int]:
    """Both `scale / output scale` of an addition over one power of two: multipliers, shift.

    Multipliers stay below 2**22, so that the sum of two products with 9-bit values fits 32 bits.
    The shift is negative where a ratio is 2**22 or more.
    """
    _, exponent = math.frexp(max(ratios))
    shift = min(ADD_MULTIPLIER_BITS - exponent, MAXIMUM_SHIFT)
    lhs, rhs = (round(math.ldexp(ratio, shift)) for ratio in ratios)
    if max(lhs, rhs) >> ADD_MULTIPLIER_BITS:
        shift -= 1
        lhs, rhs = (round(math.ldexp(ratio, shift)) for ratio in ratios)
    while shift > 0 and lhs % 2 == 0 and rhs % 2 == 0:
        lhs, rhs, shift = lhs // 2, rhs // 2, shift - 1
    return (lhs, rhs), shift
