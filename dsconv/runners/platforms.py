"""Platforms of runtime_c: which runner has each, what runs it, and what can be measured there."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from dsconv.runners import gvsoc, gvsoc_gap8, host, qemu


@dataclass(frozen=True)
class Platform:
    """A folder of runtime_c: the `runner` that users name, and the `module` that runs it.

    Where its cores `count` what they do, they may count waits for banks of L1 among that; where
    they do not, a run without such waits tells.
    """

    runner: str
    module: ModuleType
    counts: bool = False
    counts_bank_conflicts: bool = False


PLATFORMS = {
    "host": Platform("host", host),
    "qemu": Platform("qemu", qemu),
    "pulp_open": Platform("gvsoc", gvsoc, counts=True),
    "gap8": Platform("gvsoc", gvsoc_gap8, counts=True, counts_bank_conflicts=True),
}
"""By the name of the folder."""


def runners() -> list[str]:
    """What networks can run on."""
    return list(dict.fromkeys(platform.runner for platform in PLATFORMS.values()))


def platforms_on(runner: str) -> list[str]:
    """Platforms that a runner has."""
    return [name for name, platform in PLATFORMS.items() if platform.runner == runner]
