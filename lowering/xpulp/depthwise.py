"""Depthwise convolution.

A core takes one channel after the other, or a part of a channel where there are too few, and walks
down its strips (`strips`, `row_steps`). A row of a strip is a word or two; each is loaded once and
serves every column of the strip and every output row whose window it lies in. In HWC, where
neighbours lie a pixel apart, a word is put together from four bytes.

Weights stay in registers, shifted to where their inputs lie; those of large windows on the stack.

At the edges of the map only weights and biases differ: a tap outside has no weight, and where the
padding is not 0 it is part of the bias.

One long file: the walk down a strip shares its registers with everything that is done on the way.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import product

from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import (
    Assembly,
    Label,
    RegisterPressureError,
)
from dsconv.lowering.xpulp.depthwise_splits import DepthwiseShape, DepthwiseSplit, splits
from dsconv.lowering.xpulp.requantise import gives_accumulators
from dsconv.lowering.xpulp.row_steps import RowStep
from dsconv.lowering.xpulp.strips import LANES, Run, Strip, Word, strips_of
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.lowering.xpulp.weight_zero_points import WeightZeroPoints
from dsconv.lowering.xpulp.window_requantise import WindowRequantiser, window_requantiser
from dsconv.passes.analysis.xpulp_limits import (
    LARGEST_IMMEDIATE,
    WORD,
    gathered_bytes,
    reaches_lanes,
)

MOST_VARIANTS = 12
"""Places where a tile's first window may begin, and rows and columns of dilated windows: for each
there is code."""

WEIGHTS_AT_HAND = 2
"""Registers for weights from the stack: one that is used, and the next."""

BYTE_TO_WORD = 0x01010101
"""Copies a byte to all lanes, as a factor."""


class DepthwiseWriter:
    """Writes one kernel for one split, with so many spare registers to put words together.

    Weights are in registers, or `on_stack`.
    """

    def __init__(
        self,
        asm: Assembly,
        kernel: KernelOp,
        cores: int,
        split: DepthwiseSplit,
        spare: int,
        *,
        on_stack: bool,
    ):
        self.asm = asm
        self.kernel = kernel
        self.cores = cores
        self.split = split
        self.spare = spare
        self.plan = split.plan
        self.variants = [DepthwiseShape.of(kernel, *place) for place in product(*kernel.starts)]
        self.shapes = [shape for variant in self.variants for shape in variant]
        self.shape = self.shapes[0]
        self.dot = "dotusp" if L1Tile.of(kernel.inputs[0]).unsigned else "dotsp"
        assert kernel.record is not None, "a depthwise convolution has records"
        self.zero_points = WeightZeroPoints(asm, kernel.record, self.plan, self.dot)
        self.units, self.part = asm.frame(WORD), asm.frame(WORD)
        self.on_stack = on_stack
        words = self.shape.rows.taps * self.plan.products
        self.strips_left = asm.frame(WORD)
        self.weight_slots = [asm.frame(WORD) for _ in range(words)] if on_stack else []
        is_dilated = len(self.variants[0]) > 1
        self.first_unit = [asm.frame(WORD) for _ in range(5)] if is_dilated else []

    @property
    def edge_bias(self) -> bool:
        """Whether columns of one strip may have different biases."""
        return self.shape.padding != 0 and any(
            any(strip.outside)
            for shape in self.shapes
            for strip in strips_of(shape.columns, self.plan)
        )

    def write(self, requantise: WindowRequantiser) -> str:
        """The kernel's body."""
        asm, shape, schedule = self.asm, self.shape, self.shape.schedule
        core, x, self.record, self.y, row, column = asm.arguments(6)
        self.requantise = requantise
        self.place(core, x)
        asm.free(core)
        words = shape.rows.taps * self.plan.products
        self.words = asm.take(WEIGHTS_AT_HAND if self.on_stack else words)
        self.x = [x, *asm.take(len(self.plan.loads) - 1)]
        self.inputs = [asm.take(len(self.plan.loads)) for _ in range(schedule.register_sets)]
        self.link = asm.register()
        row_stride = shape.output.row_stride
        far_row = row_stride if row_stride > LARGEST_IMMEDIATE else 0
        input_row = shape.input.row_stride
        far_input_row = input_row if input_row > LARGEST_IMMEDIATE else 0
        padding = BYTE_TO_WORD * (shape.padding & 0xFF)
        with (
            asm.constants(padding, far_row) as (self.pad_word, self.far_row),
            asm.constants(far_input_row) as (self.far_input_row,),
            asm.registers(self.spare) as self.lanes,
            requantise.constants(self.plan.columns if self.edge_bias else 1),
            self.zero_points.registers(),
        ):
            labels = self.choose_variant(row, column)
            asm.free(row, column)
            with asm.registers(schedule.slots * self.plan.columns) as self.accumulators:
                for label, variant in zip(labels, self.variants, strict=True):
                    asm.place(label)
                    for number, shape in enumerate(variant):
                        if number:
                            self.begin_again()
                        VariantWriter(self, shape).write()
                    asm("j", asm.exit)
        return asm.text()

    def begin_again(self) -> None:
        """Goes back to this core's first unit, for the next rows and columns."""
        asm, (*pointers, units, part) = self.asm, self.first_unit
        for pointer, slot in zip((self.x[0], self.record, self.y), pointers, strict=True):
            asm("lw", pointer, "sp", slot)
        with asm.lent(*self.accumulators), asm.registers(1) as (value,):
            for source, target in ((units, self.units), (part, self.part)):
                asm("lw", value, "sp", source)
                asm("sw", value, "sp", target)

    def place(self, core: str, x: str) -> None:
        """Points to this core's first channel, and counts its parts of channels."""
        asm, shape, parts = self.asm, self.shape, self.split.parts
        each, rest = divmod(shape.channels * parts, self.cores)
        with asm.registers(2) as (first, count):
            asm.multiply_constant(first, core, each)
            asm.li(count, each)
            if rest:
                with asm.constants(rest) as (limit,):
                    asm("slt", count, core, limit)
                    asm("p.min", limit, core, limit)
                    asm("add", first, first, limit)
                    asm("addi", count, count, each)
            if not each:
                has_work = asm.label()
                asm("bnez", count, has_work)
                asm("j", asm.exit)
                asm.place(has_work)
            asm("sw", count, "sp", self.units)
            if parts > 1:
                asm("andi", count, first, parts - 1)
                asm("sw", count, "sp", self.part)
                asm("srli", first, first, parts.bit_length() - 1)
            for pointer, stride in (
                (x, shape.input.channel_stride),
                (self.record, shape.record_bytes),
                (self.y, shape.output.channel_stride),
            ):
                asm.multiply_constant(count, first, stride)
                asm("add", pointer, pointer, count)
            if self.first_unit:
                self.keep_first_unit(x, count)

    def keep_first_unit(self, x: str, value: str) -> None:
        """Stores what `begin_again` loads."""
        asm, (*pointers, units, part) = self.asm, self.first_unit
        for pointer, slot in zip((x, self.record, self.y), pointers, strict=True):
            asm("sw", pointer, "sp", slot)
        for source, target in ((self.units, units), (self.part, part)):
            asm("lw", value, "sp", source)
            asm("sw", value, "sp", target)

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
        self.requantise = kernel.requantise
        self.shape = shape
        self.walk = shape.walk(kernel.plan)
        self.parts = kernel.split.runs(shape.columns)
        self.home = self.parts[0][0].first
        self.strips = self.asm.label()
        self.count = kernel.accumulators[0]

    @property
    def calls(self) -> int:
        """Places from which strips are walked."""
        return sum(len(runs) for runs in self.parts)

    def idle_accumulators(self):
        """Between strips the accumulators are free."""
        return self.asm.lent(*self.kernel.accumulators)

    def write(self) -> None:
        """All units of this core, then the code for strips that they call."""
        asm, units = self.asm, self.kernel.units
        self.point_to_first_strip()
        start = asm.label()
        asm.place(start)
        with self.idle_accumulators():
            self.requantise.load(self.kernel.record)
            self.kernel.zero_points.load(self.kernel.record)
            if not self.kernel.edge_bias:
                self.requantise.set_bias(0, self.kernel.record, None)
        if len(self.parts) == 1:
            self.write_part(self.parts[0])
            self.next_channel()
        else:
            self.choose_part()
        with self.idle_accumulators(), asm.registers(1) as (count,):
            asm("lw", count, "sp", units)
            asm("addi", count, count, -1)
            asm("sw", count, "sp", units)
            asm("bnez", count, start)
        if self.calls > 1:
            done = asm.label()
            asm("j", done)
            asm.place(self.strips)
            self.walk_strips(self.count)
            asm("jr", self.kernel.link)
            asm.place(done)

    def point_to_first_strip(self) -> None:
        """Moves pointers from the channel's first bytes to the words of a strip, and its output."""
        tile, x = self.shape.input, self.kernel.x
        first = self.shape.input_offset + self.shape.schedule.first_row * tile.row_stride
        for pointer, column in reversed([*zip(x, self.home.loads, strict=True)]):
            self.asm.add_constant(pointer, x[0], first + column * tile.pixel_stride)
        self.asm.add_constant(self.kernel.y, self.kernel.y, self.shape.output_offset)

    def choose_part(self) -> None:
        """The part that this unit is; the next unit is the next part."""
        asm, slot, end = self.asm, self.kernel.part, self.asm.label()
        for number, runs in enumerate(self.parts):
            following = asm.label()
            is_last = number == len(self.parts) - 1
            if not is_last:
                with self.idle_accumulators(), asm.registers(1) as (part,):
                    asm("lw", part, "sp", slot)
                    with asm.constants(number) as (this,):
                        asm("bne", part, this, following)
            self.write_part(runs)
            if is_last:
                self.next_channel()
            with self.idle_accumulators(), asm.constants(0 if is_last else number + 1) as (part,):
                asm("sw", part, "sp", slot)
            if not is_last:
                asm("j", end)
            asm.place(following)
        asm.place(end)

    def next_channel(self) -> None:
        """Moves every pointer on by a channel."""
        asm, kernel, shape = self.asm, self.kernel, self.shape
        with self.idle_accumulators():
            asm.add_constant(kernel.record, kernel.record, shape.record_bytes)
            asm.add_constant(kernel.y, kernel.y, shape.output.channel_stride)
            for pointer in kernel.x:
                asm.add_constant(pointer, pointer, shape.input.channel_stride)

    # Runs

    def write_part(self, runs: Sequence[Run]) -> None:
        """The runs of one part of a channel. Pointers begin and end at the first strip's place."""
        place = self.home
        loaded: Sequence[Word | None] = [None] * self.plan.products
        outside = None
        for run in runs:
            with self.idle_accumulators():
                self.move(place, run.first)
                self.load_weights(loaded, run.first.words)
                self.kernel.zero_points.set_ones(loaded, run.first.words)
                if self.kernel.edge_bias and outside != run.first.outside:
                    self.set_biases(run.first.outside)
            loaded, outside = run.first.words, run.first.outside
            self.walk_run(len(run.strips))
            place = run.last.moved(self.plan.columns, self.shape.columns.stride)
        with self.idle_accumulators():
            self.move(place, self.home)

    def move(self, old: Strip, new: Strip) -> None:
        """Moves the pointers from one strip's place to another's."""
        asm, kernel = self.asm, self.kernel
        for pointer, column, new_column in zip(kernel.x, old.loads, new.loads, strict=True):
            distance = (new_column - column) * self.shape.input.pixel_stride
            asm.add_constant(pointer, pointer, distance)
        columns = new.first_output - old.first_output
        asm.add_constant(kernel.y, kernel.y, columns * self.shape.output.pixel_stride)

    def weights(self, row: int, number: int) -> str:
        """The register of one weight word of a row of the window."""
        return self.kernel.words[row * self.plan.products + number]

    def load_weights(self, loaded: Sequence[Word | None], words: Sequence[Word]) -> None:
        """Brings the weights of a run to registers, as far as they are not there."""
        if self.kernel.on_stack:
            self.store_weights(loaded, words)
            return
        contents = [*loaded]
        for number, word in enumerate(words):
            if contents[number] == word:
                continue
            source = next((i for i, other in enumerate(contents) if contains(other, word)), None)
            for row in range(self.shape.rows.taps):
                if source is None:
                    self.load_word(row, self.weights(row, number), word)
                else:
                    self.copy_word(row, number, word, source, contents[source])
            if source is None:
                for row in range(self.shape.rows.taps):
                    self.shift_word(self.weights(row, number), word)
            contents[number] = word

    def store_weights(self, loaded: Sequence[Word | None], words: Sequence[Word]) -> None:
        """Brings the weights of a run to the stack, as far as they are not there."""
        register = self.kernel.words[0]
        for number, (old, word) in enumerate(zip(loaded, words, strict=True)):
            if old == word:
                continue
            for row in range(self.shape.rows.taps):
                self.load_word(row, register, word)
                self.shift_word(register, word)
                self.asm("sw", register, "sp", self.weight_slot(row, number))

    def weight_slot(self, row: int, number: int) -> int:
        """Where one weight word of a row of the window lies on the stack."""
        return self.kernel.weight_slots[row * self.plan.products + number]

    def copy_word(self, row: int, number: int, word: Word, source: int, other: Word | None) -> None:
        """Makes a word from another one that contains it."""
        assert other is not None, "a source has contents"
        target, register = self.weights(row, number), self.weights(row, source)
        if word.lane == other.lane:
            self.asm("mv", target, register)
        else:
            self.asm("slli", target, register, 8 * (word.lane - other.lane))

    def load_word(self, row: int, register: str, word: Word) -> None:
        """Loads at least the taps of a word, to the lowest lanes."""
        if not word.count:
            self.asm("mv", register, "zero")
            return
        load = {1: "lbu", 2: "lhu", 3: "lw", 4: "lw"}[word.count]
        offset = row * self.shape.weight_row_bytes + word.first
        self.asm(load, register, self.kernel.record, offset)

    def shift_word(self, register: str, word: Word) -> None:
        """Moves the taps to their lanes and clears the others."""
        is_padded = self.shape.weight_row_bytes > self.shape.columns.taps
        ends_row = word.first + word.count == self.shape.columns.taps
        if word.count == 3 and word.lane == 0 and not (is_padded and ends_row):
            self.asm("slli", register, register, 8)
            self.asm("srli", register, register, 8)
        elif word.count and word.lane:
            self.asm("slli", register, register, 8 * word.lane)

    def set_biases(self, outside: Sequence[Sequence[int]]) -> None:
        """Biases of the strip's columns, with what its taps in the padding add."""
        asm, record = self.asm, self.kernel.record
        for column, taps in enumerate(outside):
            if not taps:
                self.requantise.set_bias(column, record, None)
                continue
            with asm.registers(3) as (total, weight, padding):
                asm("mv", total, "zero")
                asm.li(padding, self.shape.padding)
                for row in range(self.shape.rows.taps):
                    for tap in taps:
                        offset = row * self.shape.weight_row_bytes + tap
                        asm("lb", weight, record, offset)
                        self.kernel.zero_points.subtract_from(weight)
                        asm("p.mac", total, weight, padding)
                self.requantise.set_bias(column, record, total)

    def walk_run(self, strips: int) -> None:
        """Walks down the strips of a run."""
        if self.calls == 1:
            self.walk_strips(strips)
            return
        self.asm.li(self.count, strips)
        self.asm("jal", self.kernel.link, self.strips)

    # Strips

    def walk_strips(self, count: int | str) -> None:
        """Strips side by side, all with the same weights. The count may be in a register."""
        schedule = self.shape.schedule
        with self.strip_loop(count):
            self.bytes_down = 0
            for number in range(min(schedule.register_sets, schedule.loaded_rows)):
                self.load_row(number, wraps=schedule.wraps_behind(number))
            for step in self.walk.before:
                self.step(step, repeated=1, rolled=False)
            if self.walk.count:
                self.loop_over_rows()
            for step in self.walk.after:
                self.step(step, repeated=1, rolled=False)
            self.next_strip()

    @contextmanager
    def strip_loop(self, count: int | str) -> Generator[None]:
        """The loop over strips.

        No hardware loop holds them where they jump into their rows, or where they are too long.
        """
        asm, slot = self.asm, self.kernel.strips_left
        jumps = self.walk.count and self.walk.entry
        if count == 1 or not (jumps or self.kernel.on_stack):
            with asm.loop(count):
                yield
            return
        if asm.free_registers > 1 and not self.kernel.on_stack:
            with asm.software_loop(count):
                yield
            return
        if isinstance(count, int):
            asm.li(self.count, count)
        asm("sw", self.count, "sp", slot)
        start, done = asm.label(), asm.label()
        asm.place(start)
        yield
        asm("lw", self.count, "sp", slot)
        asm("addi", self.count, self.count, -1)
        asm("sw", self.count, "sp", slot)
        asm("beqz", self.count, done)
        asm("j", start)
        asm.place(done)

    def next_strip(self) -> None:
        """Moves the pointers from below a strip to the top of the next one."""
        asm, kernel, shape, columns = self.asm, self.kernel, self.shape, self.plan.columns
        across = columns * shape.columns.stride * shape.input.pixel_stride
        for pointer in kernel.x:
            asm.add_constant(pointer, pointer, across - self.bytes_down)
        down = shape.rows.outputs * shape.output.row_stride
        asm.add_constant(kernel.y, kernel.y, columns * shape.output.pixel_stride - down)

    def loop_over_rows(self) -> None:
        """The rows that repeat."""
        asm, walk = self.asm, self.walk
        entry = asm.label() if walk.entry else None
        with asm.loop(walk.count, entry):
            for number, step in enumerate(walk.body):
                if entry is not None and number == walk.entry:
                    asm.place(entry)
                self.step(step, repeated=walk.count - (number < walk.entry), rolled=True)

    def load_row(self, register_set: int, *, wraps: bool, repeated: int = 1) -> None:
        """Loads the words of the next row; `wraps` to the tile's first row behind it."""
        tile = self.shape.input
        for register, pointer in zip(self.kernel.inputs[register_set], self.kernel.x, strict=True):
            if self.shape.gathers:
                self.gather(register, pointer)
            else:
                self.asm("p.lw!", register, pointer, tile.row_stride)
        self.bytes_down += repeated * tile.row_stride
        if wraps:
            ring = tile.height * tile.row_stride
            for pointer in self.kernel.x:
                self.asm.add_constant(pointer, pointer, -ring)
            self.bytes_down -= repeated * ring

    def gather(self, register: str, pointer: str) -> None:
        """Puts a word together from bytes a pixel apart; the pointer moves on by a row."""
        asm, tile, lanes = self.asm, self.shape.input, self.kernel.lanes
        load, far_row = "lbu" if tile.unsigned else "lb", self.kernel.far_input_row
        moved = 0
        if far_row == "zero":
            moved = tile.row_stride
            asm(f"p.{load}!", register, pointer, moved)
        else:
            asm(load, register, pointer, 0)
        values = lanes * (self.shape.gathered_lanes - 1) if len(lanes) == 1 else lanes
        for lane, value in enumerate(values, start=1):
            asm(load, value, pointer, lane * tile.pixel_stride - moved)
            if len(lanes) == 1:
                asm("p.insert", register, value, 8, 8 * lane)
        if far_row != "zero":
            asm("add", pointer, pointer, far_row)
        if len(lanes) == LANES - 1:
            asm("pv.packlo.b", register, lanes[0], register)
            asm("pv.packhi.b", register, lanes[2], lanes[1])

    def step(self, step: RowStep, *, repeated: int, rolled: bool) -> None:
        """One row: its products, the load of a later one, the outputs that are complete."""
        words = [self.kernel.pad_word] * len(self.plan.loads)
        if step.registers is not None:
            words = self.kernel.inputs[step.registers]
        taps = [tap for tap in step.taps if tap.live or rolled]
        for tap in taps:
            self.products(words, tap.slot, tap.row, tap.is_first)
        if taps:
            self.kernel.zero_points.take_off(
                words,
                [
                    [self.accumulator(tap.slot, column) for tap in taps]
                    for column in range(self.plan.columns)
                ],
            )
        if step.registers is not None and step.loads and (step.load_is_live or rolled):
            self.load_row(step.registers, wraps=step.wraps, repeated=repeated)
        for finish in step.finishes:
            self.finish(finish.slot, finish.is_empty)

    def accumulator(self, slot: int, column: int) -> str:
        """The register of one output's sum."""
        return self.kernel.accumulators[slot * self.plan.columns + column]

    def products(self, words: Sequence[str], slot: int, row: int, is_first: bool) -> None:
        """The products of one row of input with one row of the window, for all columns."""
        number = 0
        if self.kernel.on_stack:
            self.asm("lw", self.kernel.words[0], "sp", self.weight_slot(row, 0))
        for column, loads in enumerate(self.plan.uses):
            for use, load in enumerate(loads):
                name = self.kernel.dot if is_first and use == 0 else f"s{self.kernel.dot}"
                target = self.accumulator(slot, column)
                self.asm(f"pv.{name}.b", target, words[load], self.weight(row, number))
                number += 1

    def weight(self, row: int, number: int) -> str:
        """The register of a weight word; from the stack the next one is on its way."""
        if not self.kernel.on_stack:
            return self.weights(row, number)
        if number + 1 < self.plan.products:
            following = self.kernel.words[(number + 1) % WEIGHTS_AT_HAND]
            self.asm("lw", following, "sp", self.weight_slot(row, number + 1))
        return self.kernel.words[number % WEIGHTS_AT_HAND]

    def finish(self, slot: int, is_empty: bool) -> None:
        """Requantises and stores a row of outputs; the first column moves the pointer on."""
        asm, kernel, shape = self.asm, self.kernel, self.shape
        for column in reversed(range(self.plan.columns)):
            value = self.accumulator(slot, column)
            if is_empty:
                asm("mv", value, "zero")
            output = self.requantise(value, column if kernel.edge_bias else 0)
            if column:
                asm("sb", output, kernel.y, column * shape.output.pixel_stride)
            elif kernel.far_row != "zero":
                asm("p.sb.r!", output, kernel.y, kernel.far_row)
            else:
                asm("p.sb!", output, kernel.y, shape.output.row_stride)


