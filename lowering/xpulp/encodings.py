"""Encodings of Xpulp's instructions, for an assembler that does not know them.

Names are the vendor's, with two conventions: `!` marks the post-increment form of a load or store,
and an immediate operand is the last one. From the instruction tables of the RI5CY manual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Operand = str | int
"""A register's ABI name, an immediate, or a label."""

STORE = 0x23
BRANCH = 0x63
LOAD = 0x03
ALU = 0x33
LOAD_POST = 0x0B
STORE_POST = 0x2B
VECTOR = 0x57
SCALED = 0x5B
HARDWARE_LOOP = 0x7B

HALVES, BYTES = 0, 1
SCALAR = 4
"""Added to the lane size: the second operand is one value for all lanes."""
IMMEDIATE = 6

Writer = Callable[..., str]


@dataclass(frozen=True)
class Encoding:
    """How `.insn` writes one instruction: from its operands to the directive's text."""

    write: Writer

    def directive(self, *operands: Operand) -> str:
        """The `.insn` directive for these operands, in the order of the assembly language."""
        return f".insn {self.write(*operands)}"


def register_field(value: int, bits: int = 5) -> str:
    """An immediate that lies where others have a register."""
    return f"x{checked(value, bits)}"


def checked(value: int, bits: int) -> int:
    """An unsigned immediate that has to fit its field."""
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{value} does not fit {bits} bits")
    return value


def three_registers(opcode: int, funct3: int, funct7: int) -> Encoding:
    """Destination and two sources. The destination may be a source as well."""
    return Encoding(
        lambda rd, rs1, rs2: f"r {opcode:#x}, {funct3}, {funct7:#x}, {rd}, {rs1}, {rs2}"
    )


def two_registers(opcode: int, funct3: int, funct7: int) -> Encoding:
    """Destination and source."""
    return Encoding(lambda rd, rs1: f"r {opcode:#x}, {funct3}, {funct7:#x}, {rd}, {rs1}, x0")


def bit_count(funct3: int) -> Encoding:
    """Clips: the immediate is a number of bits."""
    return Encoding(
        lambda rd, rs1, bits: f"r {ALU:#x}, {funct3}, 0x0a, {rd}, {rs1}, {register_field(bits)}"
    )


def bit_field(funct3: int) -> Encoding:
    """Extract and insert: length in bits, then the lowest bit."""
    return Encoding(
        lambda rd, rs1, length, lowest: (
            f"r {ALU:#x}, {funct3}, {0x60 | checked(length - 1, 5):#x}, "
            f"{rd}, {rs1}, {register_field(lowest)}"
        )
    )


def scaled(funct3: int, high_bits: int) -> Encoding:
    """Two sources, and a shift to the right of the result."""
    return Encoding(
        lambda rd, rs1, rs2, shift: (
            f"r {SCALED:#x}, {funct3}, {high_bits << 5 | checked(shift, 5):#x}, {rd}, {rs1}, {rs2}"
        )
    )


def lane(funct7: int) -> Encoding:
    """Extract and insert of a byte in a vector."""
    return Encoding(
        lambda rd, rs1, number: (
            f"r {VECTOR:#x}, {IMMEDIATE + BYTES}, {funct7 | number & 1:#x}, "
            f"{rd}, {rs1}, {register_field(checked(number, 2) >> 1)}"
        )
    )


def load_post(funct3: int) -> Encoding:
    """Load, then add an immediate to the base."""
    return Encoding(lambda rd, base, step: f"i {LOAD_POST:#x}, {funct3}, {rd}, {base}, {step}")


def store_post(funct3: int) -> Encoding:
    """Store, then add an immediate to the base."""
    return Encoding(
        lambda value, base, step: f"s {STORE_POST:#x}, {funct3}, {value}, {step}({base})"
    )


def load_indexed(opcode: int, funct7: int) -> Encoding:
    """Load whose offset, or increment, is a register."""
    return Encoding(lambda rd, base, index: f"r {opcode:#x}, 7, {funct7:#x}, {rd}, {base}, {index}")


def store_indexed(opcode: int, funct3: int) -> Encoding:
    """Store whose offset, or increment, is a register."""
    return Encoding(
        lambda value, base, index: f"r {opcode:#x}, {funct3}, 0, {index}, {base}, {value}"
    )


def branch_on_immediate(funct3: int) -> Encoding:
    """Compares a register with an immediate from -16 to 15."""
    return Encoding(
        lambda rs1, value, target: (
            f"sb {BRANCH:#x}, {funct3}, {rs1}, {register_field((value + 16) % 32 ^ 16)}, {target}"
        )
    )


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
    "pv.extract.b": lane(0x3C),
    "pv.extractu.b": lane(0x48),
    "pv.insert.b": lane(0x58),
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
    "p.beqimm": branch_on_immediate(2),
    "p.bneimm": branch_on_immediate(3),
}
"""Instructions by name. `p.clipu k` clips to [0, 2^(k-1)-1]; `p.addN.r` shifts the sum of its two
sources to the right by what the destination held."""


def setup_loop(level: int, count: str, end: int) -> str:
    """Hardware loop whose count is in a register. `end` is the last instruction's distance."""
    return f".insn i {HARDWARE_LOOP:#x}, 4, x{level}, {count}, {checked(end // 2, 11)}"


def setup_short_loop(level: int, count: int, end: int) -> str:
    """Hardware loop of a known count over at most 15 instructions."""
    end_field, count_field = register_field(end // 2), checked(count, 11)
    return f".insn i {HARDWARE_LOOP:#x}, 5, x{level}, {end_field}, {count_field}"


def fits_short_loop(count: int, end: int) -> bool:
    """Whether `setup_short_loop` can encode the loop."""
    return count < 1 << 11 and end // 2 < 1 << 5


def loop_part(which: str, level: int, value: int) -> str:
    """`lp.starti`, `lp.endi` (distances in bytes) or `lp.counti` of a loop that has no register."""
    funct3 = {"starti": 0, "endi": 1, "counti": 3}[which]
    field = checked(value if which == "counti" else value // 2, 11)
    return f".insn i {HARDWARE_LOOP:#x}, {funct3}, x{level}, x0, {field}"
