"""Chooses chains, tiles and what stays on chip, so that DRAM moves least: a shortest path.

A state is a place between two layers, and whether the map made before it is on chip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import LayerOperation, tensor_type
from dsconv.dialects.target import Accelerator
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.dram.chains import DramChain, chains_at
from dsconv.passes.dram.choices import Reads, Way, best, least_traffic, smallest, ways
from dsconv.passes.dram.links import Link, value_bits
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.passes.dram.stay import Stay


@dataclass(frozen=True)
class Step:
    """A chain, how it runs, and whether what it reads first and makes stays on chip."""

    chain: DramChain
    way: Way
    stay: Stay

    @property
    def entries(self) -> int:
        """Entries that it moves."""
        return self.way.traffic.entries


@dataclass(frozen=True)
class Path:
    """Steps from the first layer on, and the entries that bursts move for them together."""

    steps: tuple[Step, ...] = ()
    cost: float = 0.0

    def with_step(self, step: Step) -> Path:
        """The path and one step more."""
        return Path((*self.steps, step), self.cost + step.way.cost)

    @property
    def entries(self) -> int:
        """Entries that they move."""
        return sum(step.entries for step in self.steps)


State = tuple[int, bool]


class DramSearch:
    """The search for one network on one machine."""

    def __init__(
        self, layers: Sequence[LayerOperation], machine: Accelerator, schedule: DramSchedule
    ):
        self.layers = layers
        self.machine = machine
        self.schedule = schedule
        self._links = {layer: Link.of(layer) for layer in layers}
        self._best_way = cache(self._search_way)

    def run(self) -> Path:
        """The path that moves least. DoesNotFitError where the buffer is too small."""
        paths: dict[State, Path] = {(0, False): Path()}
        for first, layer in enumerate(self.layers):
            starts = [on_chip for on_chip in (False, True) if (first, on_chip) in paths]
            for on_chip in starts:
                for end, step in self._steps(first, on_chip):
                    path = paths[first, on_chip].with_step(step)
                    state = end, step.stay.output
                    if state not in paths or path.cost < paths[state].cost:
                        paths[state] = path
            if starts and not any(state[0] > first for state in paths):
                self._refuse(layer)
        return paths[len(self.layers), False]

    def _steps(self, first: int, on_chip: bool) -> Iterator[tuple[int, Step]]:
        """What may begin with a layer, and where it ends."""
        resident = self.layers[first - 1].result if on_chip else None
        for layers in chains_at(self.layers, first, self.schedule):
            if resident is not None and not _uses(resident) <= set(layers):
                continue
            chain = DramChain.of_links(layers, [self._links[layer] for layer in layers])
            for leaves in (False, True) if self._may_stay(chain) else (False,):
                stay = chain.stay(resident, leaves_output=leaves)
                taken = sum(map(self._map_entries, _maps_on_chip(chain, stay, resident)))
                way = self._best_way(chain.links, chain.reads, stay, taken)
                if way is not None:
                    yield first + len(layers), Step(chain, way, stay)

    def _search_way(
        self,
        links: tuple[Link, ...],
        reads: Reads,
        stay: Stay,
        taken: int,
    ) -> Way | None:
        room = self.machine.entries - taken
        least = least_traffic(links, reads, stay, self.machine)
        return best(ways(links, reads, stay, self.machine, self.schedule, room), least)

    def _may_stay(self, chain: DramChain) -> bool:
        """Whether the next layer may read what a chain makes from the chip."""
        if self.schedule is not DramSchedule.BEST:
            return False
        readers = _uses(chain.result)
        return bool(readers) and all(isinstance(reader, LayerOperation) for reader in readers)

    def _map_entries(self, value: SSAValue) -> int:
        _, channels, rows, columns = tensor_type(value).get_shape()
        return channels * rows * columns * self.machine.entries_of(value_bits(value))

    def _refuse(self, layer: LayerOperation) -> None:
        chain = DramChain.of([layer])
        stay = chain.stay(None, leaves_output=False)
        size = smallest(chain.links[0], chain.reads, stay, self.machine)
        raise DoesNotFitError(
            Space.L1,
            layer,
            f'layer "{layer.label}" needs {size} entries on chip with its smallest tile, the '
            f"buffer has {self.machine.entries}; give it more, or fewer copies",
        )


def _uses(value: SSAValue) -> set[object]:
    return {use.operation for use in value.uses}


def _maps_on_chip(chain: DramChain, stay: Stay, resident: SSAValue | None) -> Iterator[SSAValue]:
    if resident is not None:
        yield resident
    if stay.output:
        yield chain.result
