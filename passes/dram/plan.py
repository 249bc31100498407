"""What all ways to run a chain on an accelerator behind DRAM have."""

from __future__ import annotations

import abc
from functools import cached_property

from dsconv.dialects.target import Accelerator
from dsconv.passes.dram.links import Link
from dsconv.passes.dram.rooms import Rooms, entries_taken


class Plan(abc.ABC):
    """Loops of a chain on a machine."""

    machine: Accelerator

    @property
    @abc.abstractmethod
    def chain(self) -> tuple[Link, ...]:
        """All layers, in their order."""

    @cached_property
    @abc.abstractmethod
    def rooms(self) -> Rooms:
        """What it needs on chip beside maps that stay there."""

    @property
    def last(self) -> Link:
        """The layer that makes the output."""
        return self.chain[-1]

    @cached_property
    def entries(self) -> int:
        """Entries that its rooms take."""
        return entries_taken(self.rooms, self.machine, self.last.output_bits)
