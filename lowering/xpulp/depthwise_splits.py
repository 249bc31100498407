"""Sizes of a depthwise kernel, and how its work may be cut into strips and over the cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, gcd

from dsconv.dialects.records import depthwise_row_bytes
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import INSTRUCTION
from dsconv.lowering.xpulp.row_steps import RowSchedule, Walk
from dsconv.lowering.xpulp.strips import LANES, Run, StripAxis, StripPlan, plans, runs_of, strips_of
from dsconv.lowering.xpulp.tiles import L1Tile

REQUANT_CYCLES = 5
CHANNEL_CYCLES = 15
RUN_CYCLES = 12
STRIP_CYCLES = 5
"""What an output, a channel, a run and a strip take beside products, loads and stores: estimates to
compare splits with each other."""
LONGEST_STRIP_BYTES = 400
"""Of code without a loop. A core's instruction cache has 512, also for what is around it."""


@dataclass(frozen=True)
class Phase:
    """Every `output_step`-th output of an axis, on every so many-th input."""

    axis: StripAxis
    first_input: int
    first_output: int
    output_step: int


def phases(axis: StripAxis, dilation: int) -> list[Phase]:
    """A dilated axis as dense ones."""
    step = dilation // gcd(axis.stride, dilation)
    found: list[Phase] = []
    for output in range(min(step, axis.outputs)):
        start, first = divmod(axis.position(output, 0), dilation)
        inputs = len(range(first, axis.inputs, dilation))
        outputs = len(range(output, axis.outputs, step))
        dense = StripAxis(inputs, outputs, axis.taps, axis.stride * step // dilation, start)
        found.append(Phase(dense, first, output, step))
    return found


@dataclass(frozen=True)
class DepthwiseShape:
    """Sizes and strides in bytes of one depthwise kernel, for one place of its first window.

    `rows` has those of a ring one behind the other, from the first to the last in a window. The
    first row and column lie `input_offset` behind the tile's, the first output `output_offset`.
    """

    input: L1Tile
    input_offset: int
    rows: StripAxis
    columns: StripAxis
    output: L1Tile
    output_offset: int
    record_bytes: int
    weight_row_bytes: int
    padding: int

    @staticmethod
    def of(kernel: KernelOp, row_start: int, column_start: int) -> tuple[DepthwiseShape, ...]:
        """The shapes where the first window begins at `row_start`, `column_start`.

        A dilated window is a dense one on every so many-th row and column, for each of those to
        begin with that has outputs.
        """
        assert kernel.record is not None, "a depthwise convolution has records"
        x, y = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
        (fy, fx), (sy, sx) = kernel.window.kernel, kernel.window.strides
        dy, dx = kernel.window.dilations
        height = x.height if kernel.circular is None else row_start + kernel.window_rows
        record = kernel.record.size, depthwise_row_bytes(fx), kernel.padding
        return tuple(
            DepthwiseShape(
                replace(x, steps=(dy, dx)),
                rows.first_input * x.row_stride + columns.first_input * x.pixel_stride,
                rows.axis,
                columns.axis,
                replace(y, steps=(rows.output_step, columns.output_step)),
                rows.first_output * y.row_stride + columns.first_output * y.pixel_stride,
                *record,
            )
            for rows in phases(StripAxis(height, y.height, fy, sy, row_start), dy)
            for columns in phases(StripAxis(x.width, y.width, fx, sx, column_start), dx)
        )

    @property
    def channels(self) -> int:
        """Channels of the input and of the output."""
        return self.input.channels

    @property
    def gathers(self) -> bool:
        """Whether neighbours in a row do not lie side by side in memory."""
        return self.input.pixel_stride > 1

    @property
    def gathered_lanes(self) -> int:
        """Bytes that are put together to a word: no more than a row has."""
        return min(LANES, self.columns.inputs)

    @property
    def spare_registers(self) -> tuple[int, ...]:
        """Registers that put words together, the fastest first: one a byte, or one for all."""
        if not self.gathers:
            return (0,)
        return (LANES - 1, 1) if self.gathered_lanes == LANES else (1,)

    @property
    def schedule(self) -> RowSchedule:
        """The walk down a strip. Rows of HWC are long: none is loaded behind the tile."""
        padding_is_nothing = self.padding == 0
        return RowSchedule(self.rows, padding_is_nothing, self.input.height, self.gathers)

    def walk(self, plan: StripPlan) -> Walk:
        """A strip's rows: without a loop where their code fits the instruction cache."""
        taps = sum(tap.live for step in self.schedule.steps() for tap in step.taps)
        instructions = (
            taps * plan.products
            + self.schedule.loaded_rows * len(plan.loads)
            + self.rows.outputs * plan.columns * (REQUANT_CYCLES + 1)
        )
        return self.schedule.walk(rolled=instructions * INSTRUCTION > LONGEST_STRIP_BYTES)


@dataclass(frozen=True)
class DepthwiseSplit:
    """A plan for strips, and into how many parts (a power of two) each channel is cut."""

    plan: StripPlan
    parts: int

    def runs(self, axis: StripAxis) -> list[list[Run]]:
        """The runs of every part of a channel."""
        strips = strips_of(axis, self.plan)
        bounds = [len(strips) * part // self.parts for part in range(self.parts + 1)]
        return [runs_of(axis, strips[first:end]) for first, end in pairwise(bounds)]


def split_cycles(shape: DepthwiseShape, split: DepthwiseSplit, cores: int) -> float:
    """Estimated cycles of the core with the most work."""
    units = ceil(shape.channels * split.parts / cores)
    return units * max(part_cycles(shape, split, runs) for runs in split.runs(shape.columns))


def part_cycles(shape: DepthwiseShape, split: DepthwiseSplit, runs: Sequence[Run]) -> float:
    """Estimated cycles of a part of a channel."""
    rows, plan = shape.rows, split.plan
    output_row = rows.taps * plan.products + plan.columns * (REQUANT_CYCLES + 1)
    cycles = float(CHANNEL_CYCLES)
    for run in runs:
        cycles += RUN_CYCLES + 2 * rows.taps * plan.products
        for strip in run.strips:
            loads = sum(load_cycles(shape, load) for load in strip.loads)
            cycles += STRIP_CYCLES + shape.schedule.loaded_rows * loads + rows.outputs * output_row
    return cycles


def load_cycles(shape: DepthwiseShape, column: int) -> float:
    """Cycles to load a word of a row, on average: one more where it is misaligned.

    Where bytes are put together: a load for each, two packs and a step to the next row.
    """
    if shape.gathers:
        return shape.gathered_lanes + 3
    width = shape.columns.inputs
    if width % LANES == 0:
        return 1 if column % LANES == 0 else 2
    if width % 2:
        return 1 + 3 / LANES
    return 1 + 1 / 2 if column % 2 == 0 else 2


def splits(shape: DepthwiseShape, cores: int) -> list[DepthwiseSplit]:
    """All splits, the fastest first."""
    candidates: dict[DepthwiseSplit, None] = {}
    for plan in plans(shape.columns.taps, shape.columns.stride, shape.columns.outputs):
        strips = len(strips_of(shape.columns, plan))
        parts = 1
        while parts <= min(cores, strips):
            candidates[DepthwiseSplit(plan, parts)] = None
            parts *= 2
    return sorted(candidates, key=lambda split: split_cycles(shape, split, cores))
