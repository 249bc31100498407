"""What a built program takes of its target: code and data in L2, tiles in L1, stacks."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from dsconv.driver.compiled import CompiledNetwork
from dsconv.driver.output import makes_program, write_folder
from dsconv.errors import DsconvError
from dsconv.lowering.c_target import network_name
from dsconv.reports.memory import MemoryPlan
from dsconv.reports.stack_use import Deepest, deepest, functions
from dsconv.runners import build
from dsconv.runners.platforms import PLATFORMS, binutils_of
from dsconv.runners.process import run_program

TIMEOUT_S = 120.0
SYMBOL = re.compile(r"^(?P<value>[0-9a-f]+) \w (?P<name>\S+)$", re.MULTILINE)

STACKS = {
    "a core's": ("dsc_start_core", "__core_stack_bytes"),
    "the FC's": ("dsc_start_cluster", "FC_STACK_BYTES"),
}
"""Whose stack it is: the function that starts on it, and the symbol with its size."""


@dataclass(frozen=True)
class Stack:
    """A stack: its size, and the most that is used of it."""

    name: str
    size: int
    deepest: Deepest


@dataclass(frozen=True)
class Footprint:
    """Bytes of a program. `l2` is all that it takes there; `tensors` are those of the plan in it.

    The rest is code, constants and data of the runtime, for which the target reserves `reserved`.
    """

    l2: int
    l2_size: int
    tensors: int
    reserved: int
    stacks: tuple[Stack, ...]

    @staticmethod
    def of(compiled: CompiledNetwork) -> Footprint:
        """Builds the program for its own platform and measures it.

        Raises DsconvError where it is not a RISC-V program, or takes more than there is.
        """
        target = compiled.target
        tools = binutils_of(target.platform)
        if not makes_program(target.platform):
            raise DsconvError(
                f"platform {target.platform} makes no program, and its library is as large as the "
                "compiler makes it: size libNAME.a"
            )
        if tools is None:
            others = [name for name, platform in PLATFORMS.items() if platform.binutils]
            raise DsconvError(
                f"programs for {target.platform} have no fixed memory; take {', '.join(others)}"
            )
        with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
            directory = Path(folder)
            write_folder(compiled.lowered, directory, target, target.platform)
            build(directory)
            symbols = run_program([f"{tools}nm", "network.elf"], directory, TIMEOUT_S)
            disassembly = run_program(
                [f"{tools}objdump", "-d", "--no-show-raw-insn", "network.elf"], directory, TIMEOUT_S
            )
        values = {match["name"]: int(match["value"], 16) for match in SYMBOL.finditer(symbols)}
        program = functions(disassembly.splitlines())
        network = f"{network_name(compiled.lowered)}_run"
        stacks = tuple(
            Stack(name, values[size], deepest(program, start, [network]))
            for name, (start, size) in STACKS.items()
            if size in values
        )
        plan = MemoryPlan.of(compiled.lowered)
        footprint = Footprint(
            values["__bss_end"] - values["_start"],
            target.l2.bytes,
            plan.l2_bytes + plan.resident_weights,
            target.l2.bytes - target.l2.usable(len(compiled.imported.layers)),
            stacks,
        )
        footprint.check()
        return footprint

    def check(self) -> None:
        """Raises DsconvError where a stack is too small; the linker has checked L1 and L2."""
        for stack in self.stacks:
            if stack.deepest.bytes > stack.size:
                raise DsconvError(
                    f"{stack.name} stack has {stack.size} bytes; "
                    f"{' > '.join(stack.deepest.calls)} take {stack.deepest.bytes}"
                )

    @property
    def beside_tensors(self) -> int:
        """Bytes of L2 that code, constants and data of the runtime take."""
        return self.l2 - self.tensors

    def as_json(self) -> dict[str, Any]:
        """The footprint for programs."""
        return {
            "l2": self.l2,
            "l2_size": self.l2_size,
            "tensors": self.tensors,
            "beside_tensors": self.beside_tensors,
            "reserved": self.reserved,
            "stacks": {
                stack.name: {"size": stack.size, "used": stack.deepest.bytes}
                for stack in self.stacks
            },
        }

    def print(self, console: Console) -> None:
        """The footprint for people."""
        console.print(
            f"L2: {self.l2:,} of {self.l2_size:,} bytes: {self.tensors:,} for tensors, "
            f"{self.beside_tensors:,} for code and the runtime ({self.reserved:,} reserved)",
            highlight=False,
        )
        for stack in self.stacks:
            console.print(
                f"{stack.name} stack: {stack.deepest.bytes:,} of {stack.size:,} bytes, by "
                + " > ".join(stack.deepest.calls),
                highlight=False,
            )
