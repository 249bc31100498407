"""A machine that networks are compiled for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from xdsl.ir import Attribute


@dataclass(frozen=True, kw_only=True)
class Target(ABC):
    """A machine of some kind: its fields are the keys of its description, its name the file's."""

    name: str
    description: str

    @abstractmethod
    def attribute(self, layers: int) -> Attribute:
        """What passes know of the machine that they compile a network of so many layers for."""

    @abstractmethod
    def check(self) -> None:
        """Raises TableError where networks cannot be compiled for the machine."""
