"""What the schedules of a network cost in DRAM: bytes, time, energy, and what no schedule beats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import floor, log10
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.target import Accelerator
from dsconv.dram import model
from dsconv.dram.device import DramDevice
from dsconv.dram.model import LayerCost
from dsconv.dram.result import DramEnergy, DramResult
from dsconv.dram.trace import Trace
from dsconv.reports.dram_bounds import compulsory_entries, layer_bounds
from dsconv.runners.dram import simulate

BASELINE = "raster"
"""The schedule that reductions are against: layer by layer, each with its best tile."""


@dataclass(frozen=True)
class Setting:
    """What decides the figures beside the schedule."""

    network: str
    accelerator: Accelerator
    simulator: str

    def __str__(self) -> str:
        machine = self.accelerator
        copies = "one copy" if machine.copies == 1 else f"{machine.copies} copies"
        return (
            f"{self.network}: {machine.entries:,} entries of {machine.entry_bits} bits, {copies}, "
            f"partial sums of {machine.partial_bits} bits; {machine.dram} by {self.simulator}"
        )


@dataclass(frozen=True)
class ScheduleCost:
    """What a schedule moves, in bytes of the program and of whole bursts, and what that takes.

    `high_water` is the most entries that it has on chip. `layers` are by the model, which alone
    tells them apart, whoever simulates the whole.
    """

    schedule: str
    bytes_read: int
    bytes_written: int
    burst_bytes: int
    high_water: int
    result: DramResult
    layers: Mapping[str, LayerCost]

    @staticmethod
    def of(
        schedule: str, trace: Trace, high_water: int, device: DramDevice, simulator: str
    ) -> ScheduleCost:
        """The cost of a trace, on one of the simulators that `simulator_for` finds."""
        bursts = trace.bursts(device.line_bytes)
        modelled = model.run(bursts, device)
        return ScheduleCost(
            schedule,
            trace.bytes_read,
            trace.bytes_written,
            len(bursts) * bursts.bytes,
            high_water,
            simulate(simulator, bursts, device, modelled),
            dict(zip(trace.names, modelled.layers, strict=True)),
        )

    @property
    def bytes(self) -> int:
        """Both ways."""
        return self.bytes_read + self.bytes_written

    def as_json(self) -> dict[str, Any]:
        """As it stands in the JSON report: s and nJ."""
        return {**asdict(self), "energy": self.result.energy.total}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> ScheduleCost:
        """The cost that `as_json` wrote."""
        result = dict(values["result"])
        energy = DramEnergy(**result.pop("energy"))
        return ScheduleCost(
            values["schedule"],
            values["bytes_read"],
            values["bytes_written"],
            values["burst_bytes"],
            values["high_water"],
            DramResult(**result, energy=energy),
            {
                name: LayerCost(cost["seconds"], DramEnergy(**cost["energy"]))
                for name, cost in values["layers"].items()
            },
        )


@dataclass(frozen=True)
class Bounds:
    """Bytes that every schedule moves: of the network as a whole, and layer by layer."""

    compulsory: int
    by_layer: int

    @staticmethod
    def of(module: ModuleOp, machine: Accelerator) -> Bounds:
        """Of an imported network."""
        return Bounds(
            compulsory_entries(module) * machine.entry_bytes,
            sum(layer_bounds(module, machine.entries).values()) * machine.entry_bytes,
        )


def saved(part: float, whole: float) -> float:
    """The share of a whole that a part is less."""
    return 1 - part / whole


def places(values: Iterable[float], least: int = 0) -> int:
    """Places behind the point, at least so many, with which the smallest value has 3 digits."""
    return max(least, 2 - floor(log10(min(values))))


@dataclass(frozen=True)
class DramReport:
    """Schedules of a network beside the baseline."""

    setting: Setting
    bounds: Bounds
    baseline: ScheduleCost
    schedules: Sequence[ScheduleCost]

    def print(self, console: Console) -> None:
        """The table for people, and what no schedule goes below."""
        table = Table(title=str(self.setting), box=box.SIMPLE_HEAD)
        table.add_column("schedule", no_wrap=True)
        for column in (
            *("MB read", "written", "in bursts", "on chip", "time µs", "energy µJ"),
            *("activation", "burst", "standby", "refresh", "time saved", "energy saved"),
        ):
            table.add_column(column, justify="right", no_wrap=True)
        of_sizes = places((cost.burst_bytes / 1e6 for cost in self.schedules), 2)
        of_times = places(cost.result.seconds * 1e6 for cost in self.schedules)
        of_energies = places(cost.result.energy.total / 1e3 for cost in self.schedules)
        for cost in self.schedules:
            energy = cost.result.energy
            parts = (energy.activation, energy.burst, energy.standby, energy.refresh)
            sizes = (cost.bytes_read, cost.bytes_written, cost.burst_bytes)
            table.add_row(
                cost.schedule,
                *(f"{size / 1e6:.{of_sizes}f}" for size in sizes),
                f"{cost.high_water:,}",
                f"{cost.result.seconds * 1e6:,.{of_times}f}",
                *(f"{part / 1e3:,.{of_energies}f}" for part in (energy.total, *parts)),
                *(f"{share:.1%}" for share in self._saved(cost)),
            )
        console.print(table)
        console.print(
            f"saved against {self.baseline.schedule}, layer by layer with the best tile of each; "
            "time and energy of the DRAM alone, as fast as it takes the transfers",
            f"no schedule moves less than {self.bounds.compulsory / 1e6:.{of_sizes}f} MB (weights, "
            "inputs and outputs once); layer by layer none less than "
            f"{self.bounds.by_layer / 1e6:.{of_sizes}f} MB (Chen et al., HPCA 2020)",
            sep="\n",
            highlight=False,
        )

    def as_json(self) -> dict[str, Any]:
        """The report for programs: bytes, s and nJ."""
        return {
            "setting": asdict(self.setting),
            "bounds": asdict(self.bounds),
            "baseline": self.baseline.as_json(),
            "schedules": [
                {**cost.as_json(), "time_saved": time, "energy_saved": energy}
                for cost in self.schedules
                for time, energy in (self._saved(cost),)
            ],
        }

    def _saved(self, cost: ScheduleCost) -> tuple[float, float]:
        ours, theirs = cost.result, self.baseline.result
        return saved(ours.seconds, theirs.seconds), saved(ours.energy.total, theirs.energy.total)
