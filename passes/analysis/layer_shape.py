"""Sizes of a layer, and of its tiles, in the paper's terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import ceil, prod
from typing import NamedTuple

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, Tile, TileOrder, WindowAttr
from dsconv.dialects.graph import (
    AddOp,
    ConcatOp,
    Conv2DOp,
    ConvolutionOperation,
    DepthToSpaceOp,
    InterpolateOp,
    LayerOperation,
    LinearOp,
    PadOp,
    PairLookupOp,
    Places,
    PointwiseOp,
    PoolOperation,
    RequantisedOperation,
    ResizeOp,
    ShuffleOp,
    SliceOp,
    SumStepsOp,
    TableOperation,
    element_bytes,
    kind_of,
    layout_of,
    tensor_type,
)
from dsconv.dialects.records import WEIGHT_ZERO_POINT
from dsconv.dialects.tiled import aligned
from dsconv.passes.analysis.hashed_once import hashed_once
from dsconv.passes.analysis.weight_packing import ParameterisedOperation, record_format


class TileLoops(NamedTuple):
    """Turns of the two loops over a layer's tiles, one of channels and one of pixels."""

    outer: int
    inner: int
    channels_outermost: bool


@hashed_once
@dataclass(frozen=True)
class LayerShape:
    """Shape of one layer: input CxIYxIX, output KxOYxOX, window, bytes of a channel record.

    An input of one channel, row or column broadcasts over those of the first one, (C, IY, IX). A
    channelwise layer makes each part of the output channels from that part of the input channels
    alone; `channel_step` is the size of the smallest part, 1 in a depthwise layer. `whole` says
    whether a tile has all rows, and all columns. All channels of a layer may share one record. A
    layout that is not chosen yet counts as HWC. `wide` says that the requantisation has no narrow
    form, `weight_zero_points` that weights have zero points, `requantised_terms` that an addition
    requantises its terms first. One row or column of the input is `factors` of the output, and the
    layer reads a part of its input that begins at channel, row and column `origin`; of that,
    `inputs` has the shape, and `element_bytes` the bytes of one value. Outputs of an interpolation
    lie at `places` of the input's rows and columns, step, offset and parts each, where they read so
    many `neighbours`.
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
    inputs: tuple[tuple[int, int, int], ...]
    element_bytes: tuple[int, ...]
    channelwise: bool
    channel_step: int
    whole: tuple[bool, bool]
    factors: tuple[int, int]
    places: tuple[Places, Places] | None
    neighbours: int
    origin: tuple[int, int, int]
    record_bytes: int
    shared_record: bool
    result_bytes: int
    macs: int
    input_layouts: tuple[Layout, ...]
    output_layout: Layout
    wide: bool
    weight_zero_points: bool
    requantised_terms: bool

    @staticmethod
    def of(op: LayerOperation) -> LayerShape:
        """Geometry of a graph operation."""
        channels, height, width = _map_shape(op.activations[0])
        kernels, rows, columns = _map_shape(op.result)
        record = record_format(op) if isinstance(op, ParameterisedOperation) else None
        window = _window(op, height, width)
        return LayerShape(
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
            _input_shapes(op),
            tuple(element_bytes(tensor_type(value)) for value in op.activations),
            _is_channelwise(op),
            _channel_step(op),
            _whole(op),
            op.factors if isinstance(op, ResizeOp | DepthToSpaceOp) else (1, 1),
            op.places if isinstance(op, InterpolateOp) else None,
            2 if isinstance(op, InterpolateOp) and op.nearest is None else 1,
            _origin(op),
            0 if record is None else record.size,
            isinstance(op, PairLookupOp) or (isinstance(op, TableOperation) and op.shares_table),
            element_bytes(tensor_type(op.result)),
            op.macs,
            tuple(layout_of(value) or Layout.HWC for value in op.activations),
            layout_of(op.result) or Layout.HWC,
            isinstance(op, RequantisedOperation) and op.narrow is None,
            record is not None and WEIGHT_ZERO_POINT in record.fields,
            isinstance(op, AddOp) and op.terms is not None,
        )

    @property
    def input_layout(self) -> Layout:
        """Layout of the first input."""
        return self.input_layouts[0]

    def with_layouts(self, inputs: Iterable[Layout], output: Layout) -> LayerShape:
        """The same layer with other layouts."""
        return _with_layouts(self, tuple(inputs), output)

    @cached_property
    def kernel_size(self) -> tuple[int, int]:
        """FY, FX."""
        return self.window.kernel

    # One tile

    def groups_of(self, tile: Tile) -> int:
        """Groups of channels in a tile, each summed over by itself; 1 where all are."""
        grouped = self.channelwise and self.kind == kind_of(Conv2DOp)
        return tile.channels // self.channel_step if grouped else 1

    @property
    def smallest_tile(self) -> Tile:
        """The tile below which the layer cannot be cut."""
        (whole_rows, whole_columns), (fy, fx) = self.whole, self.factors
        rows, columns = self.rows if whole_rows else fy, self.columns if whole_columns else fx
        return Tile(self.channel_step, rows, columns)

    def input_channels(self, tile: Tile) -> int:
        """Channels of the first input that lie in L1 for one tile."""
        return self.input_tile(tile)[0]

    def input_tile(self, tile: Tile, number: int = 0) -> tuple[int, int, int]:
        """Channels, rows and columns of an input that lie in L1 for one tile."""
        channels, height, width = self.inputs[number]
        steps = tile.channels // self.channel_step
        return (
            min(steps * self.step_channels(number), channels) if self.channelwise else channels,
            min(self._covered(tile.rows, 0), height),
            min(self._covered(tile.columns, 1), width),
        )

    def _covered(self, outputs: int, axis: int) -> int:
        """Rows, or columns, of the input that so many outputs read, wherever they begin."""
        factor = self.factors[axis]
        if factor > 1:
            is_whole = outputs % factor == 0
            return outputs // factor if is_whole else ceil((outputs - 1) / factor) + 1
        if self.places is not None:
            step, _, parts = self.places[axis]
            return ((outputs - 1) * abs(step) + parts - 1) // parts + self.neighbours
        return (outputs - 1) * self.strides[axis] + self.extent[axis]

    def step_channels(self, number: int = 0) -> int:
        """Channels of an input that belong to a channel step of a channelwise layer."""
        return max(self.inputs[number][0] * self.channel_step // self.kernels, 1)

    def input_bytes(self, tile: Tile, number: int = 0) -> int:
        """Bytes of one tile of an input, without the pad pixel."""
        return prod(self.input_tile(tile, number)) * self.element_bytes[number]

    def input_buffer_bytes(self, tile: Tile, number: int = 0) -> int:
        """Bytes of L1 for one tile of an input and the pad pixel behind it."""
        return aligned(self.input_bytes(tile, number) + self.pad_bytes(tile))

    def pad_bytes(self, tile: Tile) -> int:
        """Bytes of the pad pixel of a tile; 0 where no window reads it."""
        return self.input_channels(tile) * self.element_bytes[0] if self.padded else 0

    def all_input_bytes(self, tile: Tile) -> int:
        """Bytes of one tile of every input."""
        return sum(self.input_bytes(tile, number) for number in range(len(self.inputs)))

    def weight_bytes(self, tile: Tile) -> int:
        """Bytes of the channel records of one tile."""
        return self.record_bytes * (1 if self.shared_record else tile.channels)

    def output_bytes(self, tile: Tile) -> int:
        """Bytes of one output tile."""
        return tile.channels * tile.rows * tile.columns * self.result_bytes

    def l1_bytes(self, tile: Tile) -> int:
        """Bytes of L1 that a tile takes, with a second copy of what the loop loads and stores."""
        input_copies = min(tile.buffers, self.input_versions(tile))
        weight_copies = min(tile.buffers, self.weight_versions(tile))
        input_bytes = sum(
            self.input_buffer_bytes(tile, number) for number in range(len(self.inputs))
        )
        return (
            input_copies * input_bytes
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

    def tile_loops(self, tile: Tile) -> TileLoops:
        """The loops in the tile's order."""
        channels, pixels = self.channel_tiles(tile), self.pixel_tiles(tile)
        if tile.order.channels_outermost:
            return TileLoops(outer=channels, inner=pixels, channels_outermost=True)
        return TileLoops(outer=pixels, inner=channels, channels_outermost=False)

    def input_versions(self, tile: Tile) -> int:
        """How many input tiles are loaded one after the other."""
        if self.channelwise or tile.order is TileOrder.RASTER:
            return self.tiles(tile)
        if not self.tile_loops(tile).channels_outermost or self.pixel_tiles(tile) == 1:
            return self.pixel_tiles(tile)
        return self.tiles(tile) - self.turns(tile)

    def weight_versions(self, tile: Tile) -> int:
        """How many weight tiles are loaded one after the other."""
        if self.shared_record:
            return 1
        if tile.order is TileOrder.RASTER and not self.channelwise:
            return self.tiles(tile)
        if self.tile_loops(tile).channels_outermost or self.channel_tiles(tile) == 1:
            return self.channel_tiles(tile)
        return self.tiles(tile) - self.turns(tile)

    def turns(self, tile: Tile) -> int:
        """How often the inner loop turns, where that saves a tile of what it loads."""
        return self.tile_loops(tile).outer - 1 if tile.order.turns else 0

    def loaded_bytes(self, tile: Tile) -> int:
        """Bytes loaded for the whole layer: inputs and weights."""
        inputs = self.input_versions(tile) * self.all_input_bytes(tile)
        return inputs + self.weight_versions(tile) * self.weight_bytes(tile)

    def moved_bytes(self, tile: Tile) -> int:
        """Bytes of activations loaded and stored for the whole layer."""
        return self.input_versions(tile) * self.all_input_bytes(tile) + self.stored_bytes(tile)

    def stored_bytes(self, tile: Tile) -> int:
        """Bytes stored for the whole layer."""
        return self.tiles(tile) * self.output_bytes(tile)


