"""The assembler for Xpulp: encodings, registers, loops; and every instruction run on GVSoC."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from random_kernels import KernelRun
from xpulp_program import Case, KernelSimulator

from dsconv.dialects.attributes import Layout, RequantAttr, WindowAttr, i64_array
from dsconv.dialects.graph import activation_type
from dsconv.dialects.target import InstructionCache
from dsconv.dialects.tiled import KernelKind, KernelOp
from dsconv.lowering.xpulp.assembly import Assembly, RegisterPressureError
from dsconv.lowering.xpulp.encodings import XPULP, Operand
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER

REGISTERS = {"x0": 0, "a0": 10, "a1": 11, "a2": 12}
R = ("a0", "a1", "a2")

PATTERNS: dict[str, tuple[tuple[Operand, ...], str]] = {
    "p.lw!": (("a0", "a1", 4), "000000000100 01011 010 01010 0001011"),
    "p.lbu!": (("a0", "a1", -1), "111111111111 01011 100 01010 0001011"),
    "p.lh!": (("a0", "a1", 2), "000000000010 01011 001 01010 0001011"),
    "p.lw.r": (R, "0010000 01100 01011 111 01010 0000011"),
    "p.lbu.r!": (R, "0100000 01100 01011 111 01010 0001011"),
    "p.lhu.r!": (R, "0101000 01100 01011 111 01010 0001011"),
    "p.sw!": (("a0", "a1", -4), "1111111 01010 01011 010 11100 0101011"),
    "p.sb.r": (R, "0000000 01010 01011 100 01100 0100011"),
    "p.sw.r!": (R, "0000000 01010 01011 110 01100 0101011"),
    "p.mac": (R, "0100001 01100 01011 000 01010 0110011"),
    "p.msu": (R, "0100001 01100 01011 001 01010 0110011"),
    "p.max": (R, "0000010 01100 01011 110 01010 0110011"),
    "p.minu": (R, "0000010 01100 01011 101 01010 0110011"),
    "p.abs": (("a0", "a1"), "0000010 00000 01011 000 01010 0110011"),
    "p.exthz": (("a0", "a1"), "0001000 00000 01011 101 01010 0110011"),
    "p.clip": (("a0", "a1", 8), "0001010 01000 01011 001 01010 0110011"),
    "p.clipu": (("a0", "a1", 9), "0001010 01001 01011 010 01010 0110011"),
    "p.clipu.r": (R, "0001010 01100 01011 110 01010 0110011"),
    "p.extractu": (("a0", "a1", 8, 12), "1100111 01100 01011 001 01010 0110011"),
    "p.insert": (("a0", "a1", 8, 24), "1100111 11000 01011 010 01010 0110011"),
    "p.addN": ((*R, 19), "0010011 01100 01011 010 01010 1011011"),
    "p.addRN": ((*R, 19), "0010011 01100 01011 110 01010 1011011"),
    "p.subN": ((*R, 1), "0000001 01100 01011 011 01010 1011011"),
    "p.adduN": ((*R, 1), "1000001 01100 01011 010 01010 1011011"),
    "p.addN.r": (R, "0100000 01100 01011 010 01010 1011011"),
    "p.mulsN": ((*R, 3), "1000011 01100 01011 000 01010 1011011"),
    "p.machhsN": ((*R, 3), "1100011 01100 01011 001 01010 1011011"),
    "pv.sdotusp.b": (R, "1010100 01100 01011 001 01010 1010111"),
    "pv.sdotsp.h": (R, "1011100 01100 01011 000 01010 1010111"),
    "pv.dotup.sc.b": (R, "1000000 01100 01011 101 01010 1010111"),
    "pv.maxu.b": (R, "0011100 01100 01011 001 01010 1010111"),
    "pv.shuffle2.b": (R, "1100100 01100 01011 001 01010 1010111"),
    "pv.pack.h": (R, "1101000 01100 01011 000 01010 1010111"),
    "pv.packhi.b": (R, "1101100 01100 01011 001 01010 1010111"),
    "pv.packlo.b": (R, "1110000 01100 01011 001 01010 1010111"),
}
"""Operands, and the bits as the manual's tables have them."""


