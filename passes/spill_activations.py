"""Moves activations that L2 cannot hold to L3; their tiles pass through a buffer in L2."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.attributes import Layout, LayoutAttr, Space
from dsconv.dialects.graph import element_bytes
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
from dsconv.passes.analysis.allocator import fits
from dsconv.passes.analysis.index_constants import index_constant
from dsconv.passes.analysis.liveness import (
    Lifespan,
    constant_size,
    constants,
    lifespans,
    room_beside,
)
from dsconv.passes.analysis.networks import networks
from dsconv.passes.analysis.target_cluster import memory_limit

L3_WORD = 4
"""Bytes; what transfers from and to L3 begin and end at."""


def spill_candidate(items: list[Lifespan]) -> BufferOp | None:
    """The largest activation between two layers that still lies in L2."""
    between = [
        item.value.owner
        for item in sorted(items, key=lambda item: -item.size)
        if isinstance(item.value.owner, BufferOp) and only_layers_move(item.value.owner)
    ]
    return between[0] if between else None


def only_layers_move(buffer: BufferOp) -> bool:
    """Whether one layer makes an activation, and transfers of layers are all that uses it."""
    makers: list[LayerOp] = []
    transfers: list[DmaStartOp] = []
    for use in buffer.result.uses:
        match use.operation:
            case LayerOp() as layer:
                makers.append(layer)
            case DmaStartOp() as start if enclosing_layer(start) is not None:
                transfers.append(start)
            case _:
                return False
    if len(makers) != 1 or not transfers:
        return False
    line = line_bytes(makers[0].shape)
    return buffer.size % line == 0 and all(can_pass_through(start, line) for start in transfers)


def can_pass_through(start: DmaStartOp, line_bytes: int) -> bool:
    """Whether a transfer moves whole lines or parts of one, and is waited for once."""
    waits = [use.operation for use in start.transfer.uses]
    if len(waits) != 1 or not isinstance(waits[0], WaitOp):
        return False
    box = start.box
    return box.line_bytes <= line_bytes or (
        box.line_bytes % line_bytes == 0 and 1 in (box.blocks, box.lines)
    )


class Spill:
    """Moves one activation to L3 and rewrites the transfers of the layers around it."""

    def __init__(self, function: FuncOp, buffer: BufferOp):
        self.function = function
        self.buffer = buffer
        self.line_bytes = line_bytes(made_in(buffer).shape)
        self.pitch = in_words(self.line_bytes)
        self.far = BufferOp(
            buffer.label.data, buffer.size // self.line_bytes * self.pitch, Space.L3
        )

    def write(self) -> None:
        """Rewrites every use of the activation."""
        block = self.function.body.block
        block.insert_op_before(self.far, self.buffer)
        transfers = [
            FarTransfer(use.operation, self.line_bytes)
            for use in self.buffer.result.uses
            if isinstance(use.operation, DmaStartOp)
        ]
        for transfer in transfers:
            stage = BufferOp(self._stage_label(transfer), transfer.stage_bytes, Space.L2)
            block.insert_op_before(stage, self.buffer)
            transfer.pass_through(stage.result, self.far.result)
        self.buffer.result.replace_all_uses_with(self.far.result)
        Rewriter.erase_op(self.buffer)

    def _stage_label(self, transfer: FarTransfer) -> str:
        layer = enclosing_layer(transfer.start)
        assert layer is not None, "transfers lie in layers"
        return f"{self.buffer.label.data}_in_{layer.label.data}"


class FarTransfer:
    """A transfer between L1 and an activation that moves to L3, by way of a stage in L2.

    The activation has lines, rows in CHW and pixels in HWC, of `line_bytes`; in L3 each of them
    begins at a word. A box of whole lines takes the padding behind them along. A box of parts of
    lines takes the words that the parts lie in: what is to be stored there replaces a part of what
    was loaded before, if it does not fill them.
    """

    def __init__(self, start: DmaStartOp, line_bytes: int):
        (self.wait,) = [use.operation for use in start.transfer.uses]
        assert isinstance(self.wait, WaitOp), "a transfer is waited for once"
        self.start = start
        self.line_bytes, self.pitch = line_bytes, in_words(line_bytes)
        self.offset = start.source_offset if start.is_load else start.target_offset
        box = start.box
        self.part, self.lines, self.line_stride = box.line_bytes, box.lines, box.line_stride
        self.blocks, self.block_stride = box.blocks, box.block_stride
        if self.part > line_bytes:
            if box.lines > 1:
                self.blocks, self.block_stride = box.lines, box.line_stride
            self.lines, self.line_stride = self.part // line_bytes, line_bytes
            self.part = line_bytes
        self.words = self._words()

    def _words(self) -> int:
        """Bytes of each line that pass through L2."""
        if self.part == self.line_bytes:
            return self.pitch
        if self.fills_words:
            return self.part
        return min(in_words(self.part + L3_WORD - 1), self.pitch)

    @property
    def fills_words(self) -> bool:
        """Whether parts of lines begin and end at words, wherever the tile lies."""
        sizes = (self.line_bytes, self.part)
        return all(size % L3_WORD == 0 for size in sizes) and is_multiple(self.offset, L3_WORD)

    @property
    def stage_bytes(self) -> int:
        """Bytes of L2 that the transfer passes through."""
        return aligned(self.blocks * self.lines * self.words)

    def pass_through(self, stage: SSAValue, far: SSAValue) -> None:
        """Splits the transfer in two. The one from or to L3 takes the time until the wait."""
        start, condition = self.start, self.start.condition
        far_box = BoxAttr.of(
            self.words,
            self.lines,
            self.line_stride // self.line_bytes * self.pitch,
            self.blocks,
            self.block_stride // self.line_bytes * self.pitch,
        )
        stage_box = BoxAttr.of(
            self.part,
            self.lines,
            self.words,
            self.blocks,
            self.lines * self.words,
            start.box.inner_block_stride,
        )
        with ImplicitBuilder(Builder(InsertPoint.before(start))):
            far_offset, stage_offset = self._offsets()
            if start.is_load:
                L3LoadOp(far, stage, far_offset, far_box, condition)
            else:
                if self.part < self.line_bytes and not self.fills_words:
                    L3LoadOp(far, stage, far_offset, far_box, condition)
                    L3WaitOp(stage, condition)
                to_stage = DmaStartOp(
                    start.source, start.source_offset, stage, stage_offset, stage_box, condition
                )
                WaitOp(to_stage, condition)
                L3StoreOp(stage, far, far_offset, far_box, condition)
        with ImplicitBuilder(Builder(InsertPoint.before(self.wait))):
            L3WaitOp(stage, condition)
            if start.is_load:
                from_stage = DmaStartOp(
                    stage, stage_offset, start.target, start.target_offset, stage_box, condition
                )
                WaitOp(from_stage, condition)
        for op in (self.wait, start):
            Rewriter.erase_op(op)

    def _offsets(self) -> tuple[SSAValue, SSAValue]:
        """Where the box begins in L3, and its first byte in the stage; at the insertion point."""
        zero = index_constant(0)
        if self.pitch == self.line_bytes and self.words == self.part:
            return self.offset, zero
        line = arith.DivSIOp(self.offset, index_constant(self.line_bytes)).result
        begin = arith.MuliOp(line, index_constant(self.pitch)).result
        if self.part == self.line_bytes:
            return begin, zero
        column = arith.RemSIOp(self.offset, index_constant(self.line_bytes)).result
        word = arith.DivSIOp(column, index_constant(L3_WORD)).result
        word_begin = arith.MuliOp(word, index_constant(L3_WORD)).result
        last = index_constant(self.pitch - self.words)
        first = arith.MinSIOp(word_begin, last).result
        return arith.AddiOp(begin, first).result, arith.SubiOp(column, first).result


def made_in(buffer: BufferOp) -> LayerOp:
    """The layer whose output an activation is."""
    (layer,) = [
        use.operation
        for use in buffer.result.uses
        if isinstance(use.operation, LayerOp) and use.operation.output is buffer.result
    ]
    return layer


def line_bytes(type_: TensorType) -> int:
    """Bytes of a row of an activation in CHW, of a pixel in HWC."""
    _, channels, _, width = type_.get_shape()
    chw = isinstance(type_.encoding, LayoutAttr) and type_.encoding.data is Layout.CHW
    return (width if chw else channels) * element_bytes(type_)


def in_words(size: int) -> int:
    """Bytes of the words that hold so many bytes."""
    return ceil(size / L3_WORD) * L3_WORD


def is_multiple(value: SSAValue, divisor: int) -> bool:
    """Whether an index is a multiple of a number, as far as the operations that make it tell."""
    match value.owner:
        case arith.ConstantOp(value=IntegerAttr() as constant):
            return constant.value.data % divisor == 0
        case arith.MuliOp(lhs=lhs, rhs=rhs):
            return is_multiple(lhs, divisor) or is_multiple(rhs, divisor)
        case arith.AddiOp(lhs=lhs, rhs=rhs) | arith.SubiOp(lhs=lhs, rhs=rhs):
            return is_multiple(lhs, divisor) and is_multiple(rhs, divisor)
        case arith.MinSIOp(lhs=lhs, rhs=rhs) | arith.MaxSIOp(lhs=lhs, rhs=rhs):
            return is_multiple(lhs, divisor) and is_multiple(rhs, divisor)
        case _:
            return False


def spill(function: FuncOp, weights: list[int], l2: int) -> None:
    """Moves the largest activations of a network to L3 until the others fit."""
    room = room_beside(weights, l2)
    while not fits(items := lifespans(function), room):
        largest = spill_candidate(items)
        if largest is None:
            return
        Spill(function, largest).write()


@dataclass(frozen=True)
class SpillActivationsPass(ModulePass):
    """Moves the largest activations to L3 until the others fit `l2` bytes.

    By default those of the target; 0 means no limit. Where L2 cannot hold all weights beside them,
    room for the largest piece of weights stays.
    """

    name = "spill-activations"

    l2: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        l2 = memory_limit(op, Space.L2, self.l2)
        if not l2:
            return
        weights = [constant_size(constant) for constant in constants(op, Space.L2)]
        for function in networks(op, LayerOp):
            spill(function, weights, l2)
