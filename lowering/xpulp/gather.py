"""Brings the inputs under a window to the stack, a pixel's values side by side as its weights lie.

A pixel's row is read a word at a time later, and up to three bytes behind it may hold anything: the
weights are 0 there. For the same reason copies go word by word and may spill, in ascending order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, prod

from dsconv.dialects.attributes import Layout
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import WORD, Assembly, Label
from dsconv.lowering.xpulp.tiles import Tile

STACK_BYTES = 400
"""What gathered pixels may take of a core's stack."""
UNROLLED = 24
"""Accesses of a copy without a loop."""
TOGETHER = 4
"""Values that are loaded before the first of them is stored."""
INTERLEAVE_LOW = 0x05010400
INTERLEAVE_HIGH = 0x07030602
UPPER_HALVES = 0x00030001
"""Masks of pv.shuffle2: bytes of two words in turn, their upper halves."""

LOADS = {1: "lbu", 2: "lhu", WORD: "lw"}
STORES = {1: "sb", 2: "sh", WORD: "sw"}


class Gather(ABC):
    """Writes the code that gathers pixels, which are numbered row by row of the output."""

    cycles: int
    """Rough cycles for a pixel."""

    def scratch_bytes(self, pixels: int, row_bytes: int) -> int:
        """Bytes that a block of pixels takes, with what the last copy may spill."""
        return pixels * row_bytes + WORD

    def fits(self, pixels: int, row_bytes: int) -> bool:
        """Whether a block of pixels can be gathered on the stack."""
        return self.scratch_bytes(pixels, row_bytes) <= STACK_BYTES

    @abstractmethod
    def begin(self, asm: Assembly, x: str, row: str, column: str) -> None:
        """Keeps what the kernel was called with."""

    @abstractmethod
    def write(
        self, asm: Assembly, pixel: str, scratch: int, pixels: int, row_bytes: int
    ) -> None:
        """Gathers `pixels` rows from pixel number `pixel` on, to `scratch` bytes above sp."""


def keeps_pixels(kernel: KernelOp) -> bool:
    """Whether output pixel n comes from input pixel n alone."""
    source, target = Tile.of(kernel.inputs[0]), Tile.of(kernel.output)
    same = (source.height, source.width) == (target.height, target.width)
    return same and kernel.window.kernel == (1, 1) and not any(kernel.window.pads)


def reads_in_place(kernel: KernelOp) -> bool:
    """Whether each pixel's values lie side by side in the tile, and pixels at one distance."""
    source, target, window = Tile.of(kernel.inputs[0]), Tile.of(kernel.output), kernel.window
    if keeps_pixels(kernel):
        return source.layout is Layout.HWC or source.channels == 1
    whole = window.extent == window.kernel == (source.height, source.width)
    return target.pixels == 1 and whole and not any(window.pads)


def gather_for(kernel: KernelOp) -> Gather | None:
    """How a kernel's pixels are gathered; None where they are read in place."""
    if reads_in_place(kernel):
        return None
    source = Tile.of(kernel.inputs[0])
    if keeps_pixels(kernel) and source.channels >= WORD:
        return Transposition(source)
    return WindowCopy(kernel)


class Transposition(Gather):
    """Pixels of a CHW tile: four words of four planes become four words of four pixels."""

    def __init__(self, source: Tile):
        self.source = source
        self.cycles = ceil(18 * source.channels / WORD / WORD) + 3

    def scratch_bytes(self, pixels: int, row_bytes: int) -> int:
        return ceil(pixels / WORD) * WORD * row_bytes

    def begin(self, asm: Assembly, x: str, row: str, column: str) -> None:
        self.x_slot = asm.frame(WORD)
        asm("sw", x, "sp", self.x_slot)

    def write(
        self, asm: Assembly, pixel: str, scratch: int, pixels: int, row_bytes: int
    ) -> None:
        masks = (INTERLEAVE_LOW, INTERLEAVE_HIGH, UPPER_HALVES, self.source.channel_stride)
        with asm.constants(*masks) as (*shuffles, plane), asm.registers(3) as (first, x, to):
            asm("lw", first, "sp", self.x_slot)
            asm("add", first, first, pixel)
            for group in range(0, pixels, WORD):
                asm.add_constant(to, "sp", scratch + group * row_bytes)
                asm.add_constant(x, first, group)
                self._four_pixels(asm, x, to, plane, shuffles, row_bytes)

    def _four_pixels(
        self, asm: Assembly, x: str, to: str, plane: str, shuffles: Sequence[str], row_bytes: int
    ) -> None:
        """The channels beyond a multiple of four come first, with some before them."""
        groups, rest = divmod(self.source.channels, WORD)
        if rest:
            with asm.registers(2) as (last_x, last_to):
                last = self.source.channels - WORD
                asm.add_constant(last_x, x, last * self.source.channel_stride)
                asm.add_constant(last_to, to, last)
                self._four_by_four(asm, last_x, last_to, plane, shuffles, row_bytes)
        with asm.loop(groups):
            self._four_by_four(asm, x, to, plane, shuffles, row_bytes)

    def _four_by_four(
        self, asm: Assembly, x: str, to: str, plane: str, shuffles: Sequence[str], row_bytes: int
    ) -> None:
        low, high, upper = shuffles
        with asm.registers(6) as (a, b, c, d, ab, cd):
            for word in (a, b, c, d):
                asm("p.lw.r!", word, x, plane)
            for first, second, pairs in ((a, b, ab), (c, d, cd)):
                asm("mv", pairs, first)
                asm("pv.shuffle2.b", pairs, second, low)
                asm("pv.shuffle2.b", first, second, high)
            asm("pv.pack.h", b, cd, ab)
            asm("pv.shuffle2.h", ab, cd, upper)
            asm("pv.pack.h", d, c, a)
            asm("pv.shuffle2.h", a, c, upper)
            for number, word in ((1, ab), (2, d), (3, a)):
                asm("sw", word, to, number * row_bytes)
            asm("p.sw!", b, to, WORD)


