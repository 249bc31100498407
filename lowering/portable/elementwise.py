"""Layers that compute value by value, as loops."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from operator import mul

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerType, i32, i64
from xdsl.ir import SSAValue

from dsconv.dialects.graph import BIT_ROW
from dsconv.dialects.machine import LoadWordOp
from dsconv.dialects.records import WIDE_BYTES, SumStepsRecord, step_thresholds
from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.building import (
    Index,
    add,
    divide,
    index_value,
    integer,
    multiply,
    remainder,
)
from dsconv.lowering.portable.requantise import shared_divisor, wide_requantise
from dsconv.lowering.portable.tile_access import TileAccess
from dsconv.lowering.portable.writer import KernelWriter, Writers


class BinaryWriter(KernelWriter, abc.ABC):
    """A kernel on two tiles or more, value by value."""

    def operands(self, channel: Index, row: Index, column: Index) -> list[SSAValue]:
        """A value of every input; one channel, row or column belongs to all of a larger output."""
        return [tile.load(offset) for tile, offset in self.places(channel, row, column)]

    def places(
        self, channel: Index, row: Index, column: Index
    ) -> Iterator[tuple[TileAccess, Index]]:
        """Every input, and where its value lies."""
        for tile in self.inputs:
            yield (
                tile,
                tile.offset(
                    channel if tile.channels > 1 else 0,
                    row if tile.height > 1 else 0,
                    column if tile.width > 1 else 0,
                ),
            )


class AddWriter(BinaryWriter):
    """Weighted sum of two tiles."""

    def write(self, cores: int) -> None:
        with self.outputs(cores) as (channel, row, column):
            products = [
                arith.MuliOp(value, integer(multiplier)).result
                for value, multiplier in zip(
                    self.operands(channel, row, column), self.kernel.multiplier_values, strict=True
                )
            ]
            total = self._rounded_sum(products) if self.kernel.terms else self._sum(products)
            self.output.store(
                self.requantise(total, channel), self.output.offset(channel, row, column)
            )

    def _products_of_zero_points(self) -> list[int]:
        return list(map(mul, self.kernel.multiplier_values, self.kernel.zero_point_values))

    def _sum(self, products: Sequence[SSAValue]) -> SSAValue:
        """The sum of both products, their zero points taken off at once."""
        lhs, rhs = products
        total = arith.AddiOp(lhs, rhs).result
        return arith.AddiOp(total, integer(-sum(self._products_of_zero_points()))).result

    def _rounded_sum(self, products: Sequence[SSAValue]) -> SSAValue:
        """The sum of both products, each requantised before."""
        centres, terms = self._products_of_zero_points(), self.kernel.term_requants
        lhs, rhs = (
            wide_requantise(
                term,
                arith.AddiOp(product, integer(-centre)).result,
                integer(term.multipliers[0]),
                integer(term.addends[0], i64),
                shared_divisor(term),
            )
            for product, centre, term in zip(products, centres, terms, strict=True)
        )
        return arith.AddiOp(lhs, rhs).result


class MulWriter(BinaryWriter):
    """Product of two tiles."""

    def write(self, cores: int) -> None:
        with self.outputs(cores) as (channel, row, column):
            lhs, rhs = (
                arith.AddiOp(value, integer(-zero_point)).result
                for value, zero_point in zip(
                    self.operands(channel, row, column), self.kernel.zero_point_values, strict=True
                )
            )
            product = arith.MuliOp(lhs, rhs).result
            self.output.store(
                self.requantise(product, channel), self.output.offset(channel, row, column)
            )


class RescaleWriter(KernelWriter):
    """Requantises each value."""

    def write(self, cores: int) -> None:
        tile = self.inputs[0]
        (zero_point,) = self.kernel.zero_point_values
        with self.outputs(cores) as (channel, row, column):
            value = tile.load(tile.offset(channel, row, column))
            value = arith.AddiOp(value, integer(-zero_point)).result
            self.output.store(
                self.requantise(value, channel), self.output.offset(channel, row, column)
            )


class LookupWriter(KernelWriter):
    """The entry of each value in its channel's table."""

    def write(self, cores: int) -> None:
        tables = self.weights
        assert tables is not None, "a lookup has tables"
        tile = self.inputs[0]
        with self.outputs(cores) as (channel, row, column):
            table = 0 if self.kernel.shared_record is not None else self.record_offset(channel)
            entry = tile.load_byte(tile.offset(channel, row, column))
            value = memref.LoadOp.get(tables, [index_value(add(table, entry))]).res
            offset = index_value(self.output.offset(channel, row, column))
            memref.StoreOp.get(value, self.output.buffer, [offset])


