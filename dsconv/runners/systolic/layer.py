"""One layer on an array: its operands cut into tiles, the tiles simulated, their sums put together.

Operands are centred, `x - zx` and `w - zw`, as they enter the array; bias and requantisation stand
behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from dsconv.dialects.mapping import Lines, Mapping, Strategy
from dsconv.dialects.target import Drain, SystolicArray, TileFlow
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.tiles import LineWork, band_height, pieces
from dsconv.runners.systolic.registers import Operands
from dsconv.runners.systolic.simulator import Simulator

Result: TypeAlias = npt.NDArray[np.int64]

STATE = 2**16
"""PEs that are simulated at a time: their registers fit a core's cache."""
OPERANDS = 2**22
"""Operands that are at the edges of those, at most."""
LANE = 4
"""Tiles that follow each other in a lane, where an array pipelines them."""


@dataclass
class Clock:
    """Cycles of tiles that run one after the other, as the array orders them; what runs them."""

    array: SystolicArray
    simulator: Simulator
    streamed: int = 0
    end: int = 0

    def add(self, lanes: int, cycles: int, latency: int, drained: int) -> None:
        """So many lanes of so many cycles each, of which the last ones are latency.

        `drained` tiles in all have sums to shift out.
        """
        if self.array.tiles is TileFlow.PIPELINED:
            self.streamed += lanes * (cycles - latency)
            self.end = max(self.end, self.streamed + latency)
            return
        drain = self.array.rows if self.array.drain is Drain.SERIAL else 0
        self.end += lanes * cycles + drained * drain

    def batches(self, tiles: int, pes: int, operands: int) -> Iterator[npt.NDArray[np.intp]]:
        """Numbers of all tiles, (length of a lane, lanes) at a time.

        A tile takes so many PEs and operands.
        """
        longest = LANE if self.array.tiles is TileFlow.PIPELINED else 1
        most = max(1, min(STATE // pes, OPERANDS // (longest * operands)))
        first = 0
        for lanes, length in pieces(tiles, longest):
            numbers = np.arange(first, first + lanes * length).reshape(lanes, length).T
            first += lanes * length
            for lane in range(0, lanes, most):
                yield numbers[:, lane : lane + most]


def blocks(size: int, largest: int) -> Iterator[tuple[int, int, int]]:
    """Where blocks begin, how many there are, and their length: the largest ones, then the rest."""
    first = 0
    for times, length in pieces(size, largest):
        yield first, times, length
        first += times * length


def run_layer(
    x: Operands,
    weights: Operands,
    work: ArrayWork,
    mapping: Mapping,
    array: SystolicArray,
    simulator: Simulator | None = None,
) -> tuple[Result, int]:
    """Sums (K, OY, OX) of all groups, and the cycles that the array took.

    `x`: centred, (C, IY, IX) of all groups; `weights`: centred, (K, C of a group, FY, FX).
    """
    top, left, bottom, right = work.window.pads
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right))).astype(np.int32)
    clock = Clock(array, simulator or Simulator())
    match mapping.strategy:
        case Strategy.ROW_BUS | Strategy.ST_OS:
            sums = _on_bus(padded, weights, work, mapping, clock)
        case Strategy.BANDED:
            sums = _banded(padded, weights, work, clock)
        case Strategy.BLOCK_DIAGONAL:
            sums = _block_diagonal(*_matrices(padded, weights, work), mapping.group, clock)
        case Strategy.WEIGHT_STATIONARY:
            sums = _weight_stationary(*_matrices(padded, weights, work), clock)
        case Strategy.OUTPUT_STATIONARY:
            sums = _products(*_matrices(padded, weights, work), clock)
    return sums.reshape(-1, *work.outputs), clock.end


def _matrices(padded: Operands, weights: Operands, work: ArrayWork) -> tuple[Operands, Operands]:
    """A matrix for each group: taps of all pixels (G, K, M), and weights (G, K, N)."""
    (sy, sx), (dy, dx) = work.window.strides, work.window.dilations
    windows = sliding_window_view(padded, work.window.extent, axis=(1, 2))
    windows = windows[:, ::sy, ::sx, ::dy, ::dx].transpose(0, 3, 4, 1, 2)
    a = windows.reshape(work.groups, work.taps, work.pixels)
    w = weights.reshape(work.groups, work.kernels, work.taps).transpose(0, 2, 1)
    return a, w


