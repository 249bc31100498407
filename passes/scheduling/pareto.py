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
    best: list[P] = []
    for point in sorted(points, key=lambda point: (round(point.cycles, 3), point.moved_bytes)):
        if not best or point.moved_bytes < best[-1].moved_bytes:
            best.append(point)
    return best
