"""The one kind of error that a user sees: what is wrong, where, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsconv.dialects.attributes import Space

LONGEST_MESSAGE = 1200
"""Characters, so that the names of a hostile file do not fill the screen."""


class DsconvError(Exception):
    """A problem with the user's model, options or tools. The CLI prints it as one line."""


class ModelError(DsconvError):
    """The model file cannot be compiled: broken, dynamic or with an unsupported operation.

    The message is one line, whatever the names in the file are.
    """

    def __init__(self, message: str):
        super().__init__(_one_line(message))


class CapacityError(DsconvError):
    """A layer or the network does not fit the memory it is given: `space`.

    As it is planned, `missing` bytes more are needed at least; 0 where that is not known.
    """

    def __init__(self, space: Space, message: str, missing: int = 0):
        super().__init__(message)
        self.space, self.missing = space, missing


class ToolError(DsconvError):
    """A compiler or simulator is missing or failed."""


def _one_line(message: str) -> str:
    """The message with what no terminal shows written as in a Python string, its middle cut out."""
    shown = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in message)
    if len(shown) <= LONGEST_MESSAGE:
        return shown
    half = LONGEST_MESSAGE // 2
    return f"{shown[:half]} ... {shown[-half:]}"
