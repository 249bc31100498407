"""The cost model: measured on GVSoC, fitted, checked.

    python -m benchmarks.costs measure   # single layers, to passes/scheduling/costs/*_measured.json
    python -m benchmarks.costs fit       # coefficients from those, to passes/scheduling/costs
    python -m benchmarks.costs check     # the model against the layers of the paper's networks

`--isa portable` measures loops in C, as RV32IMC alone, on the same cluster. A kernel's time is what
a layer takes longer where each kernel runs three times.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import dsconv
from benchmarks.fitting import Ways, fit, relative_errors
from benchmarks.layers import LayersSideBySide
from benchmarks.samples import Draw, MixedDraw, RareDraw, Sample, network
from dsconv import zoo
from dsconv.dialects.target import Isa
from dsconv.dialects.tiled import BoxAttr
from dsconv.passes.scheduling.kernel_cost import (
    GROUPS,
    KERNEL_GROUPS,
    KERNEL_TERMS,
    CostModel,
    Terms,
    first_call_cycles,
    transfer_terms,
)
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT
from dsconv.passes.scheduling.layer_cost import TileLoopCost, kernel_shape
from dsconv.targets import ClusterTarget, load_target

COSTS = Path(str(files("dsconv.passes"))) / "scheduling" / "costs"

COUNTS = {
    "pointwise": 70,
    "depthwise": 60,
    "conv2d": 30,
    "linear": 15,
    "add": 20,
    "rescale": 15,
    "avg_pool": 12,
    "max_pool": 10,
    "mul": 12,
    "lookup": 12,
    "concat": 12,
}
MIXED_COUNTS = {
    "depthwise": 10,
    "add": 10,
    "rescale": 10,
    "mul": 10,
    "lookup": 10,
    "concat": 10,
    "avg_pool": 24,
    "max_pool": 24,
}
"""Of layers of any layouts, and pools of any windows."""

RARE_COUNTS = {
    "depthwise": 30,
    "conv2d": 12,
    "grouped": 12,
    "resize": 8,
    "shuffle": 8,
    "depth_to_space": 8,
}
"""Of large windows, groups, and what only moves values."""

PORTABLE_SHARE = 4
"""Loops in C take so long, and have so few terms, that a part of the layers is enough."""

BATCH = 40
"""Layers of one program."""

REPEATS = 3
SIMULATED_L2_BYTES = 1_400_000
"""The model has 1.5 MB, which the weights and code of a batch need."""

MEDIAN_ERROR = 0.10
"""What `check` demands of every network."""

IsaOption = Annotated[Isa, typer.Option(help="What kernels are written for.")]

app = typer.Typer(add_completion=False, help=__doc__)
console = Console()


@dataclass(frozen=True)
class MeasuredLayer:
    """A sample with the cycles of its layer, and of one call of its kernel."""

    sample: Sample
    layer: float
    kernel: float

    def as_json(self) -> dict[str, object]:
        """For a JSON file."""
        return {**self.sample.as_json(), "layer_cycles": self.layer, "kernel_cycles": self.kernel}


def cluster_with(isa: Isa) -> ClusterTarget:
    """GVSoC's pulp-open, with kernels of an instruction set."""
    target = load_target("pulp_open").with_sizes(None, SIMULATED_L2_BYTES)
    return replace(target, core=replace(target.core, isa=isa))


def measure_batch(samples: Sequence[Sample], target: ClusterTarget) -> Iterator[MeasuredLayer]:
    """Two runs of one program on GVSoC: kernels once, and several times."""
    program = LayersSideBySide(network(samples), target)
    once, often = (program.run(repeats).layer_stats[0] for repeats in (1, REPEATS))
    for sample, first, second in zip(samples, once, often, strict=True):
        layer, longer = first.cycles or 0, second.cycles or 0
        kernel = (longer - layer) / (REPEATS - 1) / sample.tiles
        yield MeasuredLayer(sample, layer, kernel)


