"""Table 2: the paper's networks unfused, fastest, and with the fewest transfers (section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsconv.bench.deployments import Deployed, NetworkRun
from dsconv.bench.paper_numbers import TABLE_2, Deployment, Method
from dsconv.bench.results import Results

DEPLOYED = tuple(Deployed(network, method) for network in TABLE_2 for method in Method)
"""All that the table needs."""


@dataclass(frozen=True)
class Table2:
    """Ours, beside the paper's."""

    ours: Mapping[Deployed, Deployment]

    @staticmethod
    def of(runs: Mapping[Deployed, NetworkRun]) -> Table2:
        """The table of what was measured."""
        return Table2({key: Deployment(run.cycles, run.moved_bytes) for key, run in runs.items()})

    def results(self) -> Results:
        """A row for each network and method; changes are against the baseline of the same side."""
        columns = (
            *("network", "method", "cycles", "change", "paper's cycles", "paper's change"),
            *("bytes", "change of bytes", "paper's bytes", "paper's change of bytes"),
        )
        rows: list[tuple[str | int | float | None, ...]] = []
        for key, ours in self.ours.items():
            base = self.ours[Deployed(key.network, Method.BASELINE)]
            paper_base = TABLE_2[key.network][Method.BASELINE]
            paper = TABLE_2[key.network][key.method]
            rows.append(
                (
                    *(key.network, str(key.method)),
                    *(ours.cycles, change(ours.cycles, base.cycles)),
                    *(paper.cycles, change(paper.cycles, paper_base.cycles)),
                    *(ours.moved_bytes, change(ours.moved_bytes, base.moved_bytes)),
                    *(paper.moved_bytes, change(paper.moved_bytes, paper_base.moved_bytes)),
                )
            )
        title = "Table 2: cycles, and bytes of activations between L2 and L1"
        return Results(title, columns, rows)

    def plot(self, path: Path) -> None:
        """Cycles and bytes of both sides, over the paper's baselines."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 7), layout="constrained")
        networks = list(dict.fromkeys(key.network for key in self.ours))
        paper = {key: TABLE_2[key.network][key.method] for key in self.ours}
        bars = [(side, method) for side in ("paper", "dsconv") for method in Method]
        for axes, quantity in zip(figure.subplots(2, 1), ("cycles", "moved_bytes"), strict=True):
            for number, (side, method) in enumerate(bars):
                deployments = paper if side == "paper" else self.ours
                values = [deployments[Deployed(network, method)] for network in networks]
                bases = [TABLE_2[network][Method.BASELINE] for network in networks]
                shares = [
                    getattr(value, quantity) / getattr(base, quantity)
                    for value, base in zip(values, bases, strict=True)
                ]
                places = [place + (number - 2.5) / 8 for place in range(len(networks))]
                axes.bar(places, shares, 1 / 8, label=f"{side}: {method}")
            axes.set_xticks(range(len(networks)), networks)
            axes.set_ylabel(f"{quantity.replace('_', ' ')} / paper's baseline")
            axes.legend(fontsize=7, ncols=2)
        figure.savefig(path, dpi=150)


def change(value: int, base: int) -> float:
    """As a ratio; 0 is none."""
    return value / base - 1
