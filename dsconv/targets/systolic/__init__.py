"""Descriptions of systolic arrays: a TOML file each, or the header of a Gemmini."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from xdsl.utils.exceptions import DiagnosticException

from dsconv.errors import DsconvError
from dsconv.passes.systolic.array import Dataflow, Drain, SystolicArray, TileOrder
from dsconv.targets.systolic.gemmini import read_gemmini_header

KIND = "systolic"
"""What the `kind` of such a TOML file is."""


@dataclass(frozen=True)
class SystolicTarget:
    """An array as a target: its name, what it is, and the array."""

    name: str
    description: str
    array: SystolicArray


def systolic_target_names() -> list[str]:
    """Names of the arrays that come with dsconv."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in files("dsconv.targets.systolic").iterdir()
        if entry.name.endswith(".toml")
    )


def is_systolic(name: str) -> bool:
    """Whether a target, by its name or as a file, is an array."""
    if name.endswith(".toml"):
        return _table(Path(name)).get("kind") == KIND
    return name.endswith(".h") or name in systolic_target_names()


def load_systolic_target(name: str) -> SystolicTarget:
    """An array by its name, or from a file by its path: a .toml, or a gemmini_params.h.

    Raises DsconvError where there is no such target, or its description is wrong.
    """
    path = Path(name)
    if path.suffix == ".h":
        array = read_gemmini_header(_text(path), name)
        return SystolicTarget(path.stem, "Gemmini", _checked(array, path))
    if path.suffix != ".toml":
        if name not in systolic_target_names():
            raise DsconvError(
                f"no systolic array {name}; there are {', '.join(systolic_target_names())}, "
                "or give a .toml file or a gemmini_params.h"
            )
        path = Path(str(files("dsconv.targets.systolic").joinpath(f"{name}.toml")))
    return _from_table(_table(path), path)


def _from_table(table: dict[str, Any], path: Path) -> SystolicTarget:
    if table.get("kind") != KIND:
        raise DsconvError(f"target {path}: kind is {table.get('kind')!r}; expected '{KIND}'")
    try:
        options = dict(table["array"])
        for key, words in (("dataflow", Dataflow), ("drain", Drain), ("tiles", TileOrder)):
            if key in options:
                options[key] = words(options[key])
        return SystolicTarget(
            path.stem, table["description"], _checked(SystolicArray(**options), path)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DsconvError(f"target {path}: {error!r}") from error


def _checked(array: SystolicArray, path: Path) -> SystolicArray:
    try:
        array.check()
    except DiagnosticException as error:
        raise DsconvError(f"target {path}: {error}") from error
    return array


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise DsconvError(f"target {path} is no TOML: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise DsconvError(f"cannot read target {path}: {error}") from error
