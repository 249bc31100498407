"""Compiling the C of a network."""

from pathlib import Path

from dsconv.runners.process import run_program

RISCV_GCC = "riscv64-unknown-elf-gcc"
"""The compiler of every RISC-V platform, from Debian."""


def build(directory: Path, timeout_s: float = 600) -> None:
    """Run make in a directory that `dsconv compile` wrote.

    Raises RunnerError with the compiler's messages when it fails.
    """
    run_program(["make", "--no-print-directory"], directory, timeout_s)
