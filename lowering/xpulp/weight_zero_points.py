"""Zero points of weights in kernels with a sliding window.

`sum(x * (w - z))` is `sum(x * w) - z * sum(x)`. A row's inputs are summed once for each column, by
a dot product with ones where the weights are, and go to the same outputs as its products.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from dsconv.dialects.records import WEIGHT_ZERO_POINT, RecordAttr
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.strips import StripPlan, Word


class WeightZeroPoints:
    """Takes the share of the zero points off sums of products; nothing where there are none."""

    def __init__(self, asm: Assembly, record: RecordAttr, plan: StripPlan, dot: str):
        self.asm = asm
        self.record = record
        self.plan = plan
        self.dot = dot
        self.exist = WEIGHT_ZERO_POINT in record.fields

    @contextmanager
    def registers(self) -> Generator[None]:
        """Takes registers for the zero point, a sum and the ones of every word."""
        if not self.exist:
            yield
            return
        with (
            self.asm.registers(2) as (self.zero_point, self.row_sum),
            self.asm.registers(self.plan.products) as self.ones,
        ):
            yield

    def load(self, record: str) -> None:
        """Loads the zero point of the channel whose record a register points to."""
        if self.exist:
            self.asm("lw", self.zero_point, record, self.record.offset(WEIGHT_ZERO_POINT))

    def subtract_from(self, weight: str) -> None:
        """Turns a weight to what it means."""
        if self.exist:
            self.asm("sub", weight, weight, self.zero_point)

    def set_ones(self, loaded: Sequence[Word | None], words: Sequence[Word]) -> None:
        """Sets the ones for words of weights, where their lanes are not those of before."""
        if not self.exist:
            return
        for register, old, new in zip(self.ones, loaded, words, strict=True):
            if old is None or (old.lane, old.count) != (new.lane, new.count):
                self.asm.li(register, ones_of(new))

    def take_off(self, words: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
        """Takes a row's share off its sums: those of each of the strip's columns."""
        if not self.exist:
            return
        number = 0
        for loads, sums in zip(self.plan.uses, columns, strict=True):
            for use, load in enumerate(loads):
                name = f"pv.{'s' if use else ''}{self.dot}.b"
                self.asm(name, self.row_sum, words[load], self.ones[number])
                number += 1
            for total in sums:
                self.asm("p.msu", total, self.zero_point, self.row_sum)


def ones_of(word: Word) -> int:
    """A 1 in every lane in which a word has a weight."""
    return sum(1 << 8 * lane for lane in range(word.lane, word.lane + word.count))
