"""Least squares for costs: no coefficient negative, errors relative to what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dsconv.passes.scheduling.kernel_cost import Terms, weighted

SWEEPS = 2000
"""Of coordinate descent; the problems have a dozen unknowns."""

ROUNDS = 8
"""Of choosing the cheapest of each measurement's ways, then fitting to those."""

Ways = Sequence[Terms]
"""The ways in which a kernel's work may be split. The compiler is taken to choose the cheapest."""


def non_negative_least_squares(
    matrix: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The x >= 0 of least |matrix x - values|, by coordinate descent."""
    gram, target = matrix.T @ matrix, matrix.T @ values
    x = np.zeros(matrix.shape[1])
    for _ in range(SWEEPS):
        for index in range(x.size):
            if gram[index, index] > 0:
                gradient = gram[index] @ x - target[index]
                x[index] = max(0.0, x[index] - gradient / gram[index, index])
    return x


def fit(measured: Sequence[tuple[Ways, float]], start: dict[str, float]) -> dict[str, float]:
    """Cycles of every term, so that the cheapest way of each measurement takes what it took.

    `start` tells which way is the cheapest at first; terms that no measurement has keep its value.
    """
    costs = dict(start)
    for _ in range(ROUNDS):
        cheapest = [min(ways, key=lambda terms: weighted(terms, costs)) for ways, _ in measured]
        names = sorted({name for terms in cheapest for name, count in terms.items() if count})
        matrix = np.array([[terms.get(name, 0) for name in names] for terms in cheapest], float)
        cycles = np.array([cycles for _, cycles in measured])
        found = non_negative_least_squares(matrix / cycles[:, None], np.ones(len(measured)))
        costs |= dict(zip(names, map(float, found), strict=True))
    return costs


def relative_errors(
    measured: Sequence[tuple[Ways, float]], costs: dict[str, float]
) -> npt.NDArray[np.float64]:
    """|model / measured - 1| of every measurement."""
    model = [min(weighted(terms, costs) for terms in ways) for ways, _ in measured]
    return np.abs(np.array(model) / np.array([cycles for _, cycles in measured]) - 1)