def bits_of(directive: str) -> str:
    """What the assembler makes of an `.insn` directive without labels."""
    kind, *texts = re.split(r"[ ,()]+", directive.removeprefix(".insn ").rstrip(")"))
    fields = [
        REGISTERS[t] if t in REGISTERS else int(t.lstrip("x") if t[0] == "x" else t, 0)
        for t in texts
    ]
    opcode, funct3, *rest = fields
    if kind == "r":
        funct7, rd, rs1, rs2 = rest
        return f"{funct7:07b} {rs2:05b} {rs1:05b} {funct3:03b} {rd:05b} {opcode:07b}"
    if kind == "i":
        rd, rs1, immediate = rest
        return f"{immediate & 0xFFF:012b} {rs1:05b} {funct3:03b} {rd:05b} {opcode:07b}"
    assert kind == "s", directive
    value, immediate, base = rest
    high, low = immediate >> 5 & 0x7F, immediate & 0x1F
    return f"{high:07b} {value:05b} {base:05b} {funct3:03b} {low:05b} {opcode:07b}"


@pytest.mark.parametrize("name", PATTERNS)
def test_encodings(name: str):
    operands, bits = PATTERNS[name]
    assert bits_of(XPULP[name].directive(*operands)) == bits


@pytest.mark.parametrize("operands", [("a0", "a1", "a2", 32), ("a0", "a1", "a2", -1)])
def test_fields_are_checked(operands: tuple[Operand, ...]):
    with pytest.raises(ValueError, match="does not fit"):
        XPULP["p.addN"].directive(*operands)


def instructions(asm: Assembly) -> list[str]:
    """What was written, the meaning where it is an `.insn`."""
    lines = asm.text().splitlines()[2:-1]
    return [line.split("#")[-1].strip() for line in lines]


def test_a_function_saves_what_it_changes():
    asm = Assembly()
    asm.arguments(6)
    registers = asm.take(10)
    asm("mv", registers[-1], registers[-2])
    assert instructions(asm) == [
        "addi sp, sp, -16",
        "sw s0, 0(sp)",
        "mv s0, a6",
        "1:",
        "lw s0, 0(sp)",
        "addi sp, sp, 16",
        "ret",
    ]


def test_registers_run_out():
    asm = Assembly()
    with pytest.raises(RegisterPressureError):
        asm.take(31)


def test_hardware_loops_end_at_their_last_instruction():
    asm = Assembly()
    with asm.loop(3):
        asm("nop")
        with asm.loop("a0"):
            asm("nop")
            asm("nop")
    text = asm.text().splitlines()[2:-3]
    assert [line.split("#")[0].strip() for line in text] == [
        ".insn i 0x7b, 5, x1, x12, 3",
        "nop",
        ".insn i 0x7b, 4, x0, a0, 4",
        "nop",
        "nop",
        "nop",
        "nop",
    ]


def test_a_label_is_no_instruction_of_a_body():
    asm = Assembly()
    with asm.loop(3):
        asm.place(asm.label())
        asm("addi", "a0", "a0", 1)
    assert instructions(asm)[:4] == ["lp.setup 3", "2:", "addi a0, a0, 1", "nop"]


def test_a_long_loop_takes_its_count_from_a_register():
    asm = Assembly()
    with asm.loop(3):
        for _ in range(20):
            asm("nop")
    assert instructions(asm)[:2] == ["addi t0, zero, 3", "lp.setup 3"]


