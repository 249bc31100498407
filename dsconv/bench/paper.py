"""The paper's evaluation on GVSoC: Figure 3, Table 2 and Figure 4 (Daghero et al. 2024)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console

from dsconv.bench import Part, figure3, figure4, table2
from dsconv.bench.deployments import run_network
from dsconv.bench.figure3 import Figure3
from dsconv.bench.figure3_blocks import FD, GEOMETRIES, SIZES
from dsconv.bench.figure4 import Figure4
from dsconv.bench.in_l1 import cycles_in_l1
from dsconv.bench.results import Results
from dsconv.bench.table2 import Table2
from dsconv.errors import DsconvError
from dsconv.execution.report import WIDEST
from dsconv.parallel.executor import Executor
from dsconv.parallel.sweep import sweep
from dsconv.profiling.measurements import tools

Option = TypeVar("Option", int, str)


class Measured(Protocol):
    """A figure or a table."""

    def results(self) -> Results:
        """Its numbers."""
        ...

    def plot(self, path: Path) -> None:
        """Draws it."""
        ...


def bench_paper(
    parts: Collection[Part],
    output: Path,
    executor: Executor,
    console: Console,
    *,
    sizes: Sequence[int] = (),
    kernels: Sequence[str] = (),
) -> None:
    """Measures, prints tables, and writes them with plots to a folder.

    `sizes` and `kernels` are maps and fused kernels of Figure 3, if not all of them. What was
    measured before is not measured again. Raises DsconvError where GVSoC is missing, a value is
    wrong or the folder cannot be written.
    """
    sizes, kernels = chosen("maps", sizes, SIZES), chosen("kernels", kernels, FD)
    tools()
    wide = Console(width=WIDEST, file=console.file)

    def publish(part: Part, measured: Measured) -> None:
        wide.print(measured.results().table())
        measured.results().write(output / part)
        measured.plot(output / f"{part}.png")

    try:
        output.mkdir(parents=True, exist_ok=True)
        if Part.FIGURE_3 in parts:
            shapes = [shape for shape in GEOMETRIES if shape.size in sizes]
            cases = figure3.blocks(shapes, kernels)
            figure = Figure3.of(sweep("Figure 3", cycles_in_l1, cases, executor, console))
            publish(Part.FIGURE_3, figure)
            figure.details().write(output / "fig3-geometries")
        if Part.TABLE_2 in parts:
            runs = sweep("Table 2", run_network, table2.DEPLOYED, executor, console)
            publish(Part.TABLE_2, Table2.of(runs))
        if Part.FIGURE_4 in parts:
            runs = sweep("Figure 4", run_network, figure4.DEPLOYED, executor, console)
            publish(Part.FIGURE_4, Figure4.of(runs))
    except OSError as error:
        raise DsconvError(f"cannot write {output}: {error.strerror}") from error
    console.print(f"{output}: tables as CSV and Markdown, and plots", highlight=False)


def chosen(what: str, options: Sequence[Option], known: Collection[Option]) -> list[Option]:
    """The options that were given, or all; DsconvError where one is unknown."""
    if not set(options) <= set(known):
        raise DsconvError(f"Figure 3's {what} are {', '.join(map(str, known))}")
    return list(options or known)
