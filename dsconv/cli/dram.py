"""dsconv dram and dsconv bench scan: an accelerator behind DRAM."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dsconv.cli.bench import bench
from dsconv.cli.consoles import console
from dsconv.cli.documents import STDOUT, JsonFile, Kind, check_json_path, write_document
from dsconv.cli.options import Flavour, Jobs, Model, Scheduler
from dsconv.errors import DsconvError
from dsconv.execution.report import WIDEST
from dsconv.files import check_writable, output_path, written_at_once
from dsconv.runners.dram import AUTO, CHOICES

if TYPE_CHECKING:
    from dsconv.dialects.target import Accelerator
    from dsconv.frontends import ImportedNetwork
    from dsconv.passes.dram.schedule import DramSchedule
    from dsconv.reports.dram_plot import Traffic

ALL = "all"
BUFFERS_DRAWN = (0.25, 0.5, 1, 2, 4)
"""In the plot of traffic, in sizes of the buffer."""


class EntryBits(StrEnum):
    """Widths of an entry."""

    EIGHT = "8"
    SIXTEEN = "16"


class PartialBits(StrEnum):
    """Widths of a partial sum."""

    EIGHT = "8"
    SIXTEEN = "16"
    THIRTY_TWO = "32"


Dram = Annotated[
    str | None,
    typer.Option("--dram", help="DDR3-1333, DDR3-1600, LPDDR3-1600, LPDDR4-3200 or a .toml."),
]
Simulator = Annotated[
    str,
    typer.Option(
        "--simulator",
        help=f"Who says time and energy: {', '.join(CHOICES)}. {AUTO} is a simulator that is here "
        "and runs the DRAM, else the model.",
    ),
]


def dram_command(
    model: Model,
    target: Annotated[
        str, typer.Option("--target", help="dram_accelerator or a .toml.")
    ] = "dram_accelerator",
    buffer: Annotated[
        int | None, typer.Option("--buffer", metavar="ENTRIES", min=1, help="Buffer on chip.")
    ] = None,
    entry_bits: Annotated[
        EntryBits | None, typer.Option("--entry-bits", help="Of an entry of the buffer.")
    ] = None,
    partial_bits: Annotated[
        PartialBits | None, typer.Option("--partial-bits", help="Of a partial sum in the buffer.")
    ] = None,
    dram: Dram = None,
    schedule: Annotated[
        str, typer.Option("--schedule", help="raster, scan, pairs, blocks, best or all.")
    ] = ALL,
    simulator: Simulator = AUTO,
    flavour: Flavour = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            "--trace",
            metavar="FILE",
            parser=output_path,
            help="Write the bursts of the one schedule, as DRAMSim2 and DRAMsim3 read them.",
        ),
    ] = None,
    json_file: JsonFile = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE.png",
            parser=output_path,
            help="Draw energy by layer, and traffic by the size of the buffer.",
        ),
    ] = None,
) -> None:
    """Schedule a network for an accelerator behind DRAM: what is moved, its time and energy.

    Without options but the model: all schedules, with the target's buffer and
    DRAM.
    """
    from dsconv.execution.accelerator import ScheduledNetwork
    from dsconv.frontends import import_onnx
    from dsconv.passes.dram.schedule import DramSchedule
    from dsconv.reports.dram import BASELINE, Bounds, DramReport, ScheduleCost, Setting
    from dsconv.reports.dram_plot import plot_report
    from dsconv.runners.dram import simulator_for
    from dsconv.runners.dram.trace_file import write_trace
    from dsconv.targets import load_accelerator
    from dsconv.targets.dram import load_dram

    schedules = _schedules(schedule)
    if trace is not None and len(schedules) > 1:
        raise DsconvError("--trace writes one schedule: say which with --schedule")
    check_json_path(json_file)
    for path in (trace, plot):
        if path is not None:
            check_writable(path)
    machine = load_accelerator(target).accelerator
    changes = {
        "entries": buffer,
        "entry_bits": entry_bits and int(entry_bits),
        "partial_bits": partial_bits and int(partial_bits),
        "dram": dram,
    }
    machine = replace(machine, **{name: value for name, value in changes.items() if value})
    device = load_dram(machine.dram)
    machine = replace(machine, line_bytes=device.line_bytes)
    chosen = simulator_for(simulator, device)
    imported = import_onnx(model, flavour=flavour)

    costs: dict[DramSchedule, ScheduleCost] = {}
    for each in dict.fromkeys((DramSchedule(BASELINE), *schedules)):
        walked = ScheduledNetwork.of(imported, machine, each).walk()
        costs[each] = ScheduleCost.of(each, walked.trace, walked.high_water, device, chosen)
        if trace is not None and each in schedules:
            with written_at_once(trace) as draft:
                write_trace(walked.trace.bursts(device.line_bytes), draft)
    report = DramReport(
        Setting(model.stem, machine, chosen),
        Bounds.of(imported.module, machine),
        costs[DramSchedule(BASELINE)],
        [costs[each] for each in schedules],
    )
    report.print(Console(width=WIDEST, stderr=json_file == STDOUT))
    write_document(json_file, Kind.DRAM, report.as_json())
    if plot is not None:
        traffic = _traffic(imported, machine, schedules)
        with written_at_once(plot) as draft:
            plot_report(report, traffic, draft)


def _schedules(choice: str) -> list[DramSchedule]:
    from dsconv.passes.dram.schedule import DramSchedule

    if choice == ALL:
        return list(DramSchedule)
    if choice not in list(DramSchedule):
        raise DsconvError(f"no schedule {choice}; there are {', '.join(DramSchedule)} and {ALL}")
    return [DramSchedule(choice)]


def _traffic(
    imported: ImportedNetwork, machine: Accelerator, schedules: list[DramSchedule]
) -> Traffic:
    """Bytes by buffer, without those that are too small."""
    from dsconv.errors import CapacityError
    from dsconv.execution.accelerator import ScheduledNetwork

    found: dict[str, list[tuple[int, int]]] = {schedule: [] for schedule in schedules}
    for size in BUFFERS_DRAWN:
        resized = replace(machine, entries=int(size * machine.entries))
        for schedule in schedules:
            try:
                moved = ScheduledNetwork.of(imported, resized, schedule).moved_bytes
            except CapacityError:
                continue
            found[schedule].append((resized.entries, moved))
    return found


@bench.command("scan")
def bench_scan_command(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Folder for tables and plots."
        ),
    ] = Path("build/scan"),
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    dram: Annotated[
        str,
        typer.Option("--dram", help="DDR3-1333, DDR3-1600, LPDDR3-1600, LPDDR4-3200 or a .toml."),
    ] = "DDR3-1333",
    simulator: Simulator = AUTO,
) -> None:
    """Wu & Huang's figure, and MobileNets of two widths with three buffers, by all schedules.

    Takes an hour the first time; what was found is kept, so it may be stopped at
    any time.
    """
    from dsconv.bench.scan import bench_scan
    from dsconv.parallel.executor import executor_for

    executor = executor_for(jobs, scheduler)
    bench_scan(output, executor, console, dram=dram, simulator=simulator)
