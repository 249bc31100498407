"""The text of IR as xDSL prints it; strings, as those of assembly, at once and not byte by byte."""

from __future__ import annotations

from io import StringIO

from xdsl.ir import Operation
from xdsl.printer import Printer


def _in_a_literal(byte: int) -> str:
    if byte == ord("\\"):
        return "\\\\"
    return chr(byte) if 0x20 <= byte <= 0x7E and byte != ord('"') else f"\\{byte:02X}"


LITERALS = tuple(map(_in_a_literal, range(256)))
"""Every byte, as it stands between quotes."""


class _TextPrinter(Printer):
    def print_bytes_literal(self, bytestring: bytes) -> None:
        self.print_string(f'"{"".join(map(LITERALS.__getitem__, bytestring))}"')


def ir_text(operation: Operation) -> str:
    """What `str` gives of an operation, and the end of the line."""
    stream = StringIO()
    _TextPrinter(stream=stream).print_op(operation)
    return f"{stream.getvalue()}\n"
