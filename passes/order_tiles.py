"""Writes the order of the tile loops of all layers that have tiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from dsconv.dialects.attributes import TileAttr, TileOrder
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation


@dataclass(frozen=True)
class OrderTiles(RewritePattern):
    """Writes the order to a layer that has a tile and stands alone."""

    order: TileOrder

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: LayerOperation, rewriter: PatternRewriter) -> None:
        if op.tile is None or isinstance(op, FusedOp) or op.tile.tile.order is self.order:
            return
        op.properties["tile"] = TileAttr.of(replace(op.tile.tile, order=self.order))
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class OrderTilesPass(ModulePass):
    """Layers alone run over their tiles in one order; fused layers have only one.

    `order`: weights or pixels outermost, `scan` or `scan_pixels` for the same with inner loops that
    run there and back (Wu & Huang 2019), or `raster`, in which nothing is loaded once for several
    tiles.
    """

    name = "order-tiles"

    order: Literal["weights", "pixels", "scan", "scan_pixels", "raster"] = "scan"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pattern = OrderTiles(TileOrder(self.order))
        PatternRewriteWalker(pattern, apply_recursively=False).rewrite_module(op)
