"""What work on a chip takes in energy, where products are counted one by one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChipEnergy:
    """What a product with its addition takes, and a byte of the buffer, read or written; in pJ."""

    mac: float
    byte: float
