"""The C of every target compiles without a warning: GCC, clang, every level; headers as C++."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

import dsconv
from dsconv import zoo
from dsconv.api import Network
from dsconv.driver.output import makes_program
from dsconv.driver.runtime_files import has_library
from dsconv.runners.build import RISCV_GCC
from dsconv.runners.process import run_program
from dsconv.targets import CLUSTER, load_target

RUNTIME = Path(__file__).parents[1] / "runtime_c"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror"
LAYERS = 12
L1_FOR_TENSORS, L2_FOR_TENSORS = 9000, 16000
"""So little that DS-CNN has weights and activations in L3: all of the runtime is in use."""
RARELY_USED = ("dsc_l3_load", "dsc_l3_store", "dsc_l3_wait", "dsc_layer_end_in_l3", "dsc_prefetch")
TIMEOUT_S = 300
ON_THIS_MACHINE = {"host", "mcu"}
UNDER_AN_SDK = {"pmsis"}
"""Platforms whose compiler and headers are an SDK's (test_pmsis.py)."""
CLANG_FOR_RISCV = "clang --target=riscv32-unknown-elf"

FOLDERS = [
    pytest.param((name, library), id=f"{name}-{'library' if library else 'program'}")
    for name in CLUSTER.names
    for library in (False, True)
    if (
        has_library(RUNTIME / load_target(name).platform)
        if library
        else makes_program(load_target(name).platform)
    )
]
LEVELS = ["-O0", "-Os", *(pytest.param(f"-O{n}", marks=pytest.mark.slow) for n in (1, 2, 3))]


@cache
def compiled_for(target: str) -> Network:
    """DS-CNN with little memory."""
    l1, l2 = (
        memory.bytes - memory.usable(LAYERS) + tensors
        for memory, tensors in (
            (load_target(target).l1, L1_FOR_TENSORS),
            (load_target(target).l2, L2_FOR_TENSORS),
        )
    )
    return dsconv.compile(zoo.build("dscnn"), target, l1=l1, l2=l2)


@pytest.fixture(scope="module", params=FOLDERS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DS-CNN for a target, as a program or a library, with every part of the runtime."""
    name, library = request.param
    directory = tmp_path_factory.mktemp("folder") / name
    compiled_for(name).write(directory, library=library)
    text = (directory / "network.c").read_text()
    assert all(f"{function}(" in text for function in RARELY_USED)
    return directory


def make(folder: Path, settings: Mapping[str, str]) -> None:
    """All objects, for a program of all parts of the runtime or for a library."""
    program = (folder / "harness.c").exists()
    counts = int((folder / "core_counters.h").exists())
    given = [f"{name}={value}" for name, value in settings.items()]
    run_program(
        [
            *("make", "-B", "-s", "objects" if program else "library_objects"),
            *("TRACE=1", f"COUNT={counts}", *given),
        ],
        folder,
        TIMEOUT_S,
    )


def needs(tool: str) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not on PATH")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_compiler_warns(compiler: str, level: str, written: Path):
    if load_target(written.name).platform in UNDER_AN_SDK:
        pytest.skip("its SDK compiles it in test_pmsis.py")
    settings = {"WARNINGS": WARNINGS, "EXTRA_CFLAGS": level, "LARGEST_FRAME_BYTES": "65536"}
    if written.name in ON_THIS_MACHINE:
        needs(compiler)
        settings["CC"] = compiler
    elif compiler == "gcc":
        needs(RISCV_GCC)
    else:
        needs("clang")
        settings |= {"CC": CLANG_FOR_RISCV, "GCC_CFLAGS": "", "ARCH": "rv32imc"}
    make(written, settings)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_headers_are_cpp_too(compiler: str, standard: str, written: Path):
    needs(compiler)
    (written / "use.cpp").write_text('#include "network.h"\nint main() { dscnn_network.run(0); }\n')
    command = [compiler, f"-std={standard}", *WARNINGS.split(), "-c", "-o", "use.o", "use.cpp"]
    run_program(command, written, TIMEOUT_S)


def test_no_file_is_of_another_platform(written: Path):
    platforms = {path.name: path for path in RUNTIME.iterdir() if path.is_dir()}
    own = platforms[load_target(written.name).platform]
    of_all = {path.name for path in RUNTIME.iterdir() if path.is_file()}
    of_others = {
        path.name for folder in platforms.values() for path in folder.iterdir() if folder != own
    }
    files = {path.name for path in written.iterdir()}
    assert not files & (of_others - of_all - {path.name for path in own.iterdir()})
    assert not any(name.startswith("dsc_checked") for name in files) or own.name in ("host", "qemu")
