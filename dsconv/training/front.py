"""Which layers of a hybrid are axial: the exact choice for what each costs and saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """What a layer costs in loss, and changes in cycles, when it is axial."""

    name: str
    loss: float
    cycles: int


@dataclass(frozen=True)
class Choice:
    """Axial layers, with the sum of what they cost in loss and change in cycles."""

    layers: tuple[str, ...] = ()
    loss: float = 0.0
    cycles: int = 0

    def with_option(self, option: Option) -> Choice:
        """This choice and one layer more."""
        return Choice(
            (*self.layers, option.name), self.loss + option.loss, self.cycles + option.cycles
        )


def front(options: Sequence[Option]) -> list[Choice]:
    """The choices that no other one beats in both loss and cycles, the fastest first.

    Exact: the sums of a choice are those of its layers, so a choice that is beaten stays beaten
    whatever joins it (the knapsack problem by dominated states, Nemhauser & Ullmann 1969).
    """
    choices = [Choice()]
    for option in options:
        choices = _undominated([*choices, *(choice.with_option(option) for choice in choices)])
    return choices


def _undominated(choices: Sequence[Choice]) -> list[Choice]:
    kept: list[Choice] = []
    for choice in sorted(choices, key=lambda choice: (choice.cycles, choice.loss)):
        if not kept or choice.loss < kept[-1].loss:
            kept.append(choice)
    return kept
