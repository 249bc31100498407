"""C to link: two networks in one program, on this machine, on rv32imc and on a Cortex-M."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
from library_networks import DIGITS, LIBRARY, TURNS, inputs_and_outputs, second_model

import dsconv
from dsconv.api import Network
from dsconv.errors import DsconvError
from dsconv.runners.build import RISCV_GCC

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
                f"-T{LIBRARY / 'rv32.ld'}",
                "-Wl,--no-warn-rwx-segments",
            ),
            *(str(LIBRARY / "start_rv32.S"), str(RUNTIME / "dsc_libc.c"), "-lgcc"),
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
            f"-T{LIBRARY / 'cortex_m.ld'}",
            str(LIBRARY / "start_cortex_m.c"),
            *("--specs=nosys.specs", "-Wl,--no-warn-rwx-segments"),
        ),
        (
            *("qemu-system-arm", "-M", "mps2-an385", "-nographic", "-monitor", "none"),
            *("-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel"),
        ),
    ),
}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    """Two networks, called `first` and `second` after their files."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copy(DIGITS, folder / "first.onnx")
    onnx.save(second_model(), str(folder / "second.onnx"))
    return {
        name: dsconv.compile(folder / f"{name}.onnx", "mcu", l1=16384)
        for name in ("first", "second")
    }


def c_array(name: str, rows: Sequence[bytes]) -> str:
    lines = ",\n".join("{" + ",".join(map(str, row)) + "}" for row in rows)
    return f"static const uint8_t {name}[TURNS][{len(rows[0])}] = {{\n{lines}}};\n"


def cases(networks: dict[str, Network]) -> str:
    """Random inputs and the outputs that the reference gives, as C."""
    text = f"#include <stdint.h>\nenum {{ TURNS = {TURNS} }};\n"
    for name, network in networks.items():
        inputs, outputs = inputs_and_outputs(network)
        text += c_array(f"{name}_inputs", inputs)
        text += c_array(f"{name}_outputs", outputs)
    return text


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
    (tmp_path / "cases.h").write_text(cases(networks))
    libraries = [f"{folder}/lib{folder}.a" for folder in networks]
    parts = [str(LIBRARY / "main.c"), *libraries, "-Ifirst", "-I.", *chain.linked]
    run([chain.cc, "-O2", *chain.options, "-o", "program", *parts], tmp_path)
    run([*chain.emulator, str(tmp_path / "program")], tmp_path)


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_the_header_is_cpp_too(standard: str, networks: dict[str, Network], tmp_path: Path):
    if shutil.which("g++") is None:
        pytest.skip("g++ is not on PATH")
    for folder, network in networks.items():
        network.write(tmp_path / folder)
    (tmp_path / "use.cpp").write_text(
        '#include "first/network.h"\n#include "second/network.h"\n'
        "float use() {\n"
        "  first_input_data()[0] = first_input_quantised(0.5f);\n"
        "  second_network.run(0);\n"
        "  return first_output_real(3) + second_output_real(0);\n}\n"
    )
    run(["g++", f"-std={standard}", *STRICT, "-Ifirst", "-c", "use.cpp"], tmp_path)


def test_a_library_has_no_program(networks: dict[str, Network], tmp_path: Path):
    networks["first"].write(tmp_path / "first")
    files = {path.name for path in (tmp_path / "first").iterdir()}
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
