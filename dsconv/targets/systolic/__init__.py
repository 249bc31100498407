"""Descriptions of systolic arrays."""

from __future__ import annotations

from dataclasses import dataclass

from dsconv.dialects.target import SystolicArray, SystolicArrayAttr
from dsconv.targets.target import Target


@dataclass(frozen=True, kw_only=True)
class SystolicTarget(Target):
    """An array as a target."""

    array: SystolicArray

    def attribute(self, layers: int) -> SystolicArrayAttr:
        return SystolicArrayAttr(self.array)

    def check(self) -> None:
        self.array.check()
