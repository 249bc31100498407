"""Lowers each kernel to loops for exactly its shape, split over the cores of the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.builder import ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, MemRefType, ModuleOp
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)
from xdsl.rewriter import Rewriter

from dsconv.dialects.tiled import KernelOp, RunOp, ViewOp
from dsconv.lowering.portable import (
    dense,
    depthwise,
    elementwise,
    movement,
    pooling,
    sampling,
)
from dsconv.lowering.portable.writer import Writers
from dsconv.passes.analysis.target_cluster import cluster_of

WRITERS: Writers = {
    **dense.WRITERS,
    **depthwise.WRITERS,
    **pooling.WRITERS,
    **elementwise.WRITERS,
    **movement.WRITERS,
    **sampling.WRITERS,
}
"""One for every kind of kernel."""


def argument_types(runs: Sequence[RunOp]) -> list[MemRefType]:
    """Types of a kernel's buffers: as small as the smallest that it runs on."""
    operands = zip(*(run.buffers for run in runs), strict=True)
    return [
        min(
            (cast(MemRefType, buffer.type) for buffer in buffers), key=lambda type: type.get_shape()
        )
        for buffers in operands
    ]


def kernel_function(kernel: KernelOp, buffers: Sequence[MemRefType], cores: int) -> FuncOp:
    """The function of a kernel: buffers, then the row and column where its window begins."""
    types = [*buffers, IndexType(), IndexType()]
    function = FuncOp(kernel.sym_name.data, (types, []), visibility="private")
    writer = WRITERS[kernel.kind](kernel, function)
    with ImplicitBuilder(function.body):
        writer.write(cores)
        ReturnOp()
    return function


@dataclass(frozen=True)
class RunToCall(RewritePattern):
    """A run of a kernel becomes a call of its function, with as much of a buffer as that takes."""

    types: Mapping[str, Sequence[MemRefType]]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: RunOp, rewriter: PatternRewriter) -> None:
        arguments: list[SSAValue] = []
        for buffer, type_ in zip(op.buffers, self.types[op.kernel.string_value()], strict=True):
            if buffer.type != type_:
                zero = arith.ConstantOp(IntegerAttr(0, IndexType()))
                part = ViewOp(buffer, zero.result, type_.get_shape()[0])
                rewriter.insert([zero, part])
                buffer = part.result
            arguments.append(buffer)
        rewriter.replace(op, CallOp(op.kernel, [*arguments, op.row, op.column], []))


@dataclass(frozen=True)
class LowerKernelsPass(ModulePass):
    """Lowers `dsconv.kernel` to functions of loops.

    `cores` is what work is balanced for, the target's by default.
    """

    name = "lower-kernels"

    cores: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        cores = cluster_of(op, cores=self.cores).cores
        runs: dict[str, list[RunOp]] = {}
        for run in op.walk():
            if isinstance(run, RunOp):
                runs.setdefault(run.kernel.string_value(), []).append(run)
        types = {name: argument_types(users) for name, users in runs.items()}
        for kernel in list(op.body.block.ops):
            if not isinstance(kernel, KernelOp):
                continue
            if kernel.sym_name.data in types:
                function = kernel_function(kernel, types[kernel.sym_name.data], cores)
                op.body.block.insert_ops_before([function], kernel)
            Rewriter.erase_op(kernel)
        PatternRewriteWalker(RunToCall(types), apply_recursively=False).rewrite_module(op)
