"""Builds the hand-written networks in tests/networks, laid out as generated ones are."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from dsconv.runners import build, gvsoc, gvsoc_gap8, gvsoc_siracusa
from dsconv.runners.cv32e40p import core
from dsconv.runners.platforms import PLATFORMS

TESTS = Path(__file__).parent
RUNTIME = TESTS.parent / "runtime_c"
NETWORKS = TESTS / "networks"

WARNINGS = "-Wall -Wextra -Wconversion -Wshadow -Wundef -Werror"

RUNNERS = {name: platform.module for name, platform in PLATFORMS.items()}

needs_gvsoc = pytest.mark.skipif(gvsoc.find() is None, reason="GVSoC is not installed")

needs_core_rtl = pytest.mark.skipif(
    core.find() is None, reason="no RTL of CV32E40P, or no Verilator"
)

needs_gap8 = pytest.mark.skipif(
    gvsoc_gap8.find() is None, reason="GVSoC's model of GAP8 is not installed"
)

PULP_CHIPS = [
    pytest.param("pulp_open", marks=needs_gvsoc),
    pytest.param("gap8", marks=needs_gap8),
]

needs_siracusa = pytest.mark.skipif(
    gvsoc_siracusa.find() is None, reason="GVSoC's model of siracusa is not installed"
)

ON_GVSOC = [
    pytest.param("pulp_open", gvsoc.CHIP, marks=needs_gvsoc),
    pytest.param("siracusa", gvsoc_siracusa.CHIP, marks=needs_siracusa),
]
"""Targets and their chips."""

on_every_platform = pytest.mark.parametrize("platform", ["host", "qemu", *PULP_CHIPS])
on_eight_cores = pytest.mark.parametrize("platform", ["qemu", *PULP_CHIPS])
on_pulp_chips = pytest.mark.parametrize("platform", PULP_CHIPS)


L3_BYTES = 131072
WITH_L3 = f"EXTRA_CFLAGS = -DDSC_L3_BYTES={L3_BYTES}"


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
