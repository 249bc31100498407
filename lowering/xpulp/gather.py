"""Brings the inputs under a window to the stack, a pixel's values side by side as its weights lie.

A pixel's row is read a word at a time later, and up to three bytes behind it may hold anything: the
weights are 0 there. For the same reason copies go word by word and may spill, in ascending order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod
from types import MappingProxyType

from dsconv.dialects.attributes import Layout
from dsconv.dialects.records import word_aligned
from dsconv.dialects.target import Core
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly, Label, is_immediate
from dsconv.lowering.xpulp.borders import taps_inside
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import (
    WORD,
    can_transpose,
    copied_bytes,
    gathered_bytes,
    transposed_bytes,
)

UNROLLED = 24
"""Accesses of a copy without a loop."""
TOGETHER = 4
"""Values that are loaded before the first of them is stored."""
INTERLEAVE_LOW = 0x05010400
INTERLEAVE_HIGH = 0x07030602
UPPER_HALVES = 0x00030001
"""Masks of pv.shuffle2: bytes of two words in turn, their upper halves."""

REPEATED_BYTE = 0x01010101

LOADS = {1: "lbu", 2: "lhu", WORD: "lw"}
STORES = {1: "sb", 2: "sh", WORD: "sw"}


class Gather(ABC):
    """Writes the code that gathers pixels, which are numbered row by row of the output."""

    cycles: int
    """Rough cycles for a pixel."""

    row_bytes: int
    """Bytes that a pixel takes on the stack."""

    has_borders = False
    """Whether some pixels take longer than others."""

    def scratch_bytes(self, pixels: int) -> int:
        """Bytes that a block of pixels takes, with what the last copy may spill."""
        return copied_bytes(pixels, self.row_bytes)

    def fits(self, pixels: int, core: Core) -> bool:
        """Whether a block of pixels can be gathered on a core's stack."""
        return self.scratch_bytes(pixels) <= gathered_bytes(core)

    def begin(self, asm: Assembly, x: str, row: str, column: str) -> None:
        """Keeps what the kernel was called with."""
        self.slots = {name: asm.frame(WORD) for name in ("x", "row", "column")}
        for name, register in zip(self.slots, (x, row, column), strict=True):
            asm("sw", register, "sp", self.slots[name])

    def move(self, asm: Assembly, spare: str, distance: int) -> None:
        """Goes on to inputs that lie so many bytes behind."""
        asm("lw", spare, "sp", self.slots["x"])
        asm.add_constant(spare, spare, distance)
        asm("sw", spare, "sp", self.slots["x"])

    @abstractmethod
    def write(self, asm: Assembly, pixel: str, scratch: int, pixels: int) -> None:
        """Gathers `pixels` rows from pixel number `pixel` on, to `scratch` bytes above sp."""


