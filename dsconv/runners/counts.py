"""What the cores do in each layer, as counted by the cores themselves: read from counts.bin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.process import RunnerError

HEADER_WORDS = 3
WORD = np.dtype("<u4")
WAITS = 2
"""Words at the end of a row: core 0's cycles of waiting for the DMA, and for L3."""


@dataclass(frozen=True)
class LayerCounts:
    """Counters of one layer, core by core (cores,), and core 0's waiting, in cycles.

    `awake` are the cycles of a core without sleeping and without waiting for transfers; `load_use`,
    `fetch` and `l1_conflicts` are stall cycles. `l1_conflicts` is None where nothing counts them.
    """

    awake: NDArray[np.int64]
    instructions: NDArray[np.int64]
    load_use: NDArray[np.int64]
    fetch: NDArray[np.int64]
    jumps: NDArray[np.int64]
    taken_branches: NDArray[np.int64]
    l1_conflicts: NDArray[np.int64] | None
    dma_wait: int
    l3_wait: int

    @staticmethod
    def of(rows: NDArray[np.int64]) -> LayerCounts:
        """Counts from (cores, words), as the rows of a layer lie in counts.bin."""
        awake, instructions, load_use, fetch, jumps, taken_branches, *conflicts = rows.T[:-WAITS]
        dma_wait, l3_wait = rows[0, -WAITS:].tolist()
        return LayerCounts(
            awake,
            instructions,
            load_use,
            fetch,
            jumps,
            taken_branches,
            conflicts[0] if conflicts else None,
            dma_wait,
            l3_wait,
        )


def read_counts(path: Path) -> tuple[LayerCounts, ...] | None:
    """The layers' counts of the last input; None where the program was not built to count.

    Raises RunnerError where the file is not what its header says.
    """
    if not path.exists():
        return None
    words = np.frombuffer(path.read_bytes(), WORD).astype(np.int64)
    layers, cores, width = (int(word) for word in words[:HEADER_WORDS])
    table = words[HEADER_WORDS:]
    if table.size == 0 or table.size % (layers * cores * width):
        raise RunnerError(f"counts.bin: {words.size} words for {layers} layers on {cores} cores")
    last_input = table.reshape(-1, layers, cores, width)[-1]
    return tuple(LayerCounts.of(rows) for rows in last_input)
