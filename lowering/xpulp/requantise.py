"""From 32-bit accumulators to outputs, exactly as the kernel's requantisation says.

    requantise = requantiser(asm, kernel)
    with requantise.constants():
        with asm.registers(requantise.registers) as channel:
            requantise.load(channel, record, 0)
            requantise(accumulators, channel)

The narrow form is proved equal at compile time for the accumulators that the layer can make; it
takes 32-bit operations only. The wide one works on 64 bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from xdsl.dialects.builtin import i32

from dsconv.dialects.attributes import (
    TWICE_DIVISOR,
    WORD_BITS,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
)
from dsconv.dialects.records import (
    ADDEND,
    DIVISOR,
    FIELD_BYTES,
    HIGH,
    LOW,
    MULTIPLIER,
    NARROW_ADDEND,
    SHIFT,
    RecordAttr,
    rounds_in_words,
)
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import CYCLES, Assembly
from dsconv.passes.analysis.xpulp_limits import WORD

CLIPS_OF_TYPES = {(0, 255): ("p.clipu", 9), (-128, 127): ("p.clip", 8)}
"""Clip ranges that are one instruction."""

Step = Callable[[str, Sequence[str]], None]
"""Writes what is done to a value with the parameters of its channel."""

SMALLEST_WIDE_SHIFT = 3
"""Below this a value of 64 bits cannot be cut to the 32 that are shifted into place."""
LARGEST_WIDE_SHIFT = 62


class Clip:
    """Clips values to a constant range."""

    def __init__(self, asm: Assembly, bounds: tuple[int, int]):
        self.asm = asm
        self.bounds = bounds
        self.low, self.high = "", ""

    @property
    def cycles(self) -> int:
        """Instructions of one clip."""
        return 1 if self.bounds in CLIPS_OF_TYPES else 2

    @contextmanager
    def constants(self) -> Generator[None]:
        """Holds the bounds in registers, where a clip reads them from there."""
        if self.bounds in CLIPS_OF_TYPES:
            yield
            return
        with self.asm.constants(*self.bounds) as (self.low, self.high):
            yield

    def __call__(self, value: str, *, to: str | None = None) -> None:
        """Clips one register, in place or to another."""
        target = to or value
        if self.bounds in CLIPS_OF_TYPES:
            name, bits = CLIPS_OF_TYPES[self.bounds]
            self.asm(name, target, value, bits)
            return
        self.asm("p.max", target, value, self.low)
        self.asm("p.min", target, target, self.high)


class Requantiser(ABC):
    """Turns accumulators into outputs, in place.

    What differs from channel to channel is loaded to registers; the rest are constants, in
    registers while `constants` is open.
    """

    registers: int
    """How many registers the parameters of a channel take."""

    cycles: int
    """Cycles for one accumulator."""

    def __init__(self, asm: Assembly, record: RecordAttr | None, bounds: tuple[int, int]):
        self.asm = asm
        self.record = record
        self.fields = record.fields if record is not None else ()
        self.clip = Clip(asm, bounds)

    @property
    @abstractmethod
    def varies(self) -> bool:
        """Whether channels differ. Otherwise parameters are loaded once, from no record."""

    @abstractmethod
    @contextmanager
    def constants(self) -> Generator[None]:
        """Holds what all channels share in registers."""

    @abstractmethod
    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        """Loads the parameters of a channel, whose record begins `offset` behind `record`."""

    @abstractmethod
    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        """Turns accumulators of one channel into outputs."""

    def offset_of(self, field: str) -> int:
        """Byte offset of a field in its record."""
        assert self.record is not None, "without a record nothing varies"
        return self.record.offset(field)

    def load_field(self, register: str, field: str, shared: int, record: str, offset: int) -> None:
        """Loads a field of a record, or the constant that all channels share."""
        if field in self.fields:
            load = "lh" if FIELD_BYTES[field] == 2 else "lw"
            self.asm(load, register, record, offset + self.offset_of(field))
        else:
            self.asm.li(register, shared)


class NarrowRequantiser(Requantiser):
    """See NarrowRequantAttr for the function.

    A multiplication takes two cycles on GVSoC, three where its result is used at once; one that
    accumulates takes one. So products are added to a register that holds the addend, or 0, or what
    is left of the last output: unclipped it has `32 - shift` bits, which the slack may allow for.

    Addend and shift are in registers of their own where they differ from channel to channel; not
    the addend where the bias is multiplied out to it.
    """

    def __init__(
        self,
        asm: Assembly,
        record: RecordAttr | None,
        narrow: NarrowRequantAttr,
        *,
        folds_bias: bool = False,
    ):
        super().__init__(asm, record, narrow.clip)
        self.narrow = narrow
        self.has_low = LOW in self.fields or any(narrow.lows)
        self.own = [name for name in (NARROW_ADDEND, SHIFT) if name in self.fields]
        if folds_bias and NARROW_ADDEND in self.own:
            self.own.remove(NARROW_ADDEND)
        self.factors = 2 if self.has_low else 1
        self.registers = self.factors + len(self.own)
        smallest_shift = 0 if SHIFT in self.fields else narrow.shift
        self.leaves_output = narrow.slack >= 1 << WORD_BITS - 1 - smallest_shift
        cycles = 3 if not self.has_low else 4 if self.leaves_output else 5
        self.cycles = cycles + bool(narrow.bits) + self.clip.cycles
        self.addend = ""

    @property
    def varies(self) -> bool:
        return HIGH in self.fields or bool(self.own)

    @contextmanager
    def constants(self) -> Generator[None]:
        shared = 0 if NARROW_ADDEND in self.own else self.narrow.addends[0]
        with self.asm.constants(shared) as (self.addend,), self.clip.constants():
            yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        self.load_field(channel[0], HIGH, self.narrow.highs[0], record, offset)
        if self.has_low:
            self.load_field(channel[1], LOW, self.narrow.lows[0], record, offset)
        for register, field in zip(channel[self.factors :], self.own, strict=True):
            self.load_field(register, field, 0, record, offset)

    def load_addend(self, register: str, record: str, offset: int = 0) -> None:
        """Loads the addend of a channel."""
        self.load_field(register, NARROW_ADDEND, self.narrow.addends[0], record, offset)

    def addend_of(self, channel: Sequence[str]) -> str:
        """The register with a channel's addend."""
        return channel[self.factors] if NARROW_ADDEND in self.own else self.addend

    def add_and_shift(self, value: str, addend: str, channel: Sequence[str]) -> None:
        """The sum's last step, from its binary places to whole outputs."""
        if SHIFT in self.own:
            self.asm("p.addN.r", value, addend, channel[-1])
        else:
            self.asm("p.addN", value, value, addend, self.narrow.shift)

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        with self.asm.registers(1) as (product,):
            for number, accumulator in enumerate(accumulators):
                if self.narrow.bits:
                    self.asm("p.clip", accumulator, accumulator, self.narrow.bits)
                if not self.has_low:
                    self._one_product(accumulator, product, channel)
                    continue
                if number == 0 or not self.leaves_output:
                    self.asm("mv", product, "zero")
                self._two_products(accumulator, product, channel)

    def _one_product(self, value: str, product: str, channel: Sequence[str]) -> None:
        asm = self.asm
        asm("mv", product, self.addend_of(channel))
        asm("p.mac", product, value, channel[0])
        self.shift(product, channel)
        self.clip(product, to=value)

    def shift(self, value: str, channel: Sequence[str]) -> None:
        """From binary places to whole outputs, where the addend is in the sum."""
        if SHIFT in self.own:
            self.asm("sra", value, value, channel[-1])
        else:
            self.asm("srai", value, value, self.narrow.shift)

    def _two_products(self, value: str, product: str, channel: Sequence[str]) -> None:
        asm, (high, low, *_) = self.asm, channel
        asm("p.mac", product, value, low)
        asm("srai", product, product, self.narrow.low_shift)
        asm("p.mac", product, value, high)
        self.add_and_shift(product, self.addend_of(channel), channel)
        self.clip(product, to=value)


