"""Runs networks on a chip of GVSoC's: cycles and transfers of the real platform."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners import gvsoc_start
from dsconv.runners.process import Program, RunnerError
from dsconv.runners.result import RunResult
from dsconv.runners.workspace import (
    built_program,
    built_with,
    run_in_workspace,
    workspace,
)

# A memory without a width has no bandwidth limit, and so no conflicts. One word of 4 bytes a cycle
# (log2: 2) makes eight cores that load from one bank wait for each other.
MODEL_BANK_CONFLICTS = "chip/cluster/l1/*/width_bits=2"

# What GVSoC ran, with all options, which it leaves in the work dir.
USED_DESCRIPTION = "gvsoc_config.json"


@dataclass(frozen=True)
class Chip:
    """A chip and its `target` in GVSoC, run with `options`.

    Its L1 has `smallest_l1` bytes, or a power of two up to `largest_l1` where its `description`,
    a file seen from GVSoC's bin, says so.
    """

    target: str
    description: Path
    smallest_l1: int
    largest_l1: int
    options: tuple[str, ...] = ()

    def run(
        self,
        build_dir: Path,
        inputs: bytes | NDArray[np.uint8],
        timeout_s: float,
        *,
        bank_conflicts: bool,
    ) -> RunResult:
        """Run a network built for the chip on inputs that lie back to back."""
        l1_bytes = self.simulated_l1(built_with(build_dir, "L1_BYTES", self.smallest_l1))
        program = built_program(build_dir, "network.elf")
        return self.run_program(
            program, build_dir, inputs, timeout_s, l1_bytes=l1_bytes, bank_conflicts=bank_conflicts
        )

    def run_program(
        self,
        program: Path,
        build_dir: Path,
        inputs: bytes | NDArray[np.uint8],
        timeout_s: float,
        *,
        bank_conflicts: bool,
        l1_bytes: int | None = None,
        steps: Sequence[str] = ("run",),
    ) -> RunResult:
        """Run a program that a build directory is of, by these steps of GVSoC's."""
        gvsoc = gvsoc_start.find()
        if gvsoc is None:
            raise RunnerError("GVSoC is neither in GVSOC_HOME nor on PATH")
        with workspace(build_dir) as directory, gvsoc_start.explained():
            command = self.command(
                gvsoc, program, directory, l1_bytes, bank_conflicts=bank_conflicts
            )
            return run_in_workspace(
                directory,
                [*command, *steps],
                inputs,
                timeout_s,
                measures_cycles=True,
                models_bank_conflicts=lambda: _banks_have_a_width(directory / USED_DESCRIPTION),
                environment=gvsoc_start.environment(gvsoc),
            )

    def command(
        self,
        gvsoc: Program,
        program: Path,
        directory: Path,
        l1_bytes: int | None = None,
        *,
        bank_conflicts: bool = True,
    ) -> list[str]:
        """What runs a program in a work directory on the chip, up to the steps; L1 is the chip's
        own, or has so many bytes.
        """
        options = [*self.options, *([MODEL_BANK_CONFLICTS] if bank_conflicts else [])]
        if l1_bytes is not None and l1_bytes != self.smallest_l1:
            cluster = self._write_cluster(gvsoc, directory, l1_bytes)
            options.append(f"chip/cluster_config_file={cluster}")
        return [
            *gvsoc_start.command(gvsoc, self.target, directory, program),
            *(f"--config-opt={option}" for option in options),
        ]

    def simulated_l1(self, l1_bytes: int) -> int:
        """Size of an L1 that GVSoC can simulate and that is large enough.

        Raises RunnerError where there is none.
        """
        if l1_bytes > self.largest_l1:
            raise RunnerError(
                f"GVSoC's {self.target} has at most {self.largest_l1} bytes of L1, not {l1_bytes}"
            )
        return max(self.smallest_l1, 1 << (l1_bytes - 1).bit_length())

    def _write_cluster(self, gvsoc: Program, directory: Path, l1_bytes: int) -> Path:
        """GVSoC's own description of the cluster with another size of L1."""
        description = json.loads((gvsoc.path.parent / self.description).read_text())
        for mapping in ("mapping", "ts_mapping"):
            description["l1"][mapping]["size"] = hex(l1_bytes)
        path = directory / "cluster.json"
        path.write_text(json.dumps(description))
        return path


def _banks_have_a_width(description: Path) -> bool:
    """Whether every bank of L1 had one in the run: another GVSoC may not know the option."""
    l1 = json.loads(description.read_text())["target"]["chip"]["cluster"]["l1"]
    banks = [part for name, part in l1.items() if re.fullmatch(r"bank_?\d+", name)]
    return bool(banks) and all(bank.get("width_bits", -1) >= 0 for bank in banks)
