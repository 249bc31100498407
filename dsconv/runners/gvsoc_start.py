"""Starting GVSoC: where it is, the Python that runs it, and what keeps it from starting."""

from __future__ import annotations

import os
import re
import struct
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dsconv.runners.process import Program, RunnerError, find_in_home, run_program

PYTHON = "GVSOC_PYTHON"
"""Names the interpreter of the environment that has GVSoC's Python packages."""

START_TIMEOUT_S = 60

MISSING_MODULE = re.compile(r"(?:No module named|Dependency) '(?P<module>[^']+)'")
MISSING_MODEL = re.compile(
    r"(?:Couldn't find component \(name: |Invalid target specified: )(?P<model>[\w.-]+)"
)
"""In what GVSoC prints."""

PROGRAM_BASE = 0x1C010000
"""Shared L2 of every PULP chip."""

THAT_EXITS = (
    0x1A104537,  # lui a0, 0x1A104
    0x800005B7,  # lui a1, 0x80000
    0x0AB52023,  # sw a1, 0xA0(a0): the status register of the SoC control, exited with 0
    0x0000006F,  # j .
)


def find() -> Program | None:
    """GVSoC from GVSOC_HOME (the install directory or its bin) if that is set, else from PATH."""
    return find_in_home("gvsoc", "GVSOC_HOME", "bin")


def command(gvsoc: Program, target: str, directory: Path, program: Path) -> list[str]:
    """What runs a program on a target in a work directory, but for options and its last word."""
    return [
        str(gvsoc.path),
        f"--target={target}",
        f"--work-dir={directory}",
        f"--binary={program}",
    ]


@contextmanager
def explained() -> Generator[None]:
    """Around a run of GVSoC: its RunnerError says what is missing, where it is that."""
    try:
        yield
    except RunnerError as error:
        raise RunnerError(missing(str(error)) or str(error)) from error


def environment(gvsoc: Program) -> dict[str, str]:
    """GVSoC is a Python program that takes python3 from PATH: that of GVSOC_PYTHON comes first.

    Without the variable it is the Python that runs dsconv. Raises RunnerError where the variable
    names no interpreter called python3.
    """
    python = Path(os.environ.get(PYTHON) or sys.executable)
    if PYTHON in os.environ and not (python.is_file() and (python.parent / "python3").is_file()):
        raise RunnerError(
            f"{PYTHON} is {python}, which is no interpreter of a virtual environment; give "
            "ENVIRONMENT/bin/python3"
        )
    first = (str(gvsoc.path.parent), str(python.parent))
    return {**os.environ, "PATH": os.pathsep.join((*first, os.environ["PATH"]))}


def missing(output: str) -> str | None:
    """What GVSoC's output says is not installed or not built; None where it is something else."""
    if found := MISSING_MODULE.search(output):
        return (
            f"GVSoC's Python has no module {found['module']}: install what docs/gvsoc.md lists "
            f"into an environment, and set {PYTHON} to its bin/python3"
        )
    if found := MISSING_MODEL.search(output):
        return (
            f"GVSoC was built without {found['model']}: build it with the target among its TARGETS "
            "(docs/gvsoc.md)"
        )
    return None


def problem(target: str) -> str | None:
    """What keeps GVSoC from running a program on a target: it is tried; None where it runs."""
    gvsoc = find()
    assert gvsoc is not None, "asked of a GVSoC that is there"
    with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
        program = Path(folder) / "exit.elf"
        program.write_bytes(elf(THAT_EXITS))
        start = [*command(gvsoc, target, Path(folder), program), "run"]
        try:
            with explained():
                run_program(start, Path(folder), START_TIMEOUT_S, environment(gvsoc))
        except RunnerError as error:
            return str(error)
    return None


def elf(code: Sequence[int]) -> bytes:
    """An ELF file of 32-bit RISC-V instructions that begins at the first (ELF specification)."""
    machine, header_bytes, segment_bytes = 243, 52, 32
    identity = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    text = struct.pack(f"<{len(code)}I", *code)
    header = struct.pack(
        "<16sHHIIIIIHHHHHH",
        *(identity, 2, machine, 1, PROGRAM_BASE, header_bytes, 0, 0),
        *(header_bytes, segment_bytes, 1, 0, 0, 0),
    )
    place = header_bytes + segment_bytes
    segment = struct.pack("<8I", 1, place, PROGRAM_BASE, PROGRAM_BASE, len(text), len(text), 5, 4)
    return header + segment + text