class StepsWriter(KernelWriter):
    """The value of the step that each sum lies on."""

    def write(self, cores: int) -> None:
        tile, record, tables = self.inputs[0], self.kernel.record, self.weights
        assert record is not None, "steps have records"
        assert tables is not None, "steps have tables"
        thresholds = step_thresholds(record)
        with self.outputs(cores) as (channel, row, column):
            table = 0 if self.kernel.shared_record is not None else self.record_offset(channel)
            value = tile.load(tile.offset(channel, row, column))
            passed = steps_passed(tables, table, value, thresholds)
            entry = memref.LoadOp.get(tables, [index_value(add(table, passed, 4 * thresholds))]).res
            offset = index_value(self.output.offset(channel, row, column))
            memref.StoreOp.get(entry, self.output.buffer, [offset])


def steps_passed(tables: SSAValue, first: Index, value: SSAValue, thresholds: int) -> Index:
    """How many thresholds are at most a value, found by halving the steps that are left.

    They have the value's type and begin at a byte of the tables.
    """
    assert isinstance(value.type, IntegerType), "thresholds are words"
    size = value.type.width.data // 8
    passed: Index = 0
    half = (thresholds + 1) // 2
    while half:
        place = add(first, multiply(add(passed, half - 1), size))
        threshold = LoadWordOp(tables, index_value(place), value.type).result
        is_passed = arith.CmpiOp(value, threshold, "sge").result
        further = index_value(add(passed, half))
        passed = arith.SelectOp(is_passed, further, index_value(passed)).result
        passed.name_hint = "step"
        half //= 2
    return passed


class SumStepsWriter(BinaryWriter):
    """The value of the step that each weighted sum lies on."""

    def write(self, cores: int) -> None:
        record, tables = self.kernel.record, self.weights
        assert record is not None, "steps have records"
        assert tables is not None, "steps have tables"
        parts = SumStepsRecord.of(record, len(self.inputs), self.kernel.thresholds_count)
        with self.outputs(cores) as (channel, row, column):
            table = 0 if self.kernel.shared_record is not None else self.record_offset(channel)
            weights = multiply(channel, parts.row_bytes) if parts.rows > 1 else table
            operands = self.operands(channel, row, column)
            total = self._wide(tables, add(weights, WIDE_BYTES * len(operands)))
            for number, value in enumerate(operands):
                factor = self._wide(tables, add(weights, WIDE_BYTES * number))
                product = arith.MuliOp(arith.ExtSIOp(value, i64).result, factor).result
                total = arith.AddiOp(total, product).result
            total.name_hint = "sum"
            first = add(table, parts.first_threshold)
            passed = steps_passed(tables, first, total, parts.thresholds)
            place = index_value(add(table, passed, parts.first_value))
            entry = memref.LoadOp.get(tables, [place]).res
            offset = index_value(self.output.offset(channel, row, column))
            memref.StoreOp.get(entry, self.output.buffer, [offset])

    def _wide(self, tables: SSAValue, place: Index) -> SSAValue:
        return LoadWordOp(tables, index_value(place), i64).result


class PairLookupWriter(BinaryWriter):
    """The bit of each pair of values: that of the second, in the row of the first."""

    def write(self, cores: int) -> None:
        assert self.weights is not None, "a pair lookup has a table"
        with self.outputs(cores) as (channel, row, column):
            lhs, rhs = (
                tile.load_byte(offset) for tile, offset in self.places(channel, row, column)
            )
            place = add(multiply(lhs, BIT_ROW), divide(rhs, 8))
            byte = memref.LoadOp.get(self.weights, [index_value(place)]).res
            number = arith.IndexCastOp(index_value(remainder(rhs, 8)), i32).result
            shifted = arith.ShRSIOp(arith.ExtUIOp(byte, i32).result, number).result
            bit = arith.AndIOp(shifted, integer(1)).result
            self.output.store(bit, self.output.offset(channel, row, column))


WRITERS: Writers = {
    KernelKind.ADD: AddWriter,
    KernelKind.MUL: MulWriter,
    KernelKind.RESCALE: RescaleWriter,
    KernelKind.LOOKUP: LookupWriter,
    KernelKind.STEPS: StepsWriter,
    KernelKind.SUM_STEPS: SumStepsWriter,
    KernelKind.PAIR_LOOKUP: PairLookupWriter,
}
