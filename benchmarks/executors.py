"""Profiles on GVSoC here and on workers of dask.distributed: the same numbers, and how fast.

    python -m benchmarks.executors [--profiles N]

Each way begins with nothing kept. The last one loses a worker in the middle. Fails where cycles
differ, where two workers are not faster than one by the factor below, or where a run is lost.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dsconv import zoo
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.run import network_of
from dsconv.driver.pipeline import GRAPH_LEVEL, run_pipeline
from dsconv.frontends import import_onnx
from dsconv.parallel.dask_workers import DaskWorkers
from dsconv.parallel.executor import Executor
from dsconv.parallel.processes import Processes
from dsconv.parallel.sweep import sweep
from dsconv.passes.scheduling.profile_set import profiling_candidates
from dsconv.profiling.runs import measure_batch
from dsconv.profiling.schedule import DOUBT, Batch, batches_of, fits_program, kind_of
from dsconv.targets import load_target

LEAST_FASTER = 1.7
"""Two workers than one, on two cores that do nothing else."""

console = Console(width=120)


def profiles(count: int) -> list[Batch]:
    """Programs that measure one choice each, for the paper's smallest networks."""
    target = load_target("pulp_open")
    found: list[Batch] = []
    for name in ("dscnn", "mv1-96", "mv1-128"):
        module = import_onnx(zoo.build(name)).module
        run_pipeline(module, GRAPH_LEVEL)
        layers = [op for op in network_of(module).body.ops if isinstance(op, LayerOperation)]
        steps = profiling_candidates(layers, target.cluster(len(layers)), DOUBT)
        kinds = {kind_of(step.candidate): step.candidate for step in steps}
        for candidate in kinds.values():
            if fits_program(candidate):
                found += [batch for batch, _ in batches_of([candidate], target.l1.bytes)]
    return found[:count]


@contextmanager
def workers(count: int) -> Generator[tuple[DaskWorkers, list[subprocess.Popen[bytes]]]]:
    """A scheduler and so many workers on this machine, with nothing kept."""
    with TemporaryDirectory() as folder, ExitStack() as processes:
        file = Path(folder, "scheduler.json")
        environment = os.environ | {"XDG_CACHE_HOME": folder}

        def start(*command: str) -> subprocess.Popen[bytes]:
            options = ["--host", "127.0.0.1", "--scheduler-file", str(file)]
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command, *options],
                env=environment,
                stderr=subprocess.DEVNULL,
            )
            processes.callback(process.wait)
            processes.callback(process.kill)
            return process

        start("scheduler", "--port", "0", "--no-dashboard")
        while not file.exists():
            sleep(0.1)
        started = [start("worker", "--nthreads", "1", "--no-nanny") for _ in range(count)]
        yield DaskWorkers(json.loads(file.read_text())["address"]), started


def ignore(batch: Batch, cycles: tuple[int, ...]) -> None:
    """Does nothing with a result."""


def timed(
    cases: list[Batch],
    executor: Executor,
    keep: Callable[[Batch, tuple[int, ...]], None] = ignore,
) -> tuple[str, float]:
    """Cycles of all programs as JSON, and seconds."""
    with TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        start = monotonic()
        found = sweep("profiles", measure_batch, cases, executor, console, keep=keep)
        seconds = monotonic() - start
    return json.dumps([[batch.name, cycles] for batch, cycles in found.items()]), seconds


def killer(worker: subprocess.Popen[bytes], after: int) -> Callable[[Batch, object], None]:
    """Kills a worker behind so many results."""
    results: list[Batch] = []

    def keep(batch: Batch, cycles: object) -> None:
        results.append(batch)
        if len(results) == after:
            worker.kill()

    return keep


def main(profile_count: Annotated[int, typer.Option("--profiles", min=2)] = 200) -> None:
    """Prints a table."""
    cases = profiles(profile_count)
    ways: dict[str, tuple[str, float]] = {"two processes": timed(cases, Processes(2))}
    for count, name in ((1, "one worker"), (2, "two workers")):
        with workers(count) as (executor, _):
            ways[name] = timed(cases, executor)
    with workers(2) as (executor, started):
        ways["two workers, one killed half-way"] = timed(
            cases, executor, killer(started[0], len(cases) // 2)
        )
    expected = ways["two processes"][0]
    table = Table("way", "seconds", "the same", title=f"{len(cases)} profiles")
    for name, (found, seconds) in ways.items():
        table.add_row(name, f"{seconds:.0f}", "yes" if found == expected else "NO")
    console.print(table)
    faster = ways["one worker"][1] / ways["two workers"][1]
    console.print(f"two workers are {faster:.2f} times as fast as one")
    if faster < LEAST_FASTER or any(found != expected for found, _ in ways.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
