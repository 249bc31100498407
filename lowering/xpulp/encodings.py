"""Encodings of Xpulp's instructions, for an assembler that does not know them.

Names are the vendor's, with two conventions: `!` marks the post-increment form of a load or store,
and an immediate operand is the last one. From the instruction tables of the RI5CY manual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Operand = str | int
"""A register's ABI name, an immediate, or a label."""

LOAD = 0x03
LOAD_POST = 0x0B
STORE = 0x23
STORE_POST = 0x2B
ALU = 0x33
VECTOR = 0x57
SCALED = 0x5B
HARDWARE_LOOP = 0x7B

HALVES, BYTES = 0, 1
SCALAR = 4
"""Added to the lane size: the second operand is one value for all lanes."""


def checked(value: Operand, bits: int) -> int:
    """An unsigned immediate that has to fit its field."""
    if not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise ValueError(f"{value} does not fit {bits} bits")
    return value


def register_field(value: Operand) -> str:
    """An immediate that lies where others have a register."""
    return f"x{checked(value, 5)}"


def in_funct7(upper_bits: int, less: int = 0) -> Callable[[Operand], str]:
    """A five-bit immediate in the lower bits of funct7; what is written is `less` smaller."""

    def write(value: Operand) -> str:
        assert isinstance(value, int), "an immediate"
        return f"{upper_bits << 5 | checked(value - less, 5):#x}"

    return write


@dataclass(frozen=True)
class Encoding:
    """How `.insn` writes an instruction: a template, and how operands are put into it."""

    template: str
    immediates: Mapping[int, Callable[[Operand], str]] = field(
        default_factory=dict[int, Callable[[Operand], str]]
    )

    def directive(self, *operands: Operand) -> str:
        """The directive for these operands, in the order of the assembly language."""
        texts = [
            self.immediates[number](operand) if number in self.immediates else operand
            for number, operand in enumerate(operands)
        ]
        return f".insn {self.template.format(*texts)}"


def three_registers(opcode: int, funct3: int, funct7: int) -> Encoding:
    """Destination and two sources. The destination may be a source as well."""
    return Encoding(f"r {opcode:#x}, {funct3}, {funct7:#x}, {{}}, {{}}, {{}}")


def two_registers(opcode: int, funct3: int, funct7: int) -> Encoding:
    """Destination and source."""
    return Encoding(f"r {opcode:#x}, {funct3}, {funct7:#x}, {{}}, {{}}, x0")


def bit_count(funct3: int) -> Encoding:
    """Clips: the immediate is a number of bits."""
    return Encoding(f"r {ALU:#x}, {funct3}, 0xa, {{}}, {{}}, {{}}", {2: register_field})


def bit_field(funct3: int) -> Encoding:
    """Extract and insert: length in bits, then the lowest bit."""
    return Encoding(
        f"r {ALU:#x}, {funct3}, {{2}}, {{0}}, {{1}}, {{3}}",
        {2: in_funct7(3, less=1), 3: register_field},
    )


def scaled(funct3: int, upper_bits: int) -> Encoding:
    """Two sources, and a shift to the right of the result."""
    return Encoding(
        f"r {SCALED:#x}, {funct3}, {{3}}, {{0}}, {{1}}, {{2}}", {3: in_funct7(upper_bits)}
    )


def load_post(funct3: int) -> Encoding:
    """Load, then add an immediate to the base."""
    return Encoding(f"i {LOAD_POST:#x}, {funct3}, {{}}, {{}}, {{}}")


def store_post(funct3: int) -> Encoding:
    """Store, then add an immediate to the base."""
    return Encoding(f"s {STORE_POST:#x}, {funct3}, {{0}}, {{2}}({{1}})")


def load_indexed(opcode: int, funct7: int) -> Encoding:
    """Load whose offset, or increment, is a register."""
    return three_registers(opcode, 7, funct7)


def store_indexed(opcode: int, funct3: int) -> Encoding:
    """Store whose offset, or increment, is a register."""
    return Encoding(f"r {opcode:#x}, {funct3}, 0, {{2}}, {{1}}, {{0}}")


LOADS = {"lb": (0, 0x00), "lh": (1, 0x08), "lw": (2, 0x10), "lbu": (4, 0x20), "lhu": (5, 0x28)}
STORES = {"sb": 0, "sh": 1, "sw": 2}

VECTORS = {
    "add": 0x00,
    "sub": 0x04,
    "avg": 0x08,
    "avgu": 0x0C,
    "min": 0x10,
    "minu": 0x14,
    "max": 0x18,
    "maxu": 0x1C,
    "srl": 0x20,
    "sra": 0x24,
    "sll": 0x28,
    "dotup": 0x40,
    "dotusp": 0x44,
    "dotsp": 0x4C,
    "sdotup": 0x50,
    "sdotusp": 0x54,
    "sdotsp": 0x5C,
}


