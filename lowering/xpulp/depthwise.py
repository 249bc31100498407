"""Depthwise convolution on CHW tiles.

A core takes one channel after the other, or a part of a channel where there are too few, and walks
down its strips (`strips`, `row_steps`). A row of a strip is a word or two; each is loaded once and
serves every column of the strip and every output row whose window it lies in.

At the edges of the map only weights and biases differ: a tap outside has no weight, and where the
padding is not 0 it is part of the bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import ceil

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.graph import ui8
from dsconv.dialects.records import BIAS, WEIGHT_ZERO_POINT
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly, Label, RegisterPressureError
from dsconv.lowering.xpulp.requantise import requantiser
from dsconv.lowering.xpulp.row_steps import RowSchedule, Step
from dsconv.lowering.xpulp.strips import (
    LANES,
    Axis,
    Run,
    StripPlan,
    Word,
    plans,
    runs_of,
    strips_of,
)
from dsconv.lowering.xpulp.window_requantise import WindowRequantiser, window_requantiser

LARGEST_IMMEDIATE = 2047
MOST_VARIANTS = 9
"""Places where a tile's first window may begin; for each there is code."""

MISALIGNED_CYCLES = 1
CHANNEL_CYCLES = 15
RUN_CYCLES = 12
STRIP_CYCLES = 5
"""What a channel, a run and a strip take beside their rows (estimates, to compare plans)."""


@dataclass(frozen=True)
class DepthwiseShape:
    """Sizes and strides in bytes of one depthwise kernel, for one place of its first window."""

    channels: int
    rows: Axis
    columns: Axis
    channel_stride: int
    row_stride: int
    column_stride: int
    record_bytes: int
    weight_row_bytes: int
    padding: int

    @property
    def input_channel_bytes(self) -> int:
        """From one channel of the input to the next."""
        return self.rows.inputs * self.columns.inputs


def layout_of_tile(type_: object) -> Layout:
    """The layout of a tile."""
    encoding = getattr(type_, "encoding", None)
    assert isinstance(encoding, LayoutAttr), "tiles have a layout"
    return encoding.data


def shape_of(kernel: KernelOp, row_start: int, column_start: int) -> DepthwiseShape:
    """The shape where the first window begins at `row_start`, `column_start`."""
    (x,) = kernel.inputs
    _, channels, height, width = x.get_shape()
    _, _, oy, ox = kernel.output.get_shape()
    (fy, fx), (sy, sx) = kernel.window.kernel, kernel.window.strides
    hwc = layout_of_tile(kernel.output) is Layout.HWC
    assert kernel.record is not None, "a depthwise convolution has records"
    return DepthwiseShape(
        channels,
        Axis(height, oy, fy, sy, row_start),
        Axis(width, ox, fx, sx, column_start),
        1 if hwc else oy * ox,
        ox * channels if hwc else ox,
        channels if hwc else 1,
        kernel.record.size,
        fx,
        kernel.padding,
    )


