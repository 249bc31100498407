"""The registers of an array, and one clock of it, for many tiles at a time.

A PE holds the operand `a` that came from its left neighbour, the weight `w` that came from above or
over its row's bus, and a sum. A clock does three things at once: the sum takes the product of what
the registers hold, and both operands move on. Tiles are independent arrays in one state: they are
the last axis, so that numpy works on long vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Operands: TypeAlias = npt.NDArray[np.int32]
Sums: TypeAlias = npt.NDArray[np.signedinteger]


@dataclass(frozen=True)
class Edges:
    """What enters an array in one clock, (ports, tiles) each, None for zeros; and what PEs do.

    `hold`: weights stay; `flow`: sums move down. A `bus` takes the place of weights from above.
    """

    left: Operands | None = None
    top: Operands | None = None
    bus: Operands | None = None
    hold: bool = False
    flow: bool = False


Watch: TypeAlias = Callable[[Edges, Sums], None]
"""Sees what enters in a clock, and what the PEs multiply in it."""

SPARE = 64
"""Steps between two copies of a delay line."""


class DelayLine:
    """Registers that pass their values on along an axis.

    The values stay where they are and the window over them moves, so a step writes only what comes
    in at the edge.
    """

    def __init__(self, rows: int, columns: int, tiles: int, axis: int):
        """All registers are zero, as after a clear. `axis`: 0 is downwards, 1 to the right."""
        shape = [rows, columns, tiles]
        self._length, self._axis = shape[axis], axis
        shape[axis] += SPARE
        self._values = np.zeros(shape, np.int32)
        self._first = SPARE

    @property
    def registers(self) -> Operands:
        """What the registers hold, (rows, columns, tiles); a view."""
        return self._part(self._first, self._length)

    def shift(self, edge: Operands) -> None:
        """Every value moves on by one register; `edge` comes in."""
        if self._first == 0:
            self._part(SPARE, self._length)[:] = self._part(0, self._length).copy()
            self._first = SPARE
        self._first -= 1
        self._part(self._first, 1)[:] = edge[None] if self._axis == 0 else edge[:, None]

    def _part(self, first: int, length: int) -> Operands:
        place = slice(first, first + length)
        return self._values[place] if self._axis == 0 else self._values[:, place]


class Registers:
    """The state of an array of `rows` x `columns` PEs for so many tiles. `cycles` counts clocks.

    Sums have 32 bits, or 64 where an accumulator is wider. `watch`, if given, sees every clock.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        tiles: int,
        accumulator_bits: int = 32,
        watch: Watch | None = None,
    ):
        shape = (rows, columns, tiles)
        self._a = DelayLine(*shape, axis=1)
        self._w = DelayLine(*shape, axis=0)
        self.sums: Sums = np.zeros(shape, np.int32 if accumulator_bits <= 32 else np.int64)
        self._products = np.zeros_like(self.sums)
        self.cycles = 0
        self._watch = watch

    def step(self, left: Operands, top: Operands) -> None:
        """One clock, sums in place; `left` (rows, tiles) and `top` (columns, tiles) come in."""
        self._multiply(self._w.registers, Edges(left, top))
        self.sums += self._products
        self._a.shift(left)
        self._w.shift(top)

    def step_with_bus(self, left: Operands, held: Operands, bus: Operands) -> Operands:
        """One clock in which every PE takes its row's weight from the bus.

        `held` (rows, 1, tiles) is what the last clock put into the weight registers; returns what
        this one does: `bus`.
        """
        self._multiply(held, Edges(left, bus=bus[:, 0]))
        self.sums += self._products
        self._a.shift(left)
        return bus

    def load(self, top: Operands) -> None:
        """One clock in which weights move down, and nothing else happens."""
        self._w.shift(top)
        self._products[:] = 0
        self._count(Edges(top=top))

    def step_with_weights_held(self, left: Operands) -> Sums:
        """One clock, weights stationary: sums move down. Returns those that leave the last row."""
        self._multiply(self._w.registers, Edges(left, hold=True, flow=True))
        self._products[1:] += self.sums[:-1]
        self.sums, self._products = self._products, self.sums
        self._a.shift(left)
        return self.sums[-1]

    def _multiply(self, weights: Operands, edges: Edges) -> None:
        np.multiply(self._a.registers, weights, out=self._products, dtype=self.sums.dtype)
        self._count(edges)

    def _count(self, edges: Edges) -> None:
        self.cycles += 1
        if self._watch is not None:
            self._watch(edges, self._products)
