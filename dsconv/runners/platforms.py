"""Platforms of runtime_c: which runner has each, what runs it, and what can be measured there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType

from dsconv.runners import gvsoc, gvsoc_gap8, gvsoc_siracusa, host, pulp_sdk, qemu
from dsconv.runners.build import RISCV_BINUTILS


class Runner(StrEnum):
    """What users name to run C on."""

    HOST = "host"
    QEMU = "qemu"
    GVSOC = "gvsoc"


@dataclass(frozen=True)
class Platform:
    """A folder of runtime_c: the `runner` that users name, and the `module` that runs it.

    `binutils` is the prefix of the tools that read its programs, where those have a fixed place in
    memory. Where its cores `count` what they do, they may count waits for banks of L1 among that;
    where they do not, a run without such waits tells.
    """

    runner: Runner
    module: ModuleType
    binutils: str | None = RISCV_BINUTILS
    counts: bool = False
    counts_bank_conflicts: bool = False


PLATFORMS = {
    "host": Platform(Runner.HOST, host, binutils=None),
    "qemu": Platform(Runner.QEMU, qemu),
    "pulp_open": Platform(Runner.GVSOC, gvsoc, counts=True),
    "gap8": Platform(Runner.GVSOC, gvsoc_gap8, counts=True, counts_bank_conflicts=True),
    "siracusa": Platform(Runner.GVSOC, gvsoc_siracusa, counts=True),
    "pmsis": Platform(Runner.GVSOC, pulp_sdk),
}
"""By the name of the folder."""

RUNNER_MODULES = list(dict.fromkeys(platform.module for platform in PLATFORMS.values()))


def runners() -> list[str]:
    """What networks can run on."""
    return list(dict.fromkeys(platform.runner for platform in PLATFORMS.values()))


def platforms_on(runner: str) -> list[str]:
    """Platforms that a runner has."""
    return [name for name, platform in PLATFORMS.items() if platform.runner == runner]


def default_target(runner: Runner) -> str:
    """The target that networks are compiled for where only a runner is said: its first platform."""
    return platforms_on(runner)[0]


def binutils_of(platform: str) -> str | None:
    """The prefix of the tools that read a platform's programs; None where they have no place.

    A platform that nothing here runs is a RISC-V one.
    """
    known = PLATFORMS.get(platform)
    return RISCV_BINUTILS if known is None else known.binutils
