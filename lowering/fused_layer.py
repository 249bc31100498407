"""What the lowerings of fused layers share: their plan, and the layer around their loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xdsl.ir import Block, Region, SSAValue

from dsconv.dialects.attributes import Layout, Schedule, ScheduleAttr, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import tensor_type
from dsconv.dialects.tiled import LayerOp
from dsconv.lowering.tile_kernels import requantised_channels
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.scheduling.fused_plan import FusedPlan, fused_plan


def step_of(op: FusedOp) -> Tile:
    """What a fused layer makes in a step; DiagnosticException where that is not chosen yet."""
    if op.tile is None:
        raise OperationError(op, f'fused layer "{op.label}" has no tile; run tile-l1 before')
    return op.tile.tile


def plan_of(op: FusedOp) -> FusedPlan:
    """The plan of a fused layer's step; DiagnosticException where windows need a longer one."""
    made = [layer.result for layer in op.chain]
    for before, layer in zip([None, *made], op.chain, strict=False):
        if any(value in made and value is not before for value in layer.activations):
            raise OperationError(
                op,
                f'fused layer "{op.label}": "{layer.label}" reads a layer of the chain that is not '
                "the one before it, of which a cluster keeps no rows; end the chain before it",
            )
    step = step_of(op)
    plan = fused_plan(op, step)
    if plan is None:
        raise OperationError(
            op,
            f'fused layer "{op.label}": a step of {step.rows} rows is shorter than what its '
            "windows need before the first one; take more rows",
        )
    return plan


def fused_layer(
    op: FusedOp,
    output: SSAValue,
    body: Block,
    *,
    steps: int,
    layouts: Sequence[Layout],
    estimate: int,
) -> LayerOp:
    """The layer that runs a fused one by `body`, in so many steps, at the insertion point."""
    tile = step_of(op)
    channels = [requantised_channels(layer) for layer in op.chain]
    kinds = tuple(layer.kind for layer in op.chain)
    return LayerOp(
        op.label,
        op.kind,
        output,
        tensor_type(op.result),
        Region(body),
        tile=TileAttr.of(tile if steps > 1 else replace(tile, buffers=1)),
        schedule=ScheduleAttr.of(Schedule(tuple(layouts), op.axis, kinds)),
        macs=op.macs,
        estimate=estimate,
        narrow_channels=sum(narrow for narrow, _ in channels),
        wide_channels=sum(wide for _, wide in channels),
    )
