"""Gives buffers offsets: those that are alive at one time do not overlap."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from dsconv.passes.analysis.liveness import (
    Lifespan,
    peak_live_bytes,
)

SEARCH_ATTEMPTS = 400


class Placement:
    """Places buffers in an order, each in the tightest gap that it fits."""

    def __init__(self, items: Sequence[Lifespan]):
        self.items = items
        self.alive_together: list[list[int]] = [[] for _ in items]
        alive: list[int] = []
        for index in sorted(range(len(items)), key=lambda index: items[index].first):
            alive = [other for other in alive if items[other].last >= items[index].first]
            for other in alive:
                self.alive_together[other].append(index)
                self.alive_together[index].append(other)
            alive.append(index)

    def offsets(self, order: Sequence[int]) -> list[int]:
        """Offsets of all buffers, placed in the order of these numbers."""
        return self._place(order, [0] * len(self.items), set(order))

    def offsets_after_move(
        self, order: Sequence[int], moved: int, before: Sequence[int]
    ) -> list[int]:
        """Offsets in an order that differs from that of the offsets `before` by one move."""
        return self._place(order, list(before), {moved, *self.alive_together[moved]})

    def _place(self, order: Sequence[int], offsets: list[int], changed: set[int]) -> list[int]:
        """Places the buffers that changed, and those whose neighbours got other offsets."""
        ranks = {index: rank for rank, index in enumerate(order)}
        for rank, index in enumerate(order):
            if index not in changed:
                continue
            placed = [other for other in self.alive_together[index] if ranks[other] < rank]
            offset = self._tightest_gap(self.items[index].size, placed, offsets)
            if offset != offsets[index]:
                offsets[index] = offset
                changed.update(self.alive_together[index])
        return offsets

    def _tightest_gap(self, size: int, placed: Iterable[int], offsets: Sequence[int]) -> int:
        end = 0
        best: tuple[int, int] | None = None
        for offset, other in sorted((offsets[other], other) for other in placed):
            gap = offset - end
            if gap >= size and (best is None or gap < best[0]):
                best = gap, end
            end = max(end, offset + self.items[other].size)
        return best[1] if best else end

    def total(self, offsets: Sequence[int]) -> int:
        """Bytes that the buffers take at these offsets."""
        return max(
            (offset + item.size for offset, item in zip(offsets, self.items, strict=True)),
            default=0,
        )

    def write(self, offsets: Sequence[int]) -> int:
        """Gives the buffers these offsets; returns the bytes taken."""
        for item, offset in zip(self.items, offsets, strict=True):
            item.offset = offset
        return self.total(offsets)


def best_fit(lifespans: Iterable[Lifespan]) -> int:
    """Places the largest buffers first; returns the bytes taken."""
    placement = Placement(sorted(lifespans, key=lambda item: (-item.size, item.first)))
    return placement.write(placement.offsets(range(len(placement.items))))


def fits(lifespans: Iterable[Lifespan], room: int) -> bool:
    """Whether `search_fit` finds places for buffers in so many bytes."""
    items = list(lifespans)
    return peak_live_bytes(items) <= room and search_fit(items, enough=room) <= room


def search_fit(
    lifespans: Iterable[Lifespan], attempts: int = SEARCH_ATTEMPTS, *, enough: int = 0
) -> int:
    """Places buffers in the best of several orders; returns the bytes taken.

    Searches down to the lower bound, or until `enough` bytes hold all. Starts from the largest
    first, the longest-lived first and the earliest first, then moves single buffers forward in the
    best order so far, drawn from a fixed seed. A life is as long as it meets begins and ends of
    others: operations that need no buffer make no difference.
    """
    items = list(lifespans)
    placement = Placement(items)
    enough = max(enough, peak_live_bytes(items))
    events = {position for item in items for position in (item.first, item.last)}
    ranks = {position: rank for rank, position in enumerate(sorted(events))}
    lengths = [ranks[item.last] - ranks[item.first] + 1 for item in items]
    numbers = range(len(items))
    orders = [
        sorted(numbers, key=lambda index: (-items[index].size, items[index].first)),
        sorted(numbers, key=lambda index: (-lengths[index], -items[index].size)),
        sorted(
            numbers, key=lambda index: (-items[index].size * lengths[index], items[index].first)
        ),
        sorted(numbers, key=lambda index: (items[index].first, -items[index].size)),
    ]
    offsets, order = min(
        ((placement.offsets(order), order) for order in orders),
        key=lambda found: placement.total(found[0]),
    )
    total = placement.total(offsets)
    draw = random.Random(0)
    for _ in range(attempts):
        if total <= enough:
            break
        attempt = list(order)
        to, moved = draw.randrange(len(order)), attempt.pop(draw.randrange(len(order)))
        attempt.insert(to, moved)
        attempted = placement.offsets_after_move(attempt, moved, offsets)
        size = placement.total(attempted)
        if size <= total:
            order, offsets, total = attempt, attempted, size
    return placement.write(offsets)
