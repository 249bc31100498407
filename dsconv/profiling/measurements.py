"""Measurements on GVSoC, kept between runs under the content of what was measured.

A measurement's key is the SHA-256 of all that decides it: the sources as `write_folder` leaves
them, the input, the compiler and the simulator. So nothing that is kept is ever out of date, and a
sweep that was broken off goes on where it ended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.execution.execute import TIMEOUT_S
from dsconv.parallel import kept
from dsconv.runners import LayerStats, RunnerError, RunResult, build, gvsoc
from dsconv.runners.build import RISCV_GCC
from dsconv.runners.process import find_program

SIMULATOR = ("lib/libpulpvp*", "models/**/*", "generators/**/*.py", "generators/**/*.json")
"""From GVSoC's install directory: what makes it another simulator."""

NO_SOURCES = {".mlir"}
"""Suffixes of files beside the sources that the program is not made of."""


@dataclass(frozen=True)
class Measurement:
    """What a program took that computed what it should, for its last input."""

    cycles: int
    layers: tuple[LayerStats, ...]
    bank_conflicts: bool

    @staticmethod
    def of(result: RunResult) -> Measurement:
        """The part of a run that is kept."""
        assert result.cycles is not None, "GVSoC counts cycles"
        return Measurement(result.cycles[-1], result.layer_stats[-1], result.bank_conflicts)

    @staticmethod
    def of_json(text: str) -> Measurement:
        """The measurement that was kept as a text."""
        values = json.loads(text)
        layers = tuple(LayerStats(**layer) for layer in values.pop("layers"))
        return Measurement(layers=layers, **values)


def measure(
    folder: Path, inputs: NDArray[np.uint8], check: Callable[[RunResult], None]
) -> Measurement:
    """What a program takes on inputs that lie back to back: kept, or now built, run and checked.

    `folder` holds what `write_folder` wrote for `pulp_open`. `check` raises where the run is not
    right; then nothing is kept. Raises RunnerError where a tool is missing or fails.
    """
    name = kept_as(folder, inputs)
    text = kept.read(name)
    if text is not None:
        return Measurement.of_json(text)
    build(folder)
    result = gvsoc.run(folder, inputs, TIMEOUT_S)
    check(result)
    measurement = Measurement.of(result)
    kept.write(name, json.dumps(asdict(measurement)))
    return measurement


def kept_as(folder: Path, inputs: NDArray[np.uint8]) -> str:
    """The file for a program and its inputs among what is kept, where it was measured."""
    sources = [file for file in folder.iterdir() if file.suffix not in NO_SOURCES]
    digest = sha256()
    for part in (tools(), *_contents(folder, sorted(sources)), inputs.tobytes()):
        digest.update(sha256(part).digest())
    key = digest.hexdigest()
    return f"measurements/{key[:2]}/{key}.json"


@cache
def tools() -> bytes:
    """What stands for the compiler and the simulator of this machine.

    Raises RunnerError where one of them is missing.
    """
    simulator, compiler = gvsoc.find(), find_program(RISCV_GCC)
    if simulator is None or compiler is None:
        raise RunnerError("GVSoC or RISC-V GCC is missing: dsconv doctor says how to get them")
    install = simulator.path.parents[1]
    files = {file for part in SIMULATOR for file in install.glob(part) if file.is_file()}
    digest = sha256(compiler.version.encode())
    for part in _contents(install, sorted(files)):
        digest.update(sha256(part).digest())
    return digest.digest()


def _contents(folder: Path, files: list[Path]) -> Iterator[bytes]:
    """Names and contents of files, one behind the other."""
    for file in files:
        yield str(file.relative_to(folder)).encode()
        yield file.read_bytes()
