"""The memory plan of a compiled network: what lies where, from which layer to which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp
from xdsl.dialects.func import FuncOp

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import L1_SIZE, L2_SIZE, L3_SIZE, OFFSETS, BufferOp, LayerOp
from dsconv.errors import DsconvError
from dsconv.files import written_at_once
from dsconv.lowering.c_functions import port_names
from dsconv.lowering.c_target import network_function, size_attribute
from dsconv.passes.analysis.liveness import (
    constant_size,
    constants,
    lifespans,
    peak_live_bytes,
    positions,
)


@dataclass(frozen=True)
class Placement:
    """A buffer of the plan: address range in its memory, first and last layer that needs it."""

    label: str
    offset: int
    size: int
    first: int
    last: int


@dataclass(frozen=True)
class MemoryPlan:
    """Sizes in bytes; placements are those of L2. `lower_bound` is the most bytes ever live."""

    network: str
    layers: tuple[str, ...]
    l1_bytes: int
    l2_bytes: int
    lower_bound: int
    resident_weights: int
    l3_bytes: int
    placements: tuple[Placement, ...]

    @staticmethod
    def of(module: ModuleOp) -> MemoryPlan:
        """Reads the plan from a lowered module."""
        function = network_function(module)
        layers = [op for op in function.body.block.ops if isinstance(op, LayerOp)]
        items = lifespans(function)
        return MemoryPlan(
            function.sym_name.data,
            tuple(layer.label.data for layer in layers),
            size_attribute(function, L1_SIZE),
            size_attribute(function, L2_SIZE),
            peak_live_bytes(items),
            sum(constant_size(constant) for constant in constants(module, Space.L2)),
            size_attribute(function, L3_SIZE),
            _placements(function, layers),
        )

    def print(self, console: Console) -> None:
        """The plan as a table."""
        table = Table(title=f"{self.network}: buffers in L2", box=box.SIMPLE_HEAD)
        for column in ("buffer", "from layer", "to layer"):
            table.add_column(column, no_wrap=True)
        for column in ("bytes", "from address", "to address"):
            table.add_column(column, justify="right", no_wrap=True)
        for item in self.placements:
            table.add_row(
                item.label,
                self.layers[item.first],
                self.layers[item.last],
                f"{item.size:,}",
                f"{item.offset:,}",
                f"{item.offset + item.size:,}",
            )
        console.print(table)
        above = self.l2_bytes / self.lower_bound - 1 if self.lower_bound else 0.0
        console.print(
            f"L1: {self.l1_bytes:,} bytes for tiles\n"
            f"L2: {self.l2_bytes:,} bytes for buffers, {above:.1%} above the lower bound of "
            f"{self.lower_bound:,}; {self.resident_weights:,} bytes of weights stay\n"
            f"L3: {self.l3_bytes:,} bytes",
            highlight=False,
        )

    def plot(self, path: Path) -> None:
        """A picture of L2: address against time, a rectangle a buffer.

        Raises DsconvError where matplotlib is missing or does not know the suffix.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise DsconvError("plots need matplotlib: pip install matplotlib") from error
        figure = Figure(figsize=(max(8.0, 0.25 * len(self.layers)), 6.0), layout="constrained")
        axes = figure.subplots()
        for item in self.placements:
            width = item.last - item.first + 1
            place = (item.first - 0.5, item.offset / 1024)
            axes.broken_barh(
                [(place[0], width)], (place[1], item.size / 1024), edgecolor="white", linewidth=0.5
            )
            axes.text(
                place[0] + width / 2,
                place[1] + item.size / 2048,
                item.label,
                ha="center",
                va="center",
                fontsize=5,
                rotation=90,
            )
        axes.set_xticks(range(len(self.layers)), self.layers, rotation=90, fontsize=6)
        axes.set_ylabel("address in L2 / KiB")
        axes.set_title(f"{self.network}: {self.l2_bytes:,} bytes")
        try:
            with written_at_once(path) as draft:
                figure.savefig(draft, dpi=150)
        except ValueError as error:
            raise DsconvError(f"cannot write {path}: {error}") from error


def _placements(function: FuncOp, layers: list[LayerOp]) -> tuple[Placement, ...]:
    numbered = positions(function)
    begins = [numbered[layer] for layer in layers]

    def layer_at(position: int) -> int:
        return max(sum(begin <= position for begin in begins) - 1, 0)

    arguments = function.attributes.get(OFFSETS)
    assert isinstance(arguments, ArrayAttr), "plan-memory places the arguments"
    names = port_names(function)
    placements: list[Placement] = []
    for item in lifespans(function):
        if isinstance(item.value.owner, BufferOp):
            place, label = item.value.owner.offset, item.label
        else:
            number = function.body.block.args.index(item.value)
            place, label = arguments.data[number], names[number]
        assert isinstance(place, IntegerAttr), "plan-memory places every buffer"
        last = layer_at(item.last)
        placements.append(Placement(label, place.value.data, item.size, layer_at(item.first), last))
    return tuple(sorted(placements, key=lambda item: (item.first, item.offset)))
