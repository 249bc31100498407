"""Whole tiles on an array, clock by clock: operands enter at the edges until all is summed.

Each function runs equal tiles at a time and returns their sums and the cycles of one of them. The
tiles of a lane stream in without a pause: a PE hands over its sum when the next tile's first
operand reaches it, and begins again from 0. `watch` sees every clock.
"""

from __future__ import annotations

import numpy as np

from dsconv.runners.systolic.registers import Operands, Registers, Sums, Watch


def skewed(operands: Operands, steps: int) -> Operands:
    """What enters at an edge, (steps, n, tiles), of operands (K, n, tiles): port i is i late."""
    terms, ports, tiles = operands.shape
    edge = np.zeros((steps, ports, tiles), np.int32)
    for port in range(ports):
        edge[port : port + terms, port] = operands[:, port]
    return edge


def streamed_products(
    a: Operands, w: Operands, bits: int = 32, watch: Watch | None = None
) -> tuple[Sums, int]:
    """Lanes of n products a (n, K, r, lanes), w (n, K, c, lanes): sums (n, r, c, lanes), cycles."""
    count, terms, rows, lanes = a.shape
    columns = w.shape[2]
    last = count * terms + rows + columns - 1
    left = skewed(a.reshape(count * terms, rows, lanes), last)
    top = skewed(w.reshape(count * terms, columns, lanes), last)
    array = Registers(rows, columns, lanes, bits, watch)
    finished = np.zeros((count, rows, columns, lanes), array.sums.dtype)
    distance = np.add.outer(np.arange(rows), np.arange(columns))
    diagonals = [np.nonzero(distance == place) for place in range(rows + columns - 1)]
    for step in range(last):
        for tile in range(1, count):
            place = step - tile * terms - 1
            if 0 <= place < len(diagonals):
                finished[tile - 1][diagonals[place]] = array.sums[diagonals[place]]
                array.sums[diagonals[place]] = 0
        array.step(left[step], top[step])
    finished[-1] = array.sums
    return finished, array.cycles


def products_with_weights_held(
    a: Operands, w: Operands, bits: int = 32, watch: Watch | None = None
) -> tuple[Sums, int]:
    """The product of a (r, M, tiles) and w (r, c, tiles), weights in place.

    Sums (M, c, tiles) leave below.
    """
    rows, pixels, tiles = a.shape
    columns = w.shape[1]
    last = pixels + rows + columns - 1
    left = skewed(a.transpose(1, 0, 2), last)
    array = Registers(rows, columns, tiles, bits, watch)
    sums = np.zeros((pixels, columns, tiles), array.sums.dtype)
    for row in reversed(range(rows)):
        array.load(w[row])
    for step in range(last):
        bottom = array.step_with_weights_held(left[step])
        for column in range(columns):
            pixel = step - rows - column
            if 0 <= pixel < pixels:
                sums[pixel, column] = bottom[column]
    return sums, array.cycles


def lines_on_bus(
    inputs: Operands,
    w: Operands,
    places: int,
    bits: int = 32,
    watch: Watch | None = None,
) -> tuple[Sums, int]:
    """Lanes of n tiles of lines, one a row of the array: inputs (n, passes, L, r, lanes).

    Weights w (n, passes, E, r, lanes) come over the buses, L = places + E - 1. PE j of a row sums
    the place `places - 1 - j` of its line. Sums (n, r, places, lanes) are in the lines' order.
    """
    count, passes, length, rows, lanes = inputs.shape
    array = Registers(rows, places, lanes, bits, watch)
    finished = np.zeros((count, rows, places, lanes), array.sums.dtype)
    nothing = np.zeros((rows, 1, lanes), np.int32)
    held = nothing
    for tile in range(count):
        for line in range(passes):
            for step in range(length):
                tap = step - (places - 1)
                bus = w[tile, line, tap][:, None] if tap >= 0 else nothing
                held = array.step_with_bus(inputs[tile, line, step], held, bus)
                if tile and line == step == 0:
                    finished[tile - 1] = array.sums[:, ::-1]
                    array.sums[:] = 0
    array.step_with_bus(nothing[:, 0], held, nothing)
    finished[-1] = array.sums[:, ::-1]
    return finished, array.cycles


class Simulator:
    """What runs tiles: this one in numpy."""

    def products(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        """See `streamed_products`."""
        return streamed_products(a, w, bits)

    def products_with_weights_held(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        """See `products_with_weights_held`."""
        return products_with_weights_held(a, w, bits)

    def lines(self, inputs: Operands, w: Operands, places: int, bits: int) -> tuple[Sums, int]:
        """See `lines_on_bus`."""
        return lines_on_bus(inputs, w, places, bits)
