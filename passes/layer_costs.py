"""What a layer costs with its tiles: kernels and transfers, overlapped as the loop does it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.tiled import BoxAttr, Shape
from dsconv.passes.costs import (
    KernelShape,
    TileShape,
    TransferCost,
    WindowShape,
    coefficients,
    dma_cycles,
    kernel_cycles,
)
from dsconv.passes.geometry import Geometry

TRAFFIC_WEIGHT = 0.25
"""Share of its transfer time that a byte costs even where the transfer is hidden: energy."""


@dataclass(frozen=True)
class LayerCost:
    """Cycles of a layer with its tiles, and the time its transfers take alone."""

    cycles: float
    transfer_cycles: float

    @property
    def objective(self) -> float:
        """What tile selection minimises."""
        return self.cycles + TRAFFIC_WEIGHT * self.transfer_cycles


@dataclass(frozen=True)
class Loads:
    """Transfers to L1 that are started together, one served after the other."""

    issue: float
    engine: float

    @staticmethod
    def of(*transfers: TransferCost) -> Loads:
        """The sum of transfers."""
        return Loads(
            sum(transfer.issue for transfer in transfers),
            sum(transfer.engine for transfer in transfers),
        )


@cache
def tile_transfer(
    layout: Layout,
    map_shape: Shape,
    tile_shape: Shape,
    *,
    element_bytes: int = 1,
    store: bool = False,
) -> TransferCost:
    """The transfer of a tile of C x H x W elements from, or to, its map in L2."""
    box = BoxAttr.of_tile(layout, map_shape, tile_shape, element_bytes=element_bytes)
    return dma_cycles(box.line_bytes, box.lines, box.blocks, store=store)


def kernel_shape(geometry: Geometry, tile: Tile) -> KernelShape:
    """The kernel that computes one tile."""
    return KernelShape(
        geometry.kind,
        TileShape(
            geometry.input_channels(tile),
            geometry.input_rows(tile),
            geometry.input_columns(tile),
            geometry.input_layout,
        ),
        TileShape(tile.channels, tile.rows, tile.columns, geometry.output_layout),
        WindowShape(geometry.window.kernel, geometry.strides),
        len(geometry.inputs),
        geometry.wide,
    )


def layer_cost(geometry: Geometry, tile: Tile, cores: int) -> LayerCost:
    """Estimated cost of a layer: transfers before, between or beside the computation.

    What does not change from tile to tile is loaded before the loop. In the loop, inputs or weights
    may change more rarely than tiles.
    """
    kernel = kernel_shape(geometry, tile)
    y = kernel.y
    output_map = geometry.kernels, geometry.rows, geometry.columns
    loads_x = [
        tile_transfer(geometry.input_layout, input_map, geometry.input_tile(tile, number))
        for number, input_map in enumerate(geometry.inputs)
    ]
    load_w = dma_cycles(geometry.weight_bytes(tile))
    store = tile_transfer(
        geometry.output_layout,
        output_map,
        (y.channels, y.height, y.width),
        element_bytes=geometry.result_bytes,
        store=True,
    )
    tiles = geometry.tiles(tile)
    before: list[TransferCost] = []
    changing: list[tuple[int, list[TransferCost]]] = []
    for versions, transfers in (
        (geometry.input_versions(tile), loads_x),
        (geometry.weight_versions(tile), [load_w] if geometry.record_bytes else []),
    ):
        if versions == 1:
            before += transfers
        else:
            changing.append((versions, transfers))
    changing.sort(key=lambda change: change[0])
    steps: list[tuple[int, Loads]] = []
    counted = 0
    for index, (versions, _) in enumerate(changing):
        together = [transfer for _, transfers in changing[index:] for transfer in transfers]
        steps.append((versions - counted, Loads.of(*together)))
        counted = versions
    steps.append((tiles - counted, Loads(0, 0)))
    compute = kernel_cycles(kernel, cores)
    cost = coefficients()["loop"]
    first = Loads.of(*before)
    alone = first.engine + sum(count * (loads.engine + store.engine) for count, loads in steps)
    cycles = cost["layer"] + first.issue + first.engine
    if tile.buffers == 1 or tiles == 1:
        for count, loads in steps:
            step = loads.issue + loads.engine + compute + store.issue + store.engine
            cycles += count * (step + cost["tile"])
        return LayerCost(cycles, alone)
    cycles += steps[0][1].issue + steps[0][1].engine + store.issue + store.engine
    for count, loads in steps:
        issue = loads.issue + store.issue
        step = issue + max(compute, loads.engine - issue, store.engine - issue)
        cycles += count * (step + cost["pipelined_tile"])
    return LayerCost(cycles, alone)
