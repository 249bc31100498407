"""Functions of a layer's sums: at which sums their quantised results change, and to what.

A result of 8 bits changes at few of all the sums that there can be. Between sums that have the same
result a function is taken for constant where it does not turn; next to turns, and where results
differ, the sums between are looked at, until none is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dsconv.frontends.arithmetic.scales import Reals

Integers = npt.NDArray[np.int64]

EVENLY, AROUND_ZERO = 1024, 512
"""Sums that are looked at first: at one distance from each other, and ever nearer to a real 0."""
PARTS = 16
"""Into which what lies between two sums is cut."""
NOISE = 2.0**-46
"""Part of the largest result by which one has to change for a turn: doubles make smaller ones."""
OVERLOOKED = 2.0**-40
"""Part of the largest result by which a function may move unseen next to a turn."""
MOST_STEPS = 1000


class TooManyStepsError(ValueError):
    """A function's results change more often than a table of steps is to hold."""


@dataclass(frozen=True)
class Steps:
    """Sums at which results change, in rising order, and the results: one more."""

    thresholds: list[int]
    values: list[int]


def steps_of(
    reals: Callable[[Integers], Reals],
    quantised: Callable[[Reals], npt.NDArray[np.integer]],
    ranges: Sequence[tuple[int, int]],
) -> list[Steps]:
    """The steps of a function of each channel, between the least and the largest of its sums.

    `reals` gives the results (C, n) of sums (C, n), and `quantised` their integers. Raises
    TooManyStepsError.
    """
    found = [_first_sums(low, high) for low, high in ranges]
    while True:
        results = reals(_as_rows(found))
        values = quantised(results).astype(np.int64)
        more = [_unknown(*row) for row in zip(found, values, results, strict=True)]
        if not any(len(sums) for sums in more):
            return [_steps(sums, row[: len(sums)]) for sums, row in zip(found, values, strict=True)]
        found = [np.unique(np.concatenate(pair)) for pair in zip(found, more, strict=True)]


def _as_rows(sums: Sequence[Integers]) -> Integers:
    """Lists of sums as rows of one length, the last sum repeated."""
    longest = max(map(len, sums))
    return np.stack([np.pad(row, (0, longest - len(row)), "edge") for row in sums])


def _unknown(sums: Integers, values: Integers, results: Reals) -> Integers:
    """Sums between those that are known, where results may be others than theirs."""
    changes = np.diff(values[: len(sums)]) != 0
    if np.count_nonzero(changes) > MOST_STEPS:
        raise TooManyStepsError
    is_open = changes | _beside_turns(sums, results[: len(sums)])
    return _between(sums, np.flatnonzero(is_open & (np.diff(sums) > 1)))


def _steps(sums: Integers, values: Integers) -> Steps:
    (places,) = np.nonzero(np.diff(values))
    return Steps(sums[places + 1].tolist(), values[np.append(0, places + 1)].tolist())


def _first_sums(low: int, high: int) -> Integers:
    evenly = np.linspace(low, high, EVENLY)
    distances = np.geomspace(1, max(-low, high, 1), AROUND_ZERO)
    around = np.concatenate([-distances, [0], distances])
    return np.unique(np.rint(np.concatenate([evenly, around.clip(low, high)])).astype(np.int64))


def _beside_turns(sums: Integers, results: Reals) -> npt.NDArray[np.bool_]:
    """The gaps on both sides of results between which the function falls and then rises, or so.

    Those are left out in which, as steep as it is beside them, it hardly moves.
    """
    slopes, widths = np.diff(results), np.diff(sums)
    finite = results[np.isfinite(results)]
    largest = float(np.abs(finite).max(initial=0))
    directions = np.where(np.abs(slopes) > NOISE * largest, np.sign(slopes), 0)
    (moving,) = np.nonzero(directions)
    beside = np.zeros(len(slopes), np.bool_)
    for turn in np.flatnonzero(np.diff(directions[moving]) != 0):
        gaps = slice(moving[turn], moving[turn + 1] + 1)
        steepest = float(np.max(np.abs(slopes[gaps]) / widths[gaps]))
        beside[gaps] = widths[gaps] * steepest > OVERLOOKED * largest
    return beside


def _between(sums: Integers, gaps: Integers) -> Integers:
    fractions = np.arange(1, PARTS) / PARTS
    widths = (sums[gaps + 1] - sums[gaps])[:, None]
    return (sums[gaps][:, None] + np.rint(widths * fractions).astype(np.int64)).reshape(-1)


def padded_tables(
    channels: Sequence[Steps], dtype: str, sums: type[np.int32 | np.int64] = np.int32
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    """Thresholds (K, T) and values (K, T + 1), T + 1 a power of two; one row where all are equal.

    The last value stands behind thresholds that only the largest of `sums` passes.
    """
    if all(steps == channels[0] for steps in channels):
        channels = channels[:1]
    longest = max(1, *(len(steps.thresholds) for steps in channels))
    count = (1 << longest.bit_length()) - 1
    thresholds = np.full((len(channels), count), np.iinfo(sums).max, sums)
    values = np.empty((len(channels), count + 1), dtype)
    for row, steps in enumerate(channels):
        thresholds[row, : len(steps.thresholds)] = steps.thresholds
        values[row] = steps.values[-1]
        values[row, : len(steps.values)] = steps.values
    return thresholds, values
