"""What programs take of their targets: stacks from the disassembly, L2 from the linker."""

from dataclasses import replace
from pathlib import Path

import pytest

import dsconv
from dsconv import zoo
from dsconv.errors import DsconvError
from dsconv.reports.footprint import Footprint, Stack
from dsconv.reports.stack_use import Deepest, deepest, functions
from dsconv.runners import RunnerError
from dsconv.targets import MemorySize, load_target

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
BUILT_PLATFORMS = ["gap8", "pulp_open", "qemu"]

DISASSEMBLY = """\
network.elf:     file format elf32-littleriscv

1c000000 <start>:
1c000000:\tadd\tsp,sp,-16
1c000002:\tjal\t1c000020 <leaf>
1c000006:\tjalr\ta5
1c000008:\tbeqz\ta0,1c000000 <start>
1c00000a:\tadd\tsp,sp,16
1c00000c:\tret

1c000010 <middle>:
1c000010:\tadd\tsp,sp,-32
1c000012:\tadd\tsp,sp,-64 # a comment
1c000014:\tjal\ta7,1c000018 <middle+0x8>
1c000018:\tj\t1c000024 <tail>

1c000020 <leaf>:
1c000020:\tret

1c000024 <tail>:
1c000024:\tadd\tsp,sp,-8
1c000026:\tjalr\t-84(ra) # 1c000030 <far>

1c000030 <far>:
1c000030:\tadd\tsp,sp,-4
1c000034:\tret
"""


def test_the_deepest_chain_of_calls():
    program = functions(DISASSEMBLY.splitlines())
    assert deepest(program, "leaf") == Deepest(0, ("leaf",))
    assert deepest(program, "middle") == Deepest(108, ("middle", "tail", "far"))
    assert deepest(program, "start") == Deepest(16, ("start", "leaf"))
    assert deepest(program, "start", ["middle"]).bytes == 16 + 108


def test_recursion_has_no_bound():
    program = functions(DISASSEMBLY.splitlines())
    program["far"].callees.add("middle")
    with pytest.raises(DsconvError, match="recursion has no bound: middle > tail > far > middle"):
        deepest(program, "middle")
    with pytest.raises(DsconvError, match="no function nowhere"):
        deepest(program, "nowhere")


def test_a_stack_that_is_too_small_is_an_error():
    stack = Stack("a core's", 100, Deepest(108, ("middle", "tail")))
    footprint = Footprint(l2=0, l2_size=0, tensors=0, reserved=0, stacks=(stack,))
    with pytest.raises(DsconvError, match=r"stack has 100 bytes; middle > tail take 108"):
        footprint.check()


def check(model: object, target: str) -> None:
    footprint = Footprint.of(dsconv.compile(model, target))  # pyright: ignore[reportArgumentType]
    assert 0 < footprint.beside_tensors <= footprint.reserved
    assert footprint.l2 <= footprint.l2_size
    assert all(stack.deepest.bytes > 0 for stack in footprint.stacks)
    core = footprint.stacks[0]
    assert "_kernel" in core.deepest.calls[-1] or target == "qemu"


@pytest.mark.parametrize("target", BUILT_PLATFORMS)
def test_what_is_reserved_holds_code_and_runtime(target: str):
    check(zoo.build("dscnn"), target)


@pytest.mark.slow
@pytest.mark.parametrize("target", BUILT_PLATFORMS)
@pytest.mark.parametrize("name", ["mv1-96", "mv1-128", "mv1-224", "mv2-128", "mv2-224"])
def test_what_is_reserved_holds_every_network_of_the_zoo(name: str, target: str):
    check(zoo.build(name), target)


def test_code_that_does_not_fit_l2_fails_to_link():
    gap8 = load_target("gap8")
    tight = replace(gap8, l2=MemorySize(bytes=30_000, reserved=0))
    with pytest.raises(RunnerError, match=r"region `L2' overflowed by \d+ bytes"):
        Footprint.of(dsconv.compile(zoo.build("dscnn"), tight))


def test_programs_for_the_host_have_no_footprint():
    with pytest.raises(DsconvError, match="host have no fixed memory"):
        Footprint.of(dsconv.compile(DIGITS, "host"))
