"""Descriptions of the machines that networks are compiled for: one TOML file each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path

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
)
from dsconv.errors import CapacityError, DsconvError
from dsconv.lowering.instruction_sets import INSTRUCTION_SETS
from dsconv.targets.description import names_in, path_in, read_description
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

KIND = "cluster"
"""What the `kind` of such a TOML file is."""


def target_names() -> list[str]:
    """Names of the clusters that come with dsconv."""
    return names_in(__name__)


def load_target(name: str) -> ClusterTarget:
    """A cluster by name, or from a TOML file by its path.

    Raises DsconvError where there is no such target or its description is not complete.
    """
    if is_systolic(name):
        raise DsconvError(f"{name} is a systolic array and runs no C: {ON_ARRAY}")
    if not name.endswith(".toml") and name not in target_names():
        raise DsconvError(
            f"no target {name}; there are {', '.join(target_names())}, or give a .toml file"
        )
    path = Path(name) if name.endswith(".toml") else path_in(__name__, name)
    return read_description(path, KIND, ClusterTarget, _check)


def check_isa(isa: str, place: str) -> None:
    """Raises TableError where there are no kernels for an instruction set."""
    if isa not in INSTRUCTION_SETS:
        known = " or ".join(INSTRUCTION_SETS)
        raise TableError(f"{place}.core.isa is {isa!r}; expected {known}")


def _check(target: ClusterTarget) -> None:
    """Raises TableError where a cluster cannot be compiled for."""
    check(target.cluster(layers=0), target.name)
    check_isa(target.core.isa, target.name)
