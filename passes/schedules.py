"""The search for a network's schedule: what to fuse, all tiles and all layouts (3.3).

Layers come one behind the other, so a schedule is a path: each step takes one layer, or a chain of
them, to the next one. The search keeps, for every number of layers and the layouts of what those
have made and others still read, all that no other beats in both cycles and bytes moved between L2
and L1; so it is exact for the costs that choices have, as far as those paths are no more than
`MOST_POINTS` for each of no more than `MOST_STATES` layouts. The fastest path and the one that
moves least are always among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from xdsl.ir import SSAValue
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.choices import Choice, Choices
from dsconv.passes.fronts import front
from dsconv.passes.machine import Machine
from dsconv.passes.states import State, values_alive

MOST_POINTS = 64
"""Schedules that are kept of a front; beyond, those nearest to their neighbours go."""

MOST_STATES = 16
"""Layouts of values, those of four or so, that are kept behind a layer: those of the fastest."""

Offer = Callable[[int, State], Iterable[Choice]]
"""What may be chosen from a layer on, behind such a state."""


class Objective(StrEnum):
    """What a schedule is to be good at."""

    LATENCY = "latency"
    TRANSFERS = "transfers"
    ENERGY = "energy"


PRICE_OF_FEWER_TRANSFERS = 1.02
"""How much slower than the fastest schedule the one may be that moves fewer bytes."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """A choice behind those before it, with the sums of what all cost; at first, none."""

    before: Schedule | None = None
    choice: Choice | None = None
    cycles: float = 0
    moved_bytes: int = 0

    def then(self, choice: Choice) -> Schedule:
        """The schedule with one choice more."""
        cycles, moved = self.cycles + choice.cycles, self.moved_bytes + choice.moved_bytes
        return Schedule(self, choice, cycles, moved)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All choices, in their order."""
        return tuple(reversed(list(self._backwards())))

    @property
    def layouts(self) -> dict[SSAValue, Layout]:
        """The layouts of all that the layers make."""
        return {value: layout for one in self.choices for value, layout in one.layouts.items()}

    def _backwards(self) -> Iterator[Choice]:
        point = self
        while point.before is not None and point.choice is not None:
            yield point.choice
            point = point.before


def schedules(layers: Sequence[LayerOperation], machine: Machine) -> list[Schedule]:
    """All schedules of a network that no other beats, the fastest first; none where L1 is small."""
    return search(layers, Choices(layers, machine).at)


def search(layers: Sequence[LayerOperation], offer: Offer) -> list[Schedule]:
    """All schedules of what is offered that no other beats, the fastest first."""
    reached: list[dict[State, list[Schedule]]]
    reached = [defaultdict(list) for _ in range(len(layers) + 1)]
    reached[0][State()] = [Schedule()]
    alive = values_alive(layers)
    for first in range(len(layers)):
        for state, points in fastest(reached[first]):
            for choice in offer(first, state):
                end = first + len(choice.layers)
                following = choice.state_behind(state, alive[end])
                reached[end][following] += map(Schedule.then, points, [choice] * len(points))
    return thinned(front(chain.from_iterable(reached[-1].values())))


def fastest(
    states: Mapping[State, Sequence[Schedule]],
) -> Iterator[tuple[State, list[Schedule]]]:
    """The front of each of the states that were reached in the fewest cycles."""
    fronts = {state: thinned(front(points)) for state, points in states.items()}
    return iter(sorted(fronts.items(), key=lambda item: item[1][0].cycles)[:MOST_STATES])


def thinned(best: list[Schedule]) -> list[Schedule]:
    """A front of so many points that it can be kept."""
    while len(best) > MOST_POINTS:
        gaps = [after.cycles - before.cycles for before, after in zip(best, best[2:], strict=False)]
        best.pop(1 + gaps.index(min(gaps)))
    return best


def best(points: Sequence[Schedule], objective: Objective, machine: Machine) -> Schedule:
    """The schedule of a front that serves an objective best."""

    def energy(point: Schedule) -> float:
        return point.cycles * machine.cycle_energy + point.moved_bytes * machine.byte_energy

    if objective is Objective.ENERGY:
        return min(points, key=energy)
    fastest = points[0]
    if objective is Objective.LATENCY:
        return fastest
    limit = fastest.cycles * PRICE_OF_FEWER_TRANSFERS
    return [point for point in points if point.cycles <= limit][-1]
