"""Reports for programs: one kind of JSON document a command, with the same head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from dsconv.cli.consoles import console, errors
from dsconv.files import check_writable, output_path, written_at_once
from dsconv.reports.schema import SCHEMA_VERSION
from dsconv.version import __version__

STDOUT = Path("-")

JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        parser=output_path,
        help="Write the report as JSON (dsconv schema); - is stdout, and the report for people "
        "goes to stderr.",
    ),
]


class Kind(StrEnum):
    """What a document is about; the schema has a definition for each."""

    RUN = "run"
    ARRAY_RUN = "array_run"
    REPORT = "report"
    ARRAY_REPORT = "array_report"
    VERIFICATION = "verification"
    DRAM = "dram"
    COMPARISON = "comparison"
    COMPILATION = "compilation"
    SCAFFOLDING = "scaffolding"
    TARGETS = "targets"
    TOOLS = "tools"


def check_json_path(path: Path | None) -> None:
    """Raises DsconvError where a document cannot be written there, before any work."""
    if path is not None and path != STDOUT:
        check_writable(path)


def people_console(json_file: Path | None) -> Console:
    """Where people read, beside a document."""
    return errors if json_file == STDOUT else console


def write_document(path: Path | None, kind: Kind, content: Mapping[str, Any]) -> None:
    """Writes a document to a file, or to stdout; nothing where none is wanted."""
    if path is None:
        return
    head = {"schema": SCHEMA_VERSION, "dsconv": __version__, "kind": kind.value}
    text = json.dumps({**head, **content}, indent=2)
    if path == STDOUT:
        typer.echo(text)
        return
    with written_at_once(path) as draft:
        draft.write_text(f"{text}\n")
