"""The figures of the page, as SVG that lies in it: roofline, memory over time, Pareto front."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from dsconv.dialects.target import Cluster
from dsconv.dialects.target.cluster import Isa
from dsconv.execution.report import LayerReport
from dsconv.reports.layers import LayerTable
from dsconv.reports.pareto_front import ParetoFront

MACS_OF_AN_INSTRUCTION = {Isa.PORTABLE: 1, Isa.XPULP: 4}
"""The most multiply-accumulates of one instruction."""

DOT = "#3d6f8e"
ROOF = "#9a8f80"
CHOSEN = "#b5651d"

SIDES = ((5, -9), (5, 4), (-5, -9), (-5, 4))
"""Where a name may stand beside its point, in points of type."""

FIGURE_SIZE = (5.4, 3.6)
"""Inches: on a phone half as large, and still to be read."""


def as_svg(figure: Figure, label: str) -> str:
    """A figure as an SVG element with text as text, and a label for those who cannot see it."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "dsconv"}):
        buffer = io.StringIO()
        figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    text = buffer.getvalue()
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{label}" ', svg, count=1)


def roofline_figure(
    table: LayerTable, measured: Sequence[LayerReport], cluster: Cluster
) -> Figure | None:
    """MAC/cycle of each layer against MACs for each byte between L2 and L1.

    Cycles are measured ones, or estimates where the run measured none. None without a run.
    """
    estimates = {layer.name: layer.estimate for layer in table.layers}
    points: list[tuple[str, float, float]] = []
    for layer in measured:
        cycles = layer.cycles or estimates.get(layer.name)
        if layer.macs and layer.l2_l1 and cycles:
            points.append((layer.name, layer.macs / layer.l2_l1, layer.macs / cycles))
    if not points:
        return None
    peak = cluster.cores * MACS_OF_AN_INSTRUCTION[cluster.core.isa]
    intensities = [intensity for _, intensity, _ in points]
    low, high = min(0.5, *intensities) / 1.5, max(200.0, *intensities) * 1.5
    figure = Figure(figsize=FIGURE_SIZE, layout="constrained")
    axes = figure.subplots()
    xs = np.geomspace(low, high, 64)
    rate = cluster.dma.bytes_per_cycle
    axes.plot(xs, np.minimum(rate * xs, peak), color=ROOF, lw=1.5)
    axes.annotate(
        f"{peak} MAC/cycle: {cluster.cores} cores",
        (high, peak * 1.08),
        ha="right",
        fontsize=8,
        color=ROOF,
    )
    axes.annotate(f"DMA, {rate} bytes/cycle", (low * 1.3, 6 * rate * low), fontsize=8, color=ROOF)
    axes.scatter(intensities, [rate for *_, rate in points], s=22, color=DOT, alpha=0.75, lw=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())
    axes.set_xlim(low, high)
    axes.set_ylim(min(speed for *_, speed in points) / 1.6, peak * 1.5)
    axes.set_xlabel("MAC for each byte between L2 and L1")
    axes.set_ylabel("MAC/cycle")
    _calm(axes)
    figure.draw_without_rendering()
    _name(axes, points)
    return figure


def _name(axes: Axes, points: Sequence[tuple[str, float, float]]) -> None:
    """Names the points worth it in axes that are drawn, each where its name hides the fewest."""
    dots = axes.transData.transform([point[1:] for point in points])
    frame = axes.get_window_extent()
    for name, intensity, speed in _worth_naming(points):
        labels = [
            axes.annotate(
                name,
                (intensity, speed),
                xytext=(x, y),
                textcoords="offset points",
                ha="left" if x > 0 else "right",
                fontsize=7,
                color="#555",
            )
            for x, y in SIDES
        ]

        def hidden(label: Annotation) -> tuple[bool, int]:
            box = label.get_window_extent()
            return box.x0 < frame.x0 or box.x1 > frame.x1, box.padded(2).count_contains(dots)

        best = min(labels, key=hidden)
        for label in labels:
            if label is not best:
                label.remove()


def _worth_naming(points: Sequence[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """The slowest, the fastest, and those that use most and least of each byte."""
    by_speed = sorted(points, key=lambda point: point[2])
    by_use = sorted(points, key=lambda point: point[1])
    return list(dict.fromkeys((by_speed[0], by_speed[-1], by_use[0], by_use[-1])))


def pareto_figure(front: ParetoFront) -> Figure:
    """Cycles against bytes of all schedules worth having; those of an objective are named."""
    figure = Figure(figsize=FIGURE_SIZE, layout="constrained")
    axes = figure.subplots()
    cycles = [point.cycles / 1e3 for point in front.points]
    moved = [point.moved_bytes / 1e3 for point in front.points]
    axes.plot(cycles, moved, color=ROOF, lw=1, drawstyle="steps-post")
    axes.scatter(cycles, moved, s=16, color=DOT, lw=0)
    for place, objectives in enumerate(front.chosen):
        if objectives:
            axes.scatter(cycles[place], moved[place], s=34, color=CHOSEN, lw=0, zorder=3)
            axes.annotate(
                ", ".join(objectives),
                (cycles[place], moved[place]),
                xytext=(6, 5),
                textcoords="offset points",
                fontsize=8,
                color=CHOSEN,
            )
    axes.margins(x=0.14, y=0.12)
    axes.set_xlabel(f"thousand cycles ({front.cycles_are})")
    axes.set_ylabel("kB between L2 and L1")
    _calm(axes)
    return figure


def _calm(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#bbb")
    axes.tick_params(labelsize=8, color="#bbb")
    axes.grid(alpha=0.25, lw=0.5)
    axes.xaxis.label.set_fontsize(9)
    axes.yaxis.label.set_fontsize(9)
