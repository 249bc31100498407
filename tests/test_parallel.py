"""Independent runs give the same results wherever they run, and survive lost workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from parallel_runs import Case, fail, lose_every_process, lose_first_process, square
from rich.console import Console

from dsconv.errors import DsconvError, ToolError
from dsconv.parallel import kept
from dsconv.parallel.dask_workers import DaskWorkers
from dsconv.parallel.executor import Executor, executor_for
from dsconv.parallel.processes import Processes
from dsconv.parallel.sweep import sweep

QUIET = Console(quiet=True)
PATIENCE_S = 60


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is kept here is apart from what a cluster keeps."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "dsconv"


def cases_in(folder: Path, count: int, seconds: float = 0.0) -> list[Case]:
    folder.mkdir()
    return [Case(number, folder, seconds) for number in range(count)]


def squares(cases: list[Case]) -> dict[Case, int]:
    return {case: case.number**2 for case in cases}


def test_a_lost_process_loses_no_run(tmp_path: Path) -> None:
    cases = cases_in(tmp_path / "runs", 6)
    assert sweep("squares", lose_first_process, cases, Processes(2), QUIET) == squares(cases)
    assert (tmp_path / "runs" / "1-lost.begun").exists()


def test_runs_that_end_every_process_are_an_error(tmp_path: Path) -> None:
    cases = cases_in(tmp_path / "runs", 2)
    with pytest.raises(ToolError, match="3 times a process ended in the midst of its run"):
        sweep("lost", lose_every_process, cases, Processes(1), QUIET)


def test_each_result_may_be_kept_as_it_comes(tmp_path: Path) -> None:
    cases, came = cases_in(tmp_path / "runs", 3), dict[Case, int]()
    sweep("squares", square, cases, Processes(1), QUIET, keep=came.__setitem__)
    assert came == squares(cases)


def test_either_processes_or_a_scheduler() -> None:
    assert executor_for() == Processes(1)
    assert executor_for(jobs=3) == Processes(3)
    assert executor_for(scheduler="tcp://there:8786") == DaskWorkers("tcp://there:8786")
    with pytest.raises(DsconvError, match="give one of the two"):
        executor_for(jobs=3, scheduler="tcp://there:8786")


def test_what_is_recorded_can_be_written_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.write("old", "1")
    with kept.recorded() as files:
        assert kept.read("old") == "1"
        assert kept.read("none") is None
        kept.write("new/file", "2")
    kept.write("later", "3")
    assert files == {"old": "1", "new/file": "2"}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    kept.write("old", "mine")
    kept.write_all(files)
    assert (kept.read("old"), kept.read("new/file")) == ("mine", "2")


class Cluster:
    """A scheduler and workers of dask.distributed, all processes of their own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes = ExitStack()
        self.workers: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--port", "0", "--no-dashboard")
        while not self.file.exists():
            time.sleep(0.05)
        self.address: str = json.loads(self.file.read_text())["address"]

    def start_worker(self) -> None:
        self.workers.append(self._start("worker", "--nthreads", "1", "--no-nanny"))

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
        }
        options = ["--host", "127.0.0.1", "--scheduler-file", str(self.file)]
        log = self.processes.enter_context((self.folder / f"{command[0]}.log").open("ab"))
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *command, *options],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=self.folder,
        )
        self.processes.callback(process.wait)
        self.processes.callback(process.kill)
        return process


@pytest.fixture
def cluster(tmp_path: Path) -> Generator[Cluster]:
    pytest.importorskip("distributed")
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    with found.processes:
        yield found


def test_workers_of_a_scheduler_give_the_same(cluster: Cluster, tmp_path: Path, home: Path) -> None:
    """And an error of a run is the same, too; results of the cluster are kept here."""
    cluster.start_worker()
    cluster.start_worker()
    cases = cases_in(tmp_path / "runs", 8, seconds=0.1)
    executors: list[Executor] = [DaskWorkers(cluster.address), Processes(1)]
    found = sweep("squares", square, cases, executors[0], QUIET)
    assert list(found.items()) == list(squares(cases).items())
    assert {path.name: path.read_text() for path in (home / "squares").iterdir()} == {
        f"{case.number}.json": str(case.number**2) for case in cases
    }
    for executor in executors:
        with pytest.raises(ValueError, match="no square of 0"):
            sweep("fails", fail, cases[:1], executor, QUIET)


def test_a_killed_worker_loses_no_run(cluster: Cluster, tmp_path: Path) -> None:
    cluster.start_worker()
    cluster.start_worker()
    cases = cases_in(tmp_path / "runs", 12, seconds=0.3)
    done: list[Case] = []

    def kill_in_the_middle(case: Case, result: int) -> None:
        done.append(case)
        if len(done) == len(cases) // 2:
            cluster.workers[0].send_signal(signal.SIGKILL)

    found = sweep(
        "squares", square, cases, DaskWorkers(cluster.address), QUIET, keep=kill_in_the_middle
    )
    assert found == squares(cases)
    assert cluster.workers[0].wait(PATIENCE_S) == -signal.SIGKILL
    processes = {path.name.split("-")[1] for case in cases for path in case.marks("done")}
    assert processes == {str(worker.pid) for worker in cluster.workers}


def test_where_no_scheduler_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("dsconv.parallel.dask_workers.WAIT_S", 0.5)
    with pytest.raises(DsconvError, match=r"no scheduler answers at tcp://127\.0"):
        sweep("squares", square, [], DaskWorkers("tcp://127.0.0.1:1"), QUIET)


def test_where_a_scheduler_has_no_workers(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsconv.parallel.dask_workers.WAIT_S", 0.5)
    with pytest.raises(DsconvError, match="has no workers: dask worker tcp://"):
        sweep("squares", square, [], DaskWorkers(cluster.address), QUIET)


def test_where_dask_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(DsconvError, match=r"pip install 'dsconv-compiler\[cluster\]'"):
        sweep("squares", square, [], DaskWorkers("tcp://there:8786"), QUIET)
