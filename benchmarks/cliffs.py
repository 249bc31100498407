"""Looks for cliffs: single layers at random, measured on GVSoC, the slowest and worst known first.

    python -m benchmarks.cliffs [--batches N] [--first NUMBER] [--jobs N | --scheduler ADDRESS]

Batch by batch, layers of all kinds, sizes, windows and layouts are compiled as the compiler likes.
What was measured is kept: break off and go on at will. Layers of one batch share a program, in
which none has to wait for L3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.layers import LayersSideBySide
from benchmarks.samples import CHANNELS, GROUPS, LARGEST_MAP, MOST_MACS, SIDES, Draw, SampledLayer
from dsconv.bench.model_builder import ModelBuilder
from dsconv.cli.options import Jobs, Scheduler
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.output import write_folder
from dsconv.execution.slow_layers import runs_loops_in_c
from dsconv.lowering.c_target import network_function
from dsconv.parallel.executor import executor_for
from dsconv.parallel.sweep import sweep
from dsconv.profiling.measurements import measure
from dsconv.targets import load_target

KINDS = (
    *("pointwise", "conv2d", "conv2d", "grouped", "depthwise", "depthwise", "linear"),
    *("add", "mul", "rescale", "lookup", "concat", "resize", "shuffle", "depth_to_space"),
    *("avg_pool", "max_pool"),
)
"""What a batch has one each of, and two where shapes differ most."""

MOST_WEIGHTS = 48 * 1024
"""Bytes of a layer: those of a batch lie in L2 together."""

L2_BYTES = 1_400_000
"""Of 1.5 MB that GVSoC's pulp-open has; the rest is for code."""

FEW_MACS = 20_000
"""Layers of fewer are slow by beginning and ending."""

SHOWN = 15
"""Layers of each list."""

console = Console(width=120)


@dataclass(frozen=True)
class MeasuredCliff:
    """A layer with its estimate, what it took, and whether loops in C computed it."""

    layer: SampledLayer
    shape: tuple[int, ...]
    macs: int
    estimate: int
    cycles: int
    in_c: bool

    @property
    def cycles_per_step(self) -> float:
        """Cycles for a MAC, or for an output where there are none."""
        return self.cycles / (self.macs or prod(self.shape))

    @property
    def ratio(self) -> float:
        """Estimate over measurement."""
        return self.estimate / self.cycles


class CliffDraw(Draw):
    """Draws layers of any kind, in any layouts, with windows of up to nine rows."""

    def layer(self, kind: str) -> SampledLayer | None:
        pick = self.random.choice
        channels, kernels, height = pick(CHANNELS), pick(CHANNELS), pick(SIDES)
        width = height if self.random.random() < 0.7 else pick(SIDES)
        window, stride = 1, 1
        match kind:
            case "linear":
                channels, height, width = 4 * channels, 1, 1
            case "conv2d" | "grouped":
                channels = pick((1, 3, *CHANNELS))
                window, stride = pick((3, 3, 5, 7)), pick((1, 1, 2))
            case "depthwise":
                window, stride = pick((3, 3, 5, 7, 9)), pick((1, 1, 2))
            case "avg_pool" | "max_pool":
                window, stride = pick((2, 3, 5, height)), pick((1, 2))
            case "resize" | "shuffle" | "depth_to_space":
                window = 2
            case _:
                pass
        if kind not in ("conv2d", "grouped", "pointwise", "linear"):
            kernels = channels
        layer = SampledLayer(
            kind, channels, height, width, self.layout(), kernels, self.layout(), window, stride
        )
        return layer if self.fits(layer) else None

    def fits(self, layer: SampledLayer) -> bool:
        """Whether a layer exists, and is neither too large nor too long to simulate."""
        is_grouped = layer.kind in ("grouped", "shuffle", "depth_to_space")
        if is_grouped and layer.channels % GROUPS:
            return False
        if layer.kind.endswith("pool") and min(layer.height, layer.width) < layer.window:
            return False
        shape = layer.layer_shape
        largest = max(
            shape.channels * shape.height * shape.width, shape.kernels * shape.rows * shape.columns
        )
        weights = shape.record_bytes * shape.kernels
        return largest <= LARGEST_MAP and shape.macs <= MOST_MACS and weights <= MOST_WEIGHTS


