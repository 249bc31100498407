"""Fuses depthwise and pointwise layers to chains that run as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Axis, Space, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import (
    AddOp,
    DepthwiseOp,
    LayerOperation,
    PointwiseOp,
    tensor_type,
)
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.diagnostics import remark
from dsconv.passes.analysis.target_cluster import memory_limit
from dsconv.passes.scheduling.kernel_names import FusedKernel
from dsconv.passes.scheduling.legality import chain_from, fuse, why_illegal, why_too_large

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


def matching_chains(
    first: LayerOperation, patterns: Sequence[tuple[type[LayerOperation], ...]]
) -> Iterator[list[LayerOperation]]:
    """The chains from a layer on whose kinds are one of the patterns, in the patterns' order."""
    chain = list(chain_from(first))
    for pattern in patterns:
        if len(chain) >= len(pattern) and all(map(isinstance, chain, pattern)):
            yield chain[: len(pattern)]


def step_tile(fused: FusedOp, fd: int) -> TileAttr:
    """The tile whose depth was asked for, cut to the layer's size."""
    _, channels, rows, columns = tensor_type(fused.result).get_shape()
    if fused.axis is Axis.ROWS:
        return TileAttr.of(Tile(channels, min(fd, rows), columns))
    return TileAttr.of(Tile(min(fd, channels), rows, columns))


def why_not_fused(
    chain: Sequence[LayerOperation], axis: Axis, kernel: FusedKernel | None
) -> str | None:
    """Why a chain cannot run as one along an axis, or not by the kernel asked for."""
    return why_illegal(chain, axis) or (kernel and kernel.why_illegal(chain))


@dataclass(frozen=True)
class FuseDsconvPass(ModulePass):
    """Moves chains of layers into `dsconv.fused`; what cannot be fused is left alone.

    `mode`: pairs depthwise-pointwise (`dw-pw`) or pointwise-depthwise (`pw-dw`), whole blocks
    pointwise-depthwise-pointwise with their residual (`block`), or the longest of all (`auto`).
    `axis`: rows, or channels for `pw-dw`. `kernel`, in place of both: one kernel by its name, such
    as `dw-pw-rows-chw-hwc-chw`, which also chooses the layouts of the chains' values. `fd`, if not
    0: rows or channels made in a step. `l1`: bytes that the smallest step has to fit.
    `l2`: bytes that weights and a step of the maps have to fit; both the target's by default, and
    no limit where they are 0.
    `remarks` says on stderr what was fused, and what was not and why.
    """

    name = "fuse-dsconv"

    mode: Mode = "auto"
    axis: Literal["rows", "channels"] = "rows"
    kernel: str | None = None
    fd: int = 0
    l1: int | None = None
    l2: int | None = None
    remarks: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.fd < 0:
            raise DiagnosticException(f"fuse-dsconv takes fd of at least 1, not {self.fd}")
        kernel = FusedKernel.named(self.kernel) if self.kernel else None
        mode, axis = (kernel.mode, kernel.axis) if kernel else (self.mode, Axis(self.axis))
        l1, l2 = memory_limit(op, Space.L1, self.l1), memory_limit(op, Space.L2, self.l2)
        for layer in [inner for inner in op.walk() if isinstance(inner, LayerOperation)]:
            if isinstance(layer, FusedOp) or isinstance(layer.parent_op(), FusedOp):
                continue
            for chain in matching_chains(layer, PATTERNS[mode]):
                reason = why_not_fused(chain, axis, kernel) or why_too_large(
                    Chain.of(chain), axis, l1, l2
                )
                if self.remarks:
                    remark(chain, f"not fused: {reason}" if reason else f"fused along {axis}")
                if reason is None:
                    self._fuse(chain, axis, kernel)
                    break

    def _fuse(
        self, chain: Sequence[LayerOperation], axis: Axis, kernel: FusedKernel | None
    ) -> None:
        if kernel is not None:
            kernel.write_layouts(chain)
        fused = fuse(chain, axis)
        if self.fd:
            fused.properties["tile"] = step_tile(fused, self.fd)
