"""Builds the hand-written networks in tests/networks, laid out as generated ones are."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from dsconv.runners import build, gvsoc, host, qemu

TESTS = Path(__file__).parent
RUNTIME = TESTS.parent / "runtime_c"
NETWORKS = TESTS / "networks"

WARNINGS = "-Wall -Wextra -Wconversion -Werror"

RUNNERS: dict[str, ModuleType] = {"host": host, "qemu": qemu, "pulp_open": gvsoc}

needs_gvsoc = pytest.mark.skipif(gvsoc.find() is None, reason="GVSoC is not installed")

PULP_OPEN = pytest.param("pulp_open", marks=needs_gvsoc)

on_every_platform = pytest.mark.parametrize("platform", ["host", "qemu", PULP_OPEN])
on_eight_cores = pytest.mark.parametrize("platform", ["qemu", PULP_OPEN])


def build_network(
    directory: Path,
    platform: str,
    network: str,
    *,
    defines: Mapping[str, str] | None = None,
    config: str = "",
) -> Path:
    """Build tests/networks/<network>.c for a platform and return the build directory.

    defines are macros the network's source is given, config the lines of its config.mk.
    """
    directory = directory / platform
    shutil.copytree(RUNTIME / platform, directory)
    for source in (RUNTIME / "Makefile", *RUNTIME.glob("*.[ch]"), *NETWORKS.glob("[nw]*.[ch]")):
        shutil.copy(source, directory)
    macros = "".join(f"#define {name} {value}\n" for name, value in (defines or {}).items())
    (directory / "network.c").write_text(macros + (NETWORKS / f"{network}.c").read_text())
    (directory / "config.mk").write_text(f"WARNINGS = {WARNINGS}\n{config}\n")
    build(directory)
    return directory
