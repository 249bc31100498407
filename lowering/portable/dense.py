"""Layers that sum over channels, as loops."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.machine import LoadWordOp, Sdot4Op
from dsconv.dialects.records import BIAS, WEIGHT_ZERO_POINT
from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.building import Accumulator, Index, add, index_value, integer, loop, multiply
from dsconv.lowering.portable.tile_access import load_signed_byte
from dsconv.lowering.portable.writer import KernelWriter, Writers, split_efficiency

ONES = 0x01010101
"""Four weights of 1: a dot product with them sums four bytes."""


class DenseWriter(KernelWriter):
    """Convolution, pointwise and fully connected: a dot product a pixel and channel."""

    def write(self, cores: int) -> None:
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


WRITERS: Writers = {KernelKind.CONV2D: DenseWriter}
