"""The command line: every command of dsconv, and how its errors end."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import Annotated

import typer

from dsconv.cli.bench import bench
from dsconv.cli.compare import compare_command
from dsconv.cli.compile import compile_command
from dsconv.cli.consoles import errors
from dsconv.cli.dram import dram_command
from dsconv.cli.quantize import quantize_command
from dsconv.cli.report import report_command
from dsconv.cli.run import run_command
from dsconv.cli.scaffold import scaffold_command
from dsconv.cli.systolic import axial_command
from dsconv.cli.tools import (
    doctor_command,
    schema_command,
    support_command,
    targets_command,
    zoo_command,
)
from dsconv.cli.verify import verify_command
from dsconv.errors import DsconvError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Quantised networks (ONNX, .tflite, TOSA) to C for ultra-low-power RISC-V clusters.",
)
app.command("compile")(compile_command)
app.command("run")(run_command)
app.command("verify")(verify_command)
app.command("report")(report_command)
app.command("compare")(compare_command)
app.command("quantize")(quantize_command)
app.command("axial")(axial_command)
app.command("scaffold")(scaffold_command)
app.command("dram")(dram_command)
app.command("support")(support_command)
app.command("targets")(targets_command)
app.command("doctor")(doctor_command)
app.command("schema")(schema_command)
app.command("zoo")(zoo_command)
app.add_typer(bench, name="bench")

OBJECTS_BEFORE_COLLECTION = 200_000
"""What is made before Python looks for cycles of garbage: IR and caches live long, it finds few."""

BROKEN_PIPE = 128 + 13
"""Exit status of a program that SIGPIPE ends."""
INTERRUPTED = 128 + 2
"""Exit status of a program that SIGINT ends."""


def _print_version(wanted: bool) -> None:
    if wanted:
        from dsconv.version import __version__

        typer.echo(f"dsconv {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Quantised networks (ONNX, .tflite, TOSA) to C for ultra-low-power RISC-V clusters."""


def main() -> None:
    """Entry point: one line for whatever is wrong, no traceback."""
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    try:
        try:
            app()
        except SystemExit as end:
            if end.code != INTERRUPTED:
                raise
            raise KeyboardInterrupt from None  # in a command, Typer ends without a word
        finally:
            sys.stdout.flush()
    except DsconvError as error:
        _end(str(error), 2)
    except KeyboardInterrupt:
        _end("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _end("", BROKEN_PIPE)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _end(f"{place}{error.strerror or error}", 2)


def _end(message: str, status: int) -> None:
    """Ends the program; what stdout still holds is lost where it cannot be written."""
    if message:
        errors.print(f"error: {message}", style="red", markup=False, highlight=False)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
