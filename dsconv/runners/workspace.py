"""Running a built network in a directory of its own."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.process import RunnerError, run_program
from dsconv.runners.result import RunResult, read_result

SHARED_MEMORY = Path("/dev/shm")
L3_IMAGE = "l3.bin"


@contextmanager
def workspace(build_dir: Path) -> Generator[Path]:
    """A temporary directory for a run, with the L3 image of the network if it has one.

    In memory if possible: GVSoC syncs every kB that it writes.
    """
    in_memory = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(
        prefix="dsconv-", dir=SHARED_MEMORY if in_memory else None
    ) as directory:
        if (build_dir / L3_IMAGE).exists():
            shutil.copy(build_dir / L3_IMAGE, directory)
        yield Path(directory)


def built_program(build_dir: Path, name: str) -> Path:
    """The program that make left in a build directory; RunnerError if there is none."""
    program = build_dir.resolve() / name
    if not program.is_file():
        raise RunnerError(f"{program} is missing: run make -C {build_dir} first")
    return program


def built_with(build_dir: Path, name: str, default: int) -> int:
    """A number that a network was built with; `default` where its config.mk does not say."""
    config = build_dir / "config.mk"
    text = config.read_text() if config.exists() else ""
    found = re.search(rf"^{name}\s*=\s*(\d+)\s*$", text, re.MULTILINE)
    return int(found[1]) if found else default


def run_in_workspace(
    directory: Path,
    command: Sequence[str],
    inputs: bytes | NDArray[np.uint8],
    timeout_s: float,
    *,
    measures_cycles: bool,
    models_bank_conflicts: Callable[[], bool] = lambda: False,
    environment: Mapping[str, str] | None = None,
) -> RunResult:
    """Write input.bin, run the command beside it, and read what it wrote.

    models_bank_conflicts is asked after the run.
    """
    data = inputs if isinstance(inputs, bytes) else inputs.tobytes()
    (directory / "input.bin").write_bytes(data)
    start = time.perf_counter()
    run_program(command, directory, timeout_s, environment)
    wall_time_s = time.perf_counter() - start
    return read_result(
        directory,
        wall_time_s,
        measures_cycles=measures_cycles,
        bank_conflicts=models_bank_conflicts(),
    )