@dataclass(frozen=True)
class Access:
    """Bytes that are copied at once, from an offset in the tile to one in the row."""

    source: int
    target: int
    size: int


def division(divisor: int, largest: int) -> tuple[int, int]:
    """Multiplier and shift that divide 0 ... largest by a constant, exactly and in 32 bits."""
    for shift in range(32):
        multiplier = -(-(1 << shift) // divisor)
        fits = largest * multiplier < 1 << 31
        if fits and all(n * multiplier >> shift == n // divisor for n in range(largest + 1)):
            return multiplier, shift
    raise ValueError(f"no multiplier divides up to {largest} by {divisor}")


class WindowCopy(Gather):
    """Copies the window's runs of bytes; where it reaches into the padding, tap by tap."""

    def __init__(self, kernel: KernelOp):
        self.source = Tile.of(kernel.inputs[0])
        self.target = Tile.of(kernel.output)
        self.window = kernel.window
        self.dimensions, self.run = self._runs()
        accesses = prod(count for count, _ in self.dimensions) * len(run_accesses(self.run))
        self.cycles = 20 + 3 * accesses

    def _runs(self) -> tuple[list[tuple[int, int]], int]:
        """Counts and strides around runs of bytes that lie side by side in the tile."""
        (fy, fx), (dy, dx), source = self.window.kernel, self.window.dilations, self.source
        dimensions = [(fy, dy * source.row_stride), (fx, dx * source.pixel_stride)]
        if source.layout is Layout.CHW:
            dimensions.insert(0, (source.channels, source.channel_stride))
            run = 1
        else:
            run = source.channels
        while dimensions and dimensions[-1][1] == run:
            run *= dimensions.pop()[0]
        return [(count, stride) for count, stride in dimensions if count > 1], run

    def begin(self, asm: Assembly, x: str, row: str, column: str) -> None:
        self.slots = {name: asm.frame(WORD) for name in ("x", "row", "column")}
        for name, register in zip(self.slots, (x, row, column), strict=True):
            asm("sw", register, "sp", self.slots[name])

    def write(
        self, asm: Assembly, pixel: str, scratch: int, pixels: int, row_bytes: int
    ) -> None:
        with asm.registers(2) as (number, to):
            asm("mv", number, pixel)
            asm.add_constant(to, "sp", scratch)
            with asm.software_loop(pixels):
                with asm.registers(3) as (x, top, left):
                    self._window_start(asm, number, top, left)
                    asm("lw", x, "sp", self.slots["x"])
                    self._copy(asm, x, top, left, to)
                asm("addi", number, number, 1)
                asm("addi", to, to, row_bytes)

    def _window_start(self, asm: Assembly, pixel: str, top: str, left: str) -> None:
        """Row and column of the tile where the window of an output pixel begins."""
        sy, sx = self.window.strides
        with asm.registers(2) as (oy, offset):
            multiplier, shift = division(self.target.width, self.target.pixels)
            asm.multiply_constant(oy, pixel, multiplier)
            asm("srli", oy, oy, shift)
            asm.multiply_constant(left, oy, self.target.width)
            asm("sub", left, pixel, left)
            for start, position, stride, name in (
                (left, left, sx, "column"),
                (top, oy, sy, "row"),
            ):
                asm("lw", offset, "sp", self.slots[name])
                asm.multiply_constant(start, position, stride)
                asm("add", start, start, offset)

    def _copy(self, asm: Assembly, x: str, top: str, left: str, to: str) -> None:
        done = asm.label()
        if any(self.window.pads):
            border = asm.label()
            self._leave_interior(asm, top, left, border)
            self._copy_interior(asm, x, top, left, to)
            asm("j", done)
            asm.place(border)
            self._copy_border(asm, x, top, left, to)
        else:
            self._copy_interior(asm, x, top, left, to)
        asm.place(done)

    def _leave_interior(self, asm: Assembly, top: str, left: str, border: Label) -> None:
        """Branches where some tap lies outside the map."""
        extent_y, extent_x = self.window.extent
        with asm.registers(1) as (starts,):
            for start, size, extent in (
                (top, self.source.height, extent_y),
                (left, self.source.width, extent_x),
            ):
                asm.li(starts, max(size - extent + 1, 0))
                asm("bgeu", start, starts, border)

    def _copy_interior(self, asm: Assembly, x: str, top: str, left: str, to: str) -> None:
        with asm.registers(2) as (offset, target):
            for start, stride in ((top, self.source.row_stride), (left, self.source.pixel_stride)):
                asm.multiply_constant(offset, start, stride)
                asm("add", x, x, offset)
            asm("mv", target, to)
            copy(asm, x, target, self.dimensions, self.run)

    def _copy_border(self, asm: Assembly, x: str, top: str, left: str, to: str) -> None:
        (fy, fx), (dy, dx) = self.window.kernel, self.window.dilations
        names = ("target", "y", "column", "height", "width", "plane", "from")
        with asm.registers(len(names)) as (target, y, column, height, width, plane, source):
            asm("mv", target, to)
            asm("mv", y, top)
            asm.li(height, self.source.height)
            asm.li(width, self.source.width)
            with asm.software_loop(fy):
                asm("mv", column, left)
                with asm.software_loop(fx):
                    outside, found = asm.label(), asm.label()
                    asm("bgeu", y, height, outside)
                    asm("bgeu", column, width, outside)
                    asm.multiply_constant(source, y, self.source.row_stride)
                    asm.multiply_constant(plane, column, self.source.pixel_stride)
                    asm("add", source, source, plane)
                    asm("add", source, source, x)
                    asm.li(plane, self.source.channel_stride)
                    asm("j", found)
                    asm.place(outside)
                    asm.add_constant(source, x, self.source.size)
                    asm.li(plane, 0 if self.source.layout is Layout.CHW else 1)
                    asm.place(found)
                    self._copy_tap(asm, source, plane, target)
                    asm("addi", column, column, dx)
                asm("addi", y, y, dy)

    def _copy_tap(self, asm: Assembly, source: str, plane: str, target: str) -> None:
        """All channels of one tap; leaves `target` at the next tap."""
        fy, fx = self.window.kernel
        hwc = self.source.layout is Layout.HWC
        step = 1 if hwc else fy * fx
        with asm.registers(1) as (value,):
            with asm.loop(self.source.channels):
                asm("p.lbu.r!", value, source, plane)
                asm("p.sb!", value, target, step)
        if not hwc:
            asm.add_constant(target, target, 1 - self.source.channels * step)


def run_accesses(run: int) -> list[tuple[int, int]]:
    """Offset and size of each access of a run. Three bytes at the end go as a word that spills."""
    accesses = [(offset, WORD) for offset in range(0, run, WORD)]
    rest = run % WORD
    if rest in (1, 2):
        accesses[-1] = (run - rest, rest)
    return accesses


def flat_accesses(
    dimensions: Sequence[tuple[int, int]], run: int, source: int = 0, target: int = 0
) -> Iterator[Access]:
    """All accesses of a copy, in ascending order of the target."""
    if not dimensions:
        for offset, size in run_accesses(run):
            yield Access(source + offset, target + offset, size)
        return
    (count, stride), *inner = dimensions
    size = run * prod(count for count, _ in inner)
    for number in range(count):
        yield from flat_accesses(inner, run, source + number * stride, target + number * size)


def copy(
    asm: Assembly, source: str, target: str, dimensions: Sequence[tuple[int, int]], run: int
) -> None:
    """Copies runs of bytes to one dense row. Both pointers are used up."""
    accesses = prod(count for count, _ in dimensions) * len(run_accesses(run))
    if accesses <= UNROLLED:
        copy_unrolled(asm, source, target, list(flat_accesses(dimensions, run)))
        return
    if not dimensions:
        words, rest = divmod(run, WORD)
        with asm.loop(words // 2), asm.registers(2) as values:
            for value in values:
                asm("p.lw!", value, source, WORD)
            for value in values:
                asm("p.sw!", value, target, WORD)
        copy_unrolled(asm, source, target, list(flat_accesses([], words % 2 * WORD + rest)))
        return
    (count, stride), *inner = dimensions
    size = run * prod(count for count, _ in inner)
    loop = asm.software_loop if len(dimensions) > 1 else asm.loop
    with loop(count), asm.registers(2) as (inner_source, inner_target):
        asm("mv", inner_source, source)
        asm("mv", inner_target, target)
        copy(asm, inner_source, inner_target, inner, run)
        asm.add_constant(source, source, stride)
        asm.add_constant(target, target, size)


def copy_unrolled(
    asm: Assembly, source: str, target: str, accesses: Sequence[Access]
) -> None:
    """A copy without a loop."""
    moved = 0
    with asm.registers(TOGETHER) as values:
        for first in range(0, len(accesses), TOGETHER):
            group = accesses[first : first + TOGETHER]
            for value, access in zip(values, group, strict=False):
                if not -2048 <= access.source - moved < 2048:
                    asm.add_constant(source, source, access.source - moved)
                    moved = access.source
                asm(LOADS[access.size], value, source, access.source - moved)
            for value, access in zip(values, group, strict=False):
                asm(STORES[access.size], value, target, access.target)
