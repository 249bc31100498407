"""What a compilation wrote and what it needs, for programs: a build system, a table of networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dsconv.driver.compiled import CompiledNetwork
from dsconv.execution.report import port_as_json
from dsconv.reports.layers import LayerTable
from dsconv.reports.memory import MemoryPlan


def compilation_as_json(
    compiled: CompiledNetwork, folder: Path, files: Sequence[str], *, library: bool
) -> dict[str, Any]:
    """The folder of C that a network became, its inputs and outputs, its layers and its memory."""
    imported, table = compiled.imported, LayerTable.of(compiled)
    return {
        "network": table.network,
        "target": table.target,
        "flavour": imported.flavour,
        "notes": list(imported.notes),
        "folder": str(folder),
        "library": library,
        "files": list(files),
        "inputs": [port_as_json(port) for port in imported.inputs],
        "outputs": [port_as_json(port) for port in imported.outputs],
        "macs": table.macs,
        "estimated_cycles": table.estimate,
        "layers": [layer.as_json() for layer in table.layers],
        "memory": MemoryPlan.of(compiled.lowered).as_json(),
    }
