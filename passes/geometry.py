"""Sizes of a layer, and of its tiles, in the paper's terms."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dsconv.dialects.attributes import TileAttr, WindowAttr
from dsconv.dialects.graph import (
    ConvolutionOperation,
    DepthwiseOp,
    LayerOperation,
    LinearOp,
    PoolOperation,
    WeightedOperation,
    tensor_type,
)
from dsconv.dialects.tiled import aligned
from dsconv.passes.parameters import record_format


@dataclass(frozen=True)
class Geometry:
    """Shape of one layer: input CxIYxIX, output KxOYxOX, window, bytes of a channel record.

    A channelwise layer makes output channel k from input channel k alone.
    """

    channels: int
    height: int
    width: int
    kernels: int
    rows: int
    columns: int
    window: WindowAttr
    inputs: int
    channelwise: bool
    record_bytes: int

    @staticmethod
    def of(op: LayerOperation) -> Geometry:
        """Geometry of a graph operation."""
        _, channels, height, width = tensor_type(op.activations[0]).get_shape()
        _, kernels, rows, columns = tensor_type(op.result).get_shape()
        weighted = isinstance(op, WeightedOperation)
        return Geometry(
            channels,
            height,
            width,
            kernels,
            rows,
            columns,
            _window(op, height, width),
            len(op.activations),
            not weighted or isinstance(op, DepthwiseOp),
            record_format(op).size if weighted else 0,
        )

    @property
    def padded(self) -> bool:
        """Whether any tap can fall outside the map."""
        return any(self.window.pads)

    def input_rows(self, tile: TileAttr) -> int:
        """Rows of the input that lie in L1 for one tile."""
        return min((tile.rows - 1) * self.window.strides[0] + self.window.extent[0], self.height)

    def input_columns(self, tile: TileAttr) -> int:
        """Columns of the input that lie in L1 for one tile."""
        return min((tile.columns - 1) * self.window.strides[1] + self.window.extent[1], self.width)

    def input_channels(self, tile: TileAttr) -> int:
        """Channels of the input that lie in L1 for one tile."""
        return tile.channels if self.channelwise else self.channels

    def input_bytes(self, tile: TileAttr) -> int:
        """Bytes of one input tile, without the pad pixel."""
        return self.input_channels(tile) * self.input_rows(tile) * self.input_columns(tile)

    def input_buffer_bytes(self, tile: TileAttr) -> int:
        """Bytes of L1 for one input tile and the pad pixel behind it."""
        pad_pixel = self.input_channels(tile) if self.padded else 0
        return aligned(self.input_bytes(tile) + pad_pixel)

    def weight_bytes(self, tile: TileAttr) -> int:
        """Bytes of the channel records of one tile."""
        return tile.channels * self.record_bytes

    def output_bytes(self, tile: TileAttr) -> int:
        """Bytes of one output tile."""
        return tile.channels * tile.rows * tile.columns

    def l1_bytes(self, tile: TileAttr) -> int:
        """Bytes of L1 that one tile needs, single-buffered."""
        return (
            self.inputs * self.input_buffer_bytes(tile)
            + aligned(self.weight_bytes(tile))
            + aligned(self.output_bytes(tile))
        )

    def channel_tiles(self, tile: TileAttr) -> int:
        """Tiles along the output channels."""
        return ceil(self.kernels / tile.channels)

    def pixel_tiles(self, tile: TileAttr) -> int:
        """Tiles along rows and columns."""
        return ceil(self.rows / tile.rows) * ceil(self.columns / tile.columns)

    def traffic(self, tile: TileAttr) -> int:
        """Bytes moved between L2 and L1 for the whole layer: inputs, weights, outputs."""
        channel_tiles, pixel_tiles = self.channel_tiles(tile), self.pixel_tiles(tile)
        input_loads = channel_tiles * pixel_tiles
        weight_loads = channel_tiles
        if tile.pixels_outermost and not self.channelwise:
            input_loads = pixel_tiles
        if tile.pixels_outermost and channel_tiles > 1:
            weight_loads = channel_tiles * pixel_tiles
        return (
            self.inputs * input_loads * self.input_bytes(tile)
            + weight_loads * self.weight_bytes(tile)
            + channel_tiles * pixel_tiles * self.output_bytes(tile)
        )


def _window(op: LayerOperation, height: int, width: int) -> WindowAttr:
    if isinstance(op, ConvolutionOperation | PoolOperation):
        return op.window
    if isinstance(op, LinearOp):
        return WindowAttr.of((height, width))
    return WindowAttr.of((1, 1))
