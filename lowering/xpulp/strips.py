"""Which words of input serve which outputs of a row, for kernels with a sliding window.

A map is cut into strips, a few output columns wide, and each strip is walked down row by row. In a
row of a strip the same few words are loaded, wherever the strip lies. A window's row of weights is
shifted to where its inputs lie in those words; taps outside the map have no weight there. So a
strip at the edge differs from one in the middle in its weights, and not in its instructions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import ceil

LANES = 4
"""Bytes of a word."""

WIDEST_STRIP = 4
"""Output columns. More accumulators do not fit the registers."""


@dataclass(frozen=True)
class StripAxis:
    """One dimension of a sliding window over a tile: `outputs` windows over `inputs` values.

    The first window begins at `start`, negative inside the padding.
    """

    inputs: int
    outputs: int
    taps: int
    stride: int
    start: int

    def position(self, output: int, tap: int) -> int:
        """Where a tap of an output's window lies."""
        return self.start + output * self.stride + tap

    def is_inside(self, position: int) -> bool:
        """Whether there is an input, and no padding."""
        return 0 <= position < self.inputs

    def outside(self, output: int) -> tuple[int, ...]:
        """Taps of an output's window that lie in the padding."""
        taps = range(self.taps)
        return tuple(tap for tap in taps if not self.is_inside(self.position(output, tap)))


@dataclass(frozen=True)
class Word:
    """A word of weights: `count` taps of a window's row, tap `first` in `lane` and so on."""

    first: int
    count: int
    lane: int


@dataclass(frozen=True)
class StripPlan:
    """The words that a row of any strip loads, and which of them each of its columns uses.

    `loads` are distances in bytes from where the window of the strip's first column begins.
    """

    loads: tuple[int, ...]
    uses: tuple[tuple[int, ...], ...]

    @property
    def columns(self) -> int:
        """Output columns of a strip."""
        return len(self.uses)

    @property
    def products(self) -> int:
        """Dot products for one row of a strip's windows."""
        return sum(len(loads) for loads in self.uses)


@dataclass(frozen=True)
class Strip:
    """A strip at its place: columns where its words lie, its weights, taps outside the map."""

    first_output: int
    loads: tuple[int, ...]
    words: tuple[Word, ...]
    outside: tuple[tuple[int, ...], ...]

    def moved(self, columns: int, stride: int) -> Strip:
        """The same, so many columns further on."""
        loads = tuple(load + columns * stride for load in self.loads)
        return replace(self, first_output=self.first_output + columns, loads=loads)


@dataclass(frozen=True)
class Run:
    """Strips side by side with the same weights."""

    strips: tuple[Strip, ...]

    @property
    def first(self) -> Strip:
        """The leftmost strip."""
        return self.strips[0]

    @property
    def last(self) -> Strip:
        """The rightmost strip."""
        return self.strips[-1]


def plans(taps: int, stride: int, outputs: int) -> Iterator[StripPlan]:
    """All plans worth comparing for windows of a width."""
    for columns in range(1, min(WIDEST_STRIP, outputs) + 1):
        for lead in range(LANES):
            yield side_by_side(taps, stride, columns, lead)
            if lead + taps <= LANES:
                yield word_for_window(taps, stride, columns, lead)


def side_by_side(taps: int, stride: int, columns: int, lead: int) -> StripPlan:
    """Words one behind the other, the first `lead` bytes before the first window."""
    span = lead + (columns - 1) * stride + taps
    loads = tuple(LANES * number - lead for number in range(ceil(span / LANES)))
    uses = tuple(
        tuple(
            number
            for number, load in enumerate(loads)
            if load < column * stride + taps and column * stride < load + LANES
        )
        for column in range(columns)
    )
    return StripPlan(loads, uses)


def word_for_window(taps: int, stride: int, columns: int, lead: int) -> StripPlan:
    """Each column's window in one word, shared by as many columns as have theirs in it."""
    loads: list[int] = []
    uses: list[tuple[int, ...]] = []
    for column in range(columns):
        first = column * stride
        if not loads or first + taps > loads[-1] + LANES:
            loads.append(first - lead)
        uses.append((len(loads) - 1,))
    return StripPlan(tuple(loads), tuple(uses))


def strip_at(axis: StripAxis, plan: StripPlan, first_output: int) -> Strip:
    """The strip whose first column is `first_output`."""
    outputs = range(first_output, first_output + plan.columns)
    begins = [axis.position(first_output, load) for load in plan.loads]
    loads = list(begins)
    for output, used in zip(outputs, plan.uses, strict=True):
        for load in used:
            last = axis.position(output, taps_in_word(axis, output, begins[load])[-1])
            loads[load] = moved_inside(axis, begins[load], last)
    words = [
        word_of(axis, output, begins[load], loads[load])
        for output, used in zip(outputs, plan.uses, strict=True)
        for load in used
    ]
    return Strip(first_output, tuple(loads), tuple(words), tuple(map(axis.outside, outputs)))


def taps_in_word(axis: StripAxis, output: int, begin: int) -> list[int]:
    """Taps of an output's window that lie in the word at `begin`, in the padding or not."""
    return [tap for tap in range(axis.taps) if begin <= axis.position(output, tap) < begin + LANES]


def moved_inside(axis: StripAxis, begin: int, last: int) -> int:
    """Where a word is loaded whose last tap lies at `last`: not before its row, and not beyond."""
    if last >= axis.inputs:
        begin = axis.inputs - LANES
    return max(begin, 0)


def word_of(axis: StripAxis, output: int, begin: int, load: int) -> Word:
    """The weights for the taps in the word at `begin`, which is loaded from `load`."""
    positions = [axis.position(output, tap) for tap in taps_in_word(axis, output, begin)]
    inside = [position for position in positions if axis.is_inside(position)]
    if not inside:
        return Word(0, 0, 0)
    return Word(inside[0] - axis.position(output, 0), len(inside), inside[0] - load)


@cache
def strips_of(axis: StripAxis, plan: StripPlan) -> tuple[Strip, ...]:
    """Strips over a whole row of outputs; the last one is moved back into the map."""
    last = axis.outputs - plan.columns
    firsts = (min(first, last) for first in range(0, axis.outputs, plan.columns))
    return tuple(strip_at(axis, plan, first) for first in firsts)


def runs_of(axis: StripAxis, strips: Sequence[Strip]) -> list[Run]:
    """Groups strips that lie side by side and have the same weights."""
    runs: list[Run] = []
    for strip in strips:
        if runs and continues(axis, runs[-1].last, strip):
            runs[-1] = Run((*runs[-1].strips, strip))
        else:
            runs.append(Run((strip,)))
    return runs


def continues(axis: StripAxis, strip: Strip, other: Strip) -> bool:
    """Whether another strip is the next one, and all that differs is its place."""
    return other == strip.moved(len(strip.outside), axis.stride)
