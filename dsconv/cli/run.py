"""dsconv run: a network built, run, and compared with the reference semantics."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dsconv.cli.arrays import Array, GivenArrays, check_arrays_path, load_array, write_arrays
from dsconv.cli.consoles import console, errors
from dsconv.cli.options import (
    ARRAYS,
    NAMED_ARRAYS,
    CompileOptions,
    CostSource,
    Inputs,
    Model,
    RunnerTarget,
    VerifyEach,
    with_compile_options,
)
from dsconv.errors import DsconvError
from dsconv.execution.accuracy import right_outputs
from dsconv.files import check_writable, output_path, written_at_once
from dsconv.runners.platforms import Runner, default_target

STDOUT = Path("-")
DEFAULT_ARRAY = "systolic_64"


class Place(StrEnum):
    """Where a network can run: its C, or its layers on a systolic array."""

    HOST = Runner.HOST
    QEMU = Runner.QEMU
    GVSOC = Runner.GVSOC
    ARRAY = "array"


@with_compile_options
def run_command(
    model: Model,
    on: Annotated[Place, typer.Option("--on", help="Where to run.")] = Place.HOST,
    target: RunnerTarget = None,
    verify_each: VerifyEach = False,
    input: Inputs = None,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect", metavar=NAMED_ARRAYS, help="Outputs to compare with, as --input has them."
        ),
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar=ARRAYS, help="Classes, for the accuracy.")
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Show the table of layers.")] = False,
    stalls: Annotated[
        bool, typer.Option("--stalls", help="On gvsoc: show what the cores wait for, by layer.")
    ] = False,
    rtl: Annotated[
        bool,
        typer.Option("--rtl", help="On array: run tiles in SystemVerilog, too."),
    ] = False,
    json_file: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            parser=output_path,
            help="Write the report as JSON; - is stdout, and the report for people goes to stderr.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="Y.npz|Y.npy",
            parser=output_path,
            help="Write the outputs, by their names.",
        ),
    ] = None,
    *,
    options: CompileOptions,
) -> None:
    """Build and run a network, and compare every layer with the reference semantics.

    On a systolic array (--on array, with --target systolic_16, systolic_64 or a .toml) every
    register is simulated in every clock.
    """
    given = GivenArrays.load("--input", input)
    expected = GivenArrays.load("--expect", expect)
    classes = None if labels is None else load_array(labels)
    if output is not None:
        check_arrays_path(output)
    if json_file is not None and json_file != STDOUT:
        check_writable(json_file)
    if on is Place.ARRAY:
        on_cluster = options.l1, options.l2, options.kernel, options.remarks, stalls
        if any(on_cluster) or options.profile is not CostSource.MODEL:
            raise DsconvError(
                "an array has no L1, L2, fused kernels or stalls: leave out --l1, --l2, --kernel, "
                "--remarks, --stalls and --profile"
            )
        from dsconv.api import map_to_array

        mapped = map_to_array(
            model,
            target or DEFAULT_ARRAY,
            flavour=options.flavour,
            passes=options.passes,
            objective=options.objective,
            verify_each=verify_each,
        )
        report = mapped.run(
            None if given is None else given.for_ports(mapped.imported.inputs),
            expect=None if expected is None else expected.for_ports(mapped.imported.outputs),
            rtl=rtl,
        )
    elif rtl:
        raise DsconvError("--rtl goes with --on array")
    else:
        compiled = options.compile(
            model, target or default_target(Runner(on.value)), verify_each=verify_each
        )
        report = compiled.run(
            None if given is None else given.for_ports(compiled.imported.inputs),
            on=on.value,
            expect=None if expected is None else expected.for_ports(compiled.imported.outputs),
            stalls=stalls,
        )
    people = errors if json_file == STDOUT else console
    report.print(people, layers=layers)
    if classes is not None:
        people.print(accuracy(report.output, classes), highlight=False)
    if json_file is not None:
        write_json(json_file, report.as_json())
    if output is not None:
        write_arrays(output, report.outputs)
    if not report.equal:
        raise typer.Exit(1)


def accuracy(outputs: Array, labels: Array) -> str:
    """Share of the outputs whose largest value is at the label."""
    right = right_outputs(outputs, labels)
    return f"accuracy: {right} of {len(outputs)} right, {right / len(outputs):.2%}"


def write_json(path: Path, report: object) -> None:
    """Writes a report to a file, or to stdout."""
    text = json.dumps(report, indent=2)
    if path == STDOUT:
        typer.echo(text)
        return
    with written_at_once(path) as draft:
        draft.write_text(f"{text}\n")
