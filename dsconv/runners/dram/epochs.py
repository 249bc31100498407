"""Simulators run a number of cycles that they are told: long enough for a trace to come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from dsconv.dram.device import DramDevice
from dsconv.dram.result import DramEnergy, DramResult
from dsconv.runners.process import Program, RunnerError

EPOCHS = 1000
"""That a trace is cut into: its time is known to a thousandth."""
SHORTEST = 20
"""Cycles of an epoch."""
ATTEMPTS = 5
"""Each with twice the cycles of the one before."""


@dataclass(frozen=True)
class Epoch:
    """Some cycles: bursts that were back at their end since the start, and energy in nJ."""

    back: int
    energy: DramEnergy


def program_for(
    device: DramDevice,
    simulator: str,
    found: Program | None,
    how_to_get: str,
    refusal: str | None,
) -> Program:
    """The program that runs a device. Raises RunnerError where it is not here, or cannot."""
    if found is None:
        raise RunnerError(f"{simulator} is not here; {how_to_get}")
    if refusal is not None:
        raise RunnerError(f"{simulator} cannot run {device.name}: {refusal}")
    return found


def run_until_all_are_back(
    simulate: Callable[[int, int], Sequence[Epoch]],
    simulator: str,
    device: DramDevice,
    bursts: int,
    expected_cycles: int,
) -> DramResult:
    """The result up to the first epoch at whose end all bursts are back.

    `simulate` takes cycles and the cycles of an epoch, of which they are a multiple. Raises
    RunnerError where bursts do not come back in many times the cycles expected.
    """
    epoch_cycles = max(SHORTEST, expected_cycles // EPOCHS)
    count, back = EPOCHS + EPOCHS // 4, 0
    for _ in range(ATTEMPTS):
        epochs = simulate(count * epoch_cycles, epoch_cycles)
        for number, epoch in enumerate(epochs, 1):
            if epoch.back >= bursts:
                parts = zip(*(astuple(one.energy) for one in epochs[:number]), strict=True)
                seconds = number * epoch_cycles * device.timing.clock_ns * 1e-9
                energy = DramEnergy(*map(sum, parts))
                return DramResult(simulator, device.name, bursts, seconds, energy)
        back = max((epoch.back for epoch in epochs), default=0)
        count *= 2
    raise RunnerError(
        f"{simulator}: {bursts - back} of {bursts} transactions did not come back in "
        f"{count // 2 * epoch_cycles} cycles"
    )
