"""Simulators of SystemVerilog, and how they play stimuli on the array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from dsconv.dialects.target import SystolicArray, TileFlow
from dsconv.runners.process import Program, find_program, run_program

OPERAND_BITS = 9
"""Of a value of 8 bits less its zero point."""
TIMEOUT_S = 1200.0
STIMULI = "stimuli.hex"
RESULTS = "results.txt"
FILES = [f"+stimuli={STIMULI}", f"+results={RESULTS}"]


@dataclass(frozen=True)
class RtlTool:
    """A simulator: its name, how it is found, and the commands that build and play.

    `commands` takes the testbench's parameters and the sources.
    """

    name: str
    find: Callable[[], Program | None]
    commands: Callable[[dict[str, int], Sequence[Path]], list[list[str]]]


def find_icarus() -> Program | None:
    """Icarus Verilog's compiler."""
    return find_program("iverilog", "-V")


def find_verilator() -> Program | None:
    """Verilator, which compiles SystemVerilog to C++."""
    return find_program("verilator")


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


def _icarus(parameters: dict[str, int], texts: Sequence[Path]) -> list[list[str]]:
    options = [f"-Ptestbench.{name}={value}" for name, value in parameters.items()]
    build = ["iverilog", "-g2012", "-o", "array.vvp", *options, *map(str, texts)]
    return [build, ["vvp", "-n", "array.vvp", *FILES]]


def _verilator(parameters: dict[str, int], texts: Sequence[Path]) -> list[list[str]]:
    """It knows no X: registers begin with random bits. -O0 halves the time of all."""
    options = [f"-G{name}={value}" for name, value in parameters.items()]
    build = ["verilator", "--binary", "-Wno-fatal", "--x-initial", "unique", "--Mdir", "build"]
    build += ["--top-module", "testbench", "-CFLAGS", "-O0", "-MAKEFLAGS", "OPT_FAST=-O0"]
    return [
        [*build, *options, *map(str, texts)],
        ["build/Vtestbench", "+verilator+rand+reset+2", "+verilator+seed+1", *FILES],
    ]


ICARUS = RtlTool("Icarus Verilog", find_icarus, _icarus)
VERILATOR = RtlTool("Verilator", find_verilator, _verilator)
RTL_TOOLS = (ICARUS, VERILATOR)


def found_tools() -> list[RtlTool]:
    """The simulators that are here."""
    return [tool for tool in RTL_TOOLS if tool.find() is not None]


def has_handover(array: SystolicArray) -> bool:
    """Whether PEs hand a sum over while the next one begins."""
    return array.tiles is TileFlow.PIPELINED


def play(
    tool: RtlTool, folder: Path, texts: Sequence[Path], stimuli: Sequence[int], array: SystolicArray
) -> list[str]:
    """Plays stimuli in a folder, one a clock; the lines of results that they ask for."""
    bits = 6 + array.rows + OPERAND_BITS * (2 * array.rows + array.columns)
    digits = (bits + 3) // 4
    (folder / STIMULI).write_text("".join(f"{word:0{digits}x}\n" for word in stimuli))
    parameters = {
        "ROWS": array.rows,
        "COLUMNS": array.columns,
        "OPERAND_BITS": OPERAND_BITS,
        "SUM_BITS": array.accumulator_bits,
        "ROW_BUS": int(array.row_bus),
        "HANDOVER": int(has_handover(array)),
        "CLOCKS": len(stimuli),
    }
    for command in tool.commands(parameters, texts):
        run_program(command, folder, TIMEOUT_S)
    return (folder / RESULTS).read_text().splitlines()
