"""Descriptions of accelerators with a buffer on chip behind DRAM."""

from __future__ import annotations

from dataclasses import dataclass

from dsconv.dialects.target import Accelerator, AcceleratorAttr
from dsconv.targets.energy import ChipEnergy
from dsconv.targets.target import Target


@dataclass(frozen=True, kw_only=True)
class AcceleratorTarget(Target):
    """An accelerator behind DRAM as a target; what its chip takes in energy, where that is said."""

    accelerator: Accelerator
    energy: ChipEnergy | None = None

    def attribute(self, layers: int) -> AcceleratorAttr:
        return AcceleratorAttr(self.accelerator)

    def check(self) -> None:
        self.accelerator.check()
