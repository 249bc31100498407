"""The array in SystemVerilog, tile by tile against the numpy simulator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from dsconv.dialects.target import Drain, SystolicArray
from dsconv.errors import ToolError
from dsconv.runners.process import RunnerError
from dsconv.runners.systolic.registers import Edges, Operands, Sums
from dsconv.runners.systolic.rtl_tools import (
    OPERAND_BITS,
    RtlTool,
    found_tools,
    play,
    sources,
)
from dsconv.runners.systolic.simulator import (
    Simulator,
    lines_on_bus,
    products_with_weights_held,
    streamed_products,
)


@dataclass(frozen=True)
class Expected:
    """What RTL has to have in its PEs (row, column) behind a clock of the tiles, the first being 1.

    `done`: not the sums, but those handed over by the tile before. `differs`: some of the sums are
    to be others, since the last product comes only in the next clock.
    """

    clock: int
    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64]
    done: bool = False
    differs: bool = False


@dataclass
class Tiles:
    """What enters the array in every clock of tiles in a row, and what it has to give.

    `first`: clocks, counted from 0, and rows whose first operand of a tile comes then. `drained`:
    the sums have been shifted out, and zeros in.
    """

    edges: list[Edges] = field(default_factory=list[Edges])
    first: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    expected: list[Expected] = field(default_factory=list[Expected])
    last_product: int = 0
    drained: bool = False

    def watch(self, edges: Edges, products: Sums) -> None:
        """Keeps a clock."""
        self.edges.append(edges)
        if products.any():
            self.last_product = len(self.edges)

    def begin(self, clock: int, row: int) -> None:
        """In a clock, a row's first operand of a tile comes."""
        self.first.setdefault(clock, []).append(row)

    def ask(self, clock: int, sums: Sums, *, done: bool = False, differs: bool = False) -> None:
        """Asks for the sums of all rows and columns (r, c)."""
        row, column = np.indices(sums.shape).reshape(2, -1)
        values = sums[row, column].astype(np.int64)
        self.expected.append(Expected(clock, row, column, values, done, differs))

    def drain(self, rows: int, sums: Sums) -> None:
        """Shifts the sums (r, c) of an array of so many rows out below, one row a clock."""
        end, (used, columns) = len(self.edges), sums.shape
        self.edges += [Edges(flow=True)] * rows
        for shifts in range(rows - used, rows):
            last_row = np.full(columns, rows - 1)
            values = sums[rows - 1 - shifts].astype(np.int64)
            self.expected.append(Expected(end + shifts, last_row, np.arange(columns), values))
        self.ask(end + rows, np.zeros_like(sums))
        self.drained = True