def _memory() -> dict[str, Encoding]:
    table: dict[str, Encoding] = {}
    for name, (funct3, funct7) in LOADS.items():
        table[f"p.{name}!"] = load_post(funct3)
        table[f"p.{name}.r"] = load_indexed(LOAD, funct7)
        table[f"p.{name}.r!"] = load_indexed(LOAD_POST, funct7)
    for name, funct3 in STORES.items():
        table[f"p.{name}!"] = store_post(funct3)
        table[f"p.{name}.r"] = store_indexed(STORE, 4 + funct3)
        table[f"p.{name}.r!"] = store_indexed(STORE_POST, 4 + funct3)
    return table


def _vectors() -> dict[str, Encoding]:
    table: dict[str, Encoding] = {}
    for name, funct7 in VECTORS.items():
        for suffix, lanes in (("h", HALVES), ("b", BYTES)):
            table[f"pv.{name}.{suffix}"] = three_registers(VECTOR, lanes, funct7)
            table[f"pv.{name}.sc.{suffix}"] = three_registers(VECTOR, SCALAR + lanes, funct7)
    return table


XPULP: dict[str, Encoding] = {
    **_memory(),
    **_vectors(),
    "pv.shuffle2.h": three_registers(VECTOR, HALVES, 0x64),
    "pv.shuffle2.b": three_registers(VECTOR, BYTES, 0x64),
    "pv.shuffle.b": three_registers(VECTOR, BYTES, 0x60),
    "pv.pack.h": three_registers(VECTOR, HALVES, 0x68),
    "pv.packhi.b": three_registers(VECTOR, BYTES, 0x6C),
    "pv.packlo.b": three_registers(VECTOR, BYTES, 0x70),
    "p.mac": three_registers(ALU, 0, 0x21),
    "p.msu": three_registers(ALU, 1, 0x21),
    "p.abs": two_registers(ALU, 0, 0x02),
    "p.min": three_registers(ALU, 4, 0x02),
    "p.minu": three_registers(ALU, 5, 0x02),
    "p.max": three_registers(ALU, 6, 0x02),
    "p.maxu": three_registers(ALU, 7, 0x02),
    "p.exths": two_registers(ALU, 4, 0x08),
    "p.exthz": two_registers(ALU, 5, 0x08),
    "p.extbs": two_registers(ALU, 6, 0x08),
    "p.extbz": two_registers(ALU, 7, 0x08),
    "p.clip": bit_count(1),
    "p.clipu": bit_count(2),
    "p.clip.r": three_registers(ALU, 5, 0x0A),
    "p.clipu.r": three_registers(ALU, 6, 0x0A),
    "p.extract": bit_field(0),
    "p.extractu": bit_field(1),
    "p.insert": bit_field(2),
    "p.addN": scaled(2, 0),
    "p.adduN": scaled(2, 2),
    "p.addRN": scaled(6, 0),
    "p.adduRN": scaled(6, 2),
    "p.subN": scaled(3, 0),
    "p.subRN": scaled(7, 0),
    "p.addN.r": three_registers(SCALED, 2, 0x20),
    "p.addRN.r": three_registers(SCALED, 6, 0x20),
    "p.mulsN": scaled(0, 2),
    "p.mulhhsN": scaled(0, 3),
    "p.mulsRN": scaled(4, 2),
    "p.macsN": scaled(1, 2),
    "p.machhsN": scaled(1, 3),
}
"""Instructions by name. `p.clipu k` clips to [0, 2^(k-1)-1]; `p.addN.r` adds its first
source to the destination and shifts that to the right by the second."""


def setup_loop(level: int, count: str, end: int) -> str:
    """Hardware loop whose count is in a register. `end` is the last instruction's distance."""
    return f".insn i {HARDWARE_LOOP:#x}, 4, x{level}, {count}, {checked(end // 2, 11)}"


def setup_short_loop(level: int, count: int, end: int) -> str:
    """Hardware loop of a known count over at most 15 instructions."""
    end_field = register_field(end // 2)
    return f".insn i {HARDWARE_LOOP:#x}, 5, x{level}, {end_field}, {checked(count, 11)}"


def fits_short_loop(count: int, end: int) -> bool:
    """Whether `setup_short_loop` can encode the loop."""
    return count < 1 << 11 and end // 2 < 1 << 5


def loop_part(which: str, level: int, value: int) -> str:
    """`lp.starti`, `lp.endi` (distances in bytes) or `lp.counti` of a loop that has no register."""
    funct3 = {"starti": 0, "endi": 1, "counti": 3}[which]
    field = checked(value if which == "counti" else value // 2, 11)
    return f".insn i {HARDWARE_LOOP:#x}, {funct3}, x{level}, x0, {field}"
