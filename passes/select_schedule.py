"""Chooses what to fuse, all layouts and all tiles, by cycles, by bytes moved or by energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i64
from xdsl.passes import ModulePass

from dsconv.dialects.attributes import TileAttr
from dsconv.dialects.graph import LayerOperation, layout_of
from dsconv.dialects.tiled import RESIDENT_INPUTS
from dsconv.passes.analysis.layouts import lies_between_layers, set_layout
from dsconv.passes.analysis.networks import networks
from dsconv.passes.analysis.target_cluster import cluster_of
from dsconv.passes.scheduling.legality import fuse
from dsconv.passes.scheduling.remarks import remark_schedule
from dsconv.passes.scheduling.search import Objective, Schedule, best, schedules


def apply_schedule(schedule: Schedule) -> None:
    """Writes the schedule's layouts, tiles and what stays in L1, and fuses what it fuses."""
    for value, layout in schedule.layouts.items():
        if layout_of(value) is None and lies_between_layers(value):
            set_layout(value, layout)
    for candidate in schedule.candidates:
        layer = candidate.layers[0]
        if len(candidate.layers) > 1:
            layer = fuse(candidate.layers, candidate.axis)
        layer.properties["tile"] = TileAttr.of(candidate.tile)
        number = candidate.residency.number
        inputs = [] if number is None else [number]
        layer.attributes[RESIDENT_INPUTS] = DenseArrayBase.from_list(i64, inputs)


@dataclass(frozen=True)
class SelectSchedulePass(ModulePass):
    """Fuses layers, writes layouts and tiles: fast, moving little, or taking little energy.

    `objective`: `latency`; `transfers`, the fewest bytes of activations between L2 and L1 among
    schedules at most 2 % slower than the fastest; or `energy`, of cycles and of bytes moved. Keeps
    layouts and tiles that are there, and leaves a network alone that does not fit. `l1` and `l2`,
    in bytes, and `cores` are the target's by default; what is larger than L2 is reckoned to go
    through L3. `remarks` says on stderr what is fused, and what is not and why.
    """

    name = "select-schedule"

    objective: Literal["latency", "transfers", "energy"] = "latency"
    l1: int | None = None
    l2: int | None = None
    cores: int | None = None
    remarks: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        machine = cluster_of(op, l1=self.l1, l2=self.l2, cores=self.cores)
        for function in networks(op, LayerOperation):
            layers = [layer for layer in function.body.ops if isinstance(layer, LayerOperation)]
            points = schedules(layers, machine)
            if not points:
                continue
            schedule = best(points, Objective(self.objective), machine)
            if self.remarks:
                remark_schedule(schedule, machine)
            apply_schedule(schedule)
