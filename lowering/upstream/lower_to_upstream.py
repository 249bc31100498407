"""Networks of the machine level become functions that upstream MLIR parses and compiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriteWalker
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.machine import (
    AssemblyOp,
    CoreIdOp,
    CoresOp,
    LoadWordOp,
    RequantiseOp,
    Sdot4Op,
)
from dsconv.dialects.tiled import (
    BarrierOp,
    BufferOp,
    DmaStartOp,
    FillOp,
    L3LoadOp,
    L3StoreOp,
    L3WaitOp,
    LayerOp,
    MoveOp,
    PrefetchOp,
    PrefetchWaitOp,
    SlotOp,
    ViewOp,
    WaitOp,
)
from dsconv.lowering.upstream import arithmetic, memories, transfers
from dsconv.lowering.upstream.callers import PlainTensors, resolve_casts
from dsconv.lowering.upstream.memories import Arenas, PlainSpaces
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.analysis.networks import networks

PREFIX = "dsconv."
NEEDLESS = (WaitOp, PrefetchWaitOp, L3WaitOp, BarrierOp)
"""What a single core that copies by itself does without."""
VALUES: Mapping[type[Operation], Callable[[Any], SSAValue]] = {
    CoreIdOp: arithmetic.core_number,
    CoresOp: arithmetic.core_count,
    LoadWordOp: arithmetic.load_word,
    Sdot4Op: arithmetic.dot_product,
    RequantiseOp: arithmetic.requantise,
    SlotOp: memories.slot,
    ViewOp: memories.view,
}
"""What computes a value in place of an operation."""
STATEMENTS: Mapping[type[Operation], Callable[[Any], None]] = {
    FillOp: memories.fill,
    MoveOp: memories.move,
    DmaStartOp: transfers.dma,
    PrefetchOp: transfers.prefetch,
    L3LoadOp: transfers.l3_load,
    L3StoreOp: transfers.l3_store,
}
"""What writes the same bytes as an operation, where its condition holds."""


@dataclass(frozen=True)
class LowerToUpstreamPass(ModulePass):
    """Lowers networks and kernels to func, scf, arith and memref, for one core.

    A network takes its inputs and outputs as memrefs of bytes in the default memory space; L1 is
    space 1, L3 space 3. Transfers become copies. Callers on tensors get bufferization's
    operations. Needs plan-memory and lower-kernels; assembly beside kernels is left out.
    """

    name = "lower-to-upstream"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        found = networks(op, LayerOp)
        for function in found:
            _lower_network(op, function)
        for inner in list(op.walk()):
            _lower(inner)
        PatternRewriteWalker(PlainTensors(recursive=True)).rewrite_module(op)
        resolve_casts(op)
        PatternRewriteWalker(PlainSpaces(recursive=True)).rewrite_module(op)
        for inner in op.walk():
            _forget(inner)


def _lower_network(module: ModuleOp, function: FuncOp) -> None:
    """Layers one behind the other, and buffers in the network's memory."""
    arenas = Arenas(function)
    module.body.block.insert_ops_before(list(arenas.globals()), function)
    for op in list(function.walk()):
        if isinstance(op, LayerOp):
            Rewriter.inline_block(op.body.block, InsertPoint.before(op))
            Rewriter.erase_op(op)
        elif isinstance(op, NEEDLESS):
            Rewriter.erase_op(op)
    for op in list(function.walk()):
        if isinstance(op, BufferOp):
            with _before(op):
                place = arenas.buffer(op)
            Rewriter.replace_op(op, [], [place])


def _lower(op: Operation) -> None:
    """An operation of the tiled or the machine level becomes others."""
    if isinstance(op, AssemblyOp):
        Rewriter.erase_op(op)
        return
    compute, write = VALUES.get(type(op)), STATEMENTS.get(type(op))
    if compute is not None:
        with _before(op):
            value = compute(op)
        value.name_hint = op.results[0].name_hint
        Rewriter.replace_op(op, [], [value])
    elif write is not None:
        with _before(op):
            write(op)
        Rewriter.replace_op(op, [], [None] * len(op.results))


def _before(op: Operation) -> AbstractContextManager[object]:
    """Where what is written comes in front of an operation."""
    return ImplicitBuilder(Builder(InsertPoint.before(op)))


def _forget(op: Operation) -> None:
    """Takes notes of the dsconv dialect off an operation that is none of it."""
    if op.name.startswith(PREFIX):
        raise OperationError(op, "has no form in upstream dialects; run lower-kernels before")
    for name in [name for name in op.attributes if name.startswith(PREFIX)]:
        del op.attributes[name]
