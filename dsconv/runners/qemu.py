"""Runs networks built for `qemu`: RISC-V machine code on several harts, no cycles."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.process import Program, RunnerError, find_program
from dsconv.runners.result import RunResult
from dsconv.runners.workspace import built_program, built_with, run_in_workspace, workspace

NAME = "QEMU"
PURPOSE = "runs networks as RISC-V machine code on several harts"
HOW_TO_GET = "apt install qemu-system-misc (qemu-system-riscv in Debian 13)"

# runtime_c/qemu relies on these: 64 MB, files and exit status by semihosting.
MACHINE = (
    *("-M", "virt", "-m", "64M", "-bios", "none"),
    *("-nographic", "-monitor", "none", "-serial", "none"),
    *("-semihosting-config", "enable=on,target=native"),
)

DEFAULT_CORES = 8
"""As in runtime_c/qemu/platform.mk."""


def find() -> Program | None:
    """QEMU's system emulator for 32-bit RISC-V, from PATH."""
    return find_program("qemu-system-riscv32")


def run(build_dir: Path, inputs: bytes | NDArray[np.uint8], timeout_s: float = 600) -> RunResult:
    """Run a network built for `qemu` on inputs that lie back to back."""
    qemu = find()
    if qemu is None:
        raise RunnerError("qemu-system-riscv32 is not on PATH")
    program = built_program(build_dir, "network.elf")
    cores = built_with(build_dir, "CORES", DEFAULT_CORES)
    command = [str(qemu.path), *MACHINE, "-smp", str(cores), "-kernel", str(program)]
    with workspace(build_dir) as directory:
        return run_in_workspace(directory, command, inputs, timeout_s, measures_cycles=False)
