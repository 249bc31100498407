"""Writes one function at instruction level: registers, loops, labels, prologue and epilogue.

    asm = Assembly()
    core, x, w, y, row, column = asm.arguments(6)
    with asm.registers(2) as (word, total):
        asm.li(total, 0)
        with asm.loop(16):
            asm("p.lw!", word, x, 4)
            asm("pv.sdotup.b", total, word, word)
        asm("sw", total, y, 0)
    text = asm.text()

Every instruction takes four bytes, as hardware loops want it. Operands stand in the order of the
assembly language; a memory operand is written `base, offset`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

from dsconv.dialects.target import Cluster, Core, InstructionCache
from dsconv.lowering.xpulp.encodings import (
    XPULP,
    Operand,
    fits_short_loop,
    loop_part,
    setup_loop,
    setup_short_loop,
)
from dsconv.passes.analysis.xpulp_limits import LARGEST_IMMEDIATE, WORD

ARGUMENTS = tuple(f"a{number}" for number in range(8))
TEMPORARIES = (*(f"t{number}" for number in range(7)), *reversed(ARGUMENTS))
SAVED = (*(f"s{number}" for number in range(12)), "ra", "gp", "tp")
"""What a function has to give back as it was. Bare-metal C needs neither gp nor tp."""

ORDER = {register: rank for rank, register in enumerate((*TEMPORARIES, *SAVED))}
"""In which order registers are taken."""

MEMORY = frozenset({"lb", "lh", "lw", "lbu", "lhu", "sb", "sh", "sw"})
BRANCHES = frozenset(
    {"beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "j", "jal", "jr", "lp.enter"}
)
"""What no hardware loop may hold: there it is an illegal instruction (CV32E40P, RTL of v1.0.0)."""

CYCLES = {"mul": 2, "mulh": 5}
"""Of instructions that take more than one, but for branches and jumps."""
TAKEN_BRANCHES = frozenset({"bnez"})
"""Branches back to the start of a loop; the others are seldom taken."""
JUMPS = frozenset({"j", "ret", "lp.enter"})
IN_TIME = frozenset({"li", "lui", "lp.setup", "lp.counti", "lp.starti", "lp.endi", "lp.enter"})

MISSES_BEYOND_CACHE = 2.4
"""Share of a loop's lines that miss, for the part of it that is beyond the instruction cache, which
replaces at random. Measured."""

INSTRUCTION = 4
"""Bytes of an instruction."""
STACK_ALIGNMENT = 16
LEVELS = 2
"""Hardware loops that can be nested."""
SHORTEST_BODY = 2
"""Instructions of a hardware loop's body."""
ENDS_APART = 2
"""How many instructions nested hardware loops end apart. With one, CV32E40P (the RTL of v1.0.0)
counts wrong where the inner body has two instructions, or where memory answers late."""


class RegisterPressureError(Exception):
    """A function wants more registers than the core has."""


def is_immediate(value: int) -> bool:
    """Whether an instruction holds a constant or an offset."""
    return -LARGEST_IMMEDIATE - 1 <= value <= LARGEST_IMMEDIATE


@dataclass(frozen=True)
class Label:
    """A place in a function. The assembler's own numbered labels, so that none clash."""

    number: int


@dataclass
class Line:
    """A line of assembly. `times` is how often one call runs it, as far as loops tell."""

    text: str
    name: str = ""
    operands: tuple[Operand, ...] = ()
    times: float = 1

    @property
    def is_instruction(self) -> bool:
        """Whether it is no label."""
        return bool(self.name)

    @property
    def late_result(self) -> Operand | None:
        """The register that a load or multiplication writes a cycle late."""
        is_late = self.name.startswith(("l", "p.l", "mul")) and self.name not in IN_TIME
        return self.operands[0] if is_late else None

    def cycles(self, core: Core) -> int:
        """Cycles on a core that waits for nothing."""
        if self.name in TAKEN_BRANCHES:
            return 1 + core.taken_branch_stalls
        if self.name in JUMPS:
            return 1 + core.jump_stalls
        return CYCLES.get(self.name, 1)


@dataclass
class StackArgument(Line):
    """Loads argument `number` from the caller's stack, above a frame whose size comes last."""

    number: int = 0

    def above(self, frame_bytes: int) -> Line:
        """The line, written for a frame."""
        (register,) = self.operands
        offset = frame_bytes + WORD * (self.number - len(ARGUMENTS))
        return replace(self, text=f"lw {register}, {offset}(sp)")


