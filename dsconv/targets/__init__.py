"""Descriptions of the machines that networks are compiled for: one TOML file each."""

from __future__ import annotations

import tomllib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from xdsl.ir import Attribute

from dsconv.dialects.attributes import Space
from dsconv.dialects.target import (
    L3,
    Cluster,
    ClusterAttr,
    Core,
    Dma,
    Energy,
    InstructionCache,
    TableError,
    check,
    read_table,
)
from dsconv.errors import CapacityError, DsconvError
from dsconv.lowering.instruction_sets import INSTRUCTION_SETS
from dsconv.targets.systolic import KIND as SYSTOLIC
from dsconv.targets.systolic import is_systolic


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
class Target(ABC):
    """A machine of some kind: `platform` is the folder of runtime_c that serves it."""

    name: str
    description: str
    platform: str

    @abstractmethod
    def attribute(self, layers: int) -> Attribute:
        """What passes know of the machine that they compile a network of so many layers for."""


@dataclass(frozen=True)
class ClusterTarget(Target):
    """Cores that share an L1, behind it an L2 and an L3."""

    core: Core
    l1: MemorySize
    l2: MemorySize
    dma: Dma
    l3: L3
    icache: InstructionCache
    energy: Energy

    @property
    def cores(self) -> int:
        """How many cores work on a kernel."""
        return self.core.count

    def with_sizes(self, l1_bytes: int | None, l2_bytes: int | None) -> ClusterTarget:
        """The target with other sizes of L1 and L2, in bytes."""
        resized = self
        if l1_bytes is not None:
            resized = replace(resized, l1=replace(resized.l1, bytes=l1_bytes))
        if l2_bytes is not None:
            resized = replace(resized, l2=replace(resized.l2, bytes=l2_bytes))
        return resized

    def cluster(self, layers: int) -> Cluster:
        """The cluster with what its memories leave for the tensors of a network of so many layers.

        Raises CapacityError where that is nothing.
        """
        l1, l2 = self.l1.usable(), self.l2.usable(layers)
        for space, size, usable in ((Space.L1, self.l1, l1), (Space.L2, self.l2, l2)):
            if usable == 0:
                raise CapacityError(
                    space,
                    f"stacks and code leave nothing for tensors in {size.bytes} bytes of "
                    f"{space.name}",
                )
        return Cluster(self.name, l1, l2, self.core, self.dma, self.l3, self.icache, self.energy)

    def attribute(self, layers: int) -> ClusterAttr:
        return ClusterAttr(self.cluster(layers))


ON_ARRAY = "dsconv run --on array and dsconv report take it"
"""What serves an array."""

KINDS: dict[str, type[ClusterTarget]] = {"cluster": ClusterTarget}
"""What a description's `kind` may be, and what it then describes."""


def target_names() -> list[str]:
    """Names of the targets that come with dsconv."""
    folder = files("dsconv.targets")
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_target(name: str) -> ClusterTarget:
    """A target by name, or from a TOML file by its path.

    Raises DsconvError where there is no such target or its description is not complete.
    """
    if name.endswith(".toml"):
        return _read(Path(name).stem, Path(name))
    if is_systolic(name):
        raise DsconvError(f"{name} is a systolic array and runs no C: {ON_ARRAY}")
    if name not in target_names():
        raise DsconvError(
            f"no target {name}; there are {', '.join(target_names())}, or give a .toml file"
        )
    return _read(name, Path(str(files("dsconv.targets").joinpath(f"{name}.toml"))))


def check_isa(isa: str, place: str) -> None:
    """Raises TableError where there are no kernels for an instruction set."""
    if isa not in INSTRUCTION_SETS:
        known = " or ".join(INSTRUCTION_SETS)
        raise TableError(f"{place}.core.isa is {isa!r}; expected {known}")


def _read(name: str, path: Path) -> ClusterTarget:
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text())
    except OSError as error:
        raise DsconvError(f"cannot read target {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DsconvError(f"target {path} is no TOML: {error}") from error
    kind = table.pop("kind", None)
    if kind == SYSTOLIC:
        raise DsconvError(f"target {path} is a systolic array and runs no C: {ON_ARRAY}")
    if kind not in KINDS:
        raise DsconvError(f"target {path}: kind is {kind!r}; expected {' or '.join(KINDS)}")
    try:
        target = read_table(KINDS[kind], {"name": name, **table}, name)
        check(target.cluster(layers=0), name)
        check_isa(target.core.isa, name)
    except TableError as error:
        raise DsconvError(f"target {path}: {error}") from error
    return target
