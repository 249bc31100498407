"""Channel records: the parameters of one output channel, packed into one piece.

A tile's channels are then one transfer. A record holds the channel's weights, then little-endian
fields: the bias with the input's zero point folded in, and whatever of the requantisation differs
from channel to channel. A narrow requantisation has `high` and right behind it `low`, both where
one of them differs; one of 32 bits is its `multiplier`, with its extra `shift` where it has one.
Its `narrow_addend` has 32 bits.
Every record of a layer has the same size, a multiple of 4 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ArrayAttr, IntAttr, StringAttr
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import (
    TWICE_DIVISOR,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
)

BIAS = "bias"
WEIGHT_ZERO_POINT = "weight_zero_point"
MULTIPLIER = "multiplier"
ADDEND = "addend"
SHIFT = "shift"
DIVISOR = "divisor"
HIGH = "high"
LOW = "low"
NARROW_ADDEND = "narrow_addend"

FIELD_BYTES = {
    BIAS: 4,
    WEIGHT_ZERO_POINT: 4,
    MULTIPLIER: 4,
    ADDEND: 8,
    SHIFT: 4,
    DIVISOR: 8,
    HIGH: 2,
    LOW: 2,
    NARROW_ADDEND: 4,
}


WIDE_BYTES = 8
"""Of 64 bits."""


def word_aligned(size: int) -> int:
    """`size` rounded up to whole 32-bit words."""
    return (size + 3) // 4 * 4


def depthwise_row_bytes(taps: int) -> int:
    """Bytes of a record from one row of a depthwise window to the next.

    Three taps, or three beyond whole words, are filled up with a 0, so that a word holds no more.
    """
    return taps + 1 if taps % 4 == 3 else taps


@irdl_attr_definition
class RecordAttr(ParametrizedAttribute):
    """Format of a channel record: bytes of weights, then the fields in their order."""

    name = "dsconv.record"

    weights: IntAttr
    field_names: ArrayAttr[StringAttr]

    @staticmethod
    def of(weights: int, fields: Sequence[str]) -> RecordAttr:
        """A record with `weights` bytes of weights and the named fields."""
        return RecordAttr(IntAttr(weights), ArrayAttr(StringAttr(field) for field in fields))

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights, without the padding behind them."""
        return self.weights.data

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields, in their order."""
        return tuple(field.data for field in self.field_names)

    @property
    def size(self) -> int:
        """Bytes from one record to the next."""
        return word_aligned(self.offset(None))

    def offset(self, field: str | None) -> int:
        """Byte offset of a field in its record; None means behind the last."""
        position = word_aligned(self.weight_bytes)
        for name in self.fields:
            if name == field:
                return position
            position += FIELD_BYTES[name]
        if field is not None:
            raise KeyError(field)
        return position

    def verify(self) -> None:
        if self.weight_bytes < 0:
            raise VerifyException(
                f"a record has 0 or more bytes of weights, not {self.weight_bytes}"
            )
        if unknown := set(self.fields) - set(FIELD_BYTES):
            raise VerifyException(f"a record has no field {sorted(unknown)[0]}")
        if len(set(self.fields)) != len(self.fields):
            raise VerifyException("a record has each field once")
        if LOW in self.fields and (HIGH, LOW) not in pairwise(self.fields):
            raise VerifyException("low lies right behind high in a record")

    def print_parameters(self, printer: Printer) -> None:
        fields = "".join(f", {field}" for field in self.fields)
        with printer.in_angle_brackets():
            printer.print_string(f"{self.weight_bytes}{fields}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[IntAttr | ArrayAttr[StringAttr]]:
        with parser.in_angle_brackets():
            weights = parser.parse_integer()
            fields: list[StringAttr] = []
            while parser.parse_optional_punctuation(",") is not None:
                fields.append(StringAttr(parser.parse_identifier()))
        return [IntAttr(weights), ArrayAttr(fields)]


def with_one_divisor(requant: RequantAttr) -> RequantAttr:
    """The same function with one divisor for all channels, where 32-bit multipliers allow it.

    Multiplier, addend and divisor of a channel are multiplied by the same power of two, which the
    first of two roundings would notice.
    """
    largest = max(requant.divisors)
    if requant.rounding is Rounding.TWICE or len(requant.divisors) == 1:
        return requant
    if any(largest % divisor for divisor in requant.divisors):
        return requant
    factors = [largest // divisor for divisor in requant.divisors]

    def scaled(values: tuple[int, ...]) -> list[int]:
        each = values * len(factors) if len(values) == 1 else values
        return [value * factor for value, factor in zip(each, factors, strict=True)]

    multipliers, addends = scaled(requant.multipliers), scaled(requant.addends)
    if max(map(abs, multipliers)) >= 2**31 or max(map(abs, addends)) >= 2**61:
        return requant
    return requant.with_factors(multipliers, (largest,), addends)


def varying_requant_fields(requant: RequantAttr) -> dict[str, Sequence[int]]:
    """Fields of a requantisation that differ from channel to channel, with their values."""
    fields: dict[str, Sequence[int]] = {}
    if len(set(requant.multipliers)) > 1:
        fields[MULTIPLIER] = requant.multipliers
    if len(set(requant.addends)) > 1:
        fields[ADDEND] = requant.addends
    if len(set(requant.divisors)) > 1:
        shifts = [divisor.bit_length() - 1 for divisor in requant.divisors]
        if all(
            divisor == 1 << shift for divisor, shift in zip(requant.divisors, shifts, strict=True)
        ):
            fields[SHIFT] = shifts
        else:
            fields[DIVISOR] = requant.divisors
    return fields


def varying_narrow_fields(narrow: NarrowRequantAttr) -> dict[str, Sequence[int]]:
    """Fields of a narrow requantisation that differ from channel to channel, with their values."""
    fields: dict[str, Sequence[int]] = {}
    if len(set(narrow.addends)) > 1:
        fields[NARROW_ADDEND] = narrow.addends
    if len(set(zip(narrow.highs, narrow.lows, narrow.extra_shifts, strict=True))) == 1:
        return fields
    if narrow.is_mulh:
        fields[MULTIPLIER] = narrow.lows
    if any(narrow.extra_shifts):
        fields[SHIFT] = narrow.extra_shifts
    if not narrow.is_mulh:
        fields[HIGH] = narrow.highs
        if narrow.low_shift:
            fields[LOW] = narrow.lows
    return fields


def rounds_in_words(requant: RequantAttr) -> bool:
    """Whether it rounds twice, with the multipliers and divisors of gemmlowp.

    Those have 31 bits, and quotients of sums from 2**29 on are 2**9 or more, which is beyond bytes.
    So of the product's upper word, and of what is clipped to 30 bits before, nothing is missed.
    """
    return (
        requant.rounding is Rounding.TWICE
        and all(abs(bound - requant.zero_point) < 2**9 for bound in requant.clip)
        and not any(requant.addends)
        and all(2**30 <= multiplier < 2**31 for multiplier in requant.multipliers)
        and all(TWICE_DIVISOR < divisor <= 2**50 for divisor in requant.divisors)
    )


def uniform_requant(requant: RequantAttr) -> RequantAttr:
    """The part of a requantisation that all channels share; 1, 0 and 1 stand in for the rest.

    Where all `rounds_in_words`, so does what stands in.
    """

    def uniform(values: Sequence[int], neutral: int) -> tuple[int]:
        return (values[0] if len(set(values)) == 1 else neutral,)

    multiplier, divisor = (2**30, 2 * TWICE_DIVISOR) if rounds_in_words(requant) else (1, 1)
    return requant.with_factors(
        uniform(requant.multipliers, multiplier),
        uniform(requant.divisors, divisor),
        uniform(requant.addends, 0),
    )


def uniform_narrow(narrow: NarrowRequantAttr) -> NarrowRequantAttr:
    """The part that all channels share; 0 stands in for what lies in their records."""
    fields = varying_narrow_fields(narrow)
    addends = (0,) if NARROW_ADDEND in fields else narrow.addends[:1]
    if HIGH in fields or MULTIPLIER in fields:
        return narrow.with_factors((0,), addends=addends)
    return narrow.with_factors(narrow.highs[:1], narrow.lows[:1], narrow.extra_shifts[:1], addends)


def pack_records(
    weights: npt.NDArray[np.int8], fields: Mapping[str, Sequence[int]]
) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """Packs (K, R) weights and (K,) fields; returns the format and (K, size) bytes."""
    channels, weight_bytes = weights.shape
    record = RecordAttr.of(weight_bytes, list(fields))
    packed = np.zeros((channels, record.size), np.uint8)
    packed[:, :weight_bytes] = weights.view(np.uint8)
    for name, values in fields.items():
        width = FIELD_BYTES[name]
        offset = record.offset(name)
        encoded = np.asarray(values, np.dtype(f"<i{width}")).reshape(channels, 1)
        packed[:, offset : offset + width] = encoded.view(np.uint8)
    return record, packed


def unpack_records(
    record: RecordAttr, packed: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int8], dict[str, npt.NDArray[np.int64]]]:
    """The inverse of `pack_records` on flat bytes."""
    rows = packed.reshape(-1, record.size)
    weights = np.ascontiguousarray(rows[:, : record.weight_bytes]).view(np.int8)
    fields: dict[str, npt.NDArray[np.int64]] = {}
    for name in record.fields:
        offset, width = record.offset(name), FIELD_BYTES[name]
        encoded = np.ascontiguousarray(rows[:, offset : offset + width])
        fields[name] = encoded.view(np.dtype(f"<i{width}"))[:, 0].astype(np.int64)
    return weights, fields


def steps_format(thresholds: int) -> RecordAttr:
    """Records of so many thresholds, 32 bits each, and one value more, a byte each."""
    return RecordAttr.of(5 * thresholds + 1, [])


def step_thresholds(record: RecordAttr) -> int:
    """How many thresholds a record of steps has."""
    return (record.weight_bytes - 1) // 5


def pack_steps(
    thresholds: npt.NDArray[np.int32], values: npt.NDArray[np.int8]
) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """Packs thresholds (K, T) and values (K, T + 1) behind them."""
    words = np.ascontiguousarray(thresholds, "<i4").view(np.int8)
    return pack_records(np.concatenate([words, values], axis=1), {})


def unpack_steps(
    record: RecordAttr, packed: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]:
    """The inverse of `pack_steps` on flat bytes."""
    both, _ = unpack_records(record, packed)
    split = 4 * step_thresholds(record)
    return np.ascontiguousarray(both[:, :split]).view("<i4"), both[:, split:]


@dataclass(frozen=True)
class SumStepsRecord:
    """What a record of weighted sums holds: rows of weights, thresholds, and one value more.

    A row has the factors of all inputs and what is added to their sum. Values are bytes, all else
    has 64 bits.
    """

    rows: int
    columns: int
    thresholds: int

    @staticmethod
    def of(record: RecordAttr, inputs: int, thresholds: int) -> SumStepsRecord:
        """That of a kernel with so many inputs."""
        rest = record.weight_bytes - WIDE_BYTES * thresholds - (thresholds + 1)
        return SumStepsRecord(rest // (WIDE_BYTES * (inputs + 1)), inputs + 1, thresholds)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of weights."""
        return WIDE_BYTES * self.columns

    @property
    def first_threshold(self) -> int:
        """Where thresholds begin."""
        return self.rows * self.row_bytes

    @property
    def first_value(self) -> int:
        """Where values begin."""
        return self.first_threshold + WIDE_BYTES * self.thresholds

    @property
    def format(self) -> RecordAttr:
        """The record."""
        return RecordAttr.of(self.first_value + self.thresholds + 1, [])


