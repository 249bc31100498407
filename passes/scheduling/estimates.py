"""What transfers are expected to cost a layer, taken off its estimate where they go elsewhere."""

from __future__ import annotations

from xdsl.dialects import scf
from xdsl.dialects.builtin import IntegerAttr, i64

from dsconv.dialects.tiled import DmaStartOp, LayerOp
from dsconv.passes.analysis.index_constants import constant_value
from dsconv.passes.scheduling.kernel_cost import CostModel, dma_cycles


def estimated_cycles(transfer: DmaStartOp, layer: LayerOp, costs: CostModel) -> float:
    """What a transfer is expected to cost its layer, as far as it does not hide behind kernels."""
    box, loop = transfer.box, transfer.parent_op()
    cost = dma_cycles(costs, box.line_bytes, box.lines, box.blocks, store=not transfer.is_load)
    if not isinstance(loop, scf.ForOp):
        return cost.cycles
    steps, hides = constant_value(loop.ub), layer.planned_buffers > 1
    return steps * cost.issue + cost.engine if hides else steps * cost.cycles


def take_off(transfer: DmaStartOp, layer: LayerOp, costs: CostModel) -> None:
    """Takes a transfer off what a layer is to take, if that is known."""
    if layer.estimate.value.data:
        cycles = layer.estimate.value.data - round(estimated_cycles(transfer, layer, costs))
        layer.properties["estimate"] = IntegerAttr(max(cycles, 0), i64)
