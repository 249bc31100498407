"""The array in SystemVerilog on Icarus Verilog, tile by tile against the numpy simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from dsconv.dialects.target import SystolicArray, TileFlow
from dsconv.errors import ToolError
from dsconv.runners.process import Program, RunnerError, find_program, run_program
from dsconv.runners.systolic.registers import Edges, Operands, Sums, Watch
from dsconv.runners.systolic.simulator import (
    Simulator,
    lines_on_bus,
    products_with_weights_held,
    streamed_products,
)

OPERAND_BITS = 9
"""Of a value of 8 bits less its zero point."""
TIMEOUT_S = 600.0


def find_icarus() -> Program | None:
    """Icarus Verilog's compiler."""
    return find_program("iverilog", "-V")


def find_yosys() -> Program | None:
    """Yosys, which counts gates."""
    return find_program("yosys", "-V")


def sources() -> list[Path]:
    """The SystemVerilog of a PE, of an array and of its testbench."""
    folder = files("dsconv.runners.systolic").joinpath("rtl")
    return [
        Path(str(folder.joinpath(name)))
        for name in ("systolic_pe.sv", "systolic_array.sv", "testbench.sv")
    ]


@dataclass(frozen=True)
class Expected:
    """The sums that RTL has to have in its PE (row, column) so many clocks after a clear."""

    clock: int
    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    sums: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tile:
    """What enters the array in every clock of a tile, and what it has to give."""

    edges: list[Edges]
    expected: list[Expected]


