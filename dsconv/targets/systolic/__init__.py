"""Descriptions of systolic arrays: one TOML file each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from xdsl.utils.exceptions import DiagnosticException

from dsconv.errors import DsconvError
from dsconv.passes.systolic.array import Dataflow, Drain, SystolicArray, TileOrder


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


def load_systolic_target(name: str) -> SystolicTarget:
    """An array by its name, or from a TOML file by its path.

    Raises DsconvError where there is no such target, or its description is wrong.
    """
    if name.endswith(".toml"):
        return _read(Path(name).stem, Path(name))
    if name not in systolic_target_names():
        raise DsconvError(
            f"no systolic array {name}; there are {', '.join(systolic_target_names())}, "
            "or give a .toml file"
        )
    return _read(name, Path(str(files("dsconv.targets.systolic").joinpath(f"{name}.toml"))))


def _read(name: str, path: Path) -> SystolicTarget:
    try:
        description: dict[str, Any] = tomllib.loads(path.read_text())
        options = dict(description["array"])
        for key, kind in (("dataflow", Dataflow), ("drain", Drain), ("tiles", TileOrder)):
            if key in options:
                options[key] = kind(options[key])
        array = SystolicArray(**options)
        array.check()
        return SystolicTarget(name, description["description"], array)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise DsconvError(f"target description {path}: {error!r}") from error
    except DiagnosticException as error:
        raise DsconvError(f"target description {path}: {error}") from error
