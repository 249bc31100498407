"""Runs in processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

from dsconv.errors import ToolError

Case = TypeVar("Case")
Result = TypeVar("Result")

MOST_LOSSES = 3
"""Times in a row that processes may end before a single run is done."""


@dataclass(frozen=True)
class Processes:
    """So many processes at a time; see `Executor`.

    A pool ends with any of its processes, and all that runs in it; what is left runs in a new one.
    """

    jobs: int

    def results(
        self, run: Callable[[Case], Result], cases: Sequence[Case]
    ) -> Generator[tuple[Case, Result]]:
        """Cases with their results, as soon as each is there."""
        left = dict.fromkeys(cases)
        losses = 0
        while left:
            try:
                for case, result in _results_of_pool(self.jobs, run, list(left)):
                    del left[case]
                    losses = 0
                    yield case, result
            except BrokenProcessPool as error:
                losses += 1
                if losses == MOST_LOSSES:
                    raise ToolError(
                        f"{losses} times a process ended in the midst of its run, as where memory "
                        f"is short; {len(left)} of {len(cases)} runs are left"
                    ) from error


def _results_of_pool(
    jobs: int, run: Callable[[Case], Result], cases: Sequence[Case]
) -> Generator[tuple[Case, Result]]:
    """As `Processes.results`; BrokenProcessPool where a process ends by itself."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(run, case): case for case in cases}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
