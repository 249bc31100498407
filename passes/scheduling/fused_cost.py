"""What a fused layer costs along rows: kernels and transfers, overlapped as its loop does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from dsconv.dialects.attributes import Layout, Tile
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.kernel_cost import (
    NO_TRANSFER,
    CostModel,
    TransferCost,
    dma_cycles,
    first_call_cycles,
    kernel_cycles,
)
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT, Residency
from dsconv.passes.scheduling.layer_cost import LayerCost, kernel_shape
from dsconv.passes.scheduling.row_plan import RowBuffer, RowPlan


def rows_transfer(
    costs: CostModel, rows: RowBuffer, count: int, *, in_planes: bool = False, store: bool = False
) -> TransferCost:
    """The transfer of so many rows of a map; `in_planes`: the planes of CHW lie apart in L1."""
    if rows.layout is Layout.HWC or count == rows.height:
        blocks = rows.channels if in_planes and rows.layout is Layout.CHW else 1
        return dma_cycles(
            costs, rows.channels * rows.width * count // blocks, 1, blocks, store=store
        )
    if in_planes:
        return dma_cycles(costs, rows.width * count, 1, rows.channels, store=store)
    return dma_cycles(costs, rows.width * count, rows.channels, store=store)


@dataclass(frozen=True)
class RowKernels:
    """Cycles of kernels along rows, with their barriers: before the first step, and in a step."""

    prologue: float = 0
    step: float = 0

    @staticmethod
    def of(layer_shape: LayerShape, made: RowBuffer, costs: CostModel) -> RowKernels:
        """Those of one layer."""
        prologue = kernel_step(layer_shape, made.prologue, costs) if made.prologue else 0
        return RowKernels(prologue, kernel_step(layer_shape, made.block, costs))

    def __add__(self, other: RowKernels) -> RowKernels:
        return RowKernels(self.prologue + other.prologue, self.step + other.step)


def row_cost(
    chain: Chain, plan: RowPlan, costs: CostModel, residency: Residency = NOTHING_RESIDENT
) -> LayerCost:
    """Estimated cost of a chain that is fused along rows."""
    made = zip(chain.layer_shapes, plan.values[1:], strict=True)
    kernels = sum((RowKernels.of(*layer, costs) for layer in made), RowKernels())
    return row_loop_cost(chain, plan, costs, kernels, residency)


def row_loop_cost(
    chain: Chain,
    plan: RowPlan,
    costs: CostModel,
    kernels: RowKernels,
    residency: Residency = NOTHING_RESIDENT,
) -> LayerCost:
    """Estimated cost of a chain along rows whose kernels take so long."""
    first, *_, last = plan.values
    before = kernels.prologue + sum(
        first_call_cycles(layer_shape.kind, costs) for layer_shape in chain.layer_shapes
    )
    before += sum(dma_cycles(costs, size).cycles for size in plan.weight_bytes)
    loads = [rows_transfer(costs, first, first.block, in_planes=first.is_ring)]
    loads += [rows_transfer(costs, rows, rows.block) for rows in plan.residuals]
    if residency.number is not None:
        loads[residency.number] = NO_TRANSFER
    store = rows_transfer(costs, last, last.block, store=True) if residency.stores else NO_TRANSFER
    return steps_cost(before, plan.steps, plan.buffers, loads, kernels.step, store)


@cache
def kernel_step(layer_shape: LayerShape, rows: int, costs: CostModel) -> float:
    """Cycles of a layer's kernel for so many whole rows of what it makes, and of its barrier."""
    tile = Tile(layer_shape.kernels, rows, layer_shape.columns)
    return kernel_cycles(kernel_shape(layer_shape, tile), costs) + costs.layer["tile"]


def steps_cost(
    before: float,
    steps: int,
    buffers: int,
    loads: Sequence[TransferCost],
    compute: float,
    store: TransferCost,
) -> LayerCost:
    """Cost of a loop of equal steps; with two buffers, transfers overlap the computation."""
    issue = sum(load.issue for load in loads) + store.issue
    loading = sum(load.engine for load in loads)
    alone = steps * (loading + store.engine)
    if buffers == 1 or steps == 1:
        step = issue + loading + compute + store.engine
        return LayerCost(before + steps * step, alone)
    step = issue + max(compute, loading - issue, store.engine - issue)
    return LayerCost(before + issue + loading + store.engine + steps * step, alone)
