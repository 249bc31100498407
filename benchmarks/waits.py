"""Layers of the paper's networks that wait for transfers: `python -m benchmarks.waits`.

A layer whose bytes take less time than its computation should hardly wait for them: at most
`ALLOWED_WAIT` of its cycles. Layers that wait longer are listed; the exit status counts them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import dsconv
from dsconv import zoo
from dsconv.dialects.tiled import L3WaitOp, LayerOp, buffer_size
from dsconv.driver.compiled import CompiledNetwork
from dsconv.execution.report import LayerReport
from dsconv.lowering.c_target import network_function
from dsconv.targets import ClusterTarget

ALLOWED_WAIT = 0.1


@dataclass(frozen=True)
class Wait:
    """A layer's cycles, those of its busiest core and of its transfers alone, and its waits."""

    network: str
    layer: str
    tile: str
    schedule: str
    cycles: int
    compute_cycles: int
    transfer_cycles: int
    dma_wait: int
    l3_wait: int

    @staticmethod
    def of(network: str, layer: LayerReport, l3_bytes: int, cluster: ClusterTarget) -> Wait:
        """The wait of a layer for whose weights `l3_bytes` come from L3."""
        assert layer.stalls is not None, "the run counted"
        loaded, stored = layer.l2_l1_in + layer.l2_l1_weights, layer.l2_l1_out
        transfers = max(
            max(loaded, stored) / cluster.dma.bytes_per_cycle,
            l3_bytes / cluster.l3.loaded_bytes_per_cycle,
        )
        return Wait(
            network,
            layer.name,
            layer.tile,
            layer.schedule,
            layer.stalls.cycles,
            max(layer.stalls.busy[1:]),
            round(transfers),
            layer.stalls.dma_wait,
            layer.stalls.l3_wait,
        )

    @property
    def part(self) -> float:
        """Part of the layer's cycles in which core 0 waits."""
        return (self.dma_wait + self.l3_wait) / self.cycles

    @property
    def is_too_long(self) -> bool:
        """Whether transfers would fit behind the computation, and yet are waited for."""
        return self.transfer_cycles < self.compute_cycles and self.part > ALLOWED_WAIT


def l3_bytes(compiled: CompiledNetwork) -> dict[str, int]:
    """Bytes that each layer waits for to come from L3, by label."""
    layers = network_function(compiled.lowered).body.block.ops
    return {
        layer.label.data: sum(
            buffer_size(op.buffer) for op in layer.walk() if isinstance(op, L3WaitOp)
        )
        for layer in layers
        if isinstance(layer, LayerOp)
    }


def waits(name: str, target: str) -> list[Wait]:
    """The waits of all layers of a network of the zoo."""
    compiled = dsconv.compile(zoo.build(name), target=target)
    from_l3 = l3_bytes(compiled)
    report = compiled.run(on="gvsoc", stalls=True)
    return [Wait.of(name, layer, from_l3[layer.name], compiled.target) for layer in report.layers]


def main(
    networks: Annotated[list[str] | None, typer.Argument(help="All six by default.")] = None,
    target: Annotated[str, typer.Option(help="pulp_open or gap8.")] = "pulp_open",
    json_file: Annotated[Path | None, typer.Option("--json", help="All layers.")] = None,
) -> None:
    """Runs the networks and lists the layers that wait too long."""
    table = Table(title=f"{target}, {date.today()}: waits of more than {ALLOWED_WAIT:.0%}")
    for column in ("network", "layer", "tile", "schedule"):
        table.add_column(column, no_wrap=True)
    for column in ("cycles", "compute", "transfers", "DMA wait", "L3 wait"):
        table.add_column(column, justify="right", no_wrap=True)
    found = [wait for name in networks or zoo.NETWORKS for wait in waits(name, target)]
    too_long = [wait for wait in found if wait.is_too_long]
    for wait in too_long:
        table.add_row(
            wait.network,
            wait.layer,
            wait.tile,
            wait.schedule,
            f"{wait.cycles:,}",
            f"{wait.compute_cycles:,}",
            f"{wait.transfer_cycles:,}",
            f"{wait.dma_wait / wait.cycles:.1%}",
            f"{wait.l3_wait / wait.cycles:.1%}",
        )
    console = Console()
    console.print(table)
    bound = [wait for wait in found if wait.part > ALLOWED_WAIT and not wait.is_too_long]
    console.print(
        f"{len(too_long)} of {len(found)} layers wait too long; {len(bound)} more wait because "
        f"their transfers take longer than their computation: "
        + ", ".join(f"{wait.network} {wait.layer}" for wait in bound),
        highlight=False,
    )
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(wait) for wait in found], indent=2) + "\n")
    raise typer.Exit(len(too_long))


if __name__ == "__main__":
    typer.run(main)
