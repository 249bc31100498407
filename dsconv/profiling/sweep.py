"""Many measurements one after the other or side by side, with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Case = TypeVar("Case")
Result = TypeVar("Result")


def sweep(
    title: str,
    measure: Callable[[Case], Result],
    cases: Sequence[Case],
    jobs: int,
    console: Console,
) -> dict[Case, Result]:
    """Results of all cases in their order, measured `jobs` at a time in processes of their own.

    `measure` is a function at the top of its module, and keeps what it has measured: a sweep that
    is broken off goes on where it ended.
    """
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TimeRemainingColumn(), TextColumn("{task.fields[case]}")),
    )
    results: dict[Case, Result] = {}
    with (
        Progress(*columns, console=console, transient=True) as progress,
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
    ):
        task = progress.add_task(title, total=len(cases), case="")
        running = {pool.submit(measure, case): case for case in cases}
        try:
            for done in as_completed(running):
                case = running[done]
                results[case] = done.result()
                progress.update(task, advance=1, case=str(case))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return {case: results[case] for case in cases}
