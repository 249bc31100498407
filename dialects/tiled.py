"""Tiled level of the dsconv dialect: buffers in a memory space, transfers, kernels on tiles.

A function at this level is run by every core of the cluster. Transfers and waits are core
0's alone; a barrier makes them visible to the others. Buffers are flat bytes.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    FunctionType,
    IndexType,
    IntAttr,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i1,
    i8,
    i64,
)
from xdsl.ir import (
    Attribute,
    Operation,
    ParametrizedAttribute,
    Region,
    SSAValue,
    TypeAttribute,
)
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
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import NoTerminator, Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import (
    Layout,
    LayoutAttr,
    NarrowRequantAttr,
    RequantAttr,
    Space,
    SpaceAttr,
    WindowAttr,
    i64_array,
)
from dsconv.dialects.records import RecordAttr, word_aligned

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


def enclosing_layer(op: Operation) -> LayerOp | None:
    """The layer that an operation belongs to."""
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, LayerOp):
        parent = parent.parent_op()
    return parent


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


Shape = tuple[int, int, int]
"""Channels, height and width of a map or a tile."""


@irdl_attr_definition
class BoxAttr(ParametrizedAttribute):
    """What a transfer moves: blocks x lines x bytes, strided in the outer memory.

    In the inner one they are dense, or have a stride from block to block.
    """

    name = "dsconv.box"

    sizes: ArrayAttr[IntAttr]

    @staticmethod
    def of(
        line_bytes: int,
        lines: int = 1,
        line_stride: int = 0,
        blocks: int = 1,
        block_stride: int = 0,
        inner_block_stride: int = 0,
    ) -> BoxAttr:
        """The box in its simplest form: dense lines become one line, dense blocks more lines."""
        if blocks > 1 and inner_block_stride not in (0, lines * line_bytes):
            if lines > 1 and line_stride == line_bytes:
                line_bytes, lines = line_bytes * lines, 1
            sizes = (blocks, block_stride, lines, line_stride if lines > 1 else 0, line_bytes)
            return BoxAttr(ArrayAttr(IntAttr(size) for size in (*sizes, inner_block_stride)))
        if lines > 1 and line_stride == line_bytes:
            return BoxAttr.of(line_bytes * lines, blocks, block_stride)
        if blocks > 1 and (lines == 1 or block_stride == lines * line_stride):
            stride = block_stride if lines == 1 else line_stride
            return BoxAttr.of(line_bytes, lines * blocks, stride)
        sizes = (blocks, block_stride if blocks > 1 else 0)
        sizes += (lines, line_stride if lines > 1 else 0, line_bytes, 0)
        return BoxAttr(ArrayAttr(IntAttr(size) for size in sizes))

    @staticmethod
    def of_tile(
        layout: Layout,
        map_shape: Shape,
        tile_shape: Shape,
        *,
        element_bytes: int = 1,
        plane_pitch: int = 0,
    ) -> BoxAttr:
        """The transfer of a tile of C x H x W elements of a map of C x H x W elements.

        In CHW, planes of the tile may lie `plane_pitch` bytes apart in L1; 0 means densely.
        """
        channels, height, width = map_shape
        tile_channels, rows, columns = tile_shape
        if layout is Layout.CHW:
            row = width * element_bytes
            line = columns * element_bytes
            return BoxAttr.of(line, rows, row, tile_channels, height * row, plane_pitch)
        pixel = channels * element_bytes
        line = tile_channels * element_bytes
        return BoxAttr.of(line, columns, pixel, rows, width * pixel)

    def _size(self, index: int) -> int:
        return self.sizes.data[index].data

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self._size(0)

    @property
    def block_stride(self) -> int:
        """Bytes from block to block in the outer memory."""
        return self._size(1)

    @property
    def lines(self) -> int:
        """Lines in a block."""
        return self._size(2)

    @property
    def line_stride(self) -> int:
        """Bytes from line to line in the outer memory."""
        return self._size(3)

    @property
    def line_bytes(self) -> int:
        """Bytes in a line."""
        return self._size(4)

    @property
    def inner_block_stride(self) -> int:
        """Bytes from block to block in the inner memory, 0 where blocks are dense there."""
        return self._size(5)

    @property
    def total_bytes(self) -> int:
        """Bytes moved."""
        return self.blocks * self.lines * self.line_bytes

    @property
    def inner_extent(self) -> int:
        """Bytes from the first to behind the last in the inner memory."""
        block = self.lines * self.line_bytes
        return (self.blocks - 1) * (self.inner_block_stride or block) + block

    @property
    def outer_extent(self) -> int:
        """Bytes from the first to behind the last in the outer memory."""
        return (
            (self.blocks - 1) * self.block_stride
            + (self.lines - 1) * self.line_stride
            + self.line_bytes
        )

    def verify(self) -> None:
        if len(self.sizes) != 6 or min(size.data for size in self.sizes) < 0:
            raise VerifyException("a box has six sizes, none of them negative")
        if min(self.blocks, self.lines, self.line_bytes) < 1:
            raise VerifyException("a box moves at least one byte")
        dimensions = ((self.blocks, self.block_stride), (self.lines, self.line_stride))
        if any(count > 1 and stride < 1 for count, stride in dimensions):
            raise VerifyException("blocks and lines of a box have a stride")
        if 0 < self.inner_block_stride < self.lines * self.line_bytes:
            raise VerifyException("blocks of a box do not overlap in the inner memory")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            if self.blocks > 1:
                printer.print_string(f"{self.blocks} by {self.block_stride}")
                inner = self.inner_block_stride
                printer.print_string(f" to {inner}, " if inner else ", ")
            if self.lines > 1 or self.blocks > 1:
                printer.print_string(f"{self.lines} by {self.line_stride}, ")
            printer.print_string(f"{self.line_bytes}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[ArrayAttr[IntAttr]]:
        inner_strides: list[int] = []

        def parse_dimension() -> tuple[int, int | None]:
            count = parser.parse_integer()
            if parser.parse_optional_keyword("by") is None:
                return count, None
            stride = parser.parse_integer()
            if parser.parse_optional_keyword("to") is not None:
                inner_strides.append(parser.parse_integer())
            return count, stride

        dimensions = parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_dimension)
        if not 1 <= len(dimensions) <= 3:
            parser.raise_error("a box has at most blocks, lines and bytes, and at least bytes")
        *outer, (line_bytes, stride) = dimensions
        if stride is not None or any(stride is None for _, stride in outer):
            parser.raise_error("blocks and lines of a box have a stride, bytes have none")
        if len(inner_strides) > 1 or (inner_strides and len(outer) < 2):
            parser.raise_error("the blocks of a box alone have a stride in the inner memory")
        # a single block or line is as good as none
        strided = [(count, stride if stride and count > 1 else 0) for count, stride in outer]
        (blocks, block_stride), (lines, line_stride) = [(1, 0)] * (2 - len(outer)) + strided
        inner_stride = inner_strides[0] if inner_strides and blocks > 1 else 0
        sizes = (blocks, block_stride, lines, line_stride, line_bytes, inner_stride)
        return [ArrayAttr(IntAttr(size) for size in sizes)]


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
class LayerOp(IRDLOperation):
    """One layer of the network: its loops over tiles. Reports count cycles and bytes by layer.

    `narrow_channels` and `wide_channels` are output channels requantised in 32 and in 64 bits.
    `estimate` is what the layer is expected to take, in cycles.
    """

    name = "dsconv.layer"

    label = prop_def(StringAttr)
    kind = prop_def(StringAttr)
    tile = prop_def(StringAttr)
    schedule = prop_def(StringAttr)
    macs = prop_def(IntegerAttr[I64])
    estimate = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    buffers = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    narrow_channels = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    wide_channels = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    shape = prop_def(TensorType)
    output = operand_def(MemRefType)
    body = region_def("single_block")

    traits = traits_def(NoTerminator())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$label $kind `makes` $shape `in` $output `:` type($output) attr-dict-with-keyword $body"
    )

    def __init__(
        self,
        label: str,
        kind: str,
        output: SSAValue,
        shape: TensorType,
        body: Region,
        *,
        tile: str,
        schedule: str,
        macs: int,
        estimate: int = 0,
        buffers: int = 1,
        narrow_channels: int = 0,
        wide_channels: int = 0,
    ):
        super().__init__(
            operands=[output],
            properties={
                "label": StringAttr(label),
                "kind": StringAttr(kind),
                "tile": StringAttr(tile),
                "schedule": StringAttr(schedule),
                "macs": IntegerAttr(macs, i64),
                "estimate": IntegerAttr(estimate, i64) if estimate else None,
                "buffers": IntegerAttr(buffers, i64) if buffers > 1 else None,
                "narrow_channels": IntegerAttr(narrow_channels, i64) if narrow_channels else None,
                "wide_channels": IntegerAttr(wide_channels, i64) if wide_channels else None,
                "shape": shape,
            },
            regions=[body],
        )


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
class BarrierOp(IRDLOperation):
    """All cores of the cluster wait for each other."""

    name = "dsconv.barrier"
    assembly_format = "attr-dict"

    def __init__(self):
        super().__init__()


@irdl_op_definition
class KernelOp(IRDLOperation):
    """What a kernel computes on one tile in L1, to be lowered to loops for exactly this shape.

    `function_type` gives the tiles as tensors with layouts. Where a window has padding, a pad pixel
    (C bytes, or 1 in CHW) of `pad_value` lies right behind the tile, and taps outside it read that.
    Weighted kernels read one channel record per output channel. A kernel requantises by `narrow`
    or by `requant`: what all channels share is there, the rest in the records. The record of a
    lookup is its table, in the order of the bytes; `shared_record` says that all channels have the
    same. An average with `counted_pads` multiplies its divisor by the pixels of each window that
    lie in the tile or in these pads. A resize repeats rows and columns by its `factors`; a
    concat is along an `axis` of 1xCxHxW; a shuffle takes channels of `shuffled_groups` in turns.
    An addition requantises each product by its own `terms` first, where they are there.
    `row_starts` and `column_starts` are all places in the tile where the first window may begin. An
    output tile that is part of a larger one has `output_pitch`: rows of a plane of that one in CHW,
    channels of a pixel in HWC.

    The input tile of a `circular` depthwise kernel is a ring of rows: row H is row 0 again. Whoever
    fills it fills in the padding of rows, too; the window's own is of columns only.
    """

    name = "dsconv.kernel"

    KINDS: ClassVar[tuple[str, ...]] = (
        "conv2d",
        "depthwise",
        "add",
        "mul",
        "avg_pool",
        "max_pool",
        "rescale",
        "lookup",
        "concat",
        "resize",
        "shuffle",
    )

    sym_name = prop_def(SymbolNameConstraint())
    kind = prop_def(StringAttr)
    function_type = prop_def(FunctionType)
    window = prop_def(WindowAttr)
    requant = opt_prop_def(RequantAttr)
    narrow = opt_prop_def(NarrowRequantAttr)
    record = opt_prop_def(RecordAttr)
    shared_record = opt_prop_def(UnitAttr)
    counted_pads = opt_prop_def(DenseArrayBase[I64])
    factors = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((1, 1)))
    axis = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    shuffled_groups = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    zero_points = opt_prop_def(DenseArrayBase[I64], default_value=i64_array(()))
    multipliers = opt_prop_def(DenseArrayBase[I64], default_value=i64_array(()))
    terms = opt_prop_def(ArrayAttr[RequantAttr])
    pad_value = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    row_starts = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((0,)))
    column_starts = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((0,)))
    output_pitch = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    circular = opt_prop_def(UnitAttr)

    traits = traits_def(SymbolOpInterface())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$kind $sym_name `:` $function_type `window` $window attr-dict"

    def __init__(
        self,
        symbol: str,
        kind: str,
        inputs: Sequence[TensorType],
        output: TensorType,
        window: WindowAttr,
        *,
        requant: RequantAttr | None = None,
        narrow: NarrowRequantAttr | None = None,
        record: RecordAttr | None = None,
        shared_record: bool = False,
        counted_pads: DenseArrayBase[I64] | None = None,
        factors: tuple[int, int] = (1, 1),
        axis: int = 1,
        shuffled_groups: int = 1,
        zero_points: Sequence[int] = (),
        multipliers: Sequence[int] = (),
        terms: Sequence[RequantAttr] = (),
        pad_value: int = 0,
        starts: tuple[Sequence[int], Sequence[int]] = ((0,), (0,)),
        output_pitch: int = 0,
        circular: bool = False,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(symbol),
                "kind": StringAttr(kind),
                "function_type": FunctionType.from_lists(inputs, [output]),
                "window": window,
                "requant": requant,
                "narrow": narrow,
                "record": record,
                "shared_record": UnitAttr() if shared_record else None,
                "counted_pads": counted_pads,
                "factors": i64_array(factors) if factors != (1, 1) else None,
                "axis": IntegerAttr(axis, i64) if axis != 1 else None,
                "shuffled_groups": (
                    IntegerAttr(shuffled_groups, i64) if shuffled_groups != 1 else None
                ),
                "zero_points": i64_array(zero_points) if zero_points else None,
                "multipliers": i64_array(multipliers) if multipliers else None,
                "terms": ArrayAttr(terms) if terms else None,
                "pad_value": IntegerAttr(pad_value, i64) if pad_value else None,
                "row_starts": self._starts_property(starts[0]),
                "column_starts": self._starts_property(starts[1]),
                "output_pitch": IntegerAttr(output_pitch, i64) if output_pitch else None,
                "circular": UnitAttr() if circular else None,
            },
        )

    @staticmethod
    def _starts_property(starts: Sequence[int]) -> DenseArrayBase[I64] | None:
        """Nothing for the default of 0, as the parser leaves it."""
        return i64_array(starts) if tuple(starts) != (0,) else None

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the activation tiles it reads."""
        types = self.function_type.inputs
        return tuple(type_ for type_ in types if isinstance(type_, TensorType))

    @property
    def output(self) -> TensorType:
        """Type of the tile it writes."""
        (type_,) = self.function_type.outputs
        if not isinstance(type_, TensorType):
            raise VerifyException(f"a kernel makes a tensor, got {type_}")
        return type_

    @property
    def dense_pitch(self) -> int:
        """Rows of a plane in CHW, or channels of a pixel in HWC, of the output alone."""
        _, channels, rows, _ = self.output.get_shape()
        encoding = self.output.encoding
        is_hwc = isinstance(encoding, LayoutAttr) and encoding.data is Layout.HWC
        return channels if is_hwc else rows

    @property
    def pitch(self) -> int:
        """The same of what the output lies in."""
        return self.output_pitch.value.data or self.dense_pitch

    @property
    def zero_point_values(self) -> tuple[int, ...]:
        """Zero points of the inputs, where the kernel needs them."""
        return self.zero_points.get_values()

    @property
    def multiplier_values(self) -> tuple[int, ...]:
        """Weights of the two operands of an addition."""
        return self.multipliers.get_values()

    @property
    def term_requants(self) -> tuple[RequantAttr, ...]:
        """Requantisations of both products of an addition; nothing where there are none."""
        return () if self.terms is None else self.terms.data

    @property
    def groups(self) -> int:
        """Groups of channels in the tile of a convolution: what a record has weights for is one."""
        assert self.record is not None, "a convolution has weights"
        taps = prod(self.window.kernel)
        return self.inputs[0].get_shape()[1] * taps // self.record.weight_bytes

    @property
    def padding(self) -> int:
        """What a tap outside the map reads."""
        return self.pad_value.value.data

    @property
    def starts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Rows, and columns, of the tile where the first window may begin."""
        return self.row_starts.get_values(), self.column_starts.get_values()

    @property
    def window_rows(self) -> int:
        """Rows of input under the windows of all outputs."""
        _, _, rows, _ = self.output.get_shape()
        return (rows - 1) * self.window.strides[0] + self.window.extent[0]

    @property
    def identity(self) -> tuple[Attribute, ...]:
        """What two kernels have in common exactly when one can stand for the other."""
        rest = (value for name, value in sorted(self.properties.items()) if name != "sym_name")
        return tuple(rest)

    def verify_(self) -> None:
        if self.kind.data not in self.KINDS:
            raise VerifyException(f"no kernel {self.kind.data}; there are {', '.join(self.KINDS)}")
        count = {"add": 2, "mul": 2, "concat": len(self.inputs)}.get(self.kind.data, 1)
        if len(self.inputs) != count:
            raise VerifyException(f"wrong number of inputs for a kernel {self.kind.data}")
        if len(self.function_type.outputs) != 1:
            raise VerifyException(
                f"a kernel makes one tensor, not {len(self.function_type.outputs)}"
            )
        if self.pitch < self.dense_pitch:
            raise VerifyException(
                f"an output of pitch {self.dense_pitch} does not lie in one of {self.pitch}"
            )
        if self.circular is not None:
            self._verify_ring()

    def _verify_ring(self) -> None:
        if self.kind.data != "depthwise":
            raise VerifyException(f"a kernel {self.kind.data} reads no circular tile")
        top, _, bottom, _ = self.window.pads
        if top or bottom:
            raise VerifyException("a circular tile has its padding of rows in it")
        _, _, height, _ = self.inputs[0].get_shape()
        row_starts, _ = self.starts
        if not all(0 <= start < height for start in row_starts):
            raise VerifyException(f"windows begin in one of the {height} rows of a circular tile")
        if self.window_rows > height:
            raise VerifyException(
                f"windows over {self.window_rows} rows do not fit a circular tile of {height}"
            )


@irdl_op_definition
class RunOp(IRDLOperation):
    """Runs a kernel on tiles in L1, all cores together.

    `row` and `column` say where the first output's window begins, in the tile's rows and columns;
    negative inside the padding.
    """

    name = "dsconv.run"

    kernel = prop_def(FlatSymbolRefAttrConstr)
    buffers = var_operand_def(MemRefType)
    row = operand_def(IndexType)
    column = operand_def(IndexType)

    assembly_format = "$kernel `(` $buffers `)` `at` $row `,` $column attr-dict `:` type($buffers)"

    def __init__(self, kernel: str, buffers: Sequence[SSAValue], row: SSAValue, column: SSAValue):
        super().__init__(
            operands=[buffers, row, column], properties={"kernel": SymbolRefAttr(kernel)}
        )


TILED_OPS: list[type[Operation]] = [
    BufferOp,
    SlotOp,
    ViewOp,
    LayerOp,
    DmaStartOp,
    WaitOp,
    PrefetchOp,
    PrefetchWaitOp,
    L3LoadOp,
    L3StoreOp,
    L3WaitOp,
    FillOp,
    BarrierOp,
    KernelOp,
    RunOp,
]
TILED_ATTRIBUTES: list[type[Attribute]] = [TransferType, BoxAttr, RecordAttr]
