"""Every command line of README and docs, as it stands there, in a folder with its files."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from documented_commands import ALL, MAKERS, ROOT, Command

from dsconv.runners import gvsoc, qemu

TIMEOUT_S = 1200

OF_THE_READER = {
    r"^(sudo|brew|wsl|xcode-select|pip|pre-commit|git|dask)\b": "installs, or needs the network",
    r"python3 -m venv|^env/bin|make build": "installs, or needs the network",
    r"^make (setup|demo|test|lint|docs|rtl)": "sets up a whole environment; CI runs make test",
    r"^(cd|export|\.) ": "changes the reader's shell",
    r"--install-completion": "changes the reader's shell",
    r"tcp://": "needs a cluster of the reader's",
    r"five_seeds|all_masks": "trains for long",
    r"^dsconv bench (paper|scan)": "takes hours; tests of dsconv.bench run parts of it",
}
"""What no test runs, and why."""


def has_module(*names: str) -> Callable[[], bool]:
    return lambda: all(importlib.util.find_spec(name) is not None for name in names)


def has_program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


NEEDS: dict[str, tuple[str, Callable[[], bool]]] = {
    r"--on gvsoc|--profile gvsoc": ("GVSoC", lambda: gvsoc.find() is not None),
    r"--on qemu|--program": ("QEMU", lambda: qemu.find() is not None),
    r"arm-none-eabi-gcc": ("arm-none-eabi-gcc", has_program("arm-none-eabi-gcc")),
    r"--rtl": ("Icarus Verilog", has_program("iverilog")),
    r"--synth": ("Yosys", has_program("yosys")),
    r"mlir-opt-22": ("mlir-opt-22", has_program("mlir-opt-22")),
    r"from_pytorch": (
        "torch, onnxscript and scikit-learn",
        has_module("torch", "onnxscript", "sklearn"),
    ),
    r"Makefile rv32imc": ("RISC-V GCC", has_program("riscv64-unknown-elf-gcc")),
    r"Makefile cortex-m3": ("arm-none-eabi-gcc", has_program("arm-none-eabi-gcc")),
    r"from_brevitas": ("Brevitas and scikit-learn", has_module("brevitas", "sklearn")),
    r"dsconv scaffold": ("torch", has_module("torch")),
    r"\.tflite": ("ai-edge-litert", has_module("ai_edge_litert", "tflite_micro")),
    r"dsconv quantize|dsconv verify|--html": ("ONNX Runtime", has_module("onnxruntime")),
}
"""What may be absent here, by what commands have in them."""

SLOW = re.compile(r"bench|--profile|gvsoc|zoo|mv1-96|^python |--rtl")
FAST_PAGES = ("README.md", "docs/index.md", "docs/your_network.md", "docs/reports.md")
"""Commands of the others run in `make test-long`."""

LIBRARIES = """\
cp examples/digits/digits.onnx model.onnx
dsconv compile model.onnx --target mcu --library -o model
dsconv compile examples/digits/digits.onnx --target mcu --library -o digits
python examples/two_networks/cases.py model.onnx examples/digits/digits.onnx -o cases.h"""

FIRST = {
    ("docs/application.md", "two_networks/Makefile"): LIBRARIES,
    (
        "docs/application.md",
        "make -C net",
    ): ("dsconv compile examples/digits/digits.onnx --target mcu --library -o net"),
    ("docs/first_network.md", "make -C out"): (
        "dsconv compile examples/digits/digits.onnx -o out --target mcu --library"
    ),
}
"""Lines that a line builds on: the one before it on the page."""


def marked(command: Command) -> object:
    page = command.page.relative_to(ROOT).as_posix()
    is_fast = page in FAST_PAGES and not SLOW.search(command.text)
    return pytest.param(command, marks=[] if is_fast else [pytest.mark.slow], id=str(command))


ONCE = list({command.text: command for command in reversed(ALL)}.values())[::-1]
"""Each command line, where it stands first."""


@pytest.mark.parametrize("command", [*map(marked, ONCE)])
def test_a_command_of_the_docs(command: Command, tmp_path: Path) -> None:
    for pattern, reason in OF_THE_READER.items():
        if re.search(pattern, command.text):
            pytest.skip(f"{reason}: {command.text}")
    for pattern, (what, is_here) in NEEDS.items():
        if re.search(pattern, command.text) and not is_here():
            pytest.skip(f"{what} is not here: {command.text}")
    prepare(command, tmp_path)
    lines = [*before(command), command.text]
    result = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 0, f"{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    for name in written(command):
        assert (tmp_path / name).exists(), f"{name} was not written"


def prepare(command: Command, folder: Path) -> None:
    """Makes the files that a command reads, and what it finds in the repository."""
    for name in ("examples", "docs", "scripts", "benchmarks", "lit_tests"):
        (folder / name).symlink_to(ROOT / name)
    for name in command.files:
        if name in MAKERS and name not in written(command):
            MAKERS[name](folder / name)


def before(command: Command) -> list[str]:
    """The lines of the page that a line builds on."""
    page = command.page.relative_to(ROOT).as_posix()
    return [line for (of, text), line in FIRST.items() if of == page and text in command.text]


def written(command: Command) -> list[str]:
    """The files and folders that a command writes."""
    pattern = r"(?:-o|--output|--html|--json|--plot|--trace|--scale-sim) (?P<place>[\w./-]+)"
    places = [place for place in re.findall(pattern, command.text) if place != "-"]
    if "--front" in command.text:
        return [place.replace(".onnx", "-1.onnx") for place in places]
    return places


def test_every_page_is_read() -> None:
    texts = {command.text for command in ALL}
    assert "dsconv run model.onnx --layers" in texts
    assert len({command.page for command in ALL}) > 8
    assert len(texts) > 40
