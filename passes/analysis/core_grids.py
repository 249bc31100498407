"""How cores share a kernel whose work has two dimensions."""

from __future__ import annotations

from functools import cache
from math import ceil


@cache
def core_grids(cores: int) -> list[tuple[int, int]]:
    """All ways to lay out the cores as a grid of equal rows, which has a place for each."""
    return [(rows, cores // rows) for rows in range(1, cores + 1) if cores % rows == 0]


@cache
def least_shares(rows: int, columns: int, cores: int) -> list[tuple[int, int]]:
    """The rows and columns of a table that a core gets, on the grids that may be best for it.

    On the others it has no fewer rows, and no fewer cells.
    """
    shares = {(ceil(rows / down), ceil(columns / across)) for down, across in core_grids(cores)}
    kept: list[tuple[int, int]] = []
    fewest: int | None = None
    for share in sorted(shares):
        cells = share[0] * share[1]
        if fewest is None or cells < fewest:
            kept.append(share)
            fewest = cells
    return kept