def _products(a: Operands, w: Operands, clock: Clock) -> Result:
    """Matrix products a (P, K, M), w (P, K, N) as sums (P, N, M)."""
    (count, terms, m), n = a.shape, w.shape[2]
    array, sums = clock.array, np.empty((count, n, m), np.int64)
    for row, times, r in blocks(m, array.rows):
        rows = slice(row, row + times * r)
        left = a[:, :, rows].reshape(count, terms, times, r)
        for column, repeats, c in blocks(n, array.columns):
            columns = slice(column, column + repeats * c)
            right = w[:, :, columns].reshape(count, terms, repeats, c)
            part = np.empty((count, repeats, c, times, r), np.int64)
            for numbers in clock.batches(count * times * repeats, r * c, terms * (r + c)):
                p, i, j = np.unravel_index(numbers, (count, times, repeats))
                found, cycles = clock.simulator.products(
                    left[p, :, i].transpose(0, 2, 3, 1),
                    right[p, :, j].transpose(0, 2, 3, 1),
                    array.accumulator_bits,
                )
                part[p, j, :, i] = found.transpose(0, 3, 2, 1)
                clock.add(numbers.shape[1], cycles, r + c - 1, numbers.size)
            sums[:, columns, rows] = part.reshape(count, repeats * c, times * r)
    return sums


def _weight_stationary(a: Operands, w: Operands, clock: Clock) -> Result:
    """The same products; the sums of each block of terms are added behind the array."""
    (count, terms, m), n = a.shape, w.shape[2]
    array, sums = clock.array, np.zeros((count, n, m), np.int64)
    for row, times, r in blocks(terms, array.rows):
        for block in range(row, row + times * r, r):
            for column, repeats, c in blocks(n, array.columns):
                columns = slice(column, column + repeats * c)
                right = w[:, block : block + r, columns].reshape(count, r, repeats, c)
                part = np.empty((count, repeats, c, m), np.int64)
                for numbers in clock.batches(count * repeats, r * c, m * (r + c)):
                    p, j = np.unravel_index(numbers[0], (count, repeats))
                    found, cycles = clock.simulator.products_with_weights_held(
                        a[p, block : block + r].transpose(1, 2, 0),
                        right[p, :, j].transpose(1, 2, 0),
                        array.accumulator_bits,
                    )
                    part[p, j] = found.transpose(2, 1, 0)
                    clock.add(numbers.size, cycles, 0, 0)
                sums[:, columns] += part.reshape(count, repeats * c, m)
    return sums


def _block_diagonal(a: Operands, w: Operands, group: int, clock: Clock) -> Result:
    """So many groups in one product: their taps one below the other, weights on the diagonal."""
    (count, terms, m), n = a.shape, w.shape[2]
    sums = np.empty((count, n, m), np.int64)
    for first, times, size in blocks(count, group):
        groups = slice(first, first + times * size)
        diagonal = np.zeros((times, size, terms, size, n), np.int32)
        place = np.arange(size)
        diagonal[:, place, :, place] = w[groups].reshape(times, size, terms, n).swapaxes(0, 1)
        found = _products(
            a[groups].reshape(times, size * terms, m),
            diagonal.reshape(times, size * terms, size * n),
            clock,
        )
        sums[groups] = found.reshape(times * size, n, m)
    return sums


