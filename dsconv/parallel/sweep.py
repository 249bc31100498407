"""Many independent runs one after the other or side by side, with a progress bar, or lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dsconv.parallel.executor import Executor

Case = TypeVar("Case")
Result = TypeVar("Result")

SECONDS_BETWEEN_LINES = 20.0
"""Where no terminal shows a bar."""


def sweep(
    title: str,
    run: Callable[[Case], Result],
    cases: Sequence[Case],
    executor: Executor,
    console: Console,
    *,
    keep: Callable[[Case, Result], None] = lambda case, result: None,
) -> dict[Case, Result]:
    """Results of all cases in their order, wherever they run.

    `run` is a function at the top of its module. It keeps what it measures, or `keep` does here
    with each result as it comes: then a sweep that is broken off goes on where it ended.
    """
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TimeRemainingColumn(), TextColumn("{task.fields[case]}")),
    )
    found: dict[Case, Result] = {}
    said = time.monotonic()
    with (
        Progress(*columns, console=console, transient=True) as progress,
        closing(executor.results(run, cases)) as results,
    ):
        task = progress.add_task(title, total=len(cases), case="")
        for case, result in results:
            keep(case, result)
            found[case] = result
            progress.update(task, advance=1, case=str(case))
            if not console.is_terminal and time.monotonic() - said > SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                console.print(f"{title}: {len(found)} of {len(cases)}", highlight=False)
    return {case: found[case] for case in cases}
