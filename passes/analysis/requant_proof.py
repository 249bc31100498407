"""Finds a requantisation in 32-bit arithmetic and proves it equal to the exact one.

**Steps.** Both are functions of the accumulator that never fall, with outputs in a small range.
Such functions are equal on a set of accumulators exactly when they reach every output `i` at the
same one of them. So two accumulators tell for each `i`: the largest whose exact output is `below`
`i`, and the smallest whose output is `i` or `above`. The narrow form has to give less than `i` at
the first and at least `i` at the second.

**Multipliers.** With `multiplier = high * 2**low_shift + low`, the two products of the narrow form
are one: `a * high + (a * low >> low_shift) == a * multiplier >> low_shift`, and as floors nest,
`y = floor((a * multiplier + (addend << low_shift)) / 2**(shift + low_shift))`. Each step bounds the
multiplier from both sides by one division. So the multipliers of a channel that are right, given
addend and shifts, are an interval of integers that is known exactly: there is nothing to try.

**Shifts.** A larger shift gives finer multipliers and finer addends, so only the largest that keep
products within 32 bits matter. Accumulators clipped to fewer bits allow larger ones.

**Upper words.** `mulh` takes five cycles, but its product has room for multipliers of 31 bits.
Those of float32 scales have 24: the form is then the exact function but for ties. It comes last.
Channels whose scales are far below the others' have more places: as floors nest, these are shifted
out before the addend.

**Slack.** Where it is asked for and there is a `low`, the form is right with as much more or less
in the low product as any output is, clipped or not: kernels may leave the last one in its register.

**Channels apart.** Where scales are so far apart that no shift suits all, or addends differ, each
channel has a shift and an addend of its own. The right addends, given the other two, are an
interval as well: the ends are those of the steps that come closest.

Whatever this arithmetic proposes is believed only after its reference semantics have been evaluated
at all steps, and at both ends for overflows (`equals`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import floor

import numpy as np
import numpy.typing as npt

from dsconv.dialects import reference
from dsconv.dialects.attributes import (
    TWICE_DIVISOR,
    WORD_BITS,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
    fit_bits,
)

Integers = npt.NDArray[np.int64]
Ratios = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]

HIGH_LIMIT = 2**15
"""What `high` stays below."""
A_BYTE = 256
"""More than any clipped output, whatever its sign."""

LARGEST_LOW_SHIFT = 15
"""With which a `low` of either sign fits 16 bits."""

UNREACHED = 2**62
"""Larger than any dividend of an exact requantisation that can be narrowed."""

MOST_PLACES = 52
"""Of a product of 64 bits, so that outputs with as many still fit."""

MOVES = (0, *(sign << 2 * level for level in range(5) for sign in (1, -1)))
"""How far multipliers are tried from the nearest, where addends of their own are to fit."""

CHANNELS_AT_ONCE = 16
"""A candidate fails in the first few channels, if it fails."""


@dataclass(frozen=True)
class Steps:
    """Where the outputs of an exact requantisation rise: arrays (K, I), a column an output `i`.

    `below` and `above` are accumulators next to the step; where it lies outside of what the
    channel can reach, one of them is not `real`. `ends` (K, 2) are the smallest and the largest
    accumulator.
    """

    outputs: Integers
    below: Integers
    above: Integers
    real_below: Truths
    real_above: Truths
    ends: Integers

    @property
    def bits(self) -> int:
        """Width to which accumulators can be clipped without losing a step, at least 2."""
        inside = self.real_below & self.real_above
        below, above = self.below[inside], self.above[inside]
        return 1 + max(
            1,
            int(above.max(initial=0)).bit_length(),
            int(~below.min(initial=0)).bit_length(),
        )

    def clipped(self, bits: int) -> Steps:
        """The same steps for accumulators clipped to a width."""
        limit = 1 << (bits - 1)
        below, above, ends = (
            values.clip(-limit, limit - 1) for values in (self.below, self.above, self.ends)
        )
        return replace(self, below=below, above=above, ends=ends)


def steps_of_range(requant: RequantAttr, smallest: Integers, largest: Integers) -> Steps | None:
    """Steps of channels that can reach every accumulator from `smallest` to `largest`, both (K,).

    None where the exact function may fall, or leaves 62 bits.
    """
    multipliers, addends, divisors = (
        np.asarray(values, np.int64)[:, None]
        for values in (requant.multipliers, requant.addends, requant.divisors)
    )
    ends = np.stack([smallest, largest], axis=1)
    extent = float(np.abs(ends).max()) * float(multipliers.max()) + float(np.abs(addends).max())
    if multipliers.min() < 0 or extent > UNREACHED / 2:
        return None
    outputs = _outputs(requant)
    quotients = (outputs - requant.zero_point)[None]
    bounds = smallest_dividends(quotients, divisors, requant.rounding)
    estimates = quotients.astype(np.float64) * divisors
    unreached = np.where(estimates > 0, UNREACHED, -UNREACHED)
    bounds = np.where(np.abs(estimates) < UNREACHED, bounds, unreached) - addends
    first = -(-bounds // np.maximum(multipliers, 1))  # smallest acc with acc * multiplier >= bound
    first = np.where(multipliers > 0, first, np.where(bounds <= 0, ends[:, :1], ends[:, 1:] + 1))
    above = first.clip(ends[:, :1], ends[:, 1:] + 1)
    below = above - 1
    return Steps(outputs, below, above, below >= ends[:, :1], above <= ends[:, 1:], ends)


def smallest_dividends(quotients: Integers, divisors: Integers, rounding: Rounding) -> Integers:
    """The smallest dividend whose rounded quotient is at least `quotients`."""
    if rounding is Rounding.TWICE:
        first = np.minimum(divisors, TWICE_DIVISOR)
        once = smallest_dividends(quotients, divisors // first, Rounding.HALF_AWAY)
        return smallest_dividends(once, first, Rounding.HALF_UP)
    bounds = quotients * divisors
    if rounding is Rounding.FLOOR:
        return bounds
    tie_falls = np.zeros_like(quotients, np.bool_)
    if rounding is Rounding.HALF_EVEN:
        tie_falls = quotients % 2 == 1
    elif rounding is Rounding.HALF_AWAY:
        tie_falls = quotients <= 0
    return bounds - divisors // 2 + ((divisors % 2 == 0) & tie_falls)


def steps_of_values(requant: RequantAttr, accumulators: Integers) -> Steps | None:
    """Steps of a single function on sorted accumulators (N,). None where it may fall."""
    if requant.channels > 1 or requant.multipliers[0] < 0:
        return None
    exact = reference.requantise(accumulators.reshape(1, 1, 1, -1), requant, np.int64).reshape(-1)
    outputs = _outputs(requant)
    first = np.searchsorted(exact, outputs)[None]
    last = len(accumulators) - 1
    below, above = accumulators[(first - 1).clip(0)], accumulators[first.clip(0, last)]
    ends = accumulators[[0, last]][None]
    return Steps(outputs, below, above, first > 0, first <= last, ends)


def _outputs(requant: RequantAttr) -> Integers:
    low, high = requant.clip
    return np.arange(low + 1, high + 1, dtype=np.int64)


def equals(narrow: NarrowRequantAttr, steps: Steps) -> bool:
    """Whether a narrow form gives the exact outputs and stays within 32 bits, with all its slack.

    Every intermediate value is monotone, so the ends tell about all accumulators between them.
    """
    places = 1 << narrow.low_shift
    if any(high * places + low < 0 for high, low in zip(narrow.highs, narrow.lows, strict=True)):
        return False
    low_end, high_end = steps.ends[:, :1], steps.ends[:, 1:]
    try:
        _evaluate(narrow, steps.ends, -narrow.slack)
        _evaluate(narrow, steps.ends, narrow.slack)
        below = _evaluate(narrow, steps.below.clip(low_end, high_end), narrow.slack)
        above = _evaluate(narrow, steps.above.clip(low_end, high_end), -narrow.slack)
    except OverflowError:
        return False
    right_below = (below < steps.outputs) | ~steps.real_below
    right_above = (above >= steps.outputs) | ~steps.real_above
    return bool(right_below.all() and right_above.all())


def _evaluate(narrow: NarrowRequantAttr, accumulators: Integers, slack: int) -> Integers:
    values = accumulators[None, :, :, None]
    outputs = reference.narrow_requantise(values, narrow, np.int64, slack)
    return outputs[0, :, :, 0].astype(np.int64)


def narrowed(
    requant: RequantAttr, steps: Steps, *, with_slack: bool = False
) -> NarrowRequantAttr | None:
    """The cheapest narrow form that equals an exact one at its steps; None where none is found.

    One multiplication is cheaper than two, and accumulators as they are cheaper than clipped ones.
    """
    for with_low in (False, True):
        for bits in widths_of(steps):
            for candidate in _candidates(requant, steps, bits, with_low, with_slack):
                if equals(candidate, steps):
                    return candidate
    if with_slack:
        return None
    return next((form for form in _upper_words(requant, steps) if equals(form, steps)), None)


def narrowed_by_channel(requant: RequantAttr, steps: Steps) -> NarrowRequantAttr | None:
    """As `narrowed`, where a channel may have an addend and a shift of its own."""
    products_and_slack = ((False, False), (True, True), (True, False))
    options = product(products_and_slack, widths_of(steps), (True, False))
    for (with_low, with_slack), bits, one_shift in options:
        candidate = _by_channel(requant, steps, bits, with_low, with_slack, one_shift)
        if candidate is not None and equals(candidate, steps):
            return candidate
    return None


def widths_of(steps: Steps) -> tuple[int, ...]:
    """Widths to which accumulators may be clipped; 0 leaves them as they are."""
    bits = steps.bits
    clips = (steps.clipped(bits).ends != steps.ends).any()
    return (0, bits) if clips else (0,)


def _upper_words(requant: RequantAttr, steps: Steps) -> Iterator[NarrowRequantAttr]:
    """Forms with one product of 64 bits that are right wherever they do not overflow.

    First those with one shift, then those in which each channel has the largest that it can.
    """
    ratios = _ratios(requant)
    offset = _offset(requant)
    reach = np.abs(steps.ends).max(axis=1)
    shift = min(_largest_shift(ratios, reach, offset, 0.5), MOST_PLACES - WORD_BITS)
    if shift < 0:
        return
    largest = -2 - np.floor(np.log2(np.maximum(ratios, 2.0 ** -(MOST_PLACES - WORD_BITS))))
    extra_shifts = np.broadcast_to((largest.astype(np.int64) - shift).clip(0), reach.shape)
    for extra in (np.zeros_like(reach), extra_shifts):
        places = shift + WORD_BITS + extra[:, None]
        targets = _targets(ratios, reach, places[:, 0])
        for addend in _addends(offset, shift):
            addends = addend << places - shift
            multipliers = _multipliers(steps, targets, addends, places, slack=0)
            if multipliers is not None and multipliers.max() < 2 ** (WORD_BITS - 1):
                yield _upper_word(requant, multipliers, extra, addend, shift)


def _upper_word(
    requant: RequantAttr, multipliers: Integers, extra_shifts: Integers, addend: int, shift: int
) -> NarrowRequantAttr:
    is_shared = len({*zip(multipliers.tolist(), extra_shifts.tolist(), strict=True)}) == 1
    count = 1 if is_shared else len(multipliers)
    return NarrowRequantAttr.of(
        [0] * count,
        lows=multipliers[:count].tolist(),
        extra_shifts=extra_shifts[:count].tolist(),
        low_shift=WORD_BITS,
        addends=[addend],
        shift=shift,
        clip=requant.clip,
    )


def _candidates(
    requant: RequantAttr, steps: Steps, bits: int, with_low: bool, with_slack: bool
) -> Iterator[NarrowRequantAttr]:
    """Narrow forms that are right wherever they do not overflow."""
    clipped = steps.clipped(bits) if bits else steps
    reach = np.abs(clipped.ends).max(axis=1)
    ratios = _ratios(requant)
    low_shift = 0
    if with_low:
        low_shift = _low_shift(reach)
        if low_shift < 1:
            return
    offset = _offset(requant)
    largest_shift = _largest_shift(ratios, reach, offset, HIGH_LIMIT)
    for shift in (largest_shift, largest_shift - 1):
        if shift < 0:
            continue
        places = shift + low_shift
        slack = max(A_BYTE, 1 << WORD_BITS - 1 - shift) if with_low and with_slack else 0
        targets = _targets(ratios, reach, places)
        for addend in _addends(offset, shift):
            multipliers = _multipliers(clipped, targets, addend << low_shift, places, slack)
            if multipliers is None:
                continue
            highs = _nearest_highs(multipliers, low_shift)
            lows = multipliers - (highs << low_shift)
            if highs.max() >= HIGH_LIMIT:
                continue
            if (multipliers == multipliers[0]).all():
                highs, lows = highs[:1], lows[:1]
            spare = 0 if lows.any() else min(shift, _trailing_zeros(highs))
            yield NarrowRequantAttr.of(
                (highs >> spare).tolist(),
                lows=lows.tolist(),
                low_shift=low_shift if lows.any() else 0,
                addends=[addend >> spare],
                shift=shift - spare,
                bits=bits,
                slack=slack if lows.any() else 0,
                clip=requant.clip,
            )


def _by_channel(
    requant: RequantAttr,
    steps: Steps,
    bits: int,
    with_low: bool,
    with_slack: bool,
    one_shift: bool,
) -> NarrowRequantAttr | None:
    """A form whose channels have addends of their own, and their own shifts unless there is one."""
    clipped = steps.clipped(bits) if bits else steps
    reach = np.abs(clipped.ends).max(axis=1)
    low_shift = _low_shift(reach) if with_low else 0
    if with_low and low_shift < 1:
        return None
    ratios, offsets = (
        np.broadcast_to(values, reach.shape) for values in (_ratios(requant), _offsets(requant))
    )
    shifts = _largest_shifts(ratios, reach, offsets)
    if one_shift:
        shifts = np.full_like(shifts, shifts.min())
    if shifts.min() < 0:
        return None
    places = shifts + low_shift
    slack = max(A_BYTE, 1 << WORD_BITS - 1 - int(shifts.min())) if with_slack else 0
    nearest, targets = _targets(ratios, reach, places), np.ldexp(offsets, shifts)
    multipliers, addends = np.zeros_like(nearest), np.zeros_like(nearest)
    missing = np.ones_like(nearest, np.bool_)
    for move in MOVES:
        moved = nearest + move
        found, right = _own_addends(clipped, moved, targets, places, low_shift, slack)
        takes = missing & right & (moved >= 0)
        multipliers, addends = np.where(takes, moved, multipliers), np.where(takes, found, addends)
        missing &= ~takes
        if not missing.any():
            break
    highs = _nearest_highs(multipliers, low_shift)
    if missing.any() or highs.max() >= HIGH_LIMIT or not fit_bits(addends.tolist(), WORD_BITS):
        return None
    return NarrowRequantAttr.of(
        highs.tolist(),
        lows=(multipliers - (highs << low_shift)).tolist(),
        extra_shifts=() if one_shift else shifts.tolist(),
        low_shift=low_shift,
        addends=addends.tolist(),
        shift=int(shifts[0]) if one_shift else 0,
        bits=bits,
        slack=slack,
        clip=requant.clip,
    )


def _low_shift(reach: Integers) -> int:
    """The largest shift of a second product that fits 32 bits."""
    return min(LARGEST_LOW_SHIFT, WORD_BITS - (int(reach.max()) - 1).bit_length())


def _nearest_highs(multipliers: Integers, low_shift: int) -> Integers:
    """The nearest multiple, of two the smaller.

    The most negative accumulator times the most negative `low` would leave 32 bits.
    """
    return (multipliers + ((1 << low_shift) - 1 >> 1)) >> low_shift


def _own_addends(
    steps: Steps,
    multipliers: Integers,
    targets: Ratios,
    places: Integers,
    low_shift: int,
    slack: int,
) -> tuple[Integers, Truths]:
    """For each channel the right addend that is nearest to its target, and whether there is one.

    `floor((a * multiplier + (addend << low_shift)) / 2**places)` is to be less than `i` at `below`
    and at least `i` at `above`, with `slack` more or less in the dividend, too.
    """
    bounds = steps.outputs << places[:, None]
    lower = np.max(
        bounds - steps.above * multipliers[:, None] + slack,
        axis=1,
        where=steps.real_above,
        initial=-UNREACHED,
    )
    upper = np.min(
        bounds - steps.below * multipliers[:, None] - 1 - slack,
        axis=1,
        where=steps.real_below,
        initial=UNREACHED,
    )
    first, last = -(-lower >> low_shift), upper >> low_shift
    return np.floor(targets).astype(np.int64).clip(first, last), first <= last


def _largest_shifts(ratios: Ratios, reach: Integers, offsets: Ratios) -> Integers:
    """For each channel the largest shift with which its products and addend fit; -1 for none."""
    total = ratios * reach + np.abs(offsets)
    room = np.minimum(
        np.log2((HIGH_LIMIT - 1) / np.maximum(ratios, 2.0**-WORD_BITS)),
        np.log2((2.0 ** (WORD_BITS - 1) - 2) / np.maximum(total, 1)),
    )
    return (np.ceil(room).astype(np.int64) - 1).clip(-1, WORD_BITS - 1)


def _trailing_zeros(values: Integers) -> int:
    """Binary places that are 0 in all values."""
    joined = int(np.bitwise_or.reduce(values))
    return (joined & -joined).bit_length() - 1 if joined else 0


def _offset(requant: RequantAttr) -> float:
    """What is added to `acc * ratio` before the floor; the middle of the channels."""
    return float(np.median(_offsets(requant)))


def _offsets(requant: RequantAttr) -> Ratios:
    """What is added to `acc * ratio` before the floor."""
    addends = np.asarray(requant.addends, np.float64) / np.asarray(requant.divisors, np.float64)
    half = 0.0 if requant.rounding is Rounding.FLOOR else 0.5
    return addends + (half + requant.zero_point)


def _ratios(requant: RequantAttr) -> Ratios:
    return np.asarray(requant.multipliers, np.float64) / np.asarray(requant.divisors, np.float64)


def _targets(ratios: Ratios, reach: Integers, places: int | Integers) -> Integers:
    """The ratios with so many binary places, one a channel."""
    return np.broadcast_to(np.rint(np.ldexp(ratios, places)).astype(np.int64), reach.shape)


def _largest_shift(ratios: Ratios, reach: Integers, offset: float, limit: float) -> int:
    """The largest shift with which products and addends fit, as far as ratios tell; else -1.

    Ratios shifted so stay below a limit.
    """
    for shift in range(WORD_BITS - 1, -1, -1):
        scaled = np.ldexp(ratios, shift)
        total = max(float((scaled * reach).max()), abs(offset) * 2.0**shift)
        if scaled.max() < limit and total < 2 ** (WORD_BITS - 1) - 2:
            return shift
    return -1


def _addends(offset: float, shift: int) -> tuple[int, ...]:
    """Addends to try: the exact one, then its neighbours, which turn ties the other way."""
    exact = floor(offset * 2**shift)
    return exact, exact - 1, exact + 1


def _multipliers(
    steps: Steps, targets: Integers, addend: int | Integers, places: int | Integers, slack: int
) -> Integers | None:
    """For each channel the right multiplier that is nearest to its target; None where one has none.

    `floor((a * multiplier + addend) / 2**places)` is to be less than `i` at `below` and at least
    `i` at `above`: with `point * multiplier >= bound` for both, the first of them negated. That is
    to hold with `slack` more or less in the dividend, too. `addend` and `places` may be (K, 1).
    """
    bounds = (steps.outputs << places) - addend
    bounds = np.concatenate([bounds + slack, 1 - bounds + slack], axis=-1)
    bounds = np.broadcast_to(bounds, (len(targets), bounds.shape[-1]))
    lower, upper = np.zeros_like(targets), np.full_like(targets, UNREACHED)
    for first in range(0, len(targets), CHANNELS_AT_ONCE):
        part = slice(first, first + CHANNELS_AT_ONCE)
        points = np.concatenate([steps.above[part], -steps.below[part]], axis=1)
        real = np.concatenate([steps.real_above[part], steps.real_below[part]], axis=1)
        quotients = -bounds[part] // np.maximum(np.abs(points), 1)
        lower[part] = np.max(-quotients, axis=1, where=real & (points > 0), initial=0)
        upper[part] = np.min(quotients, axis=1, where=real & (points < 0), initial=UNREACHED)
        impossible = real & (points == 0) & (bounds[part] > 0)
        if impossible.any() or (lower[part] > upper[part]).any():
            return None
    if (targets == targets[0]).all() and lower.max() <= upper.min():
        return np.full_like(targets, targets[0].clip(lower.max(), upper.min()))
    return targets.clip(lower, upper)
