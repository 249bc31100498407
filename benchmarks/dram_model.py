"""The DRAM model against the simulators that are here: `python -m benchmarks.dram_model`.

Ten traces; where a simulator does not run a device, or is absent, its columns are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from rich.console import Console

from benchmarks.dram_traces import TRACES
from dsconv.bench.results import Cell, Results
from dsconv.dram import model
from dsconv.dram.device import DramDevice
from dsconv.runners.dram import SIMULATORS
from dsconv.targets.dram import dram_names, load_dram


@dataclass(frozen=True)
class ModelError:
    """Shares by which the model is above a simulator."""

    time: float
    energy: float


def model_errors(simulator: str, device: DramDevice) -> dict[str, ModelError]:
    """The model's errors, by trace. Raises RunnerError where a transaction does not come back."""
    found: dict[str, ModelError] = {}
    for label, trace in TRACES.items():
        bursts = trace.bursts(device.line_bytes)
        ours = model.run(bursts, device)
        theirs = SIMULATORS[simulator].run(bursts, device, ours.cycles)
        found[label] = ModelError(
            ours.result.seconds / theirs.seconds - 1,
            ours.result.energy.total / theirs.energy.total - 1,
        )
    return found


def error_table(errors: Mapping[tuple[str, str], Mapping[str, ModelError]]) -> Results:
    """Errors of time and energy by trace, for each simulator with a device."""
    columns = [
        f"{simulator}, {device}: {quantity}"
        for simulator, device in errors
        for quantity in ("time", "energy")
    ]
    shares = [
        [share for one in errors.values() for share in (one[label].time, one[label].energy)]
        for label in TRACES
    ]
    rows: list[list[Cell]] = [[label, *row] for label, row in zip(TRACES, shares, strict=True)]
    for name, summary in (("median of sizes", median), ("largest", max)):
        rows.append([name, *(summary(map(abs, column)) for column in zip(*shares, strict=True))])
    return Results("The model above a simulator", ["trace", *columns], rows)


def main() -> None:
    """Prints the table as Markdown."""
    devices = [load_dram(name) for name in dram_names()]
    errors = {
        (simulator.NAME, device.name): model_errors(name, device)
        for name, simulator in SIMULATORS.items()
        for device in devices
        if simulator.find() is not None and simulator.refusal(device) is None
    }
    Console().print(error_table(errors).markdown(), soft_wrap=True)


if __name__ == "__main__":
    main()
