"""Chooses the size of every layer's tiles so that all its tensors fit L1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Space, Tile, TileAttr
from dsconv.dialects.fused import Axis, FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.capacity import DoesNotFitError
from dsconv.passes.chains import Chain
from dsconv.passes.even_splits import even_splits
from dsconv.passes.fused_channels import choose_channels
from dsconv.passes.geometry import Geometry
from dsconv.passes.layer_costs import layer_cost
from dsconv.passes.tile_fused import choose_step, smallest_needs


def candidates(geometry: Geometry, buffers: Sequence[int]) -> Iterator[Tile]:
    """Tiles to choose from; columns are cut only after rows, since a cut row is a slow transfer."""
    least = geometry.smallest_tile
    rows = [(size, geometry.columns) for size in even_splits(geometry.rows)]
    columns = [(least.rows, size) for size in even_splits(geometry.columns)[1:]]
    pixels = [size for size in rows + columns if size[0] >= least.rows and size[1] >= least.columns]
    step = least.channels
    for steps in even_splits(geometry.kernels // step, multiple=4 if step == 1 else 1):
        channels = steps * step
        for size in pixels:
            whole = channels == geometry.kernels or size == (geometry.rows, geometry.columns)
            for pixels_outermost in (False,) if whole else (False, True):
                for count in buffers:
                    yield Tile(channels, *size, pixels_outermost, count)


def smallest_l1(geometry: Geometry) -> int:
    """Bytes of L1 below which the layer has no tile at all."""
    return geometry.l1_bytes(geometry.smallest_tile)


def choose_tile(
    geometry: Geometry, l1_bytes: int, cores: int = 8, buffers: Sequence[int] = (1, 2)
) -> Tile | None:
    """The tile of least estimated cost, the larger one of two equals; None where none fits."""

    def cost(tile: Tile) -> tuple[float, int, int]:
        return (
            layer_cost(geometry, tile, cores).objective,
            geometry.tiles(tile),
            tile.buffers,
        )

    fitting = (
        tile for tile in candidates(geometry, buffers) if geometry.l1_bytes(tile) <= l1_bytes
    )
    return min(fitting, key=cost, default=None)


def explicit_tile(geometry: Geometry, sizes: Sequence[int], buffers: int, label: str) -> Tile:
    """A tile that the user asked for, cut to the layer's size."""
    if len(sizes) != 3 or min(sizes) < 1:
        raise DiagnosticException(
            f"{label}: tile-l1 takes sizes=channels,rows,columns, each at least 1, not "
            + ",".join(map(str, sizes))
        )
    channels, rows, columns = sizes
    least = geometry.smallest_tile
    return Tile(
        min(max(channels // least.channels, 1) * least.channels, geometry.kernels),
        min(max(rows, least.rows), geometry.rows),
        min(max(columns, least.columns), geometry.columns),
        buffers=buffers,
    )


@dataclass(frozen=True)
class TileL1Pass(ModulePass):
    """Writes a `tile` to every layer that has none.

    `l1` is what tiles, weights and scratch may take, in bytes; `cores` is what work is balanced
    for. `buffers` is 1, 2, or 0 to choose by cost for each layer. `sizes` asks for one tile size
    (channels, rows, columns) for every layer, cut where the layer is smaller.
    """

    name = "tile-l1"

    l1: int = 56 * 1024
    cores: int = 8
    buffers: int = 0
    sizes: tuple[int, ...] | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.buffers not in (0, 1, 2):
            raise DiagnosticException(f"tile-l1 takes buffers=0, 1 or 2, not {self.buffers}")
        for layer in op.walk():
            if not isinstance(layer, LayerOperation) or layer.tile is not None:
                continue
            if isinstance(layer, FusedOp):
                layer.properties["tile"] = TileAttr.of(self._step(layer))
            elif not isinstance(layer.parent_op(), FusedOp):
                layer.properties["tile"] = TileAttr.of(self._tile(layer))

    @property
    def _counts(self) -> tuple[int, ...]:
        return (self.buffers,) if self.buffers else (1, 2)

    def _step(self, fused: FusedOp) -> Tile:
        chain = Chain.of(fused.chain)
        by_channels = fused.axis is Axis.CHANNELS
        choose = choose_channels if by_channels else choose_step
        tile = choose(chain, self.l1, self.cores, self._counts)
        if tile is None:
            needed, _ = smallest_needs(chain, fused.axis)
            raise DoesNotFitError(
                Space.L1,
                f'fused layer "{fused.label}" does not fit L1: it needs {needed} bytes, {self.l1} '
                f"are there; give at least {needed} bytes of L1 for tiles, or fuse less",
            )
        return tile

    def _tile(self, layer: LayerOperation) -> Tile:
        geometry = Geometry.of(layer)
        if self.sizes is None:
            tile = choose_tile(geometry, self.l1, self.cores, self._counts)
        else:
            tile = explicit_tile(geometry, self.sizes, self._counts[0], layer.label)
        if tile is None or geometry.l1_bytes(tile) > self.l1:
            needed = smallest_l1(geometry) if tile is None else geometry.l1_bytes(tile)
            raise DoesNotFitError(
                Space.L1,
                f'layer "{layer.label}" ({layer.kind}) does not fit L1: it needs {needed} bytes, '
                f"{self.l1} are there; give at least {needed} bytes of L1 for tiles",
            )
        return tile
