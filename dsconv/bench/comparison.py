"""Which machine, and which operator, for one network: a table and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from dsconv.api import compile_imported
from dsconv.bench.machine_costs import (
    PJ_A_NJ,
    SCOPES,
    Case,
    ClusterCycles,
    Cost,
    Refused,
    cost_of,
)
from dsconv.bench.results import Cell, Results
from dsconv.bench.variants import ComparedVariant, ModelFile
from dsconv.dialects.run import Array
from dsconv.errors import DsconvError
from dsconv.execution.accuracy import right_outputs
from dsconv.execution.report import WIDEST
from dsconv.files import folder_written_at_once
from dsconv.frontends import ImportedNetwork
from dsconv.parallel.executor import Executor
from dsconv.parallel.sweep import sweep
from dsconv.targets import (
    KINDS,
    SYSTOLIC,
    Target,
    kind_of,
    load_systolic_target,
    load_target,
)

BASELINE = "as it is"
"""The variant that changes nothing."""


@dataclass(frozen=True)
class Labelled:
    """Inputs, in the shape and type of the model's or by their names, and the class of each."""

    inputs: object
    labels: Array

    def right(self, network: ImportedNetwork) -> float:
        """The share of right outputs of C on this machine, which equals that of every machine."""
        report = compile_imported(network, load_target("host")).run(self.inputs)
        if not report.equal:
            raise DsconvError(f"{report.network}: {report.differences[0]}")
        return right_outputs(report.output, self.labels) / self.labels.size


@dataclass(frozen=True)
class Comparison:
    """Costs of variants on targets; `accuracy`: shares of right outputs by variant, if known."""

    network: str
    costs: dict[Case, Cost | Refused]
    accuracy: dict[str, float]

    def results(self) -> Results:
        """A row for each variant on each machine."""
        columns = (
            *("variant", "target", "accuracy", "cycles", "cycles by"),
            *("bytes moved", "between", "energy nJ"),
        )
        rows = [
            (
                case.variant.name,
                case.target.name,
                _percent(self.accuracy.get(case.variant.name)),
                *_cells(cost),
            )
            for case, cost in self.costs.items()
        ]
        return Results(f"{self.network}: one inference", columns, rows)

    def notes(self) -> list[str]:
        """What to know of the numbers, and why a machine has none."""
        found = [
            f"{case}: {cost.reason}"
            for case, cost in self.costs.items()
            if isinstance(cost, Refused)
        ]
        if any(case.variant.axial for case in self.costs):
            found.append(
                "half and full are not trained: dsconv axial makes students of the float network"
            )
        if not self.accuracy:
            found.append("accuracy takes inputs and their classes: --data and --labels")
        kinds = {type(case.target): case.target for case in self.costs}
        return [*found, *(SCOPES[kind] for kind in kinds)]

    def as_json(self) -> dict[str, Any]:
        """The costs for programs, energy in pJ."""
        return {
            "network": self.network,
            "costs": [
                {
                    "variant": case.variant.name,
                    "target": case.target.name,
                    "accuracy": self.accuracy.get(case.variant.name),
                    "cost": None if isinstance(cost, Refused) else asdict(cost),
                    "refused": cost.reason if isinstance(cost, Refused) else None,
                }
                for case, cost in self.costs.items()
            ],
            "notes": self.notes(),
        }

    def plot(self, path: Path) -> None:
        """Cycles, bytes and energy by target, a bar for each variant."""
        from matplotlib.figure import Figure

        variants = list(dict.fromkeys(case.variant.name for case in self.costs))
        targets = list(dict.fromkeys(case.target.name for case in self.costs))
        figure = Figure(figsize=(12, 4), layout="constrained")
        width = 0.8 / len(variants)
        panels = ("cycles", "bytes moved", "energy nJ")
        results = self.results()
        rows = results.rows
        for axes, label in zip(figure.subplots(1, len(panels)), panels, strict=True):
            column = results.columns.index(label)
            for number, variant in enumerate(variants):
                found = {row[1]: row[column] for row in rows if row[0] == variant}
                heights = [found[target] or 0 for target in targets]
                places = [place + (number + 0.5) * width - 0.4 for place in range(len(targets))]
                axes.bar(places, heights, width, label=variant)
            axes.set_xticks(range(len(targets)), targets, rotation=20, ha="right", fontsize=8)
            if any(row[column] for row in rows):
                axes.set_yscale("log")
            axes.set_title(label, fontsize=9)
        figure.axes[0].legend(fontsize=8)
        figure.savefig(path, dpi=150)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.2%}"


def _cells(cost: Cost | Refused) -> Sequence[Cell]:
    if isinstance(cost, Refused):
        return (None, "-", None, "-", None)
    energy = None if cost.energy is None else round(cost.energy / PJ_A_NJ)
    return (cost.cycles, cost.by, cost.moved_bytes, cost.between, energy)


def any_target(name: str) -> Target:
    """A machine of any kind, by its name or from a file.

    Raises DsconvError where there is none, or its description is wrong.
    """
    kind = kind_of(name)
    if kind is None:
        known = ", ".join(each for one in KINDS for each in one.names)
        raise DsconvError(f"no target {name}; there are {known}, or give a .toml file")
    return load_systolic_target(name) if kind is SYSTOLIC else kind.load(name)


def compare(
    model: Path,
    variants: Sequence[str],
    targets: Sequence[str],
    executor: Executor,
    console: Console,
    *,
    cycles: ClusterCycles = ClusterCycles.AUTO,
    data: Labelled | None = None,
) -> Comparison:
    """What a model, and each variant of it, takes on each target.

    Raises DsconvError where a file or a target is wrong. A machine that cannot run a network is no
    error: it has no numbers, and the comparison says why.
    """
    file = ModelFile.of(model)
    if len(set(targets)) < len(targets):
        raise DsconvError(f"targets stand once each, not {', '.join(targets)}")
    machines = [any_target(name) for name in targets]
    compared = [
        ComparedVariant(BASELINE, file),
        *(ComparedVariant.named(name, file) for name in variants),
    ]
    networks = {variant.name: variant.imported() for variant in compared}
    if len(networks) < len(compared):
        names = ", ".join(variant.name for variant in compared)
        raise DsconvError(f"variants need different names, not {names}")
    accuracy = {} if data is None else {name: data.right(net) for name, net in networks.items()}
    cases = [Case(variant, machine, cycles) for variant in compared for machine in machines]
    return Comparison(model.stem, sweep("compare", cost_of, cases, executor, console), accuracy)


def print_comparison(comparison: Comparison, output: Path | None, console: Console) -> None:
    """Prints the table and its notes, and writes it with a plot to a folder, if there is one."""
    Console(width=WIDEST, file=console.file).print(comparison.results().table())
    for note in comparison.notes():
        console.print(f"note: {note}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if output is None:
        return
    with folder_written_at_once(output) as draft:
        comparison.results().write(draft / "comparison")
        comparison.plot(draft / "comparison.png")
    console.print(f"{output}: the table as CSV and Markdown, and a plot", highlight=False)
