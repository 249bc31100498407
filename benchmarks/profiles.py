"""The model's choice of a schedule beside the one that profiles make, both on GVSoC.

    python -m benchmarks.profiles [NAME ...] [--jobs N | --scheduler ADDRESS]

Fails where the model's choice takes more than 3 % more cycles. What was measured is kept.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dsconv import zoo
from dsconv.api import compile
from dsconv.cli.options import Jobs, Scheduler
from dsconv.parallel.executor import executor_for
from dsconv.profiling.runs import gvsoc_measurer
from dsconv.profiling.schedule import Measurer

MOST_LOST = 0.03
"""What the model's choice may take longer."""

NAMES = ["dscnn", "mv1-96", "mv1-128", "mv2-128"]

console = Console()


def cycles(name: str, measurer: Measurer | None) -> int:
    """A network's cycles; SystemExit where a value is wrong."""
    report = compile(zoo.build(name), "pulp_open", measurer=measurer).run(on="gvsoc")
    if not report.equal or report.cycles is None:
        raise SystemExit(f"{name}: {report.differences[0]}")
    return report.cycles


def main(
    names: Annotated[list[str] | None, typer.Argument()] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Prints a table."""
    table = Table("network", "model", "profiles", "lost", title=str(date.today()))
    worst = 0.0
    executor = executor_for(jobs, scheduler)
    for name in names or NAMES:
        model, profiled = cycles(name, None), cycles(name, gvsoc_measurer(executor, console))
        lost = model / profiled - 1
        worst = max(worst, lost)
        table.add_row(name, f"{model:,}", f"{profiled:,}", f"{lost:.2%}")
    console.print(table)
    if worst > MOST_LOST:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
