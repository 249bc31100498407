"""dsconv compile: a network to a folder of C."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dsconv.cli.consoles import errors
from dsconv.cli.options import (
    L1,
    L2,
    CostSource,
    Flavour,
    Jobs,
    Kernel,
    Model,
    ObjectiveOption,
    OutputFolder,
    Passes,
    Profile,
    Remarks,
    TargetOption,
    VerifyEach,
    measurer_for,
)
from dsconv.execution.report import read_as
from dsconv.passes.scheduling.search import Objective


def compile_command(
    model: Model,
    output: OutputFolder,
    target: TargetOption = "gap8",
    flavour: Flavour = None,
    l1: L1 = None,
    l2: L2 = None,
    passes: Passes = None,
    objective: ObjectiveOption = Objective.LATENCY,
    kernel: Kernel = None,
    remarks: Remarks = False,
    print_ir_after_all: Annotated[
        bool, typer.Option("--print-ir-after-all", help="Print the IR after every pass.")
    ] = False,
    profile: Profile = CostSource.MODEL,
    jobs: Jobs = 1,
    verify_each: VerifyEach = False,
    library: Annotated[
        bool,
        typer.Option("--library", help="C to link into your own program, without main."),
    ] = False,
) -> None:
    """Compile a network to C that builds without dsconv."""
    from dsconv.api import compile

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
        trace=sys.stdout if print_ir_after_all else None,
        verify_each=verify_each,
        measurer=measurer_for(profile, jobs),
    )
    compiled.write(output, library=library)
    for note in (read_as(compiled.imported.flavour), *compiled.imported.notes):
        errors.print(f"note: {note}", style="dim", markup=False, highlight=False)
    errors.print(f"{output}: C for {compiled.target.name}; build it with make -C {output}")
