"""All that there is to say about a compiled network, for a page and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from dsconv.api import Network
from dsconv.errors import DsconvError
from dsconv.execution.report import WIDEST, LayerReport, Report
from dsconv.profiling.schedule import Measurer
from dsconv.reports.layers import LayerTable
from dsconv.reports.memory import MemoryPlan
from dsconv.reports.pareto_front import ParetoFront
from dsconv.verification.result import Verification
from dsconv.verification.verify import verify


@dataclass(frozen=True)
class Trial:
    """A run of the network, with the comparison of its file with others, or why there is none."""

    run: Report
    verification: Verification | None
    unverified_because: str | None

    @staticmethod
    def of(compiled: Network, model: Path, *, on: str, stalls: bool) -> Trial:
        """Runs a network on a random input, and asks the judge of its flavour.

        Where nobody can judge the file, the C is still compared with the reference semantics.
        """
        try:
            verification = verify(compiled, model, on=on, stalls=stalls)
        except DsconvError as error:
            return Trial(compiled.run(on=on, stalls=stalls), None, str(error))
        return Trial(verification.report, verification, None)

    @property
    def equal(self) -> bool:
        """Whether nothing differs, neither in the C nor between the file and its judge."""
        return self.run.equal if self.verification is None else self.verification.equal

    def print(self, console: Console) -> None:
        """What the run took, layer by layer where cycles were measured, and the verification."""
        self.run.print(console, layers=self.run.cycles is not None)
        if self.verification is None:
            console.print(f"not verified: {self.unverified_because}", markup=False, highlight=False)
        else:
            self.verification.print(console)

    def as_json(self) -> dict[str, Any]:
        """The trial for programs."""
        if self.verification is None:
            because = {"unverified_because": self.unverified_because}
            return {"run": self.run.as_json(), "verification": because}
        found = self.verification.as_json()
        return {"run": found.pop("run"), "verification": found}


@dataclass(frozen=True)
class NetworkReport:
    """A compiled network: its layers, memory and schedules, and a run of it if there was one."""

    compiled: Network
    layers: LayerTable
    memory: MemoryPlan
    front: ParetoFront | None
    trial: Trial | None

    @staticmethod
    def of(
        compiled: Network,
        trial: Trial | None = None,
        *,
        pareto: bool = False,
        measurer: Measurer | None = None,
    ) -> NetworkReport:
        """The report of a network, with its Pareto front if wanted."""
        front = ParetoFront.of(compiled, measurer) if pareto else None
        table, memory = LayerTable.of(compiled), MemoryPlan.of(compiled.lowered)
        return NetworkReport(compiled, table, memory, front, trial)

    @property
    def measured(self) -> Mapping[str, LayerReport]:
        """What a run found of each layer, by its name."""
        return {} if self.trial is None else {layer.name: layer for layer in self.trial.run.layers}

    def print(self, console: Console, *, memory: bool, pareto: bool) -> None:
        """The layers for people; the memory plan and the Pareto front if wanted; the run if any."""
        wide = Console(width=WIDEST, file=console.file)
        self.layers.print(wide)
        if memory:
            self.memory.print(wide)
        if pareto and self.front is not None:
            self.front.print(wide)
        if self.trial is not None:
            self.trial.print(console)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        imported = self.compiled.imported
        return {
            "network": self.layers.network,
            "target": self.layers.target,
            "flavour": imported.flavour,
            "notes": list(imported.notes),
            "macs": self.layers.macs,
            "estimated_cycles": self.layers.estimate,
            "layers": [layer.as_json() for layer in self.layers.layers],
            "graph": [layer.as_json() for layer in self.layers.graph],
            "memory": self.memory.as_json(),
            "pareto": None if self.front is None else self.front.as_json(),
            **({"run": None, "verification": None} if self.trial is None else self.trial.as_json()),
        }
