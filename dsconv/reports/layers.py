"""What the compiler decided for each layer: what is fused, tiles, layouts, estimates, rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Schedule
from dsconv.dialects.graph import LayerOperation, RequantisedOperation, tensor_type
from dsconv.dialects.run import network_of
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.compiled import CompiledNetwork
from dsconv.driver.pipeline import GRAPH_LEVEL, run_pipeline
from dsconv.lowering.c_target import network_function


@dataclass(frozen=True)
class Requantisation:
    """How a layer's sums become 8 bits, by one factor or many, and in how many bits."""

    rounding: str
    factors: int
    shifts: bool
    bits: int
    clip: tuple[int, int]

    @staticmethod
    def of(op: RequantisedOperation) -> Requantisation:
        """Of a layer at the graph level, behind narrow-requant."""
        requant = op.requant
        return Requantisation(
            requant.rounding.value,
            requant.channels,
            all(divisor.bit_count() == 1 for divisor in requant.divisors),
            64 if op.narrow is None else 32,
            requant.clip,
        )

    def as_json(self) -> dict[str, Any]:
        """As it stands in the JSON report."""
        return {
            "rounding": self.rounding,
            "factors": self.factors,
            "division": "shift" if self.shifts else "true",
            "clip": list(self.clip),
        }


@dataclass(frozen=True)
class GraphLayer:
    """A layer of the network as it was read; `inputs` are the numbers of the layers it reads."""

    name: str
    op: str
    shape: tuple[int, ...]
    macs: int
    inputs: tuple[int, ...]
    requant: Requantisation | None

    def as_json(self) -> dict[str, Any]:
        """The layer as it stands in the JSON report."""
        return {
            "name": self.name,
            "op": self.op,
            "shape": list(self.shape),
            "macs": self.macs,
            "inputs": list(self.inputs),
            "requantisation": None if self.requant is None else self.requant.as_json(),
        }

    @staticmethod
    def all_of(compiled: CompiledNetwork) -> tuple[GraphLayer, ...]:
        """The layers of a network that schedules are chosen for."""
        ops = graph_level(compiled)
        numbers: dict[SSAValue, int] = {op.result: number for number, op in enumerate(ops)}
        return tuple(
            GraphLayer(
                op.label,
                op.kind,
                tensor_type(op.result).get_shape(),
                op.macs,
                tuple(numbers[value] for value in op.activations if value in numbers),
                Requantisation.of(op) if isinstance(op, RequantisedOperation) else None,
            )
            for op in ops
        )


def graph_level(compiled: CompiledNetwork) -> list[LayerOperation]:
    """The layers of a network behind the passes of the graph level, as the search gets them."""
    module = compiled.imported.module.clone()
    run_pipeline(module, GRAPH_LEVEL)
    return [op for op in network_of(module).body.ops if isinstance(op, LayerOperation)]


@dataclass(frozen=True)
class PlannedLayer:
    """A layer as the program runs it. `parts` are the labels of those that are fused in it.

    `estimate` is what it is expected to take, in cycles.
    """

    name: str
    op: str
    parts: tuple[str, ...]
    shape: tuple[int, ...]
    macs: int
    estimate: int
    tile: str
    schedule: Schedule
    narrow_channels: int
    wide_channels: int

    @property
    def layouts(self) -> str:
        """Those of what it reads and of what it makes, as in `chw/hwc`."""
        return f"{self.schedule.layouts[0]}/{self.schedule.layouts[-1]}"

    @property
    def way(self) -> str:
        """How it runs, for people: `along rows, input in L1, 2 buffers`."""
        schedule = self.schedule
        axis = [] if schedule.axis is None else [f"along {schedule.axis}"]
        resident = ["input in L1"] if schedule.inputs_in_l1 else []
        copies = [f"{schedule.buffers} buffers"] if schedule.buffers > 1 else []
        return ", ".join((*axis, *resident, *copies))

    @property
    def rate(self) -> float | None:
        """Expected MAC/cycle; None where there are no MACs or no estimate."""
        return self.macs / self.estimate if self.macs and self.estimate else None

    def as_json(self) -> dict[str, Any]:
        """The layer as it stands in the JSON report."""
        return {
            "name": self.name,
            "op": self.op,
            "parts": list(self.parts),
            "shape": list(self.shape),
            "macs": self.macs,
            "estimated_cycles": self.estimate,
            "tile": self.tile,
            "layouts": [layout.value for layout in self.schedule.layouts],
            "schedule": self.schedule.text,
            "requantised_channels": {
                "32 bits": self.narrow_channels,
                "64 bits": self.wide_channels,
            },
        }


@dataclass(frozen=True)
class LayerTable:
    """The layers of a program, and those of the network that they come from."""

    network: str
    target: str
    layers: Sequence[PlannedLayer]
    graph: Sequence[GraphLayer]

    @staticmethod
    def of(compiled: CompiledNetwork) -> LayerTable:
        """The table of a compiled network."""
        graph = GraphLayer.all_of(compiled)
        places = {layer.name: number for number, layer in enumerate(graph)}
        planned = tuple(_planned(op, graph, places) for op in compiled.layers)
        name = network_function(compiled.lowered).sym_name.data
        return LayerTable(name, compiled.target.name, planned, graph)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    @property
    def estimate(self) -> int:
        """Expected cycles of all layers."""
        return sum(layer.estimate for layer in self.layers)

    def print(self, console: Console) -> None:
        """The table for people."""
        table = Table(
            title=f"{self.network} for {self.target}: {self.macs:,} MAC, about "
            f"{self.estimate:,} cycles",
            box=box.SIMPLE_HEAD,
        )
        for column in ("layer", "op", "output", "tile", "layouts", "schedule"):
            table.add_column(column, no_wrap=True)
        for column in ("MAC", "cycles (estimate)", "MAC/cycle", "32 bits", "64 bits"):
            table.add_column(column, justify="right", no_wrap=True)
        for layer in self.layers:
            table.add_row(
                layer.name,
                layer.op if len(layer.parts) < 2 else f"{len(layer.parts)} fused",
                "x".join(map(str, layer.shape[1:])),
                layer.tile,
                layer.layouts,
                layer.way,
                f"{layer.macs:,}",
                f"{layer.estimate:,}",
                "" if layer.rate is None else f"{layer.rate:.2f}",
                f"{layer.narrow_channels:,}",
                f"{layer.wide_channels:,}",
            )
        console.print(table)
        console.print(
            "estimates leave out what a layer waits for L3; --on gvsoc measures",
            style="dim",
            highlight=False,
        )


def _planned(op: LayerOp, graph: Sequence[GraphLayer], places: Mapping[str, int]) -> PlannedLayer:
    schedule, label = op.schedule.schedule, op.label.data
    last = places.get(label)
    count = max(len(schedule.chain), 1)
    parts = (label,) if last is None else tuple(g.name for g in graph[last + 1 - count : last + 1])
    return PlannedLayer(
        label,
        op.kind.data,
        parts,
        op.shape.get_shape(),
        op.macs.value.data,
        op.estimate.value.data,
        op.tile.tile.size_text,
        schedule,
        op.narrow_channels.value.data,
        op.wide_channels.value.data,
    )
