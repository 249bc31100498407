"""Chooses how much a fused layer makes in a step, so that all it holds fits L1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsconv.dialects.attributes import Axis, Tile
from dsconv.dialects.graph import tensor_type
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.channel_plan import smallest_channels
from dsconv.passes.scheduling.even_splits import even_splits
from dsconv.passes.scheduling.fused_cost import row_cost
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.row_plan import RowPlan, row_plan


def row_plans(chain: Chain, buffers: Sequence[int]) -> Iterator[tuple[Tile, RowPlan]]:
    """Steps of all lengths, with their plans."""
    _, channels, rows, columns = tensor_type(chain.result).get_shape()
    for depth in even_splits(rows):
        for count in buffers if depth < rows else (1,):
            tile = Tile(channels, depth, columns, buffers=count)
            plan = row_plan(chain, tile)
            if plan is not None:
                yield tile, plan


def choose_step(
    chain: Chain, l1_bytes: int, costs: CostModel, buffers: Sequence[int] = (1, 2)
) -> Tile | None:
    """The step along rows of least estimated cost that fits; None where none does."""
    fitting = (
        (row_cost(chain, plan, costs).objective, plan.steps, tile)
        for tile, plan in row_plans(chain, buffers)
        if plan.l1_bytes <= l1_bytes
    )
    best = min(fitting, key=lambda item: item[:2], default=None)
    return None if best is None else best[2]


def smallest_needs(chain: Chain, axis: Axis) -> tuple[int, int]:
    """Bytes of L1 and of L2 below which layers cannot be fused along an axis."""
    if axis is Axis.CHANNELS:
        plans = [smallest_channels(chain)]
    else:
        plans = [plan for _, plan in row_plans(chain, (1,))]
    return min(plan.l1_bytes for plan in plans), min(plan.l2_bytes for plan in plans)
