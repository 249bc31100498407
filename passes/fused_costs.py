"""What a fused layer costs along rows: kernels and transfers, overlapped as its loop does it."""

from __future__ import annotations

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import tensor_type
from dsconv.passes.chains import Chain
from dsconv.passes.costs import (
    KernelShape,
    TileShape,
    TransferCost,
    WindowShape,
    coefficients,
    dma_cycles,
    first_call_cycles,
    kernel_cycles,
)
from dsconv.passes.fused_rows import RowPlan, Rows
from dsconv.passes.geometry import Geometry
from dsconv.passes.layer_costs import LayerCost


def stage_cycles(geometry: Geometry, reads: Rows, makes: Rows, rows: int, cores: int) -> float:
    """Cycles of a layer's kernel for so many rows of what it makes."""
    window = WindowShape(geometry.window.kernel, geometry.strides)
    rows_read = (rows - 1) * geometry.strides[0] + geometry.extent[0]
    x = TileShape(reads.channels, rows_read, reads.width, reads.layout or Layout.HWC)
    y = TileShape(makes.channels, rows, makes.width, makes.layout or Layout.HWC)
    shape = KernelShape(geometry.kind, x, y, window, len(geometry.inputs), geometry.wide)
    return kernel_cycles(shape, cores)


def rows_transfer(
    rows: Rows, count: int, *, in_planes: bool = False, store: bool = False
) -> TransferCost:
    """The transfer of so many rows of a map; `in_planes`: the planes of CHW lie apart in L1."""
    if rows.layout is not Layout.CHW or count == rows.height:
        blocks = rows.channels if in_planes and rows.layout is Layout.CHW else 1
        return dma_cycles(rows.channels * rows.width * count // blocks, 1, blocks, store=store)
    if in_planes:
        return dma_cycles(rows.width * count, 1, rows.channels, store=store)
    return dma_cycles(rows.width * count, rows.channels, store=store)


def row_cost(chain: Chain, plan: RowPlan, cores: int = 8) -> LayerCost:
    """Estimated cost of a chain that is fused along rows."""
    pairs = list(zip(chain.geometries, plan.values, plan.values[1:], strict=False))
    kernel = coefficients()["layer"]["tile"]
    compute = sum(stage_cycles(op, x, y, y.block, cores) + kernel for op, x, y in pairs)
    before = sum(stage_cycles(op, x, y, y.lead, cores) + kernel for op, x, y in pairs if y.lead)
    before += sum(first_call_cycles(geometry.kind) for geometry in chain.geometries)
    before += sum(dma_cycles(size).cycles for size in plan.weight_bytes)
    first, *_, last = plan.values
    loads = [rows_transfer(first, first.block, in_planes=first.is_ring)]
    for value in chain.residuals:
        _, channels, _, width = tensor_type(value).get_shape()
        loads.append(dma_cycles(channels * width * last.block))
    store = rows_transfer(last, last.block, store=True)
    issue = sum(load.issue for load in loads) + store.issue
    loading = sum(load.engine for load in loads)
    alone = plan.steps * (loading + store.engine)
    if plan.buffers == 1 or plan.steps == 1:
        step = issue + loading + compute + store.engine
        return LayerCost(before + plan.steps * step, alone)
    step = issue + max(compute, loading - issue, store.engine - issue)
    return LayerCost(before + issue + loading + store.engine + plan.steps * step, alone)


def fused_bytes_moved(chain: Chain) -> int:
    """Bytes of activations that a fused chain moves between L2 and L1: each once."""
    values = [chain.input, *chain.residuals, chain.result]
    shapes = [tensor_type(value).get_shape() for value in values]
    return sum(channels * height * width for _, channels, height, width in shapes)
