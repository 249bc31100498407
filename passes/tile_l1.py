"""Chooses the size of every layer's tiles so that all its tensors fit L1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Axis, Space, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.target import Cluster
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.analysis.target_cluster import cluster_of
from dsconv.passes.scheduling.channel_plan import choose_channels
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.step_space import choose_step, smallest_needs
from dsconv.passes.scheduling.tile_space import choose_tile, smallest_l1


def explicit_tile(layer_shape: LayerShape, sizes: Sequence[int], buffers: int, label: str) -> Tile:
    """A tile that the user asked for, cut to the layer's size."""
    if len(sizes) != 3 or min(sizes) < 1:
        raise DiagnosticException(
            f"{label}: tile-l1 takes sizes=channels,rows,columns, each at least 1, not "
            + ",".join(map(str, sizes))
        )
    channels, rows, columns = sizes
    least = layer_shape.smallest_tile
    return Tile(
        min(max(channels // least.channels, 1) * least.channels, layer_shape.kernels),
        min(max(rows, least.rows), layer_shape.rows),
        min(max(columns, least.columns), layer_shape.columns),
        buffers=buffers,
    )


@dataclass(frozen=True)
class TileL1Pass(ModulePass):
    """Writes a `tile` to every layer that has none.

    `l1` is what tiles, weights and scratch may take, in bytes; `cores` is what work is balanced
    for; both are the target's by default. `buffers` is 1, 2, or 0 to choose by cost for each layer.
    `sizes` asks for one tile size (channels, rows, columns) for every layer, cut where the layer is
    smaller.
    """

    name = "tile-l1"

    l1: int | None = None
    cores: int | None = None
    buffers: int = 0
    sizes: tuple[int, ...] | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.buffers not in (0, 1, 2):
            raise DiagnosticException(f"tile-l1 takes buffers=0, 1 or 2, not {self.buffers}")
        cluster = cluster_of(op, l1=self.l1, cores=self.cores)
        for layer in op.walk():
            if not isinstance(layer, LayerOperation) or layer.tile is not None:
                continue
            if isinstance(layer, FusedOp):
                layer.properties["tile"] = TileAttr.of(self._step(layer, cluster))
            elif not isinstance(layer.parent_op(), FusedOp):
                layer.properties["tile"] = TileAttr.of(self._tile(layer, cluster))

    @property
    def _counts(self) -> tuple[int, ...]:
        return (self.buffers,) if self.buffers else (1, 2)

    def _step(self, fused: FusedOp, cluster: Cluster) -> Tile:
        chain = Chain.of(fused.chain)
        by_channels = fused.axis is Axis.CHANNELS
        choose = choose_channels if by_channels else choose_step
        tile = choose(chain, cluster.l1, CostModel.of(cluster), self._counts)
        if tile is None:
            needed, _ = smallest_needs(chain, fused.axis)
            raise DoesNotFitError(
                Space.L1,
                fused,
                f'fused layer "{fused.label}" does not fit L1: it needs {needed} bytes, '
                f"{cluster.l1} are there; give at least {needed} bytes of L1 for tiles, or fuse "
                "less",
            )
        return tile

    def _tile(self, layer: LayerOperation, cluster: Cluster) -> Tile:
        layer_shape = LayerShape.of(layer)
        if self.sizes is None:
            tile = choose_tile(layer_shape, cluster.l1, CostModel.of(cluster), self._counts)
        else:
            tile = explicit_tile(layer_shape, self.sizes, self._counts[0], layer.label)
        if tile is None or layer_shape.l1_bytes(tile) > cluster.l1:
            needed = smallest_l1(layer_shape) if tile is None else layer_shape.l1_bytes(tile)
            raise DoesNotFitError(
                Space.L1,
                layer,
                f'layer "{layer.label}" ({layer.kind}) does not fit L1: it needs {needed} bytes, '
                f"{cluster.l1} are there; give at least {needed} bytes of L1 for tiles",
                missing=needed - cluster.l1 if tile is None else 0,
            )
        return tile
