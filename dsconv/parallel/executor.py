"""Where independent runs are executed: here, or wherever a scheduler has workers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeVar

from dsconv.errors import DsconvError
from dsconv.parallel.dask_workers import DaskWorkers
from dsconv.parallel.processes import Processes

Case = TypeVar("Case")
Result = TypeVar("Result")


class Executor(Protocol):
    """Executes runs that do not depend on each other."""

    def results(
        self, run: Callable[[Case], Result], cases: Sequence[Case]
    ) -> Generator[tuple[Case, Result]]:
        """Cases with their results, as soon as each is there; closing it gives up the rest.

        `run` is a function at the top of its module. A case whose worker is lost runs again on
        another; one that takes its workers with it is a ToolError. Other errors are those of `run`.
        """
        ...


def executor_for(jobs: int | None = None, scheduler: str | None = None) -> Executor:
    """So many processes here, one by default, or the workers of a scheduler of dask.distributed.

    Raises DsconvError where both are given.
    """
    if scheduler is None:
        return Processes(jobs or 1)
    if jobs is not None:
        raise DsconvError("--jobs are processes here, a scheduler has its own: give one of the two")
    return DaskWorkers(scheduler)
