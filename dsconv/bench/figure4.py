"""Figure 4: one network layer by layer, fused as is fastest, beside the same layers unfused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsconv.bench.deployments import Deployed, LayerRun, NetworkRun
from dsconv.bench.paper_numbers import Method
from dsconv.bench.results import Results

NETWORK = "mv1-224"
"""The paper's."""

DEPLOYED = (Deployed(NETWORK, Method.BASELINE), Deployed(NETWORK, Method.LATENCY))
"""All that the figure needs: unfused, then fused."""


@dataclass(frozen=True)
class Group:
    """Layers that run as one, or one alone: fused, and what they take unfused."""

    fused: LayerRun
    unfused: tuple[LayerRun, ...]

    @property
    def name(self) -> str:
        """The first layer's name, and the last one's."""
        first, last = self.unfused[0].label, self.unfused[-1].label
        return first if first == last else f"{first} .. {last}"

    @property
    def unfused_cycles(self) -> int:
        """Of all the layers."""
        return sum(layer.cycles for layer in self.unfused)

    @property
    def unfused_bytes(self) -> int:
        """Of activations between L2 and L1."""
        return sum(layer.moved_bytes for layer in self.unfused)


def groups(fused: NetworkRun, unfused: NetworkRun) -> list[Group]:
    """Fused layers with those that they are made of: a fused layer has the name of its last one."""
    rest = iter(unfused.layers)
    found: list[Group] = []
    for layer in fused.layers:
        parts = [next(rest)]
        while parts[-1].label != layer.label:
            parts.append(next(rest))
        found.append(Group(layer, tuple(parts)))
    return found


@dataclass(frozen=True)
class Figure4:
    """All layers in order."""

    groups: Sequence[Group]

    @staticmethod
    def of(runs: Mapping[Deployed, NetworkRun]) -> Figure4:
        """The figure of what was measured."""
        unfused, fused = (runs[deployed] for deployed in DEPLOYED)
        return Figure4(groups(fused, unfused))

    def results(self) -> Results:
        """A row for each fused layer."""
        columns = ("layers", "schedule", "cycles", "unfused cycles", "bytes", "unfused bytes")
        rows = [
            (
                *(group.name, group.fused.schedule, group.fused.cycles, group.unfused_cycles),
                *(group.fused.moved_bytes, group.unfused_bytes),
            )
            for group in self.groups
        ]
        return Results(f"Figure 4: {NETWORK}, lowest latency", columns, rows)

    def plot(self, path: Path) -> None:
        """Cycles and bytes; lighter is what the layers take unfused."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 7), layout="constrained")
        names = [group.name for group in self.groups]
        sides = {
            "cycles": [(group.fused.cycles, group.unfused_cycles) for group in self.groups],
            "bytes": [(group.fused.moved_bytes, group.unfused_bytes) for group in self.groups],
        }
        for axes, (quantity, pairs) in zip(figure.subplots(2, 1), sides.items(), strict=True):
            axes.bar(names, [unfused for _, unfused in pairs], color="0.8", label="unfused")
            axes.bar(names, [fused for fused, _ in pairs], 0.5, label="lowest latency")
            axes.tick_params("x", rotation=90, labelsize=7)
            axes.set_ylabel(quantity)
            axes.legend()
        figure.savefig(path, dpi=150)
