"""Tiled level: buffers of flat bytes in a memory space, and what all cores do to them."""

from __future__ import annotations

from xdsl.dialects.builtin import I64, IndexType, IntegerAttr, MemRefType, StringAttr, i1, i8, i64
from xdsl.ir import SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import Space, SpaceAttr

ALIGNMENT = 8
"""Bytes; what the cluster DMA moves in a cycle."""

L1_SIZE = "dsconv.l1_bytes"
L2_SIZE = "dsconv.l2_bytes"
L3_SIZE = "dsconv.l3_bytes"
L3_IMAGE_SIZE = "dsconv.l3_image_bytes"
"""Attributes of a planned function: bytes that it takes of each memory; of L3, those of weights."""

OFFSETS = "dsconv.offset"
"""Attribute of a planned function: offsets in L2 of its arguments; of a constant, its own in L3."""


def aligned(size: int) -> int:
    """`size` rounded up to the alignment of buffers."""
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def buffer_type(size: int, space: Space) -> MemRefType:
    """Type of `size` bytes in one memory space."""
    return MemRefType(i8, (size,), memory_space=SpaceAttr(space))


def buffer_space(value: SSAValue) -> Space:
    """Memory space that a buffer lives in."""
    if not isinstance(value.type, MemRefType) or not isinstance(value.type.memory_space, SpaceAttr):
        raise VerifyException(f"expected a buffer with a memory space, got {value.type}")
    return value.type.memory_space.data


def buffer_size(value: SSAValue) -> int:
    """Bytes of a buffer."""
    type_ = value.type
    if not isinstance(type_, MemRefType) or type_.element_type != i8 or type_.get_num_dims() != 1:
        raise VerifyException(f"expected a buffer of flat bytes, got {type_}")
    (size,) = type_.get_shape()
    if size < 0:
        raise VerifyException(f"a buffer has a static size, got {type_}")
    return size


def whole_buffer(value: SSAValue) -> SSAValue:
    """The buffer that a slot or a view is a part of."""
    while isinstance(value.owner, SlotOp | ViewOp):
        value = value.owner.buffer
    return value


@irdl_op_definition
class BufferOp(IRDLOperation):
    """Bytes in one memory space; the memory plan gives the offset."""

    name = "dsconv.buffer"

    label = prop_def(StringAttr)
    offset = opt_prop_def(IntegerAttr[I64])
    result = result_def(MemRefType)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$label (`at` $offset^)? attr-dict `:` type($result)"

    def __init__(self, label: str, size: int, space: Space):
        super().__init__(
            properties={"label": StringAttr(label)}, result_types=[buffer_type(size, space)]
        )

    @property
    def space(self) -> Space:
        """Memory space of the buffer."""
        return buffer_space(self.result)

    @property
    def size(self) -> int:
        """Bytes of the buffer."""
        return buffer_size(self.result)

    def place(self, offset: int) -> None:
        """Fixes the buffer's offset in its memory space, in bytes."""
        self.properties["offset"] = IntegerAttr(offset, i64)

    def verify_(self) -> None:
        buffer_space(self.result)
        buffer_size(self.result)
        if self.offset is not None and self.offset.value.data < 0:
            raise VerifyException("an offset is not negative")


@irdl_op_definition
class SlotOp(IRDLOperation):
    """One of the equal parts of a buffer: part number `version` modulo their number."""

    name = "dsconv.slot"

    buffer = operand_def(MemRefType)
    version = operand_def(IndexType)
    result = result_def(MemRefType)

    traits = traits_def(Pure())
    assembly_format = "$buffer `[` $version `]` attr-dict `:` type($buffer) `to` type($result)"

    def __init__(self, buffer: SSAValue, version: SSAValue, size: int):
        super().__init__(
            operands=[buffer, version], result_types=[buffer_type(size, buffer_space(buffer))]
        )

    @property
    def slots(self) -> int:
        """Number of parts."""
        return buffer_size(self.buffer) // buffer_size(self.result)

    def verify_(self) -> None:
        if buffer_space(self.buffer) is not buffer_space(self.result):
            raise VerifyException("a slot lies in the memory space of its buffer")
        if not buffer_size(self.result) or buffer_size(self.buffer) % buffer_size(self.result):
            raise VerifyException(
                f"a buffer of {buffer_size(self.buffer)} bytes has no equal parts of "
                f"{buffer_size(self.result)}"
            )


