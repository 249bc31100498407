"""Networks under PMSIS: built with pulp-sdk's makefiles, run on GVSoC's pulp-open."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest
from library_networks import (
    DIGITS,
    LIBRARY,
    THIRD_L3_BASE,
    compiled_networks,
    write_cases,
)

import dsconv
from dsconv import zoo
from dsconv.api import Network
from dsconv.runners import gvsoc, gvsoc_start, pulp_sdk
from dsconv.runners.process import run_program
from dsconv.targets import load_target

TIMEOUT_S = 300
DIGITS_LAYERS = 12
L2_FOR_TENSORS = 4096
"""So little that the digits have weights in L3."""
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -Wno-unused-function"
"""The SDK's headers declare static functions that they do not define."""

needs_pulp_sdk = pytest.mark.skipif(pulp_sdk.find() is None, reason="pulp-sdk is not set up")

CLANG = ("clang", "--target=riscv32-unknown-elf", "-march=rv32imc", "-ffreestanding")
SYNTAX_ALONE = ("-O0", "-fsyntax-only", "-D__OPTIMIZE__")
"""Without the macro, one of the SDK's headers is no C."""

MAKEFILE = """\
APP = networks
APP_SRCS = pmsis.c
APP_CFLAGS = -I. -DTHIRD_L3_BASE={l3_base}
.DEFAULT_GOAL = build
{includes}
include $(RULES_DIR)/pmsis_rules.mk
"""


def digits_in_l3() -> Network:
    l2 = load_target("pmsis").l2
    return dsconv.compile(DIGITS, "pmsis", l2=l2.bytes - l2.usable(DIGITS_LAYERS) + L2_FOR_TENSORS)


@needs_pulp_sdk
def test_a_network_is_bit_exact():
    report = dsconv.compile(DIGITS, "pmsis").run(on="gvsoc")
    assert report.equal
    assert report.cycles is not None
    assert report.cycles < 100_000


@needs_pulp_sdk
@pytest.mark.slow
@pytest.mark.parametrize("name", ["dscnn", "mv1-96", "mv2-128"])
def test_cycles_are_those_of_bare_metal(name: str):
    """Of a cluster with as much memory: at most 3 % more."""
    model, pmsis, bare = zoo.build(name), load_target("pmsis"), load_target("pulp_open")
    compiled = dsconv.compile(model, pmsis)
    layers = len(compiled.imported.layers)
    same = bare.with_sizes(
        pmsis.l1.usable() + bare.l1.bytes - bare.l1.usable(),
        pmsis.l2.usable(layers) + bare.l2.bytes - bare.l2.usable(layers),
    )
    under_pmsis, on_bare_metal = (
        network.run(on="gvsoc") for network in (compiled, dsconv.compile(model, same))
    )
    assert under_pmsis.equal
    assert under_pmsis.cycles is not None
    assert on_bare_metal.cycles is not None
    assert under_pmsis.cycles <= 1.03 * on_bare_metal.cycles


@needs_pulp_sdk
@pytest.mark.parametrize("count", [2, 3])
def test_networks_in_one_application(count: int, tmp_path: Path):
    """The third has weights in L3."""
    networks = compiled_networks("pmsis", tmp_path / "models", count)
    for name, network in networks.items():
        network.write(tmp_path / name, library=True)
    shutil.copy(LIBRARY / "pmsis.c", tmp_path)
    write_cases(networks, tmp_path)
    includes = "\n".join(f"include {name}/platform.mk" for name in networks)
    (tmp_path / "Makefile").write_text(MAKEFILE.format(l3_base=THIRD_L3_BASE, includes=includes))
    run_program(["make"], tmp_path, TIMEOUT_S)
    found = gvsoc_start.find()
    assert found is not None
    program = tmp_path / "BUILD/PULP/GCC_RISCV/networks/networks"
    command = gvsoc.CHIP.command(found, program, tmp_path)
    if "third" in networks:
        (tmp_path / "third" / "l3.bin").rename(tmp_path / "third.bin")
        command += pulp_sdk.steps_with_file("third.bin")
    run_program([*command, "run"], tmp_path, TIMEOUT_S, gvsoc_start.environment(found))


@needs_pulp_sdk
def test_requests_of_l3_are_bit_exact():
    """So many at a time that the SDK's driver alone would lose some."""
    report = digits_in_l3().run(on="gvsoc")
    assert report.equal
    assert sum(layer.l3_l2 for layer in report.layers) > 0


def compile_commands(folder: Path) -> list[list[str]]:
    """How the SDK's makefiles compile a network's files, without warnings of the SDK's headers."""
    digits_in_l3().write(folder)
    sources = {path.name for path in folder.glob("*.c")}
    of_sdk = f"-I{os.environ['PULP_SDK_HOME']}"
    listed = run_program(["make", "-n", "build"], folder, TIMEOUT_S)
    commands = [shlex.split(line) for line in listed.splitlines() if " -c " in line]
    ours = [command for command in commands if command[2] in sources]
    assert {command[2] for command in ours} == sources
    for command in ours:
        command[command.index("-o") + 1] = "unused.o"
    return [
        [f"-isystem{o[2:]}" if o.startswith(of_sdk) else o for o in command] for command in ours
    ]


@needs_pulp_sdk
@pytest.mark.parametrize("level", ["-O1", "-O2", "-O3", "-Os"])
def test_no_compiler_warns(level: str, tmp_path: Path):
    """Of the SDK's own compiler, by the options of its makefiles."""
    for command in compile_commands(tmp_path):
        run_program([*command, level, *WARNINGS.split()], tmp_path, TIMEOUT_S)


@needs_pulp_sdk
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_compiler_warns_without_optimisation(compiler: str, tmp_path: Path):
    """The SDK's headers take no code of -O0 and none of clang's, so that nothing is generated."""
    if compiler == "clang" and shutil.which("clang") is None:
        pytest.skip("clang is not on PATH")
    for command in compile_commands(tmp_path):
        told = command if compiler == "gcc" else [*CLANG, command[2], *for_any_compiler(command)]
        run_program([*told, *SYNTAX_ALONE, *WARNINGS.split()], tmp_path, TIMEOUT_S)


def for_any_compiler(command: list[str]) -> list[str]:
    """What a command says of macros and headers, and where the toolchain has its own."""
    included = command[command.index("-include") + 1]
    known = [option for option in command if option.startswith(("-D", "-I", "-isystem"))]
    toolchain = Path(os.environ["PULP_RISCV_GCC_TOOLCHAIN"])
    own = [f"-isystem{toolchain / place}" for place in ("include", "riscv32-unknown-elf/include")]
    return [*known, "-include", included, *own]


def test_a_library_has_no_harness(tmp_path: Path):
    dsconv.compile(DIGITS, "pmsis").write(tmp_path, library=True)
    files = {path.name for path in tmp_path.iterdir()}
    assert {"platform.mk", "network.c", "dsc_pmsis.c", "dsc_pmsis.h", "kernels_xpulp.S"} <= files
    assert not files & {"harness.c", "dsc_semihosting.c", "mchan.h", "crt0.S", "link.ld"}