def pack_sum_steps(
    weights: npt.NDArray[np.int64],
    thresholds: npt.NDArray[np.int64],
    values: npt.NDArray[np.int8],
) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """Packs weights (R, N + 1), thresholds (1 or K, T) and values (1 or K, T + 1).

    One record holds all rows of weights, K records one each.
    """
    records = len(values)
    if records > 1:
        weights = np.broadcast_to(weights, (records, weights.shape[1]))
    parts = [weights.reshape(records, -1), thresholds]
    words = [np.ascontiguousarray(part, "<i8").view(np.int8) for part in parts]
    return pack_records(np.concatenate([*words, values], axis=1), {})


def unpack_sum_steps(
    record: RecordAttr, packed: npt.NDArray[np.uint8], inputs: int, thresholds: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """The inverse of `pack_sum_steps` on flat bytes."""
    parts = SumStepsRecord.of(record, inputs, thresholds)
    bytes_, _ = unpack_records(record, packed)
    words = np.ascontiguousarray(bytes_[:, : parts.first_value]).view("<i8").astype(np.int64)
    split = parts.rows * parts.columns
    weights = words[:, :split].reshape(-1, parts.columns)
    return weights, words[:, split:], bytes_[:, parts.first_value :]


def record_requant(
    uniform: RequantAttr, fields: Mapping[str, npt.NDArray[np.int64]]
) -> RequantAttr:
    """Puts the fields of records back into the requantisation that `uniform_requant` left."""

    def values(field: str, shared: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(cast(list[int], fields[field].tolist())) if field in fields else shared

    divisors = values(DIVISOR, uniform.divisors)
    if SHIFT in fields:
        divisors = tuple(1 << shift for shift in values(SHIFT, ()))
    multipliers = values(MULTIPLIER, uniform.multipliers)
    return uniform.with_factors(multipliers, divisors, values(ADDEND, uniform.addends))


def record_narrow(
    uniform: NarrowRequantAttr, fields: Mapping[str, npt.NDArray[np.int64]]
) -> NarrowRequantAttr:
    """Puts the fields of records back into what `uniform_narrow` left."""
    if not fields:
        return uniform
    count = len(next(iter(fields.values())))

    def values(field: str, shared: Sequence[int]) -> Sequence[int]:
        return cast(list[int], fields[field].tolist()) if field in fields else [*shared] * count

    low = MULTIPLIER if uniform.is_mulh else LOW
    addends = values(NARROW_ADDEND, ()) if NARROW_ADDEND in fields else uniform.addends
    return uniform.with_factors(
        values(HIGH, uniform.highs),
        values(low, uniform.lows),
        values(SHIFT, uniform.extra_shifts),
        addends,
    )
