"""Activations as they lie in L2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import layout_of, tensor_type
from dsconv.dialects.tiled import BoxAttr
from dsconv.lowering.building import Index, add, multiply


def tensor_bytes(type_: TensorType) -> int:
    """Bytes of an activation."""
    return int(np.prod(type_.get_shape()))


@dataclass(frozen=True)
class Map:
    """An activation in L2: its buffer, sizes and layout."""

    buffer: SSAValue
    channels: int
    height: int
    width: int
    layout: Layout

    @staticmethod
    def of(buffer: SSAValue, value: SSAValue) -> Map:
        """The activation `value` in a buffer."""
        _, channels, height, width = tensor_type(value).get_shape()
        layout = layout_of(value)
        assert layout is not None, "check_network asks for layouts"
        return Map(buffer, channels, height, width, layout)

    def offset(self, channel: Index, row: Index, column: Index) -> Index:
        """Byte offset of one value."""
        if self.layout is Layout.CHW:
            plane = self.height * self.width
            return add(multiply(channel, plane), multiply(row, self.width), column)
        pixel = add(multiply(row, self.width), column)
        return add(multiply(pixel, self.channels), channel)

    def box(self, channels: int, rows: int, columns: int, plane_pitch: int = 0) -> BoxAttr:
        """The transfer of a tile of these sizes.

        In CHW, planes of the tile may lie `plane_pitch` bytes apart in L1; 0 means densely.
        """
        if self.layout is Layout.CHW:
            plane = self.height * self.width
            return BoxAttr.of(columns, rows, self.width, channels, plane, plane_pitch)
        row_stride = self.width * self.channels
        return BoxAttr.of(channels, columns, self.channels, rows, row_stride)
