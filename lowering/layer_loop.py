"""Turns layers on tensors into loops over tiles: transfers to L1, kernel, transfer back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from xdsl.builder import ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import memref
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from dsconv.dialects.attributes import Schedule, ScheduleAttr, Space, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import (
    ConstantOp,
    LayerOperation,
    layout_of,
    tensor_bytes,
    tensor_type,
)
from dsconv.dialects.records import (
    RecordAttr,
)
from dsconv.dialects.tiled import (
    PARTS,
    BarrierOp,
    BoxAttr,
    BufferOp,
    DmaStartOp,
    FillOp,
    KernelOp,
    LayerOp,
    RunOp,
    SlotOp,
    WaitOp,
    buffer_type,
)
from dsconv.lowering.building import (
    Index,
    add,
    divide,
    index_value,
    is_any,
    is_different,
    is_equal,
    loop,
    maximum,
    minimum,
    multiply,
    remainder,
    select,
    subtract,
)
from dsconv.lowering.callers import pass_buffers
from dsconv.lowering.channel_loop import FusedChannelsLowering
from dsconv.lowering.fused_layer import plan_of
from dsconv.lowering.maps import Map, tile_start
from dsconv.lowering.network_checks import check_layers_alone
from dsconv.lowering.row_loop import FusedRowsLowering
from dsconv.lowering.strips import Strips
from dsconv.lowering.tile_kernels import (
    KernelTable,
    Symbols,
    requantised_channels,
    tile_kernel,
)
from dsconv.lowering.weights import Chunk, cut_weights
from dsconv.passes.analysis.contiguous_parts import contiguous_parts
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.analysis.layer_shape import LayerShape, TileLoops
from dsconv.passes.analysis.networks import networks
from dsconv.passes.analysis.target_cluster import cluster_of, memory_limit
from dsconv.passes.analysis.weight_packing import ParameterisedOperation, pack_parameters
from dsconv.passes.scheduling.channel_plan import ChannelPlan
from dsconv.passes.scheduling.fused_plan import estimated_cost
from dsconv.passes.scheduling.kept_rows import KeptRows
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.legality import WEIGHT_PIECES


@dataclass(frozen=True)
class TilePlace:
    """First row and column of an input tile in its map, and of its first window in the tile."""

    y: Index
    x: Index
    window_y: Index
    window_x: Index


@dataclass(frozen=True)
class TilePosition:
    """First channel, row and column of an output tile, and when its inputs are loaded.

    A version counts what is loaded into one buffer; `first_of_...` holds in the tile that brings a
    new version, None where every tile does.
    """

    channel: Index
    row: Index
    column: Index
    input_version: Index
    weight_version: Index
    first_of_inputs: SSAValue | None
    first_of_weights: SSAValue | None


class LayerLowering:
    """Writes one layer. L1 holds one tile of each tensor at a time."""

    def __init__(
        self,
        op: LayerOperation,
        inputs: Sequence[SSAValue],
        output: SSAValue,
        kernels: KernelTable,
        chunk_bytes: int = 0,
    ):
        if op.tile is None:
            raise OperationError(op, f'layer "{op.label}" has no tile; run tile-l1 before')
        self.op = op
        self.tile = op.tile.tile
        self.layer_shape = LayerShape.of(op)
        self.inputs = [
            Map.of(buffer, value) for buffer, value in zip(inputs, op.activations, strict=True)
        ]
        self.output = Map.of(output, op.result)
        self.record: RecordAttr | None = None
        self.chunks = [Chunk(self.layer_shape, 0, None)]
        if isinstance(op, ParameterisedOperation):
            self.record, packed = pack_parameters(op)
            self.chunks = list(
                cut_weights(op.label, self.layer_shape, self.tile, packed, chunk_bytes)
            )
        for chunk in self.chunks:
            if chunk.weights is not None:
                kernels.symbols.settle(chunk.weights)
        self.kernel = kernels.symbol(self._kernel())

    @property
    def constants(self) -> list[memref.GlobalOp]:
        """The layer's weights in L2."""
        return [chunk.weights for chunk in self.chunks if chunk.weights is not None]

    def write(self, estimate: int) -> LayerOp:
        """The layer with its loop over tiles, at the current insertion point."""
        layer_shape, tile = self.layer_shape, self.tile
        body = Block()
        with ImplicitBuilder(body):
            self.input_tiles = [
                BufferOp(
                    f"{self.op.label}.x{number}",
                    layer_shape.input_buffer_bytes(tile, number),
                    Space.L1,
                )
                for number in range(len(layer_shape.inputs))
            ]
            if self.record is not None:
                size = layer_shape.weight_bytes(tile)
                self.weights_tile = BufferOp(f"{self.op.label}.w", size, Space.L1)
            self.output_tile = BufferOp(
                f"{self.op.label}.y", layer_shape.output_bytes(tile), Space.L1
            )
            self._fill_pad_pixel()
            for chunk in self.chunks:
                self._tiles(chunk)
        narrow, wide = requantised_channels(self.op)
        return LayerOp(
            self.op.label,
            self.op.kind,
            self.output.buffer,
            tensor_type(self.op.result),
            Region(body),
            tile=TileAttr.of(tile),
            schedule=ScheduleAttr.of(Schedule((self.inputs[0].layout, self.output.layout))),
            macs=self.op.macs,
            estimate=estimate,
            narrow_channels=narrow,
            wide_channels=wide,
        )

    def _tiles(self, chunk: Chunk) -> None:
        """What is loaded once before the loop; the rest in every tile, or when it changes."""
        layer_shape, tile = chunk.layer_shape, self.tile
        weights = None
        if chunk.weights is not None:
            weights = memref.GetGlobalOp(chunk.weights.sym_name.data, chunk.weights.type).memref
        inputs_once = layer_shape.input_versions(tile) == 1
        weights_once = layer_shape.weight_versions(tile) == 1
        if weights_once:
            self._load_weights(weights, 0, self.weights_buffer(0), None)
        if inputs_once and not (chunk.first_channel and self.layer_shape.input_versions(tile) == 1):
            channel = chunk.first_channel
            self._load_inputs(channel, self._place(0, 0), self.input_buffers(0), None)
        strips = Strips.of(layer_shape, tile, self.inputs[0])
        with loop(0, layer_shape.tiles(tile), "tile") as number:
            position = self._position(number, layer_shape)
            channel = add(position.channel, chunk.first_channel)
            place = self._place(position.row, position.column)
            if strips is not None:
                before = self.input_buffers(maximum(subtract(position.input_version, 1), 0))
                here = self.input_buffers(position.input_version)
                strips.move(position.row, before[0], here[0])
            target = self.weights_buffer(0 if weights_once else position.weight_version)
            if not weights_once:
                self._load_weights(weights, position.channel, target, position.first_of_weights)
            inputs = self.input_buffers(0 if inputs_once else position.input_version)
            if strips is not None:
                strips.load(position.row, self._input_channel(channel, 0), inputs[0])
            elif not inputs_once:
                self._load_inputs(channel, place, inputs, position.first_of_inputs)
            output = self.slot(self.output_tile, number, self.layer_shape.tiles(tile))
            self._compute(inputs, target, output, place)
            self._store(output, channel, position)

    def _position(self, number: Index, layer_shape: LayerShape) -> TilePosition:
        """Channel, row and column of tile `number`, and which loads it is the first to need."""
        tile = self.tile
        loops = layer_shape.tile_loops(tile)
        across = ceil(layer_shape.columns / tile.columns)
        outer_tile = 0 if loops.outer == 1 else divide(number, loops.inner)
        inner_step = number if loops.outer == 1 else remainder(number, loops.inner)
        inner_tile = self._inner_tile(outer_tile, inner_step, loops)
        channel_tile, pixel_tile = outer_tile, inner_tile
        if not loops.channels_outermost:
            channel_tile, pixel_tile = inner_tile, outer_tile
        changes = None if loops.inner == 1 else is_equal(inner_step, 0)

        def version(versions: int, *, is_outer: bool) -> tuple[Index, SSAValue | None]:
            """What is loaded for the tile, and whether it is the first that needs it."""
            if versions == layer_shape.tiles(tile):
                return number, None
            if is_outer or not layer_shape.turns(tile):
                return outer_tile, changes
            return subtract(number, outer_tile), is_any(
                is_different(inner_step, 0), is_equal(outer_tile, 0)
            )

        outermost = loops.channels_outermost
        inputs = version(layer_shape.input_versions(tile), is_outer=not outermost)
        weights = version(layer_shape.weight_versions(tile), is_outer=outermost)
        return TilePosition(
            channel=tile_start(channel_tile, layer_shape.kernels, tile.channels, "k"),
            row=tile_start(divide(pixel_tile, across), layer_shape.rows, tile.rows, "oy"),
            column=tile_start(
                remainder(pixel_tile, across), layer_shape.columns, tile.columns, "ox"
            ),
            input_version=inputs[0],
            weight_version=weights[0],
            first_of_inputs=inputs[1],
            first_of_weights=weights[1],
        )

    def _inner_tile(self, outer_tile: Index, step: Index, loops: TileLoops) -> Index:
        """The tile of the inner loop in a step: in Scan order every second pass runs back.

        Not where its strips keep rows, which goes down the map.
        """
        if not self.tile.order.turns or loops.outer == 1 or loops.inner == 1:
            return step
        if KeptRows.of(self.layer_shape, self.tile) is not None:
            return step
        back = is_equal(remainder(outer_tile, 2), 1)
        tile = select(back, subtract(loops.inner - 1, step), step)
        if isinstance(tile, SSAValue):
            tile.name_hint = "there_and_back"
        return tile

    def slot(self, buffer: BufferOp, version: Index, versions: int) -> SSAValue:
        """The part of a buffer for one version of its contents."""
        if versions == 1:
            return buffer.result
        return SlotOp(buffer.result, index_value(version), buffer.size).result

    def input_buffers(self, version: Index) -> list[SSAValue]:
        """The input tiles of one version."""
        versions = self.layer_shape.input_versions(self.tile)
        return [self.slot(buffer, version, versions) for buffer in self.input_tiles]

    def weights_buffer(self, version: Index) -> SSAValue | None:
        """The channel records of one version; None for layers without weights."""
        if self.record is None:
            return None
        return self.slot(self.weights_tile, version, self.layer_shape.weight_versions(self.tile))

    def _fill_pad_pixel(self) -> None:
        if not self.layer_shape.padded:
            return
        BarrierOp()
        size = self.layer_shape.pad_bytes(self.tile)
        offset = self.layer_shape.input_bytes(self.tile)
        FillOp(self.input_tiles[0].result, offset, size, self.op.pad_value)

    def _load_weights(
        self,
        weights: SSAValue | None,
        channel: Index,
        target: SSAValue | None,
        condition: SSAValue | None,
    ) -> None:
        if self.record is None or weights is None or target is None:
            return
        offset = index_value(multiply(channel, self.record.size))
        box = BoxAttr.of(self.layer_shape.weight_bytes(self.tile))
        start = DmaStartOp(weights, offset, target, index_value(0), box, condition, parameters=True)
        WaitOp(start, condition)

    def _place(self, row: Index, column: Index) -> TilePlace:
        """Where the input of the tile lies whose first output is at `row`, `column`."""
        y, window_y = input_place(self.layer_shape, self.tile, row, 0)
        x, window_x = input_place(self.layer_shape, self.tile, column, 1)
        return TilePlace(y, x, window_y, window_x)

    def _input_channel(self, channel: Index, number: int) -> Index:
        """First channel of an input that a tile reads whose first output channel is `channel`."""
        layer_shape = self.layer_shape
        first_step = divide(channel, layer_shape.channel_step) if layer_shape.channelwise else 0
        return multiply(first_step, layer_shape.step_channels(number))

    def _load_inputs(
        self,
        channel: Index,
        place: TilePlace,
        targets: Sequence[SSAValue],
        condition: SSAValue | None,
    ) -> None:
        layer_shape = self.layer_shape
        transfers: list[DmaStartOp] = []
        for number, (source, target) in enumerate(zip(self.inputs, targets, strict=True)):
            first = self._input_channel(channel, number)
            starts = (
                0 if size == 1 else start
                for size, start in zip(
                    layer_shape.inputs[number], (first, place.y, place.x), strict=True
                )
            )
            offset = index_value(source.offset(*map(add, layer_shape.origin, starts)))
            box = source.box(*layer_shape.input_tile(self.tile, number))
            start = DmaStartOp(source.buffer, offset, target, index_value(0), box, condition)
            transfers.append(start)
        for transfer in transfers:
            WaitOp(transfer, condition)

    def _compute(
        self,
        inputs: Sequence[SSAValue],
        weights: SSAValue | None,
        output: SSAValue,
        place: TilePlace,
    ) -> None:
        parameters = [] if weights is None else [weights]
        BarrierOp()
        RunOp(
            self.kernel,
            [*inputs, *parameters, output],
            index_value(place.window_y),
            index_value(place.window_x),
        )
        BarrierOp()

    def _store(self, output: SSAValue, channel: Index, position: TilePosition) -> None:
        tile = self.tile
        offset = self.output.offset(channel, position.row, position.column)
        box = self.output.box(tile.channels, tile.rows, tile.columns)
        WaitOp(DmaStartOp(output, index_value(0), self.output.buffer, index_value(offset), box))

    def _kernel(self) -> KernelOp:
        layer_shape, tile = self.layer_shape, self.tile
        return tile_kernel(
            self.op,
            self.record,
            [layer_shape.input_tile(tile, number) for number in range(len(layer_shape.inputs))],
            (tile.channels, tile.rows, tile.columns),
            layer_shape.window,
            starts=window_starts(layer_shape, tile),
        )


