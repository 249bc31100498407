"""Tiled level: transfers between memories and waits for them."""

from __future__ import annotations

import abc

from xdsl.dialects.builtin import IndexType, MemRefType, UnitAttr, i1
from xdsl.ir import Operation, ParametrizedAttribute, SSAValue, TypeAttribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import Space
from dsconv.dialects.records import word_aligned
from dsconv.dialects.tiled.box import BoxAttr
from dsconv.dialects.tiled.buffers import buffer_size, buffer_space
from dsconv.dialects.tiled.layer import enclosing_layer


def verify_box_fits(op: Operation, box: BoxAttr, dense: SSAValue, strided: SSAValue) -> None:
    """Raises VerifyException where a transfer leaves one of its buffers."""
    if box.inner_extent <= buffer_size(dense) and box.outer_extent <= buffer_size(strided):
        return
    layer = enclosing_layer(op)
    place = "" if layer is None else f' of layer "{layer.label.data}"'
    raise VerifyException(f"{box}{place} is larger than one of its buffers")


@irdl_attr_definition
class TransferType(ParametrizedAttribute, TypeAttribute):
    """A started transfer, to be waited for."""

    name = "dsconv.transfer"


@irdl_op_definition
class DmaStartOp(IRDLOperation):
    """Starts to move a box of bytes between L2 and L1, where its condition holds. Core 0 only.

    `parameters` marks weights, which are counted apart from activations.
    """

    name = "dsconv.dma_start"

    source = operand_def(MemRefType)
    source_offset = operand_def(IndexType)
    target = operand_def(MemRefType)
    target_offset = operand_def(IndexType)
    condition = opt_operand_def(i1)
    box = prop_def(BoxAttr)
    parameters = opt_prop_def(UnitAttr)
    transfer = result_def(TransferType)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$source `[` $source_offset `]` `to` $target `[` $target_offset `]` `box` $box "
        "(`when` $condition^)? attr-dict `:` type($source) `to` type($target)"
    )

    def __init__(
        self,
        source: SSAValue,
        source_offset: SSAValue,
        target: SSAValue,
        target_offset: SSAValue,
        box: BoxAttr,
        condition: SSAValue | None = None,
        *,
        parameters: bool = False,
    ):
        super().__init__(
            operands=[source, source_offset, target, target_offset, condition],
            properties={"box": box, "parameters": UnitAttr() if parameters else None},
            result_types=[TransferType()],
        )

    @property
    def is_load(self) -> bool:
        """Whether it moves towards the cores."""
        return buffer_space(self.target) is Space.L1

    def verify_(self) -> None:
        spaces = {buffer_space(self.source), buffer_space(self.target)}
        if len(spaces) == 1 or Space.L1 not in spaces:
            raise VerifyException("a transfer is between L1 and an outer memory")
        inner, outer = (self.target, self.source) if self.is_load else (self.source, self.target)
        verify_box_fits(self, self.box, inner, outer)


@irdl_op_definition
class WaitOp(IRDLOperation):
    """Waits for the end of a transfer, where its condition holds. Core 0 only."""

    name = "dsconv.wait"

    transfer = operand_def(TransferType)
    condition = opt_operand_def(i1)
    assembly_format = "$transfer (`when` $condition^)? attr-dict"

    def __init__(self, transfer: SSAValue | Operation, condition: SSAValue | None = None):
        super().__init__(operands=[transfer, condition])


@irdl_op_definition
class PrefetchOp(IRDLOperation):
    """Starts to bring weights from L2 to L1 for the next layer, where its condition holds.

    Core 0 only; once for a buffer.
    """

    name = "dsconv.prefetch"

    source = operand_def(MemRefType)
    source_offset = operand_def(IndexType)
    target = operand_def(MemRefType)
    condition = opt_operand_def(i1)
    box = prop_def(BoxAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$source `[` $source_offset `]` `to` $target `box` $box (`when` $condition^)? attr-dict "
        "`:` type($source) `to` type($target)"
    )

    def __init__(
        self,
        source: SSAValue,
        source_offset: SSAValue,
        target: SSAValue,
        box: BoxAttr,
        condition: SSAValue | None = None,
    ):
        super().__init__(
            operands=[source, source_offset, target, condition], properties={"box": box}
        )

    def verify_(self) -> None:
        if (buffer_space(self.source), buffer_space(self.target)) != (Space.L2, Space.L1):
            raise VerifyException("a prefetch is from L2 to L1")
        verify_box_fits(self, self.box, self.target, self.source)


