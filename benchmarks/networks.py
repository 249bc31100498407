"""Cycles of the paper's six networks on GVSoC, beside the paper's: `python -m benchmarks.networks`.

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

PAPER_LOWEST_LATENCY = {
    "mv1-224": 8_900_000,
    "mv1-128": 2_730_000,
    "mv1-96": 2_020_000,
    "mv2-224": 13_270_000,
    "mv2-128": 6_330_000,
    "dscnn": 685_800,
}


def measure(name: str, target: str) -> dsconv.Report:
    """One network on the simulator, checked layer by layer."""
    report = dsconv.compile(zoo.build(name), target=target).run(on="gvsoc")
    if not report.equal:
        raise SystemExit(f"{name}: {report.differences[0]}")
    return report


def main(
    target: Annotated[str, typer.Option(help="pulp_open or gap8.")] = "pulp_open",
    json_file: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Runs all six and prints a table."""
    table = Table(title=f"{target}, {date.today()}: L1 bank conflicts modelled, bit-exact")
    for column in ("network", "cycles", "MAC/cycle", "paper", "ratio", "activation bytes L2-L1"):
        table.add_column(column, justify="right")
    rows: dict[str, dict[str, int]] = {}
    for name, paper in PAPER_LOWEST_LATENCY.items():
        report = measure(name, target)
        assert report.cycles is not None, "GVSoC counts cycles"
        moved = sum(layer.l2_l1_in + layer.l2_l1_out for layer in report.layers)
        rows[name] = {"cycles": report.cycles, "macs": report.macs, "activation_bytes": moved}
        table.add_row(
            name,
            f"{report.cycles:,}",
            f"{report.macs / report.cycles:.2f}",
            f"{paper:,}",
            f"{paper / report.cycles:.2f}",
            f"{moved:,}",
        )
    Console().print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
