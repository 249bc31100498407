"""Where the time of the cores goes in a layer, from what the cores counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dsconv.dialects.target import Core
from dsconv.runners import LayerCounts


@dataclass(frozen=True)
class Stalls:
    """The cycles of a layer, and what its cores do in them.

    `busy` are the cycles in which each core is awake; the wait of core 0 for the DMA and for L3 is
    in none of them. The others are means over the cores. What a core is busy with is instructions,
    one cycle each, or stalls: of a load's result that the next instruction uses, of L1 banks that
    another core or the DMA reads (None where the simulator cannot tell, and then in `other`), of
    the instruction cache, of branches and jumps, and others: loads from L2, long multiplications.
    `barrier` is what cores sleep at barriers.
    """

    cycles: int
    busy: tuple[int, ...]
    dma_wait: int
    l3_wait: int
    instructions: float
    load_use: float
    l1_conflicts: float | None
    icache: float
    branches: float
    barrier: float

    @staticmethod
    def of(
        cycles: int, counts: LayerCounts, core: Core, without_conflicts: LayerCounts | None = None
    ) -> Stalls:
        """Stalls of a layer that took `cycles` on such cores.

        `without_conflicts` are the counts of the same run where L1 has no bank conflicts: what they
        cost is the difference, if the cores do not count it themselves.
        """
        conflicts = counts.l1_conflicts
        if conflicts is None and without_conflicts is not None:
            conflicts = counts.awake - without_conflicts.awake
        asleep = cycles - counts.awake
        asleep[0] -= counts.dma_wait + counts.l3_wait
        return Stalls(
            cycles,
            tuple(counts.awake.tolist()),
            counts.dma_wait,
            counts.l3_wait,
            mean(counts.instructions),
            mean(counts.load_use),
            None if conflicts is None else max(mean(conflicts), 0.0),
            mean(counts.fetch),
            mean(
                core.taken_branch_stalls * counts.taken_branches + core.jump_stalls * counts.jumps,
            ),
            mean(asleep.clip(0)),
        )

    @property
    def other(self) -> float:
        """Stall cycles of a core that no counter explains."""
        explained = self.instructions + self.load_use + self.icache + self.branches
        return max(sum(self.busy) / len(self.busy) - explained - (self.l1_conflicts or 0.0), 0.0)

    @property
    def imbalance(self) -> float:
        """How much longer the busiest core works than the mean, as a part of the mean."""
        return max(self.busy) * len(self.busy) / sum(self.busy) - 1

    @property
    def transfer_wait(self) -> float:
        """Part of the layer's cycles in which core 0 waits for a transfer."""
        return (self.dma_wait + self.l3_wait) / self.cycles

    def as_json(self) -> dict[str, Any]:
        """The stalls as they stand in the JSON report: cycles, rounded."""
        conflicts = None if self.l1_conflicts is None else round(self.l1_conflicts)
        return {
            "cycles": self.cycles,
            "busy": list(self.busy),
            "imbalance": round(self.imbalance, 4),
            "dma_wait": self.dma_wait,
            "l3_wait": self.l3_wait,
            "instructions": round(self.instructions),
            "load_use": round(self.load_use),
            "l1_conflicts": conflicts,
            "icache": round(self.icache),
            "branches": round(self.branches),
            "other": round(self.other),
            "barrier": round(self.barrier),
        }


def mean(counts: npt.NDArray[np.int64]) -> float:
    """Mean over the cores."""
    return float(counts.mean())