@dataclass(frozen=True)
class Split:
    """A plan for strips, and into how many parts (a power of two) each channel is cut."""

    plan: StripPlan
    parts: int

    def runs(self, axis: Axis) -> list[list[Run]]:
        """The runs of every part of a channel."""
        strips = strips_of(axis, self.plan)
        bounds = [len(strips) * part // self.parts for part in range(self.parts + 1)]
        return [
            runs_of(axis, strips[first:end])
            for first, end in zip(bounds, bounds[1:], strict=False)
        ]


def split_cycles(shape: DepthwiseShape, split: Split, cores: int, output_cycles: int) -> float:
    """Estimated cycles of the core with the most work."""
    rows, plan = shape.rows, split.plan
    output_row = rows.taps * plan.products + plan.columns * output_cycles
    parts: list[float] = []
    for runs in split.runs(shape.columns):
        cycles = float(CHANNEL_CYCLES)
        for run in runs:
            cycles += RUN_CYCLES + 2 * rows.taps * plan.products
            for strip in run.strips:
                loads = sum(load_cycles(shape, load) for load in strip.loads)
                inputs = RowSchedule(rows, shape.padding == 0).loaded_rows
                cycles += STRIP_CYCLES + inputs * loads + rows.outputs * output_row
        parts.append(cycles)
    units = ceil(shape.channels * split.parts / cores)
    return units * max(parts)


def load_cycles(shape: DepthwiseShape, column: int) -> float:
    """Cycles to load a word of a row, on average."""
    width = shape.columns.inputs
    if width % LANES == 0:
        return 1 + MISALIGNED_CYCLES * (column % LANES != 0)
    return 1 + MISALIGNED_CYCLES * (3 / 4 if width % 2 else (1 / 2 if column % 2 == 0 else 1))


def splits(shape: DepthwiseShape, cores: int, output_cycles: int) -> list[Split]:
    """All splits, the fastest first."""
    candidates: dict[Split, None] = {}
    for plan in plans(shape.columns.taps, shape.columns.stride, shape.columns.outputs):
        strips = len(strips_of(shape.columns, plan))
        parts = 1
        while parts <= min(cores, strips):
            candidates[Split(plan, parts)] = None
            parts *= 2
    return sorted(
        candidates, key=lambda split: split_cycles(shape, split, cores, output_cycles)
    )


class DepthwiseWriter:
    """Writes one kernel for one split."""

    def __init__(self, kernel: KernelOp, cores: int, split: Split, asm: Assembly):
        assert kernel.record is not None, "a depthwise convolution has records"
        self.kernel = kernel
        self.record = kernel.record
        self.cores = cores
        self.split = split
        self.plan = split.plan
        self.asm = asm
        self.shapes = [shape_of(kernel, row, column) for row, column in product(*kernel.starts)]
        self.shape = self.shapes[0]
        unsigned = kernel.inputs[0].element_type == ui8
        self.dot = "dotusp" if unsigned else "dotsp"
        self.padding = self.shape.padding

    @property
    def edge_bias(self) -> bool:
        """Whether columns of one strip may have different biases."""
        return self.padding != 0 and any(
            any(strip.outside)
            for shape in self.shapes
            for strip in strips_of(shape.columns, self.plan)
        )

    def write(self, requantise: WindowRequantiser) -> str:
        """The kernel's body."""
        asm, shape = self.asm, self.shape
        core, x, w, y, row, column = asm.arguments(6)
        self.requantise = requantise
        self.y = y
        self.rec = w
        self.units = asm.frame(4)
        self.part = asm.frame(4)
        schedule = RowSchedule(shape.rows, self.padding == 0)
        self.place(core, x)
        asm.free(core)
        self.words = asm.take(shape.rows.taps * self.plan.products)
        self.x = [x, *asm.take(len(self.plan.loads) - 1)]
        self.inputs = [asm.take(len(self.plan.loads)) for _ in range(schedule.register_sets)]
        self.link = asm.register()
        row_step = shape.row_stride if shape.row_stride > LARGEST_IMMEDIATE else 0
        padding = 0x01010101 * (self.padding & 0xFF)
        with (
            asm.constants(padding, row_step) as (self.pad_word, self.row_step),
            requantise.constants(self.plan.columns if self.edge_bias else 1),
        ):
            self.variants(row, column)
        return asm.text()

    # Work split

    def place(self, core: str, x: str) -> None:
        """Points to this core's first channel, and counts its parts of channels."""
        asm, shape = self.asm, self.shape
        each, rest = divmod(shape.channels * self.split.parts, self.cores)
        with asm.registers(2) as (first, count):
            asm.multiply_constant(first, core, each)
            asm.li(count, each)
            if rest:
                with asm.registers(1) as (limit,):
                    asm.li(limit, rest)
                    asm("slt", limit, core, limit)
                    asm("add", count, count, limit)
                    asm.li(limit, rest)
                    asm("p.min", limit, core, limit)
                    asm("add", first, first, limit)
            if not each:
                has_work = asm.label()
                asm("bnez", count, has_work)
                asm("j", asm.exit)
                asm.place(has_work)
            asm("sw", count, "sp", self.units)
            if self.split.parts > 1:
                asm("andi", count, first, self.split.parts - 1)
                asm("sw", count, "sp", self.part)
                asm("srli", first, first, self.split.parts.bit_length() - 1)
            for pointer, stride in (
                (x, shape.input_channel_bytes),
                (self.rec, shape.record_bytes),
                (self.y, shape.channel_stride),
            ):
                asm.multiply_constant(count, first, stride)
                asm("add", pointer, pointer, count)

    def variants(self, row: str, column: str) -> None:
        """Code for each place where the first window may begin."""
        asm = self.asm
        labels = self.choose_variant(row, column)
        asm.free(row, column)
        slots = RowSchedule(self.shape.rows, self.padding == 0).slots
        with asm.registers(slots * self.plan.columns) as self.accumulators:
            for label, shape in zip(labels, self.shapes, strict=True):
                asm.place(label)
                VariantWriter(self, shape).write()

    def choose_variant(self, row: str, column: str) -> list[Label]:
        """Jumps to the variant for a row and column; the last one follows right behind."""
        asm = self.asm
        places = list(product(*self.kernel.starts))
        labels = [asm.label() for _ in places]
        for label, place in zip(labels[:-1], places, strict=False):
            following = asm.label()
            for register, value in zip((row, column), place, strict=True):
                with asm.constants(value) as (constant,):
                    asm("bne", register, constant, following)
            asm("j", label)
            asm.place(following)
        asm("j", labels[-1])
        return labels


class VariantWriter:
    """Writes the loop over channels, for one place of the first window."""

    def __init__(self, kernel: DepthwiseWriter, shape: DepthwiseShape):
        self.kernel = kernel
        self.asm = kernel.asm
        self.plan = kernel.plan
        self.shape = shape
        self.schedule = RowSchedule(shape.rows, shape.padding == 0)
        self.walk = self.schedule.walk()
        self.parts = kernel.split.runs(shape.columns)
        self.home = self.parts[0][0].first
        self.count = kernel.accumulators[0]

    @property
    def calls(self) -> int:
        """Places from which strips are walked."""
        return sum(len(runs) for runs in self.parts)

    def write(self) -> None:
        """All units of this core, then the strips' code that they call."""
        asm = self.asm
        self.strips = asm.label()
        self.move_inputs(self.schedule.first_row * self.shape.columns.inputs)
        start = asm.label()
        asm.place(start)
        self.kernel.requantise.load(self.kernel.rec)
        if not self.kernel.edge_bias:
            self.kernel.requantise.set_bias(0, self.kernel.rec, None)
        if len(self.parts) == 1:
            self.part(self.parts[0])
            self.next_channel()
        else:
            self.choose_part()
        with asm.registers(1) as (count,):
            asm("lw", count, "sp", self.kernel.units)
            asm("addi", count, count, -1)
            asm("sw", count, "sp", self.kernel.units)
            asm("bnez", count, start)
        asm("j", asm.exit)
        if self.calls > 1:
            asm.place(self.strips)
            self.walk_strips(None)
            asm("jr", self.kernel.link)

    def move_inputs(self, distance: int) -> None:
        """From the channel's first byte to the words of the first strip."""
        asm, x = self.asm, self.kernel.x
        for pointer, column in reversed([*zip(x, self.home.loads, strict=True)]):
            asm.add_constant(pointer, x[0], distance + column)

    def choose_part(self) -> None:
        """The part that this unit is; the next unit is the next part."""
        asm, end = self.asm, self.asm.label()
        for number, runs in enumerate(self.parts):
            following = asm.label()
            is_last = number == len(self.parts) - 1
            if not is_last:
                with asm.registers(2) as (part, this):
                    asm("lw", part, "sp", self.kernel.part)
                    asm.li(this, number)
                    asm("bne", part, this, following)
            self.part(runs)
            if is_last:
                self.next_channel()
            with asm.registers(1) as (part,):
                asm.li(part, 0 if is_last else number + 1)
                asm("sw", part, "sp", self.kernel.part)
            if not is_last:
                asm("j", end)
            asm.place(following)
        asm.place(end)

    def next_channel(self) -> None:
        """Moves every pointer on by a channel."""
        asm, kernel, shape = self.asm, self.kernel, self.shape
        asm.add_constant(kernel.rec, kernel.rec, shape.record_bytes)
        asm.add_constant(kernel.y, kernel.y, shape.channel_stride)
        for pointer in kernel.x:
            asm.add_constant(pointer, pointer, shape.input_channel_bytes)

    # Runs

    def part(self, runs: Sequence[Run]) -> None:
        """The runs of one part of a channel. Pointers begin and end at the first strip's place."""
        place = self.home
        loaded: list[Word | None] = [None] * self.plan.products
        outside = None
        for run in runs:
            self.move(place.loads, place.first_output, run.first.loads, run.first.first_output)
            self.load_weights(loaded, run.first.words)
            loaded = [*run.first.words]
            if self.kernel.edge_bias and outside != run.first.outside:
                outside = run.first.outside
                self.set_biases(outside)
            self.walk_run(len(run.strips))
            step = len(run.strips) * self.plan.columns
            place = replace(
                run.first,
                first_output=run.first.first_output + step,
                loads=tuple(load + step * self.shape.columns.stride for load in run.first.loads),
            )
        self.move(place.loads, place.first_output, self.home.loads, self.home.first_output)

    def move(
        self, loads: Sequence[int], output: int, new_loads: Sequence[int], new_output: int
    ) -> None:
        """Moves the pointers from one strip's place to another's."""
        asm, kernel = self.asm, self.kernel
        for pointer, old, new in zip(kernel.x, loads, new_loads, strict=True):
            asm.add_constant(pointer, pointer, new - old)
        asm.add_constant(kernel.y, kernel.y, (new_output - output) * self.shape.column_stride)

    def weights(self, row: int, number: int) -> str:
        """The register of one weight word of a row of the window."""
        return self.kernel.words[row * self.plan.products + number]

    def load_weights(self, loaded: Sequence[Word | None], words: Sequence[Word]) -> None:
        """Loads what differs from what is loaded. Shifts come last, when no load is awaited."""
        changed = [number for number, word in enumerate(words) if loaded[number] != word]
        shared = {number: self.shared_word(words, number) for number in changed}
        rows = range(self.shape.rows.taps)
        for row in rows:
            for number in changed:
                if shared[number] is None:
                    self.load_word(row, self.weights(row, number), words[number])
        for row in rows:
            for number in changed:
                if shared[number] is None:
                    self.shift_word(self.weights(row, number), words[number])
        for row in rows:
            for number in changed:
                other = shared[number]
                if other is not None:
                    distance = words[number].lane - words[other].lane
                    source = self.weights(row, other)
                    self.asm("slli", self.weights(row, number), source, 8 * distance)

    def shared_word(self, words: Sequence[Word], number: int) -> int | None:
        """An earlier word with the same taps in lower lanes, which a shift turns into this one."""
        word = words[number]
        for other, candidate in enumerate(words[:number]):
            same = (candidate.first, candidate.count) == (word.first, word.count)
            if word.count and same and candidate.lane <= word.lane:
                return other
        return None

    def load_word(self, row: int, register: str, word: Word) -> None:
        """Loads at least the taps of a word, to the lowest lanes."""
        if not word.count:
            self.asm("mv", register, "zero")
            return
        load = {1: "lbu", 2: "lhu", 3: "lw", 4: "lw"}[word.count]
        offset = row * self.shape.weight_row_bytes + word.first
        self.asm(load, register, self.kernel.rec, offset)

    def shift_word(self, register: str, word: Word) -> None:
        """Moves the taps to their lanes and clears the others."""
        if word.count == 3 and word.lane == 0:
            self.asm("slli", register, register, 8)
            self.asm("srli", register, register, 8)
        elif word.count and word.lane:
            self.asm("slli", register, register, 8 * word.lane)

    def set_biases(self, outside: Sequence[Sequence[int]]) -> None:
        """Biases of the strip's columns, with what its taps in the padding add."""
        asm, rec = self.asm, self.kernel.rec
        for column, taps in enumerate(outside):
            if not taps:
                self.kernel.requantise.set_bias(column, rec, None)
                continue
            with asm.registers(3) as (total, weight, padding):
                asm("mv", total, "zero")
                asm.li(padding, self.shape.padding)
                for row in range(self.shape.rows.taps):
                    for tap in taps:
                        offset = row * self.shape.weight_row_bytes + tap
                        asm("lb", weight, rec, offset)
                        asm("p.mac", total, weight, padding)
                self.kernel.requantise.set_bias(column, rec, total)

    def walk_run(self, strips: int) -> None:
        """Walks down the strips of a run."""
        if self.calls == 1:
            self.walk_strips(strips)
            return
        self.asm.li(self.count, strips)
        self.asm("jal", self.kernel.link, self.strips)

    # Strips

    def walk_strips(self, strips: int | None) -> None:
        """Strips side by side, all with the same weights. The count is a constant, or `count`."""
        asm, shape, plan = self.asm, self.shape, self.plan
        with asm.loop(self.count if strips is None else strips):
            self.rows_loaded = 0
            for number in range(min(self.schedule.register_sets, self.schedule.loaded_rows)):
                self.load_row(number)
            for step in self.walk.before:
                self.step(step, repeated=1, rolled=False)
            if self.walk.count:
                with asm.loop(self.walk.count):
                    for step in self.walk.body:
                        self.step(step, repeated=self.walk.count, rolled=True)
            for step in self.walk.after:
                self.step(step, repeated=1, rolled=False)
            right = plan.columns * shape.columns.stride
            for pointer in self.kernel.x:
                up = self.rows_loaded * shape.columns.inputs
                asm.add_constant(pointer, pointer, right - up)
            right, up = plan.columns * shape.column_stride, shape.rows.outputs * shape.row_stride
            asm.add_constant(self.kernel.y, self.kernel.y, right - up)

    def load_row(self, register_set: int, repeated: int = 1) -> None:
        """Loads the words of the next row."""
        registers = self.kernel.inputs[register_set]
        for register, pointer in zip(registers, self.kernel.x, strict=True):
            self.asm("p.lw!", register, pointer, self.shape.columns.inputs)
        self.rows_loaded += repeated

    def step(self, step: Step, *, repeated: int, rolled: bool) -> None:
        """One row: its products, the load of a later one, the outputs that are complete."""
        words = [self.kernel.pad_word] * len(self.plan.loads)
        if step.registers is not None:
            words = self.kernel.inputs[step.registers]
        for tap in step.taps:
            if tap.live or rolled:
                self.products(words, tap.slot, tap.row, tap.is_first)
        if step.registers is not None and step.loads and (step.load_is_live or rolled):
            self.load_row(step.registers, repeated)
        for finish in step.finishes:
            self.finish(finish.slot, finish.is_empty)

    def accumulator(self, slot: int, column: int) -> str:
        """The register of one output's sum."""
        return self.kernel.accumulators[slot * self.plan.columns + column]

    def products(self, words: Sequence[str], slot: int, row: int, is_first: bool) -> None:
        """The products of one row of input with one row of the window, for all columns."""
        number = 0
        for column, loads in enumerate(self.plan.uses):
            for use, load in enumerate(loads):
                name = self.kernel.dot if is_first and use == 0 else f"s{self.kernel.dot}"
                target = self.accumulator(slot, column)
                self.asm(f"pv.{name}.b", target, words[load], self.weights(row, number))
                number += 1

    def finish(self, slot: int, is_empty: bool) -> None:
        """Requantises and stores a row of outputs; the first column moves the pointer on."""
        asm, kernel, shape = self.asm, self.kernel, self.shape
        for column in reversed(range(self.plan.columns)):
            value = self.accumulator(slot, column)
            if is_empty:
                asm("mv", value, "zero")
            kernel.requantise(value, column if kernel.edge_bias else 0)
            if column:
                asm("sb", value, kernel.y, column * shape.column_stride)
            elif kernel.row_step != "zero":
                asm("p.sb.r!", value, kernel.y, kernel.row_step)
            else:
                asm("p.sb!", value, kernel.y, shape.row_stride)


def has_form(kernel: KernelOp) -> bool:
    """Whether the kernel can be written at all."""
    (x,) = kernel.inputs
    assert kernel.record is not None, "a depthwise convolution has records"
    row_starts, column_starts = kernel.starts
    return (
        layout_of_tile(x) is Layout.CHW
        and kernel.window.dilations == (1, 1)
        and WEIGHT_ZERO_POINT not in kernel.record.fields
        and x.get_shape()[3] <= LARGEST_IMMEDIATE
        and len(row_starts) * len(column_starts) <= MOST_VARIANTS
    )


def depthwise(kernel: KernelOp, cores: int) -> str | None:
    """The body of a depthwise kernel; None where it has no form."""
    if not has_form(kernel):
        return None
    shape = shape_of(kernel, kernel.starts[0][0], kernel.starts[1][0])
    for split in splits(shape, cores, 6):
        if (split.plan.columns - 1) * shape.column_stride > LARGEST_IMMEDIATE:
            continue
        asm = Assembly()
        requantise = window_requantiser(asm, kernel)
        if requantise is None:
            return None
        try:
            return DepthwiseWriter(kernel, cores, split, asm).write(requantise)
        except RegisterPressureError:
            continue
    return None