def one_ahead(values: Sequence[str], channel: Sequence[str], multiply: Step, finish: Step) -> None:
    """Multiplies every value before the one in front of it is finished.

    On GVSoC a product that is used at once makes the core wait for a cycle.
    """
    multiply(values[0], channel)
    for value, following in pairwise(values):
        multiply(following, channel)
        finish(value, channel)
    finish(values[-1], channel)


class MulhRequantiser(Requantiser):
    """The narrow form whose one product is the upper word of 64 bits."""

    def __init__(self, asm: Assembly, record: RecordAttr | None, narrow: NarrowRequantAttr):
        super().__init__(asm, record, narrow.clip)
        self.narrow = narrow
        self.has_shift = SHIFT in self.fields
        self.has_addend = NARROW_ADDEND in self.fields
        self.registers = 1 + self.has_addend + self.has_shift
        self.cycles = CYCLES["mulh"] + self.has_shift + 1 + self.clip.cycles
        self.addend = ""

    @property
    def varies(self) -> bool:
        return MULTIPLIER in self.fields or self.has_addend

    @contextmanager
    def constants(self) -> Generator[None]:
        shared = 0 if self.has_addend else self.narrow.addends[0]
        with self.asm.constants(shared) as (self.addend,), self.clip.constants():
            yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        self.load_field(channel[0], MULTIPLIER, self.narrow.lows[0], record, offset)
        if self.has_addend:
            self.load_field(channel[1], NARROW_ADDEND, 0, record, offset)
        if self.has_shift:
            self.load_field(channel[-1], SHIFT, self.narrow.extra_shifts[0], record, offset)

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        one_ahead(accumulators, channel, self._multiply, self._finish)

    def _multiply(self, value: str, channel: Sequence[str]) -> None:
        self.asm("mulh", value, value, channel[0])

    def _finish(self, value: str, channel: Sequence[str]) -> None:
        if self.has_shift:
            self.asm("sra", value, value, channel[-1])
        addend = channel[1] if self.has_addend else self.addend
        self.asm("p.addN", value, value, addend, self.narrow.shift)
        self.clip(value)


