"""What the IR says of a layer's schedule on an accelerator behind DRAM: how it runs."""

from __future__ import annotations

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Axis, TileOrder
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.target import Accelerator
from dsconv.dialects.tiled import RESIDENT_INPUTS
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.dram.chains import DramChain
from dsconv.passes.dram.choices import Way, parts_of
from dsconv.passes.dram.dense_nest import DenseNest
from dsconv.passes.dram.group_nest import GroupNest
from dsconv.passes.dram.links import layers_in
from dsconv.passes.dram.row_pipeline import RowPipeline
from dsconv.passes.dram.search import Step
from dsconv.passes.dram.stay import Stay

ORDERS = (TileOrder.RASTER, TileOrder.SCAN, TileOrder.SCAN_PIXELS)
"""Orders of tile loops that an accelerator has."""


def values_on_chip(op: LayerOperation) -> list[SSAValue]:
    """Activations that the layer before has left on chip for a layer."""
    numbers = op.attributes.get(RESIDENT_INPUTS)
    if not isinstance(numbers, DenseArrayBase):
        return []
    return [op.activations[int(number)] for number in numbers.get_values()]


def leaves_output(op: LayerOperation) -> bool:
    """Whether a layer's output stays on chip for the one that reads it."""
    for use in op.result.uses:
        parent = use.operation.parent_op()
        reader = parent if isinstance(parent, FusedOp) else use.operation
        if isinstance(reader, LayerOperation) and op.result in values_on_chip(reader):
            return True
    return False


def step_of(op: LayerOperation, machine: Accelerator) -> Step:
    """How a layer, or a fused one, runs. DiagnosticException where that is not chosen yet."""
    chain = DramChain.of(layers_in(op))
    on_chip = values_on_chip(op)
    if len(on_chip) > 1:
        raise OperationError(op, f'layer "{op.label}" finds one map on chip, not {len(on_chip)}')
    stay = chain.stay(on_chip[0] if on_chip else None, leaves_output=leaves_output(op))
    return Step(chain, _way(op, chain, stay, machine), stay)


def _way(op: LayerOperation, chain: DramChain, stay: Stay, machine: Accelerator) -> Way:
    if isinstance(op, FusedOp) and op.axis is Axis.ROWS:
        return RowPipeline(chain.links, chain.reads, stay, machine)
    if op.tile is None:
        raise OperationError(op, f'layer "{op.label}" has no tile; run schedule-dram before')
    tile, parts = op.tile.tile, parts_of(chain.links, chain.reads)
    if tile.order not in ORDERS:
        raise OperationError(
            op,
            f'layer "{op.label}": an accelerator behind DRAM has tile loops in order '
            f"{', '.join(ORDERS)}, not {tile.order}",
        )
    if parts is None:
        raise OperationError(op, f'fused layer "{op.label}" cannot run along channels; try rows')
    if parts.middle:
        return GroupNest(parts, tile, stay, machine)
    assert parts.sum is not None, "a chain has layers"
    return DenseNest(parts.sum, parts.tail, tile, stay, machine)
