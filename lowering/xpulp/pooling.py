"""Averages and maxima over windows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import groupby, product
from math import ceil

from dsconv.dialects.attributes import Layout
from dsconv.dialects.target import Cluster, InstructionCache
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly, RegisterPressureError
from dsconv.lowering.xpulp.borders import TapSpan, pooled_axes, tap_spans, taps_inside
from dsconv.lowering.xpulp.counted_average import CountedAverage, counted_forms
from dsconv.lowering.xpulp.global_average import GlobalAverage
from dsconv.lowering.xpulp.movement import part
from dsconv.lowering.xpulp.nests import first_of_share
from dsconv.lowering.xpulp.pool_lanes import Average, LaneAccess, Maximum, PoolLanes
from dsconv.lowering.xpulp.requantise import requantiser
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import (
    LARGEST_IMMEDIATE,
    longest_kernel,
    longest_window,
)

TOGETHER = 3
"""Words that are loaded before the first of them is used."""
MOST_UNLOOPED = 2500
"""Instructions of a kernel where loops are no other way: code from L2 is faster than loops in C."""


class WindowPool(ABC):
    """Windows over tiles of any layouts, row by row. A core takes some rows, or some channels.

    `x` is where a window's first tap lies, in the map or not, `y` its output's first channel.
    """

    def __init__(self, asm: Assembly, kernel: KernelOp, lanes: PoolLanes, cores: int):
        self.asm = asm
        self.lanes = lanes
        self.tile, self.output = lanes.tile, lanes.output
        self.window = kernel.window
        self.axes = pooled_axes(kernel)
        self.starts = kernel.starts
        self.cores = cores
        self.rows, self.channels = self.output.height, self.tile.channels

    @property
    def step(self) -> int:
        """Bytes from the channels that are made at a time to the next."""
        return self.tile.channel_stride * self.lanes.channels

    def write(self) -> str:
        """The kernel's body."""
        asm, tile, output = self.asm, self.tile, self.output
        sy, sx = self.window.strides
        core, self.x, self.y, self.top, self.left = asm.arguments(5)
        far_step = [self.step] * (self.step > LARGEST_IMMEDIATE)
        with self.lanes.constants(), asm.constants(*far_step) as self.far_step:
            self.begin(core)
            asm.free(core, *self.unread)
            with asm.software_loop(self.rows):
                self.row()
                across = sx * tile.pixel_stride * output.width
                asm.add_constant(self.x, self.x, sy * tile.row_stride - across)
                across = output.pixel_stride * output.width
                asm.add_constant(self.y, self.y, output.row_stride - across)
                asm.add_constant(self.top, self.top, sy)
        return asm.text()

    def begin(self, core: str) -> None:
        """Points to the first window of this core, and to its output."""
        asm, tile, output = self.asm, self.tile, self.output
        sy, _ = self.window.strides
        with asm.registers(1) as (offset,):
            if self.starts != ((0,), (0,)):
                for start, stride in ((self.top, tile.row_stride), (self.left, tile.pixel_stride)):
                    asm.multiply_constant(offset, start, stride)
                    asm("add", self.x, self.x, offset)
        each = self.lanes.channels
        units = ceil(self.channels / each)
        if ceil(self.rows / self.cores) * units <= self.rows * ceil(units / self.cores):
            rows, self.rows = self.rows, ceil(self.rows / self.cores)
            strides = sy * tile.row_stride, output.row_stride, sy
            self.take_share(core, rows, self.rows, strides)
        else:
            channels = self.channels
            self.channels = min(ceil(units / self.cores) * each, channels)
            strides = tile.channel_stride, output.channel_stride, 0
            self.take_share(core, channels, self.channels, strides)

    def take_share(self, core: str, size: int, share: int, strides: tuple[int, int, int]) -> None:
        """Moves `x`, `y` and `top` to a core's share of rows or channels."""
        if share == size:
            return
        with self.asm.registers(2) as (first, offset):
            first_of_share(self.asm, core, first, size, share)
            for place, stride in zip((self.x, self.y, self.top), strides, strict=True):
                if stride:
                    self.asm.multiply_constant(offset, first, stride)
                    self.asm("add", place, place, offset)

    @property
    @abstractmethod
    def unread(self) -> Sequence[str]:
        """Arguments that are not read any more once `x` is known."""

    @abstractmethod
    def row(self) -> None:
        """A row of outputs."""

    def next_pixel(self) -> None:
        """Moves on by a column."""
        _, sx = self.window.strides
        self.asm.add_constant(self.x, self.x, sx * self.tile.pixel_stride)
        self.asm.add_constant(self.y, self.y, self.output.pixel_stride)

    def each_channel(
        self,
        loop: Callable[[int], AbstractContextManager[None]],
        pointers: Sequence[str],
        write: Callable[[Sequence[str]], None],
    ) -> None:
        """All channels of a pixel, by what `write` does to totals.

        It moves `pointers` on to the next channels. The last four may be made twice.
        """
        asm, each = self.asm, self.lanes.channels
        with asm.registers(1) as (to,):
            asm("mv", to, self.y)
            with loop(self.channels // each):
                self.channels_at_once(to, write)
            rest = self.channels % each
            if rest:
                for pointer in pointers:
                    asm.add_constant(pointer, pointer, (rest - each) * self.tile.channel_stride)
                asm.add_constant(to, to, (rest - each) * self.output.channel_stride)
                self.channels_at_once(to, write)

    def channels_at_once(self, to: str, write: Callable[[Sequence[str]], None]) -> None:
        """The channels that are made at a time."""
        with self.asm.registers(self.lanes.totals) as totals:
            write(totals)
            self.lanes.store(totals, to)


class KnownWindows(WindowPool):
    """Windows without loops, with code for every number of taps that lie in the map."""

    def fits(self, cache: InstructionCache) -> bool:
        """Whether a core's instruction cache holds the code for a window."""
        words = len(self.lanes.accesses(*self.window.kernel))
        return words * (1 + self.lanes.totals) <= longest_window(cache)

    @property
    def unread(self) -> Sequence[str]:
        return [self.left]

    def row(self) -> None:
        asm, known = self.asm, self.row_spans()
        usual = max(known, key=lambda span: len(known[span]))
        others = {span: asm.label() for span in known if span != usual}
        done = asm.label()
        for span, label in others.items():
            for top in known[span]:
                with asm.constants(top) as (constant,):
                    asm("beq", self.top, constant, label)
        self.row_of(usual)
        for span, label in others.items():
            asm("j", done)
            asm.place(label)
            self.row_of(span)
        asm.place(done)

    def row_spans(self) -> dict[TapSpan, list[int]]:
        """The rows at which windows begin, by what lies of them in the map."""
        sy, _ = self.window.strides
        spans: dict[TapSpan, list[int]] = {}
        for start, row in product(self.starts[0], range(self.output.height)):
            tops = spans.setdefault(TapSpan.of(start + row * sy, self.axes[0]), [])
            if start + row * sy not in tops:
                tops.append(start + row * sy)
        return spans

    def row_of(self, rows: TapSpan) -> None:
        """A row of outputs, of whose windows some rows lie in the map."""
        _, sx = self.window.strides
        (column,) = self.starts[1]
        starts = range(column, column + self.output.width * sx, sx)
        for columns, outputs in groupby(TapSpan.of(start, self.axes[1]) for start in starts):
            self.lanes.expect(rows.count, columns.count, rows.counted * columns.counted)
            with self.asm.loop(len(list(outputs))):
                self.pixel(rows, columns)
                self.next_pixel()

    def pixel(self, rows: TapSpan, columns: TapSpan) -> None:
        """The outputs of a window."""
        asm, lanes, tile = self.asm, self.lanes, self.tile
        dy, dx = self.window.dilations
        first = rows.first * dy * tile.row_stride + columns.first * dx * tile.pixel_stride
        groups = reached_together(lanes.accesses(rows.count, columns.count))
        with asm.registers(len(groups)) as pointers:
            for pointer, group in zip(pointers, groups, strict=True):
                asm.add_constant(pointer, self.x, first + group[-1].offset)

            def write(totals: Sequence[str]) -> None:
                self.words(totals, pointers, groups)
                lanes.fold(totals, columns.count)

            self.each_channel(asm.loop, pointers, write if groups else lanes.begin)

    def words(
        self, totals: Sequence[str], pointers: Sequence[str], groups: Sequence[Sequence[LaneAccess]]
    ) -> None:
        """All words of a window; none is used right behind its load."""
        asm, lanes = self.asm, self.lanes
        accesses = [
            (pointer, access.offset - group[-1].offset, access.ones)
            for pointer, group in zip(pointers, groups, strict=True)
            for access in group
        ]
        if lanes.begins_with_word:
            pointer, offset, _ = accesses.pop(0)
            self.load(totals[0], pointer, offset)
        else:
            lanes.begin(totals)
        with asm.registers(min(TOGETHER, len(accesses))) as values:
            for first in range(0, len(accesses), TOGETHER):
                group = accesses[first : first + TOGETHER]
                for value, (pointer, offset, _) in zip(values, group, strict=False):
                    self.load(value, pointer, offset)
                for value, (_, _, ones) in zip(values, group, strict=False):
                    lanes.add_word(totals, value, ones)

    def load(self, value: str, pointer: str, offset: int) -> None:
        """Loads a word. The one where the pointer is takes it to the next channels."""
        if offset:
            self.asm("lw", value, pointer, offset)
        elif self.far_step:
            self.asm("p.lw.r!", value, pointer, self.far_step[0])
        else:
            self.asm("p.lw!", value, pointer, self.step)


def reached_together(accesses: Sequence[LaneAccess]) -> list[list[LaneAccess]]:
    """Accesses that have a pointer in common. The one where it points comes last."""
    groups: list[list[LaneAccess]] = []
    for access in accesses:
        if not groups or access.offset - groups[-1][-1].offset > LARGEST_IMMEDIATE:
            groups.append([access])
        else:
            groups[-1].insert(-1, access)
    return groups


class AnyWindows(WindowPool):
    """Windows tap by tap: loops over the rows and columns that lie in the map."""

    @property
    def unread(self) -> Sequence[str]:
        return []

    def row(self) -> None:
        asm, (_, sx) = self.asm, self.window.strides
        with asm.software_loop(self.output.width):
            self.pixel()
            self.next_pixel()
            asm.add_constant(self.left, self.left, sx)
        asm.add_constant(self.left, self.left, -self.output.width * sx)

    def pixel(self) -> None:
        """The outputs of a window; at least one of its taps lies in the map."""
        asm, lanes, tile, (fy, fx) = self.asm, self.lanes, self.tile, self.window.kernel
        with asm.registers(4) as (first, rows, columns, skip):
            with asm.registers(1) as (offset,):
                taps_inside(asm, self.top, fy, tile.height, offset, rows)
                asm.multiply_constant(offset, offset, tile.row_stride)
                asm("add", first, self.x, offset)
                taps_inside(asm, self.left, fx, tile.width, offset, columns)
                asm.multiply_constant(offset, offset, tile.pixel_stride)
                asm("add", first, first, offset)
                asm.multiply_constant(offset, columns, tile.pixel_stride)
                asm.li(skip, tile.row_stride)
                asm("sub", skip, skip, offset)
            lanes.count(rows, columns)

            def write(totals: Sequence[str]) -> None:
                lanes.begin(totals)
                with asm.registers(2) as (pointer, tap):
                    asm("mv", pointer, first)
                    with asm.loop(rows):
                        with asm.loop(columns):
                            asm(f"p.{lanes.tap_load}!", tap, pointer, tile.pixel_stride)
                            lanes.add_tap(totals, tap)
                        asm("add", pointer, pointer, skip)
                asm.add_constant(first, first, self.step)

            self.each_channel(asm.software_loop, [first], write)


def window_pool(
    kernel: KernelOp, lanes: Callable[[Assembly], PoolLanes], cluster: Cluster
) -> str | None:
    """The body of a pool: with code for every window if that is short, else with loops."""
    loops = has_loops(kernel)
    most = longest_kernel(cluster.icache) if loops else MOST_UNLOOPED
    asm = Assembly()
    known = KnownWindows(asm, kernel, lanes(asm), cluster.cores)
    if (known.fits(cluster.icache) or not loops) and len(kernel.starts[1]) == 1:
        with suppress(RegisterPressureError):
            text = known.write()
            if asm.instructions <= most:
                return text
    if not loops:
        return None
    asm = Assembly()
    with suppress(RegisterPressureError):
        return AnyWindows(asm, kernel, lanes(asm), cluster.cores).write()
    return None


def has_loops(kernel: KernelOp) -> bool:
    """Whether windows can be read tap by tap: taps are adjacent, each window has some in the
    map, and it does not matter how many they are.
    """
    if kernel.window.dilations != (1, 1) or kernel.counted_pads is not None:
        return False
    return all(span.count for spans in tap_spans(kernel) for span in spans)


def is_near(kernel: KernelOp) -> bool:
    """Whether an immediate reaches from pixel to pixel."""
    return L1Tile.of(kernel.inputs[0]).pixel_stride <= LARGEST_IMMEDIATE


def avg_pool(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of an average; None where it has no form."""
    tile, output, window = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel), kernel.window
    if not is_near(kernel):
        return None
    if any(window.pads) and kernel.zero_point_values != (kernel.padding,):
        return None
    if kernel.counted_pads is not None:
        forms = counted_forms(kernel)
        if forms is None:
            return None
        return window_pool(kernel, lambda asm: CountedAverage(asm, kernel, forms), cluster)
    asm = Assembly()
    requantise = requantiser(asm, kernel)
    if requantise is None:
        return None
    is_global = window.kernel == (tile.height, tile.width) and not any(window.pads)
    if is_global and tile.layout is Layout.CHW and output.is_dense:
        return GlobalAverage(asm, kernel, requantise).write(cluster.cores)
    return window_pool(kernel, lambda asm: Average(asm, kernel), cluster)


def max_pool(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a max pool; None where it has no form.

    Nor has a window of several taps whose padding is not the smallest value.
    """
    lowest = 0 if L1Tile.of(kernel.inputs[0]).unsigned else -128
    is_padded, is_pixel = any(kernel.window.pads), kernel.window.kernel == (1, 1)
    if is_pixel and not is_padded and kernel.starts == ((0,), (0,)):
        return part(kernel, cluster)
    if is_padded and not is_pixel and kernel.padding != lowest:
        return None
    if not is_near(kernel):
        return None
    return window_pool(kernel, lambda asm: Maximum(asm, kernel), cluster)
