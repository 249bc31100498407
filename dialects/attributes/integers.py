"""Integers in attributes: as dense arrays, and written as entries and lists."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import I64, DenseArrayBase, i64
from xdsl.parser import AttrParser
from xdsl.printer import Printer


def i64_array(values: Sequence[int]) -> DenseArrayBase[I64]:
    """A dense array attribute of 64-bit integers."""
    return DenseArrayBase.from_list(i64, values)


def parse_int(parser: AttrParser) -> int:
    """An integer of 64 bits."""
    value = parser.parse_integer()
    if not -(2**63) <= value < 2**63:
        parser.raise_error(f"{value} does not fit 64 bits")
    return value


def parse_int_list(parser: AttrParser) -> list[int]:
    """Integers in square brackets."""
    return parser.parse_comma_separated_list(parser.Delimiter.SQUARE, lambda: parse_int(parser))


def parse_entries(
    parser: AttrParser,
    owner: str,
    *,
    lists: Sequence[str],
    numbers: Sequence[str] = (),
    words: Sequence[str] = (),
    needed: Sequence[str],
) -> dict[str, list[int]]:
    """Entries `list = [1, 2]`, `number = 3` and `word` in angle brackets, in any order, each once.

    A number is a list of one, a word an empty list.
    """
    entries: dict[str, list[int]] = {}

    def parse_entry() -> None:
        label = parser.parse_identifier()
        if label in entries:
            parser.raise_error(f"{owner} has {label} twice")
        if label in words:
            entries[label] = []
            return
        if label not in (*lists, *numbers):
            known = ", ".join((*lists, *numbers, *words))
            parser.raise_error(f"{owner} has no {label}; there are {known}")
        parser.parse_punctuation("=")
        entries[label] = parse_int_list(parser) if label in lists else [parse_int(parser)]

    parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_entry)
    for label in needed:
        if label not in entries:
            parser.raise_error(f"{owner} needs its {label}")
    return entries


def print_int_list(printer: Printer, values: Sequence[int]) -> None:
    """Prints integers in square brackets."""
    printer.print_string(f"[{', '.join(str(value) for value in values)}]")