def measured_file(isa: Isa) -> Path:
    """Where the measurements of an instruction set lie."""
    return COSTS / f"{isa}_measured.json"


def read_measured(isa: Isa) -> list[MeasuredLayer]:
    """The measurements that ship with the compiler."""
    rows = json.loads(measured_file(isa).read_text())["layers"]
    return [
        MeasuredLayer(Sample.of(row), row["layer_cycles"], row["kernel_cycles"]) for row in rows
    ]


@app.command()
def measure(isa: IsaOption = Isa.XPULP) -> None:
    """Run single layers on GVSoC and keep their cycles; what the file has is not run again."""
    target, file, samples = cluster_with(isa), measured_file(isa), samples_for(isa)
    known = {row.sample: row for row in read_measured(isa)} if file.exists() else {}
    missing = [sample for sample in samples if sample not in known]
    batches = [missing[first : first + BATCH] for first in range(0, len(missing), BATCH)]
    for batch in track(batches):
        known |= {row.sample: row for row in measure_batch(batch, target)}
    content = {
        "source": f"GVSoC's pulp-open, {target.cores} cores, kernels of {isa}, "
        f"bank conflicts modelled, until {date.today()}",
        "unit": "cycles",
        "layers": [known[sample].as_json() for sample in samples],
    }
    file.write_text(json.dumps(content) + "\n")


def samples_for(isa: Isa) -> list[Sample]:
    """What is measured: the same list each time."""
    usual = [*Draw().samples(COUNTS), *MixedDraw().samples(MIXED_COUNTS)]
    if isa is Isa.PORTABLE:
        return usual[::PORTABLE_SHARE]
    return [*usual, *RareDraw().samples(RARE_COUNTS)]


def kernel_measurements(
    group: str, measured: Sequence[MeasuredLayer], costs: CostModel
) -> list[tuple[Ways, float]]:
    """What one group of kernels took, and the ways in which each may be split."""
    rows: list[tuple[Ways, float]] = []
    for row in measured:
        shape = kernel_shape(row.sample.layer.layer_shape, row.sample.tile)
        if KERNEL_GROUPS[shape.kind].name == group:
            rows.append((list(KERNEL_TERMS[costs.core.isa](shape, costs)), row.kernel))
    return rows


def is_serial(row: MeasuredLayer) -> bool:
    """Whether a layer waits for every transfer."""
    return row.sample.tile.buffers == 1 or row.sample.tiles == 1


def serial_measurements(
    measured: Sequence[MeasuredLayer], costs: CostModel
) -> list[tuple[Ways, float]]:
    """What usual layers take beside their kernels, where nothing overlaps."""
    return [
        ([layer_terms(row.sample, costs)], row.layer - row.sample.tiles * row.kernel)
        for row in measured
        if is_serial(row) and not row.sample.layer.mixed
    ]


def layer_terms(sample: Sample, costs: CostModel) -> Terms:
    """What happens in a layer beside its kernels."""
    layer_shape, tile = sample.layer.layer_shape, sample.tile
    inputs = [
        BoxAttr.of_tile(layout, shape, layer_shape.input_tile(tile, number))
        for number, (layout, shape) in enumerate(
            zip(layer_shape.input_layouts, layer_shape.inputs, strict=True)
        )
    ]
    weights = [BoxAttr.of(layer_shape.weight_bytes(tile))] if layer_shape.record_bytes else []
    output = BoxAttr.of_tile(
        layer_shape.output_layout,
        (layer_shape.kernels, layer_shape.rows, layer_shape.columns),
        (tile.channels, tile.rows, tile.columns),
    )
    terms = Counter({f"first_{KERNEL_GROUPS[layer_shape.kind].name}": 1, "tile": sample.tiles})
    for count, boxes, store in (
        (layer_shape.input_versions(tile), inputs, False),
        (layer_shape.weight_versions(tile), weights, False),
        (sample.tiles, [output], True),
    ):
        for box in boxes:
            beats = ceil(box.line_bytes / costs.dma_bytes_per_cycle)
            transfer = transfer_terms(beats, box.lines, box.blocks, store=store)
            terms.update({name: count * number for name, number in transfer.items()})
    return terms


