"""Lowers each kernel to loops for exactly its shape, split over the cores of the cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from operator import mul
from typing import cast

from xdsl.builder import ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    TensorType,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)
from xdsl.rewriter import Rewriter

from dsconv.dialects.attributes import Layout, LayoutAttr, NarrowRequantAttr, RequantAttr
from dsconv.dialects.graph import element_bytes, ui8
from dsconv.dialects.machine import CoreIdOp, CoresOp, LoadWordOp, RequantiseOp, Sdot4Op
from dsconv.dialects.records import (
    ADDEND,
    BIAS,
    DIVISOR,
    HIGH,
    MULTIPLIER,
    SHIFT,
    WEIGHT_ZERO_POINT,
    depthwise_row_bytes,
)
from dsconv.dialects.tiled import KernelOp, RunOp, ViewOp
from dsconv.lowering.building import (
    Accumulator,
    Index,
    add,
    divide,
    index_value,
    integer,
    loop,
    multiply,
    remainder,
)

ONES = 0x01010101
"""Four weights of 1: a dot product with them sums four bytes."""


class TileAccess:
    """Bytes of one activation tile in L1."""

    def __init__(self, buffer: SSAValue, type_: TensorType, pitch: int | None = None):
        _, self.channels, self.height, self.width = type_.get_shape()
        assert isinstance(type_.encoding, LayoutAttr), "tiles have a layout"
        self.layout = type_.encoding.data
        self.buffer = buffer
        self.unsigned = type_.element_type == ui8
        self.element_bytes = element_bytes(type_)
        dense = self.height if self.layout is Layout.CHW else self.channels
        self.pitch = dense if pitch is None else pitch

    @property
    def strides(self) -> tuple[int, int, int]:
        """Elements from channel to channel, row to row and column to column."""
        if self.layout is Layout.CHW:
            return self.pitch * self.width, self.width, 1
        return 1, self.width * self.pitch, self.pitch

    @property
    def pad_offset(self) -> int:
        """Offset of the pad pixel, right behind the tile."""
        return self.channels * self.height * self.width

    def offset(self, channel: Index, row: Index, column: Index) -> Index:
        """Offset of one value."""
        channel_stride, row_stride, column_stride = self.strides
        element = add(
            multiply(row, row_stride),
            multiply(column, column_stride),
            multiply(channel, channel_stride),
        )
        return multiply(element, self.element_bytes)

    def load(self, offset: Index) -> SSAValue:
        """One value, widened to i32."""
        byte = memref.LoadOp.get(self.buffer, [index_value(offset)]).res
        extend = arith.ExtUIOp if self.unsigned else arith.ExtSIOp
        return extend(byte, i32).result

    def load_byte(self, offset: Index) -> SSAValue:
        """The bits of one value, as an index."""
        byte = memref.LoadOp.get(self.buffer, [index_value(offset)]).res
        return arith.IndexCastOp(arith.ExtUIOp(byte, i32).result, IndexType()).result

    def load_word(self, offset: Index) -> SSAValue:
        """Four values."""
        return LoadWordOp(self.buffer, index_value(offset)).result

    def store(self, value: SSAValue, offset: Index) -> None:
        """Stores an i32, or its low byte, in the bytes of an element."""
        for number in range(self.element_bytes):
            rest = arith.ShRSIOp(value, integer(8 * number)).result if number else value
            byte = arith.TruncIOp(rest, i8).result
            memref.StoreOp.get(byte, self.buffer, [index_value(add(offset, number))])


def load_signed_byte(buffer: SSAValue, offset: Index) -> SSAValue:
    """One weight, widened to i32."""
    return arith.ExtSIOp(memref.LoadOp.get(buffer, [index_value(offset)]).res, i32).result


def clipped(value: SSAValue, low: int, high: int) -> SSAValue:
    """An i32 moved into [low, high]."""
    if low > -(2**31):
        value = arith.MaxSIOp(value, integer(low)).result
    if high < 2**31 - 1:
        value = arith.MinSIOp(value, integer(high)).result
    return value


def upper_word(value: SSAValue, factor: SSAValue) -> SSAValue:
    """The upper half of the 64 bits that two i32 multiply to."""
    product = arith.MuliOp(arith.ExtSIOp(value, i64).result, arith.ExtSIOp(factor, i64).result)
    return arith.TruncIOp(arith.ShRSIOp(product.result, integer(32, i64)).result, i32).result


def taps_inside(
    start: Index, taps: int, dilation: int, size: int, before: int, after: int
) -> SSAValue:
    """How many taps of a window that begins at `start` lie within a map and its counted pads."""
    count = Accumulator(integer(0), "count")
    with count.loop(taps, "tap") as tap:
        place = index_value(add(start, multiply(tap, dilation), before))
        inside = arith.CmpiOp(place, index_value(before + size + after), "ult").result
        one = arith.SelectOp(inside, integer(1), integer(0)).result
        count.value = arith.AddiOp(count.value, one).result
    return count.value


def wide_requantise(
    requant: RequantAttr,
    accumulator: SSAValue,
    multiplier: SSAValue,
    addend: SSAValue,
    divisor: SSAValue,
) -> SSAValue:
    """The output value of an accumulator in 64 bits."""
    return RequantiseOp(
        accumulator,
        multiplier,
        addend,
        divisor,
        rounding=requant.rounding,
        zero_point=requant.zero_point,
        clip=requant.clip,
    ).result


def shared_divisor(requant: RequantAttr) -> SSAValue:
    """The divisor of a requantisation that all channels share; the shift where there is one."""
    (divisor,) = requant.divisors
    if divisor.bit_count() == 1:
        return integer(divisor.bit_length() - 1)
    return integer(divisor, i64)


class KernelWriter:
    """Writes the body of one kernel's function."""

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
            pad = add(channel, tile.pad_offset)
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
        else:
            total = self._narrow_product(value, channel, narrow)
        total = arith.AddiOp(total, integer(narrow.addend)).result
        return clipped(arith.ShRSIOp(total, integer(narrow.shift)).result, *narrow.clip)

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

    # Kernels

    def conv2d(self, cores: int) -> None:
        """Convolution, pointwise and fully connected: a dot product a pixel and channel."""
        groups, channels = self.kernel.groups, self.output.channels
        pixels = self.output.height * self.output.width
        parts = channels if groups == 1 else groups
        if split_efficiency(pixels, cores) >= split_efficiency(parts, cores):
            with self.pixels(self.output) as (row, column), loop(0, groups, "g") as group:
                self._group(group, row, column, loop(0, channels // groups, "k"))
            return
        with loop(0, self.output.height, "oy") as row, loop(0, self.output.width, "ox") as column:
            if groups == 1:
                self._group(0, row, column, self.share_of(channels, "k"))
                return
            with self.share_of(groups, "g") as group:
                self._group(group, row, column, loop(0, channels // groups, "k"))

    def _group(
        self,
        group: Index,
        row: Index,
        column: Index,
        loop_of_channels: AbstractContextManager[Index],
    ) -> None:
        """The output channels of one group at a pixel."""
        groups = self.kernel.groups
        first_input = multiply(group, self.inputs[0].channels // groups)
        input_sum = self._input_sum(first_input, row, column)
        with loop_of_channels as number:
            channel = add(multiply(group, self.output.channels // groups), number)
            self._conv2d_output(channel, first_input, row, column, input_sum)

    def _input_sum(self, first_input: Index, row: Index, column: Index) -> SSAValue | None:
        """Sum of all inputs under a pixel's window, where weights have zero points."""
        record = self.kernel.record
        if record is None or WEIGHT_ZERO_POINT not in record.fields:
            return None
        total = Accumulator(integer(0), "sum")
        self._dot(
            total,
            first_input,
            row,
            column,
            word=lambda _: integer(ONES),
            byte=lambda _: integer(1),
        )
        return total.value

    def _conv2d_output(
        self,
        channel: Index,
        first_input: Index,
        row: Index,
        column: Index,
        input_sum: SSAValue | None,
    ) -> None:
        weights = self.weights
        assert weights is not None, "a convolution has weights"
        base = self.record_offset(channel)
        initial = self.required_field(channel, BIAS)
        if input_sum is not None:
            zero_point = self.required_field(channel, WEIGHT_ZERO_POINT)
            initial = arith.SubiOp(initial, arith.MuliOp(zero_point, input_sum).result).result
        accumulator = Accumulator(initial)
        self._dot(
            accumulator,
            first_input,
            row,
            column,
            word=lambda at: LoadWordOp(weights, index_value(add(base, at))).result,
            byte=lambda at: load_signed_byte(weights, add(base, at)),
        )
        value = self.requantise(accumulator.value, channel)
        self.output.store(value, self.output.offset(channel, row, column))

    def _dot(
        self,
        accumulator: Accumulator,
        first_input: Index,
        row: Index,
        column: Index,
        *,
        word: Callable[[Index], SSAValue],
        byte: Callable[[Index], SSAValue],
    ) -> None:
        """Adds the products of all taps and channels of a group, the first of which is given.

        Weights are asked for by their offset.
        """
        if self.inputs[0].layout is Layout.HWC:
            self._dot_hwc(accumulator, first_input, row, column, word, byte)
        else:
            self._dot_chw(accumulator, first_input, row, column, byte)

    def _dot_hwc(
        self,
        accumulator: Accumulator,
        first_input: Index,
        row: Index,
        column: Index,
        word: Callable[[Index], SSAValue],
        byte: Callable[[Index], SSAValue],
    ) -> None:
        tile = self.inputs[0]
        channels = tile.channels // self.kernel.groups
        whole = channels // 4 * 4
        with self.taps(accumulator, first_input, row, column) as (tap, offset):
            first = multiply(tap, channels)
            if whole:
                with accumulator.loop(whole, "c", step=4) as channel:
                    accumulator.value = Sdot4Op(
                        accumulator.value,
                        tile.load_word(add(offset, channel)),
                        word(add(first, channel)),
                        unsigned=tile.unsigned,
                    ).result
            for channel in range(whole, channels):
                product = arith.MuliOp(
                    tile.load(add(offset, channel)), byte(add(first, channel))
                ).result
                accumulator.value = arith.AddiOp(accumulator.value, product).result

    def _dot_chw(
        self,
        accumulator: Accumulator,
        first_input: Index,
        row: Index,
        column: Index,
        byte: Callable[[Index], SSAValue],
    ) -> None:
        tile = self.inputs[0]
        fy, fx = self.kernel.window.kernel
        with accumulator.loop(tile.channels // self.kernel.groups, "c") as channel:
            first = multiply(channel, fy * fx)
            taps = self.taps(accumulator, add(first_input, channel), row, column)
            with taps as (tap, offset):
                product = arith.MuliOp(tile.load(offset), byte(add(first, tap))).result
                accumulator.value = arith.AddiOp(accumulator.value, product).result

    def depthwise(self, cores: int) -> None:
        """Depthwise convolution: a window of one channel an output."""
        weights = self.weights
        assert weights is not None, "a convolution has weights"
        tile = self.inputs[0]
        row_bytes = depthwise_row_bytes(self.kernel.window.kernel[1])
        with self.outputs(cores) as (channel, row, column):
            base = self.record_offset(channel)
            accumulator = Accumulator(self.required_field(channel, BIAS))
            zero_point = self.field(channel, WEIGHT_ZERO_POINT)
            with self.taps(accumulator, channel, row, column, row_bytes) as (tap, offset):
                weight = load_signed_byte(weights, add(base, tap))
                if zero_point is not None:
                    weight = arith.SubiOp(weight, zero_point).result
                product = arith.MuliOp(tile.load(offset), weight).result
                accumulator.value = arith.AddiOp(accumulator.value, product).result
            value = self.requantise(accumulator.value, channel)
            self.output.store(value, self.output.offset(channel, row, column))

    def avg_pool(self, cores: int) -> None:
        """Sum over the window, its zero points taken off at once."""
        fy, fx = self.kernel.window.kernel
        start = -fy * fx * self.kernel.zero_point_values[0]
        with self.outputs(cores) as (channel, row, column):
            accumulator = Accumulator(integer(start))
            with self.taps(accumulator, channel, row, column) as (_, offset):
                value = self.inputs[0].load(offset)
                accumulator.value = arith.AddiOp(accumulator.value, value).result
            value = self._averaged(accumulator.value, channel, row, column)
            self.output.store(value, self.output.offset(channel, row, column))

    def _averaged(self, total: SSAValue, channel: Index, row: Index, column: Index) -> SSAValue:
        """The output of a window's sum; its divisor may depend on how many pixels count."""
        if self.kernel.counted_pads is None:
            return self.requantise(total, channel)
        requant = self.kernel.requant
        assert requant is not None, "averages of varying divisors have no narrow form"
        top, left, bottom, right = self.kernel.counted_pads.get_values()
        (fy, fx), (dy, dx) = self.kernel.window.kernel, self.kernel.window.dilations
        tile = self.inputs[0]
        rows = taps_inside(self.window_row(row), fy, dy, tile.height, top, bottom)
        columns = taps_inside(self.window_column(column), fx, dx, tile.width, left, right)
        pixels = arith.ExtSIOp(arith.MuliOp(rows, columns).result, i64).result
        divisor = arith.MuliOp(pixels, integer(requant.divisors[0], i64)).result
        return wide_requantise(
            requant,
            total,
            integer(requant.multipliers[0]),
            integer(requant.addends[0], i64),
            divisor,
        )

    def max_pool(self, cores: int) -> None:
        """Maximum over the window; the pad pixel holds the smallest value."""
        lowest = 0 if self.inputs[0].unsigned else -128
        with self.outputs(cores) as (channel, row, column):
            accumulator = Accumulator(integer(lowest), "largest")
            with self.taps(accumulator, channel, row, column) as (_, offset):
                value = self.inputs[0].load(offset)
                accumulator.value = arith.MaxSIOp(accumulator.value, value).result
            self.output.store(accumulator.value, self.output.offset(channel, row, column))

    def operands(self, channel: Index, row: Index, column: Index) -> list[SSAValue]:
        """A value of every input; one channel, row or column belongs to all of a larger output."""
        return [
            tile.load(
                tile.offset(
                    channel if tile.channels > 1 else 0,
                    row if tile.height > 1 else 0,
                    column if tile.width > 1 else 0,
                )
            )
            for tile in self.inputs
        ]

    def add(self, cores: int) -> None:
        """Weighted sum of two tiles."""
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

    def mul(self, cores: int) -> None:
        """Product of two tiles."""
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

    def concat(self, cores: int) -> None:
        """One tile after the other, along channels, rows or columns."""
        axis, first = self.kernel.axis.value.data - 1, [0, 0, 0]
        for tile in self.inputs:
            with self.pixels(tile) as (row, column), loop(0, tile.channels, "k") as channel:
                place = (channel, row, column)
                value = tile.load(tile.offset(*place))
                self.output.store(value, self.output.offset(*map(add, place, first)))
            first[axis] += (tile.channels, tile.height, tile.width)[axis]

    def shuffle(self, cores: int) -> None:
        """Channels of every group in turns."""
        tile, groups = self.inputs[0], self.kernel.shuffled_groups.value.data
        size = tile.channels // groups
        with (
            self.pixels(tile) as (row, column),
            loop(0, size, "n") as number,
            loop(0, groups, "g") as group,
        ):
            value = tile.load(tile.offset(add(multiply(group, size), number), row, column))
            channel = add(multiply(number, groups), group)
            self.output.store(value, self.output.offset(channel, row, column))

    def resize(self, cores: int) -> None:
        """The value that each output repeats."""
        tile, (fy, fx) = self.inputs[0], self.kernel.factors.get_values()
        with self.outputs(cores) as (channel, row, column):
            y, x = divide(add(row, self.row), fy), divide(add(column, self.column), fx)
            value = tile.load(tile.offset(channel, y, x))
            self.output.store(value, self.output.offset(channel, row, column))

    def lookup(self, cores: int) -> None:
        """The entry of each value in its channel's table."""
        tables = self.weights
        assert tables is not None, "a lookup has tables"
        tile = self.inputs[0]
        with self.outputs(cores) as (channel, row, column):
            table = 0 if self.kernel.shared_record is not None else self.record_offset(channel)
            entry = tile.load_byte(tile.offset(channel, row, column))
            value = memref.LoadOp.get(tables, [index_value(add(table, entry))]).res
            offset = index_value(self.output.offset(channel, row, column))
            memref.StoreOp.get(value, self.output.buffer, [offset])

    def rescale(self, cores: int) -> None:
        """Requantises each value."""
        tile = self.inputs[0]
        (zero_point,) = self.kernel.zero_point_values
        with self.outputs(cores) as (channel, row, column):
            value = tile.load(tile.offset(channel, row, column))
            value = arith.AddiOp(value, integer(-zero_point)).result
            self.output.store(
                self.requantise(value, channel), self.output.offset(channel, row, column)
            )


def split_efficiency(items: int, cores: int) -> float:
    """Share of the cores' time that is used when `items` are split over them."""
    return items / (-(-items // cores) * cores)


def argument_types(runs: Sequence[RunOp]) -> list[MemRefType]:
    """Types of a kernel's buffers: as small as the smallest that it runs on."""
    operands = zip(*(run.buffers for run in runs), strict=True)
    return [
        min(
            (cast(MemRefType, buffer.type) for buffer in buffers), key=lambda type: type.get_shape()
        )
        for buffers in operands
    ]


def kernel_function(kernel: KernelOp, buffers: Sequence[MemRefType], cores: int) -> FuncOp:
    """The function of a kernel: buffers, then the row and column where its window begins."""
    types = [*buffers, IndexType(), IndexType()]
    function = FuncOp(kernel.sym_name.data, (types, []), visibility="private")
    writer = KernelWriter(kernel, function)
    write = {
        "conv2d": writer.conv2d,
        "depthwise": writer.depthwise,
        "avg_pool": writer.avg_pool,
        "max_pool": writer.max_pool,
        "add": writer.add,
        "mul": writer.mul,
        "rescale": writer.rescale,
        "lookup": writer.lookup,
        "concat": writer.concat,
        "resize": writer.resize,
        "shuffle": writer.shuffle,
    }
    with ImplicitBuilder(function.body):
        write[kernel.kind.data](cores)
        ReturnOp()
    return function


@dataclass(frozen=True)
class RunToCall(RewritePattern):
    """A run of a kernel becomes a call of its function, with as much of a buffer as that takes."""

    types: Mapping[str, Sequence[MemRefType]]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: RunOp, rewriter: PatternRewriter) -> None:
        arguments: list[SSAValue] = []
        for buffer, type_ in zip(op.buffers, self.types[op.kernel.string_value()], strict=True):
            if buffer.type != type_:
                zero = arith.ConstantOp(IntegerAttr(0, IndexType()))
                part = ViewOp(buffer, zero.result, type_.get_shape()[0])
                rewriter.insert([zero, part])
                buffer = part.result
            arguments.append(buffer)
        rewriter.replace(op, CallOp(op.kernel, [*arguments, op.row, op.column], []))


@dataclass(frozen=True)
class LowerKernelsPass(ModulePass):
    """Lowers `dsconv.kernel` to functions of loops. `cores` is what work is balanced for."""

    name = "lower-kernels"

    cores: int = 8

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        runs: dict[str, list[RunOp]] = {}
        for run in op.walk():
            if isinstance(run, RunOp):
                runs.setdefault(run.kernel.string_value(), []).append(run)
        types = {name: argument_types(users) for name, users in runs.items()}
        for kernel in list(op.body.block.ops):
            if not isinstance(kernel, KernelOp):
                continue
            if kernel.sym_name.data in types:
                function = kernel_function(kernel, types[kernel.sym_name.data], self.cores)
                op.body.block.insert_ops_before([function], kernel)
            Rewriter.erase_op(kernel)
        PatternRewriteWalker(RunToCall(types), apply_recursively=False).rewrite_module(op)
