"""The kinds of machine that networks are compiled for, and how a target of a kind is found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from dsconv.errors import DsconvError
from dsconv.targets.cluster import ClusterTarget
from dsconv.targets.description import names_in, path_in, read_description, read_toml
from dsconv.targets.dram_accelerator import AcceleratorTarget
from dsconv.targets.systolic import SystolicTarget
from dsconv.targets.systolic.gemmini import read_gemmini_header
from dsconv.targets.target import Target

Described = TypeVar("Described", bound=Target, covariant=True)


@dataclass(frozen=True)
class TargetKind(Generic[Described]):
    """A kind of machine: the `kind` in its TOML files, and the record that those describe.

    Those that come with dsconv lie in a `package`. `noun` and `use` are for people: what such a
    machine is called where none of a name is found, and what takes it where another kind is wanted.
    """

    name: str
    record: type[Described]
    package: str
    noun: str
    use: str

    @property
    def names(self) -> list[str]:
        """Targets of the kind that come with dsconv."""
        return names_in(self.package)

    @property
    def _choice(self) -> str:
        return f"{', '.join(self.names)}, or a .toml file of the kind {self.name}"

    def load(self, name: str) -> Described:
        """A target by name, or from a TOML file by its path.

        Raises DsconvError where there is none, it is of another kind, or its description is wrong.
        """
        found = kind_of(name)
        if found is not None and found is not self:
            raise DsconvError(f"{name} is {found.use}; here, there are {self._choice}")
        if name.endswith(".toml"):
            return read_description(Path(name), self.name, self.record, self.record.check)
        if found is None:
            others = ", ".join(name for kind in KINDS if kind is not self for name in kind.names)
            raise DsconvError(
                f"no {self.noun} {name}; there are {self._choice} (and of other kinds {others})"
            )
        return read_description(
            path_in(self.package, name), self.name, self.record, self.record.check
        )


CLUSTER = TargetKind(
    "cluster",
    ClusterTarget,
    "dsconv.targets",
    "target",
    "a cluster: dsconv compile, run and report take it",
)

SYSTOLIC = TargetKind(
    "systolic",
    SystolicTarget,
    "dsconv.targets.systolic",
    "systolic array",
    "a systolic array and runs no C: dsconv run --on array and dsconv report take it",
)

DRAM_ACCELERATOR = TargetKind(
    "dram_accelerator",
    AcceleratorTarget,
    "dsconv.targets.dram_accelerator",
    "accelerator behind DRAM",
    "an accelerator behind DRAM and runs no C: dsconv dram takes it",
)

KINDS: tuple[TargetKind[Target], ...] = (CLUSTER, SYSTOLIC, DRAM_ACCELERATOR)
"""All of them. A new one has a row here, and its record in a module beside this one."""


def kind_of(name: str) -> TargetKind[Target] | None:
    """The kind of a target, by its name or as a file; None where nothing says it."""
    if name.endswith(".h"):
        return SYSTOLIC
    if name.endswith(".toml"):
        said = read_toml(Path(name)).get("kind")
        return next((kind for kind in KINDS if kind.name == said), None)
    return next((kind for kind in KINDS if name in kind.names), None)


def load_target(name: str) -> ClusterTarget:
    """A cluster by its name, or from a .toml file by its path.

    Raises DsconvError where there is no such target, or its description is wrong.
    """
    return CLUSTER.load(name)


def load_systolic_target(name: str) -> SystolicTarget:
    """An array by its name, or from a file by its path: a .toml, or a gemmini_params.h.

    Raises DsconvError where there is no such target, or its description is wrong.
    """
    return read_gemmini_header(Path(name)) if name.endswith(".h") else SYSTOLIC.load(name)


def load_accelerator(name: str) -> AcceleratorTarget:
    """An accelerator behind DRAM by its name, or from a .toml file by its path.

    Raises DsconvError where there is no such target, or its description is wrong.
    """
    return DRAM_ACCELERATOR.load(name)
