"""How an array runs each layer of a network, as a table, without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dsconv.dialects.graph import LayerOperation, WeightedOperation, tensor_type
from dsconv.dialects.mapping import MAPPING, MappingAttr
from dsconv.dialects.run import network_of
from dsconv.dialects.target import SystolicArray
from dsconv.execution.array import MappedNetwork
from dsconv.execution.array_report import ArrayLayerReport, utilisation
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.tiles import moved_bytes


@dataclass(frozen=True)
class Mappings:
    """Layers of a network with the mappings that they have for an array."""

    network: str
    array: SystolicArray
    layers: Sequence[ArrayLayerReport]

    @staticmethod
    def of(mapped: MappedNetwork) -> Mappings:
        """The mappings that map-array wrote."""
        function = network_of(mapped.module)
        layers = [
            _layer(op, mapped.target.array)
            for op in function.body.ops
            if isinstance(op, LayerOperation)
        ]
        return Mappings(function.sym_name.data, mapped.target.array, layers)

    @property
    def pes(self) -> int:
        """Processing elements of the array."""
        return self.array.rows * self.array.columns

    @property
    def cycles(self) -> int:
        """Of all layers on the array."""
        return sum(layer.cycles or 0 for layer in self.layers)

    @property
    def share(self) -> float:
        """Part of the PEs' cycles that are multiply-accumulates."""
        macs = sum(layer.macs for layer in self.layers)
        return utilisation(macs, self.cycles, self.pes) or 0

    def as_json(self) -> dict[str, Any]:
        """The mappings for programs; nothing was run, so nothing is equal or not."""
        return {
            "network": self.network,
            "array": {"rows": self.array.rows, "columns": self.array.columns},
            "cycles": self.cycles,
            "utilisation": self.share,
            "layers": [
                {name: value for name, value in layer.as_json(self.pes).items() if name != "equal"}
                for layer in self.layers
            ],
        }

    def print(self, console: Console) -> None:
        """The table for people."""
        table = Table(
            title=f"{self.network} on {self.array.rows}x{self.array.columns}: {self.cycles:,} "
            f"cycles, {self.share:.1%} of the PEs' cycles used",
            box=box.SIMPLE_HEAD,
        )
        for column in ("layer", "op", "output", "mapping"):
            table.add_column(column, no_wrap=True)
        for column in ("cycles", "bytes", "utilisation"):
            table.add_column(column, justify="right", no_wrap=True)
        for layer in self.layers:
            used = utilisation(layer.macs, layer.cycles, self.pes)
            table.add_row(
                layer.name,
                layer.op,
                "x".join(map(str, layer.shape[1:])),
                layer.mapped,
                "" if layer.cycles is None else f"{layer.cycles:,}",
                "" if layer.moved_bytes is None else f"{layer.moved_bytes:,}",
                "" if used is None else f"{used:.1%}",
            )
        console.print(table)


def _layer(op: LayerOperation, array: SystolicArray) -> ArrayLayerReport:
    layer = ArrayLayerReport(
        op.label, op.kind, tensor_type(op.result).get_shape(), op.macs, None, None, None, True
    )
    attribute = op.attributes.get(MAPPING)
    if not isinstance(op, WeightedOperation) or not isinstance(attribute, MappingAttr):
        return layer
    moved = moved_bytes(ArrayWork.of(op), attribute.mapping, array)
    return replace(layer, mapping=attribute.mapping, cycles=attribute.cycles, moved_bytes=moved)
