"""The memories and cores that a schedule is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """What the search needs to know: bytes of L1 for tiles, of L2 for activations; cores.

    Energy in pJ: of a cycle of the cluster, of a byte between L2 and L1.
    """

    l1: int
    l2: int
    cores: int
    cycle_energy: float = 1
    byte_energy: float = 0
