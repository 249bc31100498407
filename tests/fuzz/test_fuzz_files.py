"""Damaged and hostile files: a network or one clear error, in bounded time and memory.

FUZZ_FILES sets how many, from seeds that are drawn anew; by default a few hundred, the same every
time. A seed that fails is named: `damaged(seed)` makes its file again.
"""

from __future__ import annotations

import os
import re
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from secrets import randbits
from tempfile import TemporaryDirectory
from types import FrameType

import onnx
import pytest
from damage import HOSTILE_NAMES, SECRET, damaged, healthy_files, qdq_network

from dsconv import compile
from dsconv.errors import DsconvError
from dsconv.frontends.flavours.registry import FLAVOURS

ASKED = os.environ.get("FUZZ_FILES")
FILES = int(ASKED or 200)
FIRST_SEED = randbits(48) if ASKED else 0
PART = 100
"""Files of one test; pytest-xdist gives tests to several processes."""
LONGEST_S = 60
"""Of processor time: other work on the machine is no hang."""
MOST_MEMORY = 3 * 2**30
LARGEST_FILE = 2**28
LONGEST_MESSAGE = 2000
FILE_NAME = re.compile(r"[a-z0-9_.]+|Makefile", re.ASCII | re.IGNORECASE)


def limit_process() -> None:
    """Bounds what this process may take."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))

    def time_out(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {LONGEST_S} s of processor time")

    signal.signal(signal.SIGPROF, time_out)


def problem_with(seed: int) -> str | None:
    """What is wrong with the way a damaged file is treated, read as its flavour or as another."""
    forced = [flavour.name for flavour in FLAVOURS]
    return problem_with_file(damaged(seed), Random(seed).choice([*forced, *[None] * len(forced)]))


def problem_with_file(
    content: bytes, flavour: str | None = None, *, name: str = "model.onnx"
) -> str | None:
    """What is wrong with the way a file is treated: any error but one clear DsconvError, a file
    outside of the output folder, a secret read."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "folder"
        folder.mkdir()
        (Path(place) / SECRET).write_bytes(b"\1" * 4096)
        (folder / "link.bin").symlink_to(Path(place) / SECRET)
        (folder / name).write_bytes(content)
        before = files_in(place)
        signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
        try:
            compile(folder / name, "host", flavour=flavour).write(folder / "out")
        except DsconvError as error:
            return problem_with_message(str(error)) or problem_with_files(files_in(place) - before)
        except BaseException as error:
            return f"{type(error).__name__}: {error}"[:LONGEST_MESSAGE]
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return problem_with_files(files_in(place) - before)


def files_in(place: str) -> set[str]:
    return {str(path.relative_to(place)) for path in Path(place).rglob("*")}


def problem_with_message(message: str) -> str | None:
    if not message or len(message) > LONGEST_MESSAGE or not message.isprintable():
        return f"not one clear line: {message[:LONGEST_MESSAGE]!r}"
    return None


def problem_with_files(new: set[str]) -> str | None:
    for path in sorted(new):
        inside = path == "folder/out" or path.startswith("folder/out/")
        if not inside or not FILE_NAME.fullmatch(Path(path).name):
            return f"writes {path!r}"
    return None


def problems_of(part: int, problem_with: Callable[[int], str | None]) -> dict[int, str]:
    """What is wrong with the files of a part, by their seeds; each is read in limited memory."""
    seeds = range(FIRST_SEED + part * PART, FIRST_SEED + (part + 1) * PART)
    with ProcessPoolExecutor(1, initializer=limit_process) as pool:
        found = zip(seeds, pool.map(problem_with, seeds), strict=True)
        return {seed: problem for seed, problem in found if problem is not None}


def test_the_healthy_files_compile():
    with ProcessPoolExecutor(1, initializer=limit_process) as pool:
        assert set(pool.map(problem_with_file, healthy_files())) == {None}


def test_hostile_names_are_none_in_c(tmp_path: Path):
    model = qdq_network()
    names = iter(HOSTILE_NAMES)
    model.graph.name = next(names)
    for node in model.graph.node:
        node.name = next(names, node.name)
    model.graph.input[0].name = model.graph.node[0].input[0] = '*/ #error \n " $(touch owned)'
    onnx.save(model, str(tmp_path / "$(touch owned) ;.onnx"))
    assert compile(tmp_path / "$(touch owned) ;.onnx", "host").run().equal
    assert not Path("owned").exists()


@pytest.mark.parametrize("part", range(FILES // PART))
def test_damaged_files(part: int):
    assert problems_of(part, problem_with) == {}
