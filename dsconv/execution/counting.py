"""Counts what the cores of the cluster do in each layer, in runs of their own on GVSoC."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.dialects.target import Core
from dsconv.driver.compiled import CompiledNetwork
from dsconv.driver.output import write_folder
from dsconv.errors import DsconvError
from dsconv.execution.stalls import Stalls
from dsconv.runners import LayerCounts, RunResult, build
from dsconv.runners.platforms import PLATFORMS

TIMEOUT_S = 900.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CountedRun:
    """A run that counted: its cycles, more than those without counting, and stalls by layer."""

    cycles: int
    layers: Sequence[Stalls]


def count_stalls(compiled: CompiledNetwork, platform: str, data: NDArray[np.uint8]) -> CountedRun:
    """Runs a network on the bytes of one quantised value of each input, built to count.

    Where cores do not count L1 conflicts, a second run without them tells. Raises DsconvError for
    platforms whose cores count nothing.
    """
    core = compiled.target.core
    with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
        directory = Path(folder)
        if not PLATFORMS[platform].counts:
            raise DsconvError(f"{platform} counts no cycles, so no stalls; take gvsoc")
        write_folder(compiled.lowered, directory, compiled.target, platform, count=True)
        logger.info("count stalls on %s", platform)
        build(directory)
        run = PLATFORMS[platform].module.run
        result = run(directory, data, TIMEOUT_S)
        if PLATFORMS[platform].counts_bank_conflicts:
            return _counted(result, core, None)
        without = run(directory, data, TIMEOUT_S, bank_conflicts=False)
        return _counted(result, core, without.counts if result.bank_conflicts else None)


def _counted(result: RunResult, core: Core, without: Sequence[LayerCounts] | None) -> CountedRun:
    assert result.counts is not None, "the network was built to count"
    assert result.cycles is not None, "GVSoC counts cycles"
    layers: list[Stalls] = []
    for number, (stats, counts) in enumerate(
        zip(result.layer_stats[-1], result.counts, strict=True)
    ):
        assert stats.cycles is not None, "GVSoC counts cycles"
        layers.append(Stalls.of(stats.cycles, counts, core, without[number] if without else None))
    return CountedRun(result.cycles[-1], layers)
