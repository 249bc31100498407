"""Convolutions in HWC that read their windows where they lie, through pointers to the taps.

A block's pixels have one pointer for every tap of their windows on the stack; taps outside the map
point to the pad pixel behind the tile. The sum goes over the taps, and in each over its channels,
which lie side by side. So nothing of a window is copied, and it may be of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from math import prod

from dsconv.dialects.attributes import Layout
from dsconv.dialects.records import WEIGHT_ZERO_POINT
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.dense import ONES, Accumulators, DenseWriter
from dsconv.lowering.xpulp.gather import Place, WindowCopy
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import WORD

BITS_A_BYTE = 8


def reads_taps(kernel: KernelOp) -> bool:
    """Whether the channels of a tap lie side by side."""
    return L1Tile.of(kernel.inputs[0]).layout is Layout.HWC


class TapPointers(WindowCopy):
    """Writes pointers to a pixel's taps, row by row of its window."""

    def __init__(self, kernel: KernelOp):
        super().__init__(kernel)
        taps = prod(self.window.kernel)
        self.row_bytes = taps * WORD
        self.cycles = 20 + 4 * taps
        self.is_unrolled = False
        self.pad_offset = L1Tile.of(kernel.inputs[0]).size

    def scratch_bytes(self, pixels: int) -> int:
        return pixels * self.row_bytes

    def _copy_interior(self, asm: Assembly, place: Place) -> None:
        (fy, fx), (dy, dx) = self.window.kernel, self.window.dilations
        tap, row = dx * self.source.pixel_stride, dy * self.source.row_stride
        with asm.registers(2) as (source, to):
            asm("mv", source, place.x)
            asm("mv", to, place.to)
            with asm.loop(fy):
                with asm.loop(fx):
                    asm("p.sw!", source, to, WORD)
                    asm.add_constant(source, source, tap)
                asm.add_constant(source, source, row - fx * tap)

    def _copy_border(self, asm: Assembly, place: Place) -> None:
        (fy, fx), (dy, dx) = self.window.kernel, self.window.dilations
        tap, row = dx * self.source.pixel_stride, dy * self.source.row_stride
        with (
            asm.registers(3) as (source, to, pad),
            asm.registers(3) as (y, column, value),
            asm.constants(self.source.height, self.source.width) as (height, width),
        ):
            asm("lw", pad, "sp", self.slots["x"])
            asm.add_constant(pad, pad, self.pad_offset)
            asm("mv", source, place.x)
            asm("mv", to, place.to)
            asm("mv", y, place.top)
            with asm.software_loop(fy):
                asm("mv", column, place.left)
                with asm.software_loop(fx):
                    outside = asm.label()
                    asm("mv", value, pad)
                    asm("bgeu", y, height, outside)
                    asm("bgeu", column, width, outside)
                    asm("mv", value, source)
                    asm.place(outside)
                    asm("p.sw!", value, to, WORD)
                    asm.add_constant(source, source, tap)
                    asm.add_constant(column, column, dx)
                asm.add_constant(source, source, row - fx * tap)
                asm.add_constant(y, y, dy)


class TapRows:
    """Several pixels' inputs under one tap, all read a word at a time, side by side."""

    def __init__(self, asm: Assembly, pixels: int, row_bytes: int):
        self.asm = asm
        self.row_bytes = row_bytes
        self.table = asm.register()
        self.pointers = asm.take(pixels)
        self.bytes = WORD

    def point(self, base: str) -> None:
        """Lets the table begin where a register points."""
        self.asm("mv", self.table, base)

    def advance(self, distance: int) -> None:
        """Moves on in the table."""
        self.asm.add_constant(self.table, self.table, distance)

    def next_tap(self) -> None:
        """Loads the pointers to the pixels' next tap."""
        asm, (first, *others) = self.asm, self.pointers
        for number, pointer in enumerate(others, start=1):
            asm("lw", pointer, self.table, number * self.row_bytes)
        asm("p.lw!", first, self.table, WORD)

    @property
    def order(self) -> range:
        """The pixels in the order in which they are loaded."""
        return range(len(self.pointers))

    def load(self, register: str, row: int) -> None:
        """Loads a pixel's next word; only its first `bytes` are part of the tap."""
        self.asm("p.lw!", register, self.pointers[row], WORD)
        if self.bytes < WORD:
            self.asm("p.extractu", register, register, self.bytes * BITS_A_BYTE, 0)


class TapWriter(DenseWriter):
    """Writes a convolution that sums over the taps of its windows."""

    def _take_input_rows(self) -> None:
        self.taps = TapRows(self.asm, self.split.pixels, self.shape.input_stride)
        self.x_rows = self.taps

    def _channel_loop(self) -> AbstractContextManager[None]:
        return self.asm.counted_on_stack(self.split.channel_blocks)

    def _dot(self, accumulators: Accumulators) -> None:
        asm = self.asm
        if WEIGHT_ZERO_POINT not in self.record.fields:
            self._taps(accumulators)
            return
        with asm.registers(self.split.pixels) as sums:
            for total in sums:
                asm("mv", total, "zero")
            with asm.constants(ONES) as (ones,):
                self._taps(accumulators, sums, ones)
            self._take_zero_points_off(accumulators, sums)

    def _taps(self, accumulators: Accumulators, sums: Sequence[str] = (), ones: str = "") -> None:
        asm, x, taps = self.asm, self.taps, prod(self.kernel.window.kernel)
        whole_words, rest = divmod(self.shape.weights // taps, WORD)
        with asm.loop(taps):
            x.next_tap()
            if whole_words:
                with asm.loop(whole_words):
                    self._word(accumulators, sums, ones)
            if rest:
                x.bytes = rest
                self._word(accumulators, sums, ones)
                x.bytes = WORD
                self.w_rows.advance(rest - WORD)
        x.advance(-taps * WORD)
        self.w_rows.advance(self.shape.row_bytes - self.shape.weights)
