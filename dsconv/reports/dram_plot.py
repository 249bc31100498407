"""Draws what schedules cost in DRAM: energy by layer, and traffic by the size of the buffer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dsconv.dram.result import DramEnergy
from dsconv.reports.dram import Bounds, DramReport, ScheduleCost

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTS = [field.name for field in fields(DramEnergy)]

CHAINED = "+"
"""Between the labels of layers that run as one."""

Traffic = Mapping[str, Sequence[tuple[int, int]]]
"""Of each schedule: sizes of the buffer in entries, and bytes moved."""


def plot_report(report: DramReport, traffic: Traffic, path: Path) -> None:
    """Energy of each layer in a strip for each schedule, below them traffic by buffer."""
    from matplotlib.figure import Figure

    count = len(report.schedules)
    figure = Figure(figsize=(11, 1.5 * count + 5), layout="constrained")
    heights = {"height_ratios": [*[1] * count, 2.5]}
    *strips, below = figure.subplots(count + 1, 1, gridspec_kw=heights)
    layers = [name for chain in report.baseline.layers for name in chain.split(CHAINED)]
    highest = max(
        cost.energy.total for schedule in report.schedules for cost in schedule.layers.values()
    )
    for axes, schedule in zip(strips, report.schedules, strict=True):
        draw_layers(axes, schedule, layers)
        axes.set_ylim(0, 1.05 * highest / 1e3)
        axes.set_xticks(np.arange(len(layers)) + 0.5, [""] * len(layers))
    strips[0].legend(fontsize=7, ncols=len(PARTS), loc="upper right")
    strips[-1].set_xticks(np.arange(len(layers)) + 0.5, layers, rotation=90, fontsize=5)
    draw_traffic(below, traffic, report.bounds)
    figure.suptitle(str(report.setting), fontsize=10)
    figure.savefig(path, dpi=150)


def draw_layers(axes: Axes, schedule: ScheduleCost, layers: Sequence[str]) -> None:
    """Bars of the energy of each layer, by what it is spent on; layers that run as one share it."""
    chains = [name.split(CHAINED) for name in schedule.layers]
    left = [layers.index(chain[0]) for chain in chains]
    widths = [len(chain) - 0.1 for chain in chains]
    bottom = np.zeros(len(chains))
    parts = zip(*(astuple(cost.energy) for cost in schedule.layers.values()), strict=True)
    for label, part in zip(PARTS, parts, strict=True):
        heights = np.array(part) / 1e3
        axes.bar(left, heights, widths, bottom, align="edge", label=label)
        bottom += heights
    axes.set_xlim(0, len(layers))
    axes.set_ylabel("µJ")
    total = schedule.result.energy.total / 1e3
    axes.set_title(f"{schedule.schedule}: {total:,.0f} µJ", fontsize=9, loc="left")


def draw_traffic(axes: Axes, traffic: Traffic, bounds: Bounds | None = None) -> None:
    """MB moved by each schedule against the entries of the buffer."""
    for schedule, points in traffic.items():
        sizes, moved = zip(*points, strict=True)
        axes.plot(sizes, [size / 1e6 for size in moved], marker="o", markersize=3, label=schedule)
    if bounds is not None:
        axes.axhline(bounds.compulsory / 1e6, linestyle=":", color="grey", label="compulsory")
    axes.set_xscale("log", base=2)
    sizes = sorted({size for points in traffic.values() for size, _ in points})
    axes.set_xticks(sizes, [f"{size // 1024}K" if size >= 1024 else str(size) for size in sizes])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("buffer, entries")
    axes.set_ylabel("MB moved")
    axes.legend(fontsize=7)
