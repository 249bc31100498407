"""dsconv compare: which machine, and which operator, for one network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dsconv.cli.arrays import GivenArrays, load_array
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
from dsconv.cli.options import ARRAYS, NAMED_ARRAYS, Jobs, Model, Scheduler
from dsconv.errors import DsconvError
from dsconv.files import output_path

TARGETS = "gap8,dram_accelerator,systolic_16,systolic_64"


def compare_command(
    model: Model,
    targets: Annotated[
        str, typer.Option("--targets", metavar="NAME,NAME", help="Machines: names or .toml files.")
    ] = TARGETS,
    variants: Annotated[
        str | None,
        typer.Option(
            "--variants",
            metavar="NAME,NAME",
            help="Beside the model: half, full (axial layers, untrained), or other model files, "
            "such as trained students.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", metavar=NAMED_ARRAYS, help="Inputs, for the accuracy."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar=ARRAYS, help="Classes, for the accuracy.")
    ] = None,
    on: Annotated[
        str,
        typer.Option(
            "--on",
            help="Who says a cluster's cycles: gvsoc, model, or auto: GVSoC where it is here.",
        ),
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Folder for table and plot."
        ),
    ] = None,
    json_file: JsonFile = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Compare machines and operators for one network: accuracy, cycles, bytes and energy.

    All machines compute the same values, so the accuracy is that of the variant.
    """
    from dsconv.bench.comparison import ClusterCycles, Labelled, compare, print_comparison
    from dsconv.frontends import import_onnx
    from dsconv.parallel.executor import executor_for

    if on not in list(ClusterCycles):
        raise DsconvError(f"no cycles by {on}; there are {', '.join(ClusterCycles)}")
    check_json_path(json_file)
    people = people_console(json_file)
    labelled = None
    given = GivenArrays.load("--data", data)
    if (given is None) != (labels is None):
        raise DsconvError("the accuracy takes both --data and --labels")
    if given is not None and labels is not None:
        labelled = Labelled(given.for_ports(import_onnx(model).inputs), load_array(labels))
    comparison = compare(
        model,
        [] if variants is None else variants.split(","),
        targets.split(","),
        executor_for(jobs, scheduler),
        people,
        cycles=ClusterCycles(on),
        data=labelled,
    )
    print_comparison(comparison, output, people)
    write_document(json_file, Kind.COMPARISON, comparison.as_json())