def input_start(start: Index, last: int, pad_before: int, pad_after: int) -> tuple[Index, Index]:
    """Start of an input tile in its map, and of the first window relative to it.

    The tile lies as near the window as the map allows: `last` is the largest start. Without padding
    windows never leave the map.
    """
    if not pad_before and not pad_after:
        return start, 0
    window = add(start, -pad_before)
    if last == 0:
        return 0, window
    moved = minimum(maximum(window, 0), last)
    return moved, subtract(window, moved)


def input_place(
    layer_shape: LayerShape, tile: Tile, start: Index, axis: int
) -> tuple[Index, Index]:
    """Where a tile's input begins in its map, along rows or columns, and its first window in it.

    `start` is the tile's first output. The first output of a resize begins that many repetitions
    behind the first one of its input tile; that of an interpolation is given in parts of a pixel.
    """
    _, *sizes = layer_shape.inputs[0]
    last = sizes[axis] - layer_shape.input_tile(tile)[1 + axis]
    factor = layer_shape.factors[axis]
    if factor > 1:
        place = minimum(divide(start, factor), last)
        return place, subtract(start, multiply(place, factor))
    if layer_shape.places is not None:
        step, offset, parts = layer_shape.places[axis]
        place = add(multiply(start, step), offset)
        lowest = add(place, min((tile.sizes[1 + axis] - 1) * step, 0))
        first = minimum(divide(maximum(lowest, 0), parts), last)
        return first, subtract(place, multiply(first, parts))
    before, after = layer_shape.window.pads[axis::2]
    return input_start(multiply(start, layer_shape.strides[axis]), last, before, after)


