"""Why a layer is slow, for the report: what takes most of its cycles, as far as its sizes tell."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp

from dsconv.dialects.machine import AssemblyOp
from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import LayerOp
from dsconv.runners.result import LayerStats

SLOW = 2
"""MAC/cycle below which a layer is slow."""

FEW_MACS = 20_000
"""A layer of fewer begins and ends in as long as it computes."""

MOST = 0.5
"""Share of the cycles that is most of them."""


def runs_loops_in_c(layer: LayerOp, module: ModuleOp) -> bool:
    """Whether a layer of a lowered module has a kernel without assembly."""
    written = {
        op.kernel.string_value() for op in module.body.block.ops if isinstance(op, AssemblyOp)
    }
    called = {op.callee.string_value() for op in layer.walk() if isinstance(op, CallOp)}
    return bool(called - written)


def why_slow(layer: LayerOp, module: ModuleOp, stats: LayerStats, cluster: Cluster) -> str | None:
    """The reason in words; None for a layer that is not slow, or whose cycles nobody measured.

    A layer without MACs is slow where loops in C compute it.
    """
    cycles, macs = stats.cycles, layer.macs.value.data
    in_c = runs_loops_in_c(layer, module)
    if not cycles or (macs >= SLOW * cycles if macs else not in_c):
        return None
    moved = stats.activation_bytes + stats.l2_l1_weights
    wide = layer.wide_channels.value.data
    reasons: list[str] = []
    if stats.l3_l2 / cluster.l3.loaded_bytes_per_cycle > MOST * cycles:
        reasons.append(f"waits for {stats.l3_l2:,} bytes from or to L3")
    if in_c:
        reasons.append("loops in C: its kernel has no form in assembly")
    if moved / cluster.dma.bytes_per_cycle > MOST * cycles:
        reasons.append(f"moves {moved:,} bytes between L2 and L1")
    if wide:
        reasons.append(f"requantises {wide} channels in 64 bits")
    if 0 < macs < FEW_MACS:
        reasons.append("few MACs: a layer begins and ends in as long")
    return "; ".join(reasons) or "few outputs for each core; --stalls shows what the cores wait for"
