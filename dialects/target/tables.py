"""Tables of a machine's facts: records read from TOML, and printed and parsed as attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_type_hints

from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

Table = Mapping[str, Any]
"""Names with numbers, strings or tables: what TOML and the attributes are made of."""

Record = TypeVar("Record")


class TableError(ValueError):
    """A table that is not what it should be: the message names the key, and what is expected."""


def read_table(record: type[Record], table: object, place: str) -> Record:
    """A record from a table that has its fields; those with a default may be missing.

    `place` names the table in errors. Raises TableError where a key is missing or unknown, or its
    value has another type.
    """
    assert is_dataclass(record), "records are dataclasses"
    if not isinstance(table, Mapping):
        raise TableError(f"{place} is not a table but {table!r}")
    types = {name: without_none(type_) for name, type_ in get_type_hints(record).items()}
    needed = {field.name: field.default is MISSING for field in fields(record)}
    for name in table:
        if name not in needed:
            raise TableError(f"{place} has no key {name}; there are {', '.join(needed)}")
    values: dict[str, Any] = {}
    for name, is_needed in needed.items():
        if name in table:
            values[name] = read_value(types[name], table[name], f"{place}.{name}")
        elif is_needed:
            raise TableError(f"{place} needs its {name}: {described(types[name])}")
    return record(**values)


def without_none(type_: Any) -> type[Any]:
    """The type of a field that is there, where it may be missing: `X` of `X | None`."""
    return next((part for part in get_args(type_) if part is not NoneType), type_)


def read_value(type_: type[Any], value: Any, place: str) -> Any:
    """A value of a type; TableError where it is another one."""
    if is_dataclass(type_):
        return read_table(type_, value, place)
    if issubclass(type_, StrEnum):
        if value not in list(type_):
            raise TableError(f"{place} is {value!r}; expected {described(type_)}")
        return type_(value)
    accepted = (int, float) if type_ is float else (type_,)
    if not isinstance(value, accepted) or (isinstance(value, bool) and type_ is not bool):
        raise TableError(f"{place} is {value!r}; expected {described(type_)}")
    if type_ is not str and value < 0:
        raise TableError(f"{place} is {value}; expected a number of at least 0")
    return type_(value)


def described(type_: type[Any]) -> str:
    """What a field holds, in words."""
    if is_dataclass(type_):
        return f"a table of {', '.join(field.name for field in fields(type_))}"
    if issubclass(type_, StrEnum):
        return " or ".join(type_)
    return {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}[type_]


def parse_record(
    parser: AttrParser, record: type[Record], name: str, check: Callable[[Record], None]
) -> Record:
    """The record of an attribute of this name: `<field = value, ...>`."""
    start = parser.pos
    table = _parse_table(parser, name, parser.Delimiter.ANGLE)
    try:
        machine = read_table(record, table, name)
        check(machine)
    except TableError as error:
        parser.raise_error(str(error), start, parser.pos)
    return machine


def print_record(printer: Printer, record: Any) -> None:
    """Prints a record as `parse_record` reads it: first its own values, then its tables."""
    table = asdict(record)
    values = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    with printer.in_angle_brackets():
        _print_table(printer, values | table)


def verify_record(check: Callable[[], None]) -> None:
    """Raises VerifyException where a check raises TableError."""
    try:
        check()
    except TableError as error:
        raise VerifyException(str(error)) from error


def _parse_table(parser: AttrParser, name: str, delimiter: AttrParser.Delimiter) -> dict[str, Any]:
    """Entries `field = value`, each field once."""
    table: dict[str, Any] = {}

    def parse_entry() -> None:
        field = parser.parse_identifier()
        if field in table:
            parser.raise_error(f"{name} has {field} twice")
        parser.parse_punctuation("=")
        table[field] = _parse_value(parser, name)

    parser.parse_comma_separated_list(delimiter, parse_entry)
    return table


def _parse_value(parser: AttrParser, name: str) -> Any:
    text = parser.parse_optional_str_literal()
    if text is not None:
        return text
    truth = parser.parse_optional_boolean()
    if truth is not None:
        return truth
    number = parser.parse_optional_number()
    return _parse_table(parser, name, parser.Delimiter.BRACES) if number is None else number


def _print_table(printer: Printer, table: Table) -> None:
    printer.print_list(table.items(), lambda entry: _print_entry(printer, *entry))


def _print_entry(printer: Printer, name: str, value: Any) -> None:
    printer.print_string(f"{name} = ")
    if isinstance(value, Mapping):
        with printer.in_braces():
            _print_table(printer, cast(Table, value))
    elif isinstance(value, str):
        printer.print_string_literal(value)
    elif isinstance(value, bool):
        printer.print_string(str(value).lower())
    else:
        printer.print_string(repr(value))