def window_starts(layer_shape: LayerShape, tile: Tile) -> tuple[list[int], list[int]]:
    """Rows, and columns, where the first window of a tile may begin in the tile's input."""
    dimensions = ((layer_shape.rows, tile.rows), (layer_shape.columns, tile.columns))
    starts: list[list[int]] = []
    for axis, (size, part) in enumerate(dimensions):
        firsts = (min(first, size - part) for first in range(0, size, part))
        found = {input_place(layer_shape, tile, first, axis)[1] for first in firsts}
        starts.append(sorted(start for start in found if isinstance(start, int)))
    return starts[0], starts[1]


CALLERS_LAYOUT = "write #dsconv.layout<chw> or <hwc> to its type, as the caller has the bytes"


def check_network(function: FuncOp) -> ReturnOp:
    """The return of a network; DiagnosticException where it is no network with layouts."""
    network = f'network "{function.sym_name.data}"'
    returned = check_layers_alone(function, "cannot be tiled")
    for number, value in enumerate(returned.arguments):
        check_layout(returned, value, f"output {number} of {network}", CALLERS_LAYOUT)
    for op in function.body.block.ops:
        if not isinstance(op, LayerOperation):
            continue
        check_layout(op, op.result, f'output of layer "{op.label}"', "run select-layout before")
        for value in op.activations:
            if isinstance(value, BlockArgument):
                check_layout(op, value, f"input {value.index} of {network}", CALLERS_LAYOUT)
            elif isinstance(value.owner, ConstantOp):
                raise OperationError(op, f'an activation of layer "{op.label}" is a constant')
    return returned


