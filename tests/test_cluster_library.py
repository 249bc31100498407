"""Two and three networks in one program on a PULP cluster, called in turns, on GVSoC."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from handwritten import ON_GVSOC
from library_networks import (
    DIGITS,
    LIBRARY,
    THIRD_L3_BASE,
    compiled_networks,
    write_cases,
)

import dsconv
from dsconv.runners import gvsoc_start
from dsconv.runners.gvsoc_chip import Chip
from dsconv.runners.process import run_program

TIMEOUT_S = 300


@dataclass(frozen=True)
class Sharing:
    """How many networks there are, and what builds them: with an L1 of their own, or with one."""

    networks: int
    flags: str


SHARINGS = {"two": Sharing(2, ""), "three in one L1": Sharing(3, "-DDSC_L1_ARENA=tiles")}


@pytest.mark.parametrize("sharing", SHARINGS.values(), ids=list(SHARINGS))
@pytest.mark.parametrize(("target", "chip"), ON_GVSOC)
def test_networks_in_one_program(target: str, chip: Chip, sharing: Sharing, tmp_path: Path):
    networks = compiled_networks(target, tmp_path / "models", sharing.networks)
    for name, network in networks.items():
        network.write(tmp_path / name, library=True)
        flags = f"EXTRA_CFLAGS={sharing.flags} -D{name.upper()}_L3_BASE={THIRD_L3_BASE}"
        run_program(["make", "-C", name, flags], tmp_path, TIMEOUT_S)
    if "third" in networks:
        shutil.copy(tmp_path / "third" / "l3.bin", tmp_path / "third.bin")
    program = tmp_path / "program"
    dsconv.compile(DIGITS, target).write(program)
    shutil.copy(LIBRARY / "cluster.c", program)
    write_cases(networks, program)
    libraries = " ".join(f"../{name}/lib{name}.a" for name in networks)
    settings = (
        "SOURCES=cluster.c dsc_platform.c dsc_console.c dsc_semihosting.c dsc_libc.c",
        "PLATFORM_ASSEMBLY=crt0.S",
        f"EXTRA_CFLAGS=-DDSC_HOOKS=0 -I.. {sharing.flags}",
        f"LDLIBS={libraries} -lgcc",
    )
    run_program(["make", "-C", "program", *settings], tmp_path, TIMEOUT_S)
    gvsoc = gvsoc_start.find()
    assert gvsoc is not None
    command = [*chip.command(gvsoc, program / "network.elf", tmp_path), "run"]
    run_program(command, tmp_path, TIMEOUT_S, gvsoc_start.environment(gvsoc))
