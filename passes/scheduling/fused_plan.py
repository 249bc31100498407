"""The plan of a fused layer: what its loop makes in a step, and what L1 holds of it.

The IR says a fused layer's axis, step and layouts; all else follows. The search chooses a step by
its plan, the cost model prices the plan, and `lower-to-tiles` writes the loop that it describes.
"""

from __future__ import annotations

from dsconv.dialects.attributes import Axis, Tile
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.channel_plan import ChannelPlan, channel_cost, channel_plan
from dsconv.passes.scheduling.fused_cost import row_cost
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.layer_cost import LayerCost, layer_cost
from dsconv.passes.scheduling.row_plan import RowPlan, row_plan

FusedPlan = RowPlan | ChannelPlan


def fused_plan(op: FusedOp, step: Tile) -> FusedPlan | None:
    """The plan of a fused layer with such a step; None where it needs a longer one."""
    chain = Chain.of(op.chain)
    return channel_plan(chain, step) if op.axis is Axis.CHANNELS else row_plan(chain, step)


def estimated_cost(layer: LayerOperation, costs: CostModel) -> LayerCost:
    """What a layer costs, fused or not, with the tile that it has, if nothing stays in L1."""
    assert layer.tile is not None, "the layer has a tile"
    tile = layer.tile.tile
    if not isinstance(layer, FusedOp):
        return layer_cost(LayerShape.of(layer), tile, costs)
    chain, plan = Chain.of(layer.chain), fused_plan(layer, tile)
    assert plan is not None, "the step is as long as windows need"
    if isinstance(plan, ChannelPlan):
        return channel_cost(chain, tile, costs)
    return row_cost(chain, plan, costs)
