"""What is worth having of things that cost cycles and bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Priced(Protocol):
    """What costs cycles, and bytes of activations moved between L2 and L1."""

    @property
    def cycles(self) -> float: ...

    @property
    def moved_bytes(self) -> int: ...


P = TypeVar("P", bound=Priced)


def pareto_front(points: Iterable[P]) -> list[P]:
    """Those that no other beats in both, the fastest first; of equals, the first one.

    Cycles are sums of fractions: those that differ by less than a thousandth are equal.
    """
    known = list(points)
    places = places_on_front((point.cycles, point.moved_bytes) for point in known)
    return [known[place] for place in places]


def places_on_front(costs: Iterable[tuple[float, int]]) -> list[int]:
    """The places of those on the front, among cycles and bytes."""
    numbered = sorted(
        (round(cycles, 3), moved, place) for place, (cycles, moved) in enumerate(costs)
    )
    found: list[int] = []
    least: int | None = None
    for _, moved, place in numbered:
        if least is None or moved < least:
            found.append(place)
            least = moved
    return found
