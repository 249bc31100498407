"""Descriptions of DRAM: a TOML file each."""

from __future__ import annotations

from pathlib import Path

from dsconv.dram.device import DramDevice, check_device
from dsconv.errors import DsconvError
from dsconv.targets.description import names_in, path_in, read_description

KIND = "dram"
"""What the `kind` of such a TOML file is."""


def dram_names() -> list[str]:
    """Names of the memories that come with dsconv."""
    return names_in(__name__)


def load_dram(name: str) -> DramDevice:
    """A memory by its name, or from a .toml file by its path.

    Raises DsconvError where there is no such memory, or its description is wrong.
    """
    if not name.endswith(".toml") and name not in dram_names():
        raise DsconvError(
            f"no DRAM {name}; there are {', '.join(dram_names())}, or give a .toml file"
        )
    path = Path(name) if name.endswith(".toml") else path_in(__name__, name)
    return read_description(path, KIND, DramDevice, check_device)
