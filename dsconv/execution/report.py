"""What a run is reported as: to people as a table, to programs as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich import box
from rich.console import Console
from rich.table import Table

from dsconv.driver.difference import Difference
from dsconv.errors import DsconvError
from dsconv.execution.stalls import Stalls
from dsconv.frontends import Port

WIDEST = 200
"""Characters; up to this a table keeps its natural width, whatever the terminal's."""


def read_as(flavour: str) -> str:
    """The note that says how a model was understood."""
    return f"read as {flavour}; --flavour names another"


@dataclass(frozen=True)
class LayerReport:
    """One layer of a run: its size, cost and whether its values are the reference's.

    `slow_because` is why it makes less than 2 MAC/cycle, if it does.
    """

    name: str
    op: str
    shape: tuple[int, ...]
    macs: int
    cycles: int | None
    l2_l1_in: int
    l2_l1_out: int
    l2_l1_weights: int
    l3_l2: int
    tile: str
    schedule: str
    narrow_channels: int
    wide_channels: int
    equal: bool
    stalls: Stalls | None
    slow_because: str | None

    @property
    def l2_l1(self) -> int:
        """All bytes between L2 and L1."""
        return self.l2_l1_in + self.l2_l1_out + self.l2_l1_weights

    @property
    def rate(self) -> float | None:
        """MAC/cycle; None where there are no MACs or no cycles."""
        return self.macs / self.cycles if self.macs and self.cycles else None

    def as_json(self) -> dict[str, Any]:
        """The layer as it stands in the JSON report."""
        return {
            "name": self.name,
            "op": self.op,
            "shape": list(self.shape),
            "macs": self.macs,
            "cycles": self.cycles,
            "bytes": {
                "l2_l1_in": self.l2_l1_in,
                "l2_l1_out": self.l2_l1_out,
                "l2_l1_weights": self.l2_l1_weights,
                "l3_l2": self.l3_l2,
            },
            "tile": self.tile,
            "schedule": self.schedule,
            "requantised_channels": {
                "32 bits": self.narrow_channels,
                "64 bits": self.wide_channels,
            },
            "equal": self.equal,
            "stalls": None if self.stalls is None else self.stalls.as_json(),
            "slow_because": self.slow_because,
        }


def only_output(
    network: str, outputs: Mapping[str, npt.NDArray[np.integer]]
) -> npt.NDArray[np.integer]:
    """The output of a network that has one. Raises DsconvError where there are several."""
    if len(outputs) > 1:
        raise DsconvError(f"{network} has several outputs: {', '.join(outputs)}")
    return next(iter(outputs.values()))


