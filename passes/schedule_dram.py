"""Chooses what an accelerator behind DRAM fuses, how it is tiled, and what stays on chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Axis, Tile, TileAttr, TileOrder, i64_array
from dsconv.dialects.graph import LayerOperation, tensor_type
from dsconv.dialects.target import TARGET, accelerator_in
from dsconv.dialects.tiled import RESIDENT_INPUTS
from dsconv.passes.analysis.networks import networks
from dsconv.passes.dram.row_pipeline import RowPipeline
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.passes.dram.search import DramSearch, Step
from dsconv.passes.scheduling.legality import fuse


def write_step(step: Step) -> None:
    """Fuses the chain of a step, if it has several layers, and writes how it runs."""
    layers, way = step.chain.layers, step.way
    on_chip = step.chain.values_read[0] if step.stay.input_stays else None
    along_rows = isinstance(way, RowPipeline)
    op = layers[0] if len(layers) == 1 else fuse(layers, Axis.ROWS if along_rows else Axis.CHANNELS)
    op.properties["tile"] = TileAttr.of(row_tile(op) if along_rows else way.tile)
    numbers = [number for number, value in enumerate(op.activations) if value is on_chip]
    if numbers:
        op.attributes[RESIDENT_INPUTS] = i64_array(numbers)


def row_tile(op: LayerOperation) -> Tile:
    """A row of a layer's output."""
    _, channels, _, columns = tensor_type(op.result).get_shape()
    return Tile(channels, 1, columns, TileOrder.SCAN)


@dataclass(frozen=True)
class ScheduleDramPass(ModulePass):
    """Writes a schedule for the accelerator that the module says it is for.

    `schedule`: raster, scan, pairs, blocks or best; each has all that the ones before it have. Of
    all that it may do, it takes what moves least between DRAM and the chip.
    """

    name = "schedule-dram"

    schedule: Literal["raster", "scan", "pairs", "blocks", "best"] = "best"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        machine = accelerator_in(op)
        found = networks(op, LayerOperation)
        if found and machine is None:
            raise DiagnosticException(
                f"schedule-dram needs an accelerator; write {TARGET} = #dsconv.accelerator<...> "
                "to the module"
            )
        for function in found:
            assert machine is not None, "checked"
            layers = [op for op in function.body.block.ops if isinstance(op, LayerOperation)]
            for step in DramSearch(layers, machine, DramSchedule(self.schedule)).run().steps:
                write_step(step)
