"""Sizes of a layer, and of its tiles, in the paper's terms."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dsconv.dialects.attributes import Tile, WindowAttr
from dsconv.dialects.graph import (
    ConvolutionOperation,
    DepthwiseOp,
    LayerOperation,
    LinearOp,
    LookupOp,
    PoolOperation,
    WeightedOperation,
    tensor_type,
)
from dsconv.dialects.tiled import aligned
from dsconv.passes.parameters import ParameterisedOperation, record_format


@dataclass(frozen=True)
class Geometry:
    """Shape of one layer: input CxIYxIX, output KxOYxOX, window, bytes of a channel record.

    A channelwise layer makes output channel k from input channel k alone. All channels of a layer
    may share one record.
    """

    kind: str
    channels: int
    height: int
    width: int
    kernels: int
    rows: int
    columns: int
    window: WindowAttr
    strides: tuple[int, int]
    extent: tuple[int, int]
    padded: bool
    inputs: int
    channelwise: bool
    record_bytes: int
    shared_record: bool
    macs: int

    @staticmethod
    def of(op: LayerOperation) -> Geometry:
        """Geometry of a graph operation."""
        _, channels, height, width = tensor_type(op.activations[0]).get_shape()
        _, kernels, rows, columns = tensor_type(op.result).get_shape()
        parameterised = isinstance(op, ParameterisedOperation)
        window = _window(op, height, width)
        return Geometry(
            op.kind,
            channels,
            height,
            width,
            kernels,
            rows,
            columns,
            window,
            window.strides,
            window.extent,
            any(window.pads),
            len(op.activations),
            not isinstance(op, WeightedOperation) or isinstance(op, DepthwiseOp),
            record_format(op).size if parameterised else 0,
            isinstance(op, LookupOp) and op.shares_table,
            op.macs,
        )

    # One tile

    def input_rows(self, tile: Tile) -> int:
        """Rows of the input that lie in L1 for one tile."""
        return min((tile.rows - 1) * self.strides[0] + self.extent[0], self.height)

    def input_columns(self, tile: Tile) -> int:
        """Columns of the input that lie in L1 for one tile."""
        return min((tile.columns - 1) * self.strides[1] + self.extent[1], self.width)

    def input_channels(self, tile: Tile) -> int:
        """Channels of the input that lie in L1 for one tile."""
        return tile.channels if self.channelwise else self.channels

    def input_bytes(self, tile: Tile) -> int:
        """Bytes of one input tile, without the pad pixel."""
        return self.input_channels(tile) * self.input_rows(tile) * self.input_columns(tile)

    def input_buffer_bytes(self, tile: Tile) -> int:
        """Bytes of L1 for one input tile and the pad pixel behind it."""
        pad_pixel = self.input_channels(tile) if self.padded else 0
        return aligned(self.input_bytes(tile) + pad_pixel)

    def weight_bytes(self, tile: Tile) -> int:
        """Bytes of the channel records of one tile."""
        return self.record_bytes * (1 if self.shared_record else tile.channels)

    def output_bytes(self, tile: Tile) -> int:
        """Bytes of one output tile."""
        return tile.channels * tile.rows * tile.columns

    def l1_bytes(self, tile: Tile) -> int:
        """Bytes of L1 that a tile takes, with a second copy of what the loop loads and stores."""
        input_copies = min(tile.buffers, self.input_versions(tile))
        weight_copies = min(tile.buffers, self.weight_versions(tile))
        return (
            input_copies * self.inputs * self.input_buffer_bytes(tile)
            + weight_copies * aligned(self.weight_bytes(tile))
            + min(tile.buffers, self.tiles(tile)) * aligned(self.output_bytes(tile))
        )

    # The loop over tiles

    def channel_tiles(self, tile: Tile) -> int:
        """Tiles along the output channels."""
        return ceil(self.kernels / tile.channels)

    def pixel_tiles(self, tile: Tile) -> int:
        """Tiles along rows and columns."""
        return ceil(self.rows / tile.rows) * ceil(self.columns / tile.columns)

    def tiles(self, tile: Tile) -> int:
        """Tiles of the layer."""
        return self.channel_tiles(tile) * self.pixel_tiles(tile)

    def input_versions(self, tile: Tile) -> int:
        """How many input tiles are loaded one after the other."""
        if self.channelwise:
            return self.tiles(tile)
        if tile.pixels_outermost or self.pixel_tiles(tile) == 1:
            return self.pixel_tiles(tile)
        return self.tiles(tile)

    def weight_versions(self, tile: Tile) -> int:
        """How many weight tiles are loaded one after the other."""
        if self.shared_record:
            return 1
        if not tile.pixels_outermost or self.channel_tiles(tile) == 1:
            return self.channel_tiles(tile)
        return self.tiles(tile)

    def loaded_bytes(self, tile: Tile) -> int:
        """Bytes loaded for the whole layer: inputs and weights."""
        inputs = self.input_versions(tile) * self.inputs * self.input_bytes(tile)
        return inputs + self.weight_versions(tile) * self.weight_bytes(tile)

    def stored_bytes(self, tile: Tile) -> int:
        """Bytes stored for the whole layer."""
        return self.tiles(tile) * self.output_bytes(tile)


def _window(op: LayerOperation, height: int, width: int) -> WindowAttr:
    if isinstance(op, ConvolutionOperation | PoolOperation):
        return op.window
    if isinstance(op, LinearOp):
        return WindowAttr.of((height, width))
    return WindowAttr.of((1, 1))