def contains(other: Word | None, word: Word) -> bool:
    """Whether a shift to the left makes `word` of the other, what it does not need falling out."""
    if other is None or not word.count or other.first != word.first or other.lane > word.lane:
        return False
    return other.count == word.count or (
        other.count > word.count and word.lane + word.count == LANES
    )


def has_form(kernel: KernelOp) -> bool:
    """Whether the kernel can be written at all."""
    variants = [DepthwiseShape.of(kernel, *place) for place in product(*kernel.starts)]
    tile = variants[0][0].input
    is_dilated = kernel.window.dilations != (1, 1)
    return (
        reaches_lanes(tile.pixel_stride)
        and (tile.row_stride <= LARGEST_IMMEDIATE or tile.pixel_stride > 1)
        and not (is_dilated and kernel.circular is not None)
        and sum(map(len, variants)) <= MOST_VARIANTS
    )


def depthwise(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a depthwise kernel; None where it has no form, as for sums of 32 bits."""
    if gives_accumulators(kernel) or not has_form(kernel):
        return None
    (row, *_), (column, *_) = kernel.starts
    shapes = DepthwiseShape.of(kernel, row, column)
    shape = min(shapes, key=lambda shape: (shape.columns.outputs, shape.columns.inputs))
    options = product((False, True), shape.spare_registers, splits(shape, cluster.cores))
    for on_stack, spare, split in options:
        weight_bytes = WORD * shape.rows.taps * split.plan.products
        if on_stack and weight_bytes > gathered_bytes(cluster.core):
            continue
        if (split.plan.columns - 1) * shape.output.pixel_stride > LARGEST_IMMEDIATE:
            continue
        asm = Assembly()
        requantise = window_requantiser(asm, kernel)
        if requantise is None:
            return None
        try:
            writer = DepthwiseWriter(asm, kernel, cluster.cores, split, spare, on_stack=on_stack)
            return writer.write(requantise)
        except RegisterPressureError:
            continue
    return None
