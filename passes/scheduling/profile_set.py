"""Profiling candidates: those that measurements may prefer to what the model prefers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.target import Cluster
from dsconv.passes.scheduling.search import schedules
from dsconv.passes.scheduling.search_space import Candidate, SearchSpace
from dsconv.passes.scheduling.state import State, values_alive

Place = tuple[int, State]
"""How many layers are scheduled, and what they left."""


@dataclass(frozen=True)
class ProfileStep:
    """A candidate, from one place to another."""

    start: Place
    candidate: Candidate
    end: Place


def profiling_candidates(
    layers: Sequence[LayerOperation], machine: Cluster, doubt: float
) -> list[ProfileStep]:
    """The candidates that matter if the model may overestimate cycles of each by a share `doubt`.

    Those are the candidates whose best schedule would be the fastest of all if they took so much
    less, and those of the schedules that no other beats in both cycles and bytes moved.
    """
    steps = every_step(layers, machine)
    there, back = cycles_there(steps), cycles_back(steps, len(layers))
    fastest = min((there[step.end] for step in steps if step.end[0] == len(layers)), default=inf)
    on_front = {candidate for point in schedules(layers, machine) for candidate in point.candidates}
    keys = {key(candidate) for candidate in on_front}
    return [
        step
        for step in steps
        if there[step.start] + (1 - doubt) * step.candidate.cycles + back[step.end] <= fastest
        or key(step.candidate) in keys
    ]


def key(candidate: Candidate) -> tuple[object, ...]:
    """What tells a candidate from others."""
    layouts = tuple(candidate.layouts.items())
    return candidate.layers, candidate.axis, candidate.tile, layouts, candidate.residency


def every_step(layers: Sequence[LayerOperation], machine: Cluster) -> list[ProfileStep]:
    """All candidates, wherever they may begin."""
    candidates, alive = SearchSpace(layers, machine), values_alive(layers)
    reached: dict[int, dict[State, None]] = defaultdict(dict)
    reached[0][State()] = None
    steps: list[ProfileStep] = []
    for first in range(len(layers)):
        for state in reached[first]:
            for candidate in candidates.every(first, state):
                end = first + len(candidate.layers)
                following = candidate.state_behind(state, alive[end])
                reached[end][following] = None
                steps.append(ProfileStep((first, state), candidate, (end, following)))
    return steps


def cycles_there(steps: Sequence[ProfileStep]) -> dict[Place, float]:
    """The fewest cycles to every place."""
    cycles: dict[Place, float] = defaultdict(lambda: inf)
    cycles[0, State()] = 0
    for step in sorted(steps, key=lambda step: step.start[0]):
        cycles[step.end] = min(cycles[step.end], cycles[step.start] + step.candidate.cycles)
    return cycles


def cycles_back(steps: Sequence[ProfileStep], layers: int) -> dict[Place, float]:
    """The fewest cycles from every place to the end."""
    cycles: dict[Place, float] = defaultdict(lambda: inf)
    cycles[layers, State()] = 0
    for step in sorted(steps, key=lambda step: -step.start[0]):
        cycles[step.start] = min(cycles[step.start], cycles[step.end] + step.candidate.cycles)
    return cycles