@dataclass(frozen=True)
class Report:
    """One run of a network on n inputs.

    `outputs` are by the names of the model's file (n, ...) in the shape that they have there,
    quantised; `input_ports` and `output_ports` say what the integers mean. Cycles and bytes are
    those of the last input; cycles are None where the runner has none. `bank_conflicts` says
    whether they include cores that wait for each other's bank of L1. Stalls come from a run of its
    own, which took `counted_cycles`.
    """

    network: str
    target: str
    runner: str
    flavour: str
    input_ports: Sequence[Port]
    output_ports: Sequence[Port]
    outputs: Mapping[str, npt.NDArray[np.integer]]
    cycles: int | None
    bank_conflicts: bool
    counted_cycles: int | None
    layers: Sequence[LayerReport]
    differences: Sequence[Difference]
    notes: Sequence[str]

    @property
    def output(self) -> npt.NDArray[np.integer]:
        """The only output. Raises DsconvError where there are several."""
        return only_output(self.network, self.outputs)

    @property
    def equal(self) -> bool:
        """Whether every value of every layer, and every expected output, is met."""
        return not self.differences

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(layer.macs for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "network": self.network,
            "target": self.target,
            "runner": self.runner,
            "flavour": self.flavour,
            "equal": self.equal,
            "cycles": self.cycles,
            "bank_conflicts_modelled": self.bank_conflicts if self.cycles else None,
            "counted_cycles": self.counted_cycles,
            "macs": self.macs,
            "inputs": [port_as_json(port) for port in self.input_ports],
            "outputs": [port_as_json(port) for port in self.output_ports],
            "layers": [layer.as_json() for layer in self.layers],
        }

    def print(self, console: Console, *, layers: bool) -> None:
        """The report for people; `layers` adds the table of layers, and that of stalls if any."""
        wide = Console(width=WIDEST, file=console.file)
        if layers:
            wide.print(self._table())
            for layer in self.layers:
                if layer.slow_because is not None:
                    wide.print(f"slow: {layer.name}: {layer.slow_because}", markup=False)
        if self.counted_cycles is not None:
            wide.print(self._stall_table())
        for note in (read_as(self.flavour), *self.notes, *self._own_notes()):
            console.print(
                f"note: {note}", style="dim", markup=False, highlight=False, soft_wrap=True
            )
        for difference in self.differences:
            console.print(
                f"DIFFERENT  {difference}", style="bold red", markup=False, highlight=False
            )
        verdict = "bit-exact: every layer equals the reference" if self.equal else "NOT equal"
        speed = ""
        if self.cycles:
            speed = f", {self.cycles:,} cycles, {self.macs / self.cycles:.2f} MAC/cycle"
            if not self.bank_conflicts:
                speed += " (L1 bank conflicts NOT modelled)"
        console.print(
            f"{self.network} for {self.target} on {self.runner}: {verdict}{speed}",
            style="bold green" if self.equal else "bold red",
            highlight=False,
        )

    def _own_notes(self) -> list[str]:
        narrow = [layer for layer in self.layers if layer.narrow_channels]
        wide = [layer for layer in self.layers if layer.wide_channels]
        notes = [
            f"requantised in 32 bits: {sum(layer.narrow_channels for layer in narrow)} channels of "
            f"{len(narrow)} layers; in 64 bits: {sum(layer.wide_channels for layer in wide)} of "
            f"{len(wide)}" + (f" ({', '.join(layer.name for layer in wide)})" if wide else "")
        ]
        if self.counted_cycles is not None and self.cycles:
            slower = self.counted_cycles / self.cycles - 1
            notes.append(f"stalls were counted in a run that took {slower:.1%} longer")
        return notes

    def _stall_table(self) -> Table:
        """Parts of each layer's cycles: core 0's waits, and means over the cores."""
        table = Table(title=f"{self.network}: parts of a layer's cycles", box=box.SIMPLE_HEAD)
        table.add_column("layer", no_wrap=True)
        for column in (
            *("cycles", "MAC/cycle", "imbalance", "DMA wait", "L3 wait", "instructions"),
            *("load-use", "L1 conflicts", "icache", "branches", "other", "barrier"),
        ):
            table.add_column(column, justify="right", no_wrap=True)
        for layer in self.layers:
            stalls = layer.stalls
            if stalls is None:
                continue
            parts = (
                *(stalls.dma_wait, stalls.l3_wait, stalls.instructions, stalls.load_use),
                *(stalls.l1_conflicts, stalls.icache, stalls.branches, stalls.other),
                stalls.barrier,
            )
            table.add_row(
                layer.name,
                f"{layer.cycles:,}",
                "" if layer.rate is None else f"{layer.rate:.2f}",
                f"{stalls.imbalance:.1%}",
                *("-" if part is None else f"{part / stalls.cycles:.1%}" for part in parts),
            )
        return table

    def _table(self) -> Table:
        measured = self.cycles is not None
        table = Table(title=f"{self.network}: {self.macs:,} MAC", box=box.SIMPLE_HEAD)
        for column in ("layer", "op", "output", "tile"):
            table.add_column(column, no_wrap=True)
        numbers = [
            "MAC",
            *(("cycles", "MAC/cycle") if measured else ()),
            "in B",
            "out B",
            "weights",
        ]
        for column in numbers:
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("equal")
        for layer in self.layers:
            cost: tuple[str, ...] = ()
            if layer.cycles:
                cost = (f"{layer.cycles:,}", "" if layer.rate is None else f"{layer.rate:.2f}")
            table.add_row(
                layer.name,
                layer.op,
                "x".join(map(str, layer.shape[1:])),
                layer.tile,
                f"{layer.macs:,}",
                *cost,
                f"{layer.l2_l1_in:,}",
                f"{layer.l2_l1_out:,}",
                f"{layer.l2_l1_weights:,}",
                "yes" if layer.equal else "[red]NO[/red]",
            )
        return table


def port_as_json(port: Port) -> dict[str, Any]:
    """An input or output for programs."""
    return {
        "name": port.name,
        "dtype": port.dtype,
        "shape": list(port.shape),
        "scale": port.scale,
        "zero_point": port.zero_point,
        "left_to_the_caller": list(port.caller_steps),
    }