def check_layout(op: Operation, value: SSAValue, subject: str, advice: str) -> None:
    """Raises DiagnosticException where the layout of an activation is not chosen yet."""
    if layout_of(value) is None:
        raise OperationError(op, f"{subject} has no layout; {advice}")


def lower_function(
    function: FuncOp, symbols: Symbols, costs: CostModel, chunk_bytes: int
) -> list[Operation]:
    """A network on tensors becomes kernels, constants and a function on L2 buffers.

    The function takes the inputs' buffers, then the outputs'.
    """
    old = function.body.block
    returned = check_network(function)
    argument_types = [_l2_type(value) for value in (*old.args, *returned.arguments)]
    new = FuncOp(function.sym_name.data, (argument_types, []))
    new.attributes.update(function.attributes)
    if function.sym_visibility is not None:
        new.sym_visibility = function.sym_visibility
    buffers: dict[SSAValue, SSAValue] = dict(zip(old.args, new.args, strict=False))
    buffers |= dict(zip(returned.arguments, new.args[len(old.args) :], strict=True))
    kernels = KernelTable(symbols)
    constants: list[Operation] = []
    for op in old.ops:
        if not isinstance(op, LayerOperation):
            continue
        if op.result not in buffers:
            buffer = BufferOp(op.label, tensor_bytes(tensor_type(op.result)), Space.L2)
            new.body.block.add_op(buffer)
            buffers[op.result] = buffer.result
        lowering = layer_lowering(op, buffers, kernels, chunk_bytes)
        estimate = round(estimated_cost(op, costs).cycles)
        with ImplicitBuilder(new.body):
            layer = lowering.write(estimate)
        layer.attributes.update(op.attributes)
        layer.location = op.location
        if (parts := contiguous_parts(op)) is not None:
            layer.attributes[PARTS] = DenseArrayBase.from_list(i64, parts)
        constants += lowering.constants
    new.body.block.add_op(ReturnOp())
    return [*constants, *kernels.kernels, new]


