"""Runs networks built for this machine: exact outputs and transferred bytes, no cycles."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.process import Program, find_program
from dsconv.runners.result import RunResult
from dsconv.runners.workspace import built_program, run_in_workspace, workspace

NAME = "host C compiler"
PURPOSE = "runs networks on this machine, bit-exact, every transfer checked"
HOW_TO_GET = "apt install gcc, or any C11 compiler as cc"


def find() -> Program | None:
    """The C compiler that make uses."""
    return find_program("cc")


def run(build_dir: Path, inputs: bytes | NDArray[np.uint8], timeout_s: float = 600) -> RunResult:
    """Run a network built for `host` on inputs that lie back to back."""
    program = built_program(build_dir, "network")
    with workspace(build_dir) as directory:
        return run_in_workspace(directory, [str(program)], inputs, timeout_s, measures_cycles=False)
