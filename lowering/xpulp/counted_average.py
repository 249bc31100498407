"""Averages whose divisor is the number of pixels that count under each window.

Code is written for windows with known numbers of such pixels. Each number has a narrow form of its
own, proved for the sums of its windows. Quotients by 2 or 6 are often half way between two
integers, and no narrow form rounds them to even: then it rounds them up, and they are looked for.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from dsconv.dialects.attributes import WORD_BITS, NarrowRequantAttr, RequantAttr, Rounding
from dsconv.dialects.graph import DTYPES
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.borders import tap_spans
from dsconv.lowering.xpulp.pool_lanes import Average
from dsconv.lowering.xpulp.requantise import Requantiser, narrow_requantiser
from dsconv.passes.analysis.requant_proof import narrowed, steps_of_range

A_BYTE = 256
"""More than any output, whatever its sign."""


@dataclass(frozen=True)
class Ties:
    """`sum * factor + addend == output * divisor` where an output was rounded up from half way."""

    factor: int
    addend: int
    divisor: int
    zero_point: int

    @staticmethod
    def of(requant: RequantAttr) -> Ties:
        """Those of a requantisation of one channel."""
        (multiplier,), (addend,), (divisor,) = (
            requant.multipliers,
            requant.addends,
            requant.divisors,
        )
        zero_point = requant.zero_point
        first = 2 * addend + divisor * (1 + 2 * zero_point)
        return Ties(2 * multiplier, first, 2 * divisor, zero_point)

    def fit(self, ends: Sequence[int]) -> bool:
        """Whether 32 bits hold both sides for all sums between two ends."""
        largest = max(abs(end) for end in ends) * self.factor + abs(self.addend)
        return largest + A_BYTE * self.divisor < 1 << WORD_BITS - 1


@dataclass(frozen=True)
class CountedForm:
    """A narrow form, right but for `ties` if there are any."""

    narrow: NarrowRequantAttr
    ties: Ties | None = None

    @staticmethod
    def of(requant: RequantAttr, ends: tuple[int, int]) -> CountedForm | None:
        """The form for sums between two ends; None where none is found."""
        lowest, highest = (np.array([end]) for end in ends)

        def proved(exact: RequantAttr) -> NarrowRequantAttr | None:
            steps = steps_of_range(exact, lowest, highest)
            return None if steps is None else narrowed(exact, steps)

        if (narrow := proved(requant)) is not None:
            return CountedForm(narrow)
        ties = Ties.of(requant)
        if requant.rounding is not Rounding.HALF_EVEN or not ties.fit(ends):
            return None
        narrow = proved(with_rounding(requant, Rounding.HALF_UP))
        return None if narrow is None else CountedForm(narrow, ties)


Forms = Mapping[int, CountedForm]
"""By the number of pixels that count."""


def with_rounding(requant: RequantAttr, rounding: Rounding) -> RequantAttr:
    """A requantisation that rounds in another way."""
    return RequantAttr.of(
        requant.multipliers,
        requant.divisors,
        addends=requant.addends,
        rounding=rounding,
        zero_point=requant.zero_point,
        clip=requant.clip,
    )


def counted_forms(kernel: KernelOp) -> Forms | None:
    """The forms of an average, None where a number of pixels has none."""
    requant = kernel.requant
    assert requant is not None, "averages of varying divisors have no one narrow form"
    rows, columns = ({span.counted for span in spans} for spans in tap_spans(kernel))
    limits = np.iinfo(DTYPES[kernel.inputs[0].element_type])
    taps, (zero_point,) = prod(kernel.window.kernel), kernel.zero_point_values
    ends = taps * (int(limits.min) - zero_point), taps * (int(limits.max) - zero_point)
    forms: dict[int, CountedForm] = {}
    for pixels in {one * other for one, other in product(rows, columns)}:
        divided = requant.with_factors(
            requant.multipliers,
            [pixels * divisor for divisor in requant.divisors],
            addends=[pixels * addend for addend in requant.addends],
        )
        form = CountedForm.of(divided, ends)
        if form is None:
            return None
        forms[pixels] = form
    return forms


class CountedRequantiser(Requantiser):
    """The form of one number of pixels. Its constants are loaded as a channel's parameters are."""

    def __init__(self, asm: Assembly, form: CountedForm):
        super().__init__(asm, None, form.narrow.clip)
        self.narrow = narrow_requantiser(asm, None, form.narrow)
        self.ties = form.ties
        self.registers = self.narrow.registers + (4 if self.ties else 1)
        self.cycles = self.narrow.cycles + (7 if self.ties else 0)

    @property
    def varies(self) -> bool:
        return False

    @contextmanager
    def constants(self) -> Generator[None]:
        with self.clip.constants():
            yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        own, (addend, *of_ties) = self._parts(channel)
        self.narrow.load(own)
        self.asm.li(addend, self.narrow.narrow.addends[0])
        if self.ties:
            values = self.ties.factor, self.ties.addend, self.ties.divisor
            for register, value in zip(of_ties, values, strict=True):
                self.asm.li(register, value)

    def _parts(self, channel: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """The narrow form's registers, and the addend with those of ties."""
        count = self.narrow.registers
        return channel[:count], channel[count : self.registers]

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        own, (self.narrow.addend, *of_ties) = self._parts(channel)
        self.narrow.clip = self.clip
        if not self.ties:
            self.narrow(accumulators, own)
            return
        for value in accumulators:
            self._round_to_even(self.ties, value, own, of_ties)

    def _round_to_even(
        self, ties: Ties, value: str, own: Sequence[str], of_ties: Sequence[str]
    ) -> None:
        asm, (factor, addend, divisor) = self.asm, of_ties
        with asm.registers(2) as (rest, is_odd):
            asm("mv", rest, addend)
            asm("p.mac", rest, value, factor)
            self.narrow([value], own)
            asm("p.msu", rest, value, divisor)
            asm("sltiu", rest, rest, 1)
            asm("xori", is_odd, value, ties.zero_point & 1)
            asm("and", rest, rest, is_odd)
            asm("sub", value, value, rest)
            self.clip(value)


class RequantiserByCount(Requantiser):
    """One of several forms, chosen by `expect`."""

    def __init__(self, asm: Assembly, forms: Forms):
        super().__init__(asm, None, next(iter(forms.values())).narrow.clip)
        self.forms = {pixels: CountedRequantiser(asm, form) for pixels, form in forms.items()}
        self.registers = max(form.registers for form in self.forms.values())
        self.cycles = max(form.cycles for form in self.forms.values())

    @property
    def varies(self) -> bool:
        return False

    @contextmanager
    def constants(self) -> Generator[None]:
        with self.clip.constants():
            yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        """Nothing: `expect` loads the parameters of the form that it chooses."""

    def expect(self, pixels: int, channel: Sequence[str]) -> None:
        """Prepares for windows under which so many pixels count."""
        self.form = self.forms[pixels]
        self.form.clip = self.clip
        self.form.load(channel)

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        self.form(accumulators, channel)


class CountedAverage(Average):
    """The sum of the taps, divided by the pixels that count."""

    def __init__(self, asm: Assembly, kernel: KernelOp, forms: Forms):
        self.by_count = RequantiserByCount(asm, forms)
        super().__init__(asm, kernel)

    def requantisation(self, kernel: KernelOp) -> Requantiser:
        return self.by_count

    def expect(self, rows: int, columns: int, counted: int) -> None:
        super().expect(rows, columns, counted)
        self.by_count.expect(counted, self.channel)
