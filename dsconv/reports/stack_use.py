"""How much stack a RISC-V program takes at most, from its disassembly.

So C, assembly and libgcc are measured alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dsconv.errors import DsconvError

FUNCTION = re.compile(r"^[0-9a-f]+ <(?P<name>[^>]+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\t(?P<mnemonic>\S+)(?:\t(?P<operands>.*))?$")
GROWTH = re.compile(r"^sp,sp,-(?P<bytes>\d+)$")
TARGET = re.compile(r"<(?P<name>[^>+]+)(?:\+0x[0-9a-f]+)?>$")
BRANCHES = re.compile(r"^(j|jal|jalr|b[a-z]+)$")


@dataclass
class Function:
    """A function: bytes that it moves the stack pointer by, and whom it may call.

    A function that moves it several times counts as if it did all of them.
    """

    frame: int = 0
    callees: set[str] = field(default_factory=set[str])
    calls_pointers: bool = False


@dataclass(frozen=True)
class Deepest:
    """The most stack that a function and all it calls take, and the calls that take it."""

    bytes: int
    calls: tuple[str, ...]


def functions(disassembly: Iterable[str]) -> dict[str, Function]:
    """The functions of what `objdump -d --no-show-raw-insn` prints."""
    found: dict[str, Function] = {}
    name = ""
    for line in disassembly:
        if match := FUNCTION.match(line):
            name = match["name"]
            found[name] = Function()
        elif (match := INSTRUCTION.match(line)) and name:
            _read(found[name], name, match["mnemonic"], match["operands"] or "")
    return found


def _read(function: Function, name: str, mnemonic: str, operands: str) -> None:
    operands = operands.partition(" #")[0] if mnemonic != "jalr" else operands
    if mnemonic in ("add", "addi") and (growth := GROWTH.match(operands)):
        function.frame += int(growth["bytes"])
    elif BRANCHES.match(mnemonic):
        if target := TARGET.search(operands):
            function.callees |= {target["name"]} - {name}
        elif mnemonic == "jalr":
            function.calls_pointers = True


def deepest(program: Mapping[str, Function], start: str, pointed_to: Iterable[str] = ()) -> Deepest:
    """The deepest chain of calls from a function.

    `pointed_to` are the functions that calls through pointers may reach. Raises DsconvError for a
    function that is not there, and for recursion, which has no bound.
    """
    known: dict[str, Deepest] = {}
    targets = set(pointed_to)

    def visit(name: str, callers: tuple[str, ...]) -> Deepest:
        if name in callers:
            raise DsconvError(f"recursion has no bound: {' > '.join((*callers, name))}")
        if name not in program:
            raise DsconvError(f"the program has no function {name}")
        if name not in known:
            function = program[name]
            callees = function.callees | (targets if function.calls_pointers else set())
            below = [visit(callee, (*callers, name)) for callee in sorted(callees)]
            worst = max(below, key=lambda callee: callee.bytes, default=Deepest(0, ()))
            known[name] = Deepest(function.frame + worst.bytes, (name, *worst.calls))
        return known[name]

    return visit(start, ())
