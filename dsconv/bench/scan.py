"""Scan order and fusion against DRAM traffic: the figure of Wu & Huang (DATE 2019), and a sweep.

Of the paper only the abstract is public. It leaves open the baseline, the width of partial sums,
the layout of maps in DRAM and the DRAM's configuration, so all of them stand beside a figure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from dsconv import zoo
from dsconv.bench.results import Cell, Results
from dsconv.dialects.target import Accelerator
from dsconv.errors import DsconvError
from dsconv.execution.accelerator import ScheduledNetwork
from dsconv.execution.report import WIDEST
from dsconv.files import written_at_once
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.parallel.executor import Executor
from dsconv.parallel.sweep import sweep
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.reports.dram import Bounds, ScheduleCost, Setting, saved
from dsconv.reports.dram_plot import draw_traffic
from dsconv.runners.dram import simulator_for
from dsconv.targets import load_accelerator
from dsconv.targets.dram import load_dram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPERS_NETWORK, PAPERS_BUFFER = "mv2-1.0-224", 65536
PAPERS_SAVING = 0.67
"""Of DRAM energy on MobileNetV2 with 64 K entries: the abstract's one figure."""
PAPERS_SCHEDULE = DramSchedule.BLOCKS
"""What the abstract describes: Scan order, and fusion across layers."""
PAPERS_SUMS = (8, 32)
"""Bits of a partial sum with entries of 8: one entry, or four."""

NETWORKS = ("mv1-1.0-224", "mv2-1.0-224", "mv1-224", "mv2-224")
"""MobileNetV1 and V2 of width 1.0, and of width 0.25."""
BUFFERS = (16384, 65536, 262144)
BITS = (8, 16)
"""Of an entry, and of a partial sum."""


@dataclass(frozen=True)
class Case:
    """A schedule of a network of the zoo, and all that its figures depend on."""

    setting: Setting
    schedule: DramSchedule

    def __str__(self) -> str:
        machine = self.setting.accelerator
        sizes = f"{machine.entries}-{machine.entry_bits}-{machine.partial_bits}-{machine.copies}"
        dram = f"{Path(machine.dram).stem}-{self.setting.simulator}"
        return f"{self.setting.network}-{sizes}-{dram}-{self.schedule}"


@dataclass(frozen=True)
class Outcome:
    """What a case costs, and what no schedule of its network goes below."""

    cost: ScheduleCost
    bounds: Bounds


Outcomes = Mapping[Case, Outcome]


@cache
def network(name: str) -> ImportedNetwork:
    """A network of the zoo."""
    return import_onnx(zoo.build(name))


def outcome(case: Case) -> Outcome:
    """What a case costs, found now."""
    imported, machine = network(case.setting.network), case.setting.accelerator
    walked = ScheduledNetwork.of(imported, machine, case.schedule).walk()
    cost = ScheduleCost.of(
        *(case.schedule, walked.trace, walked.high_water),
        *(load_dram(machine.dram), case.setting.simulator),
    )
    return Outcome(cost, Bounds.of(imported.module, machine))


def kept_outcome(case: Case, folder: Path) -> Outcome | None:
    """What a folder keeps of a case; None where it keeps nothing."""
    kept = folder / f"{case}.json"
    if not kept.exists():
        return None
    values = json.loads(kept.read_text())
    return Outcome(ScheduleCost.from_json(values["cost"]), Bounds(**values["bounds"]))


def keep_outcome(case: Case, found: Outcome, folder: Path) -> None:
    """Writes what `kept_outcome` reads."""
    with written_at_once(folder / f"{case}.json") as draft:
        values = {"cost": found.cost.as_json(), "bounds": asdict(found.bounds)}
        draft.write_text(json.dumps(values))


def outcomes_of(
    cases: Sequence[Case], folder: Path, executor: Executor, console: Console
) -> Outcomes:
    """What the cases cost; what the folder does not keep of them is found now, and kept."""
    found = {case: kept_outcome(case, folder) for case in cases}
    missing = [case for case, kept in found.items() if kept is None]
    keep = partial(keep_outcome, folder=folder)
    new = sweep("Scan", outcome, missing, executor, console, keep=keep)
    return new | {case: kept for case, kept in found.items() if kept is not None}


