"""Tiles of a layer alone, with what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from dsconv.dialects.attributes import Layout, Tile
from dsconv.passes.costs import coefficients, kernel_cycles
from dsconv.passes.fronts import front
from dsconv.passes.geometry import Geometry
from dsconv.passes.layer_costs import LayerCost, kernel_shape, layer_cost
from dsconv.passes.resident import ALL_MOVED, Resident, l1_bytes_with, moved_bytes
from dsconv.passes.tile_l1 import candidates

HOPELESS = 1.1
"""How many times the cost of another tile, which moves no more, one has that is not even kept."""


@dataclass(frozen=True)
class PricedTile:
    """A tile, its cost, and bytes of activations moved.

    It would take `saved_cycles` more if nothing stayed in L1.
    """

    tile: Tile
    cost: LayerCost
    moved_bytes: int
    saved_cycles: float

    @property
    def cycles(self) -> float:
        """Cycles of all tiles."""
        return self.cost.cycles


@dataclass(frozen=True)
class FittingTile:
    """A tile that fits L1, bytes of activations moved if all are, and its kernels' cycles."""

    tile: Tile
    moved_bytes: int
    kernel_cycles: float


@cache
def priced_tiles(
    geometry: Geometry, l1: int, cores: int, given: Tile | None, resident: Resident
) -> list[PricedTile]:
    """Tiles that fit, or the given one; those that are hopeless by their kernels are left out."""
    priced: list[PricedTile] = []
    best: list[PricedTile] = []
    for fitting in tiles_with(resident, geometry, l1, cores, given):
        moved, least = fitting.moved_bytes, fitting.kernel_cycles
        hopes = (HOPELESS * one.cost.objective for one in best if one.moved_bytes <= moved)
        if least <= min(hopes, default=least):
            cost = all_moved = layer_cost(geometry, fitting.tile, cores)
            if resident != ALL_MOVED:
                cost = layer_cost(geometry, fitting.tile, cores, resident)
            saved = all_moved.cycles - cost.cycles
            priced.append(PricedTile(fitting.tile, cost, moved, saved))
            best = front([*best, priced[-1]])
    return priced


def tiles_with(
    resident: Resident, geometry: Geometry, l1: int, cores: int, given: Tile | None
) -> Iterator[FittingTile]:
    """Tiles that fit beside what is to stay in L1 as a whole; the largest first."""
    for fitting in tiles_with_kernels(geometry, l1, cores, given):
        if resident == ALL_MOVED:
            yield fitting
            continue
        size = l1_bytes_with(geometry, fitting.tile, resident)
        if size is not None and size <= l1:
            moved = moved_bytes(geometry, fitting.tile, resident)
            yield FittingTile(fitting.tile, moved, fitting.kernel_cycles)


@cache
def tiles_with_kernels(
    geometry: Geometry, l1: int, cores: int, given: Tile | None
) -> list[FittingTile]:
    """Tiles that fit, or the given one; the largest first."""
    costs = coefficients()["layer"]
    overhead = min(costs["tile"], costs["pipelined_tile"])
    in_any_layout = geometry.with_layouts([Layout.HWC] * len(geometry.inputs), Layout.HWC)
    found: list[FittingTile] = []
    for count, moved, tile in fitting_tiles(in_any_layout, l1, given):
        kernel = kernel_cycles(kernel_shape(geometry, tile), cores)
        found.append(FittingTile(tile, moved, count * (kernel + overhead)))
    return found


@cache
def fitting_tiles(geometry: Geometry, l1: int, given: Tile | None) -> list[tuple[int, int, Tile]]:
    """Tiles that fit, or the given one, behind their number and bytes moved; the largest first."""
    tiles = [given] if given else candidates(geometry, (1, 2))
    fitting = [tile for tile in tiles if geometry.l1_bytes(tile) <= l1]
    priced = [(geometry.tiles(tile), geometry.moved_bytes(tile), tile) for tile in fitting]
    return sorted(priced, key=lambda item: item[0])