@irdl_op_definition
class PrefetchWaitOp(IRDLOperation):
    """Waits for the end of an L1 buffer's prefetch. Core 0 only.

    `source` is the buffer in L2, if it is one, which is needed up to here.
    """

    name = "dsconv.prefetch_wait"

    target = operand_def(MemRefType)
    source = opt_operand_def(MemRefType)
    box = prop_def(BoxAttr)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$target (`from` $source^ `:` type($source))? `box` $box attr-dict `:` type($target)"
    )

    def __init__(self, target: SSAValue, box: BoxAttr, source: SSAValue | None = None):
        super().__init__(operands=[target, source], properties={"box": box})


class L3TransferOp(IRDLOperation, abc.ABC):
    """A transfer between L3 and an L2 buffer, where its condition holds. Core 0 only.

    At most one is under way for a buffer. In L2 the bytes are dense, in L3 a box.
    """

    source = operand_def(MemRefType)
    target = operand_def(MemRefType)
    l3_offset = operand_def(IndexType)
    condition = opt_operand_def(i1)
    box = prop_def(BoxAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())

    def __init__(
        self,
        source: SSAValue,
        target: SSAValue,
        l3_offset: SSAValue,
        box: BoxAttr,
        condition: SSAValue | None = None,
    ):
        super().__init__(operands=[source, target, l3_offset, condition], properties={"box": box})

    @property
    @abc.abstractmethod
    def l2_buffer(self) -> SSAValue:
        """The end of the transfer in L2."""

    @property
    @abc.abstractmethod
    def l3_buffer(self) -> SSAValue:
        """The end of the transfer in L3."""

    def verify_(self) -> None:
        spaces = buffer_space(self.l2_buffer), buffer_space(self.l3_buffer)
        if spaces != (Space.L2, Space.L3):
            raise VerifyException(f"{self.name} is between L3 and L2")
        if word_aligned(self.box.total_bytes) > buffer_size(self.l2_buffer):
            raise VerifyException("the L2 buffer has no room for whole words of the transfer")
        if self.box.inner_block_stride:
            raise VerifyException("the bytes of a transfer from or to L3 are dense in L2")
        verify_box_fits(self, self.box, self.l2_buffer, self.l3_buffer)
        strided = self.box.blocks * self.box.lines > 1
        sizes = (self.box.block_stride, self.box.line_stride, self.box.line_bytes)
        if strided and any(size % 4 for size in sizes):
            raise VerifyException("lines in L3 begin and end at words")


@irdl_op_definition
class L3LoadOp(L3TransferOp):
    """Starts to bring a box from L3 to an L2 buffer."""

    name = "dsconv.l3_load"
    assembly_format = (
        "$source `[` $l3_offset `]` `to` $target `box` $box (`when` $condition^)? attr-dict "
        "`:` type($source) `to` type($target)"
    )

    @property
    def l2_buffer(self) -> SSAValue:
        return self.target

    @property
    def l3_buffer(self) -> SSAValue:
        return self.source


@irdl_op_definition
class L3StoreOp(L3TransferOp):
    """Starts to write an L2 buffer to a box in L3."""

    name = "dsconv.l3_store"
    assembly_format = (
        "$source `to` $target `[` $l3_offset `]` `box` $box (`when` $condition^)? attr-dict "
        "`:` type($source) `to` type($target)"
    )

    @property
    def l2_buffer(self) -> SSAValue:
        return self.source

    @property
    def l3_buffer(self) -> SSAValue:
        return self.target


@irdl_op_definition
class L3WaitOp(IRDLOperation):
    """Waits for the end of an L2 buffer's transfer from or to L3. Core 0 only."""

    name = "dsconv.l3_wait"

    buffer = operand_def(MemRefType)
    condition = opt_operand_def(i1)
    assembly_format = "$buffer (`when` $condition^)? attr-dict `:` type($buffer)"

    def __init__(self, buffer: SSAValue, condition: SSAValue | None = None):
        super().__init__(operands=[buffer, condition])
