"""dsconv support, targets, doctor, schema and zoo: what is read, compiled for, installed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from dsconv.cli.consoles import errors
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
from dsconv.cli.options import OutputModel
from dsconv.errors import DsconvError
from dsconv.files import written_at_once


def support_command() -> None:
    """Show which flavours and operations can be read, as Markdown."""
    from dsconv.frontends.support import support

    typer.echo(support(), nl=False)


def schema_command() -> None:
    """Print the JSON schema of reports for programs."""
    from dsconv.reports.schema import schema

    typer.echo(json.dumps(schema(), indent=2))


def doctor_command(json_file: JsonFile = None) -> None:
    """Show which compilers and simulators are here and start, and how to get the others."""
    from dsconv.doctor import check

    check_json_path(json_file)
    console = people_console(json_file)
    tools = check()
    for tool in tools:
        if tool.path is None:
            console.print(f"[red]no[/red]  {tool.name}: {tool.purpose}", highlight=False)
            console.print(f"    to get it: {tool.how_to_get}", highlight=False)
        elif tool.problem is not None:
            console.print(
                f"[red]no[/red]  {tool.name}: {tool.path} does not start", highlight=False
            )
            console.print(f"    {tool.problem}", markup=False, highlight=False)
        else:
            console.print(
                f"[green]ok[/green]  {tool.name}: {tool.path} {tool.version}", highlight=False
            )
    rows = [
        {**asdict(tool), "path": None if tool.path is None else str(tool.path)} for tool in tools
    ]
    write_document(json_file, Kind.TOOLS, {"tools": rows})


def targets_command(json_file: JsonFile = None) -> None:
    """Show the targets that come with dsconv, and the memories for an accelerator behind DRAM."""
    from dsconv.targets import KINDS
    from dsconv.targets.dram import dram_names, load_dram

    check_json_path(json_file)
    console = people_console(json_file)
    targets = [(kind.name, kind.load(name)) for kind in KINDS for name in kind.names]
    machines = [*targets, *(("dram", load_dram(name)) for name in dram_names())]
    for _, machine in machines:
        console.print(f"{machine.name}: {machine.description}", markup=False, highlight=False)
    rows = [
        {"name": machine.name, "kind": kind, "description": machine.description}
        for kind, machine in machines
    ]
    write_document(json_file, Kind.TARGETS, {"targets": rows})


def zoo_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="mv1-224 mv1-128 mv1-96 mv2-224 mv2-128 dscnn; of full width: mv1-1.0-224 "
            "mv2-1.0-224; in float: mobilenet-v1 mobilenet-v2 mnasnet-b1 mobilenet-v3-small "
            "mobilenet-v3-large",
        ),
    ],
    output: OutputModel,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the weights.")] = 0,
) -> None:
    """Build one of the paper's networks as quantised ONNX, or a mobile one in float, to try.

    Weights are random, from a seed.
    """
    import onnx

    from dsconv.zoo import MOBILE_NETWORKS, build

    try:
        model = MOBILE_NETWORKS[name](seed) if name in MOBILE_NETWORKS else build(name, seed)
    except ValueError as error:
        raise DsconvError(str(error)) from error
    with written_at_once(output) as draft:
        onnx.save(model, str(draft))
    errors.print(f"{output}: {name}, with random weights", highlight=False)
