"""dsconv axial and dsconv bench axial: operators for systolic arrays."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dsconv.cli.bench import bench
from dsconv.cli.consoles import console, errors
from dsconv.cli.options import OutputModel
from dsconv.errors import DsconvError
from dsconv.files import check_writable, output_path, written_at_once


class AxialVariant(StrEnum):
    """Which channels the row and the column filter get, and in how many layers."""

    HALF = "half"
    FULL = "full"
    HALF_50 = "half-50"
    FULL_50 = "full-50"


def axial_command(
    model: Annotated[Path, typer.Argument(help="Float ONNX file.", metavar="FLOAT.onnx")],
    output: OutputModel,
    variant: Annotated[
        AxialVariant,
        typer.Option(
            "--variant",
            help="half: each filter on a half of the channels; full: both on all of them; -50: in "
            "the half of the layers that has the most outputs.",
        ),
    ] = AxialVariant.HALF,
    layers: Annotated[
        str | None,
        typer.Option("--layers", metavar="NAME,NAME", help="Depthwise layers, by their nodes."),
    ] = None,
) -> None:
    """Replace KxK depthwise layers by 1xK and Kx1 ones (FuSeConv): a student to be trained.

    The filters begin as sums of the old ones, so accuracy is gone until the
    network is trained.
    """
    import onnx

    from dsconv.axial import Variant, axial, larger_half
    from dsconv.frontends.onnx_file.model_file import load_model
    from dsconv.quantise import is_quantised

    check_writable(output)
    network = load_model(model)
    kind, _, part = variant.value.partition("-")
    if part and layers is not None:
        raise DsconvError("--layers says which layers; take --variant half or full with it")
    chosen = None if layers is None else layers.split(",")
    if part:
        chosen = larger_half(network)
    student = axial(network, Variant(kind), chosen)
    with written_at_once(output) as draft:
        onnx.save(student, str(draft))
    after = (
        "quantised, so for its cycles alone; a student to train begins with the float network"
        if is_quantised(network)
        else "train it, then dsconv quantize and dsconv run --on array"
    )
    errors.print(f"{output}: axial-{kind}; {after}", highlight=False)


@bench.command("axial")
def bench_axial_command(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Folder for tables and plots."
        ),
    ] = Path("build/axial"),
) -> None:
    """FuSeConv's table on 64x64, what its speed-up rests on, and arrays from 8x8 to 256x256."""
    from dsconv.bench.axial import bench_axial

    bench_axial(output, console)


@bench.command("array")
def bench_array_command(
    synth: Annotated[
        bool, typer.Option("--synth", help="Count the gates of a PE with Yosys.")
    ] = False,
) -> None:
    """What the row bus costs: gates of one PE (int8, sums of 32 bits) without it and with it.

    Wires, the bus's drivers and what the memory reads more for it are not in
    that.
    """
    if not synth:
        raise DsconvError("say what to measure: --synth")
    from dsconv.runners.systolic.synthesis import pe_size

    without, with_bus = (pe_size(row_bus=row_bus) for row_bus in (False, True))
    for label, before, after in (
        ("gate equivalents", without.gates, with_bus.gates),
        ("iCE40 LUT4", without.tables, with_bus.tables),
    ):
        console.print(
            f"{label}: {before:,.0f} without the bus, {after:,.0f} with it "
            f"({after / before - 1:+.1%})",
            highlight=False,
        )
