"""What may be done with the layers that come next: alone or fused, with every tile and layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Axis, Layout, Tile
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.target import Cluster
from dsconv.passes.analysis.chain import Chain, value_bytes
from dsconv.passes.analysis.contiguous_parts import is_free
from dsconv.passes.analysis.layouts import layout_options
from dsconv.passes.scheduling.fused_space import FusedCandidate, fused_candidates
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.l1_residency import (
    NOTHING_RESIDENT,
    Residency,
    residencies,
    residency_limits,
)
from dsconv.passes.scheduling.layer_cost import NO_COST, LayerCost
from dsconv.passes.scheduling.layout_paths import Options
from dsconv.passes.scheduling.legality import next_in_chain, why_illegal
from dsconv.passes.scheduling.state import State
from dsconv.passes.scheduling.tile_space import priced_tiles

Key = tuple[object, ...]
"""Layers, and the layouts of what they read."""

LONGEST_CHAIN = 8
"""Layers that are tried as one."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Layers that run as one, their tile, cost, and bytes of activations between L2 and L1.

    Several layers are fused along `axis`. `layouts` are those of all that they read and make.
    Without what is `residency` in L1 they would take `saved_cycles` more.
    """

    layers: tuple[LayerOperation, ...]
    tile: Tile
    cost: LayerCost
    moved_bytes: int
    layouts: Mapping[SSAValue, Layout]
    axis: Axis = Axis.ROWS
    residency: Residency = NOTHING_RESIDENT
    saved_cycles: float = 0

    @property
    def cycles(self) -> float:
        """Cycles of all."""
        return self.cost.cycles

    def state_behind(self, state: State, alive: Collection[SSAValue]) -> State:
        """The state that it leaves, where these values are alive, from the one before it."""
        resident_value = self.layers[-1].result if self.residency.leaves_result else None
        return state.behind(self.layouts, resident_value, alive)


@dataclass(frozen=True)
class CandidateSpan:
    """All candidates for some layers, and of those for each place of the result the best ones."""

    found: list[Candidate]
    best: list[Candidate]

    @staticmethod
    def of(found: list[Candidate], result: SSAValue) -> CandidateSpan:
        """The span of these candidates."""
        by_place: dict[tuple[Layout, bool], list[Candidate]] = defaultdict(list)
        for candidate in found:
            by_place[candidate.layouts[result], candidate.residency.leaves_result].append(candidate)
        return CandidateSpan(
            found, [one for same in by_place.values() for one in best_candidates(same)]
        )


class SearchSpace:
    """All that may be done with the layers of a network on a machine, at estimated cost."""

    def __init__(self, layers: Sequence[LayerOperation], machine: Cluster):
        self.machine = machine
        self._network = Chain.of(layers)
        self._chains = [list(self._chains_from(first)) for first in range(len(layers))]
        self.options = layout_options(layers)
        read_next = self._read_next()
        self._residency_limits = {
            value: limits
            for value, limits in residency_limits(layers, machine.l1).items()
            if value in read_next
        }
        self._ways: dict[Key, list[FusedCandidate]] = {}
        self._spans: dict[tuple[Key, SSAValue | None], CandidateSpan] = {}

    def at(self, first: int, state: State) -> Iterator[Candidate]:
        """What begins with a layer behind such a state, as far as worth having.

        For each span of layers, each layout of its result and whether that stays in L1, that is the
        candidate of least cost and the one that moves least.
        """
        for chain in self._chains[first]:
            yield from self._with(chain, state).best

    def every(self, first: int, state: State) -> Iterator[Candidate]:
        """What begins with a layer behind such a state; but hopeless tiles."""
        for chain in self._chains[first]:
            yield from self._with(chain, state).found

    def _read_next(self) -> set[SSAValue]:
        """The results that what comes next reads: others would lie in L1 for nothing."""
        following = zip(self._network.layers, self._chains[1:], strict=False)
        return {
            layer.result
            for layer, chains in following
            if any(fused_chain(one).values_read.count(layer.result) == 1 for one in chains)
        }

    def _chains_from(self, first: int) -> Iterator[Chain]:
        """The layer alone, then with those that follow it, where they may be fused."""
        layers = self._network.layers
        yield self._chain(first, first + 1)
        if isinstance(layers[first], FusedOp) or layers[first].tile is not None:
            return
        for end in range(first + 2, min(first + LONGEST_CHAIN, len(layers)) + 1):
            reads, last = layers[end - 2 : end]
            if next_in_chain(reads) is not last or last.tile is not None:
                return
            if not all(why_illegal(layers[first:end], axis) for axis in Axis):
                yield self._chain(first, end)

    def _chain(self, first: int, end: int) -> Chain:
        return Chain(self._network.layers[first:end], self._network.layer_shapes[first:end])

    def _with(self, chain: Chain, state: State) -> CandidateSpan:
        """The candidates for a span of layers behind such a state."""
        layouts = dict(state.layouts)
        read = {value: layouts[value] for value in chain.layouts_read if value in layouts}
        key = (*chain.layers, *read.items())
        if (key, state.resident_value) not in self._spans:
            placed = chain.with_layouts(read)
            reads = fused_chain(placed).values_read
            stays = residencies(reads, chain.result, state.resident_value, self._residency_limits)
            found = list(self._of(key, placed, stays))
            self._spans[key, state.resident_value] = CandidateSpan.of(found, chain.result)
        return self._spans[key, state.resident_value]

    def _of(self, key: Key, chain: Chain, stays: Sequence[Residency]) -> Iterator[Candidate]:
        """All candidates for a span of layers; the layouts of what it reads are given."""
        if is_alone(chain):
            return single_candidates(chain, self.options, self.machine, stays)
        if key not in self._ways:
            self._ways[key] = list(fused_ones(chain, self.options, self.machine))
        return chain_candidates(chain, self._ways[key], self.machine, stays)


def is_alone(chain: Chain) -> bool:
    """Whether a chain is one layer, and that is not fused already."""
    return len(chain.layers) == 1 and not isinstance(chain.layers[0], FusedOp)


def fused_chain(chain: Chain) -> Chain:
    """The layers that run as one: those of a fused layer, if that is what the chain is."""
    layer, layer_shape = chain.layers[0], chain.layer_shapes[0]
    if not isinstance(layer, FusedOp):
        return chain
    read = dict(zip(layer.activations, layer_shape.input_layouts, strict=True))
    return Chain.of(layer.chain).with_layouts(read)


def fused_ones(chain: Chain, options: Options, machine: Cluster) -> Iterator[FusedCandidate]:
    """The ways to run a chain as one; where it is a fused layer, along its axis, with its step."""
    layer, inside = chain.layers[0], fused_chain(chain)
    if not isinstance(layer, FusedOp):
        return fused_candidates(inside, options, machine, Axis)
    layouts = {**layout_options(inside.layers), inside.result: options[layer.result]}
    tile = layer.tile.tile if layer.tile else None
    return fused_candidates(inside, layouts, machine, [layer.axis], tile)


def best_candidates(found: Sequence[Candidate]) -> list[Candidate]:
    """The candidate of least cost, and the one that moves least; of equals, the first one."""
    costs = {one: (round(one.cost.objective, 3), one.moved_bytes) for one in found}
    cheapest = min(found, key=lambda one: costs[one])
    leanest = min(found, key=lambda one: costs[one][::-1])
    return list(dict.fromkeys((cheapest, leanest)))


def single_candidates(
    chain: Chain, options: Options, machine: Cluster, stays: Sequence[Residency]
) -> Iterator[Candidate]:
    """A layer alone, with every tile that fits and is not hopeless, and what stays in L1."""
    (layer,), (layer_shape,) = chain.layers, chain.layer_shapes
    spilled, read = spill_cycles(chain, machine), chain.layouts_read
    costs = CostModel.of(machine)
    given = layer.tile.tile if layer.tile else None
    for layout, residency in product(options[layer.result], stays):
        placed = layer_shape.with_layouts(layer_shape.input_layouts, layout)
        costs_nothing = residency == NOTHING_RESIDENT and is_free(
            layer, (*placed.input_layouts, layout)
        )
        for one in priced_tiles(placed, machine.l1, costs, given, residency):
            yield Candidate(
                chain.layers,
                one.tile,
                NO_COST if costs_nothing else one.cost.later(spilled),
                0 if costs_nothing else one.moved_bytes,
                {**read, layer.result: layout},
                residency=residency,
                saved_cycles=one.saved_cycles,
            )


def chain_candidates(
    chain: Chain, fused_ones: Iterable[FusedCandidate], machine: Cluster, stays: Sequence[Residency]
) -> Iterator[Candidate]:
    """A chain as one, in all ways that fit beside what stays in L1."""
    spilled, inside = spill_cycles(chain, machine), fused_chain(chain)
    moved = {residency: fused_moved_bytes(inside, residency) for residency in stays}
    for way, residency in product(fused_ones, stays):
        size = way.l1_use.with_residency(residency)
        if size is None or size > machine.l1:
            continue
        cost = way.cost_with(residency)
        yield Candidate(
            chain.layers,
            way.step,
            cost.later(spilled),
            moved[residency],
            {**way.layouts, chain.result: way.layouts[inside.result]},
            way.axis,
            residency,
            way.all_moved.cycles - cost.cycles,
        )


def fused_moved_bytes(chain: Chain, residency: Residency) -> int:
    """Bytes that layers move as one: each value once that does not stay in L1."""
    moved = chain.moved_bytes
    if residency.number is not None:
        moved -= value_bytes(chain.values_read[residency.number])
    return moved if residency.stores else moved - value_bytes(chain.result)


def spill_cycles(chain: Chain, machine: Cluster) -> float:
    """Cycles to bring the largest of its values from L3, and to write them there, until L2 holds
    the others."""
    rates = [
        (value_bytes(value), machine.l3.loaded_bytes_per_cycle) for value in chain.layouts_read
    ]
    rates.append((value_bytes(chain.result), machine.l3.stored_bytes_per_cycle))
    excess = sum(size for size, _ in rates) - machine.l2 if machine.l2 else 0
    cycles = 0.0
    for size, rate in sorted(rates, reverse=True):
        if excess > 0:
            cycles += size / rate
            excess -= size
    return cycles
