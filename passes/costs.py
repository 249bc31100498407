"""What a layer costs on a cluster with a DMA: estimates, to compare tiles with each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dsconv.dialects.attributes import Tile
from dsconv.passes.geometry import Geometry

DMA_BYTES_PER_CYCLE = 8
"""Each way, both ways at once (measured on GVSoC's pulp-open)."""

TRANSFER_CYCLES = 40
"""To start a transfer and notice its end (measured on GVSoC's pulp-open)."""

L3_BYTES_PER_CYCLE = 1.0
"""From HyperRAM (measured on GVSoC's pulp-open)."""

L3_TRANSFER_CYCLES = 165
"""To start a transfer from a cluster core and for its latency (measured on GVSoC's pulp-open)."""

TILE_CYCLES = 150
"""Barriers, call and uneven cores, for each tile (estimate)."""

MACS_PER_CYCLE = {"conv2d": 5.0, "depthwise": 5.5, "pointwise": 16.0, "linear": 8.0}
"""Of eight cores with Xpulp kernels in L1 (estimate from benchmarks/kernels)."""

OUTPUTS_PER_CYCLE = 3.0
"""Of layers without weights (estimate)."""

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


def split_waste(items: int, cores: int) -> float:
    """Cores' time over useful time when `items` equal pieces are split over them."""
    return ceil(items / cores) * cores / items


def compute_cycles(geometry: Geometry, tile: Tile, cores: int) -> float:
    """Cycles of the cores for one tile."""
    outputs = geometry.output_bytes(tile)
    if geometry.macs:
        whole = geometry.kernels * geometry.rows * geometry.columns
        cycles = geometry.macs * outputs / whole / MACS_PER_CYCLE[geometry.kind]
    else:
        cycles = outputs * geometry.extent[0] * geometry.extent[1] / OUTPUTS_PER_CYCLE
    pixels = tile.rows * tile.columns
    if geometry.channelwise:
        waste = min(split_waste(tile.channels, cores), split_waste(tile.rows, cores))
    else:
        waste = split_waste(ceil(pixels / 4) * ceil(tile.channels / 4), cores)
    return cycles * waste


def layer_cost(geometry: Geometry, tile: Tile, cores: int) -> LayerCost:
    """Estimated cost of a layer: transfers before, between or beside the computation."""
    tiles = geometry.tiles(tile)
    once, loaded = 0, 0
    for versions, size in (
        (geometry.input_versions(tile), geometry.all_input_bytes(tile)),
        (geometry.weight_versions(tile), geometry.weight_bytes(tile)),
    ):
        if versions == 1:
            once += size
        else:
            loaded += versions * size
    before = once / DMA_BYTES_PER_CYCLE + TRANSFER_CYCLES
    load = loaded / DMA_BYTES_PER_CYCLE / tiles + TRANSFER_CYCLES
    store = geometry.stored_bytes(tile) / DMA_BYTES_PER_CYCLE / tiles + TRANSFER_CYCLES
    compute = compute_cycles(geometry, tile, cores) + TILE_CYCLES
    if tile.buffers == 1 or tiles == 1:
        cycles = before + tiles * (load + compute + store)
    else:
        cycles = before + load + tiles * max(load, compute, store) + store
    return LayerCost(cycles, before + tiles * (load + store))
