"""Activations as they lie in L2."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import element_bytes, layout_of, tensor_type
from dsconv.dialects.tiled import BoxAttr
from dsconv.lowering.building import Index, add, minimum, multiply


@dataclass(frozen=True)
class Map:
    """An activation in L2: its buffer, sizes, layout and the bytes of an element."""

    buffer: SSAValue
    channels: int
    height: int
    width: int
    layout: Layout
    element_bytes: int

    @staticmethod
    def of(buffer: SSAValue, value: SSAValue) -> Map:
        """The activation `value` in a buffer."""
        type_ = tensor_type(value)
        _, channels, height, width = type_.get_shape()
        layout = layout_of(value)
        assert layout is not None, "check_network asks for layouts"
        return Map(buffer, channels, height, width, layout, element_bytes(type_))

    def offset(self, channel: Index, row: Index, column: Index) -> Index:
        """Byte offset of one value."""
        if self.layout is Layout.CHW:
            plane = self.height * self.width
            element = add(multiply(channel, plane), multiply(row, self.width), column)
        else:
            pixel = add(multiply(row, self.width), column)
            element = add(multiply(pixel, self.channels), channel)
        return multiply(element, self.element_bytes)

    def box(self, channels: int, rows: int, columns: int, plane_pitch: int = 0) -> BoxAttr:
        """The transfer of a tile of these sizes.

        In CHW, planes of the tile may lie `plane_pitch` bytes apart in L1; 0 means densely.
        """
        return BoxAttr.of_tile(
            self.layout,
            (self.channels, self.height, self.width),
            (channels, rows, columns),
            element_bytes=self.element_bytes,
            plane_pitch=plane_pitch,
        )


def tile_start(number: Index, size: int, tile: int, name: str) -> Index:
    """First output of a tile along one dimension; the last tile is moved back into the map."""
    if size == tile:
        return 0
    start = multiply(number, tile)
    if size % tile:
        start = minimum(start, size - tile)
    if isinstance(start, SSAValue):
        start.name_hint = name
    return start
