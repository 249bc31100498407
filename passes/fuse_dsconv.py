"""Fuses depthwise and pointwise layers to chains that run as one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Tile, TileAttr
from dsconv.dialects.fused import Axis, FusedOp
from dsconv.dialects.graph import (
    AddOp,
    DepthwiseOp,
    LayerOperation,
    PointwiseOp,
    tensor_type,
)
from dsconv.passes.chains import Chain
from dsconv.passes.fused_channels import smallest_channels_bytes
from dsconv.passes.fusion import fuse, links, obstacle
from dsconv.passes.tile_fused import smallest_step_bytes

Mode: TypeAlias = Literal["auto", "dw-pw", "pw-dw", "block"]

PATTERNS: dict[str, tuple[tuple[type[LayerOperation], ...], ...]] = {
    "dw-pw": ((DepthwiseOp, PointwiseOp, AddOp), (DepthwiseOp, PointwiseOp)),
    "pw-dw": ((PointwiseOp, DepthwiseOp),),
    "block": (
        (PointwiseOp, DepthwiseOp, PointwiseOp, AddOp),
        (PointwiseOp, DepthwiseOp, PointwiseOp),
    ),
}
"""Kinds of the layers of a chain, the longest first."""

PATTERNS["auto"] = PATTERNS["block"] + PATTERNS["dw-pw"] + PATTERNS["pw-dw"]


def matching_chain(
    first: LayerOperation, patterns: Sequence[tuple[type[LayerOperation], ...]]
) -> list[LayerOperation] | None:
    """The longest chain from a layer on whose kinds are one of the patterns."""
    chain = list(links(first))
    for pattern in patterns:
        if len(chain) >= len(pattern) and all(map(isinstance, chain, pattern)):
            return chain[: len(pattern)]
    return None


def step_tile(fused: FusedOp, fd: int) -> TileAttr:
    """The tile whose depth was asked for, cut to the layer's size."""
    _, channels, rows, columns = tensor_type(fused.result).get_shape()
    if fused.axis is Axis.ROWS:
        return TileAttr.of(Tile(channels, min(fd, rows), columns))
    return TileAttr.of(Tile(min(fd, channels), rows, columns))


@dataclass(frozen=True)
class FuseDsconvPass(ModulePass):
    """Moves chains of layers into `dsconv.fused`; what cannot be fused is left alone.

    `mode`: pairs depthwise-pointwise (`dw-pw`) or pointwise-depthwise (`pw-dw`), whole blocks
    pointwise-depthwise-pointwise with their residual (`block`), or the longest of all (`auto`).
    `axis`: rows, or channels for `pw-dw`. `fd`, if not 0: rows or channels made in a step. `l1`, if
    not 0: bytes that the smallest step has to fit.
    `remarks` says on stderr what was not fused, and why.
    """

    name = "fuse-dsconv"

    mode: Mode = "auto"
    axis: Literal["rows", "channels"] = "rows"
    fd: int = 0
    l1: int = 0
    remarks: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.fd < 0:
            raise DiagnosticException(f"fuse-dsconv takes fd of at least 1, not {self.fd}")
        for layer in [inner for inner in op.walk() if isinstance(inner, LayerOperation)]:
            if isinstance(layer, FusedOp) or isinstance(layer.parent_op(), FusedOp):
                continue
            chain = matching_chain(layer, PATTERNS[self.mode])
            if chain is None:
                continue
            reason = obstacle(chain, Axis(self.axis)) or self._excess(chain)
            if reason is not None:
                self._remark(chain, reason)
                continue
            fused = fuse(chain, Axis(self.axis))
            if self.fd:
                fused.properties["tile"] = step_tile(fused, self.fd)

    def _excess(self, chain: Sequence[LayerOperation]) -> str | None:
        if not self.l1:
            return None
        smallest = smallest_step_bytes if self.axis == "rows" else smallest_channels_bytes
        needed = smallest(Chain.of(chain))
        return f"it needs {needed} bytes of L1, {self.l1} are there" if needed > self.l1 else None

    def _remark(self, chain: Sequence[LayerOperation], reason: str) -> None:
        if self.remarks:
            names = ", ".join(f'"{op.label}"' for op in chain)
            print(f"remark: {names} not fused: {reason}", file=sys.stderr)