def layer_lowering(
    op: LayerOperation,
    buffers: Mapping[SSAValue, SSAValue],
    kernels: KernelTable,
    chunk_bytes: int,
) -> LayerLowering | FusedRowsLowering | FusedChannelsLowering:
    """What writes a layer, given the L2 buffers of all activations up to it."""
    if not isinstance(op, FusedOp):
        inputs = [buffers[value] for value in op.activations]
        return LayerLowering(op, inputs, buffers[op.result], kernels, chunk_bytes)
    plan = plan_of(op)
    if isinstance(plan, ChannelPlan):
        return FusedChannelsLowering(op, plan, buffers, kernels)
    return FusedRowsLowering(op, plan, buffers, kernels)


def _l2_type(value: SSAValue):
    return buffer_type(tensor_bytes(tensor_type(value)), Space.L2)


@dataclass(frozen=True)
class LowerToTilesPass(ModulePass):
    """Lowers every function with dsconv layers; needs layouts and tiles chosen.

    Weights of a layer that are more than `chunk` bytes are cut into pieces, so that they can be
    brought to L2 one by one; 0 cuts none. By default they are a part of the target's L2.
    """

    name = "lower-to-tiles"

    chunk: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        symbols, costs = Symbols(op), CostModel.of(cluster_of(op))
        chunk = self.chunk
        if chunk is None:
            chunk = memory_limit(op, Space.L2, None) // WEIGHT_PIECES
        found = networks(op, LayerOperation)
        for function in found:
            lowered = lower_function(function, symbols, costs, chunk)
            pass_buffers(op, function.sym_name.data)
            op.body.block.insert_ops_before(lowered, function)
            Rewriter.erase_op(function)
