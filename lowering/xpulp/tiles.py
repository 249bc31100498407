"""Shape of an activation tile in L1."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.dialects.builtin import TensorType

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.graph import ui8
from dsconv.dialects.tiled import KernelOp


@dataclass(frozen=True)
class L1Tile:
    """C channels of H x W bytes in one layout.

    `pitch`: rows of a plane in CHW, channels of a pixel in HWC; more where it is part of a larger
    tile. `steps`: how many rows, and columns, it is from one that is read to the next.
    """

    channels: int
    height: int
    width: int
    layout: Layout
    unsigned: bool
    pitch: int
    steps: tuple[int, int] = (1, 1)

    @staticmethod
    def of(type_: TensorType) -> L1Tile:
        """The tile of a kernel's argument."""
        _, channels, height, width = type_.get_shape()
        assert isinstance(type_.encoding, LayoutAttr), "tiles have a layout"
        layout = type_.encoding.data
        dense = height if layout is Layout.CHW else channels
        return L1Tile(channels, height, width, layout, type_.element_type == ui8, dense)

    @staticmethod
    def output_of(kernel: KernelOp) -> L1Tile:
        """The tile that a kernel writes."""
        return replace(L1Tile.of(kernel.output), pitch=kernel.pitch)

    @property
    def is_dense(self) -> bool:
        """Whether it is no part of a larger tile."""
        return self.pitch == (self.height if self.layout is Layout.CHW else self.channels)

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
        return self.pitch * self.width if self.layout is Layout.CHW else 1

    @property
    def pixel_stride(self) -> int:
        """Bytes from column to column."""
        return self.steps[1] * self._pixel_bytes

    @property
    def row_stride(self) -> int:
        """Bytes from row to row."""
        return self.steps[0] * self.width * self._pixel_bytes

    @property
    def _pixel_bytes(self) -> int:
        return 1 if self.layout is Layout.CHW else self.pitch

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        return self.channels, self.height, self.width

    @property
    def strides(self) -> tuple[int, int, int]:
        """Bytes from channel to channel, row to row and column to column."""
        return self.channel_stride, self.row_stride, self.pixel_stride
