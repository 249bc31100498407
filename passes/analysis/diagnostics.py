"""What passes say to the user: what does not fit a memory, and remarks on what they decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import LayerOperation


class DoesNotFitError(DiagnosticException):
    """A layer or the network needs more of a memory than there is: a larger one would do."""

    def __init__(self, space: Space, message: str):
        super().__init__(message)
        self.space = space


def remark(layers: Iterable[LayerOperation], text: str) -> None:
    """Prints one line on some layers to stderr."""
    names = ", ".join(f'"{op.label}"' for op in layers)
    print(f"remark: {names} {text}", file=sys.stderr)
