"""Functions of an integer, as operations on integers make them one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsconv.dialects.attributes import Rounding


@dataclass(frozen=True)
class IntegerFunction:
    """`(sum * multiplier + addend) / divisor`, rounded once; multipliers and addends 1 or K."""

    multipliers: tuple[int, ...] = (1,)
    addends: tuple[int, ...] = (0,)
    divisor: int = 1
    rounding: Rounding = Rounding.FLOOR

    def times(self, factors: tuple[int, ...]) -> IntegerFunction:
        """The function, then a multiplication by one integer or K."""
        return replace(
            self,
            multipliers=_products(self.multipliers, factors),
            addends=_products(self.addends, factors),
        )

    def plus(self, terms: tuple[int, ...]) -> IntegerFunction:
        """The function, then an addition of one integer or K."""
        return self.plus_parts(tuple(term * self.divisor for term in terms))

    def plus_parts(self, parts: tuple[int, ...]) -> IntegerFunction:
        """The function, then an addition of one integer or K over the divisor."""
        count = max(len(self.addends), len(parts))
        sums = zip(_spread(self.addends, count), _spread(parts, count), strict=True)
        return replace(self, addends=tuple(addend + part for addend, part in sums))

    def over(self, divisor: int) -> IntegerFunction:
        """The function, then a division."""
        return replace(self, divisor=self.divisor * divisor)

    @property
    def only_adds(self) -> bool:
        """Whether it is an addition."""
        return self == IntegerFunction(addends=self.addends)

    def image(self, low: int, high: int) -> tuple[int, int]:
        """Smallest and largest result for sums from `low` to `high`."""
        count = max(len(self.multipliers), len(self.addends))
        pairs = zip(_spread(self.multipliers, count), _spread(self.addends, count), strict=True)
        half = self.divisor // 2 if self.rounding is Rounding.HALF_UP else 0
        results = [
            (end * multiplier + addend + half) // self.divisor
            for multiplier, addend in pairs
            for end in (low, high)
        ]
        return min(results), max(results)


IDENTITY = IntegerFunction()


def _products(values: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    count = max(len(values), len(factors))
    pairs = zip(_spread(values, count), _spread(factors, count), strict=True)
    return tuple(value * factor for value, factor in pairs)


def _spread(values: tuple[int, ...], count: int) -> tuple[int, ...]:
    """One value for all channels, or the values of all channels."""
    return values * count if len(values) == 1 else values
