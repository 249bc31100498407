"""Transfers as copies. They are done where they start, so nothing has to be waited for."""

from __future__ import annotations

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, StridedLayoutAttr, i8
from xdsl.ir import SSAValue
from xdsl.transforms.canonicalization_patterns.utils import const_evaluate_operand

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    BoxAttr,
    DmaStartOp,
    L3LoadOp,
    L3StoreOp,
    PrefetchOp,
    buffer_space,
)
from dsconv.lowering.building import only_if

Dimensions = list[tuple[int, int]]
"""Sizes and strides, outermost first."""


def dma(op: DmaStartOp) -> None:
    """Between L2 and L1; a box lies strided in L2 and in L3."""
    is_inner = [buffer_space(value) is Space.L1 for value in (op.source, op.target)]
    _copy(op.source, op.source_offset, op.target, op.target_offset, op.box, is_inner, op.condition)


def prefetch(op: PrefetchOp) -> None:
    """From L2 to the start of a buffer in L1."""
    _copy(op.source, op.source_offset, op.target, 0, op.box, [False, True], op.condition)


def l3_load(op: L3LoadOp) -> None:
    """From L3 to the start of a buffer in L2."""
    _copy(op.source, op.l3_offset, op.target, 0, op.box, [False, True], op.condition)


def l3_store(op: L3StoreOp) -> None:
    """From the start of a buffer in L2 to L3."""
    _copy(op.source, 0, op.target, op.l3_offset, op.box, [True, False], op.condition)


def _copy(
    source: SSAValue,
    source_offset: SSAValue | int,
    target: SSAValue,
    target_offset: SSAValue | int,
    box: BoxAttr,
    is_inner: list[bool],
    condition: SSAValue | None,
) -> None:
    with only_if(condition):
        ends = [
            _box(buffer, offset, _inner(box) if inner else _outer(box))
            for buffer, offset, inner in zip(
                (source, target), (source_offset, target_offset), is_inner, strict=True
            )
        ]
        memref.CopyOp(*ends)


def _outer(box: BoxAttr) -> Dimensions:
    sizes = [(box.blocks, box.block_stride), (box.lines, box.line_stride), (box.line_bytes, 1)]
    return _needed(sizes)


def _inner(box: BoxAttr) -> Dimensions:
    block = box.inner_block_stride or box.lines * box.line_bytes
    sizes = [(box.blocks, block), (box.lines, box.line_bytes), (box.line_bytes, 1)]
    return _needed(sizes)


def _needed(sizes: Dimensions) -> Dimensions:
    """Without dimensions of size 1, except that of bytes."""
    return [pair for pair in sizes[:-1] if pair[0] > 1] + sizes[-1:]


def _box(buffer: SSAValue, offset: SSAValue | int, dimensions: Dimensions) -> SSAValue:
    """A buffer's bytes from an offset on, as a box; the buffer itself where that is all of it."""
    assert isinstance(buffer.type, MemRefType), "a buffer is a memref"
    known = offset if isinstance(offset, int) else const_evaluate_operand(offset)
    sizes, strides = zip(*dimensions, strict=True)
    if known == 0 and sizes == buffer.type.get_shape():
        return buffer
    type_ = MemRefType(i8, sizes, StridedLayoutAttr(strides, known), buffer.type.memory_space)
    place = offset if known is None else known
    return memref.ReinterpretCastOp.from_dynamic(buffer, [place], sizes, strides, type_).result
