"""dsconv quantize: a float network to 8 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dsconv.cli.arrays import load_file
from dsconv.cli.consoles import errors
from dsconv.cli.options import ARRAYS, OutputModel
from dsconv.cli.progress import working
from dsconv.files import check_writable


def quantize_command(
    model: Annotated[Path, typer.Argument(help="Float ONNX file.", metavar="MODEL.onnx")],
    calibration: Annotated[
        str, typer.Option("--calibration", metavar=ARRAYS, help="Representative inputs.")
    ],
    output: OutputModel,
    per_tensor: Annotated[
        bool, typer.Option("--per-tensor", help="One scale for all channels of a layer's weights.")
    ] = False,
) -> None:
    """Quantise a float network to 8 bits, with ONNX Runtime."""
    from dsconv.quantise import quantise

    check_writable(output)
    found = load_file(calibration)
    arrays = found if isinstance(found, dict) else {calibration: found}
    with working(f"quantise {model}"):
        quantise(model, arrays, output, per_channel=not per_tensor)
    errors.print(f"{output}: quantised; compile it with dsconv compile {output}", highlight=False)
