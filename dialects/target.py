"""What a module is compiled for: `dsconv.target = #dsconv.cluster<...>` on the module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, cast, get_type_hints

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

TARGET = "dsconv.target"
"""Name of the module's attribute."""

MOST_CORES = 16
"""What kernels are written and tested for."""

Table = Mapping[str, Any]
"""Names with numbers, strings or tables: what TOML and the attribute are made of."""

Record = TypeVar("Record")


@dataclass(frozen=True)
class Core:
    """The cores, all alike: how many, what their kernels are written for, a stack in bytes.

    `isa`: `xpulp` assembly, or `portable` C alone. Stalls are cycles beside the instruction's own.
    """

    count: int
    isa: str
    stack_bytes: int
    taken_branch_stalls: int
    jump_stalls: int


@dataclass(frozen=True)
class Dma:
    """Between L2 and L1: bytes a cycle, each way, both ways at once."""

    bytes_per_cycle: int


@dataclass(frozen=True)
class L3:
    """The memory behind L2: its rates, cycles to start a transfer, how many it takes at once."""

    loaded_bytes_per_cycle: float
    stored_bytes_per_cycle: float
    transfer_cycles: int
    transfers_in_flight: int


@dataclass(frozen=True)
class InstructionCache:
    """A core's own instruction cache, in bytes, and the cycles of a miss."""

    bytes: int
    line_bytes: int
    miss_cycles: int


@dataclass(frozen=True)
class Energy:
    """What a cycle of the cluster and a byte moved between L2 and L1 take, in pJ."""

    cycle: int
    byte: int


@dataclass(frozen=True)
class Cluster:
    """Cores that share an L1, behind it an L2 and an L3.

    `l1` and `l2` are the bytes that a network's tensors may take; 0 bytes of L2 mean any number.
    """

    name: str
    l1: int
    l2: int
    core: Core
    dma: Dma
    l3: L3
    icache: InstructionCache
    energy: Energy

    @property
    def cores(self) -> int:
        """How many cores work on a kernel."""
        return self.core.count

    @property
    def isa(self) -> str:
        """What kernels are written for."""
        return self.core.isa

    def with_cores(self, count: int) -> Cluster:
        """The cluster with another number of cores."""
        return replace(self, core=replace(self.core, count=count))


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
    types = get_type_hints(record)
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


def check(cluster: Cluster, place: str) -> None:
    """Raises TableError where a cluster cannot be compiled for."""
    if not 1 <= cluster.cores <= MOST_CORES:
        raise TableError(f"{place}.core.count is {cluster.cores}; expected 1 to {MOST_CORES}")
    rates = {
        "dma.bytes_per_cycle": cluster.dma.bytes_per_cycle,
        "l3.loaded_bytes_per_cycle": cluster.l3.loaded_bytes_per_cycle,
        "l3.stored_bytes_per_cycle": cluster.l3.stored_bytes_per_cycle,
    }
    for name, rate in rates.items():
        if rate <= 0:
            raise TableError(f"{place}.{name} is {rate}; expected more than 0")


def described(type_: type[Any]) -> str:
    """What a field holds, in words."""
    if is_dataclass(type_):
        return f"a table of {', '.join(field.name for field in fields(type_))}"
    if issubclass(type_, StrEnum):
        return " or ".join(type_)
    return {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}[type_]


@irdl_attr_definition
class ClusterAttr(Data[Cluster]):
    """The cluster that a module is compiled for, as its target's description has it."""

    name = "dsconv.cluster"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Cluster:
        start = parser.pos
        table = _parse_table(parser, parser.Delimiter.ANGLE)
        try:
            cluster = read_table(Cluster, table, "dsconv.cluster")
            check(cluster, "dsconv.cluster")
        except TableError as error:
            parser.raise_error(str(error), start, parser.pos)
        return cluster

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            _print_table(printer, asdict(self.data))

    def verify(self) -> None:
        try:
            check(self.data, self.name)
        except TableError as error:
            raise VerifyException(str(error)) from error


def _parse_table(parser: AttrParser, delimiter: AttrParser.Delimiter) -> dict[str, Any]:
    """Entries `name = value`, each name once."""
    table: dict[str, Any] = {}

    def parse_entry() -> None:
        name = parser.parse_identifier()
        if name in table:
            parser.raise_error(f"dsconv.cluster has {name} twice")
        parser.parse_punctuation("=")
        table[name] = _parse_value(parser)

    parser.parse_comma_separated_list(delimiter, parse_entry)
    return table


def _parse_value(parser: AttrParser) -> Any:
    text = parser.parse_optional_str_literal()
    if text is not None:
        return text
    number = parser.parse_optional_number()
    return _parse_table(parser, parser.Delimiter.BRACES) if number is None else number


def _print_table(printer: Printer, table: Table) -> None:
    printer.print_list(table.items(), lambda entry: _print_entry(printer, *entry))


def _print_entry(printer: Printer, name: str, value: Any) -> None:
    printer.print_string(f"{name} = ")
    if isinstance(value, Mapping):
        with printer.in_braces():
            _print_table(printer, cast(Table, value))
    elif isinstance(value, str):
        printer.print_string_literal(value)
    else:
        printer.print_string(repr(value))


def cluster_in(module: ModuleOp) -> Cluster | None:
    """The cluster that a module says it is for."""
    attribute = module.attributes.get(TARGET)
    return attribute.data if isinstance(attribute, ClusterAttr) else None
