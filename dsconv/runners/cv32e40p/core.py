"""Runs programs on the RTL of one CV32E40P in Verilator, clock by clock.

It is RI5CY's successor (OpenHW Group), with the same Xpulp instructions. Its memory answers in the
next clock; there is no instruction cache, and no other core.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dsconv.runners.build import RISCV_BINUTILS, RISCV_GCC
from dsconv.runners.process import Program, RunnerError, run_program
from dsconv.runners.systolic.rtl_tools import find_verilator

NAME = "CV32E40P"
PURPOSE = "the RTL of a core, on which the tests run kernels"
HOW_TO_GET = (
    "clone https://github.com/openhwgroup/cv32e40p at the tag cv32e40p_v1.0.0, set CV32E40P_HOME "
    "to its folder; and make rtl, for Verilator"
)

TOP = "cv32e40p_core"
CLOCK_GATE = "bhv/cv32e40p_sim_clock_gate.sv"
REGISTERS_OF_LATCHES = "cv32e40p_register_file_latch.sv"
"""The other form of the register file: one module must not come twice."""

BUILD_TIMEOUT_S = 600.0
RUN_TIMEOUT_S = 1200.0
MOST_CLOCKS = 200_000_000

COMPILER_OPTIONS = (
    *("-O2", "-march=rv32imc_zicsr", "-mabi=ilp32", "-ffreestanding", "-msmall-data-limit=0"),
    *("-ffunction-sections", "-c"),
)
LINKER_OPTIONS = ("-march=rv32imc", "-mabi=ilp32", "-nostdlib", "-Wl,--no-warn-rwx-segments")
"""GCC 12 finds its 32-bit libgcc only for an architecture without _zicsr."""


@dataclass(frozen=True)
class CoreRun:
    """What a run left: all of the memory, and the clocks in which the program stored to MARK."""

    memory: npt.NDArray[np.uint8]
    marks: tuple[int, ...]


def find() -> Program | None:
    """The folder CV32E40P_HOME, where it has the core and there is Verilator to build it."""
    home = os.environ.get("CV32E40P_HOME")
    if not home or not Path(home, "rtl", f"{TOP}.sv").is_file() or find_verilator() is None:
        return None
    return Program(Path(home).resolve(), version="")


def build_core(directory: Path) -> Path:
    """Builds core and testbench in a directory; the simulator.

    Raises RunnerError where the core is not there or Verilator fails.
    """
    found = find()
    if found is None:
        raise RunnerError(f"{NAME}'s RTL or Verilator is missing: {HOW_TO_GET}")
    home = found.path
    modules = sorted(set(home.glob("rtl/*.sv")) - {home / "rtl" / REGISTERS_OF_LATCHES})
    sources = [*sorted(home.glob("rtl/include/*.sv")), home / CLOCK_GATE, *modules]
    command = ["verilator", "--cc", "--exe", "--build", "-O3", "-CFLAGS", "-O2", "--Mdir", "core"]
    command += ["-Wno-lint", "-Wno-fatal", "-Wno-BLKANDNBLK", "--top-module", TOP]
    command += ["-GPULP_XPULP=1", f"-I{home / 'rtl' / 'include'}", "-o", "testbench"]
    run_program(
        [*command, *map(str, [*sources, _shipped("testbench.cpp")])], directory, BUILD_TIMEOUT_S
    )
    return directory / "core" / "testbench"


@dataclass(frozen=True)
class CoreProgram:
    """A program as an image of the memory, and the addresses of its symbols."""

    image: Path
    symbols: Mapping[str, int]


def build_program(directory: Path, sources: Sequence[str]) -> CoreProgram:
    """Compiles C and assembly of a directory, which has a `main`: 0 from it is success."""
    compiler = [RISCV_GCC, *COMPILER_OPTIONS]
    run_program([*compiler, *sources, str(_shipped("start.S"))], directory, BUILD_TIMEOUT_S)
    objects = [f"{Path(source).stem}.o" for source in (*sources, "start.S")]
    linker = [RISCV_GCC, *LINKER_OPTIONS, "-T", str(_shipped("program.ld"))]
    run_program([*linker, "-o", "program.elf", *objects, "-lgcc"], directory, BUILD_TIMEOUT_S)
    copy = [f"{RISCV_BINUTILS}objcopy", "-O", "binary", "program.elf", "program.bin"]
    run_program(copy, directory, BUILD_TIMEOUT_S)
    listing = run_program([f"{RISCV_BINUTILS}nm", "program.elf"], directory, BUILD_TIMEOUT_S)
    lines = [line.split() for line in listing.splitlines()]
    symbols = {name: int(address, 16) for address, _, name in lines}
    return CoreProgram(directory / "program.bin", symbols)


def run(simulator: Path, program: CoreProgram, *, stalls: int = 0, seed: int = 1) -> CoreRun:
    """Runs a program; memory stalls in `stalls` percent of all requests and answers.

    Raises RunnerError where the core takes an exception, touches what is no memory or does not
    end, or where the program says that it failed.
    """
    result = program.image.with_name("memory.bin")
    arguments = [program.image, result, MOST_CLOCKS, stalls, seed]
    printed = run_program(
        [str(simulator), *map(str, arguments)], program.image.parent, RUN_TIMEOUT_S
    )
    return CoreRun(np.fromfile(result, np.uint8), tuple(map(int, printed.split())))


def _shipped(name: str) -> Path:
    return Path(str(files("dsconv.runners.cv32e40p").joinpath(name)))
