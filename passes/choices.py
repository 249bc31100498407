"""What may be done with the layers that come next: alone or fused, with every tile and layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.fused import Axis, FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.chains import Chain, value_bytes
from dsconv.passes.costs import (
    L3_BYTES_PER_CYCLE,
    L3_STORED_BYTES_PER_CYCLE,
    coefficients,
    kernel_cycles,
)
from dsconv.passes.fronts import front
from dsconv.passes.fused_channels import ChannelPlan, channel_cost, channel_plan, channel_tiles
from dsconv.passes.fused_costs import row_loop_cost
from dsconv.passes.fused_layouts import Options, layout_paths
from dsconv.passes.fused_rows import RowPlan, row_plan
from dsconv.passes.fusion import callers_bytes, memory_obstacle, next_in_chain, obstacle
from dsconv.passes.geometry import Geometry
from dsconv.passes.layer_costs import LayerCost, kernel_shape, layer_cost
from dsconv.passes.select_layout import layout_options
from dsconv.passes.tile_fused import row_plans
from dsconv.passes.tile_l1 import candidates

LONGEST_CHAIN = 8
"""Layers that are tried as one."""

HOPELESS = 1.1
"""How many times the cost of another tile, which moves no more, one has that is not even kept."""


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


@dataclass(frozen=True, eq=False)
class Choice:
    """Layers that run as one, their tile, cost, and bytes of activations between L2 and L1.

    Several layers are fused along `axis`. `layouts` are those of all that they read and make.
    """

    layers: tuple[LayerOperation, ...]
    tile: Tile
    cost: LayerCost
    moved_bytes: int
    layouts: Mapping[SSAValue, Layout]
    axis: Axis = Axis.ROWS

    @property
    def cycles(self) -> float:
        """Cycles of all."""
        return self.cost.cycles


@dataclass(frozen=True)
class Span:
    """All choices for some layers, and of those for each layout of the result the best ones."""

    found: list[Choice]
    best: list[Choice]

    @staticmethod
    def of(found: list[Choice], result: SSAValue) -> Span:
        """The span of these choices."""
        by_layout: dict[Layout, list[Choice]] = defaultdict(list)
        for choice in found:
            by_layout[choice.layouts[result]].append(choice)
        return Span(found, [one for same in by_layout.values() for one in best_choices(same)])


class Choices:
    """All that may be done with the layers of a network on a machine, at estimated cost."""

    def __init__(self, layers: Sequence[LayerOperation], machine: Machine):
        self.network = Chain.of(layers)
        self.machine = machine
        self.options = layout_options(layers)
        self._spans: dict[tuple[object, ...], Span] = {}

    def at(self, first: int, layouts: Mapping[SSAValue, Layout]) -> Iterator[Choice]:
        """What begins with a layer, where what it reads has these layouts, as far as worth having.

        For each span of layers and each layout of its result, that is the choice of least cost and
        the one that moves least.
        """
        for chain in self._chains(first):
            yield from self._with(chain, layouts).best

    def every(self, first: int, layouts: Mapping[SSAValue, Layout]) -> Iterator[Choice]:
        """What begins with a layer, where what it reads has these layouts; but hopeless tiles."""
        for chain in self._chains(first):
            yield from self._with(chain, layouts).found

    def _chains(self, first: int) -> Iterator[Chain]:
        """The layer alone, then with those that follow it."""
        layers = self.network.layers
        yield self._chain(first, first + 1)
        if isinstance(layers[first], FusedOp) or layers[first].tile is not None:
            return
        for end in range(first + 2, min(first + LONGEST_CHAIN, len(layers)) + 1):
            reads, last = layers[end - 2 : end]
            if next_in_chain(reads) is not last or last.tile is not None:
                return
            yield self._chain(first, end)

    def _chain(self, first: int, end: int) -> Chain:
        return Chain(self.network.layers[first:end], self.network.geometries[first:end])

    def _with(self, chain: Chain, layouts: Mapping[SSAValue, Layout]) -> Span:
        """The choices for a span of layers that reads values in these layouts."""
        read = {value: layouts[value] for value in chain.layouts_read if value in layouts}
        key = (*chain.layers, *read.items())
        if key not in self._spans:
            self._spans[key] = Span.of(list(self.of(chain.with_layouts(read))), chain.result)
        return self._spans[key]

    def of(self, chain: Chain) -> Iterator[Choice]:
        """All choices for a span of layers; the layouts of what it reads are given."""
        layer, geometry = chain.layers[0], chain.geometries[0]
        if len(chain.layers) > 1:
            yield from fused_choices(chain, self.options, self.machine, Axis)
        elif isinstance(layer, FusedOp):
            yield from refused_choices(layer, geometry, self.options, self.machine)
        else:
            yield from single_choices(layer, geometry, self.options, self.machine)


def best_choices(found: Sequence[Choice]) -> list[Choice]:
    """The choice of least cost, and the one that moves least; of equals, the first one."""
    costs = {one: (round(one.cost.objective, 3), one.moved_bytes) for one in found}
    cheapest = min(found, key=lambda one: costs[one])
    leanest = min(found, key=lambda one: costs[one][::-1])
    return list(dict.fromkeys((cheapest, leanest)))


def single_choices(
    layer: LayerOperation, geometry: Geometry, options: Options, machine: Machine
) -> Iterator[Choice]:
    """A layer alone, with every tile that fits and is not hopeless."""
    alone = Chain((layer,), (geometry,))
    spilled, read = spill_cycles(alone, machine), alone.layouts_read
    given = layer.tile.tile if layer.tile else None
    for layout in options[layer.result]:
        placed = geometry.with_layouts(geometry.input_layouts, layout)
        for one in priced_tiles(placed, machine.l1, machine.cores, given):
            cost, layouts = one.cost.later(spilled), {**read, layer.result: layout}
            yield Choice((layer,), one.tile, cost, one.moved_bytes, layouts)


@dataclass(frozen=True)
class PricedTile:
    """A tile of a layer alone, with its cost and bytes moved."""

    tile: Tile
    cost: LayerCost
    moved_bytes: int

    @property
    def cycles(self) -> float:
        """Cycles of all tiles."""
        return self.cost.cycles


@cache
def priced_tiles(geometry: Geometry, l1: int, cores: int, given: Tile | None) -> list[PricedTile]:
    """Tiles that fit, or the given one; those that are hopeless by their kernels are left out."""
    costs = coefficients()["layer"]
    overhead = min(costs["tile"], costs["pipelined_tile"])
    in_any_layout = geometry.with_layouts([Layout.HWC] * len(geometry.inputs), Layout.HWC)
    priced: list[PricedTile] = []
    best: list[PricedTile] = []
    for count, moved, tile in fitting_tiles(in_any_layout, l1, given):
        kernel = kernel_cycles(kernel_shape(geometry, tile), cores)
        least = count * (kernel + overhead)
        hopes = (HOPELESS * one.cost.objective for one in best if one.moved_bytes <= moved)
        if least <= min(hopes, default=least):
            priced.append(PricedTile(tile, layer_cost(geometry, tile, cores), moved))
            best = front([*best, priced[-1]])
    return priced


@cache
def fitting_tiles(geometry: Geometry, l1: int, given: Tile | None) -> list[tuple[int, int, Tile]]:
    """Tiles that fit, or the given one, behind their number and bytes moved; the largest first."""
    tiles = [given] if given else candidates(geometry, (1, 2))
    fitting = [tile for tile in tiles if geometry.l1_bytes(tile) <= l1]
    priced = [(geometry.tiles(tile), geometry.moved_bytes(tile), tile) for tile in fitting]
    return sorted(priced, key=lambda item: item[0])


def fused_choices(
    chain: Chain,
    options: Options,
    machine: Machine,
    axes: Iterable[Axis],
    tile: Tile | None = None,
) -> Iterator[Choice]:
    """The chain as one along each axis that it can go: with every step that fits, or that one."""
    for axis in axes:
        if obstacle(chain.layers, axis) or memory_obstacle(chain, axis, machine.l1, machine.l2):
            continue
        of_axis = row_choices if axis is Axis.ROWS else channel_choices
        yield from of_axis(chain, options, machine, tile)


def refused_choices(
    fused: FusedOp, geometry: Geometry, options: Options, machine: Machine
) -> Iterator[Choice]:
    """A layer that is fused already."""
    read = dict(zip(fused.activations, geometry.input_layouts, strict=True))
    chain = Chain.of(fused.chain).with_layouts(read)
    inside = {**layout_options(chain.layers), chain.result: options[fused.result]}
    tile = fused.tile.tile if fused.tile else None
    for choice in fused_choices(chain, inside, machine, [fused.axis], tile):
        layouts = {**choice.layouts, fused.result: choice.layouts[chain.result]}
        yield replace(choice, layers=(fused,), layouts=layouts)


def row_choices(
    chain: Chain, options: Options, machine: Machine, tile: Tile | None
) -> Iterator[Choice]:
    """The chain along rows, with the best layouts inside it for each one of its result."""
    spilled, read = spill_cycles(chain, machine), chain.layouts_read
    plans = row_plans(chain, (1, 2)) if tile is None else [(tile, row_plan(chain, tile))]
    for step, plan in plans:
        if plan is None or not fits(plan, chain, machine):
            continue
        for path in layout_paths(chain, plan, options, machine.cores):
            placed = plan.with_result_layout(path.layouts[-1])
            cost = row_loop_cost(chain, placed, path.kernels).later(spilled)
            layouts = read | dict(zip(chain.values_made, path.layouts, strict=True))
            yield Choice(chain.layers, step, cost, chain.moved_bytes, layouts)


def channel_choices(
    chain: Chain, options: Options, machine: Machine, tile: Tile | None
) -> Iterator[Choice]:
    """The pair along channels."""
    spilled, read = spill_cycles(chain, machine), chain.layouts_read
    between, result = chain.values_made
    tiles = channel_tiles(chain, machine.cores) if tile is None else [tile]
    fitting = [step for step in tiles if fits(channel_plan(chain, step), chain, machine)]
    for inside in options[between]:
        for made in options[result]:
            layouts = {**read, between: inside, result: made}
            placed = chain.with_layouts(layouts)
            for step in fitting:
                cost = channel_cost(placed, step, machine.cores).later(spilled)
                moved = chain.moved_bytes
                yield Choice(chain.layers, step, cost, moved, layouts, Axis.CHANNELS)


def fits(plan: RowPlan | ChannelPlan, chain: Chain, machine: Machine) -> bool:
    """Whether L1 holds a plan, and L2 what it takes beside what the caller gives and takes."""
    if machine.l2 and plan.l2_bytes > machine.l2 - callers_bytes(chain):
        return False
    return plan.l1_bytes <= machine.l1


def spill_cycles(chain: Chain, machine: Machine) -> float:
    """Cycles to bring the largest of its values from L3, and to write them there, until L2 holds
    the others."""
    rates = [(value_bytes(value), L3_BYTES_PER_CYCLE) for value in chain.layouts_read]
    rates.append((value_bytes(chain.result), L3_STORED_BYTES_PER_CYCLE))
    excess = sum(size for size, _ in rates) - machine.l2 if machine.l2 else 0
    cycles = 0.0
    for size, rate in sorted(rates, reverse=True):
        if excess > 0:
            cycles += size / rate
            excess -= size
    return cycles