@dataclass
class RtlSimulator(Simulator):
    """Simulates in numpy, and keeps one tile of every batch for RTL: `check` runs them.

    `largest` bounds the clocks of a tile that is kept, `tiles` counts those.
    """

    array: SystolicArray
    largest: int = 5000
    sources: list[Path] = field(default_factory=sources)
    kept: list[Tile] = field(default_factory=list[Tile])

    def __post_init__(self) -> None:
        if self.array.tiles is TileFlow.PIPELINED:
            raise RunnerError("RTL runs tiles one after the other, not pipelined: tiles=separate")

    def products(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        edges: list[Edges] = []
        sums, cycles = streamed_products(a[..., :1], w[..., :1], bits, collect(edges))
        self._keep(edges, [_all_sums(cycles, sums[-1, ..., 0])])
        return streamed_products(a, w, bits)

    def products_with_weights_held(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        edges: list[Edges] = []
        rows, columns = w.shape[:2]
        sums, _ = products_with_weights_held(a[..., :1], w[..., :1], bits, collect(edges))
        pixel, column = np.indices(sums.shape[:2]).reshape(2, -1)
        clock = rows + pixel + rows + column + 1
        expected = [
            Expected(
                int(when),
                np.full((clock == when).sum(), rows - 1),
                column[clock == when],
                sums[pixel[clock == when], column[clock == when], 0].astype(np.int64),
            )
            for when in range(2 * rows + 1, 2 * rows + len(sums) + columns)
        ]
        self._keep(edges, expected)
        return products_with_weights_held(a, w, bits)

    def lines(self, inputs: Operands, w: Operands, places: int, bits: int) -> tuple[Sums, int]:
        edges: list[Edges] = []
        sums, cycles = lines_on_bus(inputs[..., :1], w[..., :1], places, bits, collect(edges))
        self._keep(edges, [_all_sums(cycles, sums[-1, :, ::-1, 0])])
        return lines_on_bus(inputs, w, places, bits)

    def _keep(self, edges: list[Edges], expected: list[Expected]) -> None:
        if len(edges) <= self.largest:
            self.kept.append(Tile(edges, expected))

    def check(self) -> RtlCheck:
        """Runs the tiles that were kept, one after the other, on Icarus.

        Raises ToolError where Icarus is missing, RunnerError where RTL has another sum or takes
        longer.
        """
        if not self.kept:
            return RtlCheck(0, 0, 0)
        if find_icarus() is None:
            raise ToolError("Icarus Verilog is missing: make rtl, or apt install iverilog")
        with TemporaryDirectory(prefix="dsconv-") as folder:
            stimuli = list(_stimuli(self.kept, self.array))
            results = simulate(Path(folder), self.sources, stimuli, self.array)
        lines = iter(results)
        clocks = values = 0
        for number, tile in enumerate(self.kept):
            clocks += len(tile.edges)
            for expected in tile.expected:
                values += len(expected.sums)
                _compare(number, expected, next(lines), self.array)
        return RtlCheck(len(self.kept), clocks, values)


@dataclass(frozen=True)
class RtlCheck:
    """How much of RTL has been found equal: tiles, their clocks and sums."""

    tiles: int
    clocks: int
    sums: int

    def __str__(self) -> str:
        return (
            f"RTL equals the simulator: {self.tiles} tiles, {self.clocks:,} clocks, "
            f"{self.sums:,} sums"
        )


def collect(edges: list[Edges]) -> Watch:
    """Keeps what enters in every clock."""
    return lambda clock, _: edges.append(clock)


def _all_sums(clock: int, sums: Sums) -> Expected:
    row, column = np.indices(sums.shape).reshape(2, -1)
    return Expected(clock, row, column, sums[row, column].astype(np.int64))


def _stimuli(tiles: list[Tile], array: SystolicArray) -> Iterator[int]:
    """A number for each clock, as the testbench takes it apart; a clear before every tile."""
    operands = OPERAND_BITS * (2 * array.rows + array.columns)
    clear = 1 << (operands + 3)
    for tile in tiles:
        asked = {expected.clock for expected in tile.expected}
        yield clear
        for clock, edges in enumerate(tile.edges, start=1):
            word = (clock in asked) << 4 | edges.hold << 2 | edges.flow << 1
            word |= edges.bus is not None
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


def simulate(
    folder: Path, sources: list[Path], stimuli: list[int], array: SystolicArray
) -> list[str]:
    """Plays stimuli on Icarus in a folder; a line of results for each clock that asks for it."""
    digits = (5 + OPERAND_BITS * (2 * array.rows + array.columns) + 3) // 4
    (folder / "stimuli.hex").write_text("".join(f"{word:0{digits}x}\n" for word in stimuli))
    parameters = {
        "ROWS": array.rows,
        "COLUMNS": array.columns,
        "OPERAND_BITS": OPERAND_BITS,
        "SUM_BITS": array.accumulator_bits,
        "CLOCKS": len(stimuli),
    }
    options = [f"-Ptestbench.{name}={value}" for name, value in parameters.items()]
    build = ["iverilog", "-g2012", "-o", "array.vvp", *options, *map(str, sources)]
    play = ["vvp", "-n", "array.vvp", "+stimuli=stimuli.hex", "+results=results.txt"]
    for command in (build, play):
        run_program(command, folder, TIMEOUT_S)
    return (folder / "results.txt").read_text().splitlines()


def _compare(number: int, expected: Expected, line: str, array: SystolicArray) -> None:
    clocks, changed, word = line.split()
    if int(clocks) != expected.clock or int(changed) > expected.clock:
        raise RunnerError(f"tile {number}: RTL is at clock {clocks}, expected {expected.clock}")
    if "x" in word.lower() or "z" in word.lower():
        raise RunnerError(f"tile {number}: RTL has sums that are unknown")
    value, bits = int(word, 16), array.accumulator_bits
    for row, column, wanted in zip(expected.row, expected.column, expected.sums, strict=True):
        place = (int(row) * array.columns + int(column)) * bits
        raw = value >> place & ((1 << bits) - 1)
        actual = raw - (1 << bits) if raw >> (bits - 1) else raw
        if actual != wanted:
            raise RunnerError(
                f"tile {number}, row {row}, column {column}: RTL has {actual}, expected {wanted}"
            )
