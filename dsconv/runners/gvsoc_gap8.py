"""Runs networks built for `gap8` on GVSoC's model of GAP8, which comes with GreenWaves' gap_sdk."""

import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.process import Program, RunnerError
from dsconv.runners.result import RunResult
from dsconv.runners.workspace import (
    built_program,
    built_with,
    run_in_workspace,
    workspace,
)

NAME = "GVSoC for GAP8"
PURPOSE = "runs networks on GAP8's own model and counts cycles"
HOW_TO_GET = (
    "build GVSoC of https://github.com/GreenWaves-Technologies/gap_sdk (release-v3.9.1) for "
    "gapuino, then set GVSOC_GAP8_HOME to the checkout"
)

GAPY = Path("tools/gapy/gapy")
CONFIGS = Path("tools/gap-configs/configs")
WORKSTATION = Path("install/workstation")
LAUNCHER = WORKSTATION / "bin/gvsoc_launcher"

# An error aborts the simulator, which would lose what it has not written yet: what the error is.
LINE_BY_LINE = ("stdbuf", "--output=L")

L1_BYTES = 64 * 1024

# The program boots as on the chip: the ROM loads it from an image of the HyperFlash.
STEPS = ("--image", "--flash", "--exec-prepare", "--exec")


def find() -> Program | None:
    """GVSoC's launcher in GVSOC_GAP8_HOME, a checkout of gap_sdk whose GVSoC is built."""
    home = os.environ.get("GVSOC_GAP8_HOME")
    if home is None or not all((Path(home) / file).is_file() for file in (GAPY, LAUNCHER)):
        return None
    return Program((Path(home) / LAUNCHER).resolve(), version="")


def run(build_dir: Path, inputs: bytes | NDArray[np.uint8], timeout_s: float = 600) -> RunResult:
    """Run a network built for `gap8` on inputs that lie back to back."""
    if find() is None:
        raise RunnerError("GVSOC_GAP8_HOME is not a gap_sdk with GVSoC built")
    home = Path(os.environ["GVSOC_GAP8_HOME"]).resolve()
    program = built_program(build_dir, "network.elf")
    l1_bytes = built_with(build_dir, "L1_BYTES", L1_BYTES)
    if l1_bytes > L1_BYTES:
        raise RunnerError(f"GAP8 has {L1_BYTES} bytes of L1, not {l1_bytes}; pulp_open takes more")
    with workspace(build_dir) as directory:
        command = [
            *LINE_BY_LINE,
            sys.executable,
            str(home / GAPY),
            "--target=gapuino_v3",
            "--platform=gvsoc",
            f"--work-dir={directory}",
            "run",
            *STEPS,
            f"--binary={program}",
        ]
        return run_in_workspace(
            directory,
            command,
            inputs,
            timeout_s,
            measures_cycles=True,
            models_bank_conflicts=lambda: True,
            environment=_environment(home),
        )


def _environment(home: Path) -> dict[str, str]:
    """What gap_sdk's own set-up script exports, as far as gapy and GVSoC need it."""
    workstation = home / WORKSTATION
    modules = (home / "tools/gapy", home / "tools/gap-configs/python", workstation / "python")
    return {
        **os.environ,
        "GAP_SDK_HOME": str(home),
        "GVSOC_PATH": str(workstation / "python"),
        "INSTALL_DIR": str(workstation),
        "LD_LIBRARY_PATH": str(workstation / "lib"),
        "PATH": os.pathsep.join((str(workstation / "bin"), os.environ["PATH"])),
        "PULP_CONFIGS_PATH": os.pathsep.join((str(home / CONFIGS), str(workstation / "configs"))),
        "PULP_SDK_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(str(folder) for folder in modules),
    }
