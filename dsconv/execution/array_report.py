"""What a run on an array is reported as: to people as a table, to programs as JSON."""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from dsconv.dialects.mapping import ON_THE_BUS, Mapping
from dsconv.dialects.run import Array
from dsconv.driver.difference import Difference
from dsconv.execution.report import WIDEST, only_output, read_as
from dsconv.runners.systolic.network import LayerRun
from dsconv.targets import SystolicTarget


@dataclass(frozen=True)
class ArrayLayerReport:
    """One layer: on the array with a mapping, cycles and bytes, or beside it without them."""

    name: str
    op: str
    shape: tuple[int, ...]
    macs: int
    mapping: Mapping | None
    cycles: int | None
    moved_bytes: int | None
    equal: bool

    @staticmethod
    def of(layer: LayerRun, equal: bool) -> ArrayLayerReport:
        """The report of a layer that has run."""
        return ArrayLayerReport(
            layer.label,
            layer.kind,
            layer.result.shape,
            layer.macs,
            layer.mapping,
            layer.cycles,
            layer.moved_bytes,
            equal,
        )

    @property
    def mapped(self) -> str:
        """The mapping for people."""
        if self.mapping is None:
            return "beside the array"
        strategy = self.mapping.strategy.replace("_", " ")
        if self.mapping.strategy in ON_THE_BUS:
            return f"{strategy}, {self.mapping.lines}"
        return strategy if self.mapping.group == 1 else f"{strategy}, {self.mapping.group} groups"

    def as_json(self, pes: int) -> dict[str, Any]:
        """The layer as it stands in the JSON report, on an array of so many PEs."""
        mapping = self.mapping
        return {
            "name": self.name,
            "op": self.op,
            "shape": list(self.shape),
            "macs": self.macs,
            "mapping": None
            if mapping is None
            else {
                "strategy": mapping.strategy.value,
                "group": mapping.group,
                "lines": mapping.lines.value if mapping.strategy in ON_THE_BUS else None,
            },
            "cycles": self.cycles,
            "moved_bytes": self.moved_bytes,
            "utilisation": utilisation(self.macs, self.cycles, pes),
            "equal": self.equal,
        }


def utilisation(macs: int, cycles: int | None, pes: int) -> float | None:
    """Share of the PEs' cycles that are multiply-accumulates of the layer."""
    return None if not cycles else macs / (cycles * pes)


@dataclass(frozen=True)
class ArrayReport:
    """One run of a network on n inputs; cycles are those of the array for one input.

    `outputs` are by their names in the file, (n, ...) in the shapes they have there, quantised.
    Layers beside the array are counted apart, by the values that they make (`values_beside`).
    """

    network: str
    target: SystolicTarget
    flavour: str
    outputs: Table[str, Array]
    layers: Sequence[ArrayLayerReport]
    differences: Sequence[Difference]
    notes: Sequence[str]

    @property
    def output(self) -> Array:
        """The output of a network that has one; DsconvError where it has several."""
        return only_output(self.network, self.outputs)

    @property
    def equal(self) -> bool:
        """Whether every value of every layer, and every expected output, is met."""
        return not self.differences

    @property
    def cycles(self) -> int:
        """Clock cycles of all layers on the array."""
        return sum(layer.cycles or 0 for layer in self.layers)

    @property
    def moved_bytes(self) -> int:
        """Bytes that pass the edges of the array: operands and sums."""
        return sum(layer.moved_bytes or 0 for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    @property
    def pes(self) -> int:
        """Processing elements of the array."""
        return self.target.array.rows * self.target.array.columns

    @property
    def values_beside(self) -> int:
        """Values that layers beside the array make."""
        sizes = [layer.shape for layer in self.layers if layer.mapping is None]
        return sum(channels * rows * columns for _, channels, rows, columns in sizes)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "network": self.network,
            "target": self.target.name,
            "runner": "array",
            "flavour": self.flavour,
            "equal": self.equal,
            "cycles": self.cycles,
            "moved_bytes": self.moved_bytes,
            "macs": self.macs,
            "utilisation": utilisation(self.macs, self.cycles, self.pes),
            "values_beside_the_array": self.values_beside,
            "layers": [layer.as_json(self.pes) for layer in self.layers],
        }

    def print(self, console: Console, *, layers: bool) -> None:
        """The report for people; `layers` adds the table of layers."""
        if layers:
            Console(width=WIDEST, file=console.file).print(self._table())
        for note in (read_as(self.flavour), *self.notes, self._beside()):
            console.print(f"note: {note}", style="dim", highlight=False, soft_wrap=True)
        for difference in self.differences:
            console.print(f"DIFFERENT  {difference}", style="bold red", highlight=False)
        verdict = "bit-exact: every layer equals the reference" if self.equal else "NOT equal"
        share = utilisation(self.macs, self.cycles, self.pes) or 0
        console.print(
            f"{self.network} for {self.target.name} on array: {verdict}, {self.cycles:,} cycles, "
            f"{share:.1%} of the PEs' cycles used",
            style="bold green" if self.equal else "bold red",
            highlight=False,
        )

    def _beside(self) -> str:
        beside = [layer for layer in self.layers if layer.mapping is None]
        return (
            f"beside the array, and not in its cycles: {len(beside)} layers without weights "
            f"({self.values_beside:,} values), bias and requantisation"
        )

    def _table(self) -> RichTable:
        array = self.target.array
        title = f"{self.network} on {array.rows}x{array.columns}: {self.macs:,} MAC"
        table = RichTable(title=title, box=box.SIMPLE_HEAD)
        for column in ("layer", "op", "output", "mapping"):
            table.add_column(column, no_wrap=True)
        for column in ("MAC", "cycles", "bytes", "utilisation"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("equal")
        for layer in self.layers:
            share = utilisation(layer.macs, layer.cycles, self.pes)
            table.add_row(
                layer.name,
                layer.op,
                "x".join(map(str, layer.shape[1:])),
                layer.mapped,
                f"{layer.macs:,}",
                "" if layer.cycles is None else f"{layer.cycles:,}",
                "" if layer.moved_bytes is None else f"{layer.moved_bytes:,}",
                "" if share is None else f"{share:.1%}",
                "yes" if layer.equal else "[red]NO[/red]",
            )
        return table
