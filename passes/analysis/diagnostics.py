"""What passes say to the user: what is wrong and where, and remarks on what they decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from xdsl.dialects.builtin import FileLineColLoc, UnregisteredOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import LayerOperation


def place_of(operation: Operation) -> str:
    """`file:line:column: ` of an operation, nothing where that is not known."""
    location = operation.location
    if not isinstance(location, FileLineColLoc):
        return ""
    return f"{location.filename.data}:{location.line.data}:{location.column.data}: "


def name_of(operation: Operation) -> str:
    """The name of an operation that may be unregistered."""
    return operation.op_name.data if isinstance(operation, UnregisteredOp) else operation.name


class OperationError(DiagnosticException):
    """What a pass cannot do with an operation: its place in the file, its name and the reason."""

    def __init__(self, operation: Operation, reason: str):
        super().__init__(f"{place_of(operation)}{name_of(operation)}: {reason}")


class DoesNotFitError(OperationError):
    """A layer or the network needs more of a memory than there is: a larger one would do.

    As it is planned, `missing` bytes more are needed at least; 0 where that is not known.
    """

    def __init__(self, space: Space, operation: Operation, reason: str, missing: int = 0):
        super().__init__(operation, reason)
        self.space, self.missing = space, missing


def remark(layers: Iterable[LayerOperation], text: str) -> None:
    """Prints one line on some layers to stderr."""
    names = ", ".join(f'"{op.label}"' for op in layers)
    print(f"remark: {names} {text}", file=sys.stderr)