def batch_of(number: int) -> list[SampledLayer]:
    """The layers of a batch: the same each time."""
    draw = CliffDraw(number)
    layers: list[SampledLayer] = []
    for kind in KINDS:
        drawn = None
        while drawn is None:
            drawn = draw.layer(kind)
        layers.append(drawn)
    return layers


def measure_batch(number: int) -> list[MeasuredCliff]:
    """Compiles and measures a batch, or finds what was measured before."""
    layers = batch_of(number)
    builder = ModelBuilder(number)
    for layer in layers:
        layer.build(builder)
    target = load_target("pulp_open").with_sizes(None, L2_BYTES)
    program = LayersSideBySide(builder.module(), target)
    with TemporaryDirectory(prefix="dsconv-") as folder:
        write_folder(program.lowered, Path(folder), target, target.platform)
        inputs = np.zeros(program.input.size, np.uint8)
        measurement = measure(Path(folder), inputs, check=lambda result: None)
    lowered = [
        op for op in network_function(program.lowered).body.block.ops if isinstance(op, LayerOp)
    ]
    return [
        MeasuredCliff(
            layer,
            op.shape.get_shape(),
            op.macs.value.data,
            op.estimate.value.data,
            stats.cycles or 0,
            runs_loops_in_c(op, program.lowered),
        )
        for layer, op, stats in zip(layers, lowered, measurement.layers, strict=True)
    ]


def table_of(title: str, rows: Iterable[MeasuredCliff]) -> Table:
    """Layers, one a line."""
    table = Table(title=title)
    for column in ("kind", "input", "output", "window", "MAC", "cycles", "each", "estimate", ""):
        table.add_column(column, justify="left" if column in ("kind", "") else "right")
    for row in rows:
        layer = row.layer
        table.add_row(
            layer.kind,
            f"{layer.channels}x{layer.height}x{layer.width} {layer.input_layout}",
            f"{'x'.join(map(str, row.shape[1:]))} {layer.output_layout}",
            f"{layer.window} / {layer.stride}",
            f"{row.macs:,}",
            f"{row.cycles:,}",
            f"{row.cycles_per_step:.2f}",
            f"{row.ratio:.2f}",
            "C" if row.in_c else "",
        )
    return table


def medians(rows: Sequence[MeasuredCliff]) -> Table:
    """How far estimates are from measurements, by kind."""
    table = Table("kind", "layers", "median error", "9 of 10 below", title="estimates")
    errors: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        errors[row.layer.kind].append(abs(row.ratio - 1))
    for kind, of_kind in errors.items():
        ninth = float(np.quantile(of_kind, 0.9))
        table.add_row(kind, str(len(of_kind)), f"{np.median(of_kind):.1%}", f"{ninth:.1%}")
    return table


def slowest(rows: Iterable[MeasuredCliff]) -> Iterator[MeasuredCliff]:
    """Layers of many MACs first, then the others, each by cycles for a step."""
    ordered = sorted(rows, key=lambda row: row.cycles_per_step, reverse=True)
    yield from [row for row in ordered if row.macs >= FEW_MACS][:SHOWN]
    yield from [row for row in ordered if not row.macs][:SHOWN]


def main(
    batches: Annotated[int, typer.Option(min=1, help="How many batches.")] = 10,
    first: Annotated[int, typer.Option(min=0, help="Number of the first one.")] = 0,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Prints the slowest layers and the worst estimates."""
    executor = executor_for(jobs, scheduler)
    found = sweep("cliffs", measure_batch, range(first, first + batches), executor, console)
    rows = [row for batch in found.values() for row in batch]
    console.print(table_of("cycles for a MAC, or an output", slowest(rows)))
    by_ratio = sorted(rows, key=lambda row: row.ratio)
    console.print(table_of("estimate / measurement", [*by_ratio[:SHOWN], *by_ratio[-SHOWN:]]))
    console.print(medians(rows))


if __name__ == "__main__":
    typer.run(main)
