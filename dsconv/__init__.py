"""Quantised ONNX networks to C for ultra-low-power RISC-V clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsconv.api import Network as Network
    from dsconv.api import compile as compile
    from dsconv.api import map_to_array as map_to_array
    from dsconv.errors import DsconvError as DsconvError
    from dsconv.execution.report import Report as Report
    from dsconv.version import __version__ as __version__

_PLACES = {
    "Network": "dsconv.api",
    "compile": "dsconv.api",
    "map_to_array": "dsconv.api",
    "DsconvError": "dsconv.errors",
    "Report": "dsconv.execution.report",
    "__version__": "dsconv.version",
}


def __getattr__(name: str) -> Any:
    """Imports the API when it is used, so that xdsl-opt does not load the front ends."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