def papers_cases(machine: Accelerator, simulator: str) -> list[Case]:
    """MobileNetV2 with 64 K entries, with both widths of partial sums."""
    return [
        Case(
            Setting(
                PAPERS_NETWORK,
                replace(machine, entries=PAPERS_BUFFER, entry_bits=8, partial_bits=sums),
                simulator,
            ),
            schedule,
        )
        for sums in PAPERS_SUMS
        for schedule in DramSchedule
    ]


def sweep_cases(machine: Accelerator, simulator: str) -> list[Case]:
    """All networks, buffers and widths, a partial sum as wide as an entry."""
    return [
        Case(
            Setting(
                name,
                replace(machine, entries=entries, entry_bits=bits, partial_bits=bits),
                simulator,
            ),
            schedule,
        )
        for name in NETWORKS
        for bits in BITS
        for entries in BUFFERS
        for schedule in DramSchedule
    ]


def savings(case: Case, outcomes: Outcomes, baseline: DramSchedule) -> tuple[float, float]:
    """Shares of time and of energy that a case saves against a schedule in the same setting."""
    ours = outcomes[case].cost.result
    theirs = outcomes[replace(case, schedule=baseline)].cost.result
    return saved(ours.seconds, theirs.seconds), saved(ours.energy.total, theirs.energy.total)


def papers_table(cases: Sequence[Case], outcomes: Outcomes) -> Results:
    """The abstract's figure, and what it can be."""
    columns = (
        *("partial sums", "schedule", "MB read", "MB written", "us", "uJ"),
        *("energy against raster", "against scan", "abstract"),
    )
    rows: list[Sequence[Cell]] = []
    for case in cases:
        cost = outcomes[case].cost
        against = (
            -savings(case, outcomes, baseline)[1]
            for baseline in (DramSchedule.RASTER, DramSchedule.SCAN)
        )
        rows.append(
            (
                *(f"{case.setting.accelerator.partial_bits} bits", str(case.schedule)),
                *_figures(cost),
                *against,
                -PAPERS_SAVING if case.schedule is PAPERS_SCHEDULE else None,
            )
        )
    machine = cases[0].setting.accelerator
    title = (
        f"MobileNetV2 1.0, 224, {PAPERS_BUFFER:,} entries of 8 bits, {machine.copies} copies, "
        f"{machine.dram} by {cases[0].setting.simulator}"
    )
    return Results(title, columns, rows)


def sweep_table(cases: Sequence[Case], outcomes: Outcomes) -> Results:
    """All cases, their savings against raster order, and bounds."""
    columns = (
        *("network", "entries", "bits", "schedule", "MB read", "MB written", "us", "uJ"),
        *("time", "energy", "on chip", "MB by layer", "MB compulsory"),
    )
    rows: list[Sequence[Cell]] = []
    for case in cases:
        machine, found = case.setting.accelerator, outcomes[case]
        time, energy = savings(case, outcomes, DramSchedule.RASTER)
        rows.append(
            (
                *(case.setting.network, machine.entries, machine.entry_bits, str(case.schedule)),
                *_figures(found.cost),
                *(-time, -energy, found.cost.high_water),
                *(f"{size / 1e6:.2f}" for size in (found.bounds.by_layer, found.bounds.compulsory)),
            )
        )
    title = (
        "Time and energy against raster order; no schedule layer by layer moves less than MB by "
        "layer (Chen et al., HPCA 2020), none at all less than MB compulsory"
    )
    return Results(title, columns, rows)


def savings_table(cases: Sequence[Case], outcomes: Outcomes) -> Results:
    """A row for each setting: energy of each schedule against raster order."""
    compared = [schedule for schedule in DramSchedule if schedule is not DramSchedule.RASTER]
    columns = ("network", "entries", "bits", "uJ in raster", *map(str, compared), "time of best")
    rows: list[Sequence[Cell]] = []
    for setting in dict.fromkeys(case.setting for case in cases):
        machine = setting.accelerator
        raster = outcomes[Case(setting, DramSchedule.RASTER)].cost.result
        saved_shares = [
            savings(Case(setting, schedule), outcomes, DramSchedule.RASTER) for schedule in compared
        ]
        rows.append(
            (
                *(setting.network, machine.entries, machine.entry_bits),
                round(raster.energy.total / 1e3),
                *(-energy for _, energy in saved_shares),
                -saved_shares[-1][0],
            )
        )
    return Results("DRAM energy against raster order", columns, rows)


