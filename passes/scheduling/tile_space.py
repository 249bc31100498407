"""Tiles of a layer alone, with what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dsconv.dialects.attributes import Layout, Tile, TileOrder
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.even_splits import even_splits
from dsconv.passes.scheduling.kernel_cost import CostModel, kernel_cycles
from dsconv.passes.scheduling.l1_residency import (
    NOTHING_RESIDENT,
    Residency,
    l1_bytes_with,
    moved_bytes,
)
from dsconv.passes.scheduling.layer_cost import LayerCost, kernel_shape, layer_cost
from dsconv.passes.scheduling.pareto import pareto_front

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
    layer_shape: LayerShape, l1: int, costs: CostModel, given: Tile | None, residency: Residency
) -> list[PricedTile]:
    """Tiles that fit, or the given one; those that are hopeless by their kernels are left out."""
    priced: list[PricedTile] = []
    best: list[PricedTile] = []
    for fitting in tiles_with(residency, layer_shape, l1, costs, given):
        moved, least = fitting.moved_bytes, fitting.kernel_cycles
        hopes = (HOPELESS * one.cost.objective for one in best if one.moved_bytes <= moved)
        if least <= min(hopes, default=least):
            cost = all_moved = layer_cost(layer_shape, fitting.tile, costs)
            if residency != NOTHING_RESIDENT:
                cost = layer_cost(layer_shape, fitting.tile, costs, residency)
            saved = all_moved.cycles - cost.cycles
            priced.append(PricedTile(fitting.tile, cost, moved, saved))
            best = pareto_front([*best, priced[-1]])
    return priced


def tiles_with(
    residency: Residency, layer_shape: LayerShape, l1: int, costs: CostModel, given: Tile | None
) -> Iterator[FittingTile]:
    """Tiles that fit beside what is to stay in L1 as a whole; the largest first."""
    for fitting in tiles_with_kernels(layer_shape, l1, costs, given):
        if residency == NOTHING_RESIDENT:
            yield fitting
            continue
        size = l1_bytes_with(layer_shape, fitting.tile, residency)
        if size is not None and size <= l1:
            moved = moved_bytes(layer_shape, fitting.tile, residency)
            yield FittingTile(fitting.tile, moved, fitting.kernel_cycles)


@cache
def tiles_with_kernels(
    layer_shape: LayerShape, l1: int, costs: CostModel, given: Tile | None
) -> list[FittingTile]:
    """Tiles that fit, or the given one; the largest first."""
    overhead = min(costs.layer["tile"], costs.layer["pipelined_tile"])
    in_any_layout = layer_shape.with_layouts([Layout.HWC] * len(layer_shape.inputs), Layout.HWC)
    found: list[FittingTile] = []
    for count, moved, tile in fitting_tiles(in_any_layout, l1, given):
        kernel = kernel_cycles(kernel_shape(layer_shape, tile), costs)
        found.append(FittingTile(tile, moved, count * (kernel + overhead)))
    return found


@cache
def fitting_tiles(
    layer_shape: LayerShape, l1: int, given: Tile | None
) -> list[tuple[int, int, Tile]]:
    """Tiles that fit, or the given one, behind their number and bytes moved; the largest first."""
    tiles = [given] if given else candidate_tiles(layer_shape, (1, 2))
    fitting = [tile for tile in tiles if layer_shape.l1_bytes(tile) <= l1]
    priced = [(layer_shape.tiles(tile), layer_shape.moved_bytes(tile), tile) for tile in fitting]
    return sorted(priced, key=lambda item: item[0])


def candidate_tiles(layer_shape: LayerShape, buffers: Sequence[int]) -> Iterator[Tile]:
    """Tiles to choose from; columns are cut only after rows, since a cut row is a slow transfer."""
    least = layer_shape.smallest_tile
    rows = [(size, layer_shape.columns) for size in even_splits(layer_shape.rows)]
    columns = [(least.rows, size) for size in even_splits(layer_shape.columns)[1:]]
    pixels = [size for size in rows + columns if size[0] >= least.rows and size[1] >= least.columns]
    step = least.channels
    for steps in even_splits(layer_shape.kernels // step, multiple=4 if step == 1 else 1):
        channels = steps * step
        for size in pixels:
            whole = channels == layer_shape.kernels or size == (
                layer_shape.rows,
                layer_shape.columns,
            )
            for order in (TileOrder.WEIGHTS,) if whole else TileOrder:
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
