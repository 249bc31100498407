"""Runs networks built for `pulp_open` on GVSoC's pulp-open."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners import gvsoc_start
from dsconv.runners.gvsoc_chip import Chip
from dsconv.runners.process import Program
from dsconv.runners.result import RunResult

NAME = "GVSoC"
PURPOSE = "runs networks on the PULP cluster and counts cycles"
HOW_TO_GET = (
    "build https://github.com/gvsoc/gvsoc (209c147 works) with TARGETS=pulp-open, then put its "
    "install/bin on PATH or set GVSOC_HOME; docs/gvsoc.md has every step"
)

CHIP = Chip(
    target="pulp-open",
    description=Path("../generators/pulp/chips/pulp_open/cluster.json"),
    smallest_l1=64 * 1024,
    largest_l1=1024 * 1024,
)


def find() -> Program | None:
    """GVSoC from GVSOC_HOME (the install directory or its bin) if that is set, else from PATH."""
    return gvsoc_start.find()


def problem() -> str | None:
    """What keeps GVSoC from running a program; None where it runs."""
    return gvsoc_start.problem(CHIP.target)


def run(
    build_dir: Path,
    inputs: bytes | NDArray[np.uint8],
    timeout_s: float = 600,
    *,
    bank_conflicts: bool = True,
) -> RunResult:
    """Run a network built for `pulp_open` on inputs that lie back to back.

    The simulated L1 has what the network was built for, or the next power of two: 64 kiB to 1 MiB.
    Without bank_conflicts, cores that load from one bank of L1 do not wait for each other.
    """
    return CHIP.run(build_dir, inputs, timeout_s, bank_conflicts=bank_conflicts)
