"""The inputs and outputs of a network in C: where they lie, and what the header says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import printable, whitespace

from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    StringAttr,
)
from xdsl.dialects.func import FuncOp

from dsconv.dialects.tiled import buffer_size
from dsconv.lowering.c_functions import (
    CWriter,
    is_output,
    port_names,
    without_comment_marks,
)
from dsconv.lowering.c_names import c_identifier, c_prefix
from dsconv.lowering.memory_plan import port_offset
from dsconv.passes.analysis.diagnostics import OperationError

ROLES = ("input", "output")


@dataclass(frozen=True)
class CPort:
    """One input or output: its name in the model's file, and its bytes in L2.

    `meaning` is what the importer says of it, if anything, and so are `dtype`, `shape`, `scale` and
    `zero_point`. `constant` is its place among several.
    """

    name: str
    constant: str
    meaning: str
    offset: int
    size: int
    dtype: str
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int


def c_ports(function: FuncOp, role: str) -> list[CPort]:
    """The inputs or the outputs of a network, in their order."""
    numbers = [
        number
        for number in range(len(function.body.block.args))
        if is_output(function, number) == (role == "output")
    ]
    if not numbers:
        raise OperationError(function, f'network "{function.sym_name.data}" has no {role}')
    stated = _stated(function, role, len(numbers))
    names = [
        _text(fields, "name") or port_names(function)[number]
        for fields, number in zip(stated, numbers, strict=True)
    ]
    constants = _constants(names, f"{c_prefix(function.sym_name.data)}_{role}")
    return [
        CPort(
            name,
            constant,
            _text(fields, "meaning"),
            port_offset(function, number),
            buffer_size(function.body.block.args[number]),
            _text(fields, "dtype"),
            _shape(fields),
            _scale(fields),
            _zero_point(fields),
        )
        for name, constant, fields, number in zip(names, constants, stated, numbers, strict=True)
    ]


def header_comment(function: FuncOp, network: str) -> str:
    """How an application runs the network, and what its bytes mean as far as is known."""
    places: list[str] = []
    meanings: list[str] = []
    for role in ROLES:
        ports = c_ports(function, role)
        is_only = len(ports) == 1
        places.append(f"{network}.{role}" if is_only else f"the data of {network}.{role}s")
        for port in ports:
            if port.meaning:
                name = "" if is_only else f" {port.name}"
                meanings.append(f"\n   {role}{without_comment_marks(name)}: ")
                meanings[-1] += without_comment_marks(port.meaning)
    prefix = c_prefix(function.sym_name.data)
    return (
        f"/* The network {prefix}, made by dsconv. Write {places[0]}, let every core call\n"
        f"   {prefix}_network.run, read {places[1]}." + "\n" * bool(meanings) + "".join(meanings)
    )


def header_constants(function: FuncOp) -> str:
    """The places of several inputs or outputs, by their names."""
    lines = ""
    for role in ROLES:
        ports = c_ports(function, role)
        if len(ports) > 1:
            constants = ", ".join(port.constant for port in ports)
            lines += f"/* Of {role}s, by name. */\nenum {{ {constants} }};\n"
    return lines and f"{lines}\n"


def print_port_lists(function: FuncOp, prefix: str, writer: CWriter) -> None:
    """The arrays that list several inputs or outputs."""
    for role in ROLES:
        ports = c_ports(function, role)
        if len(ports) == 1:
            continue
        with writer.block(f"static const dsc_port {prefix}_{role}s[] =", end="};"):
            for port in ports:
                place = f"{prefix}_l2 + {port.offset}, {port.size}"
                writer.line(f"[{port.constant}] = {{{_string(port.name)}, {place}}},")
        writer.line()


def print_port_fields(function: FuncOp, prefix: str, writer: CWriter) -> None:
    """The fields of `dsc_network` for inputs and outputs."""
    for role in ROLES:
        ports = c_ports(function, role)
        if len(ports) == 1:
            writer.line(f".{role} = {prefix}_l2 + {ports[0].offset},")
            writer.line(f".{role}_bytes = {ports[0].size},")
        else:
            writer.line(f".{role}s = {prefix}_{role}s,")
            writer.line(f".{role}_count = {len(ports)},")


def _stated(function: FuncOp, role: str, count: int) -> Sequence[DictionaryAttr]:
    """What the importer says of each port; nothing where it says nothing of one."""
    ports = function.attributes.get(f"dsconv.{role}s")
    listed = ports if isinstance(ports, ArrayAttr) else ()
    stated = [port for port in listed if isinstance(port, DictionaryAttr)]
    return stated if len(stated) == count else [DictionaryAttr({})] * count


def _text(fields: DictionaryAttr, key: str) -> str:
    value = fields.data.get(key)
    return value.data if isinstance(value, StringAttr) else ""


def _shape(fields: DictionaryAttr) -> tuple[int, ...]:
    value = fields.data.get("shape")
    return tuple(value.get_values()) if isinstance(value, DenseArrayBase) else ()


def _scale(fields: DictionaryAttr) -> float | None:
    value = fields.data.get("scale")
    return value.value.data if isinstance(value, FloatAttr) else None


def _zero_point(fields: DictionaryAttr) -> int:
    value = fields.data.get("zero_point")
    return value.value.data if isinstance(value, IntegerAttr) else 0


def _constants(names: Sequence[str], prefix: str) -> list[str]:
    """C names, unique whatever the names of the file are."""
    constants: list[str] = []
    for number, name in enumerate(names):
        constant = f"{prefix}_{c_identifier(name)}".upper()
        constants.append(f"{constant}_{number}" if constant in constants else constant)
    return constants


def _string(text: str) -> str:
    """A string literal of C, in UTF-8."""
    plain = {ord(sign) for sign in printable if sign not in '"\\?' + whitespace} | {ord(" ")}
    signs = (chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(signs)}"'