@dataclass
class RtlSimulator(Simulator):
    """Simulates in numpy, and keeps one lane of every batch for RTL: `check` runs them.

    `largest` bounds the clocks of a lane that is kept.
    """

    array: SystolicArray
    largest: int = 5000
    sources: list[Path] = field(default_factory=sources)
    kept: list[Tiles] = field(default_factory=list[Tiles])

    def products(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        tiles = Tiles()
        count, terms, rows, _ = a.shape
        sums, cycles = streamed_products(a[..., :1], w[..., :1], bits, tiles.watch)
        for tile in range(count):
            for row in range(rows):
                tiles.begin(tile * terms + row, row)
        distance = np.add.outer(*map(np.arange, sums.shape[1:3]))
        for tile, place in np.ndindex(count - 1, int(distance.max()) + 1):
            row, column = np.nonzero(distance == place)
            values = sums[tile, row, column, 0].astype(np.int64)
            clock = (tile + 1) * terms + 2 + place
            tiles.expected.append(Expected(clock, row, column, values, done=True))
        self._keep(tiles, cycles, sums[-1, ..., 0], hands_over=count > 1)
        return streamed_products(a, w, bits)

    def lines(self, inputs: Operands, w: Operands, places: int, bits: int) -> tuple[Sums, int]:
        tiles = Tiles()
        count, passes, length, rows, _ = inputs.shape
        sums, cycles = lines_on_bus(inputs[..., :1], w[..., :1], places, bits, tiles.watch)
        in_pes = sums[:, :, ::-1, 0]
        for tile in range(count):
            for row in range(rows):
                tiles.begin(tile * passes * length, row)
            if tile:
                tiles.ask(tile * passes * length + 2, in_pes[tile - 1], done=True)
        self._keep(tiles, cycles, in_pes[-1], hands_over=count > 1)
        return lines_on_bus(inputs, w, places, bits)

    def products_with_weights_held(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        tiles = Tiles()
        rows, columns = w.shape[:2]
        sums, _ = products_with_weights_held(a[..., :1], w[..., :1], bits, tiles.watch)
        pixel, column = np.indices(sums.shape[:2]).reshape(2, -1)
        clock = rows + pixel + rows + column + 1
        for when in range(2 * rows + 1, 2 * rows + len(sums) + columns):
            now = clock == when
            values = sums[pixel[now], column[now], 0].astype(np.int64)
            last_row = np.full(len(values), rows - 1)
            tiles.expected.append(Expected(when, last_row, column[now], values))
        self._keep(tiles)
        return products_with_weights_held(a, w, bits)

    def _keep(
        self,
        tiles: Tiles,
        cycles: int = 0,
        last: Sums | None = None,
        *,
        hands_over: bool = False,
    ) -> None:
        """Keeps tiles, of which the last one has sums in the PEs (r, c) behind so many cycles."""
        if len(tiles.edges) > self.largest:
            return
        if last is not None:
            tiles.ask(cycles, last)
            if tiles.last_product > 1 and not hands_over:
                tiles.ask(tiles.last_product - 1, last, differs=True)
            if self.array.drain is Drain.SERIAL:
                tiles.drain(self.array.rows, last)
        self.kept.append(tiles)

    def check(self, tools: Sequence[RtlTool] | None = None) -> RtlCheck:
        """Plays what was kept, one after the other, on some simulators; by default all that exist.

        Raises ToolError where there is none, RunnerError where RTL has another sum or has it in
        another clock.
        """
        tools = found_tools() if tools is None else tools
        if not tools:
            raise ToolError("Icarus Verilog is missing: make rtl, or apt install iverilog")
        stimuli, starts = stimuli_of(self.kept, self.array)
        for tool in tools:
            with TemporaryDirectory(prefix="dsconv-") as folder:
                lines = play(tool, Path(folder), self.sources, stimuli, self.array)
            results = {(result.clock, result.done): result for result in map(Result.of, lines)}
            for number, (start, tiles) in enumerate(zip(starts, self.kept, strict=True)):
                for expected in tiles.expected:
                    result = results[start + expected.clock, expected.done]
                    _compare(f"{tool.name}: tile {number}", expected, result, self.array)
        return RtlCheck(
            tuple(tool.name for tool in tools),
            len(self.kept),
            sum(len(tiles.edges) for tiles in self.kept),
            sum(len(expected.sums) for tiles in self.kept for expected in tiles.expected),
        )


@dataclass(frozen=True)
class RtlCheck:
    """How much of RTL has been found equal, on which simulators: tiles, their clocks and sums."""

    tools: tuple[str, ...]
    tiles: int
    clocks: int
    sums: int

    def __str__(self) -> str:
        return (
            f"RTL on {' and '.join(self.tools)} equals the simulator: {self.tiles} tiles, "
            f"{self.clocks:,} clocks, {self.sums:,} sums"
        )


def stimuli_of(kept: Sequence[Tiles], array: SystolicArray) -> tuple[list[int], list[int]]:
    """A number for each clock, as the testbench takes it apart; where each of the tiles begins.

    That is the clock before its first one: a clear, unless it finds an array of zeros.
    """
    stimuli: list[int] = []
    starts: list[int] = []
    is_zero = False
    for tiles in kept:
        if not is_zero:
            stimuli.append(1 << 3 << _input_bits(array))
        starts.append(len(stimuli) - 1)
        stimuli += _clocks(tiles, array)
        is_zero = tiles.drained
    return stimuli, starts


def _input_bits(array: SystolicArray) -> int:
    return OPERAND_BITS * (2 * array.rows + array.columns) + array.rows


def _clocks(tiles: Tiles, array: SystolicArray) -> Iterator[int]:
    asked = {(expected.clock, expected.done) for expected in tiles.expected}
    for clock, edges in enumerate(tiles.edges, start=1):
        word = ((clock, False) in asked) << 5 | ((clock, True) in asked) << 4
        word |= edges.hold << 2 | edges.flow << 1 | (edges.bus is not None)
        word = word << array.rows | sum(1 << row for row in tiles.first.get(clock - 1, ()))
        word = word << OPERAND_BITS * array.rows | _packed(edges.bus)
        word = word << OPERAND_BITS * array.columns | _packed(edges.top)
        yield word << OPERAND_BITS * array.rows | _packed(edges.left)


def _packed(operands: Operands | None) -> int:
    """Operands (ports, 1) side by side, the first one lowest."""
    if operands is None:
        return 0
    mask = (1 << OPERAND_BITS) - 1
    word = 0
    for value in reversed(operands[:, 0].tolist()):
        word = word << OPERAND_BITS | value & mask
    return word


@dataclass(frozen=True)
class Result:
    """A line of the testbench: a clock, which registers, and the rows of the array."""

    clock: int
    done: bool
    rows: tuple[str, ...]

    @staticmethod
    def of(line: str) -> Result:
        """Reads a line."""
        clock, kind, *rows = line.split()
        return Result(int(clock), kind == "done", tuple(rows))

    def value(self, row: int, column: int, bits: int) -> int:
        """The signed number of so many bits of a PE."""
        raw = int(self.rows[row], 16) >> column * bits & ((1 << bits) - 1)
        return raw - (1 << bits) if raw >> (bits - 1) else raw


def _compare(place: str, expected: Expected, result: Result, array: SystolicArray) -> None:
    if any(letter in row.lower() for row in result.rows for letter in "xz"):
        raise RunnerError(f"{place}: RTL has sums that are unknown")
    actual = np.array(
        [
            result.value(row, column, array.accumulator_bits)
            for row, column in zip(expected.row.tolist(), expected.column.tolist(), strict=True)
        ]
    )
    wrong = np.flatnonzero(actual != expected.sums)
    if expected.differs and not wrong.size:
        raise RunnerError(f"{place}: RTL has all sums in clock {expected.clock}, before the last")
    if not expected.differs and wrong.size:
        first = wrong[0]
        raise RunnerError(
            f"{place}, clock {expected.clock}, row {expected.row[first]}, column "
            f"{expected.column[first]}: RTL has {actual[first]}, expected {expected.sums[first]}"
        )
