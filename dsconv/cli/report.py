"""dsconv report: what was read and decided, without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dsconv.cli.consoles import console
from dsconv.cli.options import CompileOptions, Model, TargetOption, with_compile_options
from dsconv.errors import DsconvError
from dsconv.execution.report import WIDEST, read_as
from dsconv.files import check_writable, output_path
from dsconv.targets import SYSTOLIC, kind_of

if TYPE_CHECKING:
    from dsconv.execution.array import MappedNetwork
    from dsconv.frontends import ImportedNetwork


@with_compile_options
def report_command(
    model: Model,
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
            help="Draw L2: address against time.",
        ),
    ] = None,
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
    """Show what was read and what the compiler decided, without running it.

    For a systolic array (--target systolic_16, systolic_64, a .toml or a gemmini_params.h) that is
    the mapping of each layer, and its cycles.
    """
    from dsconv.api import map_to_array

    if kind_of(target) is SYSTOLIC:
        on_cluster = options.l1, options.l2, options.kernel, options.remarks
        if memory or program or plot or any(on_cluster):
            raise DsconvError(
                "an array's report has no options but --passes, --objective, --pareto and "
                "--scale-sim"
            )
        mapped = map_to_array(
            model,
            target,
            flavour=options.flavour,
            passes=options.passes,
            objective=options.objective,
        )
        report_array(mapped, pareto=pareto, scale_sim=scale_sim)
        return
    if scale_sim is not None:
        raise DsconvError(f"--scale-sim goes with a systolic array, not with {target}")
    from dsconv.reports.footprint import Footprint
    from dsconv.reports.memory import MemoryPlan
    from dsconv.reports.pareto_front import ParetoFront

    if plot is not None:
        check_writable(plot)
    compiled = options.compile(model, target)
    print_import(compiled.imported)
    if memory or plot is not None:
        plan = MemoryPlan.of(compiled.lowered)
        plan.print(Console(width=WIDEST))
        if plot is not None:
            plan.plot(plot)
    if pareto:
        ParetoFront.of(compiled, options.measurer).print(Console(width=WIDEST))
    if program:
        Footprint.of(compiled).print(console)


def report_array(mapped: MappedNetwork, *, pareto: bool, scale_sim: Path | None) -> None:
    """Shows how an array runs a network, and writes it for SCALE-Sim."""
    from dsconv.reports.mapping_front import MappingFront
    from dsconv.reports.mappings import Mappings
    from dsconv.reports.scale_sim import write_scale_sim

    print_import(mapped.imported)
    Mappings.of(mapped).print(Console(width=WIDEST))
    if pareto:
        MappingFront.of(mapped).print(Console(width=WIDEST))
    if scale_sim is not None:
        write_scale_sim(mapped, scale_sim)
        console.print(f"{scale_sim}: for python -m scalesim.scale -i gemm", highlight=False)


def print_import(imported: ImportedNetwork) -> None:
    """Flavour, inputs, outputs and notes of a model."""
    for kind, ports in (("input", imported.inputs), ("output", imported.outputs)):
        for port in ports:
            console.print(f"{kind} {port.name}: {port.meaning}", markup=False, highlight=False)
    console.print(f"{len(imported.layers)} layers", highlight=False)
    for note in (read_as(imported.flavour), *imported.notes):
        console.print(f"note: {note}", style="dim", markup=False, highlight=False)
