"""Reads descriptions of machines: TOML files, each of which says its kind."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from dsconv.dialects.target import TableError, read_table
from dsconv.errors import DsconvError

Record = TypeVar("Record")


def names_in(package: str) -> list[str]:
    """Names of the descriptions in a package."""
    entries = (entry.name for entry in files(package).iterdir())
    return sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))


def path_in(package: str, name: str) -> Path:
    """The file of a description in a package."""
    return Path(str(files(package).joinpath(f"{name}.toml")))


def read_description(
    path: Path, kind: str, record: type[Record], check: Callable[[Record], None]
) -> Record:
    """A machine of a kind, whose name is that of the file; its keys are the record's fields.

    Raises DsconvError, which names the file and the key, where one is missing, unknown or of
    another type, and where `check` raises TableError.
    """
    table = read_toml(path)
    found = table.pop("kind", None)
    if found is None:
        raise DsconvError(f'target {path} has no kind: write kind = "{kind}" at its top')
    if found != kind:
        raise DsconvError(f"target {path}: kind is {found!r}; expected {kind}")
    try:
        machine = read_table(record, {"name": path.stem, **table}, path.stem)
        check(machine)
    except TableError as error:
        raise DsconvError(f"target {path}: {error}") from error
    return machine


def read_toml(path: Path) -> dict[str, Any]:
    """The table of a file. Raises DsconvError where it cannot be read, or is no TOML."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DsconvError(f"target {path} is no TOML: {error}") from error


def read_text(path: Path) -> str:
    """The text of a file. Raises DsconvError where it cannot be read."""
    try:
        return path.read_text()
    except OSError as error:
        raise DsconvError(f"cannot read target {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DsconvError(f"cannot read target {path}: {error}") from error
