"""Runs networks built for `pulp_open` on GVSoC: cycles and transfers of the real platform."""

import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.process import Program, RunnerError, find_in_home
from dsconv.runners.result import RunResult
from dsconv.runners.workspace import (
    built_program,
    built_with,
    run_in_workspace,
    workspace,
)

NAME = "GVSoC"
PURPOSE = "runs networks on the PULP cluster and counts cycles"
HOW_TO_GET = (
    "build https://github.com/gvsoc/gvsoc (209c147 works) with TARGETS=pulp-open, then put its "
    "install/bin on PATH or set GVSOC_HOME"
)

SMALLEST_L1 = 64 * 1024
LARGEST_L1 = 1024 * 1024

# A memory without a width has no bandwidth limit, and so no conflicts. One word of 4 bytes a cycle
# (log2: 2) makes eight cores that load from one bank wait for each other.
MODEL_BANK_CONFLICTS = "chip/cluster/l1/*/width_bits=2"

# What GVSoC ran, with all options, which it leaves in the work dir.
USED_DESCRIPTION = "gvsoc_config.json"

# From <install>/bin: the description of the cluster that pulp-open is built from.
CLUSTER_DESCRIPTION = Path("../generators/pulp/chips/pulp_open/cluster.json")


def find() -> Program | None:
    """GVSoC from GVSOC_HOME (the install directory or its bin) if that is set, else from PATH."""
    return find_in_home("gvsoc", "GVSOC_HOME", "bin")


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
    gvsoc = find()
    if gvsoc is None:
        raise RunnerError("GVSoC is neither in GVSOC_HOME nor on PATH")
    program = built_program(build_dir, "network.elf")
    l1_bytes = simulated_l1(built_with(build_dir, "L1_BYTES", SMALLEST_L1))
    with workspace(build_dir) as directory:
        options = [MODEL_BANK_CONFLICTS] if bank_conflicts else []
        if l1_bytes != SMALLEST_L1:
            cluster = _write_cluster(gvsoc, directory, l1_bytes)
            options.append(f"chip/cluster_config_file={cluster}")
        command = [
            str(gvsoc.path),
            "--target=pulp-open",
            f"--work-dir={directory}",
            *(f"--config-opt={option}" for option in options),
            f"--binary={program}",
            "run",
        ]
        return run_in_workspace(
            directory,
            command,
            inputs,
            timeout_s,
            measures_cycles=True,
            models_bank_conflicts=lambda: _banks_have_a_width(directory / USED_DESCRIPTION),
            environment=_environment(gvsoc),
        )


def simulated_l1(l1_bytes: int) -> int:
    """Size of an L1 that GVSoC can simulate and that is large enough.

    Raises RunnerError where there is none.
    """
    if l1_bytes > LARGEST_L1:
        raise RunnerError(f"GVSoC's cluster has at most {LARGEST_L1} bytes of L1, not {l1_bytes}")
    return max(SMALLEST_L1, 1 << (l1_bytes - 1).bit_length())


def _write_cluster(gvsoc: Program, directory: Path, l1_bytes: int) -> Path:
    """GVSoC's own description of the cluster with another size of L1."""
    description = json.loads((gvsoc.path.parent / CLUSTER_DESCRIPTION).read_text())
    for mapping in ("mapping", "ts_mapping"):
        description["l1"][mapping]["size"] = hex(l1_bytes)
    path = directory / "cluster.json"
    path.write_text(json.dumps(description))
    return path


def _banks_have_a_width(description: Path) -> bool:
    """Whether every bank of L1 had one in the run: another GVSoC may not know the option."""
    l1 = json.loads(description.read_text())["target"]["chip"]["cluster"]["l1"]
    banks = [part for name, part in l1.items() if name.startswith("bank")]
    return bool(banks) and all(bank.get("width_bits", -1) >= 0 for bank in banks)


def _environment(gvsoc: Program) -> dict[str, str]:
    """GVSoC is a Python program that takes python3 from PATH: it gets the one that runs dsconv."""
    first = (str(gvsoc.path.parent), str(Path(sys.executable).parent))
    return {**os.environ, "PATH": os.pathsep.join((*first, os.environ["PATH"]))}
