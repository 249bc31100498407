"""Requantisation: from a sum of 32 bits to a quantised value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import I64, DenseArrayBase, StringAttr
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes.integers import i64_array, parse_entries, print_int_list


class Rounding(StrEnum):
    """How a requantisation rounds its exact quotient to an integer.

    `TWICE` is gemmlowp's: the dividend over 2**31, or over the divisor where that is less, is
    rounded half up, and what is left of the divisor divides that, rounded half away from zero.
    """

    HALF_EVEN = "half_even"
    HALF_UP = "half_up"
    HALF_AWAY = "half_away"
    TWICE = "twice"
    FLOOR = "floor"


TWICE_DIVISOR = 2**31
"""What the first of two roundings divides by."""


def verify_rounding(name: str) -> None:
    """Raises VerifyException where a name is no rounding."""
    if name not in set(Rounding):
        raise VerifyException(f"unknown rounding {name}; there are {', '.join(Rounding)}")


@irdl_attr_definition
class RequantAttr(ParametrizedAttribute):
    """One exact integer function from a 32-bit accumulator to a quantised value.

    `y = clip(round((acc * multiplier + addend) / divisor) + zero_point, minimum, maximum)`, the
    quotient exact and rounded once. Multiplier, addend and divisor have one value, or one per
    output channel. A divisor that is a power of two is a shift on every device.
    """

    name = "dsconv.requant"

    multiplier_values: DenseArrayBase[I64]
    addend_values: DenseArrayBase[I64]
    divisor_values: DenseArrayBase[I64]
    rounding_name: StringAttr
    limits: DenseArrayBase[I64]

    @staticmethod
    def of(
        multipliers: Sequence[int],
        divisors: Sequence[int],
        *,
        addends: Sequence[int] = (0,),
        rounding: Rounding = Rounding.HALF_EVEN,
        zero_point: int = 0,
        clip: tuple[int, int],
    ) -> RequantAttr:
        """Builds a requantisation from plain integers."""
        return RequantAttr(
            i64_array(multipliers),
            i64_array(addends),
            i64_array(divisors),
            StringAttr(rounding.value),
            i64_array((zero_point, *clip)),
        )

    def with_factors(
        self, multipliers: Sequence[int], divisors: Sequence[int], addends: Sequence[int]
    ) -> RequantAttr:
        """The same with other factors, zero point and clip range as they are."""
        return RequantAttr(
            i64_array(multipliers),
            i64_array(addends),
            i64_array(divisors),
            self.rounding_name,
            self.limits,
        )

    def clipped(self, low: int, high: int) -> RequantAttr:
        """The same with its results between two more bounds."""
        limits = [min(max(bound, low), high) for bound in self.clip]
        return RequantAttr(
            self.multiplier_values,
            self.addend_values,
            self.divisor_values,
            self.rounding_name,
            i64_array([self.zero_point, *limits]),
        )

    @property
    def multipliers(self) -> tuple[int, ...]:
        """One value, or one per output channel."""
        return self.multiplier_values.get_values()

    @property
    def addends(self) -> tuple[int, ...]:
        """One value, or one per output channel."""
        return self.addend_values.get_values()

    @property
    def divisors(self) -> tuple[int, ...]:
        """One value, or one per output channel; all positive."""
        return self.divisor_values.get_values()

    @property
    def rounding(self) -> Rounding:
        """How the quotient is rounded."""
        return Rounding(self.rounding_name.data)

    @property
    def zero_point(self) -> int:
        """Added after rounding, before clipping."""
        return self.limits.get_values()[0]

    @property
    def clip(self) -> tuple[int, int]:
        """Smallest and largest result."""
        _, low, high = self.limits.get_values()
        return low, high

    @property
    def channels(self) -> int:
        """1 where every channel has the same function."""
        return max(len(self.multipliers), len(self.addends), len(self.divisors))

    @property
    def only_clips(self) -> bool:
        """Whether values within the clip range stay as they are."""
        factors = (self.multipliers, self.divisors, self.addends, self.zero_point)
        return factors == ((1,), (1,), (0,), 0)

    def verify(self) -> None:
        if len(self.limits) != 3:
            raise VerifyException("a clip range has a smallest and a largest result")
        lengths = {len(self.multipliers), len(self.addends), len(self.divisors)} - {1}
        if len(lengths) > 1 or 0 in lengths:
            raise VerifyException(
                "multiplier, addend and divisor of a requantisation have one value or one per "
                f"channel, not {sorted(lengths)}"
            )
        if min(self.divisors) < 1:
            raise VerifyException(f"a divisor is positive, got {min(self.divisors)}")
        if max(map(abs, self.multipliers)) >= 2**31:
            raise VerifyException("a multiplier fits 32 bits with its sign")
        verify_rounding(self.rounding_name.data)
        if self.clip[0] > self.clip[1]:
            raise VerifyException(f"clip range is empty: {list(self.clip)}")
        powers = all(divisor.bit_count() == 1 for divisor in self.divisors)
        if self.rounding is Rounding.TWICE and not powers:
            raise VerifyException("a requantisation that rounds twice divides by a power of two")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string("multiplier = ")
            print_int_list(printer, self.multipliers)
            if self.addends != (0,):
                printer.print_string(", addend = ")
                print_int_list(printer, self.addends)
            if all(divisor.bit_count() == 1 for divisor in self.divisors):
                printer.print_string(", shift = ")
                print_int_list(printer, [divisor.bit_length() - 1 for divisor in self.divisors])
            else:
                printer.print_string(", divisor = ")
                print_int_list(printer, self.divisors)
            printer.print_string(f", {self.rounding.value}")
            if self.zero_point:
                printer.print_string(f", zero_point = {self.zero_point}")
            printer.print_string(", clip = ")
            print_int_list(printer, self.clip)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[DenseArrayBase[I64] | StringAttr]:
        entries = parse_entries(
            parser,
            "a requantisation",
            lists=["multiplier", "addend", "shift", "divisor", "clip"],
            numbers=["zero_point"],
            words=list(Rounding),
            needed=["multiplier", "clip"],
        )
        if ("shift" in entries) == ("divisor" in entries):
            parser.raise_error("a requantisation needs its divisor or its shift, one of them")
        shifts = entries.get("shift", [])
        if not all(0 <= shift <= 62 for shift in shifts):
            parser.raise_error(f"a shift is from 0 to 62, got {shifts}")
        roundings = [rounding for rounding in Rounding if rounding in entries]
        if len(roundings) > 1:
            parser.raise_error(f"a requantisation rounds one way, not {' and '.join(roundings)}")
        return [
            i64_array(entries["multiplier"]),
            i64_array(entries.get("addend", [0])),
            i64_array(entries.get("divisor", [1 << shift for shift in shifts])),
            StringAttr((roundings or [Rounding.HALF_EVEN])[0]),
            i64_array((*entries.get("zero_point", [0]), *entries["clip"])),
        ]


WORD_BITS = 32


def fit_bits(values: Sequence[int], bits: int) -> bool:
    """Whether all values are signed integers of so many bits."""
    limit = 1 << bits - 1
    return all(-limit <= value < limit for value in values)


@irdl_attr_definition
class NarrowRequantAttr(ParametrizedAttribute):
    """A requantisation in 32-bit arithmetic, proved equal to the exact one beside it.

    With `a` the accumulator, clipped to a signed integer of `bits` bits unless those are 0:
    `y = clip((a * high + (a * low >> low_shift) + addend) >> shift, minimum, maximum)`. Shifts are
    arithmetic, and nothing leaves 32 bits for any accumulator that the layer can make. `high` and
    `low` have one value, or one per output channel, of 16 bits with their sign; so has `addend`, of
    32 bits; the rest is shared. Without a `low`, `low_shift` is 0 and the second product drops out.
    Outputs are the same where `a * low` is off by up to `slack` either way.

    Where `low_shift` is 32 there is no `high`, and `low` has 32 bits: `a * low >> 32` is the upper
    word of a product of 64 bits, which is one instruction of its own (`mulh`). A channel whose
    scale is far below the others' may have an `extra_shift`, which is added to its `low_shift`.
    With a `high`, an `extra_shift` is added to `shift`, which is 0 where they differ: channels of
    any scales have a form then.
    """

    name = "dsconv.narrow_requant"

    high_values: DenseArrayBase[I64]
    low_values: DenseArrayBase[I64]
    extra_values: DenseArrayBase[I64]
    addend_values: DenseArrayBase[I64]
    shared: DenseArrayBase[I64]
    limits: DenseArrayBase[I64]

    @staticmethod
    def of(
        highs: Sequence[int],
        *,
        lows: Sequence[int] = (),
        extra_shifts: Sequence[int] = (),
        low_shift: int = 0,
        addends: Sequence[int],
        shift: int,
        bits: int = 0,
        slack: int = 0,
        clip: tuple[int, int],
    ) -> NarrowRequantAttr:
        """Builds a narrow requantisation from plain integers."""
        return NarrowRequantAttr(
            i64_array(highs),
            i64_array(lows or [0] * len(highs)),
            i64_array(extra_shifts or [0] * len(highs)),
            i64_array(addends),
            i64_array((bits, low_shift, shift, slack)),
            i64_array(clip),
        )

    def with_factors(
        self,
        highs: Sequence[int],
        lows: Sequence[int] = (),
        extra_shifts: Sequence[int] = (),
        addends: Sequence[int] = (),
    ) -> NarrowRequantAttr:
        """The same with other factors a channel, what channels share and clip range as they are.

        Addends stay where none are given.
        """
        none = [0] * len(highs)
        return NarrowRequantAttr(
            i64_array(highs),
            i64_array(lows or none),
            i64_array(extra_shifts or none),
            i64_array(addends or self.addends),
            self.shared,
            self.limits,
        )

    @property
    def highs(self) -> tuple[int, ...]:
        """One value, or one per output channel."""
        return self.high_values.get_values()

    @property
    def lows(self) -> tuple[int, ...]:
        """As many values as `highs`."""
        return self.low_values.get_values()

    @property
    def extra_shifts(self) -> tuple[int, ...]:
        """As many values as `highs`."""
        return self.extra_values.get_values()

    @property
    def bits(self) -> int:
        """Width that accumulators are clipped to, 0 where they are not."""
        return self.shared.get_values()[0]

    @property
    def low_shift(self) -> int:
        """Binary places of `low`, 0 where there is none."""
        return self.shared.get_values()[1]

    @property
    def is_mulh(self) -> bool:
        """Whether its one product is the upper word of 64 bits."""
        return self.low_shift == WORD_BITS

    @property
    def addends(self) -> tuple[int, ...]:
        """Rounding and zero point: one value, or one per output channel."""
        return self.addend_values.get_values()

    @property
    def shift(self) -> int:
        """Binary places of the sum, less the channel's extra shift."""
        return self.shared.get_values()[2]

    @property
    def slack(self) -> int:
        """How much a kernel may leave behind in the low product."""
        return self.shared.get_values()[3]

    @property
    def clip(self) -> tuple[int, int]:
        """Smallest and largest result."""
        return cast(tuple[int, int], self.limits.get_values())

    @property
    def smallest_shift(self) -> int:
        """Binary places of the sum, of the channel that has the fewest."""
        return self.shift if self.is_mulh else self.shift + min(self.extra_shifts)

    @property
    def channels(self) -> int:
        """1 where every channel has the same function."""
        return max(len(self.highs), len(self.addends))

    def verify(self) -> None:
        if len(self.limits) != 2:
            raise VerifyException("a clip range has a smallest and a largest result")
        if not self.highs or len(self.highs) != len(self.lows):
            raise VerifyException(
                "high and low of a narrow requantisation have one value or one per channel, not "
                f"{len(self.highs)} and {len(self.lows)}"
            )
        if len(self.extra_shifts) != len(self.highs):
            raise VerifyException("there are as many values of extra_shift as of high")
        if any(self.extra_shifts) and not self.is_mulh and self.shift:
            raise VerifyException("an extra_shift goes with a low_shift of 32 or a shift of 0")
        if len(self.addends) not in (1, len(self.highs)):
            raise VerifyException("there is one addend, or as many as of high")
        if not all(0 <= shift < WORD_BITS for shift in self.extra_shifts):
            raise VerifyException("a shift of 32 bits is from 0 to 31")
        if self.is_mulh and (any(self.highs) or not fit_bits(self.lows, WORD_BITS)):
            raise VerifyException("with a low_shift of 32, low fits 32 bits and high is 0")
        if not self.is_mulh and not fit_bits(self.highs + self.lows, WORD_BITS // 2):
            raise VerifyException("high and low fit 16 bits with their sign")
        if any(self.lows) and not self.low_shift:
            raise VerifyException("a low needs its low_shift")
        if not 0 <= self.low_shift <= WORD_BITS or not 0 <= self.shift < WORD_BITS:
            raise VerifyException("a shift of 32 bits is from 0 to 31")
        if self.bits and not 2 <= self.bits <= 32:
            raise VerifyException(f"accumulators are clipped to 2 to 32 bits, not {self.bits}")
        if not fit_bits(self.addends, WORD_BITS):
            raise VerifyException("an addend fits 32 bits with its sign")
        if self.slack < 0:
            raise VerifyException(f"a slack is not negative, got {self.slack}")
        if self.clip[0] > self.clip[1]:
            raise VerifyException(f"clip range is empty: {list(self.clip)}")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            if self.bits:
                printer.print_string(f"bits = {self.bits}, ")
            printer.print_string("high = ")
            print_int_list(printer, self.highs)
            if any(self.lows):
                printer.print_string(", low = ")
                print_int_list(printer, self.lows)
            if self.low_shift:
                printer.print_string(f", low_shift = {self.low_shift}")
            if any(self.extra_shifts):
                printer.print_string(", extra_shift = ")
                print_int_list(printer, self.extra_shifts)
            if self.slack:
                printer.print_string(f", slack = {self.slack}")
            if len(self.addends) == 1:
                printer.print_string(f", addend = {self.addends[0]}")
            else:
                printer.print_string(", addends = ")
                print_int_list(printer, self.addends)
            printer.print_string(f", shift = {self.shift}, clip = ")
            print_int_list(printer, self.clip)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[DenseArrayBase[I64]]:
        numbers = {label: [0] for label in ("bits", "low_shift", "shift", "slack")}
        entries = numbers | parse_entries(
            parser,
            "a narrow requantisation",
            lists=["high", "low", "extra_shift", "addends", "clip"],
            numbers=["addend", *numbers],
            needed=["high", "shift", "clip"],
        )
        if ("addend" in entries) == ("addends" in entries):
            parser.raise_error("a narrow requantisation needs its addend, or its addends")
        return [
            i64_array(entries["high"]),
            i64_array(entries.get("low", [0] * len(entries["high"]))),
            i64_array(entries.get("extra_shift", [0] * len(entries["high"]))),
            i64_array(entries.get("addends") or entries["addend"]),
            i64_array([entries[label][0] for label in numbers]),
            i64_array(entries["clip"]),
        ]
