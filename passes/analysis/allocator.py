"""Gives buffers offsets: those that are alive at one time do not overlap."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from dsconv.passes.analysis.liveness import (
    Lifespan,
    peak_live_bytes,
)

SEARCH_ATTEMPTS = 400


def place_in_order(items: Sequence[Lifespan]) -> int:
    """Places buffers in this order, each in the tightest gap it fits; returns the bytes taken."""
    placed: list[Lifespan] = []
    total = 0
    for item in items:
        neighbours = sorted(
            (other for other in placed if other.overlaps(item)), key=lambda other: other.offset
        )
        end = 0
        best: tuple[int, int] | None = None
        for other in neighbours:
            gap = other.offset - end
            if gap >= item.size and (best is None or gap < best[0]):
                best = gap, end
            end = max(end, other.offset + other.size)
        item.offset = best[1] if best else end
        total = max(total, item.offset + item.size)
        placed.append(item)
    return total


def best_fit(lifespans: Iterable[Lifespan]) -> int:
    """Places the largest buffers first; returns the bytes taken."""
    return place_in_order(sorted(lifespans, key=lambda item: (-item.size, item.first)))


def search_fit(lifespans: Iterable[Lifespan], attempts: int = SEARCH_ATTEMPTS) -> int:
    """Places buffers in the best of several orders, up to the lower bound; returns the bytes taken.

    Starts from the largest first, the longest-lived first and the earliest first, then moves single
    buffers forward in the best order so far, drawn from a fixed seed. A life is as long as it meets
    begins and ends of others: operations that need no buffer make no difference.
    """
    items = list(lifespans)
    bound = peak_live_bytes(items)
    events = {position for item in items for position in (item.first, item.last)}
    ranks = {position: rank for rank, position in enumerate(sorted(events))}

    def length(item: Lifespan) -> int:
        return ranks[item.last] - ranks[item.first] + 1

    orders = [
        sorted(items, key=lambda item: (-item.size, item.first)),
        sorted(items, key=lambda item: (-length(item), -item.size)),
        sorted(items, key=lambda item: (-item.size * length(item), item.first)),
        sorted(items, key=lambda item: (item.first, -item.size)),
    ]
    order = min(orders, key=place_in_order)
    total = place_in_order(order)
    draw = random.Random(0)
    for _ in range(attempts):
        if total == bound:
            break
        attempt = list(order)
        attempt.insert(draw.randrange(len(order)), attempt.pop(draw.randrange(len(order))))
        size = place_in_order(attempt)
        if size <= total:
            order, total = attempt, size
    return place_in_order(order)