def _figures(cost: ScheduleCost) -> tuple[str, str, int, int]:
    return (
        f"{cost.bytes_read / 1e6:.2f}",
        f"{cost.bytes_written / 1e6:.2f}",
        round(cost.result.seconds * 1e6),
        round(cost.result.energy.total / 1e3),
    )


def plot_savings(cases: Iterable[Case], outcomes: Outcomes, path: Path) -> None:
    """Energy saved against raster order, by network and buffer, beside the abstract's figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    grid = figure.subplots(len(BITS), len(NETWORKS), sharey=True, squeeze=False)
    width = 0.8 / (len(DramSchedule) - 1)
    for case in cases:
        machine, number = case.setting.accelerator, list(DramSchedule).index(case.schedule)
        if case.schedule is DramSchedule.RASTER:
            continue
        axes = grid[BITS.index(machine.entry_bits)][NETWORKS.index(case.setting.network)]
        buffer = BUFFERS.index(machine.entries)
        axes.bar(
            buffer - 0.4 + width * (number - 0.5),
            100 * savings(case, outcomes, DramSchedule.RASTER)[1],
            width,
            color=f"C{number}",
            label=str(case.schedule) if buffer == 0 else None,
        )
        if case.setting.network == PAPERS_NETWORK and machine.entries == PAPERS_BUFFER:
            axes.hlines(100 * PAPERS_SAVING, buffer - 0.45, buffer + 0.45, "black", ":")
        axes.set_title(f"{case.setting.network}, {machine.entry_bits} bits", fontsize=9)
        axes.set_xticks(range(len(BUFFERS)), [f"{size // 1024}K" for size in BUFFERS])
    for row in grid:
        row[0].set_ylabel("DRAM energy saved, %")
    grid[0][0].legend(fontsize=7)
    save_as_svg(figure, path)


def plot_traffic(cases: Iterable[Case], outcomes: Outcomes, path: Path) -> None:
    """MB moved by the size of the buffer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    grid = figure.subplots(len(BITS), len(NETWORKS), squeeze=False)
    grouped: dict[tuple[int, str], dict[str, list[tuple[int, int]]]] = {}
    bounds: dict[tuple[int, str], Bounds] = {}
    for case in cases:
        machine = case.setting.accelerator
        key = machine.entry_bits, case.setting.network
        points = grouped.setdefault(key, {}).setdefault(case.schedule, [])
        points.append((machine.entries, outcomes[case].cost.bytes))
        bounds[key] = outcomes[case].bounds
    for (bits, name), traffic in grouped.items():
        axes = grid[BITS.index(bits)][NETWORKS.index(name)]
        draw_traffic(axes, traffic, bounds[bits, name])
        axes.set_title(f"{name}, {bits} bits", fontsize=9)
    save_as_svg(figure, path)


def save_as_svg(figure: Figure, path: Path) -> None:
    """Writes a figure, the same bytes each time, with text as text."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "dsconv"}):
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def bench_scan(
    output: Path, executor: Executor, console: Console, *, dram: str, simulator: str
) -> None:
    """Prints the tables and writes them, as CSV and Markdown, with plots to a folder.

    What was found before is kept in its folder `cases`: the sweep may be broken off, and goes on
    where it ended. Raises DsconvError where the simulator cannot run the DRAM or is not here.
    """
    device = load_dram(dram)
    chosen = simulator_for(simulator, device)
    machine = load_accelerator("dram_accelerator").accelerator
    machine = replace(machine, dram=dram, line_bytes=device.line_bytes)
    papers, all_cases = papers_cases(machine, chosen), sweep_cases(machine, chosen)
    kept = output / "cases"
    try:
        kept.mkdir(parents=True, exist_ok=True)
        cases = list(dict.fromkeys((*papers, *all_cases)))
        outcomes = outcomes_of(cases, kept, executor, console)
        wide = Console(width=2 * WIDEST, file=console.file)
        tables = {
            "paper": papers_table(papers, outcomes),
            "sweep": sweep_table(all_cases, outcomes),
            "savings": savings_table(all_cases, outcomes),
        }
        for name, results in tables.items():
            wide.print(results.table())
            results.write(output / name)
        plot_savings(all_cases, outcomes, output / "savings.svg")
        plot_traffic(all_cases, outcomes, output / "traffic.svg")
    except OSError as error:
        raise DsconvError(f"cannot write {output}: {error.strerror}") from error
    console.print(f"{output}: tables as CSV and Markdown, and plots", highlight=False)
