"""Runs networks built for `pmsis` with pulp-sdk on GVSoC's pulp-open."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners import gvsoc, gvsoc_start
from dsconv.runners.process import Program, RunnerError, find_program
from dsconv.runners.result import RunResult
from dsconv.runners.workspace import L3_IMAGE, built_program

NAME = "pulp-sdk"
PURPOSE = "builds networks for pmsis, which GVSoC runs"
HOW_TO_GET = (
    "fetch https://github.com/pulp-platform/pulp-sdk and source its configs/pulp-open.sh before "
    "dsconv; docs/boards.md says with which compiler"
)

COMPILER = "riscv32-unknown-elf-gcc"
"""What its makefiles call."""
PROGRAM = "BUILD/PULP/GCC_RISCV/network/network"


def find() -> Program | None:
    """The compiler of pulp-sdk, where its set-up script has been sourced and GVSoC is here."""
    if "PULP_SDK_HOME" not in os.environ or gvsoc_start.find() is None:
        return None
    return find_program(COMPILER)


def run(
    build_dir: Path,
    inputs: bytes | NDArray[np.uint8],
    timeout_s: float = 600,
    *,
    bank_conflicts: bool = True,
) -> RunResult:
    """Run a network built for `pmsis` on inputs that lie back to back; L3 comes from a readfs."""
    if find() is None:
        raise RunnerError(f"pulp-sdk is not set up: {HOW_TO_GET}")
    has_l3 = (build_dir / L3_IMAGE).exists()
    return gvsoc.CHIP.run_program(
        built_program(build_dir, PROGRAM),
        build_dir,
        inputs,
        timeout_s,
        bank_conflicts=bank_conflicts,
        steps=[*(steps_with_file(L3_IMAGE) if has_l3 else []), "run"],
    )


def steps_with_file(name: str) -> list[str]:
    """What GVSoC does before `run` to have a file of the work directory in a readfs in flash."""
    return [f"--flash-property={name}@hyperflash:readfs:files", "image", "flash"]
