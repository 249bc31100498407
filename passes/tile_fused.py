"""Chooses how much a fused layer makes in a step, so that all it holds fits L1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation, tensor_type
from dsconv.passes.costs import (
    TransferCost,
    coefficients,
    dma_cycles,
    first_call_cycles,
    kernel_cycles,
)
from dsconv.passes.even_splits import even_splits
from dsconv.passes.fused_rows import RowPlan, Rows, row_plan
from dsconv.passes.geometry import Geometry
from dsconv.passes.layer_costs import kernel_shape, tile_transfer


def row_plans(
    chain: Sequence[LayerOperation], buffers: Sequence[int]
) -> Iterator[tuple[Tile, RowPlan]]:
    """Steps of all lengths, with their plans."""
    _, channels, rows, columns = tensor_type(chain[-1].result).get_shape()
    for depth in even_splits(rows):
        for count in buffers if depth < rows else (1,):
            tile = Tile(channels, depth, columns, buffers=count)
            plan = row_plan(chain, tile)
            if plan is not None:
                yield tile, plan


def row_cycles(chain: Sequence[LayerOperation], plan: RowPlan, cores: int = 8) -> float:
    """Estimated cycles of a fused layer along rows."""
    loop = coefficients()["layer"]
    compute = 0.0
    for layer, value in zip(chain, plan.values[1:], strict=True):
        tile = Tile(value.channels, value.block, value.width)
        compute += kernel_cycles(kernel_shape(Geometry.of(layer), tile), cores) + loop["tile"]
    first, *_, last = plan.values
    load, store = step_transfer(first), step_transfer(last, store=True)
    residual = dma_cycles(plan.residual_bytes)
    before = sum(first_call_cycles(layer.kind) for layer in chain)
    for size in plan.weight_bytes:
        before += dma_cycles(size).cycles
    issue = load.issue + residual.issue + store.issue
    loading = load.engine + residual.engine
    if plan.buffers == 1 or plan.steps == 1:
        return before + plan.steps * (issue + loading + compute + store.engine)
    ends = load.cycles + residual.cycles + store.cycles
    step = issue + max(compute, loading - issue, store.engine - issue)
    return before + ends + plan.steps * step


def step_transfer(value: Rows, *, store: bool = False) -> TransferCost:
    """The transfer of a step's rows from, or to, their map in L2."""
    sizes = value.channels, value.height, value.width
    step = value.channels, value.block, value.width
    return tile_transfer(value.layout or Layout.HWC, sizes, step, store=store)


def choose_step(
    op: FusedOp, l1_bytes: int, cores: int, buffers: Sequence[int] = (1, 2)
) -> Tile | None:
    """The step of least estimated cost that fits; None where none does."""
    fitting = [
        (row_cycles(op.chain, plan, cores), plan.steps, tile)
        for tile, plan in row_plans(op.chain, buffers)
        if plan.l1_bytes <= l1_bytes
    ]
    return min(fitting, key=lambda item: item[:2])[2] if fitting else None


def smallest_step_bytes(chain: Sequence[LayerOperation]) -> int:
    """Bytes of L1 below which layers cannot be fused along rows."""
    return min(plan.l1_bytes for _, plan in row_plans(chain, (1,)))
