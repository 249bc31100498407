"""Tiles of a layer on an array, and the cycles that they take: closed forms, exact by the clock.

A PE has a register for each operand and an accumulator; it multiplies what lies in its registers.
An operand is in its first register one cycle after it is at the edge, so a matrix product of r
rows, c columns and K terms takes K + r + c - 1 cycles, as in FuSeConv's model (arXiv 2105.13434).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from dsconv.dialects.mapping import Lines, Mapping, Strategy
from dsconv.dialects.target import Drain, SystolicArray, TileFlow
from dsconv.passes.systolic.array_work import ArrayWork


@dataclass(frozen=True)
class Tiles:
    """`count` equal tiles on `rows` x `columns` PEs.

    Operands stream in for `stream` cycles; `latency` cycles later the last PE has its last product.
    `operands` enter a tile at its edges, zeros of padding and of sparse weights among them, and
    `sums` leave it.
    """

    count: int
    rows: int
    columns: int
    stream: int
    latency: int
    operands: int
    sums: int
    drains: bool = True

    def cycles(self, array: SystolicArray) -> int:
        """Cycles of all of them, each alone on the array, and of shifting their sums out."""
        drain = array.rows if self.drains and array.drain is Drain.SERIAL else 0
        return self.count * (self.stream + self.latency + drain)


@dataclass(frozen=True)
class Product:
    """`count` equal matrix products, (M, K) times (K, N)."""

    count: int
    rows: int
    terms: int
    columns: int


def products(work: ArrayWork, mapping: Mapping, array: SystolicArray) -> list[Product]:
    """The matrix products that a layer is, in a mapping that is not on the row bus."""
    match mapping.strategy:
        case Strategy.BLOCK_DIAGONAL:
            return [
                Product(times, work.pixels, size * work.taps, size * work.kernels)
                for times, size in pieces(work.groups, mapping.group)
            ]
        case Strategy.BANDED:
            oy, ox = work.outputs
            return [
                Product(
                    work.groups * work.kernels * times,
                    oy,
                    work.window.kernel[0] * band_height(work, c),
                    c,
                )
                for times, c in pieces(ox, array.columns)
            ]
        case _:
            return [Product(work.groups, work.pixels, work.taps, work.kernels)]


def tiles(work: ArrayWork, mapping: Mapping, array: SystolicArray) -> list[Tiles]:
    """All tiles of a layer."""
    match mapping.strategy:
        case Strategy.WEIGHT_STATIONARY:
            return list(_weight_stationary(work, array))
        case Strategy.ROW_BUS | Strategy.ST_OS:
            return list(_on_bus(work, mapping, array))
        case _:
            return [
                part
                for product in products(work, mapping, array)
                for part in _sums_in_place(product, array)
            ]


def cycles(work: ArrayWork, mapping: Mapping, array: SystolicArray) -> int:
    """Clock cycles of a layer.

    Separate tiles take theirs one after the other. Pipelined ones stream in without a pause.
    """
    found = tiles(work, mapping, array)
    if array.tiles is TileFlow.SEPARATE:
        return sum(part.cycles(array) for part in found)
    streamed = end = 0
    for part in found:
        streamed += part.count * part.stream
        end = max(end, streamed + part.latency)
    return end


def moved_bytes(work: ArrayWork, mapping: Mapping, array: SystolicArray) -> int:
    """Bytes that pass the edges of the array for a layer: operands, of a byte each, and sums."""
    sum_bytes = ceil(array.accumulator_bits / 8)
    return sum(
        part.count * (part.operands + sum_bytes * part.sums) for part in tiles(work, mapping, array)
    )


def pieces(size: int, largest: int) -> Iterator[tuple[int, int]]:
    """How often which length, where a size is cut into pieces of the largest length."""
    if size >= largest:
        yield size // largest, largest
    if size % largest:
        yield 1, size % largest


def _sums_in_place(product: Product, array: SystolicArray) -> Iterator[Tiles]:
    for times, r in pieces(product.rows, array.rows):
        for repeats, c in pieces(product.columns, array.columns):
            count, terms = product.count * times * repeats, product.terms
            yield Tiles(count, r, c, terms, r + c - 1, terms * (r + c), r * c)


def _weight_stationary(work: ArrayWork, array: SystolicArray) -> Iterator[Tiles]:
    """Weights are shifted in, one row a cycle; sums leave below as pixels pass."""
    for times, r in pieces(work.taps, array.rows):
        for repeats, c in pieces(work.kernels, array.columns):
            count = work.groups * times * repeats
            operands, sums = r * (c + work.pixels), work.pixels * c
            stream = r + work.pixels
            yield Tiles(count, r, c, stream, r + c - 1, operands, sums, drains=False)


def band_height(work: ArrayWork, columns: int) -> int:
    """Input columns under so many neighbouring output columns."""
    return (columns - 1) * work.window.strides[1] + work.window.extent[1]


@dataclass(frozen=True)
class LineWork:
    """A layer as lines for the row bus.

    `lines` output lines, of which each has `length` places; every `stride`-th is an output. A line
    takes `passes` input lines, of all channels under it, and the window spans `extent` places along
    them. A fully connected layer has lines of one place.
    """

    lines: int
    length: int
    outputs: int
    stride: int
    passes: int
    extent: int

    @staticmethod
    def of(work: ArrayWork, mapping: Mapping) -> LineWork:
        """Lines are rows or columns of the map, as the mapping says; ST_OS takes padding, too."""
        across, along = (0, 1) if mapping.lines is Lines.ROWS else (1, 0)
        window, outputs = work.window, work.outputs
        length = (outputs[along] - 1) * window.strides[along] + 1
        if mapping.strategy is Strategy.ST_OS:
            length = max(work.padded[along], length)
        return LineWork(
            work.groups * work.kernels * outputs[across],
            length,
            outputs[along],
            window.strides[along],
            work.channels * window.kernel[across],
            window.extent[along],
        )


def _on_bus(work: ArrayWork, mapping: Mapping, array: SystolicArray) -> Iterator[Tiles]:
    """A line on each row: f places and the window's rest are shifted in, then weights come.

    ST_OS shifts in a whole row of the array, however few of its places are outputs, and one more
    cycle passes: cols + K in all (arXiv 2105.13434).
    """
    work_lines = LineWork.of(work, mapping)
    passes, extent = work_lines.passes, work_lines.extent
    for times, r in pieces(work_lines.lines, array.rows):
        places = pieces(work_lines.length, array.columns)
        if mapping.strategy is Strategy.ST_OS:
            places = [(ceil(work_lines.length / array.columns), array.columns)]
        for repeats, f in places:
            stream = passes * (f + extent - 1)
            operands = r * (stream + passes * extent)
            yield Tiles(times * repeats, r, f, stream, 1, operands, r * f)
