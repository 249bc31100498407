"""Choices that measurements may prefer to those that the model prefers: what profiles measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from dsconv.dialects.graph import LayerOperation
from dsconv.passes.choices import Choice, Choices
from dsconv.passes.machine import Machine
from dsconv.passes.schedules import schedules
from dsconv.passes.states import State, values_alive

Place = tuple[int, State]
"""How many layers are scheduled, and what they left."""


@dataclass(frozen=True)
class Step:
    """A choice, from one place to another."""

    start: Place
    choice: Choice
    end: Place


def contenders(layers: Sequence[LayerOperation], machine: Machine, doubt: float) -> list[Step]:
    """The choices that matter if the model may overestimate each one's cycles by a share `doubt`.

    Those are the choices whose best schedule would be the fastest of all if they took so much less,
    and those of the schedules that no other beats in both cycles and bytes moved.
    """
    steps = every_step(layers, machine)
    there, back = cycles_there(steps), cycles_back(steps, len(layers))
    fastest = min((there[step.end] for step in steps if step.end[0] == len(layers)), default=inf)
    on_front = {choice for point in schedules(layers, machine) for choice in point.choices}
    keys = {key(choice) for choice in on_front}
    return [
        step
        for step in steps
        if there[step.start] + (1 - doubt) * step.choice.cycles + back[step.end] <= fastest
        or key(step.choice) in keys
    ]


def key(choice: Choice) -> tuple[object, ...]:
    """What tells a choice from others."""
    layouts = tuple(choice.layouts.items())
    return choice.layers, choice.axis, choice.tile, layouts, choice.resident


def every_step(layers: Sequence[LayerOperation], machine: Machine) -> list[Step]:
    """All choices, wherever they may begin."""
    choices, alive = Choices(layers, machine), values_alive(layers)
    reached: dict[int, dict[State, None]] = defaultdict(dict)
    reached[0][State()] = None
    steps: list[Step] = []
    for first in range(len(layers)):
        for state in reached[first]:
            for choice in choices.every(first, state):
                end = first + len(choice.layers)
                following = choice.state_behind(state, alive[end])
                reached[end][following] = None
                steps.append(Step((first, state), choice, (end, following)))
    return steps


def cycles_there(steps: Sequence[Step]) -> dict[Place, float]:
    """The fewest cycles to every place."""
    cycles: dict[Place, float] = defaultdict(lambda: inf)
    cycles[0, State()] = 0
    for step in sorted(steps, key=lambda step: step.start[0]):
        cycles[step.end] = min(cycles[step.end], cycles[step.start] + step.choice.cycles)
    return cycles


def cycles_back(steps: Sequence[Step], layers: int) -> dict[Place, float]:
    """The fewest cycles from every place to the end."""
    cycles: dict[Place, float] = defaultdict(lambda: inf)
    cycles[layers, State()] = 0
    for step in sorted(steps, key=lambda step: -step.start[0]):
        cycles[step.start] = min(cycles[step.start], cycles[step.end] + step.choice.cycles)
    return cycles
