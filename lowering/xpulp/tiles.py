"""Shape of an activation tile in L1."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import TensorType

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.graph import ui8


@dataclass(frozen=True)
class Tile:
    """C channels of H x W bytes in one layout."""

    channels: int
    height: int
    width: int
    layout: Layout
    unsigned: bool

    @staticmethod
    def of(type_: TensorType) -> Tile:
        """The tile of a kernel's argument."""
        _, channels, height, width = type_.get_shape()
        assert isinstance(type_.encoding, LayoutAttr), "tiles have a layout"
        unsigned = type_.element_type == ui8
        return Tile(channels, height, width, type_.encoding.data, unsigned)

    @property
    def pixels(self) -> int:
        """Pixels of a plane."""
        return self.height * self.width

    @property
    def size(self) -> int:
        """Bytes of the tile. The pad pixel, if there is one, comes next."""
        return self.channels * self.pixels

    @property
    def channel_stride(self) -> int:
        """Bytes from channel to channel."""
        return self.pixels if self.layout is Layout.CHW else 1

    @property
    def pixel_stride(self) -> int:
        """Bytes from column to column."""
        return 1 if self.layout is Layout.CHW else self.channels

    @property
    def row_stride(self) -> int:
        """Bytes from row to row."""
        return self.width * self.pixel_stride
