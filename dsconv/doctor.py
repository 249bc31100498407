"""What of the tools around dsconv is installed on this machine."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from dsconv.runners import Program
from dsconv.runners.build import RISCV_GCC
from dsconv.runners.cv32e40p import core
from dsconv.runners.dram import SIMULATORS
from dsconv.runners.platforms import RUNNER_MODULES
from dsconv.runners.process import find_program
from dsconv.runners.systolic.rtl_tools import find_icarus, find_verilator, find_yosys


@dataclass(frozen=True)
class Tool:
    """A tool and where it was found: path is None when it is not installed.

    `problem` says why one that is there does not start.
    """

    name: str
    path: Path | None
    version: str
    purpose: str
    how_to_get: str
    problem: str | None = None


def check() -> list[Tool]:
    """Look for every tool that a runner or a build may use."""
    return [
        *map(_runner, RUNNER_MODULES),
        _tool(
            "make",
            find_program("make"),
            purpose="builds networks for every platform",
            how_to_get="apt install make",
        ),
        _tool(
            "RISC-V GCC",
            find_program(RISCV_GCC),
            purpose="builds networks for all platforms but this machine",
            how_to_get="apt install gcc-riscv64-unknown-elf",
        ),
        _tool(
            "cppcheck",
            find_program("cppcheck"),
            purpose="the tests check the C with it",
            how_to_get="apt install cppcheck",
        ),
        _tool(
            "Icarus Verilog",
            find_icarus(),
            purpose="runs tiles of a systolic array in SystemVerilog (run --on array --rtl)",
            how_to_get="make rtl, or apt install iverilog",
        ),
        _tool(
            "Verilator",
            find_verilator(),
            purpose="runs the same tiles compiled to C++, beside Icarus",
            how_to_get="make rtl, or apt install verilator g++ make",
        ),
        _tool(
            "Yosys",
            find_yosys(),
            purpose="counts the gates of a processing element (bench array --synth)",
            how_to_get="make rtl, or apt install yosys",
        ),
        _tool(core.NAME, core.find(), purpose=core.PURPOSE, how_to_get=core.HOW_TO_GET),
        *(
            _tool(
                simulator.NAME,
                simulator.find(),
                purpose="simulates transfers to DRAM (dsconv dram --simulator)",
                how_to_get=simulator.HOW_TO_GET,
            )
            for simulator in SIMULATORS.values()
        ),
    ]


def _runner(runner: ModuleType) -> Tool:
    """A runner's tool, which is started where the runner can tell what keeps it from starting."""
    found = runner.find()
    tool = _tool(runner.NAME, found, purpose=runner.PURPOSE, how_to_get=runner.HOW_TO_GET)
    if found is None or not hasattr(runner, "problem"):
        return tool
    return replace(tool, problem=runner.problem())


def _tool(name: str, found: Program | None, *, purpose: str, how_to_get: str) -> Tool:
    path = None if found is None else found.path
    version = "" if found is None else found.version
    return Tool(name, path, version, purpose, how_to_get)
