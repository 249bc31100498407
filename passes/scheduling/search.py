"""The search for a network's schedule: what to fuse, all tiles and all layouts (3.3).

Layers come one behind the other, so a schedule is a path: each step takes one layer, or a chain of
them, to the next one. The search keeps, for every number of layers and the layouts of what those
have made and others still read, all that no other beats in both cycles and bytes moved between L2
and L1; so it is exact for the costs that candidates have, as far as those paths are no more than
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
from dsconv.dialects.target import Cluster
from dsconv.passes.scheduling.pareto import places_on_front
from dsconv.passes.scheduling.search_space import Candidate, SearchSpace
from dsconv.passes.scheduling.state import State, values_alive

MOST_POINTS = 64
"""Schedules that are kept of a Pareto front; beyond, those nearest to their neighbours go."""

MOST_STATES = 16
"""Layouts of values, those of four or so, that are kept behind a layer: those of the fastest."""

Continuation = tuple[list["Schedule"], Candidate]
"""Schedules, and what they go on by."""

CandidateSource = Callable[[int, State], Iterable[Candidate]]
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
    """A candidate behind those before it, with the sums of what all cost; at first, none."""

    before: Schedule | None = None
    candidate: Candidate | None = None
    cycles: float = 0
    moved_bytes: int = 0

    def then(self, candidate: Candidate) -> Schedule:
        """The schedule with one candidate more."""
        cycles, moved = self.cycles + candidate.cycles, self.moved_bytes + candidate.moved_bytes
        return Schedule(self, candidate, cycles, moved)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All candidates, in their order."""
        return tuple(reversed(list(self._backwards())))

    @property
    def layouts(self) -> dict[SSAValue, Layout]:
        """The layouts of all that the layers make."""
        return {value: layout for one in self.candidates for value, layout in one.layouts.items()}

    def _backwards(self) -> Iterator[Candidate]:
        point = self
        while point.before is not None and point.candidate is not None:
            yield point.candidate
            point = point.before


def schedules(layers: Sequence[LayerOperation], machine: Cluster) -> list[Schedule]:
    """All schedules of a network that no other beats, the fastest first; none where L1 is small."""
    return search(layers, SearchSpace(layers, machine).at)


def search(layers: Sequence[LayerOperation], source: CandidateSource) -> list[Schedule]:
    """All schedules of what is offered that no other beats, the fastest first."""
    reached: list[dict[State, list[Continuation]]]
    reached = [defaultdict(list) for _ in range(len(layers) + 1)]
    alive = values_alive(layers)
    known: Iterable[tuple[State, list[Schedule]]] = [(State(), [Schedule()])]
    for first in range(len(layers)):
        for state, points in known:
            for candidate in source(first, state):
                end = first + len(candidate.layers)
                following = candidate.state_behind(state, alive[end])
                reached[end][following].append((points, candidate))
        known = fastest(reached[first + 1])
    return front_of(list(chain.from_iterable(reached[-1].values())))


def fastest(
    states: Mapping[State, Sequence[Continuation]],
) -> Iterator[tuple[State, list[Schedule]]]:
    """The front of each of the states that were reached in the fewest cycles."""
    fronts = {state: front_of(continuations) for state, continuations in states.items()}
    return iter(sorted(fronts.items(), key=lambda item: item[1][0].cycles)[:MOST_STATES])


def front_of(continuations: Sequence[Continuation]) -> list[Schedule]:
    """The front of all schedules that go on by a candidate; the others are not even made."""
    places = places_on_front(
        (point.cycles + cycles, point.moved_bytes + moved)
        for points, candidate in continuations
        for cycles, moved in [(candidate.cycles, candidate.moved_bytes)]
        for point in points
    )
    pairs = [(point, candidate) for points, candidate in continuations for point in points]
    return thinned([Schedule.then(*pairs[place]) for place in places])


def thinned(best: list[Schedule]) -> list[Schedule]:
    """A Pareto front of so many points that it can be kept."""
    gaps = [after.cycles - before.cycles for before, after in zip(best, best[2:], strict=False)]
    while len(best) > MOST_POINTS:
        place = gaps.index(min(gaps))
        best.pop(1 + place)
        gaps.pop(place)
        for changed in (place - 1, place):
            if 0 <= changed < len(gaps):
                gaps[changed] = best[changed + 2].cycles - best[changed].cycles
    return best


def best(points: Sequence[Schedule], objective: Objective, machine: Cluster) -> Schedule:
    """The schedule of a Pareto front that serves an objective best."""

    def energy(point: Schedule) -> float:
        return point.cycles * machine.energy.cycle + point.moved_bytes * machine.energy.byte

    if objective is Objective.ENERGY:
        return min(points, key=energy)
    fastest = points[0]
    if objective is Objective.LATENCY:
        return fastest
    limit = fastest.cycles * PRICE_OF_FEWER_TRANSFERS
    return [point for point in points if point.cycles <= limit][-1]
