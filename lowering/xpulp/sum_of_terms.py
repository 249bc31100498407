"""Additions whose terms are requantised before they are added.

A term is a function of one byte, a straight line but for its rounding. So it is a whole multiple of
the byte's distance from its zero point, and a fraction of the byte, rounded down, for some fraction
and addend in 32 bits; below the zero point for another addend, where ties are rounded away from it.
Which ones is tried, for all 256 bytes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import floor

import numpy as np
import numpy.typing as npt

from dsconv.dialects import reference
from dsconv.dialects.graph import DTYPES
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.nests import Requantised

Integers = npt.NDArray[np.int64]

LARGEST_SHIFT = 22
"""A byte times as many binary places, and an addend, fit 32 bits."""


@dataclass(frozen=True)
class Line:
    """`(x - zero_point) * whole + floor((x * fraction + addend) / 2**shift)` of a byte x.

    Below the zero point `less` is taken off the addend.
    """

    whole: int
    fraction: int
    addend: int
    less: int
    shift: int
    zero_point: int

    def gives(self, outputs: Integers, values: Integers) -> bool:
        """Whether it is right for all values, and nothing on the way exceeds 32 bits."""
        addends = self.addend - self.less * (values < self.zero_point)
        products = values * self.fraction + addends
        totals = (values - self.zero_point) * self.whole + (products >> self.shift)
        fits = abs(products).max() < 1 << 31 and abs(totals).max() < 1 << 31
        return bool(fits) and np.array_equal(totals, outputs)


def line_through(values: Integers, outputs: Integers, slope: float, zero_point: int) -> Line | None:
    """The line that gives these outputs, which rise by about `slope`; None where there is none."""
    whole = floor(slope)
    rest, is_below = outputs - (values - zero_point) * whole, values < zero_point
    for shift in range(LARGEST_SHIFT, -1, -1):
        nearest = round((slope - whole) * 2**shift)
        for fraction in (nearest, nearest + 1, nearest - 1):
            addends = (rest << shift) - values * fraction
            addend = int(addends[~is_below].max())
            below = int(addends.max(where=is_below, initial=addends.min()))
            for less in (0, addend - below):
                line = Line(whole, fraction, max(addend, below + less), less, shift, zero_point)
                if line.gives(outputs, values):
                    return line
    return None


def lines_of(kernel: KernelOp) -> list[Line] | None:
    """The lines of both terms of an addition, if it has terms; None where one has no line."""
    lines: list[Line] = []
    for number, (type_, term) in enumerate(zip(kernel.inputs, kernel.term_requants, strict=False)):
        limits = np.iinfo(DTYPES[type_.element_type])
        values = np.arange(limits.min, limits.max + 1, dtype=np.int64)
        multiplier = kernel.multiplier_values[number]
        zero_point = kernel.zero_point_values[number]
        products = (values - zero_point) * multiplier
        outputs = reference.requantise(products.reshape(1, 1, 1, -1), term, np.int64)
        slope = multiplier * term.multipliers[0] / term.divisors[0]
        line = line_through(values, outputs.reshape(-1).astype(np.int64), slope, zero_point)
        if line is None:
            return None
        lines.append(line)
    return lines


class SumOfTerms(Requantised):
    """`requant(line(x) + line(y))`."""

    accumulates = True

    def __init__(self, asm: Assembly, kernel: KernelOp, lines: Sequence[Line]):
        super().__init__(asm, kernel)
        self.lines = lines
        self.start = -sum(line.zero_point * line.whole for line in lines)

    @contextmanager
    def constants(self) -> Generator[None]:
        with (
            self.asm.constants(*(line.whole for line in self.lines)) as self.wholes,
            self.asm.constants(*(line.fraction for line in self.lines)) as self.fractions,
            self.asm.constants(*(line.addend for line in self.lines)) as self.addends,
            self.asm.constants(*(line.less for line in self.lines)) as self.less,
            self.asm.constants(self.start) as (self.first,),
            self.asm.registers(2) as (self.term, self.below),
            super().constants(),
        ):
            yield

    def combine(self, total: str, values: Sequence[str]) -> None:
        self.apply(0, total, values[0])
        self.apply(1, self.term, values[1])
        self.asm("add", total, total, self.term)
        if self.start:
            self.asm("add", total, total, self.first)

    def apply(self, number: int, term: str, value: str) -> None:
        """Leaves a line's value in a register."""
        asm, line = self.asm, self.lines[number]
        asm("mv", term, self.addends[number])
        asm("p.mac", term, value, self.fractions[number])
        if line.less:
            asm("slti", self.below, value, line.zero_point)
            asm("p.msu", term, self.below, self.less[number])
        asm("srai", term, term, line.shift)
        if line.whole:
            asm("p.mac", term, value, self.wholes[number])
