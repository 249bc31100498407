"""Descriptions of systolic arrays: a TOML file each, or the header of a Gemmini."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.target import TableError
from dsconv.errors import DsconvError
from dsconv.passes.systolic.array import SystolicArray
from dsconv.targets.description import (
    names_in,
    path_in,
    read_description,
    read_text,
    read_toml,
)
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
    return names_in(__name__)


def is_systolic(name: str) -> bool:
    """Whether a target, by its name or as a file, is an array."""
    if name.endswith(".toml"):
        return read_toml(Path(name)).get("kind") == KIND
    return name.endswith(".h") or name in systolic_target_names()


def load_systolic_target(name: str) -> SystolicTarget:
    """An array by its name, or from a file by its path: a .toml, or a gemmini_params.h.

    Raises DsconvError where there is no such target, or its description is wrong.
    """
    path = Path(name)
    if path.suffix == ".h":
        return _from_header(path)
    if path.suffix != ".toml":
        if name not in systolic_target_names():
            raise DsconvError(
                f"no systolic array {name}; there are {', '.join(systolic_target_names())}, "
                "or give a .toml file or a gemmini_params.h"
            )
        path = path_in(__name__, name)
    return read_description(path, KIND, SystolicTarget, _check)


def _from_header(path: Path) -> SystolicTarget:
    target = SystolicTarget(path.stem, "Gemmini", read_gemmini_header(read_text(path), str(path)))
    try:
        _check(target)
    except TableError as error:
        raise DsconvError(f"target {path}: {error}") from error
    return target


def _check(target: SystolicTarget) -> None:
    """Raises TableError where there is no such array."""
    try:
        target.array.check()
    except DiagnosticException as error:
        raise TableError(str(error)) from error
