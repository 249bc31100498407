"""The search for a network's schedule: which layers to fuse, and the tiles of all (3.3).

Layers come one behind the other, so a schedule is a path: each step takes one layer, or a chain of
them, to the next one. The search keeps, for every number of layers, all that no other beats in both
cycles and bytes moved between L2 and L1; so it is exact for the estimated costs, as far as those
are no more than `MOST_POINTS`. The fastest and the one that moves least are always among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes import Tile
from dsconv.dialects.fused import Axis, FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.chains import Chain, value_bytes
from dsconv.passes.costs import L3_BYTES_PER_CYCLE, L3_STORED_BYTES_PER_CYCLE
from dsconv.passes.fused_channels import channel_cost, channel_plan, choose_channels
from dsconv.passes.fused_costs import row_cost
from dsconv.passes.fused_rows import row_plan
from dsconv.passes.fusion import callers_bytes, memory_obstacle, next_in_chain, obstacle
from dsconv.passes.geometry import Geometry
from dsconv.passes.layer_costs import layer_cost
from dsconv.passes.tile_fused import choose_step
from dsconv.passes.tile_l1 import candidates

LONGEST_CHAIN = 8
"""Layers that are tried as one."""

MOST_POINTS = 64
"""Schedules that are kept for a number of layers; beyond, those nearest to their neighbours go."""


class Objective(StrEnum):
    """What a schedule is to be good at."""

    LATENCY = "latency"
    TRANSFERS = "transfers"
    ENERGY = "energy"


PRICE_OF_FEWER_TRANSFERS = 1.03
"""How much slower than the fastest schedule the one may be that moves fewer bytes."""


@dataclass(frozen=True)
class Choice:
    """Layers that run as one, their tile, cycles, and bytes of activations between L2 and L1.

    Several layers are fused along `axis`.
    """

    layers: tuple[LayerOperation, ...]
    tile: Tile
    cycles: float
    moved_bytes: int
    axis: Axis = Axis.ROWS


@dataclass(frozen=True)
class Schedule:
    """Choices for all layers, with the sums of what they cost."""

    choices: tuple[Choice, ...] = ()
    cycles: float = 0
    moved_bytes: int = 0

    def then(self, choice: Choice) -> Schedule:
        """The schedule with one choice more."""
        return Schedule(
            (*self.choices, choice),
            self.cycles + choice.cycles,
            self.moved_bytes + choice.moved_bytes,
        )


@dataclass(frozen=True)
class Machine:
    """What the search needs to know: bytes of L1 for tiles, of L2 for activations; cores.

    Energy in pJ: of a cycle of the cluster, of a byte between L2 and L1.
    """

    l1: int
    l2: int
    cores: int
    cycle_energy: float = 1
    byte_energy: float = 0


def front(points: Iterable[Schedule]) -> list[Schedule]:
    """Those that no other beats, the fastest first."""
    best: list[Schedule] = []
    for point in sorted(points, key=lambda point: (point.cycles, point.moved_bytes)):
        if not best or point.moved_bytes < best[-1].moved_bytes:
            best.append(point)
    while len(best) > MOST_POINTS:
        gaps = [after.cycles - before.cycles for before, after in zip(best, best[2:], strict=False)]
        best.pop(1 + gaps.index(min(gaps)))
    return best


def schedules(layers: Sequence[LayerOperation], machine: Machine) -> list[Schedule]:
    """All schedules of a network that no other beats, the fastest first; none where L1 is small."""
    network = Chain.of(layers)
    points: list[list[Schedule]] = [[] for _ in range(len(layers) + 1)]
    points[0] = [Schedule()]
    for first in range(len(layers)):
        points[first] = front(points[first])
        for choice in choices(network, first, machine):
            end = first + len(choice.layers)
            points[end] += [point.then(choice) for point in points[first]]
    return front(points[-1])


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


def choices(network: Chain, first: int, machine: Machine) -> Iterator[Choice]:
    """What may come next: the first layer alone, or fused with those that follow it."""
    layers = network.layers
    yield from single_choices(layers[first], network.geometries[first], machine)
    if layers[first].tile is not None:
        return
    for end in range(first + 2, min(first + LONGEST_CHAIN, len(layers)) + 1):
        reads, last = layers[end - 2 : end]
        if next_in_chain(reads) is not last or last.tile is not None:
            return
        chain = Chain(layers[first:end], network.geometries[first:end])
        yield from fused_choices(chain, machine, Axis)


def fused_choices(
    chain: Chain, machine: Machine, axes: Iterable[Axis], tile: Tile | None = None
) -> Iterator[Choice]:
    """The chain as one, along each axis that it can go, with that step or with the best one."""
    for axis in axes:
        if obstacle(chain.layers, axis) or memory_obstacle(chain, axis, machine.l1, machine.l2):
            continue
        cost = row_step if axis is Axis.ROWS else channel_step
        found = cost(chain, machine, tile)
        if found is not None:
            step, cycles = found
            cycles += spill_cycles(chain.layers, machine)
            yield Choice(chain.layers, step, cycles, chain.moved_bytes, axis)


def l2_left(chain: Chain, machine: Machine) -> int:
    """Bytes of L2 beside what the caller gives and takes; 0 where there is no limit."""
    return machine.l2 and machine.l2 - callers_bytes(chain)


def row_step(chain: Chain, machine: Machine, tile: Tile | None) -> tuple[Tile, float] | None:
    """The step along rows, the best one if none is given, and the cycles of all."""
    step = tile or choose_step(chain, machine.l1, machine.cores, l2_bytes=l2_left(chain, machine))
    plan = None if step is None else row_plan(chain, step)
    if step is None or plan is None or plan.l1_bytes > machine.l1:
        return None
    return step, row_cost(chain, plan, machine.cores).cycles


def channel_step(chain: Chain, machine: Machine, tile: Tile | None) -> tuple[Tile, float] | None:
    """The step along channels, the best one if none is given, and the cycles of all."""
    l2 = l2_left(chain, machine)
    step = tile or choose_channels(chain, machine.l1, machine.cores, l2_bytes=l2)
    if step is None or channel_plan(chain, step).l1_bytes > machine.l1:
        return None
    return step, channel_cost(chain, step, machine.cores).cycles


def single_choices(layer: LayerOperation, geometry: Geometry, machine: Machine) -> Iterator[Choice]:
    """A layer alone: with the tile that costs least, and with the one that moves least."""
    if isinstance(layer, FusedOp):
        tile = layer.tile.tile if layer.tile else None
        for choice in fused_choices(Chain.of(layer.chain), machine, [layer.axis], tile):
            yield replace(choice, layers=(layer,))
        return
    tiles = [layer.tile.tile] if layer.tile else candidates(geometry, (1, 2))
    costs = [
        (layer_cost(geometry, tile, machine.cores), geometry.moved_bytes(tile), tile)
        for tile in tiles
        if geometry.l1_bytes(tile) <= machine.l1
    ]
    if not costs:
        return
    spilled = spill_cycles([layer], machine)
    cheapest = min(costs, key=lambda item: (item[0].objective, item[1]))
    leanest = min(costs, key=lambda item: (item[1], item[0].objective))
    for cost, moved, tile in {id(item): item for item in (cheapest, leanest)}.values():
        yield Choice((layer,), tile, cost.cycles + spilled, moved)


def spill_cycles(chain: Sequence[LayerOperation], machine: Machine) -> float:
    """Cycles to bring the largest of its values from L3, and to write them there, until L2 holds
    the others."""
    made = {layer.result for layer in chain}
    read = {value for layer in chain for value in layer.activations} - made
    rates = [(value_bytes(value), L3_BYTES_PER_CYCLE) for value in read]
    rates.append((value_bytes(chain[-1].result), L3_STORED_BYTES_PER_CYCLE))
    excess = sum(size for size, _ in rates) - machine.l2 if machine.l2 else 0
    cycles = 0.0
    for size, rate in sorted(rates, reverse=True):
        if excess > 0:
            cycles += size / rate
            excess -= size
    return cycles
