"""How cores share a kernel whose work has two dimensions."""

from __future__ import annotations


def core_grids(cores: int) -> list[tuple[int, int]]:
    """All ways to lay out the cores as a grid of equal rows, which has a place for each."""
    return [(rows, cores // rows) for rows in range(1, cores + 1) if cores % rows == 0]
