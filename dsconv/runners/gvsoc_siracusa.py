"""Runs networks built for `siracusa` on GVSoC's siracusa."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners import gvsoc_start
from dsconv.runners.gvsoc_chip import Chip
from dsconv.runners.process import Program
from dsconv.runners.result import RunResult

NAME = "GVSoC for siracusa"
PURPOSE = "runs networks on siracusa and counts cycles"
HOW_TO_GET = (
    "build https://github.com/gvsoc/gvsoc (209c147 works) with siracusa among the TARGETS, then "
    "put its install/bin on PATH or set GVSOC_HOME; docs/gvsoc.md has every step"
)

# The clusters of both chips then run at the clock of the SoC: a cycle is one of L3, too.
CLOCK_OF_THE_CLUSTER = "chip/soc_clock_domain/frequency=72030938"

CHIP = Chip(
    target="siracusa",
    description=Path("../generators/pulp/chips/siracusa/cluster.json"),
    smallest_l1=256 * 1024,
    largest_l1=256 * 1024,
    options=(CLOCK_OF_THE_CLUSTER,),
)

WEIGHT_MEMORY = Path("../models/pulp/chips/siracusa")
"""Seen from GVSoC's bin: models that are there where GVSoC was built for the chip."""


def find() -> Program | None:
    """GVSoC where it was built for siracusa."""
    gvsoc = gvsoc_start.find()
    if gvsoc is None or not (gvsoc.path.parent / WEIGHT_MEMORY).exists():
        return None
    return gvsoc


def problem() -> str | None:
    """What keeps GVSoC from running a program on siracusa; None where it runs."""
    return gvsoc_start.problem(CHIP.target)


def run(
    build_dir: Path,
    inputs: bytes | NDArray[np.uint8],
    timeout_s: float = 600,
    *,
    bank_conflicts: bool = True,
) -> RunResult:
    """Run a network built for `siracusa` on inputs that lie back to back.

    Without bank_conflicts, cores that load from one bank of L1 do not wait for each other.
    """
    return CHIP.run(build_dir, inputs, timeout_s, bank_conflicts=bank_conflicts)