class WideRequantiser(Requantiser):
    """Multiplies to 64 bits, adds, rounds and shifts. About 20 cycles a value.

    Half of the divisor is part of the addend. What is left of half to even is to take 1 off where
    the sum was a tie and the quotient is odd.
    """

    def __init__(self, asm: Assembly, record: RecordAttr | None, requant: RequantAttr):
        super().__init__(asm, record, requant.clip)
        self.requant = requant
        self.shift = requant.divisors[0].bit_length() - 1
        self.registers = 3
        self.cycles = 20

    @property
    def varies(self) -> bool:
        return MULTIPLIER in self.fields or ADDEND in self.fields

    @contextmanager
    def constants(self) -> Generator[None]:
        with self.clip.constants():
            yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        multiplier, addend_low, addend_high = channel
        self.load_field(multiplier, MULTIPLIER, self.requant.multipliers[0], record, offset)
        addend = self.requant.addends[0]
        if ADDEND not in self.fields:
            self.asm.li(addend_low, addend + self.half)
            self.asm.li(addend_high, addend + self.half >> 32)
            return
        self.load_field(addend_low, ADDEND, addend, record, offset)
        self.load_field(addend_high, ADDEND, addend, record, offset + WORD)
        self._add_half(addend_low, addend_high)

    @property
    def half(self) -> int:
        """What rounds to the nearest, before the shift."""
        return 0 if self.requant.rounding is Rounding.FLOOR else 1 << self.shift - 1

    def _add_half(self, low: str, high: str) -> None:
        with self.asm.constants(self.half, self.half >> 32) as (half_low, half_high):
            self._add(low, high, half_low, half_high)

    def _add(self, low: str, high: str, other_low: str, other_high: str) -> None:
        """Adds 64 bits in place."""
        with self.asm.registers(1) as (carry,):
            self.asm("add", low, low, other_low)
            self.asm("sltu", carry, low, other_low)
            self.asm("add", high, high, other_high)
            self.asm("add", high, high, carry)

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        multiplier, addend_low, addend_high = channel
        with self.asm.registers(1) as (high,):
            for value in accumulators:
                self.asm("mulh", high, value, multiplier)
                self.asm("mul", value, value, multiplier)
                self._add(value, high, addend_low, addend_high)
                self._shift(value, high)
                self.asm.add_constant(value, value, self.requant.zero_point)
                self.clip(value)

    def _shift(self, low: str, high: str) -> None:
        """Leaves the rounded quotient in `low`."""
        if self.requant.rounding is not Rounding.HALF_EVEN:
            self._quotient(low, high)
            return
        with self.asm.registers(1) as (remainder,):
            self._remainder(remainder, low, high)
            self._quotient(low, high)
            self._take_odd_tie_off(low, remainder)

    def _quotient(self, low: str, high: str) -> None:
        asm, shift = self.asm, self.shift
        if shift >= 32:
            asm("srai", low, high, shift - 32)
            return
        asm("p.clip", high, high, shift - 1)
        asm("slli", high, high, 32 - shift)
        asm("srli", low, low, shift)
        asm("or", low, low, high)

    def _remainder(self, remainder: str, low: str, high: str) -> None:
        """Something that is 0 where the shift loses nothing."""
        asm, shift = self.asm, self.shift
        if shift < 32:
            asm("slli", remainder, low, 32 - shift)
        elif shift == 32:
            asm("mv", remainder, low)
        else:
            asm("slli", remainder, high, 64 - shift)
            asm("or", remainder, remainder, low)

    def _take_odd_tie_off(self, value: str, remainder: str) -> None:
        """With half of the divisor added, a tie leaves no remainder."""
        asm = self.asm
        asm("sltiu", remainder, remainder, 1)
        asm("and", remainder, remainder, value)
        asm("sub", value, value, remainder)


