"""What a layer costs with its tiles: kernels and transfers, overlapped as the loop does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.tiled import BoxAttr, Shape
from dsconv.passes.costs import (
    NO_TRANSFER,
    KernelShape,
    TileShape,
    TransferCost,
    WindowShape,
    coefficients,
    dma_cycles,
    first_call_cycles,
    kernel_cycles,
)
from dsconv.passes.geometry import Geometry
from dsconv.passes.resident import ALL_MOVED, Resident

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

    def later(self, cycles: float) -> LayerCost:
        """The cost of what takes some cycles more."""
        return replace(self, cycles=self.cycles + cycles)


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


def output_transfer(geometry: Geometry, tile: Tile) -> TransferCost:
    """The transfer of an output tile to its map in L2."""
    return tile_transfer(
        geometry.output_layout,
        (geometry.kernels, geometry.rows, geometry.columns),
        (tile.channels, tile.rows, tile.columns),
        element_bytes=geometry.result_bytes,
        store=True,
    )


def kernel_shape(geometry: Geometry, tile: Tile) -> KernelShape:
    """The kernel that computes one tile."""
    return KernelShape(
        geometry.kind,
        TileShape(*geometry.input_tile(tile), geometry.input_layout),
        TileShape(tile.channels, tile.rows, tile.columns, geometry.output_layout),
        WindowShape(geometry.kernel_size, geometry.strides, geometry.padded),
        geometry.input_layouts[1:],
        geometry.wide,
    )


@dataclass(frozen=True)
class TileLoop:
    """The loop over a layer's tiles: what is loaded before it, and what in its iterations.

    `steps`: numbers of iterations, and what each of them loads. Inputs or weights may change more
    rarely than tiles.
    """

    before: tuple[TransferCost, ...]
    steps: tuple[tuple[int, tuple[TransferCost, ...]], ...]
    store: TransferCost
    compute: float

    @staticmethod
    def of(geometry: Geometry, tile: Tile, cores: int, resident: Resident) -> TileLoop:
        """The loop of a layer with its tiles."""
        inputs = tuple(
            NO_TRANSFER
            if number == resident.number
            else tile_transfer(layout, input_map, geometry.input_tile(tile, number))
            for number, (layout, input_map) in enumerate(
                zip(geometry.input_layouts, geometry.inputs, strict=True)
            )
        )
        weights = (dma_cycles(geometry.weight_bytes(tile)),)
        loads = ((geometry.input_versions(tile), inputs), (geometry.weight_versions(tile), weights))
        changing = sorted((load for load in loads if load[0] > 1), key=lambda load: load[0])
        steps: list[tuple[int, tuple[TransferCost, ...]]] = []
        counted = 0
        for number, (versions, _) in enumerate(changing):
            together = tuple(chain.from_iterable(load for _, load in changing[number:]))
            steps.append((versions - counted, together))
            counted = versions
        steps.append((geometry.tiles(tile) - counted, ()))
        store = output_transfer(geometry, tile) if resident.stores else NO_TRANSFER
        before = tuple(chain.from_iterable(load for versions, load in loads if versions == 1))
        compute = kernel_cycles(kernel_shape(geometry, tile), cores)
        return TileLoop(before, tuple(steps), store, compute)

    @property
    def serial_cycles(self) -> float:
        """Cycles where every transfer is waited for."""
        cycles = total_cycles(self.before)
        for count, loads in self.steps:
            step = total_cycles(loads) + self.compute + self.store.cycles
            cycles += count * (step + coefficients()["layer"]["tile"])
        return cycles

    @property
    def pipelined_cycles(self) -> float:
        """Cycles where transfers overlap the computation of the tiles before and behind."""
        first, *_ = (loads for count, loads in self.steps if count)
        cycles = total_cycles(self.before) + total_cycles(first) + self.store.cycles
        for count, loads in self.steps:
            issue = self.store.issue + sum(load.issue for load in loads)
            loading = sum(load.engine for load in loads)
            computing = issue + self.compute + coefficients()["layer"]["pipelined_tile"]
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


def layer_cost(
    geometry: Geometry, tile: Tile, cores: int = 8, resident: Resident = ALL_MOVED
) -> LayerCost:
    """Estimated cost of a layer with its tiles."""
    loop = TileLoop.of(geometry, tile, cores, resident)
    serial = tile.buffers == 1 or geometry.tiles(tile) == 1
    cycles = loop.serial_cycles if serial else loop.pipelined_cycles
    return LayerCost(first_call_cycles(geometry.kind) + cycles, loop.transfer_cycles)