def test_loops_refuse_what_hardware_does_not_do():
    asm = Assembly()
    with pytest.raises(ValueError, match="branch"), asm.loop(2):
        asm("bnez", "a0", asm.exit)
    asm = Assembly()
    inside = asm.label()
    with pytest.raises(ValueError, match="jump"), asm.loop(2), asm.loop(2, inside):
        asm.place(inside)
    asm = Assembly()
    with pytest.raises(ValueError, match="hardware loops"), asm.loop(2), asm.loop(2), asm.loop(2):
        asm("nop")


def test_cycles_are_estimated():
    asm = Assembly()
    with asm.loop(10):
        asm("lw", "a1", "a0", 0)
        asm("addi", "a1", "a1", 1)
        asm("mulh", "a2", "a3", "a4")
    assert asm.cycles(DEFAULT_CLUSTER) == 1 + 10 * (2 + 1 + 5)


def test_branches_cost_what_the_core_takes_for_them():
    asm = Assembly()
    with asm.software_loop(10):
        asm("nop")
    slow = replace(DEFAULT_CLUSTER, core=replace(DEFAULT_CLUSTER.core, taken_branch_stalls=4))
    assert asm.cycles(slow) == asm.cycles(DEFAULT_CLUSTER) + 10 * 2


def test_loops_beyond_the_instruction_cache_miss():
    """256 bytes in a cache of 128: 1.2 times the lines miss by what was measured, so all 16."""
    asm = Assembly()
    with asm.software_loop(10):
        for _ in range(62):
            asm("nop")
    small = replace(DEFAULT_CLUSTER, icache=InstructionCache(128, 16, 3, 4096))
    assert asm.cycles(small) == asm.cycles(DEFAULT_CLUSTER) + 10 * 16 * 3


A, B, C = 0x81F2037E, 0xFE05FF84, 0x0102FF7F
"""What rd, rs1 and rs2 hold."""


def signed(value: int, bits: int = 32) -> int:
    value &= (1 << bits) - 1
    return value - (value >> bits - 1 << bits)


def lanes(value: int, bits: int = 8, *, sign: bool = True) -> list[int]:
    fields = [value >> shift & (1 << bits) - 1 for shift in range(0, 32, bits)]
    return [signed(field, bits) for field in fields] if sign else fields


def word(values: list[int], bits: int = 8) -> int:
    return sum((value & (1 << bits) - 1) << bits * lane for lane, value in enumerate(values))


def dot(x: list[int], y: list[int]) -> int:
    return sum(a * b for a, b in zip(x, y, strict=True))


def shuffled(mask: int) -> int:
    both = lanes(A, sign=False) + lanes(B, sign=False)
    return word([both[selector & 7] for selector in lanes(mask, sign=False)])


