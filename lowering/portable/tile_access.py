"""Reading and writing the bytes of a tile in L1."""

from __future__ import annotations

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IndexType, TensorType, i8, i32
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.graph import element_bytes, ui8
from dsconv.dialects.machine import LoadWordOp
from dsconv.lowering.building import Index, add, index_value, integer, multiply


class TileAccess:
    """Bytes of one activation tile in L1."""

    def __init__(self, buffer: SSAValue, type_: TensorType, pitch: int | None = None):
        _, self.channels, self.height, self.width = type_.get_shape()
        assert isinstance(type_.encoding, LayoutAttr), "tiles have a layout"
        self.layout = type_.encoding.data
        self.buffer = buffer
        self.unsigned = type_.element_type == ui8
        self.element_bytes = element_bytes(type_)
        dense = self.height if self.layout is Layout.CHW else self.channels
        self.pitch = dense if pitch is None else pitch

    @property
    def strides(self) -> tuple[int, int, int]:
        """Elements from channel to channel, row to row and column to column."""
        if self.layout is Layout.CHW:
            return self.pitch * self.width, self.width, 1
        return 1, self.width * self.pitch, self.pitch

    @property
    def pad_offset(self) -> int:
        """Offset of the pad pixel, right behind the tile."""
        return self.channels * self.height * self.width * self.element_bytes

    def offset(self, channel: Index, row: Index, column: Index) -> Index:
        """Offset of one value."""
        channel_stride, row_stride, column_stride = self.strides
        element = add(
            multiply(row, row_stride),
            multiply(column, column_stride),
            multiply(channel, channel_stride),
        )
        return multiply(element, self.element_bytes)

    def load(self, offset: Index) -> SSAValue:
        """One value, widened to i32."""
        if self.element_bytes > 1:
            return self.load_word(offset)
        byte = memref.LoadOp.get(self.buffer, [index_value(offset)]).res
        extend = arith.ExtUIOp if self.unsigned else arith.ExtSIOp
        return extend(byte, i32).result

    def load_byte(self, offset: Index) -> SSAValue:
        """The bits of one value, as an index."""
        byte = memref.LoadOp.get(self.buffer, [index_value(offset)]).res
        return arith.IndexCastOp(arith.ExtUIOp(byte, i32).result, IndexType()).result

    def load_word(self, offset: Index) -> SSAValue:
        """32 bits: four values, or one."""
        return LoadWordOp(self.buffer, index_value(offset)).result

    def store(self, value: SSAValue, offset: Index) -> None:
        """Stores an i32, or its low byte, in the bytes of an element."""
        for number in range(self.element_bytes):
            rest = arith.ShRSIOp(value, integer(8 * number)).result if number else value
            byte = arith.TruncIOp(rest, i8).result
            memref.StoreOp.get(byte, self.buffer, [index_value(add(offset, number))])


def load_signed_byte(buffer: SSAValue, offset: Index) -> SSAValue:
    """One weight, widened to i32."""
    return arith.ExtSIOp(memref.LoadOp.get(buffer, [index_value(offset)]).res, i32).result
