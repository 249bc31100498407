"""Tables of a benchmark: the same rows on the terminal, as CSV and as Markdown."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rich import box
from rich.table import Table

Cell: TypeAlias = str | int | float | None
"""Words, a count, a change as a ratio, or nothing."""


@dataclass(frozen=True)
class Results:
    """Rows under columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def table(self) -> Table:
        """For people: words to the left, numbers to the right."""
        table = Table(title=self.title, box=box.SIMPLE_HEAD)
        for number, column in enumerate(self.columns):
            words = all(isinstance(row[number], str) for row in self.rows)
            table.add_column(column, justify="left" if words else "right", no_wrap=True)
        for row in self.rows:
            table.add_row(*map(shown, row))
        return table

    def markdown(self) -> str:
        """For documents."""
        lines = [self.columns, ["---"] * len(self.columns), *(map(shown, row) for row in self.rows)]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def write(self, path: Path) -> None:
        """Writes path.csv, numbers as they are, and path.md."""
        with path.with_suffix(".csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(self.rows)
        path.with_suffix(".md").write_text(self.markdown())


def shown(cell: Cell) -> str:
    """A cell for people."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell + 0.0:+.2%}"
    return cell if isinstance(cell, str) else f"{cell:,}"
