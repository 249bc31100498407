"""--verify-each: passes keep what a network computes, and one that does not is named."""

from dataclasses import dataclass

import pytest
from small_networks import BlockMaker
from xdsl.context import Context
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import DenseArrayBase, IndexType, ModuleOp, i32
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import AddOp
from dsconv.dialects.run import network_of
from dsconv.dialects.tiled import BufferOp, WaitOp
from dsconv.driver.pass_checker import PassChecker
from dsconv.driver.pipeline import default_pipeline, installed, run_pipeline, set_target
from dsconv.errors import DsconvError
from dsconv.targets import load_target

TILED = "select-layout,tile-l1{l1=4000},lower-to-tiles,double-buffer"


@dataclass(frozen=True)
class SwapOperands(ModulePass):
    """Exchanges the operands of an addition, but not their multipliers."""

    name = "swap-operands"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for layer in op.walk():
            if isinstance(layer, AddOp):
                layer.operands = (layer.rhs, layer.lhs)


@dataclass(frozen=True)
class PlanOneAddress(ModulePass):
    """Puts all of L2 at one address."""

    name = "plan-one-address"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for buffer in op.walk():
            if isinstance(buffer, BufferOp) and buffer.space is Space.L2:
                buffer.place(0)


@dataclass(frozen=True)
class ForgetWait(ModulePass):
    """Never waits for the first transfer."""

    name = "forget-wait"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        wait = next(op for op in op.walk() if isinstance(op, WaitOp))
        Rewriter.erase_op(wait)


@dataclass(frozen=True)
class StoreFarAway(ModulePass):
    """Kernels write far behind their output."""

    name = "store-far-away"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for store in op.walk():
            if isinstance(store, memref.StoreOp):
                far = arith.ConstantOp.from_int_and_width(2**20, IndexType())
                Rewriter.insert_op(far, InsertPoint.before(store))
                store.operands[2] = far.result


@dataclass(frozen=True)
class TakeNetworkAway(ModulePass):
    """Leaves an empty module."""

    name = "take-network-away"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in list(op.ops):
            function.detach()


@dataclass(frozen=True)
class ReturnTwice(ModulePass):
    """One more output."""

    name = "return-twice"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        function = network_of(op)
        returned = function.body.block.last_op
        assert returned is not None
        returned.operands = (*returned.operands, *returned.operands)
        function.update_function_type()


WRONG = [
    (ReturnTwice, "", "return-twice: outputs of @net are [[1, 4, 4, 4], [1, 4, 4, 4]], not "),
    (SwapOperands, "", "swap-operands changes what is computed: output 0 of @net: "),
    (ForgetWait, TILED, "forget-wait changes what is computed: output 0 of @net: "),
    (
        PlanOneAddress,
        f"{TILED},plan-memory",
        "plan-one-address changes what is computed: output 0 of @net: ",
    ),
    (
        StoreFarAway,
        f"{TILED},plan-memory,lower-kernels",
        "store-far-away: @net cannot be run after it: ",
    ),
    (TakeNetworkAway, "", "take-network-away: takes the network @net away"),
]


@pytest.mark.parametrize(("wrong", "before", "message"), WRONG)
def test_a_wrong_pass_is_named(
    wrong: type[ModulePass], before: str, message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(installed().all_passes, wrong.name, lambda: wrong)
    module = BlockMaker(4, 4, 0).make().module
    run_pipeline(module, before)
    with pytest.raises(DsconvError) as failure:
        run_pipeline(module, wrong.name, verify_each=True)
    assert str(failure.value).startswith(message)


@pytest.mark.parametrize("target", ["gap8", "host"])
def test_the_default_passes_keep_what_is_computed(target: str):
    module = BlockMaker(4, 4, 0).make().module
    small = load_target(target).with_sizes(16384, None)
    set_target(module, small, layers=4)
    run_pipeline(module, default_pipeline(small), verify_each=True)


def test_the_difference_is_counted():
    module = BlockMaker(4, 4, 0).make().module
    checker = PassChecker(module)
    (addition,) = (op for op in module.walk() if isinstance(op, AddOp))
    addition.properties["multipliers"] = DenseArrayBase.from_list(i32, (3000, 2900))
    with pytest.raises(DsconvError, match=r"\d+ of 64 values differ, the first at \[0, 0, .*\]"):
        checker.check(module, "shift")


def test_a_module_without_a_network():
    with pytest.raises(DsconvError, match="no function with layers"):
        PassChecker(ModuleOp([]))
