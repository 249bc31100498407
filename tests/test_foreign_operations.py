"""Operations of others, anywhere: every pass leaves them as they are, or says what it cannot do."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_layers import RandomLayer
from small_networks import BlockMaker
from xdsl.dialects import test
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import DiagnosticException, VerifyException

from dsconv.dialects.run import run_lowered, to_memory
from dsconv.driver.pipeline import make_context, parse_pipeline
from dsconv.lowering.c_target import network_function

L1, L2 = 4000, 3500
MARK = "foreign"
SCHEDULES = {
    "searched": f"select-schedule{{l1={L1}}},select-layout,tile-l1{{l1={L1}}}",
    "fused": f"fuse-dsconv,select-layout,tile-l1{{l1={L1}}}",
    "tiled": f"select-layout,tile-l1{{l1={L1} sizes=2,3,5 buffers=2}}",
}
TILED_LEVEL = (
    f"keep-in-l1{{l1={L1}}},double-buffer,spill-activations{{l2={L2}}},"
    f"stream-weights{{l2={L2}}},prefetch-weights{{l1={L1}}},plan-memory"
)
KERNELS = "lower-kernels-to-xpulp,lower-kernels"


def pipeline(schedule: str) -> str:
    """All passes from tensors to loops."""
    graph_level = "fold-pads,fold-weight-zero-points,join-depthwise,narrow-requant"
    return f"{graph_level},{SCHEDULES[schedule]},lower-to-tiles,{TILED_LEVEL},{KERNELS}"


def values_before(block: Block, place: Operation | None) -> Iterator[SSAValue]:
    """Values of a block that are there in front of an operation of it."""
    yield from block.args
    for op in block.ops:
        if op is place:
            return
        yield from op.results


def insert_foreign(module: ModuleOp, draw: random.Random, mark: str) -> None:
    """Writes an operation of others anywhere in a module, with any operands that are there."""
    blocks = [block for op in module.walk() for region in op.regions for block in region.blocks]
    block = draw.choice(blocks)
    places: list[Operation | None] = [*block.ops]
    if not places or not places[-1].has_trait(IsTerminator):  # pyright: ignore[reportOptionalMemberAccess]
        places.append(None)
    place = draw.choice(places)
    values = list(values_before(block, place))
    operands = draw.sample(values, min(len(values), draw.randrange(3)))
    op = test.TestOp(operands, attributes={MARK: StringAttr(mark)})
    if place is None:
        block.add_op(op)
    else:
        block.insert_op_before(op, place)
    try:
        module.verify()
    except VerifyException:  # a fused layer's region holds layers alone
        Rewriter.erase_op(op)


def foreign_marks(module: ModuleOp) -> list[str]:
    """Marks of all operations of others."""
    marks = (op.attributes.get(MARK) for op in module.walk() if isinstance(op, test.TestOp))
    return sorted(mark.data for mark in marks if isinstance(mark, StringAttr))


def result(module: ModuleOp, network: RandomLayer) -> list[int]:
    """What the tiled level computes, without the operations of others."""
    own = module.clone()
    for op in list(own.walk()):
        if isinstance(op, test.TestOp):
            Rewriter.erase_op(op)
    data = to_memory(network.inputs[0], network.input_layouts[0])
    (output,) = run_lowered(network_function(own), data)
    return output.tolist()


def check(schedule: str, seed: int, level: int, count: int) -> None:
    """Runs all passes, with operations of others from a level on, if those can be lowered."""
    draw = random.Random(seed)
    network = BlockMaker(draw.randrange(3, 13), draw.randrange(5, 9), seed).make()
    module, context = network.module.clone(), make_context()
    marks: list[str] = []
    tiled: list[int] | None = None
    for number, one in enumerate(parse_pipeline(pipeline(schedule))):
        if number == level:
            for mark in map(str, range(count)):
                insert_foreign(module, draw, mark)
            marks = foreign_marks(module)
        try:
            one.apply(context, module)
        except DiagnosticException:
            if not marks:
                raise
            return
        module.verify()
        assert foreign_marks(module) == marks, one.name
        if one.name == "lower-to-tiles":
            tiled = result(module, network)
        elif one.name == "plan-memory":
            assert result(module, network) == tiled


@pytest.mark.parametrize("schedule", SCHEDULES)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), level=st.integers(0, 13), count=st.integers(1, 9))
def test_passes_leave_foreign_operations_alone(
    schedule: str, seed: int, level: int, count: int
) -> None:
    check(schedule, seed, level, count)


@pytest.mark.slow
@pytest.mark.parametrize("schedule", SCHEDULES)
@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), level=st.integers(0, 13), count=st.integers(1, 9))
def test_many_foreign_operations(schedule: str, seed: int, level: int, count: int) -> None:
    check(schedule, seed, level, count)
