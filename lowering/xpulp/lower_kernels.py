"""Writes kernels in assembly for the shapes that have a writer; the others stay as loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from dsconv.dialects.graph import element_bytes
from dsconv.dialects.machine import AssemblyOp
from dsconv.dialects.target import Cluster, Isa
from dsconv.dialects.tiled import KernelKind, KernelOp
from dsconv.lowering.xpulp.convolution import conv2d
from dsconv.lowering.xpulp.depthwise import depthwise
from dsconv.lowering.xpulp.elementwise import elementwise
from dsconv.lowering.xpulp.movement import concat, depth_to_space, resize, shuffle
from dsconv.lowering.xpulp.pooling import avg_pool, max_pool
from dsconv.passes.analysis.target_cluster import cluster_of

Writer = Callable[[KernelOp, Cluster], str | None]
"""From a kernel and what runs it to assembly; None where it has no form for the shape."""

WRITERS: Mapping[KernelKind, Writer | None] = {
    KernelKind.CONV2D: conv2d,
    KernelKind.DEPTHWISE: depthwise,
    KernelKind.ADD: elementwise,
    KernelKind.MUL: elementwise,
    KernelKind.AVG_POOL: avg_pool,
    KernelKind.MAX_POOL: max_pool,
    KernelKind.RESCALE: elementwise,
    KernelKind.LOOKUP: elementwise,
    KernelKind.STEPS: None,
    KernelKind.SUM_STEPS: None,
    KernelKind.PAIR_LOOKUP: None,
    KernelKind.CONCAT: concat,
    KernelKind.RESIZE: resize,
    KernelKind.SHUFFLE: shuffle,
    KernelKind.DEPTH_TO_SPACE: depth_to_space,
    KernelKind.INTERPOLATE: None,
}
"""One for every kind of kernel; None for kinds that loops in C compute."""


def is_of_sums(kernel: KernelOp) -> bool:
    """Whether a kernel without weights has values of 32 bits, which loops in C move and add."""
    tiles = (*kernel.inputs, kernel.output)
    weighted = (KernelKind.CONV2D, KernelKind.DEPTHWISE)
    return kernel.kind not in weighted and any(element_bytes(tile) > 1 for tile in tiles)


@dataclass(frozen=True)
class LowerKernelsToXpulpPass(ModulePass):
    """Adds `dsconv.assembly` beside each kernel that has a form at instruction level.

    `cores` is what runs it, the target's by default.
    """

    name = "lower-kernels-to-xpulp"

    cores: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        cluster = cluster_of(op, cores=self.cores)
        for kernel in list(op.body.block.ops):
            if not isinstance(kernel, KernelOp):
                continue
            write = WRITERS[kernel.kind]
            text = None if write is None or is_of_sums(kernel) else write(kernel, cluster)
            if text is not None:
                assembly = AssemblyOp(kernel.sym_name.data, Isa.XPULP, text)
                op.body.block.insert_ops_after([assembly], kernel)
