"""xDSL's parser, which tells of every operation where it stands in its file."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr, UnknownLoc
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

RAISED_BESIDES = (
    ArithmeticError,
    AssertionError,
    MemoryError,
    NotImplementedError,
    ValueError,
    VerifyException,
)
"""What xDSL 0.74's parser raises beside `ParseError`, on numbers that their type cannot hold."""


class LocatedParser(Parser):
    """Operations without a `loc(...)` of their own get file, line and column.

    What the text cannot mean is a `ParseError`, whatever xDSL raises of it.
    `first_line` is the number of the text's first line in the file.
    """

    def __init__(self, ctx: Context, text: str | bytes, name: str, first_line: int = 1):
        super().__init__(ctx, text, name)
        content = text.decode() if isinstance(text, bytes) else text
        lengths = (len(line) for line in content.splitlines(keepends=True))
        self._line_starts = [0, *accumulate(lengths)]
        self._first_line = first_line
        self._name = StringAttr(name)

    def parse_operation(self) -> Operation:
        """Parses an operation."""
        start = self.pos
        try:
            operation = super().parse_operation()
        except RAISED_BESIDES as error:
            self.raise_error(str(error) or "more than memory holds")
        if isinstance(operation.location, UnknownLoc):
            line = bisect_right(self._line_starts, start)
            column = start - self._line_starts[line - 1] + 1
            operation.location = FileLineColLoc(
                self._name, IntAttr(line - 1 + self._first_line), IntAttr(column)
            )
        return operation