def pipelined_tile(measured: Sequence[MeasuredLayer], costs: CostModel) -> float:
    """What a tile takes beside its kernel and its transfers, where those overlap."""
    costs.layer["pipelined_tile"] = 0
    rest: list[float] = []
    for row in measured:
        if not is_serial(row) and not row.sample.layer.mixed:
            layer_shape, tile = row.sample.layer.layer_shape, row.sample.tile
            loop = TileLoopCost.of(layer_shape, tile, costs, NOTHING_RESIDENT)
            loop = loop._replace(compute=row.kernel)
            model = first_call_cycles(layer_shape.kind, costs) + loop.pipelined_cycles
            rest.append((row.layer - model) / row.sample.tiles)
    return max(float(np.median(rest)), 0.0)


@app.command(name="fit")
def fit_all(isa: IsaOption = Isa.XPULP) -> None:
    """Fit the coefficients to the measurements."""
    measured = read_measured(isa)
    costs = CostModel.of(cluster_with(isa).cluster(layers=0))
    table = Table("group", "measurements", "median error", "9 of 10 below")
    kernels = {group.name: kernel_measurements(group.name, measured, costs) for group in GROUPS}
    fit_groups(COSTS / f"{isa}.json", kernels, table)
    if isa is not Isa.PORTABLE:  # kernels in C take so long that what is beside them is not seen
        layers = COSTS / "layer.json"
        cycles = fit_groups(layers, {"layer": serial_measurements(measured, costs)}, table)
        costs.layer.update(cycles["layer"])
        cycles["layer"]["pipelined_tile"] = pipelined_tile(measured, costs)
        write_cycles(layers, cycles)
    console.print(table)


def fit_groups(
    file: Path, groups: Mapping[str, Sequence[tuple[Ways, float]]], table: Table
) -> dict[str, dict[str, float]]:
    """Fits the groups of a file of coefficients; returns all that it then holds."""
    cycles = json.loads(file.read_text())["cycles"]
    for name, rows in groups.items():
        if rows:
            cycles[name] = fit(rows, cycles[name])
            add_errors(table, name, relative_errors(rows, cycles[name]))
    write_cycles(file, cycles)
    return cycles


def write_cycles(file: Path, cycles: dict[str, dict[str, float]]) -> None:
    """Writes a file of coefficients."""
    file.write_text(json.dumps({"cycles": cycles}, indent=1) + "\n")


def add_errors(table: Table, name: str, errors: np.typing.NDArray[np.float64]) -> None:
    """A row of a table of errors."""
    ninth = float(np.quantile(errors, 0.9))
    table.add_row(name, str(errors.size), f"{np.median(errors):.1%}", f"{ninth:.1%}")


@app.command()
def check(names: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Compare the model with the layers of the paper's networks on GVSoC."""
    table = Table("network", "layers", "median error", "9 of 10 below")
    medians: list[float] = []
    for name in names or zoo.NETWORKS:
        errors = np.array(list(network_errors(name)))
        add_errors(table, name, errors)
        medians.append(float(np.median(errors)))
    console.print(table)
    if max(medians) > MEDIAN_ERROR:
        raise typer.Exit(1)


def network_errors(name: str) -> Iterator[float]:
    """|model / measured - 1| of every layer, fused ones as one; waits for L3 are the model's."""
    compiled = dsconv.compile(zoo.build(name), target="pulp_open")
    estimates = {layer.label.data: layer.estimate.value.data for layer in compiled.layers}
    for layer in compiled.run(on="gvsoc").layers:
        if layer.cycles and layer.name in estimates:
            yield abs(estimates[layer.name] / layer.cycles - 1)


if __name__ == "__main__":
    app()
