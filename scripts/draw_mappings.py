"""Draws how each mapping of a depthwise layer fills an array: python scripts/draw_mappings.py FILE.

All operands are 1, and 0 where a mapping fills up: a product that is not 0 is one of the layer's.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import rcParams
from matplotlib.figure import Figure

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.mapping import Lines, Mapping, Strategy
from dsconv.dialects.target import Dataflow, SystolicArray
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.runners.systolic.layer import run_layer
from dsconv.runners.systolic.registers import Edges, Operands, Sums
from dsconv.runners.systolic.simulator import (
    Simulator,
    lines_on_bus,
    products_with_weights_held,
    streamed_products,
)

SIDE = 8
CHANNELS, MAP = 8, 8
SHOWN_CLOCKS = 240
DEPTHWISE = ArrayWork(CHANNELS, 1, 1, MAP, MAP, WindowAttr.of((3, 3), pads=(1, 1, 1, 1)))
ROWS = ArrayWork(CHANNELS, 1, 1, MAP, MAP, WindowAttr.of((1, 3), pads=(0, 1, 0, 1)))

PICTURES = (
    ("output stationary (the paper's)", DEPTHWISE, Mapping(Strategy.OUTPUT_STATIONARY)),
    ("weight stationary", DEPTHWISE, Mapping(Strategy.WEIGHT_STATIONARY)),
    ("block diagonal, 8 groups", DEPTHWISE, Mapping(Strategy.BLOCK_DIAGONAL, CHANNELS)),
    ("banded", DEPTHWISE, Mapping(Strategy.BANDED)),
    ("row bus, 3 passes", DEPTHWISE, Mapping(Strategy.ROW_BUS)),
    ("axial, row filter: ST-OS", ROWS, Mapping(Strategy.ST_OS)),
    ("axial, row filter: row bus", ROWS, Mapping(Strategy.ROW_BUS, lines=Lines.ROWS)),
)


@dataclass
class Watched(Simulator):
    """Counts products that are not 0: of every PE, and in every clock."""

    of_pe: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.int64))
    of_clock: list[int] = field(default_factory=list[int])

    def products(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        for lane in lanes(a):
            streamed_products(a[..., lane], w[..., lane], bits, self._see)
        return streamed_products(a, w, bits)

    def products_with_weights_held(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        for lane in lanes(a):
            products_with_weights_held(a[..., lane], w[..., lane], bits, self._see)
        return products_with_weights_held(a, w, bits)

    def lines(self, inputs: Operands, w: Operands, places: int, bits: int) -> tuple[Sums, int]:
        for lane in lanes(inputs):
            lines_on_bus(inputs[..., lane], w[..., lane], places, bits, self._see)
        return lines_on_bus(inputs, w, places, bits)

    def _see(self, _: Edges, products: Sums) -> None:
        useful = products[:, :, 0] != 0
        rows, columns = useful.shape
        self.of_pe[:rows, :columns] += useful
        self.of_clock.append(int(useful.sum()))


def lanes(operands: Operands) -> list[slice]:
    """One after the other."""
    return [slice(lane, lane + 1) for lane in range(operands.shape[-1])]


def watched(work: ArrayWork, mapping: Mapping) -> Watched:
    """A layer of ones on the array."""
    simulator = Watched()
    x = np.ones((work.groups * work.channels, work.height, work.width), np.int32)
    w = np.ones((work.groups * work.kernels, work.channels, *work.window.kernel), np.int32)
    array = SystolicArray(SIDE, SIDE, dataflow=Dataflow.BOTH)
    run_layer(x, w, work, mapping, array, simulator)
    return simulator


def draw(path: Path) -> None:
    """Two pictures for each mapping: how busy each PE is, and how many are busy in a clock."""
    rcParams.update({"svg.hashsalt": "dsconv", "svg.fonttype": "none"})
    figure = Figure(figsize=(8, 1.35 * len(PICTURES)), layout="constrained")
    grid = figure.subplots(len(PICTURES), 2, width_ratios=(1, 5))
    for (grid_axes, clock_axes), (title, work, mapping) in zip(grid, PICTURES, strict=True):
        seen = watched(work, mapping)
        clocks = len(seen.of_clock)
        grid_axes.imshow(seen.of_pe / clocks, vmin=0, vmax=1, cmap="viridis")
        grid_axes.set_xticks([])
        grid_axes.set_yticks([])
        share = sum(seen.of_clock) / (clocks * SIDE * SIDE)
        clock_axes.set_title(f"{title}: {clocks:,} cycles, {share:.0%} of the PEs", fontsize=8)
        shown = np.asarray(seen.of_clock[:SHOWN_CLOCKS])
        clock_axes.stairs(shown, fill=True)
        clock_axes.set_xlim(0, SHOWN_CLOCKS)
        clock_axes.set_ylim(0, SIDE * SIDE)
        clock_axes.tick_params(labelsize=6)
    figure.axes[-1].set_xlabel("clock", fontsize=8)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
