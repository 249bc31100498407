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
    enclosing_layer,
)
from dsconv.passes.capacity import DoesNotFitError
from dsconv.passes.networks import networks
from dsconv.passes.plan_memory import Lifetime, constant_size, constants, lifetimes, search_fit

L3_WORD = 4
"""Bytes; what lines in L3 begin and end at."""


def whole_words(type_: TensorType) -> bool:
    """Whether every row or pixel of an activation begins at a word."""
    _, channels, _, width = type_.get_shape()
    chw = isinstance(type_.encoding, LayoutAttr) and type_.encoding.data is Layout.CHW
    return (width if chw else channels) % L3_WORD == 0


def has_whole_words(box: BoxAttr) -> bool:
    """Whether all lines of a box begin and end at words, as far as its sizes tell."""
    strided = box.blocks * box.lines > 1
    sizes = (box.block_stride, box.line_stride, box.line_bytes)
    return not strided or all(size % L3_WORD == 0 for size in sizes)


def candidate(items: list[Lifetime]) -> BufferOp | None:
    """The largest activation between two layers that still lies in L2."""
    between = [
        item.value.owner
        for item in sorted(items, key=lambda item: -item.size)
        if isinstance(item.value.owner, BufferOp)
        and any(isinstance(use.operation, LayerOp) for use in item.value.uses)
    ]
    return between[0] if between else None


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
                layer = enclosing_layer(use.operation)
                assert layer is not None, "transfers lie in layers"
                by_layer.setdefault(layer, []).append(use.operation)
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
                raise DoesNotFitError(
                    Space.L2,
                    f'the output of layer "{layer.label.data}" does not fit L2, and cannot lie in '
                    f"L3: its rows are no whole words ({layer.shape}); give more L2",
                )

    def _stage(self, layer: LayerOp, transfers: list[DmaStartOp]) -> BufferOp:
        for transfer in transfers:
            if not has_whole_words(transfer.box):
                raise DoesNotFitError(
                    Space.L2,
                    f'layer "{layer.label.data}" cannot take its tiles from or to L3: their lines '
                    f"are no whole words ({transfer.box}); give more L2",
                )
        size = max(transfer.box.total_bytes for transfer in transfers)
        label = f"{self.buffer.label.data}_in_{layer.label.data}"
        stage = BufferOp(label, aligned(size), Space.L2)
        self.function.body.block.insert_op_before(stage, self.buffer)
        return stage


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
    """Moves the largest activations to L3 until the others fit `l2` bytes; 0 means no limit.

    Where L2 cannot hold all weights beside them, room for the largest piece of weights stays.
    """

    name = "spill-activations"

    l2: int = 0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if not self.l2:
            return
        weights = [constant_size(constant) for constant in constants(op, Space.L2)]
        for function in networks(op, LayerOp):
            self._spill(function, weights)

    def _spill(self, function: FuncOp, weights: list[int]) -> None:
        while not self._fits(search_fit(items := lifetimes(function)), weights):
            largest = candidate(items)
            if largest is None:
                return
            Spill(function, largest).write()

    def _fits(self, activations: int, weights: list[int]) -> bool:
        beside = min(sum(map(aligned, weights)), aligned(max(weights, default=0)))
        return activations + beside <= self.l2