class TwiceRequantiser(Requantiser):
    """Rounds the quotient by 2**31 half up, then that by the rest of the divisor half away from 0.

    With four times the sum, `mulh` gives twice the first quotient, rounded down, so that a 1 added
    to it rounds. Sums that have no room for that are clipped: their outputs are, anyway.
    """

    registers = 3
    cycles = CYCLES["mulh"] + 7

    def __init__(self, asm: Assembly, record: RecordAttr | None, requant: RequantAttr):
        super().__init__(asm, record, requant.clip)
        self.requant = requant
        self.one = ""

    @property
    def varies(self) -> bool:
        return MULTIPLIER in self.fields or SHIFT in self.fields

    @contextmanager
    def constants(self) -> Generator[None]:
        with self.asm.constants(1) as (self.one,), self.clip.constants():
            yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        asm, (multiplier, shift, addend) = self.asm, channel
        self.load_field(multiplier, MULTIPLIER, self.requant.multipliers[0], record, offset)
        whole = self.requant.divisors[0].bit_length() - 1
        self.load_field(shift, SHIFT, whole, record, offset)
        asm("addi", shift, shift, 1 - TWICE_DIVISOR.bit_length())
        asm.li(addend, 2 * self.requant.zero_point + 1)
        asm("sll", addend, addend, shift)
        asm("srai", addend, addend, 1)

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        one_ahead(accumulators, channel, self._multiply, self._round)

    def _multiply(self, value: str, channel: Sequence[str]) -> None:
        self.asm("p.clip", value, value, WORD_BITS - 2)
        self.asm("slli", value, value, 2)
        self.asm("mulh", value, value, channel[0])

    def _round(self, value: str, channel: Sequence[str]) -> None:
        asm, (_, shift, addend) = self.asm, channel
        asm("p.addN", value, value, self.one, 1)
        with asm.registers(1) as (is_negative,):
            asm("srli", is_negative, value, WORD_BITS - 1)
            asm("sub", value, value, is_negative)
        asm("p.addN.r", value, addend, shift)
        self.clip(value)


class Unchanged(Requantiser):
    """Leaves accumulators as they are, for a layer that gives its sums, or all that are above 0."""

    registers = 0
    cycles = 0

    def __init__(self, asm: Assembly, record: RecordAttr | None, bounds: tuple[int, int]):
        super().__init__(asm, record, bounds)
        self.lowest, _ = bounds

    @property
    def varies(self) -> bool:
        return False

    @contextmanager
    def constants(self) -> Generator[None]:
        yield

    def load(self, channel: Sequence[str], record: str = "zero", offset: int = 0) -> None:
        pass

    def __call__(self, accumulators: Sequence[str], channel: Sequence[str]) -> None:
        if self.lowest == 0:
            for accumulator in accumulators:
                self.asm("p.max", accumulator, accumulator, "zero")


def gives_accumulators(kernel: KernelOp) -> bool:
    """Whether a kernel's outputs are its sums of 32 bits."""
    return kernel.output.element_type == i32


def has_wide_form(requant: RequantAttr, record: RecordAttr | None) -> bool:
    """Whether rounding, and one shift for all channels, are within what the wide form can do."""
    fields = record.fields if record is not None else ()
    divisor = requant.divisors[0]
    shift = divisor.bit_length() - 1
    one_shift = SHIFT not in fields and DIVISOR not in fields and divisor.bit_count() == 1
    rounds = requant.rounding not in (Rounding.HALF_AWAY, Rounding.TWICE)
    return rounds and one_shift and SMALLEST_WIDE_SHIFT <= shift <= LARGEST_WIDE_SHIFT


def narrow_requantiser(
    asm: Assembly, record: RecordAttr | None, narrow: NarrowRequantAttr
) -> NarrowRequantiser | MulhRequantiser:
    """A narrow form, of one product of 64 bits or of less."""
    form = MulhRequantiser if narrow.is_mulh else NarrowRequantiser
    return form(asm, record, narrow)


def requantiser(asm: Assembly, kernel: KernelOp) -> Requantiser | None:
    """The kernel's requantisation; None where it has no form here, as for true divisions."""
    if gives_accumulators(kernel):
        assert kernel.requant is not None, "sums are clipped to their own type"
        low, high = kernel.requant.clip
        if low not in (-(2**31), 0) or high != 2**31 - 1:
            return None
        return Unchanged(asm, kernel.record, kernel.requant.clip)
    if kernel.narrow is not None:
        return narrow_requantiser(asm, kernel.record, kernel.narrow)
    if kernel.requant is not None and has_wide_form(kernel.requant, kernel.record):
        return WideRequantiser(asm, kernel.record, kernel.requant)
    if kernel.requant is not None and rounds_in_words(kernel.requant):
        return TwiceRequantiser(asm, kernel.record, kernel.requant)
    return None
