"""Draws a memory plan: address against time, a rectangle a buffer, a strip a memory."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from dsconv.errors import DsconvError
from dsconv.files import written_at_once
from dsconv.reports.memory import Content, MemoryPlan

COLOURS = {
    Content.ACTIVATIONS: "#7aa6c2",
    Content.WEIGHTS: "#d9a86c",
    Content.PORTS: "#8fb996",
}
"""Of what buffers hold."""
STAYING = "#eadbc8"
"""Colour of the weights that stay in L2."""

THIN, LABELLED = 0.01, 0.055
"""Parts of the memory: from here on a buffer has a border, and its label."""

INCHES_A_LAYER = 0.24
LEAST_WIDTH = 5.2
INCHES_A_LETTER = 0.055
"""At the size of labels."""


def plot_memory(plan: MemoryPlan, path: Path) -> None:
    """Writes L1, L2 and L3 above each other as a picture.

    Raises DsconvError where matplotlib does not know the suffix.
    """
    strips = plan.used
    size = (_width(plan), 3.0 * len(strips) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    for axes, strip in zip(figure.subplots(len(strips), squeeze=False)[:, 0], strips, strict=True):
        _draw(axes, plan, strip)
    try:
        with written_at_once(path) as draft:
            figure.savefig(draft, dpi=150)
    except ValueError as error:
        raise DsconvError(f"cannot write {path}: {error}") from error


def memory_figure(plan: MemoryPlan, memory: str) -> Figure:
    """One memory that has buffers: L1, L2 or L3."""
    figure = Figure(figsize=(_width(plan), 3.2), layout="constrained")
    _draw(figure.subplots(), plan, memory)
    return figure


def _width(plan: MemoryPlan) -> float:
    return max(LEAST_WIDTH, INCHES_A_LAYER * len(plan.layers) + 1.2)


def _draw(axes: Axes, plan: MemoryPlan, memory: str) -> None:
    items, count = plan.used[memory], len(plan.layers)
    staying = plan.resident_weights if memory == "L2" else 0
    top = max(item.offset + item.size for item in items) + staying
    inches_a_layer = (_width(plan) - 1.2) / count
    for item in items:
        place, width = (item.begin, item.offset / 1024), item.end - item.begin
        height = item.size / 1024
        colour, border = COLOURS[item.content], 0.5 if item.size > THIN * top else 0.0
        axes.add_patch(
            Rectangle(place, width, height, facecolor=colour, edgecolor="white", lw=border)
        )
        fits = len(item.label) * INCHES_A_LETTER < width * inches_a_layer
        if fits and item.size > LABELLED * top:
            middle = (place[0] + width / 2, place[1] + height / 2)
            axes.annotate(item.label, middle, ha="center", va="center", fontsize=6, color="#222")
    handles = [
        Patch(color=colour, label=content.value)
        for content, colour in COLOURS.items()
        if any(item.content is content for item in items)
    ]
    if staying:
        bottom = (top - staying) / 1024
        axes.add_patch(Rectangle((0, bottom), count, staying / 1024, facecolor=STAYING, lw=0))
        handles.append(Patch(color=STAYING, label=f"weights that stay, {staying:,} bytes"))
    axes.set_xlim(0, count)
    axes.set_ylim(0, top / 1024 * 1.02)
    axes.set_xticks([number + 0.5 for number in range(count)], plan.layers, rotation=90, fontsize=6)
    axes.tick_params(axis="x", length=0)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_ylabel("address / KiB", fontsize=8)
    axes.set_title(f"{memory}: {top:,} bytes", fontsize=9, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        handles=handles,
        fontsize=7,
        ncols=len(handles),
        loc="lower right",
        frameon=False,
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.1,
        handlelength=1.0,
        handleheight=1.0,
    )
