"""Moves activations that L2 cannot hold to L3; their tiles pass through a buffer in L2."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Layout, LayoutAttr, Space
from dsconv.dialects.tiled import (
    BoxAttr,
    BufferOp,
    DmaStartOp,
    L3LoadOp,
    L3StoreOp,
    L3WaitOp,
    LayerOp,
    WaitOp,
    aligned,
)
from dsconv.passes.plan_memory import Lifetime, best_fit, lifetimes

L3_WORD = 4
"""Bytes; what lines in L3 begin and end at."""


def whole_words(type_: TensorType) -> bool:
    """Whether every row or pixel of an activation begins at a word."""
    _, channels, _, width = type_.get_shape()
    chw = isinstance(type_.encoding, LayoutAttr) and type_.encoding.data is Layout.CHW
    return (width if chw else channels) % L3_WORD == 0


def candidate(items: list[Lifetime]) -> Lifetime | None:
    """The largest activation between two layers."""
    between = [item for item in items if isinstance(item.value.owner, BufferOp)]
    return max(between, key=lambda item: item.size, default=None)


class Spill:
    """Moves one activation to L3 and rewrites the transfers of the layers around it."""

    def __init__(self, function: FuncOp, buffer: BufferOp):
        self.function = function
        self.buffer = buffer
        self.far = BufferOp(buffer.label.data, buffer.size, Space.L3)

    def write(self) -> None:
        """Rewrites every use of the activation."""
        self._check_words()
        self.function.body.block.insert_op_before(self.far, self.buffer)
        by_layer: dict[LayerOp, list[DmaStartOp]] = {}
        for use in self.buffer.result.uses:
            if isinstance(use.operation, DmaStartOp):
                by_layer.setdefault(enclosing_layer(use.operation), []).append(use.operation)
        for layer, transfers in by_layer.items():
            stage = self._stage(layer, transfers)
            for transfer in transfers:
                through_l2(transfer, self.far.result, stage.result)
        self.buffer.result.replace_all_uses_with(self.far.result)
        self.buffer.detach()
        self.buffer.erase()

    def _check_words(self) -> None:
        for use in self.buffer.result.uses:
            layer = use.operation
            if isinstance(layer, LayerOp) and not whole_words(layer.shape):
                raise DiagnosticException(
                    f'the output of layer "{layer.label.data}" does not fit L2, and cannot lie in '
                    f"L3: its rows are no whole words ({layer.shape}); give more L2"
                )

    def _stage(self, layer: LayerOp, transfers: list[DmaStartOp]) -> BufferOp:
        size = max(transfer.box.total_bytes for transfer in transfers)
        label = f"{self.buffer.label.data}_in_{layer.label.data}"
        stage = BufferOp(label, aligned(size), Space.L2)
        self.function.body.block.insert_op_before(stage, self.buffer)
        return stage


def enclosing_layer(transfer: DmaStartOp) -> LayerOp:
    """The layer that a transfer belongs to."""
    parent = transfer.parent_op()
    while parent is not None and not isinstance(parent, LayerOp):
        parent = parent.parent_op()
    assert parent is not None, "transfers lie in layers"
    return parent


def through_l2(transfer: DmaStartOp, far: SSAValue, stage: SSAValue) -> None:
    """Splits a transfer between L1 and what is now in L3 into two, by way of L2.

    The half from or to L3 takes the time between the transfer's start and its wait.
    """
    (wait,) = [use.operation for use in transfer.transfer.uses]
    assert isinstance(wait, WaitOp), "a transfer is waited for once"
    condition, box = transfer.condition, transfer.box
    dense = BoxAttr.of(box.total_bytes)
    with ImplicitBuilder(Builder(InsertPoint.before(transfer))):
        zero = arith.ConstantOp(IntegerAttr(0, IndexType())).result
        if transfer.is_load:
            L3LoadOp(far, stage, transfer.source_offset, box, condition)
        else:
            to_stage = DmaStartOp(
                transfer.source, transfer.source_offset, stage, zero, dense, condition
            )
            WaitOp(to_stage, condition)
            L3StoreOp(stage, far, transfer.target_offset, box, condition)
    with ImplicitBuilder(Builder(InsertPoint.before(wait))):
        L3WaitOp(stage, condition)
        if transfer.is_load:
            zero = arith.ConstantOp(IntegerAttr(0, IndexType())).result
            from_stage = DmaStartOp(
                stage, zero, transfer.target, transfer.target_offset, dense, condition
            )
            WaitOp(from_stage, condition)
    for op in (wait, transfer):
        op.detach()
        op.erase()


@dataclass(frozen=True)
class SpillActivationsPass(ModulePass):
    """Moves the largest activations to L3 until the others fit `l2` bytes; 0 means no limit."""

    name = "spill-activations"

    l2: int = 0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.body.block.ops:
            if isinstance(function, FuncOp) and self.l2 and not function.is_declaration:
                self._spill(function)

    def _spill(self, function: FuncOp) -> None:
        while best_fit(items := lifetimes(function)) > self.l2:
            largest = candidate(items)
            if largest is None or not isinstance(largest.value.owner, BufferOp):
                return
            Spill(function, largest.value.owner).write()