MEANINGS: dict[str, tuple[tuple[Operand, ...], int]] = {
    "pv.sdotusp.b": ((), A + dot(lanes(B, sign=False), lanes(C))),
    "pv.sdotsp.b": ((), A + dot(lanes(B), lanes(C))),
    "pv.sdotup.b": ((), A + dot(lanes(B, sign=False), lanes(C, sign=False))),
    "pv.dotusp.b": ((), dot(lanes(B, sign=False), lanes(C))),
    "pv.sdotsp.h": ((), A + dot(lanes(B, 16), lanes(C, 16))),
    "pv.sdotsp.sc.b": ((), A + dot(lanes(B), [lanes(C)[0]] * 4)),
    "pv.add.b": ((), word([x + y for x, y in zip(lanes(B), lanes(C), strict=True)])),
    "pv.max.b": ((), word([max(p) for p in zip(lanes(B), lanes(C), strict=True)])),
    "pv.shuffle2.b": ((), shuffled(C)),
    "pv.pack.h": ((), word([C, B], 16)),
    "pv.packlo.b": ((), word([C, B, *lanes(A)[2:]])),
    "pv.packhi.b": ((), word([*lanes(A)[:2], C, B])),
    "p.mac": ((), A + signed(B) * signed(C)),
    "p.msu": ((), A - signed(B) * signed(C)),
    "p.max": ((), max(signed(B), signed(C))),
    "p.minu": ((), min(B, C)),
    "p.abs": ((), abs(signed(B))),
    "p.extbs": ((), signed(B, 8)),
    "p.exthz": ((), B & 0xFFFF),
    "p.clip": ((8,), -128),
    "p.clipu": ((9,), 0),
    "p.extractu": ((8, 12), B >> 12 & 0xFF),
    "p.extract": ((8, 12), signed(B >> 12, 8)),
    "p.insert": ((8, 12), A & ~(0xFF << 12) | (B & 0xFF) << 12),
    "p.addN": ((9,), signed(B + C) >> 9),
    "p.addRN": ((9,), signed(B + C + 256) >> 9),
    "p.subN": ((9,), signed(B - C) >> 9),
    "p.adduN": ((9,), (B + C & 0xFFFFFFFF) >> 9),
    "p.addN.r": ((), signed(A + B) >> (C & 31)),
    "p.mulsN": ((3,), signed(B, 16) * signed(C, 16) >> 3),
    "p.mulhhsN": ((3,), signed(B >> 16, 16) * signed(C >> 16, 16) >> 3),
    "p.macsN": ((3,), signed(A + signed(B, 16) * signed(C, 16)) >> 3),
}
"""Immediate operands, and what the destination holds afterwards."""

WITHOUT_RS2 = ("p.abs", "p.ext", "p.clip", "p.insert")


def probe(write: Callable[[Assembly, str], None]) -> Case:
    """A function whose core 0 stores one word."""
    asm = Assembly()
    core, _, y, _, _ = asm.arguments(5)
    asm("bnez", core, asm.exit)
    with asm.registers(1) as (result,):
        write(asm, result)
        asm("sw", result, y, 0)
    one = activation_type((1, 4, 1, 1), np.uint8, Layout.HWC)
    kernel = KernelOp(
        "probe",
        KernelKind.RESCALE,
        [one],
        one,
        WindowAttr.of((1, 1)),
        requant=RequantAttr.of([1], [1], clip=(0, 255)),
        zero_points=i64_array([0]),
    )
    return Case(KernelRun(kernel, (np.arange(4, dtype=np.uint8),)), asm.text())


def test_instructions_do_what_they_are_used_for(simulator: KernelSimulator):
    def one(name: str) -> Case:
        def write(asm: Assembly, result: str) -> None:
            with asm.registers(2) as sources:
                for register, value in zip((result, *sources), (A, B, C), strict=True):
                    asm.li(register, value)
                used = sources[:1] if name.startswith(WITHOUT_RS2) else sources
                asm(name, result, *used, *MEANINGS[name][0])

        return probe(write)

    outcomes = simulator.run([one(name) for name in MEANINGS])
    got = {
        name: int(outcome.output.view("<u4")[0])
        for name, outcome in zip(MEANINGS, outcomes, strict=True)
    }
    assert got == {name: value & 0xFFFFFFFF for name, (_, value) in MEANINGS.items()}


def test_loops_run_as_often_as_they_say(simulator: KernelSimulator):
    def nested(asm: Assembly, result: str) -> None:
        asm.li(result, 0)
        with asm.registers(1) as (count,):
            asm.li(count, 5)
            with asm.software_loop(3):
                with asm.loop(7), asm.loop(count):
                    asm("addi", result, result, 1)
                with asm.loop(2000):
                    asm("addi", result, result, 2)

    def without_registers(asm: Assembly, result: str) -> None:
        asm.li(result, 0)
        with asm.registers(asm.free_registers), asm.loop(3):
            for _ in range(20):
                asm("addi", result, result, 1)

    outcomes = simulator.run([probe(nested), probe(without_registers)])
    found = [int(outcome.output.view("<u4")[0]) for outcome in outcomes]
    assert found == [3 * (7 * 5 + 2000 * 2), 60]
