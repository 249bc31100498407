"""What a pass raises where a memory is too small."""

from __future__ import annotations

from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Space


class DoesNotFitError(DiagnosticException):
    """A layer or the network needs more of a memory than there is: a larger one would do."""

    def __init__(self, space: Space, message: str):
        super().__init__(message)
        self.space = space
