"""Chooses the size of every layer's tiles so that all its tensors fit L1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import TileAttr
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.geometry import Geometry


def even_splits(size: int, multiple: int = 1) -> list[int]:
    """Tile sizes that cut `size` into 1, 2, 3, ... nearly equal parts, largest first.

    Parts are rounded up to `multiple` where that leaves their number unchanged.
    """
    sizes: list[int] = []
    for parts in range(1, size + 1):
        part = ceil(size / parts)
        rounded = ceil(part / multiple) * multiple
        if rounded <= size and ceil(size / rounded) == ceil(size / part):
            part = rounded
        if part not in sizes:
            sizes.append(part)
    return sizes


def candidates(geometry: Geometry) -> Iterator[TileAttr]:
    """Tiles to choose from; columns are cut only after rows, since a cut row is a slow transfer."""
    for channels in even_splits(geometry.kernels, multiple=4):
        for outermost in TileAttr.ORDERS:
            for rows in even_splits(geometry.rows):
                yield TileAttr.of(channels, rows, geometry.columns, outermost)
            for columns in even_splits(geometry.columns)[1:]:
                yield TileAttr.of(channels, 1, columns, outermost)


def smallest_l1(geometry: Geometry) -> int:
    """Bytes of L1 below which the layer has no tile at all."""
    return geometry.l1_bytes(TileAttr.of(1, 1, 1))


def choose_tile(geometry: Geometry, l1_bytes: int) -> TileAttr | None:
    """The tile with the fewest bytes moved, then the fewest tiles; None where none fits."""

    def cost(tile: TileAttr) -> tuple[int, int]:
        tiles = geometry.channel_tiles(tile) * geometry.pixel_tiles(tile)
        return geometry.traffic(tile), tiles

    fitting = (tile for tile in candidates(geometry) if geometry.l1_bytes(tile) <= l1_bytes)
    return min(fitting, key=cost, default=None)


def explicit_tile(geometry: Geometry, sizes: Sequence[int], label: str) -> TileAttr:
    """A tile that the user asked for, cut to the layer's size."""
    if len(sizes) != 3 or min(sizes) < 1:
        raise DiagnosticException(
            f"{label}: tile-l1 takes sizes=channels,rows,columns, each at least 1, not "
            + ",".join(map(str, sizes))
        )
    channels, rows, columns = sizes
    return TileAttr.of(
        min(channels, geometry.kernels), min(rows, geometry.rows), min(columns, geometry.columns)
    )


@dataclass(frozen=True)
class TileL1Pass(ModulePass):
    """Writes a `tile` to every layer that has none.

    `l1` is what tiles, weights and scratch may take, in bytes; `sizes` asks for one tile size
    (channels, rows, columns) for every layer, cut where the layer is smaller.
    """

    name = "tile-l1"

    l1: int = 56 * 1024
    sizes: tuple[int, ...] | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for layer in op.walk():
            if isinstance(layer, LayerOperation) and layer.tile is None:
                layer.properties["tile"] = self._tile(layer)

    def _tile(self, layer: LayerOperation) -> TileAttr:
        geometry = Geometry.of(layer)
        if self.sizes is None:
            tile = choose_tile(geometry, self.l1)
        else:
            tile = explicit_tile(geometry, self.sizes, layer.label)
        if tile is None or geometry.l1_bytes(tile) > self.l1:
            needed = smallest_l1(geometry) if tile is None else geometry.l1_bytes(tile)
            raise DiagnosticException(
                f'layer "{layer.label}" ({layer.kind}) does not fit L1: it needs {needed} bytes, '
                f"{self.l1} are there; give at least {needed} bytes of L1 for tiles"
            )
        return tile
