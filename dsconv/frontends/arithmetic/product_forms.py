"""Functions of one integer in integers: products of two bytes, sums of a window.

What each of the integers becomes is a table, and a multiplier, a divisor and an addend are right
where they give this table: those of the scales rounded to float32, those of the scales themselves,
or others a little beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.arithmetic.addition_forms import (
    LARGEST_ADDEND,
    NEXT_TO_A_TIE,
    REACH,
    Integers,
    bytes_of,
    one_less,
    one_more,
    requantised,
    rounded_down,
)
from dsconv.frontends.arithmetic.scales import LARGEST_DIVISOR, MULTIPLIER_LIMIT, Quantisation

MULTIPLIER_BITS = 30
LARGEST_SHIFT = 50
FAR_OUT = 2.0**20
"""Steps beyond what any output can be."""


@dataclass(frozen=True)
class Product:
    """How a product of two operands is requantised.

    `ones` (256, 256) are added to what this gives for every pair, where they are there.
    """

    requant: RequantAttr
    ones: Integers | None = None


@dataclass(frozen=True)
class Average:
    """What is taken off every pixel of a window, and the requantisation of their sum.

    Where no integers give an average, `above` is one that never gives less and `ones` (256, 256)
    are added to what `requant` gives, for each pair of both results.
    """

    zero_point: int
    requant: RequantAttr
    above: RequantAttr | None = None
    ones: Integers | None = None


def centred_products(lhs: Quantisation, rhs: Quantisation) -> Integers:
    """`(a - za) * (b - zb)` of every pair of bytes (256, 256)."""
    return np.multiply.outer(bytes_of(lhs) - lhs.zero_point, bytes_of(rhs) - rhs.zero_point)


def exact_steps(integers: Integers, factor: Fraction, added: int = 0) -> Integers:
    """`integers * factor + added`, half to even, and no farther out than any output."""
    reals = np.clip(integers * float(factor) + added, -FAR_OUT, FAR_OUT)
    steps = np.rint(reals).astype(np.int64)
    near = np.abs(reals - np.floor(reals) - 0.5) < NEXT_TO_A_TIE
    steps[near] = [round(value * factor + added) for value in integers[near].tolist()]
    return steps


def with_zero_point_inside(requant: RequantAttr) -> RequantAttr:
    """The zero point added before rounding; an even one makes no difference."""
    (divisor,) = requant.divisors
    addend = requant.zero_point * divisor
    if requant.zero_point % 2 == 0 or abs(addend) > LARGEST_ADDEND:
        return requant
    return RequantAttr.of(
        requant.multipliers,
        [divisor],
        addends=[addend],
        rounding=requant.rounding,
        clip=requant.clip,
    )


def of_fraction(near: RequantAttr, factor: Fraction) -> RequantAttr | None:
    """A requantisation by the very factor, where its integers are not too large."""
    if factor.numerator >= MULTIPLIER_LIMIT or factor.denominator > LARGEST_DIVISOR:
        return None
    (divisor,), (addend,) = near.divisors, near.addends
    moved = addend // divisor * factor.denominator
    if abs(moved) > LARGEST_ADDEND:
        return None
    return near.with_factors([factor.numerator], [factor.denominator], [moved])


def product_of(near: RequantAttr, products: Integers, expected: Integers) -> Product:
    """A requantisation of products (256, 256) that gives what is expected, `near` if it does."""
    distinct, first = np.unique(products, return_index=True)
    found = form_of(near, distinct, expected.reshape(-1)[first])
    if found is not None:
        return Product(found)
    finer, multiplier, divisor = _with_all_places(near)
    requant, ones = one_less(products * multiplier, expected, divisor, finer)
    return Product(requant.with_factors([multiplier], [divisor], requant.addends), ones)


def average_of(near: Average, sums: Integers, expected: Integers) -> Average | None:
    """An average that gives what is expected of sums, between two that lie one step apart at most.

    None where sums of one pair of steps are rounded in both ways.
    """
    finer, multiplier, divisor = _with_all_places(near.requant)
    dividends = sums * multiplier
    below, above = (
        between.with_factors([multiplier], [divisor], between.addends)
        for between in (
            one_less(dividends, expected, divisor, finer)[0],
            one_more(dividends, expected, divisor, finer),
        )
    )
    low, high = requantised(sums, below), requantised(sums, above)
    first = finer.clip[0]
    ones = np.zeros((256, 256), np.int64)
    ones[low - first, high - first] = expected - low
    if not np.array_equal(low + ones[low - first, high - first], expected):
        return None
    return Average(near.zero_point, below, above, ones)


def form_of(near: RequantAttr, integers: Integers, expected: Integers) -> RequantAttr | None:
    """Multiplier, divisor and addend that give what is expected of integers, `near` if it does."""
    if np.array_equal(requantised(integers, near), expected):
        return near
    finer, multiplier, divisor = _with_all_places(near)
    step = max(1, divisor // (int(np.abs(integers).max(initial=1)) << MULTIPLIER_BITS - 12))
    for steps in sorted(range(-REACH, REACH + 1), key=abs):
        factor = multiplier + steps * step
        requant = rounded_down(integers * factor, expected, divisor, finer)
        if requant is not None:
            found = requant.with_factors([factor], [divisor], requant.addends)
            if np.array_equal(requantised(integers, found), expected):
                return found
    return None


def _with_all_places(near: RequantAttr) -> tuple[RequantAttr, int, int]:
    """With as many binary places as there is room for: what is asked of sums, factor, divisor."""
    (multiplier,), (divisor,) = near.multipliers, near.divisors
    (addend,) = near.addends
    places = min(MULTIPLIER_BITS - multiplier.bit_length(), LARGEST_SHIFT - divisor.bit_length())
    places = max(places, 0)
    multiplier, divisor = multiplier << places, divisor << places
    return near.with_factors([1], [divisor], [addend << places]), multiplier, divisor