@dataclass(frozen=True)
class LoopBody:
    """A loop that is written: how often it runs, and the bytes of what usually runs in it."""

    times: int
    size: int

    def cache_misses(self, cache: InstructionCache) -> float:
        """Misses each time that it runs."""
        beyond = max(0.0, 1 - cache.bytes / max(self.size, 1))
        return min(1.0, MISSES_BEYOND_CACHE * beyond) * self.size / cache.line_bytes


@dataclass
class HardwareLoop:
    """A hardware loop whose body is being written."""

    first_line: int
    levels_inside: int = 0
    end_of_inner: int = 0


def split_constant(value: int) -> tuple[int, int]:
    """A 32-bit constant as what lui and addi take."""
    value &= 0xFFFFFFFF
    low = (value & 0xFFF ^ 0x800) - 0x800
    return (value - low >> 12) & 0xFFFFF, low


@cache
def instruction_text(name: str, operands: tuple[Operand, ...]) -> str:
    """How the assembler reads an instruction; the same ones come in most kernels."""
    listing = ", ".join(map(str, operands))
    if name in XPULP:
        return f"{XPULP[name].directive(*operands):<44} # {name} {listing}"
    if name in MEMORY:
        value, base, offset = operands
        assert isinstance(offset, int), "an offset is a constant"
        if not is_immediate(offset):
            raise ValueError(f"offset {offset} does not fit 12 bits")
        return f"{name} {value}, {offset}({base})"
    return f"{name} {listing}".rstrip()