@cache
def _with_layouts(
    layer_shape: LayerShape, inputs: tuple[Layout, ...], output: Layout
) -> LayerShape:
    return replace(layer_shape, input_layouts=inputs, output_layout=output)


def _map_shape(value: SSAValue) -> tuple[int, int, int]:
    _, channels, height, width = tensor_type(value).get_shape()
    return channels, height, width


def _input_shapes(op: LayerOperation) -> tuple[tuple[int, int, int], ...]:
    if isinstance(op, SliceOp):
        return (op.part,)
    return tuple(_map_shape(value) for value in op.activations)


def _origin(op: LayerOperation) -> tuple[int, int, int]:
    if not isinstance(op, SliceOp):
        return 0, 0, 0
    channel, row, column = op.first.get_values()
    return channel, row, column


def _is_channelwise(op: LayerOperation) -> bool:
    if isinstance(op, Conv2DOp):
        return op.groups > 1
    return not isinstance(op, PointwiseOp | LinearOp)


def _channel_step(op: LayerOperation) -> int:
    if isinstance(op, Conv2DOp) and op.groups > 1:
        return _map_shape(op.result)[0] // op.groups
    if isinstance(op, ShuffleOp) or (isinstance(op, ConcatOp) and op.joined_axis == 1):
        return _map_shape(op.result)[0]
    if isinstance(op, SumStepsOp) and op.reads_all_channels:
        return _map_shape(op.result)[0]
    return 1


def _whole(op: LayerOperation) -> tuple[bool, bool]:
    axis = op.joined_axis if isinstance(op, ConcatOp) else None
    return axis == 2, axis == 3


def _window(op: LayerOperation, height: int, width: int) -> WindowAttr:
    if isinstance(op, ConvolutionOperation | PoolOperation | PadOp | SliceOp):
        return op.window
    if isinstance(op, LinearOp):
        return WindowAttr.of((height, width))
    return WindowAttr.of((1, 1))
