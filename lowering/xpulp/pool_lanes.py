"""What a pool makes of the taps of a window: maxima and averages.

In HWC a tap is a word of four channels. In CHW the taps of a row are side by side in words, and
what a window comes to is folded from their lanes; those of large windows are taken one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from math import ceil

from dsconv.dialects.attributes import Layout
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.requantise import Requantiser, requantiser
from dsconv.lowering.xpulp.stores import store_and_move
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import LARGEST_IMMEDIATE, WORD

REPEATED_BYTE = 0x01010101
"""Copies a byte to all lanes, as a factor. As weights, it makes a dot product a sum."""


@dataclass(frozen=True)
class LaneAccess:
    """A word under a window: its distance from the first tap, and a 1 in lanes that are taps.

    Behind four columns the last word of a row is moved back; taps that it repeats have no 1.
    """

    offset: int
    ones: int = REPEATED_BYTE


def adjacent(first: int, columns: int) -> LaneAccess:
    """The word for the taps of a row from `first` on."""
    offset = min(first, max(columns - WORD, 0))
    lanes = range(first - offset, min(columns - offset, WORD))
    return LaneAccess(offset, sum(1 << 8 * lane for lane in lanes))


class PoolLanes(ABC):
    """Makes outputs of one pixel: those of a channel, or of up to four side by side."""

    totals: int
    """Registers that the outputs need on the way."""

    begins_with_word = False
    """Whether the first word of a window inside the map is its total."""

    def __init__(self, asm: Assembly, kernel: KernelOp):
        self.asm = asm
        self.tile, self.output = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
        self.window = kernel.window.kernel
        self.dilations = kernel.window.dilations
        self.padding = kernel.padding
        self.is_padded = any(kernel.window.pads)
        self.sign = "u" if self.tile.unsigned else ""
        self.has_planes = self.tile.layout is Layout.CHW
        self.channels = 1 if self.has_planes else min(WORD, self.tile.channels)

    @contextmanager
    def constants(self) -> Generator[None]:
        """Holds constants in registers."""
        far = [self.output.channel_stride] * (self.output.channel_stride > LARGEST_IMMEDIATE)
        with self.asm.constants(*far) as self.far_channel:
            yield

    @property
    def tap_load(self) -> str:
        """The instruction that loads a tap, without what says how the pointer moves."""
        return f"lb{self.sign}" if self.has_planes else "lw"

    def row_accesses(self, columns: int) -> list[LaneAccess]:
        """The words of a row of so many taps."""
        _, dilation = self.dilations
        if not self.has_planes:
            return [LaneAccess(x * dilation * self.tile.pixel_stride) for x in range(columns)]
        if dilation > 1:
            return [LaneAccess(x * dilation, 1) for x in range(columns)]
        return [adjacent(first, columns) for first in range(0, columns, WORD)]

    def accesses(self, rows: int, columns: int) -> list[LaneAccess]:
        """The words of so many rows and columns of taps."""
        row, step = self.row_accesses(columns), self.dilations[0] * self.tile.row_stride
        return [
            replace(access, offset=y * step + access.offset)
            for y, access in product(range(rows), row)
        ]

    @abstractmethod
    def expect(self, rows: int, columns: int, counted: int) -> None:
        """Prepares for windows of which so many rows and columns lie inside the map.

        So many pixels of them count.
        """

    @abstractmethod
    def count(self, rows: str, columns: str) -> None:
        """The same where registers hold the numbers, for windows that are read tap by tap."""

    @abstractmethod
    def begin(self, totals: Sequence[str]) -> None:
        """Sets totals to what they are without taps."""

    @abstractmethod
    def add_word(self, totals: Sequence[str], word: str, ones: int) -> None:
        """Adds a word of a window inside the map."""

    @abstractmethod
    def add_tap(self, totals: Sequence[str], tap: str) -> None:
        """Adds a tap of any window."""

    @abstractmethod
    def fold(self, totals: Sequence[str], columns: int) -> None:
        """Makes totals of lanes, where those are so many columns."""

    @abstractmethod
    def store(self, totals: Sequence[str], to: str) -> None:
        """Turns totals to outputs and stores them; the pointer moves on to the next channel."""

    def store_byte(self, value: str, to: str) -> None:
        """Stores an output; the pointer moves on to the next channel."""
        if self.far_channel:
            self.asm("p.sb.r!", value, to, self.far_channel[0])
        else:
            self.asm("p.sb!", value, to, self.output.channel_stride)

    @property
    def stores_words(self) -> bool:
        """Whether the outputs that are made at a time lie side by side."""
        return self.channels == WORD and self.output.layout is Layout.HWC


class Maximum(PoolLanes):
    """The largest tap. What lies outside the map is the padding."""

    totals = 1
    begins_with_word = True

    @contextmanager
    def constants(self) -> Generator[None]:
        padding = self.padding if self.is_padded else 0 if self.tile.unsigned else -128
        if not self.has_planes:
            padding = REPEATED_BYTE * (padding & 0xFF)
        with super().constants(), self.asm.constants(padding) as (self.lowest,):
            yield

    def expect(self, rows: int, columns: int, counted: int) -> None:
        """Nothing: taps outside the map are left out."""

    def count(self, rows: str, columns: str) -> None:
        """Nothing, as for `expect`."""

    def begin(self, totals: Sequence[str]) -> None:
        self.asm("mv", totals[0], self.lowest)

    def add_word(self, totals: Sequence[str], word: str, ones: int) -> None:
        self.asm(f"pv.max{self.sign}.b", totals[0], totals[0], word)

    def add_tap(self, totals: Sequence[str], tap: str) -> None:
        if self.has_planes:
            self.asm("p.max", totals[0], totals[0], tap)
        else:
            self.add_word(totals, tap, REPEATED_BYTE)

    def fold(self, totals: Sequence[str], columns: int) -> None:
        if not self.has_planes:
            return
        lanes = 1 if self.dilations[1] > 1 else min(columns, WORD)
        with self.asm.registers(1) as (others,):
            for shift in {1: (), 2: (1,), 3: (1, 1), WORD: (2, 1)}[lanes]:
                self.asm("srli", others, totals[0], 8 * shift)
                self.add_word(totals, others, REPEATED_BYTE)

    def store(self, totals: Sequence[str], to: str) -> None:
        (total,) = totals
        if self.stores_words:
            self.asm("p.sw!", total, to, WORD)
            return
        for channel in range(self.channels):
            if channel:
                self.asm("srli", total, total, 8)
            self.store_byte(total, to)


class Average(PoolLanes):
    """The sum of the taps, requantised. The padding is the zero point, and counts as nothing."""

    def __init__(self, asm: Assembly, kernel: KernelOp):
        super().__init__(asm, kernel)
        (self.zero_point,) = kernel.zero_point_values
        self.dot = "pv.sdotup.b" if self.tile.unsigned else "pv.sdotsp.b"
        self.totals = self.channels
        self.requantise = self.requantisation(kernel)

    def requantisation(self, kernel: KernelOp) -> Requantiser:
        """How sums become outputs."""
        requantise = requantiser(self.asm, kernel)
        assert requantise is not None, "kernels without a form have no writer"
        return requantise

    @contextmanager
    def constants(self) -> Generator[None]:
        units = [] if self.has_planes else [1 << 8 * lane for lane in range(self.channels)]
        masks = ceil(self.window[1] / WORD) if self.has_planes else 0
        with (
            super().constants(),
            self.asm.constants(*units) as self.units,
            self.asm.registers(min(masks, 2)) as self.masks,
            self.asm.registers(1 if self.zero_point else 0) as self.start,
            self.requantise.constants(),
            self.asm.registers(self.requantise.registers) as self.channel,
        ):
            self.requantise.load(self.channel)
            yield

    def expect(self, rows: int, columns: int, counted: int) -> None:
        for start in self.start:
            self.asm.li(start, -self.zero_point * rows * columns)
        ones = dict.fromkeys(access.ones for access in self.row_accesses(columns))
        self.ones = dict(zip(ones, self.masks, strict=False))
        for ones, register in self.ones.items():
            self.asm.li(register, ones)

    def count(self, rows: str, columns: str) -> None:
        for start in self.start:
            self.asm("mul", start, rows, columns)
            self.asm.multiply_constant(start, start, -self.zero_point)

    def begin(self, totals: Sequence[str]) -> None:
        for total in totals:
            self.asm("mv", total, *(self.start or ["zero"]))

    def add_word(self, totals: Sequence[str], word: str, ones: int) -> None:
        weights = [self.ones[ones]] if self.has_planes else self.units
        for total, weight in zip(totals, weights, strict=True):
            self.asm(self.dot, total, word, weight)

    def add_tap(self, totals: Sequence[str], tap: str) -> None:
        if self.has_planes:
            self.asm("add", totals[0], totals[0], tap)
        else:
            self.add_word(totals, tap, REPEATED_BYTE)

    def fold(self, totals: Sequence[str], columns: int) -> None:
        """Nothing: dot products are sums of lanes."""

    def store(self, totals: Sequence[str], to: str) -> None:
        self.requantise(totals, self.channel)
        if self.stores_words:
            store_and_move(self.asm, totals, to, WORD)
            return
        for total in totals:
            self.store_byte(total, to)
