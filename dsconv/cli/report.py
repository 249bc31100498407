"""dsconv report: what was read and decided, as a table, a page, a document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dsconv.cli.consoles import errors
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
from dsconv.cli.options import CompileOptions, Model, TargetOption, with_compile_options
from dsconv.cli.progress import working
from dsconv.errors import DsconvError
from dsconv.execution.report import WIDEST, read_as
from dsconv.files import check_writable, output_path, written_at_once
from dsconv.runners.platforms import Runner
from dsconv.targets import SYSTOLIC, kind_of

if TYPE_CHECKING:
    from dsconv.frontends import ImportedNetwork


@with_compile_options
def report_command(
    model: Model,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE.html",
            parser=output_path,
            help="Verify and run it, and write all that there is to say on one page.",
        ),
    ] = None,
    on: Annotated[
        Runner | None,
        typer.Option(
            "--on", help="Verify and run it there: gvsoc measures. With --html: host by default."
        ),
    ] = None,
    stalls: Annotated[
        bool, typer.Option("--stalls", help="With --on gvsoc: count what the cores wait for.")
    ] = False,
    memory: Annotated[bool, typer.Option("--memory", help="Show the memory plan.")] = False,
    program: Annotated[
        bool, typer.Option("--program", help="Build it; show what code and stacks take.")
    ] = False,
    pareto: Annotated[
        bool,
        typer.Option(
            "--pareto",
            help="Show all schedules worth having (of an array: mappings): cycles and bytes.",
        ),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE.png",
            parser=output_path,
            help="Draw L1, L2 and L3: address against time.",
        ),
    ] = None,
    json_file: JsonFile = None,
    target: TargetOption = "gap8",
    scale_sim: Annotated[
        Path | None,
        typer.Option(
            "--scale-sim",
            metavar="DIR",
            parser=output_path,
            help="For a systolic array: write topology, layout and configuration for SCALE-Sim.",
        ),
    ] = None,
    *,
    options: CompileOptions,
) -> None:
    """Show what was read and what the compiler decided, layer by layer.

    It is run where --html or --on asks for that. For a systolic array (--target
    systolic_16, systolic_64, a .toml or a gemmini_params.h) the report is the
    mapping of each layer, and its cycles.
    """
    check_json_path(json_file)
    people = people_console(json_file)
    if kind_of(target) is SYSTOLIC:
        on_cluster = options.l1, options.l2, options.kernel, options.remarks
        if memory or program or plot or html or on or stalls or any(on_cluster):
            raise DsconvError(
                "an array's report has no options but --passes, --objective, --pareto, --json and "
                "--scale-sim"
            )
        report_array(model, target, options, pareto, scale_sim, json_file)
        return
    if scale_sim is not None:
        raise DsconvError(f"--scale-sim goes with a systolic array, not with {target}")
    if stalls and on is None:
        raise DsconvError("--stalls are counted in a run: say where, --on gvsoc")
    from dsconv.reports.footprint import Footprint
    from dsconv.reports.network_report import NetworkReport, Trial

    for path in (plot, html):
        if path is not None:
            check_writable(path)
    compiled = options.compile(model, target)
    is_run = html is not None or on is not None
    print_import(compiled.imported, people, notes=not is_run)
    trial = None
    if is_run:
        with working(f"verify {model}"):
            trial = Trial.of(compiled, model, on=on or Runner.HOST, stalls=stalls)
    with working("choose schedules"):
        report = NetworkReport.of(
            compiled, trial, pareto=pareto or html is not None, measurer=options.measurer
        )
    report.print(people, memory=memory, pareto=pareto)
    if program:
        Footprint.of(compiled).print(people)
    if plot is not None:
        from dsconv.reports.memory_plot import plot_memory

        plot_memory(report.memory, plot)
    if html is not None:
        from dsconv.reports.page.page import page_of

        with written_at_once(html) as draft:
            draft.write_text(page_of(report), encoding="utf-8")
        errors.print(f"{html}: the report, for a browser", highlight=False)
    write_document(json_file, Kind.REPORT, report.as_json())
    if trial is not None and not trial.equal:
        raise typer.Exit(1)


def report_array(
    model: Path,
    target: str,
    options: CompileOptions,
    pareto: bool,
    scale_sim: Path | None,
    json_file: Path | None,
) -> None:
    """Shows how an array runs a network, and writes it for SCALE-Sim."""
    from dsconv.api import map_to_array
    from dsconv.reports.mapping_front import MappingFront
    from dsconv.reports.mappings import Mappings
    from dsconv.reports.scale_sim import write_scale_sim

    mapped = map_to_array(
        model,
        target,
        flavour=options.flavour,
        passes=options.passes,
        objective=options.objective,
    )
    people = people_console(json_file)
    print_import(mapped.imported, people, notes=True)
    wide = Console(width=WIDEST, file=people.file)
    mappings = Mappings.of(mapped)
    mappings.print(wide)
    if pareto:
        MappingFront.of(mapped).print(wide)
    if scale_sim is not None:
        write_scale_sim(mapped, scale_sim)
        people.print(f"{scale_sim}: for python -m scalesim.scale -i gemm", highlight=False)
    write_document(json_file, Kind.ARRAY_REPORT, mappings.as_json())


def print_import(imported: ImportedNetwork, console: Console, *, notes: bool) -> None:
    """Inputs and outputs of a model; flavour and notes where no run that follows says them."""
    for kind, ports in (("input", imported.inputs), ("output", imported.outputs)):
        for port in ports:
            console.print(f"{kind} {port.name}: {port.meaning}", markup=False, highlight=False)
    console.print(f"{len(imported.layers)} layers", highlight=False)
    for note in (read_as(imported.flavour), *imported.notes) if notes else ():
        console.print(f"note: {note}", style="dim", markup=False, highlight=False)
