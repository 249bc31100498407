"""Draws the schedules of docs/schedules: python -m scripts.draw_schedules docs/schedules"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.graph import LayerOperation
from scripts.schedule_contents import Cell, MemoryState, Picture, along_channels, along_rows, single

HWC, CHW = (Activation(layout=layout) for layout in (Layout.HWC, Layout.CHW))
WINDOW = WindowAttr.of((3, 3), pads=(1, 1, 1, 1))
HALVING = WindowAttr.of((3, 3), (2, 2), (1, 1, 1, 1))

COLOURS = {
    MemoryState.MADE: "#f4a259",
    MemoryState.KEPT: "#fbe3c8",
    MemoryState.PADDING: "#c9ced6",
    MemoryState.UNUSED: "#ffffff",
}
STEP, WIDTH, GAP = 2.0, 1.5, 1.7
"""In heights of a cell: from step to step, width of a cell, space above a buffer."""


def network(*layers: str) -> list[LayerOperation]:
    """A chain of 3x3 depthwise layers `dw`, `dw2` with stride 2, and pointwise layers `pw`."""
    builder = ModelBuilder().begin(8, 12, 12, HWC)
    for layer in layers:
        if layer == "pw":
            builder.pointwise(16, CHW)
        else:
            builder.depthwise(HALVING if layer == "dw2" else WINDOW, HWC)
    return [op for op in builder.block.ops if isinstance(op, LayerOperation)]


def pictures() -> dict[str, Picture]:
    """All pictures by their names."""
    return {
        "dw-pw-rows": along_rows("DW-PW along rows, FD 4", network("dw", "pw"), 4),
        "pw-dw-rows": along_rows("PW-DW along rows, FD 2", network("pw", "dw2"), 2),
        "pw-dw-channels": along_channels("PW-DW along channels, FD 6", network("pw", "dw"), 6),
        "block-rows": along_rows("PW-DW-PW along rows, FD 3", network("pw", "dw", "pw"), 3),
        "single-layers": single("A depthwise layer alone, tiles of 5 rows", network("dw")[0], 5),
    }


def draw(name: str, picture: Picture, directory: Path) -> None:
    """Writes a picture as SVG; the same one is the same bytes."""
    mpl.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none"})
    heights = [len(buffer.columns[0]) + GAP for buffer in picture.buffers]
    width, top = STEP * len(picture.steps), sum(heights)
    figure, axes = plt.subplots(figsize=(0.55 * max(width, 8), 0.2 * (top + 4)))
    for number, step in enumerate(picture.steps):
        axes.text(STEP * number + WIDTH / 2, top + 0.4, step, fontsize=7, ha="center")
    for buffer, height in zip(picture.buffers, heights, strict=True):
        axes.text(0, top - 0.75 * GAP, buffer.title, fontsize=8, weight="bold")
        for number, column in enumerate(buffer.columns):
            draw_column(axes, column, STEP * number, top - GAP)
        top -= height
    axes.set(xlim=(-0.1, max(width, 8)), ylim=(-2, sum(heights) + 1.5))
    axes.set_axis_off()
    axes.set_title(f"{picture.title}: {picture.unit} in L1", fontsize=9, loc="left")
    handles = [
        Patch(facecolor=COLOURS[state], edgecolor="#aaaaaa", label=state.value)
        for state in MemoryState
        if state.value
    ]
    handles.append(Patch(facecolor="none", edgecolor="black", label="read in this step"))
    axes.legend(handles=handles, loc="lower left", ncols=2, fontsize=6, frameon=False)
    path = directory / f"{name}.svg"
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def draw_column(axes: Axes, cells: Sequence[Cell], left: float, top: float) -> None:
    """A buffer in one step, from its first cell down."""
    for place, cell in enumerate(cells, start=1):
        corner = (left, top - place)
        axes.add_patch(
            Rectangle(
                corner,
                WIDTH,
                1,
                facecolor=COLOURS[cell.state],
                edgecolor="black" if cell.is_read else "#aaaaaa",
                linewidth=1.2 if cell.is_read else 0.6,
                zorder=2 if cell.is_read else 1,
            )
        )
        if cell.number is not None:
            middle = (left + WIDTH / 2, top - place + 0.5)
            axes.text(*middle, str(cell.number), fontsize=6, ha="center", va="center", zorder=3)


if __name__ == "__main__":
    for name, picture in pictures().items():
        draw(name, picture, Path(sys.argv[1]))
