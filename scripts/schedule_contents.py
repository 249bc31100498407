"""What lies in L1 at each step of a schedule, as the plan says that the compiler lowers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import ceil

from dsconv.dialects.attributes import Tile
from dsconv.dialects.graph import LayerOperation
from dsconv.lowering.maps import tile_start
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.channel_plan import channel_plan
from dsconv.passes.scheduling.row_plan import RowBuffer, row_plan

PROLOGUE = -1
"""Stands for what is made before the first step."""


class MemoryState(Enum):
    """Since when a cell holds what it holds."""

    MADE = "loaded or made in this step"
    KEPT = "kept from before"
    PADDING = "zero point"
    UNUSED = ""


@dataclass(frozen=True)
class Cell:
    """Room for one row, or one channel, of a map; `number` is the one that it holds."""

    state: MemoryState = MemoryState.UNUSED
    number: int | None = None
    is_read: bool = False


@dataclass(frozen=True)
class Buffer:
    """A buffer in L1: its cells in each step."""

    title: str
    columns: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Picture:
    """All buffers of a schedule; `unit` is what a cell has room for."""

    title: str
    unit: str
    steps: Sequence[str]
    buffers: Sequence[Buffer]


def along_rows(title: str, layers: Sequence[LayerOperation], rows: int) -> Picture:
    """A chain along rows, in steps of so many rows of its output, with one buffer each."""
    chain = Chain.of(layers)
    last = chain.layer_shapes[-1]
    plan = row_plan(chain, Tile(last.kernels, rows, last.columns))
    assert plan is not None, "a step is longer than what windows need before the first one"
    first_step = PROLOGUE if any(value.prologue for value in plan.values) else 0
    steps = range(first_step, plan.steps)
    titles = ["input, by DMA", *map(described, layers)]
    titles[-1] += ", to L2 by DMA"
    buffers = [
        Buffer(text, row_columns(value, made, steps))
        for text, value, made in zip(titles, plan.values, (*plan.values[1:], None), strict=True)
    ]
    names = ["prologue" if step == PROLOGUE else f"step {step}" for step in steps]
    return Picture(title, "rows", names, buffers)


def row_columns(rows: RowBuffer, made: RowBuffer | None, steps: range) -> list[list[Cell]]:
    """What the buffer of a value holds in each step, if `made` is what the next layer makes."""
    cells = [Cell()] * (rows.ring or rows.block)
    for row in range(rows.above if rows.is_ring else 0):
        cells[(rows.prologue_window_slot + row) % rows.ring] = Cell(MemoryState.PADDING)
    columns: list[list[Cell]] = []
    for step in steps:
        cells = [kept(cell) if rows.is_ring else Cell() for cell in cells]
        first, count, slot = 0, rows.prologue, rows.prologue_slot if rows.is_ring else 0
        if step != PROLOGUE:
            first, count = rows.rows_made(step).start, rows.block
            slot = rows.slot(step) if rows.is_ring else 0
        for place, number in enumerate(range(first, first + count), start=slot):
            cells[place] = Cell(MemoryState.MADE, number) if number < rows.height else Cell()
            if step != PROLOGUE and number in rows.padding_rows(step):
                cells[place] = Cell(MemoryState.PADDING)
        read = slots_read(rows, made, step)
        columns.append([replace(cell, is_read=place in read) for place, cell in enumerate(cells)])
    return columns


def kept(cell: Cell) -> Cell:
    """A cell one step later."""
    return replace(cell, state=MemoryState.KEPT) if cell.state is MemoryState.MADE else cell


def slots_read(rows: RowBuffer, made: RowBuffer | None, step: int) -> list[int]:
    """Rows of a buffer that the next layer reads in a step, in the order of its windows."""
    if made is None:
        return []
    outputs = made.prologue if step == PROLOGUE else made.block
    stride = rows.block // made.block
    if not rows.is_ring:
        return list(range(stride * outputs))
    first = rows.prologue_window_slot if step == PROLOGUE else rows.window_slot(step)
    count = stride * outputs + rows.overlap if outputs else 0
    return [(first + row) % rows.ring for row in range(count)]


def along_channels(title: str, layers: Sequence[LayerOperation], channels: int) -> Picture:
    """A pair along channels, in steps of so many channels of its output, with one buffer each."""
    chain = Chain.of(layers)
    first, last = chain.layer_shapes
    plan = channel_plan(chain, Tile(channels, last.rows, last.columns))
    steps = range(plan.steps)
    states = [MemoryState.KEPT if step else MemoryState.MADE for step in steps]
    whole = [[Cell(state, number, True) for number in range(first.channels)] for state in states]
    starts = tile_starts(last.kernels, channels)
    made = [block(start, channels, is_read=True) for start in starts]
    stored = [block(start, channels, is_read=False) for start in starts]
    titles = ["input, by DMA once", "weights of both, by DMA", *map(described, layers)]
    titles[-1] += ", to L2 by DMA"
    buffers = [Buffer(*pair) for pair in zip(titles, (whole, made, made, stored), strict=True)]
    return Picture(title, "channels", [f"step {step}" for step in steps], buffers)


def single(title: str, layer: LayerOperation, rows: int) -> Picture:
    """A layer alone, in tiles of so many rows of its output, with one buffer each."""
    layer_shape = LayerShape.of(layer)
    _, count, _ = layer_shape.input_tile(Tile(layer_shape.kernels, rows, layer_shape.columns))
    (top, *_), (stride, _) = layer_shape.window.pads, layer_shape.strides
    starts = tile_starts(layer_shape.rows, rows)
    firsts = [min(max(start * stride - top, 0), layer_shape.height - count) for start in starts]
    loaded = [block(first, count, is_read=True) for first in firsts]
    stored = [block(start, rows, is_read=False) for start in starts]
    buffers = [
        Buffer("input, by DMA", loaded),
        Buffer(f"{described(layer)}, to L2 by DMA", stored),
    ]
    return Picture(title, "rows", [f"tile {number}" for number in range(len(starts))], buffers)


def tile_starts(size: int, tile: int) -> list[int]:
    """Where the tiles of a dimension begin."""
    starts = (tile_start(number, size, tile, "") for number in range(ceil(size / tile)))
    return [start for start in starts if isinstance(start, int)]


def block(first: int, count: int, *, is_read: bool) -> list[Cell]:
    """A buffer that is new in a step."""
    return [Cell(MemoryState.MADE, number, is_read) for number in range(first, first + count)]


def described(layer: LayerOperation) -> str:
    """A layer's kind, window and stride."""
    window = LayerShape.of(layer).window
    (fy, fx), (stride, _) = window.kernel, window.strides
    size = f" {fy}x{fx}" if fy * fx > 1 else ""
    return f"{layer.kind}{size}" + (f" stride {stride}" if stride > 1 else "")
