"""Hardware loops on the RTL of a core, whose memory answers at once or late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pytest
from core_program import CoreRtl, write_program
from handwritten import needs_core_rtl
from random_kernels import RandomKernel
from test_xpulp_assembly import probe
from xpulp_program import Case, check_kernels

from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.convolution import conv2d
from dsconv.lowering.xpulp.depthwise import depthwise
from dsconv.runners.cv32e40p import core
from dsconv.runners.process import RunnerError

pytestmark = needs_core_rtl

STALLS = (0, 10, 30, 60)
COUNTS = (1, 2, 3, 5, 300)
BODIES = (2, 3, 4, 5)


def add(asm: Assembly, total: str, body: int) -> None:
    """A body of so many instructions, one of which adds 1."""
    asm("addi", total, total, 1)
    for _ in range(body - 1):
        asm("nop")


def constant_count(asm: Assembly, total: str, count: int, body: int) -> None:
    with asm.loop(count):
        add(asm, total, body)


def count_in_register(asm: Assembly, total: str, count: int, body: int) -> None:
    with asm.registers(1) as (register,):
        asm.li(register, count)
        with asm.loop(register):
            add(asm, total, body)


def no_register_left(asm: Assembly, total: str, count: int, body: int) -> None:
    with asm.registers(asm.free_registers), asm.loop(count):
        add(asm, total, body)


def entered_behind_the_addition(asm: Assembly, total: str, count: int, body: int) -> None:
    entry = asm.label()
    with asm.loop(count, entry):
        asm("addi", total, total, 1)
        asm.place(entry)
        for _ in range(body - 1):
            asm("nop")
    asm("addi", total, total, 1)


FORMS = [constant_count, count_in_register, no_register_left, entered_behind_the_addition]


def nested(asm: Assembly, total: str, counts: tuple[int, int], body: int, behind: int) -> None:
    """The outer loop ends so many instructions behind the inner one, or as close as may be."""
    outer, inner = counts
    with asm.loop(outer):
        with asm.loop(inner):
            add(asm, total, body)
        for _ in range(behind):
            asm("nop")


def total_of(write: Callable[[Assembly, str], None]) -> Case:
    """A function that stores what it counted."""

    def from_zero(asm: Assembly, total: str) -> None:
        asm.li(total, 0)
        write(asm, total)

    return probe(from_zero)


def totals(core_rtl: Path, directory: Path, cases: Sequence[Case], stalls: int) -> list[int]:
    """What the cases stored."""
    outcomes = CoreRtl(directory, core_rtl, stalls).run(cases)
    return [int(outcome.output.view("<u4")[0]) for outcome in outcomes]


@pytest.mark.parametrize("stalls", STALLS)
def test_loops_run_as_often_as_they_say(core_rtl: Path, tmp_path: Path, stalls: int) -> None:
    kinds = [*product(FORMS, COUNTS, BODIES)]
    cases = [total_of(lambda asm, total, k=kind: k[0](asm, total, k[1], k[2])) for kind in kinds]
    assert totals(core_rtl, tmp_path, cases, stalls) == [count for _, count, _ in kinds]


@pytest.mark.parametrize("stalls", STALLS)
def test_nested_loops_run_as_often_as_they_say(core_rtl: Path, tmp_path: Path, stalls: int) -> None:
    kinds = [*product(product((2, 7), (2, 5)), BODIES, range(4))]
    cases = [
        total_of(lambda asm, total, k=kind: nested(asm, total, k[0], k[1], k[2])) for kind in kinds
    ]
    assert totals(core_rtl, tmp_path, cases, stalls) == [a * b for (a, b), _, _ in kinds]


@pytest.mark.parametrize("seed", range(2))
def test_kernels_whose_memory_answers_late(core_rtl: Path, tmp_path: Path, seed: int) -> None:
    simulator = CoreRtl(tmp_path, core_rtl, stalls=25)
    window = WindowAttr.of((3, 3), (1, 1), (1, 1, 1, 1))
    layouts = Layout.CHW, Layout.HWC
    kernels = [RandomKernel(seed + number, 5, (6, 7)) for number in range(4)]
    check_kernels(simulator, depthwise, [kernel.depthwise(window, layouts) for kernel in kernels])
    check_kernels(simulator, conv2d, [kernel.dense(9) for kernel in kernels])


def test_an_exception_ends_the_run(core_rtl: Path, tmp_path: Path) -> None:
    """A jump in a hardware loop is an illegal instruction: 256, and 2 as mcause has it."""
    case = total_of(constant_count_with_a_jump)
    program = core.build_program(tmp_path, write_program(tmp_path, [case]))
    with pytest.raises(RunnerError, match="the program ended with 258"):
        core.run(core_rtl, program)


def constant_count_with_a_jump(asm: Assembly, total: str) -> None:
    """As the assembler refuses to write it: the jump hides in a directive."""
    with asm.loop(3):
        asm(".insn", "j 0x6f, x0, .+4")
        add(asm, total, 3)
