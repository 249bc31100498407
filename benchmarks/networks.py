"""The paper's six networks on GVSoC, beside the paper's numbers: `python -m benchmarks.networks`.

Each with the schedule of the lowest latency and with the one of the fewest transfers.

The paper's numbers are GAP8 silicon, vendor compiler, fused layers (Daghero 2024, Table 2).
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import dsconv
from dsconv import zoo
from dsconv.passes.schedules import Objective

PAPER = {
    "mv1-224": (8_900_000, 1_640_000),
    "mv1-128": (2_730_000, 491_900),
    "mv1-96": (2_020_000, 270_100),
    "mv2-224": (13_270_000, 3_280_000),
    "mv2-128": (6_330_000, 1_160_000),
    "dscnn": (685_800, 80_700),
}
"""Cycles of the lowest latency, bytes of the lowest transfers."""

OBJECTIVES = (Objective.LATENCY, Objective.TRANSFERS)


def measure(name: str, target: str, objective: Objective) -> dsconv.Report:
    """One network on the simulator, checked layer by layer."""
    network = dsconv.compile(zoo.build(name), target=target, objective=objective)
    report = network.run(on="gvsoc")
    if not report.equal:
        raise SystemExit(f"{name}: {report.differences[0]}")
    return report


def moved_bytes(report: dsconv.Report) -> int:
    """Bytes of activations between L2 and L1."""
    return sum(layer.l2_l1_in + layer.l2_l1_out for layer in report.layers)


def main(
    target: Annotated[str, typer.Option(help="pulp_open or gap8.")] = "pulp_open",
    json_file: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Runs all six, by latency and by transfers, and prints a table."""
    table = Table(title=f"{target}, {date.today()}: L1 bank conflicts modelled, bit-exact")
    columns = ("cycles", "bytes", "cycles, few transfers", "bytes, few transfers")
    for column in ("network", *columns, "paper: cycles", "paper: bytes"):
        table.add_column(column, justify="right")
    rows: dict[str, dict[str, dict[str, int]]] = {}
    for name, paper in PAPER.items():
        rows[name] = {}
        for objective in OBJECTIVES:
            report = measure(name, target, objective)
            assert report.cycles is not None, "GVSoC counts cycles"
            rows[name][objective] = {"cycles": report.cycles, "bytes": moved_bytes(report)}
        ours = (value for row in rows[name].values() for value in row.values())
        table.add_row(name, *(f"{value:,}" for value in (*ours, *paper)))
    Console().print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
