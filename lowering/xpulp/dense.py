"""Dense kernels: pointwise and fully connected, and convolutions whose windows are gathered.

Outputs are made in blocks of pixels x channels whose accumulators stay in registers. A word of
every pixel and of every channel of the block is loaded, and each pair goes through a dot product:
a 4x4 block takes 8 loads for 16 products of four values. Around that, each core loops over its
blocks of channels and, outside, of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from dsconv.dialects.records import BIAS, WEIGHT_ZERO_POINT
from dsconv.dialects.target import MOST_CORES
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.blocks import BlockSplit, DenseShape
from dsconv.lowering.xpulp.gather import Gather, division
from dsconv.lowering.xpulp.requantise import gives_accumulators, requantiser
from dsconv.lowering.xpulp.rows import InputRows, StridedRows
from dsconv.lowering.xpulp.stores import store_lines
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import LARGEST_IMMEDIATE, WORD

ONES = 0x01010101
"""Four weights of 1: a dot product with them sums four bytes."""
FIELDS_BYTES = 32
"""No fewer than the fields of a record."""
Accumulators = list[list[str]]
"""Registers by pixel and channel of a block."""


def dense_shape(kernel: KernelOp, gather: Gather | None) -> DenseShape:
    """Sizes of a dense kernel."""
    source, target = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
    assert kernel.record is not None, "a convolution has weights"
    output_bytes = WORD if gives_accumulators(kernel) else 1
    return DenseShape(
        pixels=target.pixels,
        channels=target.channels // kernel.groups,
        weights=kernel.record.weight_bytes,
        input_stride=source.pixel_stride if gather is None else gather.row_bytes,
        record_stride=kernel.record.size,
        output_pixel_stride=target.pixel_stride * output_bytes,
        output_channel_stride=target.channel_stride * output_bytes,
        output_bytes=output_bytes,
    )


def is_power_of_two(number: int) -> bool:
    """Whether division by a number is a shift."""
    return number.bit_count() == 1


class DenseWriter:
    """Writes a dense kernel for one split.

    `gather` brings a block's pixels to the stack. Without it they are read where they lie.
    """

    def __init__(
        self, kernel: KernelOp, shape: DenseShape, split: BlockSplit, gather: Gather | None
    ):
        assert kernel.record is not None, "a convolution has weights"
        self.asm = Assembly()
        self.kernel = kernel
        self.record = kernel.record
        self.shape = shape
        self.split = split
        self.gather = gather
        self.sdot = "pv.sdotusp.b" if L1Tile.of(kernel.inputs[0]).unsigned else "pv.sdotsp.b"

    def write(self) -> Assembly:
        """The whole function. Raises RegisterPressureError where the split takes too many."""
        asm, split = self.asm, self.split
        found = requantiser(asm, self.kernel)
        assert found is not None, "kernels without a requantisation in assembly are not written"
        self.requantise = found
        self._place()
        with self.requantise.constants():
            self._load_shared_fields()
            self._take_input_rows()
            self.w_rows = StridedRows(asm, split.channels, self.shape.record_stride, FIELDS_BYTES)
            self.y = asm.register()
            self.limits = asm.take(2) if split.exceeds_channels(self.shape) else []
            with asm.counted_on_stack(self.kernel.groups):
                self._group()
                if self.kernel.groups > 1:
                    self._next_group()
        return asm

    def _group(self) -> None:
        """A core's share of one group's outputs."""
        asm, split = self.asm, self.split
        with asm.software_loop(split.pixel_blocks // split.together):
            if self.gather is not None:
                self._gather(self.gather)
            with asm.counted_on_stack(split.together):
                self._begin_pixels()
                with self._channel_loop():
                    self._block()
                if split.together > 1:
                    self._next_gathered()
            self._next_pixels()

    def _take_input_rows(self) -> None:
        """Takes the registers that point to the block's pixels."""
        self.x_rows: InputRows = StridedRows(self.asm, self.split.pixels, self.shape.input_stride)

    def _channel_loop(self) -> AbstractContextManager[None]:
        """The loop over a core's blocks of channels."""
        return self.asm.loop(self.split.channel_blocks)

    # A core's share

    def _place(self) -> None:
        """Keeps on the stack where this core begins: its first pixel, weights and outputs."""
        asm, shape, split = self.asm, self.shape, self.split
        core, x, w, y, row, column = asm.arguments(6)
        self.slots = {name: asm.frame(WORD) for name in ("pixel", "x", "w", "y")}
        self._keep("x", x)
        if self.gather is not None:
            self.gather.begin(asm, x, row, column)
            self.scratch = asm.frame(self.gather.scratch_bytes(split.pixels_together))
            self.slots["gathered"] = asm.frame(WORD)
        with asm.registers(3) as (pixel, channel, offset):
            self._row_in_grid(pixel, core)
            self._first_pixels(pixel, offset)
            self._column_in_grid(channel, core)
            asm.multiply_constant(channel, channel, split.channel_blocks * split.channels)
            last = max(shape.channels - split.channel_blocks * split.channels, 0)
            self._limit(channel, offset, last)
            asm.multiply_constant(offset, channel, shape.record_stride)
            asm("add", w, w, offset)
            asm.multiply_constant(offset, channel, shape.output_channel_stride)
            asm("add", y, y, offset)
            self._keep("w", w)
            self._keep("y", y)
            self._keep_first_pixels(offset)
        asm.free(core, x, w, y, row, column)

    def _keep_first_pixels(self, spare: str) -> None:
        """Keeps a copy of where the first pixels lie, for the groups to come."""
        self.first_slots: dict[str, int] = {}
        if self.kernel.groups == 1:
            return
        for name in {"pixel", "turn", "dealt"} & self.slots.keys():
            self.first_slots[name] = self.asm.frame(WORD)
            self._recall(spare, name)
            self.asm("sw", spare, "sp", self.first_slots[name])

    def _next_group(self) -> None:
        """Goes on to the next group: its inputs, records and outputs, and the first pixels."""
        asm, shape, source = self.asm, self.shape, L1Tile.of(self.kernel.inputs[0])
        inputs = source.channels // self.kernel.groups * source.channel_stride
        steps = {
            "x": inputs,
            "w": shape.channels * shape.record_stride,
            "y": shape.channels * shape.output_channel_stride,
        }
        with asm.registers(1) as (place,):
            for name, step in steps.items():
                self._recall(place, name)
                asm.add_constant(place, place, step)
                self._keep(name, place)
            for name, first in self.first_slots.items():
                asm("lw", place, "sp", first)
                self._keep(name, place)
            if self.gather is not None:
                self.gather.move(asm, place, inputs)

    def _row_in_grid(self, row: str, core: str) -> None:
        """Leaves in a register the core's row in the grid of cores."""
        asm, columns = self.asm, self.split.channel_cores
        if is_power_of_two(columns):
            asm("srli", row, core, columns.bit_length() - 1)
            return
        multiplier, shift = division(columns, MOST_CORES - 1)
        asm.multiply_constant(row, core, multiplier)
        asm("srli", row, row, shift)

    def _column_in_grid(self, column: str, core: str) -> None:
        """Leaves in a register the core's column in the grid of cores."""
        asm, columns = self.asm, self.split.channel_cores
        if is_power_of_two(columns):
            asm("andi", column, core, columns - 1)
            return
        self._row_in_grid(column, core)
        asm.multiply_constant(column, column, columns)
        asm("sub", column, core, column)

    def _keep(self, name: str, register: str) -> None:
        self.asm("sw", register, "sp", self.slots[name])

    def _recall(self, register: str, name: str) -> None:
        self.asm("lw", register, "sp", self.slots[name])

    def _limit(self, register: str, spare: str, largest: int) -> None:
        self.asm.li(spare, largest)
        self.asm("p.minu", register, register, spare)

    def _gather(self, gather: Gather) -> None:
        """Brings the pixels of the next blocks to the stack."""
        asm, split = self.asm, self.split
        with asm.registers(1) as (pixel,):
            self._recall(pixel, "pixel")
            gather.write(asm, pixel, self.scratch, split.pixels_together)
            asm("addi", pixel, "sp", self.scratch)
            self._keep("gathered", pixel)

    def _next_gathered(self) -> None:
        """Goes on to the next block of those that are gathered."""
        asm, split = self.asm, self.split
        with asm.registers(1) as (place,):
            for name, step in (("gathered", self.shape.input_stride), ("pixel", 1)):
                self._recall(place, name)
                asm("addi", place, place, split.pixels * step)
                self._keep(name, place)

    def _begin_pixels(self) -> None:
        """Points to the inputs, weights and outputs of this core's next pixels."""
        asm, shape = self.asm, self.shape
        with asm.registers(2) as (pixel, address):
            self._recall(pixel, "pixel")
            if self.gather is not None:
                self._recall(address, "gathered")
            else:
                self._recall(address, "x")
                asm.multiply_constant(self.y, pixel, shape.input_stride)
                asm("add", address, address, self.y)
            self.x_rows.point(address)
            self._recall(address, "w")
            self.w_rows.point(address)
            self._recall(address, "y")
            asm.multiply_constant(self.y, pixel, shape.output_pixel_stride)
            asm("add", self.y, self.y, address)
            if self.limits:
                self._set_limits(pixel, address)

    def _set_limits(self, pixel: str, y: str) -> None:
        """Where the last block of channels lies: its weights, and its outputs of these pixels."""
        asm, shape, split = self.asm, self.shape, self.split
        w_limit, y_limit = self.limits
        last = shape.channels - split.channels
        asm.multiply_constant(y_limit, pixel, shape.output_pixel_stride)
        asm("add", y_limit, y_limit, y)
        asm.add_constant(y_limit, y_limit, last * shape.output_channel_stride)
        self._recall(w_limit, "w")
        first = self.w_rows.anchors[0]
        asm.add_constant(w_limit, w_limit, (last + first.row) * shape.record_stride)

    @property
    def _deals(self) -> bool:
        """Whether blocks of pixels are dealt out one by one, and not in runs.

        Pixels whose windows reach into the padding take longer; dealt out in turns that start with
        the next core each time, they come to all cores, those of a column as well.
        """
        return self.gather is not None and self.gather.has_borders

    def _first_pixels(self, core: str, spare: str) -> None:
        """Keeps the first pixel of a core, given its number among those that share the pixels."""
        asm, shape, split = self.asm, self.shape, self.split
        blocks = split.pixel_blocks
        if self._deals:
            blocks = split.together
            self.slots |= {name: asm.frame(WORD) for name in ("turn", "dealt")}
            self._keep("turn", core)
            self._keep("dealt", "zero")
        asm.multiply_constant(core, core, blocks * split.pixels)
        self._limit(core, spare, shape.pixels - split.pixels_together)
        self._keep("pixel", core)

    def _next_pixels(self) -> None:
        asm, shape, split = self.asm, self.shape, self.split
        if split.pixel_blocks == split.together:
            return
        with asm.registers(2) as (pixel, spare):
            if self._deals:
                self._deal(pixel, spare)
            else:
                self._recall(pixel, "pixel")
                if split.together == 1:
                    asm("addi", pixel, pixel, split.pixels)
            self._limit(pixel, spare, shape.pixels - split.pixels_together)
            self._keep("pixel", pixel)

    def _deal(self, pixel: str, turn: str) -> None:
        asm, split = self.asm, self.split
        self._recall(turn, "turn")
        asm("addi", turn, turn, 1)
        if is_power_of_two(split.pixel_cores):
            self._keep("turn", turn)
            asm("andi", turn, turn, split.pixel_cores - 1)
        else:
            self._begin_again(turn, pixel, split.pixel_cores)
            self._keep("turn", turn)
        asm.multiply_constant(turn, turn, split.pixels_together)
        self._recall(pixel, "dealt")
        asm.add_constant(pixel, pixel, split.pixel_cores * split.pixels_together)
        self._keep("dealt", pixel)
        asm("add", pixel, pixel, turn)

    def _begin_again(self, turn: str, spare: str, turns: int) -> None:
        """Goes back to the first turn behind the last one."""
        asm, is_turn = self.asm, self.asm.label()
        asm.li(spare, turns)
        asm("blt", turn, spare, is_turn)
        asm("mv", turn, "zero")
        asm.place(is_turn)

    # One block

    def _block(self) -> None:
        asm, shape, split = self.asm, self.shape, self.split
        accumulators = [asm.take(split.channels) for _ in range(split.pixels)]
        self._load_bias(accumulators)
        self._dot(accumulators)
        w_moved, y_moved = self._finish(accumulators)
        for registers in accumulators:
            asm.free(*registers)
        if split.channel_blocks > 1:
            self._next_channels(shape.row_bytes + w_moved, y_moved)

    def _dot(self, accumulators: Accumulators) -> None:
        """Adds up the products of all inputs. Pointers to records end behind their weights."""
        asm, shape = self.asm, self.shape
        if WEIGHT_ZERO_POINT in self.record.fields:
            self._dot_with_zero_points(accumulators)
        else:
            with asm.loop(shape.words):
                self._word(accumulators)
        self.x_rows.advance(-shape.row_bytes)

    def _next_channels(self, w_moved: int, y_moved: int) -> None:
        """Points to the next block's weights and outputs, from where the pointers have come."""
        asm, shape, split = self.asm, self.shape, self.split
        self.w_rows.advance(split.channels * shape.record_stride - w_moved)
        asm.add_constant(self.y, self.y, split.channels * shape.output_channel_stride - y_moved)
        if self.limits:
            w_limit, y_limit = self.limits
            self.w_rows.limit(w_limit)
            asm("p.minu", self.y, self.y, y_limit)

    def _load_bias(self, accumulators: Accumulators) -> None:
        asm = self.asm
        first, *others = accumulators
        for channel, accumulator in enumerate(first):
            row = self.w_rows.rows[channel]
            offset = row.offset + self.record.offset(BIAS)
            if offset <= LARGEST_IMMEDIATE:
                asm("lw", accumulator, row.pointer, offset)
            else:
                asm.add_constant(accumulator, row.pointer, offset)
                asm("lw", accumulator, accumulator, 0)
        for registers in others:
            for register, bias in zip(registers, first, strict=True):
                asm("mv", register, bias)

    def _word(self, accumulators: Accumulators, sums: Sequence[str] = (), ones: str = "") -> None:
        """Four values of every row. The shorter side is held, the longer one streams by.

        Channels are held where both are as long: loads that follow each other then go to different
        banks, while pixels of 64 bytes would all lie in one.

        With `sums`, adds up each pixel's values as well, those where `ones` has a 1.
        """
        asm = self.asm
        channels_stream = self.split.channels > self.split.pixels
        held_rows, streaming_rows = self.w_rows, self.x_rows
        if channels_stream:
            held_rows, streaming_rows = self.x_rows, self.w_rows
        held_order, order = held_rows.order, streaming_rows.order
        with asm.registers(len(held_order)) as held, asm.registers(min(2, len(order))) as passing:
            streaming_rows.load(passing[0], order[0])
            for register, row in zip(held, held_order, strict=True):
                held_rows.load(register, row)
            for number, row in enumerate(order):
                if number + 1 < len(order):
                    streaming_rows.load(passing[(number + 1) % 2], order[number + 1])
                word = passing[number % 2]
                for register, other in zip(held, held_order, strict=True):
                    if channels_stream:
                        asm(self.sdot, accumulators[other][row], register, word)
                    else:
                        asm(self.sdot, accumulators[row][other], word, register)
                if sums and not channels_stream:
                    asm(self.sdot, sums[row], word, ones)
            if sums and channels_stream:
                for register, pixel in zip(held, held_order, strict=True):
                    asm(self.sdot, sums[pixel], register, ones)

    def _dot_with_zero_points(self, accumulators: Accumulators) -> None:
        """Takes `zero point * sum of the pixel` off, for weights that are not around 0."""
        asm, shape = self.asm, self.shape
        whole_words, rest = divmod(shape.weights, WORD)
        with asm.registers(self.split.pixels) as sums:
            for total in sums:
                asm("mv", total, "zero")
            if whole_words:
                with asm.constants(ONES) as (ones,), asm.loop(whole_words):
                    self._word(accumulators, sums, ones)
            if rest:
                with asm.constants(ONES >> 8 * (WORD - rest)) as (ones,):
                    self._word(accumulators, sums, ones)
            self._take_zero_points_off(accumulators, sums)

    def _take_zero_points_off(self, accumulators: Accumulators, sums: Sequence[str]) -> None:
        asm = self.asm
        with asm.registers(1) as (zero_point,):
            for channel, row in enumerate(self.w_rows.rows):
                field = self.record.offset(WEIGHT_ZERO_POINT) - self.shape.row_bytes
                asm("lw", zero_point, row.pointer, row.offset + field)
                for pixel, total in enumerate(sums):
                    asm("p.msu", accumulators[pixel][channel], zero_point, total)

    # Outputs

    def _load_shared_fields(self) -> None:
        self.shared_fields: list[str] | None = None
        if not self.requantise.varies:
            self.shared_fields = self.asm.take(self.requantise.registers)
            self.requantise.load(self.shared_fields)

    def _load_fields(self, registers: Sequence[str], channel: int) -> None:
        row = self.w_rows.rows[channel]
        self.requantise.load(registers, row.pointer, row.offset - self.shape.row_bytes)

    def _finish(self, accumulators: Accumulators) -> tuple[int, int]:
        """Requantises and stores. Returns how far the pointers to records and outputs moved."""
        if not self.split.folded:
            self._requantise(accumulators)
            return 0, store_lines(self.asm, self.shape, accumulators, self.y, moving=False)
        if self.shape.channels_are_lanes:
            return 0, self._finish_half_the_pixels(accumulators)
        return self._finish_half_the_channels(accumulators)

    def _finish_half_the_pixels(self, accumulators: Accumulators) -> int:
        asm, split = self.asm, self.split
        half = split.pixels // 2
        fields = self.shared_fields or []
        if self.shared_fields is None:
            fields = asm.take(split.channels * self.requantise.registers)
            for channel in range(split.channels):
                self._load_fields(self._fields_of(fields, channel), channel)
        with asm.loop(2):
            for channel in range(split.channels):
                values = [pixel[channel] for pixel in accumulators[:half]]
                self.requantise(values, self._fields_of(fields, channel))
            moved = store_lines(asm, self.shape, accumulators[:half], self.y, moving=True)
            for now, later in zip(accumulators[:half], accumulators[half:], strict=True):
                for register, other in zip(now, later, strict=True):
                    asm("mv", register, other)
        if self.shared_fields is None:
            asm.free(*fields)
        return 2 * moved

    def _fields_of(self, fields: Sequence[str], channel: int) -> Sequence[str]:
        """A channel's registers among those of all channels; all where channels do not differ."""
        if self.shared_fields is not None:
            return fields
        count = self.requantise.registers
        return fields[channel * count : (channel + 1) * count]

    def _finish_half_the_channels(self, accumulators: Accumulators) -> tuple[int, int]:
        asm, split = self.asm, self.split
        half = split.channels // 2
        w_moved = half * self.shape.record_stride
        with asm.loop(2):
            first = [pixel[:half] for pixel in accumulators]
            self._requantise(first)
            self.w_rows.advance(w_moved)
            y_moved = store_lines(asm, self.shape, first, self.y, moving=True)
            for pixel in accumulators:
                for register, other in zip(pixel[:half], pixel[half:], strict=True):
                    asm("mv", register, other)
        return 2 * w_moved, 2 * y_moved

    def _requantise(self, accumulators: Accumulators) -> None:
        """In place. A channel's fields are loaded while the one before is worked on."""
        channels = len(accumulators[0])
        columns = [[pixel[channel] for pixel in accumulators] for channel in range(channels)]
        if self.shared_fields is not None:
            for column in columns:
                self.requantise(column, self.shared_fields)
            return
        sets = [self.asm.take(self.requantise.registers) for _ in range(min(2, channels))]
        self._load_fields(sets[0], 0)
        for channel, column in enumerate(columns):
            if channel + 1 < channels:
                self._load_fields(sets[(channel + 1) % 2], channel + 1)
            self.requantise(column, sets[channel % 2])
        for registers in sets:
            self.asm.free(*registers)
