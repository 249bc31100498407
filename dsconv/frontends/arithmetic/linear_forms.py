"""Reals that are not quantised yet: sums of integers times constants, exactly.

What a convolution or a product of matrices sums up is an integer times a scale. So is each term of
what additions and averages make of such sums. All scales of a form are whole multiples of one unit,
so the form is one integer of 64 bits, and a quantised result changes at few of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor, gcd, lcm

import numpy as np
import numpy.typing as npt

from dsconv.frontends.arithmetic.scales import Quantisation, Reals
from dsconv.frontends.arithmetic.step_tables import Steps, steps_of
from dsconv.frontends.arithmetic.values import Integers

IntArray = npt.NDArray[np.int64]
Rationals = tuple[Fraction, ...]
"""One value, or one for each channel."""
Function = Callable[[Reals], Reals]

SUMS = Quantisation(1.0, 0, "int32")
LARGEST_TOTAL = 2**62


class TooWideError(ValueError):
    """A form whose integer does not fit 64 bits."""


@dataclass(frozen=True)
class Term:
    """Integers of the module, what stands for a real 0 among them, and what each unit means.

    Without the zero point, those of a channel are from `low` to `high`, one value or C.
    """

    integers: Integers
    zero_point: int
    scales: Rationals
    low: IntArray
    high: IntArray

    @property
    def largest(self) -> int:
        """Largest distance from 0."""
        return max(-int(self.low.min()), int(self.high.max()))

    def scaled(self, factor: Fraction) -> Term:
        """The same integers, which mean a multiple of what they did."""
        return replace(self, scales=tuple(scale * factor for scale in self.scales))


@dataclass(frozen=True)
class LinearForm:
    """The sum of all terms, and of what each channel adds."""

    terms: tuple[Term, ...]
    addends: Rationals = (Fraction(0),)

    @property
    def is_uniform(self) -> bool:
        """Whether it is the same in all channels."""
        return all(len(set(values)) == 1 for values in (*self.scales, self.addends))

    @property
    def scales(self) -> tuple[Rationals, ...]:
        """Those of all terms."""
        return tuple(term.scales for term in self.terms)

    @property
    def has_addends(self) -> bool:
        """Whether a channel adds anything."""
        return any(self.addends)

    def scaled(self, factor: Fraction) -> LinearForm:
        """A multiple of the form."""
        addends = tuple(addend * factor for addend in self.addends)
        return LinearForm(tuple(term.scaled(factor) for term in self.terms), addends)

    def plus(self, other: LinearForm) -> LinearForm:
        """The sum of two forms."""
        addends = tuple(own + more for own, more in by_channel(self.addends, other.addends))
        return LinearForm(self.terms + other.terms, addends)


def spread(values: Rationals, count: int) -> Rationals:
    """One value for each of so many channels."""
    return values * count if len(values) == 1 else values


def by_channel(first: Rationals, second: Rationals) -> list[tuple[Fraction, Fraction]]:
    """Values of both for each channel; one pair where both are the same for all."""
    count = max(len(first), len(second))
    return list(zip(spread(first, count), spread(second, count), strict=True))


@dataclass(frozen=True)
class Total:
    """A form as one integer: `weights` (R, N + 1) are the factors of N terms and what is added.

    One unit of it is the real `unit`; no total lies outside `limits`.
    """

    weights: IntArray
    unit: Fraction
    limits: tuple[int, int]

    @staticmethod
    def of(form: LinearForm) -> Total:
        """The total of a form, its zero points taken off. Raises TooWideError."""
        columns = (*form.scales, form.addends)
        every = [value for column in columns for value in column]
        divisor = lcm(*(value.denominator for value in every))
        unit = Fraction(gcd(*(int(value * divisor) for value in every)), divisor)
        channels = 1 if form.is_uniform else max(map(len, columns))
        rows: list[list[int]] = []
        low = high = 0
        for row in zip(*(spread(column[:channels], channels) for column in columns), strict=True):
            *factors, addend = (int(value / unit) for value in row)
            pairs = list(zip(factors, form.terms, strict=True))
            reach = sum(abs(factor) * term.largest for factor, term in pairs)
            low, high = min(low, addend - reach), max(high, addend + reach)
            zeros = sum(factor * term.zero_point for factor, term in pairs)
            rows.append([*factors, addend - zeros])
        largest = max(abs(value) for row in rows for value in row)
        if max(-low, high, largest) >= LARGEST_TOTAL:
            raise TooWideError
        return Total(np.array(rows, np.int64), unit, (low, high))

    def steps(
        self, function: Function | None, output: Quantisation, bounds: tuple[float, float]
    ) -> list[Steps]:
        """Totals at which the quantised results of a function change, in every channel.

        Without a function, results are the totals' own reals within bounds, rounded exactly.
        Raises TooManyStepsError.
        """
        if function is None:
            return [quantised_steps(self.unit, Fraction(0), self.limits, output, bounds)]
        unit = float(self.unit)

        def reals(totals: IntArray) -> Reals:
            return function(totals.astype(np.float64) * unit)

        channels = len(reals(np.zeros((1, 1), np.int64)))
        return steps_of(reals, output.quantised, [self.limits] * channels)


def quantised_steps(
    scale: Fraction,
    addend: Fraction,
    limits: tuple[int, int],
    output: Quantisation,
    bounds: tuple[float, float],
) -> Steps:
    """Integers at which `n * scale + addend`, rounded half to even, gives another output.

    The scale may be negative.
    """
    low, high = output.clip_range(bounds)
    step = Fraction(output.scale)
    thresholds: list[int] = []
    for value in range(low + 1, high + 1):
        units = value - output.zero_point
        place = ((units - Fraction(1, 2)) * step - addend) / abs(scale)
        thresholds.append(ceil(place) if units % 2 == 0 else floor(place) + 1)
    values = list(range(low, high + 1))
    if scale < 0:
        thresholds = [1 - threshold for threshold in reversed(thresholds)]
        values.reverse()
    return within(Steps(thresholds, values), limits)


def within(steps: Steps, limits: tuple[int, int]) -> Steps:
    """The steps that integers within limits pass."""
    low, high = limits
    passed = sum(threshold <= low for threshold in steps.thresholds)
    reached = sum(threshold <= high for threshold in steps.thresholds)
    return Steps(steps.thresholds[passed:reached], steps.values[passed : reached + 1])
