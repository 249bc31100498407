"""dsconv bench: measurements on GVSoC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dsconv.bench import Part
from dsconv.cli.consoles import console
from dsconv.cli.options import Jobs, Scheduler
from dsconv.files import output_path

bench = typer.Typer(no_args_is_help=True, help="Measure what the compiler makes, on GVSoC.")


@bench.command("paper")
def bench_paper_command(
    only: Annotated[
        list[Part] | None, typer.Option("--only", help="Parts to measure; all of them by default.")
    ] = None,
    size: Annotated[
        list[int] | None,
        typer.Option("--size", help="Maps of fig3: 32, 64 or 128; all of them by default."),
    ] = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option("--kernel", help="Fused kernels of fig3; the paper's six by default."),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", parser=output_path, help="Folder for tables and plots."
        ),
    ] = Path("build/paper"),
    jobs: Jobs = None,
    scheduler: Scheduler = None,
) -> None:
    """Measure Figure 3, Table 2 and Figure 4 of the paper on GVSoC, beside the paper's numbers.

    Takes hours the first time; what was measured is kept, so it may be stopped at
    any time.
    """
    from dsconv.bench.paper import bench_paper
    from dsconv.parallel.executor import executor_for

    executor = executor_for(jobs, scheduler)
    bench_paper(
        only or list(Part), output, executor, console, sizes=size or (), kernels=kernel or ()
    )
