"""What a layer costs with its tiles: kernels and transfers, overlapped as the loop does it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import chain
from math import ceil
from typing import NamedTuple

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.tiled import BoxAttr, Shape
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.analysis.xpulp_limits import WORD
from dsconv.passes.scheduling.kept_rows import KeptRows
from dsconv.passes.scheduling.kernel_cost import (
    NO_TRANSFER,
    CostModel,
    KernelShape,
    TileShape,
    TransferCost,
    WindowShape,
    coefficients,
    dma_cycles,
    first_call_cycles,
    kernel_cycles,
    weighted,
)
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT, Residency

TRAFFIC_WEIGHT = 0.25
"""Share of its transfer time that a byte costs even where the transfer is hidden: energy."""


class LayerCost(NamedTuple):
    """Cycles of a layer with its tiles, and the time its transfers take alone."""

    cycles: float
    transfer_cycles: float

    @property
    def objective(self) -> float:
        """What tile selection minimises."""
        return self.cycles + TRAFFIC_WEIGHT * self.transfer_cycles

    def later(self, cycles: float) -> LayerCost:
        """The cost of what takes some cycles more."""
        return LayerCost(self.cycles + cycles, self.transfer_cycles)


@cache
def tile_transfer(
    costs: CostModel,
    layout: Layout,
    map_shape: Shape,
    tile_shape: Shape,
    *,
    element_bytes: int = 1,
    plane_pitch: int = 0,
    store: bool = False,
) -> TransferCost:
    """The transfer of a tile of C x H x W elements from, or to, its map in L2."""
    box = BoxAttr.of_tile(
        layout, map_shape, tile_shape, element_bytes=element_bytes, plane_pitch=plane_pitch
    )
    return dma_cycles(costs, box.line_bytes, box.lines, box.blocks, store=store)


def input_transfers(
    costs: CostModel, layer_shape: LayerShape, tile: Tile, residency: Residency
) -> tuple[TransferCost, ...]:
    """The transfers of a tile of each input; none of what stays in L1 between layers."""
    return tuple(
        NO_TRANSFER
        if number == residency.number
        else tile_transfer(
            costs,
            layout,
            input_map,
            layer_shape.input_tile(tile, number),
            element_bytes=layer_shape.element_bytes[number],
        )
        for number, (layout, input_map) in enumerate(
            zip(layer_shape.input_layouts, layer_shape.inputs, strict=True)
        )
    )


def strip_transfer(
    costs: CostModel, layer_shape: LayerShape, tile: Tile, kept: KeptRows
) -> TransferCost:
    """The transfer of the rows that a strip loads beside those that stay."""
    channels, rows, columns = layer_shape.input_tile(tile)
    size = layer_shape.element_bytes[0]
    return tile_transfer(
        costs,
        layer_shape.input_layout,
        layer_shape.inputs[0],
        (channels, kept.step, columns),
        element_bytes=size,
        plane_pitch=rows * columns * size,
    )


def move_cycles(costs: CostModel, layer_shape: LayerShape, tile: Tile, kept: KeptRows) -> float:
    """Cycles in which all cores move the rows that a strip shares with the next one."""
    row = layer_shape.input_bytes(tile) // (kept.shared + kept.step)
    words = ceil(kept.shared * row / WORD / costs.core.count)
    return weighted({"call": 1, "word": words}, coefficients("layer")["move"])


def output_transfer(costs: CostModel, layer_shape: LayerShape, tile: Tile) -> TransferCost:
    """The transfer of an output tile to its map in L2."""
    return tile_transfer(
        costs,
        layer_shape.output_layout,
        (layer_shape.kernels, layer_shape.rows, layer_shape.columns),
        (tile.channels, tile.rows, tile.columns),
        element_bytes=layer_shape.result_bytes,
        store=True,
    )


def kernel_shape(layer_shape: LayerShape, tile: Tile) -> KernelShape:
    """The kernel that computes one tile."""
    return KernelShape(
        layer_shape.kind,
        TileShape(*layer_shape.input_tile(tile), layer_shape.input_layout),
        TileShape(tile.channels, tile.rows, tile.columns, layer_shape.output_layout),
        WindowShape(layer_shape.kernel_size, layer_shape.strides, layer_shape.padded),
        layer_shape.input_layouts[1:],
        layer_shape.wide,
        layer_shape.groups_of(tile),
        layer_shape.weight_zero_points,
        layer_shape.requantised_terms,
        max(layer_shape.element_bytes) > 1 or layer_shape.result_bytes > 1,
    )


NO_COST = LayerCost(0, 0)
"""Of a layer that is elided."""


class TileLoopCost(NamedTuple):
    """The loop over a layer's tiles: what is loaded before it, and what in its iterations.

    `steps`: numbers of iterations, and what each of them loads. Inputs or weights may change more
    rarely than tiles.
    """

    costs: CostModel
    before: tuple[TransferCost, ...]
    steps: tuple[tuple[int, tuple[TransferCost, ...]], ...]
    store: TransferCost
    compute: float

    @staticmethod
    def of(
        layer_shape: LayerShape, tile: Tile, costs: CostModel, residency: Residency
    ) -> TileLoopCost:
        """The loop of a layer with its tiles."""
        kept = KeptRows.of(layer_shape, tile)
        if kept is not None:
            inputs = (strip_transfer(costs, layer_shape, tile, kept),)
        else:
            inputs = input_transfers(costs, layer_shape, tile, residency)
        weights = (dma_cycles(costs, layer_shape.weight_bytes(tile)),)
        loads = (
            (layer_shape.input_versions(tile), inputs),
            (layer_shape.weight_versions(tile), weights),
        )
        changing = sorted((load for load in loads if load[0] > 1), key=lambda load: load[0])
        steps: list[tuple[int, tuple[TransferCost, ...]]] = []
        counted = 0
        for number, (versions, _) in enumerate(changing):
            together = tuple(chain.from_iterable(load for _, load in changing[number:]))
            steps.append((versions - counted, together))
            counted = versions
        steps.append((layer_shape.tiles(tile) - counted, ()))
        store = output_transfer(costs, layer_shape, tile) if residency.stores else NO_TRANSFER
        before = tuple(chain.from_iterable(load for versions, load in loads if versions == 1))
        compute = kernel_cycles(kernel_shape(layer_shape, tile), costs)
        if kept is not None:
            compute += move_cycles(costs, layer_shape, tile, kept)
        return TileLoopCost(costs, before, tuple(steps), store, compute)

    @property
    def serial_cycles(self) -> float:
        """Cycles where every transfer is waited for."""
        cycles = total_cycles(self.before)
        for count, loads in self.steps:
            step = total_cycles(loads) + self.compute + self.store.cycles
            cycles += count * (step + self.costs.layer["tile"])
        return cycles

    @property
    def pipelined_cycles(self) -> float:
        """Cycles where transfers overlap the computation of the tiles before and behind."""
        first, *_ = (loads for count, loads in self.steps if count)
        cycles = total_cycles(self.before) + total_cycles(first) + self.store.cycles
        for count, loads in self.steps:
            issue = self.store.issue + sum(load.issue for load in loads)
            loading = sum(load.engine for load in loads)
            computing = issue + self.compute + self.costs.layer["pipelined_tile"]
            cycles += count * max(computing, loading, self.store.engine)
        return cycles

    @property
    def transfer_cycles(self) -> float:
        """Cycles of the transfers alone."""
        return sum(load.engine for load in self.before) + sum(
            count * (self.store.engine + sum(load.engine for load in loads))
            for count, loads in self.steps
        )


def total_cycles(transfers: Iterable[TransferCost]) -> float:
    """Cycles of transfers one after the other."""
    return sum(transfer.cycles for transfer in transfers)


@cache
def layer_cost(
    layer_shape: LayerShape, tile: Tile, costs: CostModel, residency: Residency = NOTHING_RESIDENT
) -> LayerCost:
    """Estimated cost of a layer with its tiles."""
    loop = TileLoopCost.of(layer_shape, tile, costs, residency)
    serial = tile.buffers == 1 or layer_shape.tiles(tile) == 1
    cycles = loop.serial_cycles if serial else loop.pipelined_cycles
    return LayerCost(first_call_cycles(layer_shape.kind, costs) + cycles, loop.transfer_cycles)
