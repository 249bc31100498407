"""All schedules of a network that no other beats in both cycles and bytes moved, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dsconv.dialects.run import network_of
from dsconv.driver.compiled import CompiledNetwork
from dsconv.passes.scheduling.search import Objective, Schedule, best, schedules
from dsconv.profiling.schedule import Measurer, profiled_front
from dsconv.reports.layers import graph_level


@dataclass(frozen=True)
class ParetoFront:
    """Schedules, the fastest first. `chosen`: objectives that each serves.

    `cycles_are`: estimated, or sums of what was measured.
    """

    network: str
    cycles_are: str
    points: Sequence[Schedule]
    chosen: Sequence[Sequence[Objective]]

    @staticmethod
    def of(compiled: CompiledNetwork, measurer: Measurer | None = None) -> ParetoFront:
        """The front of a network for its target, by estimates or by what is measured.

        Raises DsconvError where the target is none that is measured.
        """
        layers = graph_level(compiled)
        machine = compiled.target.cluster(len(layers))
        if measurer is None:
            points = schedules(layers, machine)
        else:
            points = profiled_front(layers, compiled.target, measurer)
        chosen = [
            [objective for objective in Objective if best(points, objective, machine) is point]
            for point in points
        ]
        cycles_are = "estimated" if measurer is None else "measured"
        network = network_of(compiled.imported.module).sym_name.data
        return ParetoFront(network, cycles_are, points, chosen)

    @property
    def remark(self) -> str:
        """What is to be known of the cycles; empty where they are measured."""
        if self.cycles_are == "measured":
            return ""
        return "estimates count transfers that the program leaves out or starts ahead"

    def as_json(self) -> dict[str, Any]:
        """The front for programs."""
        return {
            "cycles_are": self.cycles_are,
            "schedules": [
                {
                    "cycles": round(point.cycles),
                    "bytes": point.moved_bytes,
                    "fused_layers": _fused(point),
                    "objectives": [objective.value for objective in objectives],
                }
                for point, objectives in zip(self.points, self.chosen, strict=True)
            ],
        }

    def print(self, console: Console) -> None:
        """The front for people."""
        table = Table(title=f"{self.network}: schedules worth having", box=box.SIMPLE_HEAD)
        for column in (f"cycles ({self.cycles_are})", "bytes L2-L1", "fused layers"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("objective")
        for point, objectives in zip(self.points, self.chosen, strict=True):
            cells = (f"{point.cycles:,.0f}", f"{point.moved_bytes:,}", str(_fused(point)))
            table.add_row(*cells, ", ".join(objectives))
        console.print(table)
        if self.remark:
            console.print(self.remark, style="dim", highlight=False)


def _fused(point: Schedule) -> int:
    """How many layers of the program are fused ones."""
    return sum(len(candidate.layers) > 1 for candidate in point.candidates)
