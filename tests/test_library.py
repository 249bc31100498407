"""C to link: two networks in one program, on this machine, on rv32imc and on a Cortex-M."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
from documented_commands import MAKERS, ROOT, commands
from library_networks import DIGITS, LIBRARY, compiled_networks, second_model, write_cases

import dsconv
from dsconv.api import Network
from dsconv.errors import DsconvError
from dsconv.runners.build import RISCV_GCC

EXAMPLE = Path(__file__).parents[1] / "examples" / "two_networks"
PAGE = ROOT / "docs" / "application.md"
RUNTIME = Path(__file__).parents[1] / "runtime_c"
STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
RV32 = ("-march=rv32imc", "-mabi=ilp32", "-ffreestanding", "-mcmodel=medany")
CORTEX_M = ("-mcpu=cortex-m3", "-mthumb", "-ffreestanding")


@dataclass(frozen=True)
class Toolchain:
    """A compiler, its options, and what a program is linked with and runs on."""

    cc: str
    options: tuple[str, ...]
    linked: tuple[str, ...] = ()
    emulator: tuple[str, ...] = ()


TOOLCHAINS = {
    "host": Toolchain("gcc", SANITIZERS),
    "clang": Toolchain("clang", ()),
    "rv32imc": Toolchain(
        RISCV_GCC,
        RV32,
        (
            *(
                "-nostdlib",
                "-nostartfiles",
                f"-T{EXAMPLE / 'rv32.ld'}",
                "-Wl,--no-warn-rwx-segments",
            ),
            *(str(EXAMPLE / "start_rv32.S"), str(RUNTIME / "dsc_libc.c"), "-lgcc"),
        ),
        (
            *("qemu-system-riscv32", "-M", "virt", "-m", "64M", "-bios", "none", "-nographic"),
            *("-monitor", "none", "-serial", "none"),
            *("-semihosting-config", "enable=on,target=native", "-kernel"),
        ),
    ),
    "cortex-m3": Toolchain(
        "arm-none-eabi-gcc",
        CORTEX_M,
        (
            "-nostartfiles",
            f"-T{EXAMPLE / 'cortex_m.ld'}",
            str(EXAMPLE / "start_cortex_m.c"),
            *("--specs=nosys.specs", "-Wl,--no-warn-rwx-segments"),
        ),
        (
            *("qemu-system-arm", "-M", "mps2-an385", "-nographic", "-monitor", "none"),
            *("-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel"),
        ),
    ),
}


def second_model_file(folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(second_model(), str(path))
    return path


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    """Two networks, called `digits` and `model` after their files."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copy(DIGITS, folder / "digits.onnx")
    second_model_file(folder)
    return {
        name: dsconv.compile(folder / f"{name}.onnx", "mcu", l1=16384)
        for name in ("digits", "model")
    }


def run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("name", TOOLCHAINS)
def test_two_networks_in_one_program(name: str, networks: dict[str, Network], tmp_path: Path):
    chain = TOOLCHAINS[name]
    for tool in (chain.cc, *chain.emulator[:1]):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on PATH")
    for folder, network in networks.items():
        network.write(tmp_path / folder)
        flags = " ".join(("-O2", *chain.options, *STRICT))
        run(["make", "-C", folder, f"CC={chain.cc}", f"CFLAGS={flags}", "WARNINGS="], tmp_path)
    models = (DIGITS, second_model_file(tmp_path))
    run([sys.executable, str(EXAMPLE / "cases.py"), *map(str, models), "-o", "cases.h"], tmp_path)
    libraries = [f"{folder}/lib{folder}.a" for folder in networks]
    parts = [str(EXAMPLE / "main.c"), *libraries, "-Idigits", "-I.", *chain.linked]
    run([chain.cc, "-O2", *chain.options, "-o", "program", *parts], tmp_path)
    run([*chain.emulator, str(tmp_path / "program")], tmp_path)


