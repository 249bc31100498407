"""Compiling the C of a network."""

from pathlib import Path

from dsconv.runners.process import run_program

RISCV_BINUTILS = "riscv64-unknown-elf-"
"""How the tools of every RISC-V platform begin; Debian has them."""

RISCV_GCC = f"{RISCV_BINUTILS}gcc"


def build(directory: Path, timeout_s: float = 600) -> None:
    """Run make in a directory that `dsconv compile` wrote.

    Raises RunnerError with the compiler's messages when it fails.
    """
    run_program(["make", "--no-print-directory"], directory, timeout_s)
