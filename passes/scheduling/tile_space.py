"""Tiles of a layer alone, with what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from dsconv.dialects.attributes import Layout, Tile, TileOrder
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.even_splits import even_splits
from dsconv.passes.scheduling.kept_rows import KeptRows, loaded_input_bytes
from dsconv.passes.scheduling.kernel_cost import CostModel, kernel_cycles
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT, Residency, l1_bytes_with
from dsconv.passes.scheduling.layer_cost import LayerCost, kernel_shape, layer_cost
from dsconv.passes.scheduling.pareto import pareto_front


def loop_orders(
    layer_shape: LayerShape, sizes: Tile, *, has_two_loops: bool
) -> Iterator[TileOrder]:
    """Orders of tile loops that are worth trying: Scan order where it saves a tile, or rows."""
    if has_two_loops and not layer_shape.channelwise:
        yield TileOrder.SCAN
        yield TileOrder.SCAN_PIXELS
        return
    yield TileOrder.WEIGHTS
    if has_two_loops:
        yield TileOrder.PIXELS
    if KeptRows.of(layer_shape, replace(sizes, order=TileOrder.SCAN)) is not None:
        yield TileOrder.SCAN


HOPELESS = 1.1
"""How many times the cost of another tile, which moves no more, one has that is not even kept."""


class PricedTile(NamedTuple):
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


class FittingTile(NamedTuple):
    """A tile that fits L1 in any layout, how many there are, and bytes that all of them move."""

    tile: Tile
    tiles: int
    loaded_bytes: tuple[int, ...]
    stored_bytes: int

    @staticmethod
    def of(layer_shape: LayerShape, tile: Tile) -> FittingTile:
        """A tile of a layer."""
        inputs = range(len(layer_shape.inputs))
        return FittingTile(
            tile,
            layer_shape.tiles(tile),
            tuple(loaded_input_bytes(layer_shape, tile, number) for number in inputs),
            layer_shape.stored_bytes(tile),
        )

    def moved_bytes(self, residency: Residency) -> int:
        """Bytes of activations that all tiles move beside what stays in L1."""
        moved = sum(self.loaded_bytes)
        if residency.number is not None:
            moved -= self.loaded_bytes[residency.number]
        return moved + self.stored_bytes if residency.stores else moved


@cache
def priced_tiles(
    layer_shape: LayerShape, l1: int, costs: CostModel, given: Tile | None, residency: Residency
) -> list[PricedTile]:
    """Tiles that fit beside what stays in L1, or the given one; the largest first.

    Those that are hopeless by their kernels are left out.
    """
    priced: list[PricedTile] = []
    best: list[PricedTile] = []
    for fitting, least in tiles_with_kernels(layer_shape, l1, costs, given):
        tile, moved = fitting.tile, fitting.moved_bytes(residency)
        if any(
            least > HOPELESS * one.cost.objective for one in best if one.moved_bytes <= moved
        ) or not fits_with(residency, layer_shape, tile, l1):
            continue
        cost = all_moved = layer_cost(layer_shape, tile, costs)
        if residency != NOTHING_RESIDENT:
            cost = layer_cost(layer_shape, tile, costs, residency)
        priced.append(PricedTile(tile, cost, moved, all_moved.cycles - cost.cycles))
        best = pareto_front([*best, priced[-1]])
    return priced


def fits_with(residency: Residency, layer_shape: LayerShape, tile: Tile, l1: int) -> bool:
    """Whether a tile that fits alone fits beside what is to stay in L1 as a whole."""
    if residency == NOTHING_RESIDENT:
        return True
    size = l1_bytes_with(layer_shape, tile, residency)
    return size is not None and size <= l1


@cache
def tiles_with_kernels(
    layer_shape: LayerShape, l1: int, costs: CostModel, given: Tile | None
) -> list[tuple[FittingTile, float]]:
    """Tiles that fit, or the given one, with the cycles of their kernels; the largest first."""
    overhead = min(costs.layer["tile"], costs.layer["pipelined_tile"])
    in_any_layout = layer_shape.with_layouts([Layout.HWC] * len(layer_shape.inputs), Layout.HWC)
    fitting = fitting_tiles(in_any_layout, l1, given)
    kernels = {
        one.tile.sizes: kernel_cycles(kernel_shape(layer_shape, one.tile), costs)
        for one in {one.tile.sizes: one for one in fitting}.values()
    }
    return [(one, one.tiles * (kernels[one.tile.sizes] + overhead)) for one in fitting]


@cache
def fitting_tiles(layer_shape: LayerShape, l1: int, given: Tile | None) -> list[FittingTile]:
    """Tiles that fit, or the given one; the largest first."""
    tiles = [given] if given else candidate_tiles(layer_shape, (1, 2))
    fitting = [tile for tile in tiles if layer_shape.l1_bytes(tile) <= l1]
    found = [FittingTile.of(layer_shape, tile) for tile in fitting]
    return sorted(found, key=lambda one: one.tiles)


def candidate_tiles(layer_shape: LayerShape, buffers: Sequence[int]) -> Iterator[Tile]:
    """Tiles to choose from; columns are cut only after rows, since a cut row is a slow transfer.

    Rows and columns that a resize repeats stay together.
    """
    least, (fy, fx) = layer_shape.smallest_tile, layer_shape.factors
    rows = [(fy * size, layer_shape.columns) for size in even_splits(layer_shape.rows // fy)]
    columns = [(least.rows, fx * size) for size in even_splits(layer_shape.columns // fx)[1:]]
    pixels = [size for size in rows + columns if size[0] >= least.rows and size[1] >= least.columns]
    step = least.channels
    for steps in even_splits(layer_shape.kernels // step, multiple=4 if step == 1 else 1):
        channels = steps * step
        for size in pixels:
            whole = channels == layer_shape.kernels or size == (
                layer_shape.rows,
                layer_shape.columns,
            )
            sizes = Tile(channels, *size)
            for order in loop_orders(layer_shape, sizes, has_two_loops=not whole):
                for count in buffers:
                    yield Tile(channels, *size, order, count)


def smallest_l1(layer_shape: LayerShape) -> int:
    """Bytes of L1 below which the layer has no tile at all."""
    return layer_shape.l1_bytes(layer_shape.smallest_tile)


def choose_tile(
    layer_shape: LayerShape, l1_bytes: int, costs: CostModel, buffers: Sequence[int] = (1, 2)
) -> Tile | None:
    """The tile of least estimated cost, the larger one of two equals; None where none fits."""

    def cost(tile: Tile) -> tuple[float, int, int]:
        return (
            layer_cost(layer_shape, tile, costs).objective,
            layer_shape.tiles(tile),
            tile.buffers,
        )

    fitting = (
        tile
        for tile in candidate_tiles(layer_shape, buffers)
        if layer_shape.l1_bytes(tile) <= l1_bytes
    )
    return min(fitting, key=cost, default=None)