@pytest.mark.parametrize("name", ["host", "rv32imc", "cortex-m3"])
def test_three_networks_in_one_program(name: str, tmp_path: Path):
    """Called in turns, with one array for the tiles of all."""
    chain = TOOLCHAINS[name]
    for tool in (chain.cc, *chain.emulator[:1]):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on PATH")
    networks = compiled_networks("mcu", tmp_path / "models", 3, third_in_l3=False)
    flags = " ".join(("-O2", *chain.options, *STRICT, "-DDSC_L1_ARENA=tiles"))
    for folder, network in networks.items():
        network.write(tmp_path / folder)
        run(["make", "-C", folder, f"CC={chain.cc}", f"CFLAGS={flags}", "WARNINGS="], tmp_path)
    write_cases(networks, tmp_path)
    libraries = [f"{folder}/lib{folder}.a" for folder in networks]
    parts = [str(LIBRARY / "turns.c"), *libraries, "-Ifirst", "-I.", *chain.linked]
    run([chain.cc, "-O2", *chain.options, "-o", "program", *parts], tmp_path)
    run([*chain.emulator, str(tmp_path / "program")], tmp_path)


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_the_header_is_cpp_too(standard: str, networks: dict[str, Network], tmp_path: Path):
    if shutil.which("g++") is None:
        pytest.skip("g++ is not on PATH")
    for folder, network in networks.items():
        network.write(tmp_path / folder)
    (tmp_path / "use.cpp").write_text(
        '#include "digits/network.h"\n#include "model/network.h"\n'
        "float use() {\n"
        "  digits_input_data()[0] = digits_input_quantised(0.5f);\n"
        "  model_network.run(0);\n"
        "  return digits_output_real(3) + model_output_real(0);\n}\n"
    )
    run(["g++", f"-std={standard}", *STRICT, "-Idigits", "-c", "use.cpp"], tmp_path)


def test_a_library_has_no_program(networks: dict[str, Network], tmp_path: Path):
    networks["digits"].write(tmp_path / "digits")
    files = {path.name for path in (tmp_path / "digits").iterdir()}
    assert not files & {"harness.c", "dsc_files.h", "dsc_profile.c", "kernels_xpulp.S"}
    assert {"network.c", "network.h", "weights.c", "dsc_network.h", "Makefile"} <= files


def test_a_pulp_library_counts_nothing(tmp_path: Path):
    if shutil.which(RISCV_GCC) is None:
        pytest.skip(f"{RISCV_GCC} is not on PATH")
    dsconv.compile(DIGITS, "pulp_open").write(tmp_path, library=True)
    run(["make"], tmp_path)
    symbols = subprocess.run(
        ["nm", tmp_path / "libdigits.a"], capture_output=True, text=True, check=True
    ).stdout
    for name in ("main", "dsc_counters", "dsc_layer_begin", "dsc_harness", "dsc_semihosting"):
        assert f" {name}\n" not in symbols
    assert " digits_network\n" in symbols


def test_platforms_with_programs_alone_say_so(tmp_path: Path):
    with pytest.raises(
        DsconvError, match=r"platform host has programs alone; .* compile for target"
    ):
        dsconv.compile(DIGITS, "host").write(tmp_path / "out", library=True)


def test_programs_have_no_files_of_other_platforms(tmp_path: Path):
    for target, absent in (("host", "crt0.S"), ("gap8", "dsc_checked_dma.c"), ("qemu", "mchan.h")):
        dsconv.compile(DIGITS, target).write(tmp_path / target)
        files = {path.name for path in (tmp_path / target).iterdir()}
        assert absent not in files
        assert ("kernels_xpulp.S" in files) == (target == "gap8")


@pytest.mark.parametrize(
    ("machine", "tools"),
    [
        ("host", ["gcc"]),
        ("rv32imc", [RISCV_GCC, "qemu-system-riscv32"]),
        ("cortex-m3", ["arm-none-eabi-gcc", "qemu-system-arm"]),
    ],
)
def test_from_a_float_network_to_a_program(machine: str, tools: list[str], tmp_path: Path):
    """By the commands of the page, of a float network instead of torch's."""
    pytest.importorskip("onnxruntime")
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not on PATH")
    for name in ("float.onnx", "digits.npz"):
        MAKERS[name](tmp_path / name)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    lines = [command.text for command in commands(PAGE)]
    begin = next(i for i, line in enumerate(lines) if line.startswith("dsconv quantize"))
    end = next(i for i, line in enumerate(lines) if line.endswith("Makefile host"))
    steps = [*lines[begin:end], f"make -f examples/two_networks/Makefile {machine}"]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    printed = ""
    for step in steps:
        done = subprocess.run(
            step.split(), cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
        printed = done.stdout
    assert "equal" in printed.splitlines()