def _banded(padded: Operands, weights: Operands, work: ArrayWork, clock: Clock) -> Result:
    """Output lines times band matrices, of each output channel and block of output columns."""
    oy, ox = work.outputs
    (fy, fx), (sy, sx), (dy, dx) = work.window.kernel, work.window.strides, work.window.dilations
    channels = np.arange(len(weights)) // work.kernels
    lines = np.arange(oy)[:, None] * sy + np.arange(fy) * dy
    sums = np.empty((len(weights), oy, ox), np.int64)
    for first, repeats, c in blocks(ox, clock.array.columns):
        height = band_height(work, c)
        band = np.zeros((len(weights), fy, height, c), np.int32)
        for tap in range(fx):
            band[:, :, np.arange(c) * sx + tap * dx, np.arange(c)] = weights[:, 0, :, tap, None]
        starts = (first + np.arange(repeats) * c) * sx
        part = padded[channels][:, :, starts[:, None] + np.arange(height)][:, lines]
        a = part.transpose(0, 3, 2, 4, 1).reshape(-1, fy * height, oy)
        w = np.repeat(band.reshape(len(weights), fy * height, c), repeats, axis=0)
        found = _products(a, w, clock).reshape(len(weights), repeats * c, oy)
        sums[:, :, first : first + repeats * c] = found.transpose(0, 2, 1)
    return sums


def _on_bus(
    padded: Operands, weights: Operands, work: ArrayWork, mapping: Mapping, clock: Clock
) -> Result:
    """Each line of the output on a row of the array, a pass for each line of a channel's kernel."""
    line_work, window = LineWork.of(work, mapping), work.window
    kernel, across, along = weights, 0, 1
    if mapping.lines is Lines.COLUMNS:
        across, along = 1, 0
        padded, kernel = padded.transpose(0, 2, 1), kernel.transpose(0, 1, 3, 2)
    taps = np.zeros((*kernel.shape[:3], line_work.extent), np.int32)
    taps[..., :: window.dilations[along]] = kernel
    taps = taps.reshape(len(kernel), line_work.passes, line_work.extent)

    length = line_work.length
    if mapping.strategy is Strategy.ST_OS:
        length = ceil(length / clock.array.columns) * clock.array.columns
    reach = length + line_work.extent - 1
    padded = np.pad(padded, ((0, 0), (0, 0), (0, max(0, reach - padded.shape[2]))))
    outputs = work.outputs[across]
    starts = np.arange(outputs)[:, None] * window.strides[across]
    rows = starts + np.arange(kernel.shape[2]) * window.dilations[across]
    groups = np.arange(len(kernel)) // work.kernels
    channels = groups[:, None] * work.channels + np.arange(work.channels)
    lines = padded[channels][:, :, rows, :reach].swapaxes(1, 2)
    lines = lines.reshape(-1, line_work.passes, reach)

    sums = _lines(lines, np.repeat(taps, outputs, axis=0), length, clock)
    sums = sums[:, :: line_work.stride][:, : line_work.outputs]
    found = sums.reshape(len(kernel), outputs, line_work.outputs)
    return found if mapping.lines is Lines.ROWS else found.transpose(0, 2, 1)


def _lines(lines: Operands, taps: Operands, length: int, clock: Clock) -> Result:
    """Lines (n, passes, length + E - 1) with taps (n, passes, E): sums (n, length)."""
    array, sums = clock.array, np.empty((len(lines), length), np.int64)
    _, passes, extent = taps.shape
    for row, times, r in blocks(len(lines), array.rows):
        rows = slice(row, row + times * r)
        inputs = lines[rows].reshape(times, r, passes, -1)
        weights = taps[rows].reshape(times, r, passes, extent)
        for place, repeats, f in blocks(length, array.columns):
            reach = f + extent - 1
            part = np.empty((times, r, repeats, f), np.int64)
            for numbers in clock.batches(times * repeats, r * f, passes * r * (reach + extent)):
                i, j = np.unravel_index(numbers, (times, repeats))
                along = place + j[..., None] * f + np.arange(reach)
                found, cycles = clock.simulator.lines(
                    inputs[i[..., None], :, :, along].transpose(0, 4, 2, 3, 1),
                    weights[i].transpose(0, 3, 4, 2, 1),
                    f,
                    array.accumulator_bits,
                )
                part[i, :, j] = found.transpose(0, 3, 1, 2)
                clock.add(numbers.shape[1], cycles, 1, numbers.size)
            sums[rows, place : place + repeats * f] = part.reshape(times * r, repeats * f)
    return sums
