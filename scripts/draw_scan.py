"""Draws a layer's transfers in raster and in Scan order: python scripts/draw_scan.py FILE.

The layer is DS-CNN's first pointwise one with 2048 entries on chip: 64 channels to 64, 125 pixels,
in tiles of 32 kernels and 25 pixels whose sums stay on chip while 16 input channels pass at a time.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dsconv import zoo
from dsconv.dram.trace import Flags, Trace
from dsconv.execution.accelerator import ScheduledNetwork
from dsconv.frontends import import_onnx
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.targets import load_accelerator

NETWORK, LAYER, ENTRIES = "dscnn", "block1_pw", 2048
ORDERS = (DramSchedule.RASTER, DramSchedule.SCAN)


def draw(path: Path) -> None:
    """One strip for each order: addresses against what was moved before."""
    rcParams["svg.hashsalt"] = "dsconv"
    imported = import_onnx(zoo.build(NETWORK))
    accelerator = replace(load_accelerator("dram_accelerator").accelerator, entries=ENTRIES)
    figure = Figure(figsize=(10, 5.5), layout="constrained")
    for axes, order in zip(figure.subplots(2, 1, sharex=True, sharey=True), ORDERS, strict=True):
        draw_order(axes, ScheduledNetwork.of(imported, accelerator, order).walk().trace, order)
    figure.axes[-1].set_xlabel("KB moved so far")
    figure.axes[0].legend(fontsize=8, loc="center right")
    figure.savefig(path, metadata={"Date": None})


def draw_order(axes: Axes, trace: Trace, order: DramSchedule) -> None:
    """A bar for each transfer of the layer: what it moves, and when."""
    own = trace.layers == trace.names.index(LAYER)
    stored = trace.addresses[trace.writes & ~own]
    made_before = trace.addresses >= stored.min()
    ends = np.cumsum(np.where(own, trace.sizes, 0))
    kinds: dict[str, Flags] = {
        "weights": own & ~trace.writes & ~made_before,
        "input": own & ~trace.writes & made_before,
        "output": own & trace.writes,
    }
    base = 0.0
    for number, (name, chosen) in enumerate(kinds.items()):
        lowest = trace.addresses[chosen].min()
        heights = trace.sizes[chosen] / 1024
        bottoms = base + (trace.addresses[chosen] - lowest) / 1024
        axes.bar(
            (ends[chosen] - trace.sizes[chosen]) / 1024,
            heights,
            trace.sizes[chosen] / 1024,
            bottoms,
            align="edge",
            color=f"C{number}",
            label=name,
        )
        base = float((bottoms + heights).max()) + 1
    moved = trace.sizes[own].sum() / 1024
    axes.set_title(f"{order}: {moved:.1f} KB", fontsize=10, loc="left")
    axes.set_ylabel("place in DRAM, KB")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