@irdl_op_definition
class ViewOp(IRDLOperation):
    """A buffer from an offset in bytes on."""

    name = "dsconv.view"

    buffer = operand_def(MemRefType)
    offset = operand_def(IndexType)
    result = result_def(MemRefType)

    traits = traits_def(Pure())
    assembly_format = "$buffer `from` $offset attr-dict `:` type($buffer) `to` type($result)"

    def __init__(self, buffer: SSAValue, offset: SSAValue, size: int):
        super().__init__(
            operands=[buffer, offset], result_types=[buffer_type(size, buffer_space(buffer))]
        )

    def verify_(self) -> None:
        if buffer_space(self.buffer) is not buffer_space(self.result):
            raise VerifyException("a view lies in the memory space of its buffer")
        if buffer_size(self.result) > buffer_size(self.buffer):
            raise VerifyException(
                f"a view of {buffer_size(self.result)} bytes is larger than its buffer, "
                f"{buffer_size(self.buffer)} bytes"
            )


@irdl_op_definition
class FillOp(IRDLOperation):
    """Sets bytes of an L1 buffer to one value, where its condition holds. All cores together.

    Lines of `size` bytes, `line_stride` apart.
    """

    name = "dsconv.fill"

    buffer = operand_def(MemRefType)
    condition = opt_operand_def(i1)
    offset = prop_def(IntegerAttr[I64])
    size = prop_def(IntegerAttr[I64])
    value = prop_def(IntegerAttr[I64])
    lines = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    line_stride = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$buffer `at` $offset `bytes` $size `with` $value (`when` $condition^)? attr-dict "
        "`:` type($buffer)"
    )

    def __init__(
        self,
        buffer: SSAValue,
        offset: int,
        size: int,
        value: int,
        condition: SSAValue | None = None,
        *,
        lines: int = 1,
        line_stride: int = 0,
    ):
        super().__init__(
            operands=[buffer, condition],
            properties={
                "offset": IntegerAttr(offset, i64),
                "size": IntegerAttr(size, i64),
                "value": IntegerAttr(value, i64),
                "lines": IntegerAttr(lines, i64) if lines > 1 else None,
                "line_stride": IntegerAttr(line_stride, i64) if lines > 1 else None,
            },
        )

    @property
    def starts(self) -> range:
        """Where the lines begin, in bytes."""
        first, lines = self.offset.value.data, self.lines.value.data
        stride = self.line_stride.value.data or 1
        return range(first, first + lines * stride, stride)

    def verify_(self) -> None:
        size, starts = self.size.value.data, self.starts
        if min(size, self.lines.value.data - 1, self.line_stride.value.data, starts[0]) < 0:
            raise VerifyException("a fill has no negative offset, sizes or strides")
        if starts[-1] + size > buffer_size(self.buffer):
            raise VerifyException("fill goes beyond its buffer")


@irdl_op_definition
class MoveOp(IRDLOperation):
    """Moves bytes within L1, where its condition holds. All cores together, each its share.

    Lines of `size` bytes, `line_stride` apart in both buffers; those read and those written do not
    overlap.
    """

    name = "dsconv.move"

    source = operand_def(MemRefType)
    source_offset = operand_def(IndexType)
    target = operand_def(MemRefType)
    target_offset = operand_def(IndexType)
    condition = opt_operand_def(i1)
    size = prop_def(IntegerAttr[I64])
    lines = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    line_stride = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$source `[` $source_offset `]` `to` $target `[` $target_offset `]` `bytes` $size "
        "(`when` $condition^)? attr-dict `:` type($source) `to` type($target)"
    )

    def __init__(
        self,
        source: SSAValue,
        source_offset: SSAValue,
        target: SSAValue,
        target_offset: SSAValue,
        size: int,
        condition: SSAValue | None = None,
        *,
        lines: int = 1,
        line_stride: int = 0,
    ):
        super().__init__(
            operands=[source, source_offset, target, target_offset, condition],
            properties={
                "size": IntegerAttr(size, i64),
                "lines": IntegerAttr(lines, i64) if lines > 1 else None,
                "line_stride": IntegerAttr(line_stride, i64) if lines > 1 else None,
            },
        )

    @property
    def starts(self) -> range:
        """Where the lines begin, in bytes from the offsets."""
        stride = self.line_stride.value.data or 1
        return range(0, self.lines.value.data * stride, stride)

    def verify_(self) -> None:
        size, lines, stride = (one.value.data for one in (self.size, self.lines, self.line_stride))
        if min(size, lines) < 1 or stride < 0 or (lines > 1 and stride < size):
            raise VerifyException("a move has lines of at least a byte that do not overlap")
        if {buffer_space(self.source), buffer_space(self.target)} != {Space.L1}:
            raise VerifyException("a move is within L1")
        extent = self.starts[-1] + size
        if extent > min(buffer_size(self.source), buffer_size(self.target)):
            raise VerifyException("move goes beyond one of its buffers")


@irdl_op_definition
class BarrierOp(IRDLOperation):
    """All cores of the cluster wait for each other."""

    name = "dsconv.barrier"
    assembly_format = "attr-dict"

    def __init__(self):
        super().__init__()
