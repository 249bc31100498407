"""Descriptions of the machines that networks are compiled for: one TOML file each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from dsconv.errors import DsconvError


@dataclass(frozen=True)
class MemorySize:
    """Bytes of a memory, and how many of them stacks, code and the runtime take."""

    bytes: int
    reserved: int
    reserved_per_layer: int = 0

    def usable(self, layers: int = 0) -> int:
        """Bytes left for the tensors of a network."""
        return max(self.bytes - self.reserved - layers * self.reserved_per_layer, 0)


@dataclass(frozen=True)
class Energy:
    """What a cycle of the cluster and a byte moved between L2 and L1 take, in pJ."""

    cycle: int
    byte: int


@dataclass(frozen=True)
class Target:
    """A machine: the folder of runtime_c that serves it, its cores and memories.

    `isa` is what kernels are written for: `xpulp` assembly, or `portable` C alone.
    """

    name: str
    description: str
    platform: str
    isa: str
    cores: int
    l1: MemorySize
    l2: MemorySize
    energy: Energy

    def with_sizes(self, l1_bytes: int | None, l2_bytes: int | None) -> Target:
        """The target with other sizes of L1 and L2, in bytes."""
        resized = self
        if l1_bytes is not None:
            resized = replace(resized, l1=replace(resized.l1, bytes=l1_bytes))
        if l2_bytes is not None:
            resized = replace(resized, l2=replace(resized.l2, bytes=l2_bytes))
        return resized


def target_names() -> list[str]:
    """Names of the targets that come with dsconv."""
    folder = files("dsconv.targets")
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_target(name: str) -> Target:
    """A target by name, or from a TOML file by its path.

    Raises DsconvError where there is no such target or its description is incomplete.
    """
    if name.endswith(".toml"):
        return _read(Path(name).stem, Path(name))
    if name not in target_names():
        raise DsconvError(
            f"no target {name}; there are {', '.join(target_names())}, or give a .toml file"
        )
    return _read(name, Path(str(files("dsconv.targets").joinpath(f"{name}.toml"))))


def _read(name: str, path: Path) -> Target:
    try:
        description: dict[str, Any] = tomllib.loads(path.read_text())
        return Target(
            name,
            description["description"],
            description["platform"],
            description["isa"],
            description["cores"],
            MemorySize(**description["l1"]),
            MemorySize(**description["l2"]),
            Energy(**description["energy"]),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise DsconvError(f"target description {path}: {error!r}") from error
