"""Descriptions of systolic arrays."""

from __future__ import annotations

from dataclasses import dataclass

from dsconv.dialects.target import SystolicArray, SystolicArrayAttr
from dsconv.targets.energy import ChipEnergy
from dsconv.targets.target import Target


@dataclass(frozen=True, kw_only=True)
class SystolicTarget(Target):
    """An array as a target; what it takes in energy, where its description says that."""

    array: SystolicArray
    energy: ChipEnergy | None = None

    def attribute(self, layers: int) -> SystolicArrayAttr:
        return SystolicArrayAttr(self.array)

    def check(self) -> None:
        self.array.check()
