"""The walk down a strip: what is done for each row of input, and which rows are a loop.

Several rows of outputs are made at a time, each in a slot of accumulators: a row of input is loaded
once and goes to every output whose window it lies in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from dsconv.lowering.xpulp.strips import StripAxis


@dataclass(frozen=True)
class Tap:
    """A row of input in one output row's window. Not live: the output row does not exist."""

    slot: int
    row: int
    is_first: bool
    live: bool = field(compare=False)


@dataclass(frozen=True)
class Finish:
    """An output row whose window ends here; `is_empty` where all of it was skipped."""

    slot: int
    is_empty: bool


@dataclass(frozen=True)
class RowStep:
    """A row of input: its taps, then the load of a later row, then the outputs it completes.

    `registers` says which set of registers holds the row; None for a row of padding. The later row
    goes to the same set. Not live: there is no such row to load. `wraps` where the one behind it is
    the first of the tile again.
    """

    registers: int | None
    taps: tuple[Tap, ...]
    finishes: tuple[Finish, ...]
    loads: bool
    load_is_live: bool = field(compare=False)
    wraps: bool


@dataclass(frozen=True)
class Walk:
    """Steps. Those of `body` are repeated `count` times, the first time from step `entry` on."""

    before: tuple[RowStep, ...]
    body: tuple[RowStep, ...]
    entry: int
    count: int
    after: tuple[RowStep, ...]


@dataclass(frozen=True)
class RowSchedule:
    """The schedule of one dimension: rows of a strip.

    Where `skips_padding`, rows of padding add nothing and are left out. A tile that is a ring has
    fewer rows than the axis: behind its `tile_rows` it begins again. Where it `stays_inside`, no
    row behind the last one is loaded, which would make the loop longer.
    """

    axis: StripAxis
    skips_padding: bool
    tile_rows: int
    stays_inside: bool = False

    @property
    def slots(self) -> int:
        """Output rows that are being made at a time."""
        return ceil(self.axis.taps / self.axis.stride)

    @property
    def register_sets(self) -> int:
        """Rows of input that are in registers at a time.

        Every row that completes an output has instructions enough behind its taps to hide the next
        row's load. With a stride not every row does.
        """
        return 2 if self.axis.stride > 1 and self.period % 2 == 0 else 1

    @property
    def period(self) -> int:
        """Rows after which the slots are the same again."""
        return self.slots * self.axis.stride

    @property
    def first_row(self) -> int:
        """The first row of the tile that is loaded."""
        return max(self.axis.start, 0)

    @property
    def loaded_rows(self) -> int:
        """Rows of the tile that lie in the strip's windows."""
        end = min(self.axis.position(self.axis.outputs - 1, self.axis.taps), self.axis.inputs)
        return end - self.first_row

    def wraps_behind(self, number: int) -> bool:
        """Whether the row that is loaded behind this one is the first of the tile."""
        is_last = number + 1 >= self.loaded_rows
        return not is_last and (self.first_row + number + 1) % self.tile_rows == 0

    def steps(self) -> list[RowStep]:
        """All rows of the windows, padding included."""
        axis = self.axis
        rows = (axis.outputs - 1) * axis.stride + axis.taps
        return [self._step(row) for row in range(rows)]

    def _step(self, row: int) -> RowStep:
        axis = self.axis
        position = axis.start + row
        taps: list[Tap] = []
        finishes: list[Finish] = []
        first_output = max(0, ceil((row - axis.taps + 1) / axis.stride))
        for output in range(first_output, row // axis.stride + 1):
            tap = row - output * axis.stride
            live = output < axis.outputs
            if self._counts(position):
                taps.append(Tap(output % self.slots, tap, tap == self._first_tap(output), live))
            if live and tap == axis.taps - 1:
                is_empty = not any(
                    self._counts(axis.position(output, tap)) for tap in range(axis.taps)
                )
                finishes.append(Finish(output % self.slots, is_empty))
        inside = axis.is_inside(position)
        number = position - self.first_row
        later = number + self.register_sets
        load_is_live = inside and later < self.loaded_rows
        return RowStep(
            number % self.register_sets if inside else None,
            tuple(taps),
            tuple(finishes),
            load_is_live if self.stays_inside else inside,
            load_is_live,
            load_is_live and self.wraps_behind(later),
        )

    def _counts(self, position: int) -> bool:
        return self.axis.is_inside(position) or not self.skips_padding

    def _first_tap(self, output: int) -> int:
        """The tap that an output's sum begins with."""
        rows = range(self.axis.taps)
        return next((tap for tap in rows if self._counts(self.axis.position(output, tap))), 0)

    def walk(self, *, rolled: bool = True) -> Walk:
        """The steps, rolled to a loop as far as they repeat, or one behind the other."""
        steps = self.steps()
        return roll(steps, self.period) if rolled else Walk(tuple(steps), (), 0, 0, ())


def roll(steps: Sequence[RowStep], period: int) -> Walk:
    """Finds the longest repetition. What is not live does no harm, and may be done for a loop."""
    start, end = max(
        (repetition(steps, period, first) for first in range(len(steps))),
        key=lambda bounds: bounds[1] - bounds[0],
    )
    rows = end - start
    if rows <= period:
        return Walk(tuple(steps), (), 0, 0, ())
    body = tuple(steps[end - period : end])
    return Walk(tuple(steps[:start]), body, -rows % period, ceil(rows / period), tuple(steps[end:]))


def repetition(steps: Sequence[RowStep], period: int, first: int) -> tuple[int, int]:
    """First step, and step behind the last, of what repeats from `first` on."""
    end = first + period
    while end < len(steps) and steps[end] == steps[end - period]:
        end += 1
    return first, min(end, len(steps))
