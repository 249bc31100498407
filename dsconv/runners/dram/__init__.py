"""Simulators of DRAM that may be found on this machine."""

from __future__ import annotations

from types import ModuleType

from dsconv.runners.dram import dramsim2, dramsim3

SIMULATORS: dict[str, ModuleType] = {"dramsim2": dramsim2, "dramsim3": dramsim3}
"""By their names on the command line: each module has `find`, `refusal` and `run`."""
