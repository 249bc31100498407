"""dsconv run: a network built, run, and compared with the reference semantics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from dsconv.cli.arrays import Array, GivenArrays, check_arrays_path, load_array, write_arrays
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
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
from dsconv.cli.progress import working
from dsconv.errors import DsconvError
from dsconv.files import output_path
from dsconv.runners.platforms import Runner, default_target

if TYPE_CHECKING:
    from dsconv.frontends import ImportedNetwork
    from dsconv.verification.accuracy import Accuracy

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
        str | None,
        typer.Option("--labels", metavar=ARRAYS, help="Classes of the inputs, for the accuracy."),
    ] = None,
    float_model: Annotated[
        Path | None,
        typer.Option(
            "--float",
            metavar="FLOAT.onnx",
            help="With --labels: the float network that the model comes from, for its accuracy.",
        ),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Show the table of layers.")] = False,
    stalls: Annotated[
        bool, typer.Option("--stalls", help="On gvsoc: show what the cores wait for, by layer.")
    ] = False,
    rtl: Annotated[
        bool,
        typer.Option("--rtl", help="On array: run tiles in SystemVerilog, too."),
    ] = False,
    json_file: JsonFile = None,
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

    On a systolic array (--on array, with --target systolic_16, systolic_64 or a
    .toml) every register is simulated in every clock.
    """
    from dsconv.reports.memory import MemoryPlan

    given = GivenArrays.load("--input", input)
    expected = GivenArrays.load("--expect", expect)
    classes = None if labels is None else load_array(labels)
    if output is not None:
        check_arrays_path(output)
    check_json_path(json_file)
    if float_model is not None and classes is None:
        raise DsconvError("--float goes with --labels: it is for the accuracy")
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
        network, kind, memory = mapped.imported, Kind.ARRAY_RUN, None
        x = None if given is None else given.for_ports(network.inputs)
        score = _scorer(network, x, classes, float_model)
        with working(f"run {model} on an array"):
            report = mapped.run(
                x,
                expect=None if expected is None else expected.for_ports(network.outputs),
                rtl=rtl,
            )
    elif rtl:
        raise DsconvError("--rtl goes with --on array")
    else:
        compiled = options.compile(
            model, target or default_target(Runner(on.value)), verify_each=verify_each
        )
        network, kind = compiled.imported, Kind.RUN
        memory = MemoryPlan.of(compiled.lowered).as_json()
        x = None if given is None else given.for_ports(network.inputs)
        score = _scorer(network, x, classes, float_model)
        with working(f"run {model} on {on.value}"):
            report = compiled.run(
                x,
                on=on.value,
                expect=None if expected is None else expected.for_ports(network.outputs),
                stalls=stalls,
            )
    people = people_console(json_file)
    report.print(people, layers=layers)
    accuracy = None if score is None else score(report.output)
    if accuracy is not None:
        people.print(str(accuracy), highlight=False)
    write_document(
        json_file,
        kind,
        {
            **report.as_json(),
            **({} if memory is None else {"memory": memory}),
            "accuracy": None if accuracy is None else accuracy.as_json(),
        },
    )
    if output is not None:
        write_arrays(output, report.outputs)
    if not report.equal:
        raise typer.Exit(1)


def _scorer(
    network: ImportedNetwork, x: object, labels: Array | None, float_model: Path | None
) -> Callable[[Array], Accuracy] | None:
    """What tells the accuracy of outputs; labels and the float network are checked before."""
    if labels is None:
        return None
    from dsconv.execution.ports import quantised_inputs
    from dsconv.verification.accuracy import Accuracy, Score, check_labels, float_score

    if x is None:
        raise DsconvError("--labels are the classes of inputs: give those with --input")
    count = len(quantised_inputs(x, network.inputs)[0])
    classes = check_labels(labels, count, network.outputs)
    beside: Score | None = None
    if float_model is not None:
        arrays = list(x.values()) if isinstance(x, Mapping) else [x]
        if len(arrays) != 1:
            raise DsconvError("--float is for networks with one input")
        with working(f"run {float_model} in ONNX Runtime"):
            beside = float_score(float_model, np.asarray(arrays[0]), classes)
    return lambda outputs: Accuracy(Score.count(outputs, classes), beside)
