"""dsconv support, targets, doctor and zoo: what is read, compiled for, installed; networks."""

from __future__ import annotations

from typing import Annotated

import typer

from dsconv.cli.consoles import console
from dsconv.cli.options import OutputModel
from dsconv.errors import DsconvError
from dsconv.files import written_at_once


def support_command() -> None:
    """Show which flavours and operations can be read, as Markdown."""
    from dsconv.frontends.support import support

    typer.echo(support(), nl=False)


def doctor_command() -> None:
    """Show which compilers and simulators are here and start, and how to get the others."""
    from dsconv.doctor import check

    for tool in check():
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


def targets_command() -> None:
    """Show the targets that come with dsconv, and the memories for an accelerator behind DRAM."""
    from dsconv.targets import KINDS
    from dsconv.targets.dram import dram_names, load_dram

    targets = [target for kind in KINDS for target in map(kind.load, kind.names)]
    for machine in (*targets, *map(load_dram, dram_names())):
        console.print(f"{machine.name}: {machine.description}", markup=False, highlight=False)


def zoo_command(
    name: Annotated[
        str,
        typer.Argument(
            help="mv1-224 mv1-128 mv1-96 mv2-224 mv2-128 dscnn; of full width: mv1-1.0-224 "
            "mv2-1.0-224; in float: mobilenet-v1 mobilenet-v2 mnasnet-b1 mobilenet-v3-small "
            "mobilenet-v3-large"
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
