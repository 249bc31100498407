"""All mappings of a network that are the best at some price of a byte, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.run import network_of
from dsconv.dialects.target import SystolicArray
from dsconv.execution.array import MappedNetwork
from dsconv.passes.scheduling.search import Objective
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.mapping_front import MappedLayers, chosen, mapping_front


@dataclass(frozen=True)
class MappingFront:
    """Mappings of all layers, the fastest first."""

    network: str
    array: SystolicArray
    points: Sequence[MappedLayers]

    @staticmethod
    def of(mapped: MappedNetwork) -> MappingFront:
        """The front of a network for its array."""
        function = network_of(mapped.module)
        works = [ArrayWork.of(op) for op in function.body.ops if isinstance(op, WeightedOperation)]
        array = mapped.target.array
        return MappingFront(function.sym_name.data, array, mapping_front(works, array))

    def print(self, console: Console) -> None:
        """The front for people."""
        title = f"{self.network} on {self.array.rows}x{self.array.columns}: mappings worth having"
        table = Table(title=title, box=box.SIMPLE_HEAD)
        for column in ("cycles", "bytes at the edges"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("layers")
        table.add_column("objective")
        for point in self.points:
            strategies = Counter(layer.mapping.strategy for layer in point.layers)
            layers = ", ".join(
                f"{count} {strategy.replace('_', ' ')}" for strategy, count in strategies.items()
            )
            objectives = [
                objective for objective in Objective if chosen(self.points, objective) is point
            ]
            table.add_row(
                f"{point.cycles:,}", f"{point.moved_bytes:,}", layers, ", ".join(objectives)
            )
        console.print(table)
