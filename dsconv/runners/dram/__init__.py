"""Simulators of DRAM: an own model, and those that may be found on this machine."""

from __future__ import annotations

from types import ModuleType

from dsconv.dram import model
from dsconv.dram.device import DramDevice
from dsconv.dram.result import DramResult
from dsconv.dram.trace import Bursts
from dsconv.errors import DsconvError
from dsconv.runners.dram import dramsim2, dramsim3
from dsconv.targets.dram import dram_names, load_dram

SIMULATORS: dict[str, ModuleType] = {"dramsim2": dramsim2, "dramsim3": dramsim3}
"""By their names on the command line: each module has `find`, `refusal` and `run`."""

AUTO = "auto"
"""The first of them that is here and runs the device; the model, where none does."""

CHOICES = (AUTO, model.NAME, *SIMULATORS)


def simulator_for(choice: str, device: DramDevice) -> str:
    """Which of `CHOICES` runs a device, never `AUTO`. Raises DsconvError where it cannot."""
    if choice not in CHOICES:
        raise DsconvError(f"no simulator {choice}; there are {', '.join(CHOICES)}")
    if choice == AUTO:
        able = (
            name
            for name, simulator in SIMULATORS.items()
            if simulator.find() is not None and simulator.refusal(device) is None
        )
        return next(able, model.NAME)
    if choice in SIMULATORS:
        simulator = SIMULATORS[choice]
        reason = simulator.refusal(device)
        if reason is not None:
            able = [name for name in dram_names() if simulator.refusal(load_dram(name)) is None]
            raise DsconvError(
                f"{simulator.NAME} cannot run {device.name}: {reason}; it runs {', '.join(able)}"
            )
        if simulator.find() is None:
            raise DsconvError(f"{simulator.NAME} is not here; {simulator.HOW_TO_GET}")
    return choice


def simulate(name: str, bursts: Bursts, device: DramDevice, modelled: model.ModelRun) -> DramResult:
    """A trace, of which the model has its result, on a simulator that `simulator_for` found."""
    if name == model.NAME:
        return modelled.result
    result: DramResult = SIMULATORS[name].run(bursts, device, modelled.cycles)
    return result
