"""Which maps of a layer stay on chip from the layer before, and for the next one."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.utils.str_enum import StrEnum


class Source(StrEnum):
    """Where a layer finds an activation that it reads: `FIRST` is the chain's first input again."""

    DRAM = "dram"
    CHIP = "chip"
    FIRST = "first"


@dataclass(frozen=True)
class Stay:
    """Where what a chain reads is, and whether its output stays on chip.

    `sources` are those of the first layer's inputs, then of what later layers read besides.
    """

    sources: tuple[Source, ...]
    output: bool = False

    @property
    def input_stays(self) -> bool:
        """Whether the first input is on chip."""
        return self.sources[0] is Source.CHIP

    def is_on_chip(self, number: int) -> bool:
        """Whether a map that is read lies on chip as a whole."""
        source = self.sources[number]
        return self.input_stays if source is Source.FIRST else source is Source.CHIP
