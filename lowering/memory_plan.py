"""What plan-memory wrote to a network."""

from __future__ import annotations

from xdsl.dialects.builtin import IntegerAttr
from xdsl.dialects.func import FuncOp

from dsconv.dialects.tiled import OFFSETS
from dsconv.passes.analysis.diagnostics import OperationError


def size_attribute(function: FuncOp, name: str) -> int:
    """A size of its memories."""
    value = function.attributes.get(name)
    if not isinstance(value, IntegerAttr):
        raise _no_plan(function)
    return value.value.data


def port_offset(function: FuncOp, number: int) -> int:
    """Byte offset of a network's input or output in L2."""
    offsets = function.attributes.get(OFFSETS)
    if offsets is None:
        raise _no_plan(function)
    return offsets.data[number].value.data  # pyright: ignore[reportAttributeAccessIssue]


def _no_plan(function: FuncOp) -> OperationError:
    name = function.sym_name.data
    return OperationError(function, f'network "{name}" has no memory plan; run plan-memory')
