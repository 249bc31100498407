"""dsconv report: what was read and decided, without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dsconv.cli.consoles import console
from dsconv.cli.options import (
    L1,
    L2,
    CostSource,
    Flavour,
    Jobs,
    Kernel,
    Model,
    ObjectiveOption,
    Passes,
    Profile,
    Remarks,
    TargetOption,
    measurer_for,
)
from dsconv.execution.report import WIDEST, read_as
from dsconv.files import check_writable, output_path
from dsconv.passes.scheduling.search import Objective

if TYPE_CHECKING:
    from dsconv.frontends import ImportedNetwork


def report_command(
    model: Model,
    memory: Annotated[bool, typer.Option("--memory", help="Show the memory plan.")] = False,
    program: Annotated[
        bool, typer.Option("--program", help="Build it; show what code and stacks take.")
    ] = False,
    pareto: Annotated[
        bool, typer.Option("--pareto", help="Show all schedules worth having: cycles and bytes.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE.png",
            parser=output_path,
            help="Draw L2: address against time.",
        ),
    ] = None,
    target: TargetOption = "gap8",
    flavour: Flavour = None,
    l1: L1 = None,
    l2: L2 = None,
    passes: Passes = None,
    objective: ObjectiveOption = Objective.LATENCY,
    kernel: Kernel = None,
    profile: Profile = CostSource.MODEL,
    jobs: Jobs = 1,
    remarks: Remarks = False,
) -> None:
    """Show what was read and what the compiler decided, without running it."""
    from dsconv.api import compile
    from dsconv.reports.footprint import Footprint
    from dsconv.reports.memory import MemoryPlan
    from dsconv.reports.pareto_front import ParetoFront

    if plot is not None:
        check_writable(plot)
    measurer = measurer_for(profile, jobs)
    compiled = compile(
        model,
        target,
        flavour=flavour,
        l1=l1,
        l2=l2,
        passes=passes,
        objective=objective,
        kernel=kernel,
        remarks=remarks,
        measurer=measurer,
    )
    print_import(compiled.imported)
    if memory or plot is not None:
        plan = MemoryPlan.of(compiled.lowered)
        plan.print(Console(width=WIDEST))
        if plot is not None:
            plan.plot(plot)
    if pareto:
        ParetoFront.of(compiled, measurer).print(Console(width=WIDEST))
    if program:
        Footprint.of(compiled).print(console)


def print_import(imported: ImportedNetwork) -> None:
    """Flavour, inputs, outputs and notes of a model."""
    for kind, ports in (("input", imported.inputs), ("output", imported.outputs)):
        for port in ports:
            console.print(f"{kind} {port.name}: {port.meaning}", markup=False, highlight=False)
    console.print(f"{len(imported.layers)} layers", highlight=False)
    for note in (read_as(imported.flavour), *imported.notes):
        console.print(f"note: {note}", style="dim", markup=False, highlight=False)
