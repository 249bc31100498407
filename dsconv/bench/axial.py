"""Axial operators on systolic arrays: the table of the paper, and what its speed-up rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console

from dsconv.axial import Variant, axial, depthwise_layers
from dsconv.bench.axial_model import (
    AUTHORS_HALVES,
    AUTHORS_SPEEDUPS,
    AUTHORS_TOTALS,
    VARIANTS,
    paper_cycles,
)
from dsconv.bench.float_works import float_works
from dsconv.bench.results import Results
from dsconv.dialects.target import Drain, SystolicArray, TileFlow
from dsconv.execution.report import WIDEST
from dsconv.files import folder_written_at_once
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import best_mapping
from dsconv.passes.systolic.tiles import cycles
from dsconv.zoo.mobile_networks import MOBILE_NETWORKS

PAPERS_SIDE = 64
SWEEP = (8, 16, 32, 64, 128, 256)
WAYS = ("plain array", "row bus", "axial-half", "axial-full")
"""What the honest comparison sets beside the paper's baseline, all with the best mappings."""


@cache
def works(network: str, variant: str) -> tuple[ArrayWork, ...]:
    """Layers of a network in one of `VARIANTS`."""
    model = MOBILE_NETWORKS[network]()
    if variant == "baseline":
        return tuple(float_works(model))
    kind, _, part = variant.partition("-")
    layers = depthwise_layers(model)
    if part:
        layers = [layers[number - 1] for number in AUTHORS_HALVES[network]]
    return tuple(float_works(axial(model, Variant(kind), layers)))


def best_cycles(layers: Iterable[ArrayWork], array: SystolicArray) -> int:
    """Cycles of a network, every layer mapped as is fastest."""
    return sum(cycles(work, best_mapping(work, array), array) for work in layers)


def baseline(network: str, side: int) -> int:
    """Cycles of the ordinary network as the paper maps it, sizes whole."""
    return paper_cycles(works(network, "baseline"), side, side, whole_sizes=True)


def papers_table() -> Results:
    """Totals by the paper's model for all networks and variants, beside the authors'."""
    columns = (
        *("network", "variant", "cycles", "authors' cycles", "whole sizes", "change"),
        *("speed-up", "whole sizes' speed-up", "README's"),
    )
    rows: list[tuple[str | int | float, ...]] = []
    side = PAPERS_SIDE
    for network, totals in AUTHORS_TOTALS.items():
        exact, whole = (
            [
                paper_cycles(works(network, variant), side, side, whole_sizes=whole_sizes)
                for variant in VARIANTS
            ]
            for whole_sizes in (False, True)
        )
        for number, variant in enumerate(VARIANTS):
            rows.append(
                (
                    *(network, variant, exact[number], totals[number], whole[number]),
                    whole[number] / exact[number] - 1,
                    f"{exact[0] / exact[number]:.3f}",
                    f"{whole[0] / whole[number]:.3f}",
                    f"{AUTHORS_SPEEDUPS[network][number]:.2f}",
                )
            )
    return Results(f"FuSeConv's model on {side}x{side}", columns, rows)


@dataclass(frozen=True)
class Comparison:
    """Cycles of a network on one array: as the paper has it, and in each of `WAYS`."""

    network: str
    array: SystolicArray
    papers: int
    ways: tuple[int, ...]

    @staticmethod
    def of(network: str, array: SystolicArray) -> Comparison:
        """All of them with the best mappings that the array has."""
        plain = SystolicArray(
            array.rows, array.columns, False, drain=array.drain, tiles=array.tiles
        )
        runs = (
            ("baseline", plain),
            ("baseline", array),
            ("half", array),
            ("full", array),
        )
        found = tuple(best_cycles(works(network, variant), on) for variant, on in runs)
        return Comparison(network, array, baseline(network, array.rows), found)

    @property
    def row(self) -> tuple[str | int, ...]:
        """Cycles, and speed-ups over the paper's baseline and of axial-half over the others."""
        plain, bus, half, _ = self.ways
        speedups = [f"{self.papers / way:.2f}" for way in self.ways]
        gains = [f"{plain / half:.2f}", f"{bus / half:.2f}"]
        array = self.array
        tiles = array.tiles if array.drain is Drain.OVERLAPPED else "serial drain"
        return (
            *(self.network, f"{array.rows}x{array.columns}", str(tiles)),
            *(self.papers, *self.ways, *speedups, *gains),
        )