def group_of(kernel: KernelOp) -> L1Tile:
    """The input of the first group of channels; that of a dense kernel is the whole tile."""
    source = L1Tile.of(kernel.inputs[0])
    return replace(source, channels=source.channels // kernel.groups)


def keeps_pixels(kernel: KernelOp) -> bool:
    """Whether output pixel n comes from input pixel n alone."""
    source, target = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
    same = (source.height, source.width) == (target.height, target.width)
    return same and kernel.window.kernel == (1, 1) and not any(kernel.window.pads)


def reads_in_place(kernel: KernelOp) -> bool:
    """Whether each pixel's values lie side by side in the tile, and pixels at one distance."""
    source, target, window = group_of(kernel), L1Tile.output_of(kernel), kernel.window
    if keeps_pixels(kernel):
        return source.layout is Layout.HWC or source.channels == 1 or source.pixels == 1
    whole = window.extent == window.kernel == (source.height, source.width)
    is_dense = kernel.groups == 1
    return is_dense and target.pixels == 1 and whole and not any(window.pads)


def gather_for(kernel: KernelOp, core: Core) -> Gather | None:
    """How a kernel's pixels are gathered; None where they are read in place."""
    if reads_in_place(kernel):
        return None
    source = group_of(kernel)
    if keeps_pixels(kernel) and can_transpose(1, source.channels, core):
        return Transposition(source)
    return WindowCopy(kernel)


def can_gather(kernel: KernelOp) -> bool:
    """Whether there is a form: columns that are apart and reach into the padding have none."""
    in_groups = kernel.groups > 1 and L1Tile.of(kernel.inputs[0]).layout is Layout.HWC
    are_apart = in_groups or kernel.window.dilations[1] > 1
    return not are_apart or not any(kernel.window.pads)


class Transposition(Gather):
    """Pixels of a CHW tile: four words of four planes become four words of four pixels."""

    def __init__(self, source: L1Tile):
        self.source = source
        self.row_bytes = word_aligned(source.channels)
        self.cycles = ceil(18 * source.channels / WORD / WORD) + 3

    def scratch_bytes(self, pixels: int) -> int:
        return transposed_bytes(pixels, self.source.channels)

    def begin(self, asm: Assembly, x: str, row: str, column: str) -> None:
        self.slots = {"x": asm.frame(WORD)}
        asm("sw", x, "sp", self.slots["x"])

    def write(self, asm: Assembly, pixel: str, scratch: int, pixels: int) -> None:
        masks = (INTERLEAVE_LOW, INTERLEAVE_HIGH, UPPER_HALVES, self.source.channel_stride)
        with (
            asm.constants(*masks) as (*shuffles, plane),
            asm.registers(4) as (first, first_to, x, to),
        ):
            asm("lw", first, "sp", self.slots["x"])
            asm("add", first, first, pixel)
            asm.add_constant(first_to, "sp", scratch)
            with asm.software_loop(ceil(pixels / WORD)):
                asm("mv", x, first)
                asm("mv", to, first_to)
                self._four_pixels(asm, x, to, plane, shuffles)
                if pixels > WORD:
                    asm.add_constant(first, first, WORD)
                    asm.add_constant(first_to, first_to, WORD * self.row_bytes)

    def _four_pixels(
        self, asm: Assembly, x: str, to: str, plane: str, shuffles: Sequence[str]
    ) -> None:
        """The channels beyond a multiple of four come first, with some before them."""
        groups, rest = divmod(self.source.channels, WORD)
        if rest:
            with asm.registers(2) as (last_x, last_to):
                last = self.source.channels - WORD
                asm.add_constant(last_x, x, last * self.source.channel_stride)
                asm.add_constant(last_to, to, last)
                self._four_by_four(asm, last_x, last_to, plane, shuffles)
        with asm.loop(groups):
            self._four_by_four(asm, x, to, plane, shuffles)

    def _four_by_four(
        self, asm: Assembly, x: str, to: str, plane: str, shuffles: Sequence[str]
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
                asm("sw", word, to, number * self.row_bytes)
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


@dataclass(frozen=True)
class Place:
    """Registers that say where a pixel's window lies, and where its row goes.

    `x` is the address of the window's first tap, inside the tile or not.
    """

    top: str
    left: str
    x: str
    to: str


class WindowCopy(Gather):
    """Copies the window's runs of bytes; where it reaches into the padding, row by row of it."""

    def __init__(self, kernel: KernelOp):
        self.source = group_of(kernel)
        self.target = L1Tile.output_of(kernel)
        self.window = kernel.window
        self.row_bytes = word_aligned(self.source.channels * prod(self.window.kernel))
        self.has_borders = any(self.window.pads)
        self.pad_word = REPEATED_BYTE * (kernel.padding & 0xFF)
        self.dimensions, self.run = self._runs()
        accesses = prod(count for count, _ in self.dimensions) * len(run_accesses(self.run))
        self.cycles = 20 + 3 * accesses
        self.is_unrolled = accesses <= UNROLLED
        self.inside_rows, self.inside_columns = self._inside(kernel)
        interior = sum(self.inside_rows) * sum(self.inside_columns)
        self.border_share = 1 - interior / self.target.pixels

    def _inside(self, kernel: KernelOp) -> tuple[list[bool], list[bool]]:
        """Rows, and columns, of outputs whose windows lie in the map, for its first tile."""
        sizes = (self.target.height, self.source.height), (self.target.width, self.source.width)
        rows, columns = (
            [0 <= starts[0] + number * stride <= size - extent for number in range(outputs)]
            for starts, (outputs, size), stride, extent in zip(
                kernel.starts, sizes, self.window.strides, self.window.extent, strict=True
            )
        )
        return rows, columns

    def broken_share(self, pixels: int) -> float:
        """The share of runs of so many pixels that reach into the padding, or into another row."""
        width = self.target.width
        firsts = range(0, self.target.pixels, pixels)
        whole = sum(
            self.inside_rows[first // width]
            and first % width + pixels <= width
            and all(self.inside_columns[first % width : first % width + pixels])
            for first in firsts
        )
        return 1 - whole / len(firsts)

    def _runs(self) -> tuple[list[tuple[int, int]], int]:
        """Counts and strides around runs of bytes that lie side by side in the tile."""
        (fy, fx), (dy, dx), source = self.window.kernel, self.window.dilations, self.source
        dimensions = [(fy, dy * source.row_stride), (fx, dx * source.pixel_stride)]
        run = source.channels
        if source.layout is Layout.CHW:
            dimensions.insert(0, (source.channels, source.channel_stride))
            run = 1
        while dimensions and dimensions[-1][1] == run:
            run *= dimensions.pop()[0]
        return [(count, stride) for count, stride in dimensions if count > 1], run

    def write(self, asm: Assembly, pixel: str, scratch: int, pixels: int) -> None:
        with asm.registers(5) as (columns, top, left, x, to):
            place = Place(top, left, x, to)
            self._start(asm, pixel, columns, place)
            asm.add_constant(to, "sp", scratch)
            broken = self.broken_share(pixels)
            if pixels == 1 or broken == 1 or not self.is_unrolled:
                self._one_by_one(asm, pixels, columns, place)
                return
            one_by_one, done = asm.label(), asm.label()
            self._leave_run(asm, pixels, columns, place, one_by_one)
            self._copy_run(asm, pixels, place)
            asm("j", done)
            asm.place(one_by_one)
            with asm.seldom(broken):
                self._one_by_one(asm, pixels, columns, place)
            asm.place(done)

    def _one_by_one(self, asm: Assembly, pixels: int, columns: str, place: Place) -> None:
        """Pixels of any rows, and at the borders."""
        sx = self.window.strides[1]
        with asm.software_loop(pixels):
            self._copy(asm, place)
            if pixels > 1:
                asm.add_constant(place.left, place.left, sx)
                asm.add_constant(place.x, place.x, sx * self.source.pixel_stride)
                asm.add_constant(place.to, place.to, self.row_bytes)
                self._next_row(asm, columns, place)

    def _leave_run(
        self, asm: Assembly, pixels: int, columns: str, place: Place, elsewhere: Label
    ) -> None:
        """Branches where the pixels end in another row, or some tap lies outside the map."""
        with asm.registers(1) as (needed,):
            asm.li(needed, pixels)
            asm("blt", columns, needed, elsewhere)
        if self.has_borders:
            self._leave_interior(asm, place, pixels, elsewhere)

    def _copy_run(self, asm: Assembly, pixels: int, place: Place) -> None:
        """Pixels of one row that lie inside the map."""
        accesses = list(flat_accesses(self.dimensions, self.run))
        steps = far_steps(accesses)
        step = self.window.strides[1] * self.source.pixel_stride - sum(steps)
        needed: list[int] = [*steps, *([] if is_immediate(step) else [step])]
        far = list(dict.fromkeys(needed))
        with asm.constants(*far) as registers:
            distances = dict(zip(far, registers, strict=True))
            with asm.loop(pixels):
                copy_unrolled(asm, place.x, place.to, accesses, distances)
                move(asm, place.x, step, distances)
                asm.add_constant(place.to, place.to, self.row_bytes)

    def _start(self, asm: Assembly, pixel: str, columns: str, place: Place) -> None:
        """Where the first pixel's window lies, and how many outputs are left in its row."""
        sy, sx = self.window.strides
        width, source = self.target.width, self.source
        with asm.registers(2) as (oy, offset):
            multiplier, shift = division(width, self.target.pixels)
            asm.multiply_constant(oy, pixel, multiplier)
            asm("srli", oy, oy, shift)
            asm.multiply_constant(offset, oy, width)
            asm("sub", place.left, pixel, offset)
            asm.li(columns, width)
            asm("sub", columns, columns, place.left)
            asm("lw", place.x, "sp", self.slots["x"])
            for start, position, stride, slot, distance in (
                (place.top, oy, sy, "row", source.row_stride),
                (place.left, place.left, sx, "column", source.pixel_stride),
            ):
                asm("lw", offset, "sp", self.slots[slot])
                asm.multiply_constant(start, position, stride)
                asm("add", start, start, offset)
                asm.multiply_constant(offset, start, distance)
                asm("add", place.x, place.x, offset)

    def _next_row(self, asm: Assembly, columns: str, place: Place) -> None:
        """Behind the last output of a row comes the first of the next."""
        sy, sx = self.window.strides
        width, source = self.target.width, self.source
        same_row = asm.label()
        asm("addi", columns, columns, -1)
        asm("bnez", columns, same_row)
        asm.li(columns, width)
        asm.add_constant(place.top, place.top, sy)
        asm.add_constant(place.left, place.left, -width * sx)
        step = sy * source.row_stride - width * sx * source.pixel_stride
        asm.add_constant(place.x, place.x, step)
        asm.place(same_row)

    def _copy(self, asm: Assembly, place: Place) -> None:
        border, done = asm.label(), asm.label()
        if self.has_borders:
            self._leave_interior(asm, place, 1, border)
        self._copy_interior(asm, place)
        if self.has_borders:
            asm("j", done)
            asm.place(border)
            with asm.seldom(self.border_share):
                self._copy_border(asm, place)
            asm.place(done)

    def _copy_interior(self, asm: Assembly, place: Place) -> None:
        with asm.registers(2) as (source, target):
            asm("mv", source, place.x)
            asm("mv", target, place.to)
            copy(asm, source, target, self.dimensions, self.run)

    def _leave_interior(self, asm: Assembly, place: Place, pixels: int, border: Label) -> None:
        """Branches where some tap of so many pixels of a row lies outside the map."""
        extent_y, extent_x = self.window.extent
        extent_x += (pixels - 1) * self.window.strides[1]
        with asm.registers(1) as (starts,):
            for start, size, extent in (
                (place.top, self.source.height, extent_y),
                (place.left, self.source.width, extent_x),
            ):
                asm.li(starts, max(size - extent + 1, 0))
                asm("bgeu", start, starts, border)

    def _copy_border(self, asm: Assembly, place: Place) -> None:
        """Fills the pixel's row with padding, then copies what lies in the map over it."""
        (fy, fx), dy, source = self.window.kernel, self.window.dilations[0], self.source
        planes, tap = source.channels, 1
        if source.layout is Layout.HWC:
            planes, tap = 1, source.channels
        self._fill(asm, place.to, planes * fy * fx * tap)
        with asm.registers(7) as (before, count, y, height, row, target, plane):
            outside = asm.label()
            taps_inside(asm, place.left, fx, source.width, before, count)
            asm("bge", "zero", count, outside)
            for register in (before, count):
                asm.multiply_constant(register, register, tap)
            asm("add", plane, place.x, before)
            asm("add", target, place.to, before)
            asm.li(height, source.height)
            with asm.software_loop(planes):
                asm("mv", row, plane)
                asm("mv", y, place.top)
                with asm.software_loop(fy):
                    next_row = asm.label()
                    asm("bgeu", y, height, next_row)
                    self._copy_bytes(asm, row, target, count)
                    asm.place(next_row)
                    asm.add_constant(target, target, fx * tap)
                    asm.add_constant(row, row, dy * source.row_stride)
                    asm.add_constant(y, y, dy)
                asm.add_constant(plane, plane, source.channel_stride)
            asm.place(outside)

    def _fill(self, asm: Assembly, target: str, size: int) -> None:
        with asm.registers(1) as (to,), asm.constants(self.pad_word) as (padding,):
            asm("mv", to, target)
            with asm.loop(ceil(size / WORD)):
                asm("p.sw!", padding, to, WORD)

    def _copy_bytes(self, asm: Assembly, row: str, target: str, count: str) -> None:
        with asm.registers(3) as (source, to, value):
            asm("mv", source, row)
            asm("mv", to, target)
            with asm.loop(count):
                asm("p.lbu!", value, source, 1)
                asm("p.sb!", value, to, 1)


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


def far_steps(accesses: Sequence[Access]) -> list[int]:
    """How far a copy without a loop moves its pointer to the source, one time after the other."""
    steps: list[int] = []
    for access in accesses:
        distance = access.source - sum(steps)
        if not is_immediate(distance):
            steps.append(distance)
    return steps


def move(asm: Assembly, pointer: str, distance: int, known: Mapping[int, str]) -> None:
    """Moves a pointer; registers hold the distances that are `known`."""
    if distance in known:
        asm("add", pointer, pointer, known[distance])
    else:
        asm.add_constant(pointer, pointer, distance)


def copy_unrolled(
    asm: Assembly,
    source: str,
    target: str,
    accesses: Sequence[Access],
    known: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """A copy without a loop. It moves `source` by `far_steps`; registers hold those `known`."""
    moved = 0
    with asm.registers(TOGETHER) as values:
        for first in range(0, len(accesses), TOGETHER):
            group = accesses[first : first + TOGETHER]
            for value, access in zip(values, group, strict=False):
                if not is_immediate(access.source - moved):
                    move(asm, source, access.source - moved, known)
                    moved = access.source
                asm(LOADS[access.size], value, source, access.source - moved)
            for value, access in zip(values, group, strict=False):
                asm(STORES[access.size], value, target, access.target)
