"""Quantised ONNX networks to C for ultra-low-power RISC-V clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsconv.compiler import CompiledNetwork as CompiledNetwork
    from dsconv.compiler import compile as compile
    from dsconv.errors import DsconvError as DsconvError
    from dsconv.report import Report as Report

_PLACES = {
    "CompiledNetwork": "dsconv.compiler",
    "compile": "dsconv.compiler",
    "DsconvError": "dsconv.errors",
    "Report": "dsconv.report",
}


def __getattr__(name: str) -> Any:
    """Imports the API when it is used, so that xdsl-opt does not load the front ends."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