def honest_table(comparisons: Sequence[Comparison]) -> Results:
    """Where the paper's speed-up comes from: the mapping, the bus, or the operator."""
    columns = (
        *("network", "array", "tiles", "paper's baseline", *WAYS),
        *(f"{way}, speed-up" for way in WAYS),
        *("half over plain", "half over row bus"),
    )
    title = "Every layer mapped as is fastest, over the paper's baseline"
    return Results(title, columns, [comparison.row for comparison in comparisons])


def plot_sweep(comparisons: Sequence[Comparison], path: Path) -> None:
    """Speed-ups over the paper's baseline, by the side of the array."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4), layout="constrained")
    networks = list(MOBILE_NETWORKS)
    for axes, network in zip(figure.subplots(1, len(networks), sharey=True), networks, strict=True):
        own = [comparison for comparison in comparisons if comparison.network == network]
        sides = [comparison.array.rows for comparison in own]
        for number, way in enumerate(WAYS):
            speedups = [comparison.papers / comparison.ways[number] for comparison in own]
            axes.plot(sides, speedups, marker="o", markersize=3, label=way)
        axes.set_xscale("log", base=2)
        axes.set_xticks(sides, [str(side) for side in sides])
        axes.set_title(network, fontsize=9)
        axes.set_xlabel("rows = columns")
    figure.axes[0].set_ylabel("speed-up over the paper's baseline")
    figure.axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=150)


def plot_sources(comparisons: Sequence[Comparison], path: Path) -> None:
    """What each step adds to the speed-up of axial-half."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    names = [comparison.network for comparison in comparisons]
    below = [1.0] * len(names)
    axes.bar(names, below, label="paper's baseline")
    for number, label in ((0, "better mapping"), (1, "row bus"), (2, "axial-half, trained anew")):
        heights = [comparison.papers / comparison.ways[number] for comparison in comparisons]
        steps = [height - bottom for height, bottom in zip(heights, below, strict=True)]
        axes.bar(names, steps, bottom=below, label=label)
        below = heights
    axes.set_ylabel(f"speed-up on {PAPERS_SIDE}x{PAPERS_SIDE}")
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=150)


def bench_axial(output: Path, console: Console, sides: Sequence[int] = SWEEP) -> None:
    """Prints the tables and writes them, as CSV and Markdown, with plots to a folder."""
    papers = SystolicArray(PAPERS_SIDE, PAPERS_SIDE)
    others = (
        papers,
        SystolicArray(PAPERS_SIDE, PAPERS_SIDE, tiles=TileFlow.PIPELINED),
        SystolicArray(PAPERS_SIDE, PAPERS_SIDE, drain=Drain.SERIAL),
    )
    honest = {
        array: [Comparison.of(network, array) for network in MOBILE_NETWORKS] for array in others
    }
    sweep = [
        Comparison.of(network, SystolicArray(side, side))
        for network in MOBILE_NETWORKS
        for side in sides
    ]
    tables = {
        "paper": papers_table(),
        "honest": honest_table([found for rows in honest.values() for found in rows]),
        "sweep": honest_table(sweep),
    }
    wide = Console(width=2 * WIDEST, file=console.file)
    with folder_written_at_once(output) as draft:
        for name, results in tables.items():
            wide.print(results.table())
            results.write(draft / name)
        plot_sources(honest[papers], draft / "sources.png")
        plot_sweep(sweep, draft / "sweep.png")
    console.print(f"{output}: tables as CSV and Markdown, and plots", highlight=False)