class Assembly:
    """The body of a function."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._free = [*TEMPORARIES, *SAVED]
        self._saved: list[str] = []
        self._frame_bytes = 0
        self._labels = 0
        self._placed: set[Label] = set()
        self._loops: list[HardwareLoop] = []
        self._bodies: list[LoopBody] = []
        self.exit = self.label()

    # Registers

    def arguments(self, count: int) -> tuple[str, ...]:
        """The function's arguments. Free those that are read no more.

        Those beyond the eighth are not among them: the caller's stack has them (`argument`).
        """
        registers = ARGUMENTS[:count]
        for register in registers:
            self._free.remove(register)
        return registers

    @contextmanager
    def argument(self, number: int) -> Generator[str]:
        """A register with one of the function's arguments, free once it has been read."""
        if number < len(ARGUMENTS):
            yield ARGUMENTS[number]
            self.free(ARGUMENTS[number])
            return
        with self.registers(1) as (register,):
            self._lines.append(StackArgument("", "lw", (register,), number=number))
            yield register

    def register(self) -> str:
        """A free register. Raises RegisterPressureError where there is none."""
        if not self._free:
            raise RegisterPressureError
        register = self._free.pop(0)
        if register in SAVED and register not in self._saved:
            self._saved.append(register)
        return register

    def take(self, count: int) -> list[str]:
        """Several free registers."""
        return [self.register() for _ in range(count)]

    def free(self, *registers: str) -> None:
        """Gives registers back. Those that the prologue saves anyway are used again first."""
        for register in registers:
            assert register not in self._free, f"{register} is free already"
            self._free.append(register)
        unsaved = set(SAVED).difference(self._saved)
        self._free.sort(key=lambda register: (register in unsaved, ORDER[register]))

    @property
    def free_registers(self) -> int:
        """How many registers are left."""
        return len(self._free)

    @contextmanager
    def registers(self, count: int) -> Generator[list[str]]:
        """Several registers for a while."""
        taken = self.take(count)
        yield taken
        self.free(*taken)

    @contextmanager
    def lent(self, *registers: str) -> Generator[None]:
        """Gives registers back for a while in which nothing in them is needed."""
        self.free(*registers)
        yield
        for register in registers:
            self._free.remove(register)

    # Instructions

    def __call__(self, name: str, *operands: Operand | Label) -> None:
        """Writes an instruction."""
        texts = tuple(
            [self._reference(item) if isinstance(item, Label) else item for item in operands]
        )
        self._lines.append(Line(instruction_text(name, texts), name, texts))

    def li(self, register: str, value: int) -> None:
        """Sets a register to a 32-bit constant, in one or two instructions."""
        high, low = split_constant(value)
        if not high:
            self("addi", register, "zero", low)
            return
        self("lui", register, high)
        if low:
            self("addi", register, register, low)

    def add_constant(self, register: str, source: str, value: int) -> None:
        """`register = source + value`; nothing where that is what it holds already."""
        if is_immediate(value):
            if value or register != source:
                self("addi", register, source, value)
        elif -4096 <= value < 4094:
            self("addi", register, source, value // 2)
            self("addi", register, register, value - value // 2)
        elif register != source:
            self.li(register, value)
            self("add", register, register, source)
        else:
            with self.registers(1) as (constant,):
                self.li(constant, value)
                self("add", register, source, constant)

    def multiply_constant(self, register: str, source: str, value: int) -> None:
        """`register = source * value`, by a shift where that is enough."""
        if value > 0 and value.bit_count() == 1:
            self("slli", register, source, value.bit_length() - 1)
            return
        with self.registers(1) as (constant,):
            self.li(constant, value)
            self("mul", register, source, constant)

    @contextmanager
    def constants(self, *values: int) -> Generator[list[str]]:
        """Registers that hold constants for a while; `zero` for 0."""
        registers = [self.register() if value else "zero" for value in values]
        for register, value in zip(registers, values, strict=True):
            if value:
                self.li(register, value)
        yield registers
        self.free(*(register for register in registers if register != "zero"))

    # Labels and loops

    def label(self) -> Label:
        """A label to be placed later."""
        self._labels += 1
        return Label(self._labels)

    def place(self, label: Label) -> None:
        """Puts a label here."""
        self._placed.add(label)
        self._lines.append(Line(f"{label.number}:"))

    def _reference(self, label: Label) -> str:
        return f"{label.number}{'b' if label in self._placed else 'f'}"

    @contextmanager
    def loop(self, count: int | str, entry: Label | None = None) -> Generator[None]:
        """A hardware loop, run `count` times: a constant or a register, at least 1.

        Its body has no branches, and at most one level of hardware loops in it. The first round of
        a constant number may begin at a label in the body.
        """
        if count == 1 and entry is None:
            yield
            return
        loop = HardwareLoop(len(self._lines))
        register = None
        if self._free and isinstance(count, int) and entry is None:
            with self.registers(1) as (register,):
                pass
        self._loops.append(loop)
        yield
        self._loops.pop()
        self._check_body(loop)
        if entry is None:
            self._set_up(loop, count, register)
        else:
            assert isinstance(count, int), (
                "a loop that is entered in its middle has a constant count"
            )
            self._set_up_inside(loop, count, entry)
        if self._loops:
            outer = self._loops[-1]
            outer.levels_inside = max(outer.levels_inside, loop.levels_inside + 1)
            outer.end_of_inner = len(self._lines)

    def _check_body(self, loop: HardwareLoop) -> None:
        if loop.levels_inside >= LEVELS:
            raise ValueError(f"more than {LEVELS} hardware loops in each other")
        if any(line.name in BRANCHES for line in self._lines[loop.first_line :]):
            raise ValueError("a branch or jump in a hardware loop")
        missing = max(
            SHORTEST_BODY - self._instructions_since(loop.first_line),
            ENDS_APART - self._instructions_since(loop.end_of_inner) if loop.levels_inside else 0,
        )
        for _ in range(missing):
            self("nop")

    def _set_up(self, loop: HardwareLoop, count: int | str, register: str | None) -> None:
        """Writes the setup before the body: the end is where the last instruction begins."""
        level = loop.levels_inside
        body = self._close_body(loop.first_line, count)
        del self._lines[loop.first_line :]
        end = INSTRUCTION * sum(line.is_instruction for line in body)
        if isinstance(count, str):
            self._raw(setup_loop(level, count, end), f"lp.setup {count}")
        elif fits_short_loop(count, end):
            self._raw(setup_short_loop(level, count, end), f"lp.setup {count}")
        elif register is not None:
            self.li(register, count)
            self._raw(setup_loop(level, register, end), f"lp.setup {count}")
        else:
            self._raw(loop_part("counti", level, count), f"lp.counti {count}")
            self._raw(loop_part("starti", level, 2 * INSTRUCTION), "lp.starti")
            self._raw(loop_part("endi", level, end), "lp.endi")
        self._lines += body

    def _set_up_inside(self, loop: HardwareLoop, count: int, entry: Label) -> None:
        """The setup of a loop that is entered at a label."""
        level = loop.levels_inside
        body = self._close_body(loop.first_line, count)
        del self._lines[loop.first_line :]
        end = INSTRUCTION * sum(line.is_instruction for line in body)
        self._raw(loop_part("counti", level, count), f"lp.counti {count}")
        self._raw(loop_part("starti", level, 3 * INSTRUCTION), "lp.starti")
        self._raw(loop_part("endi", level, end + INSTRUCTION), "lp.endi")
        self._raw(f"j {entry.number}f", "lp.enter")
        self._lines += body

    def _raw(self, directive: str, meaning: str) -> None:
        self._lines.append(Line(f"{directive:<44} # {meaning}", meaning.split()[0]))

    @contextmanager
    def software_loop(self, count: int | str) -> Generator[None]:
        """A loop that counts in a register. It may hold anything, and be in any other."""
        if count == 1:
            yield
            return
        counter = self.register()
        if isinstance(count, int):
            self.li(counter, count)
        else:
            self("mv", counter, count)
        start = self.label()
        self.place(start)
        first_line = len(self._lines)
        yield
        self("addi", counter, counter, -1)
        self("bnez", counter, start)
        self._close_body(first_line, count)
        self.free(counter)

    @contextmanager
    def counted_on_stack(self, count: int) -> Generator[None]:
        """A loop as `software_loop` makes it, but for its counter, which lies in the frame."""
        if count == 1:
            yield
            return
        slot = self.frame(WORD)
        with self.registers(1) as (counter,):
            self.li(counter, count)
            self("sw", counter, "sp", slot)
        start = self.label()
        self.place(start)
        first_line = len(self._lines)
        yield
        with self.registers(1) as (counter,):
            self("lw", counter, "sp", slot)
            self("addi", counter, counter, -1)
            self("sw", counter, "sp", slot)
            self("bnez", counter, start)
        self._close_body(first_line, count)

    @contextmanager
    def seldom(self, share: float) -> Generator[None]:
        """Code that runs in `share` of all cases, for the estimate of cycles."""
        first_line = len(self._lines)
        yield
        for line in self._lines[first_line:]:
            line.times *= share

    def _close_body(self, first_line: int, count: int | str) -> list[Line]:
        """The lines of a loop, which from now on count as often as the loop runs."""
        body = self._lines[first_line:]
        times = count if isinstance(count, int) else 1
        for line in body:
            line.times *= times
        usual = [line for line in body if line.is_instruction and line.times >= times]
        self._bodies.append(LoopBody(times, INSTRUCTION * len(usual)))
        return body

    # Function

    def frame(self, size: int) -> int:
        """Takes bytes of the stack; returns their offset from sp."""
        offset = self._frame_bytes
        self._frame_bytes += (size + WORD - 1) // WORD * WORD
        return offset

    @property
    def instructions(self) -> int:
        """Instructions so far."""
        return self._instructions_since(0)

    def _instructions_since(self, line: int) -> int:
        return sum(line.is_instruction for line in self._lines[line:])

    def cycles(self, cluster: Cluster) -> int:
        """Estimate for one call on one core: loops, stalls after loads, the instruction cache."""
        misses = 0.0
        for body in self._bodies:
            misses = body.times * max(misses, body.cache_misses(cluster.icache))
        total = cluster.icache.miss_cycles * misses
        instructions = [line for line in self._lines if line.is_instruction]
        for line, following in zip(instructions, [*instructions[1:], Line("")], strict=True):
            stalls = line.late_result is not None and line.late_result in following.operands
            total += line.times * (line.cycles(cluster.core) + stalls)
        return round(total)

    @property
    def stack_bytes(self) -> int:
        """Bytes of the stack that the function takes."""
        size = self._frame_bytes + WORD * len(self._saved)
        return -(-size // STACK_ALIGNMENT) * STACK_ALIGNMENT

    def text(self) -> str:
        """The function's body: prologue, what was written, the exit, epilogue."""
        body = [
            line.above(self.stack_bytes) if isinstance(line, StackArgument) else line
            for line in self._lines
        ]
        saved = [(name, self._frame_bytes + WORD * i) for i, name in enumerate(self._saved)]
        self._lines = []
        if self.stack_bytes:
            self("addi", "sp", "sp", -self.stack_bytes)
        for name, offset in saved:
            self("sw", name, "sp", offset)
        self._lines += body
        self.place(self.exit)
        for name, offset in saved:
            self("lw", name, "sp", offset)
        if self.stack_bytes:
            self("addi", "sp", "sp", self.stack_bytes)
        self("ret")
        lines = (f"    {line.text}" if line.is_instruction else line.text for line in self._lines)
        return "\n".join(("    .option push", "    .option norvc", *lines, "    .option pop"))
