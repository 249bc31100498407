"""Writes a kernel as loops for exactly its shape, split over the cores of the cluster."""

from __future__ import annotations

import abc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerType, i16, i32, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, NarrowRequantAttr, RequantAttr
from dsconv.dialects.machine import CoreIdOp, CoresOp, LoadWordOp
from dsconv.dialects.records import ADDEND, DIVISOR, HIGH, MULTIPLIER, NARROW_ADDEND, SHIFT
from dsconv.dialects.tiled import KernelKind, KernelOp
from dsconv.lowering.building import (
    Accumulator,
    Index,
    add,
    index_value,
    integer,
    loop,
    multiply,
    remainder,
)
from dsconv.lowering.portable.requantise import clipped, shared_divisor, upper_word, wide_requantise
from dsconv.lowering.portable.tile_access import TileAccess


def split_efficiency(items: int, cores: int) -> float:
    """Share of the cores' time that is used when `items` are split over them."""
    return items / (-(-items // cores) * cores)


class KernelWriter(abc.ABC):
    """Writes the body of one kernel's function: what all kinds have in common."""

    def __init__(self, kernel: KernelOp, function: FuncOp):
        self.kernel = kernel
        *inputs, self.row, self.column = function.body.block.args
        self.weights = inputs[-2] if kernel.record is not None else None
        self.inputs = [
            TileAccess(buffer, type_) for buffer, type_ in zip(inputs, kernel.inputs, strict=False)
        ]
        self.output = TileAccess(inputs[-1], kernel.output, kernel.pitch)
        for name, value in zip(("row", "column"), (self.row, self.column), strict=True):
            value.name_hint = name
        for number, tile in enumerate(self.inputs):
            tile.buffer.name_hint = "x" if len(self.inputs) == 1 else f"x{number}"
        self.output.buffer.name_hint = "y"
        if self.weights is not None:
            self.weights.name_hint = "w"

    @abc.abstractmethod
    def write(self, cores: int) -> None:
        """Writes the kernel's loops, with work balanced for so many cores."""

    # Work split

    @contextmanager
    def share_of(self, size: int, name: str) -> Generator[Index]:
        """A loop over this core's share of `size` items."""
        core, cores = CoreIdOp().result, CoresOp().result
        first = arith.DivSIOp(arith.MuliOp(core, index_value(size)).result, cores).result
        next_core = add(core, 1)
        assert isinstance(next_core, SSAValue)
        end = arith.DivSIOp(arith.MuliOp(next_core, index_value(size)).result, cores).result
        first.name_hint, end.name_hint = f"{name}_first", f"{name}_end"
        with loop(first, end, name) as item:
            yield item

    @contextmanager
    def pixels(self, tile: TileAccess) -> Generator[tuple[Index, Index]]:
        """This core's share of the pixels of a tile, as row and column."""
        width = tile.width
        with self.share_of(tile.height * width, "pixel") as pixel:
            if width == 1:
                yield pixel, 0
                return
            pixel = index_value(pixel)
            row = arith.DivSIOp(pixel, index_value(width)).result
            column = arith.RemSIOp(pixel, index_value(width)).result
            row.name_hint, column.name_hint = "oy", "ox"
            yield row, column

    @contextmanager
    def outputs(self, cores: int) -> Generator[tuple[Index, Index, Index]]:
        """This core's share of the outputs as channel, row, column: channels or pixels split."""
        pixels = self.output.height * self.output.width
        if split_efficiency(self.output.channels, cores) >= split_efficiency(pixels, cores):
            with (
                self.share_of(self.output.channels, "k") as channel,
                loop(0, self.output.height, "oy") as row,
                loop(0, self.output.width, "ox") as column,
            ):
                yield channel, row, column
        else:
            channels = loop(0, self.output.channels, "k")
            with self.pixels(self.output) as (row, column), channels as channel:
                yield channel, row, column

    # Window

    def window_row(self, row: Index) -> Index:
        """Row of the input tile where an output's window begins."""
        return add(multiply(row, self.kernel.window.strides[0]), self.row)

    def tile_row(self, row: Index) -> Index:
        """Row of the tile: in a ring, those behind the last are the first again."""
        if self.kernel.circular is None:
            return row
        return remainder(row, self.inputs[0].height)

    def window_column(self, column: Index) -> Index:
        """Column of the input tile where an output's window begins."""
        return add(multiply(column, self.kernel.window.strides[1]), self.column)

    def tap_offset(self, channel: Index, y: Index, x: Index) -> Index:
        """Offset of an input value, or of the pad pixel where the tap lies outside the map."""
        tile = self.inputs[0]
        offset = tile.offset(channel, y, x)
        if not any(self.kernel.window.pads):
            return offset
        pad: Index = tile.pad_offset
        if tile.layout is Layout.HWC:
            pad = add(multiply(channel, tile.element_bytes), tile.pad_offset)
        inside_y = arith.CmpiOp(index_value(y), index_value(tile.height), "ult").result
        inside_x = arith.CmpiOp(index_value(x), index_value(tile.width), "ult").result
        inside = arith.AndIOp(inside_y, inside_x).result
        chosen = arith.SelectOp(inside, index_value(offset), index_value(pad)).result
        chosen.name_hint = "tap"
        return chosen

    @contextmanager
    def taps(
        self,
        accumulator: Accumulator,
        channel: Index,
        row: Index,
        column: Index,
        row_bytes: int | None = None,
    ) -> Generator[tuple[Index, Index]]:
        """Loops over the window: yields the tap's number and the offset of its input.

        Rows of taps are `row_bytes` apart where they are not dense.
        """
        (fy, fx), (dy, dx) = self.kernel.window.kernel, self.kernel.window.dilations
        with accumulator.loop(fy, "fy") as tap_row:
            y = self.tile_row(add(self.window_row(row), multiply(tap_row, dy)))
            with accumulator.loop(fx, "fx") as tap_column:
                x = add(self.window_column(column), multiply(tap_column, dx))
                tap = add(multiply(tap_row, row_bytes or fx), tap_column)
                yield tap, self.tap_offset(channel, y, x)

    # Records and requantisation

    def record_offset(self, channel: Index) -> Index:
        """Offset of a channel's record in the weights' tile."""
        assert self.kernel.record is not None
        return multiply(channel, self.kernel.record.size)

    def field(self, channel: Index, name: str, type_: IntegerType = i32) -> SSAValue | None:
        """A field of a channel's record, None where all channels share the value."""
        record = self.kernel.record
        if record is None or self.weights is None or name not in record.fields:
            return None
        offset = add(self.record_offset(channel), record.offset(name))
        value = LoadWordOp(self.weights, index_value(offset), type_).result
        value.name_hint = name
        return value

    def required_field(self, channel: Index, name: str) -> SSAValue:
        """A field that every record of this kernel has."""
        value = self.field(channel, name)
        assert value is not None, name
        return value

    def requantise(self, accumulator: SSAValue, channel: Index) -> SSAValue:
        """The output value of an accumulator."""
        if self.kernel.narrow is not None:
            return self._narrow(accumulator, channel, self.kernel.narrow)
        requant = self.kernel.requant
        assert requant is not None, "only a max pool has no requantisation"
        if requant.only_clips and self.kernel.output.element_type == i32:
            return clipped(accumulator, *requant.clip)
        multiplier = self.field(channel, MULTIPLIER) or integer(requant.multipliers[0])
        addend = self.field(channel, ADDEND, i64) or integer(requant.addends[0], i64)
        divisor = self._divisor(channel, requant)
        return wide_requantise(requant, accumulator, multiplier, addend, divisor)

    def _narrow(self, accumulator: SSAValue, channel: Index, narrow: NarrowRequantAttr) -> SSAValue:
        value = accumulator
        if narrow.bits:
            limit = 1 << (narrow.bits - 1)
            value = clipped(value, -limit, limit - 1)
        if narrow.is_mulh:
            multiplier = self.field(channel, MULTIPLIER) or integer(narrow.lows[0])
            total = upper_word(value, multiplier)
            extra_shift = self.field(channel, SHIFT)
            if extra_shift is not None:
                total = arith.ShRSIOp(total, extra_shift).result
            shift = None
        else:
            total = self._narrow_product(value, channel, narrow)
            shift = self.field(channel, SHIFT)
        addend = self.field(channel, NARROW_ADDEND) or integer(narrow.addends[0])
        shift = shift or integer(narrow.shift)
        total = arith.AddiOp(total, addend).result
        return clipped(arith.ShRSIOp(total, shift).result, *narrow.clip)

    def _narrow_product(
        self, value: SSAValue, channel: Index, narrow: NarrowRequantAttr
    ) -> SSAValue:
        high, low = self._narrow_multipliers(channel, narrow)
        total = arith.MuliOp(value, high).result
        if not narrow.low_shift:
            return total
        product = arith.MuliOp(value, low).result
        places = arith.ShRSIOp(product, integer(narrow.low_shift)).result
        return arith.AddiOp(total, places).result

    def _narrow_multipliers(
        self, channel: Index, narrow: NarrowRequantAttr
    ) -> tuple[SSAValue, SSAValue]:
        """`high` and `low`, which one word of a record holds where they differ by channel."""
        word = self.field(channel, HIGH)
        if word is None:
            return integer(narrow.highs[0]), integer(narrow.lows[0])
        word.name_hint = "multiplier"
        high = arith.ExtSIOp(arith.TruncIOp(word, i16).result, i32).result
        return high, arith.ShRSIOp(word, integer(16)).result

    def _divisor(self, channel: Index, requant: RequantAttr) -> SSAValue:
        varying = self.field(channel, SHIFT) or self.field(channel, DIVISOR, i64)
        if varying is not None:
            return varying
        return shared_divisor(requant)


Writers: TypeAlias = Mapping[KernelKind, type[KernelWriter]]
"""Writers by the kind of kernel that they write."""
