"""Candidates that run a chain of layers as one: both axes, all steps and layouts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Axis, Layout, Tile
from dsconv.dialects.target import Cluster
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.channel_plan import (
    ChannelPlan,
    channel_cost,
    channel_plan,
    channel_tiles,
)
from dsconv.passes.scheduling.fused_cost import row_loop_cost
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT, L1Use, Residency
from dsconv.passes.scheduling.layer_cost import LayerCost
from dsconv.passes.scheduling.layout_paths import Options, layout_paths
from dsconv.passes.scheduling.legality import callers_bytes, why_illegal, why_weights_too_large
from dsconv.passes.scheduling.row_plan import RowPlan, row_plan
from dsconv.passes.scheduling.step_space import row_plans


@dataclass(frozen=True, eq=False)
class FusedCandidate:
    """A chain run as one: along an axis, in steps, in some layouts.

    `cost` is that with what stays in L1.
    """

    chain: Chain
    axis: Axis
    step: Tile
    layouts: Mapping[SSAValue, Layout]
    l1_use: L1Use
    cost: Callable[[Residency], LayerCost]

    @cached_property
    def all_moved(self) -> LayerCost:
        """The cost where nothing stays in L1."""
        return self.cost(NOTHING_RESIDENT)

    def cost_with(self, residency: Residency) -> LayerCost:
        """The cost with what stays in L1."""
        return self.all_moved if residency == NOTHING_RESIDENT else self.cost(residency)


def fused_candidates(
    chain: Chain,
    options: Options,
    machine: Cluster,
    axes: Iterable[Axis],
    tile: Tile | None = None,
) -> Iterator[FusedCandidate]:
    """The chain as one along each axis that it can go: with every step that fits, or that one."""
    for axis in axes:
        if why_illegal(chain.layers, axis) or why_weights_too_large(chain, machine.l2):
            continue
        of_axis = row_candidates if axis is Axis.ROWS else channel_candidates
        yield from of_axis(chain, options, machine, tile)


def row_candidates(
    chain: Chain, options: Options, machine: Cluster, tile: Tile | None
) -> Iterator[FusedCandidate]:
    """The chain along rows, with the best layouts inside it for each one of its result."""
    costs = CostModel.of(machine)
    plans = row_plans(chain, (1, 2)) if tile is None else [(tile, row_plan(chain, tile))]
    for step, plan in plans:
        if plan is None or not fits(plan, chain, machine):
            continue
        for path in layout_paths(chain, plan, options, costs):
            placed = plan.with_result_layout(path.layouts[-1])
            made = dict(zip(chain.values_made, path.layouts, strict=True))
            cost = partial(row_loop_cost, chain, placed, costs, path.kernels)
            yield FusedCandidate(
                chain, Axis.ROWS, step, chain.layouts_read | made, placed.l1_use, cost
            )


def channel_candidates(
    chain: Chain, options: Options, machine: Cluster, tile: Tile | None
) -> Iterator[FusedCandidate]:
    """The pair along channels."""
    between, result = chain.values_made
    costs = CostModel.of(machine)
    tiles = channel_tiles(chain, machine.cores) if tile is None else [tile]
    fitting = [step for step in tiles if fits(channel_plan(chain, step), chain, machine)]
    for inside in options[between]:
        for made in options[result]:
            layouts = {**chain.layouts_read, between: inside, result: made}
            placed = chain.with_layouts(layouts)
            for step in fitting:
                cost = partial(channel_cost, placed, step, costs)
                use = channel_plan(placed, step).l1_use
                yield FusedCandidate(chain, Axis.CHANNELS, step, layouts, use, cost)


def fits(plan: RowPlan | ChannelPlan, chain: Chain, machine: Cluster) -> bool:
    """Whether L1 holds a plan, and L2 what it takes beside what the caller gives and takes."""
    if machine.l2 and plan.l2_bytes > machine.l2 - callers_bytes(chain):
        return False
    return plan.l1_bytes <= machine.l1
