"""Additions of two bytes in integers: factors and an addend that give what every pair should.

There are 65536 pairs, so a sum is a table, and a form in integers of 32 bits is right where it
gives this table. Scales rounded to 22 bits do for nearly all pairs; those next to a tie are turned
by factors a little beside them, of 22 bits or of as many as the sums leave. Where many sums are
ties, as those of scales such as 0.18 and 0.11 over 0.26 in float32, nothing but a table turns them
all: the form then gives each sum or one less, and a bit for each pair tells which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product
from math import lcm

import numpy as np
import numpy.typing as npt

from dsconv.dialects import reference
from dsconv.dialects.attributes import RequantAttr, Rounding
from dsconv.frontends.arithmetic.scales import ADD_MULTIPLIER_BITS, Quantisation

Integers = npt.NDArray[np.int64]
Factors = tuple[int, int]

REACH = 8
"""How far beside the rounded factors other factors are tried."""
LARGEST_ADDEND = 2**60
SUM_LIMIT = 2**31
NEXT_TO_A_TIE = 1e-6
"""How near to a tie doubles are not trusted."""


@dataclass(frozen=True)
class Addition:
    """Multipliers of both operands, and the requantisation of their sum, and of each before it.

    `ones` (256, 256) are added to what this gives for every pair, where they are there.
    """

    multipliers: Factors
    requant: RequantAttr
    terms: tuple[RequantAttr, ...] = ()
    ones: Integers | None = None


def bytes_of(x: Quantisation) -> Integers:
    """Every integer that a tensor can hold, in their order."""
    low, high = x.limits
    return np.arange(low, high + 1)


def exact_sums(
    lhs: Quantisation, rhs: Quantisation, signs: Factors, output: Quantisation
) -> Integers:
    """The sum of every pair (256, 256) as an integer of the output, half to even, not clipped."""
    ratios = [
        Fraction(x.scale) * sign / Fraction(output.scale)
        for x, sign in zip((lhs, rhs), signs, strict=True)
    ]
    first, second = map(float, ratios)
    rows, columns = _centred(lhs, rhs)
    reals = rows * first + columns * second
    steps = np.rint(reals).astype(np.int64)
    near = np.abs(reals - np.floor(reals) - 0.5) < NEXT_TO_A_TIE
    divisor = lcm(*(ratio.denominator for ratio in ratios))
    one, other = (int(ratio * divisor) for ratio in ratios)
    pairs = zip(rows[near].tolist(), columns[near].tolist(), strict=True)
    steps[near] = [round(Fraction(a * one + b * other, divisor)) for a, b in pairs]
    return steps + output.zero_point


def requantised(sums: Integers, requant: RequantAttr) -> Integers:
    """The outputs of accumulators."""
    flat = reference.requantise(sums.reshape(1, 1, 1, -1), requant, np.int64)
    return flat.reshape(sums.shape).astype(np.int64)


def _accumulators(multipliers: Factors, lhs: Quantisation, rhs: Quantisation) -> Integers:
    first, second = multipliers
    return np.add.outer(
        (bytes_of(lhs) - lhs.zero_point) * first, (bytes_of(rhs) - rhs.zero_point) * second
    )


def sums_of(addition: Addition, lhs: Quantisation, rhs: Quantisation) -> Integers:
    """What an addition gives for every pair (256, 256)."""
    return requantised(_accumulators(addition.multipliers, lhs, rhs), addition.requant)


def addition_of(
    near: Addition, lhs: Quantisation, rhs: Quantisation, expected: Integers
) -> Addition:
    """An addition that gives what is expected for every pair (256, 256), the given one if it does.

    `near` has one multiplier for its sum, 1.
    """
    if np.array_equal(sums_of(near, lhs, rhs), expected):
        return near
    found = form_of_sums(near, lhs, rhs, expected)
    if found is not None:
        return found
    finer = next(_with_more_places(near, lhs, rhs))
    (divisor,) = finer.requant.divisors
    sums = _accumulators(finer.multipliers, lhs, rhs)
    requant, ones = one_less(sums, expected, divisor, finer.requant)
    return Addition(finer.multipliers, requant, ones=ones)


def form_of_sums(
    near: Addition, lhs: Quantisation, rhs: Quantisation, expected: Integers
) -> Addition | None:
    """Multipliers next to those of an addition, and an addend, that give the expected sums."""
    for finer in _with_more_places(near, lhs, rhs):
        found = _form_beside(finer, lhs, rhs, expected)
        if found is not None:
            return found
    return None


def _form_beside(
    near: Addition, lhs: Quantisation, rhs: Quantisation, expected: Integers
) -> Addition | None:
    (divisor,) = near.requant.divisors
    sums = _accumulators(near.multipliers, lhs, rhs)
    decisive = _next_to_steps(sums, near.requant, expected, 4 * REACH * 256)
    a, b = (places[decisive] for places in _centred(lhs, rhs))
    for first, second in _around(near.multipliers):
        if not _fit_32_bits((first, second), lhs, rhs):
            continue
        requant = rounded_down(a * first + b * second, expected[decisive], divisor, near.requant)
        if requant is not None:
            found = Addition((first, second), requant)
            if np.array_equal(sums_of(found, lhs, rhs), expected):
                return found
    return None


def _centred(lhs: Quantisation, rhs: Quantisation) -> tuple[Integers, Integers]:
    rows, columns = np.broadcast_arrays(
        (bytes_of(lhs) - lhs.zero_point)[:, None], (bytes_of(rhs) - rhs.zero_point)[None]
    )
    return rows, columns


def _around(multipliers: Factors) -> Iterator[tuple[int, int]]:
    """Pairs next to a pair, nearest first."""
    first, second = multipliers
    steps = product(range(-REACH, REACH + 1), repeat=2)
    for one, other in sorted(steps, key=lambda pair: sum(map(abs, pair))):
        yield first + one, second + other


def _with_more_places(
    addition: Addition, lhs: Quantisation, rhs: Quantisation
) -> Iterator[Addition]:
    """The same with binary places for multipliers of 22 bits, then with more while sums allow."""
    requant, (first, second) = addition.requant, addition.multipliers
    (divisor,), (addend,) = requant.divisors, requant.addends
    fewest = ADD_MULTIPLIER_BITS - max(abs(first), abs(second)).bit_length()
    if divisor << fewest > LARGEST_ADDEND:
        yield addition
        return
    for places in count(fewest):
        multipliers = first << places, second << places
        if divisor << places > LARGEST_ADDEND or not _fit_32_bits(multipliers, lhs, rhs):
            return
        finer = requant.with_factors(requant.multipliers, [divisor << places], [addend << places])
        yield Addition(multipliers, finer)


def _fit_32_bits(multipliers: Factors, lhs: Quantisation, rhs: Quantisation) -> bool:
    """Whether sums fit 32 bits, with the zero points taken off each operand or off their sum."""
    farthest = [
        max(x.largest_distance, *map(abs, x.limits)) * abs(multiplier)
        for x, multiplier in zip((lhs, rhs), multipliers, strict=True)
    ]
    return sum(farthest) < SUM_LIMIT


def _next_to_steps(
    sums: Integers, requant: RequantAttr, expected: Integers, distance: int
) -> npt.NDArray[np.bool_]:
    """Which sums lie so near to where an output changes that they may decide about a form."""
    (divisor,) = requant.divisors
    (multiplier,), (addend,) = requant.multipliers, requant.addends
    dividends = sums * multiplier + addend + requant.zero_point * divisor + divisor // 2
    rest = dividends - expected * divisor
    return (rest < distance) | (rest >= divisor - distance)


def rounded_down(
    dividends: Integers, expected: Integers, divisor: int, near: RequantAttr
) -> RequantAttr | None:
    """An addend with which quotients rounded down are the expected ones, clipped ones aside."""
    low, _ = near.clip
    least = np.max(expected * divisor - dividends, where=expected > low, initial=-LARGEST_ADDEND)
    most = _largest_addend(dividends, expected, divisor, near)
    if least > most:
        return None
    (addend,) = near.addends
    wanted = addend + near.zero_point * divisor + divisor // 2
    return _floored(int(np.clip(wanted, least, most)), divisor, near)


def one_less(
    dividends: Integers, expected: Integers, divisor: int, near: RequantAttr
) -> tuple[RequantAttr, Integers]:
    """The largest addend with which no quotient rounded down is too large, and what it then lacks.

    That is 0 or 1, as sums that lie near to those of the reals give it.
    """
    requant = _floored(_largest_addend(dividends, expected, divisor, near), divisor, near)
    ones = expected - requantised(dividends, requant)
    assert 0 <= ones.min() <= ones.max() <= 1, "rounding moves a sum by one step at most"
    return requant, ones


def one_more(
    dividends: Integers, expected: Integers, divisor: int, near: RequantAttr
) -> RequantAttr:
    """The smallest addend with which no quotient rounded down is too small."""
    low, _ = near.clip
    least = np.max(expected * divisor - dividends, where=expected > low, initial=-LARGEST_ADDEND)
    return _floored(int(least), divisor, near)


def _largest_addend(
    dividends: Integers, expected: Integers, divisor: int, near: RequantAttr
) -> int:
    room = (expected + 1) * divisor - 1 - dividends
    return int(np.min(room, where=expected < near.clip[1], initial=LARGEST_ADDEND))


def _floored(addend: int, divisor: int, near: RequantAttr) -> RequantAttr:
    return RequantAttr.of([1], [divisor], addends=[addend], rounding=Rounding.FLOOR, clip=near.clip)
