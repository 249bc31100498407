"""What a trace takes of a DRAM: time, and energy by what it is spent on."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class DramEnergy:
    """In nJ, of all devices: opening and closing rows, bursts, standby, refresh."""

    activation: float
    burst: float
    standby: float
    refresh: float

    @property
    def total(self) -> float:
        """All of it."""
        return sum(astuple(self))


@dataclass(frozen=True)
class DramResult:
    """Of a trace, from its first burst to its last, and which simulator says so."""

    simulator: str
    device: str
    bursts: int
    seconds: float
    energy: DramEnergy
