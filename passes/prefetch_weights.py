"""Brings a layer's first weights to L1 while the layer before it computes, where both fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.transforms.canonicalization_patterns.utils import const_evaluate_operand

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    BarrierOp,
    BufferOp,
    DmaStartOp,
    FillOp,
    L3LoadOp,
    L3WaitOp,
    LayerOp,
    PrefetchOp,
    PrefetchWaitOp,
    RunOp,
    WaitOp,
    whole_buffer,
)
from dsconv.passes.analysis.index_constants import index_constant
from dsconv.passes.analysis.l1_buffers import (
    LayerBuffers,
    buffer_of,
    last_barrier,
    layer_buffers,
    users,
)
from dsconv.passes.analysis.networks import first_layer, neighbours, networks
from dsconv.passes.analysis.rematerialise import CopiedValues, can_be_copied, is_copyable
from dsconv.passes.analysis.target_cluster import cluster_of, memory_limit
from dsconv.passes.scheduling.estimates import take_off
from dsconv.passes.scheduling.kernel_cost import CostModel

BEFORE_KERNELS = (
    BufferOp,
    BarrierOp,
    DmaStartOp,
    FillOp,
    L3LoadOp,
    L3WaitOp,
    PrefetchOp,
    PrefetchWaitOp,
    WaitOp,
)
"""What a layer may begin with before its first kernel runs."""


@dataclass(frozen=True)
class Load:
    """A layer's first load of weights to a buffer, and the wait for it.

    `arrival` is the wait for the weights themselves, where they come from L3.
    """

    start: DmaStartOp
    wait: WaitOp
    arrival: L3WaitOp | None

    @staticmethod
    def of(start: DmaStartOp, arrival: L3WaitOp | None) -> Load | None:
        """A load that may start elsewhere; None where something else depends on it."""
        layer = start.parent_op()
        waits = [use.operation for use in start.transfer.uses]
        buffer = whole_buffer(start.target).owner
        if len(waits) != 1 or not isinstance(waits[0], WaitOp) or not isinstance(layer, LayerOp):
            return None
        if waits[0].parent_op() is not layer or not isinstance(buffer, BufferOp):
            return None
        values = (start.source, start.source_offset, start.target)
        if not all(can_be_copied(value, layer.body.block, {buffer.result}) for value in values):
            return None
        if not all(isinstance(user, DmaStartOp | RunOp | FillOp) for user in users(buffer.result)):
            return None
        return Load(start, waits[0], arrival)

    @property
    def buffer(self) -> BufferOp:
        """What it fills, or a part of it."""
        return buffer_of(self.start.target)


def first_loads(layer: LayerOp) -> list[Load]:
    """What a layer loads of weights, whatever happens, before its first kernel runs.

    Up to the first operation that this pass does not know.
    """
    loads: list[Load] = []
    arrivals: dict[SSAValue, L3WaitOp] = {}
    for op in layer.body.block.ops:
        if not is_copyable(op) and not isinstance(op, BEFORE_KERNELS):
            break
        if isinstance(op, L3WaitOp):
            arrivals[op.buffer] = op
        if isinstance(op, DmaStartOp) and op.parameters is not None and op.condition is None:
            load = Load.of(op, arrivals.get(op.source))
            if load is not None:
                loads.append(load)
    return loads


def is_on_its_way(load: Load, layer: LayerOp) -> bool:
    """Whether weights from L3 start to come in an earlier layer than `layer`, or in `layer`."""
    if load.arrival is None:
        return True
    starts = [use.operation for use in load.start.source.uses]
    start = next((op for op in starts if isinstance(op, L3LoadOp)), None)
    if start is None:
        return False
    block = layer.parent_block()
    assert block is not None, "layers lie in a function"
    place = block.find_ancestor_op_in_block(start)
    return place is layer or (place is not None and place.is_before_in_block(layer))


def early_place(layer: LayerOp) -> RunOp | None:
    """The kernel of a layer's loop, or its first one, in front of which a prefetch may start."""
    loops = [op for op in layer.body.block.ops if isinstance(op, scf.ForOp)]
    if loops and (
        const_evaluate_operand(loops[-1].lb) != 0 or not const_evaluate_operand(loops[-1].ub)
    ):
        return None
    region = loops[-1].body if loops else layer.body
    return next((op for op in region.block.ops if isinstance(op, RunOp)), None)


def late_place(layer: LayerOp) -> Operation | None:
    """What follows the start of a layer's last store, which nothing but core 0 is busy with."""
    barrier = last_barrier(layer)
    behind = None if barrier is None else barrier.next_op
    stores: list[DmaStartOp] = []
    while behind is not None:
        if isinstance(behind, RunOp | scf.ForOp):
            return None
        if isinstance(behind, DmaStartOp):
            stores.append(behind)
        behind = behind.next_op
    return stores[-1].next_op if stores else None


def first_pass(run: RunOp) -> SSAValue | None:
    """Whether the loop around a kernel is in its first round; None where there is no loop."""
    loop = run.parent_op()
    if not isinstance(loop, scf.ForOp):
        return None
    index = loop.body.block.args[0]
    return arith.CmpiOp(index, index_constant(0), "eq").result


def prefetch(load: Load, place: Operation) -> None:
    """Starts a load in front of an operation of the layer before, and waits where it was."""
    start, wait, buffer = load.start, load.wait, load.buffer
    layer = start.parent_op()
    assert isinstance(layer, LayerOp), "first loads lie in their layer"
    buffer.detach()
    function = layer.parent_op()
    assert isinstance(function, FuncOp), "layers lie in a function"
    function.body.block.insert_op_before(buffer, first_layer(function))
    if load.arrival is not None:
        load.arrival.detach()
        Rewriter.insert_op(load.arrival, InsertPoint.before(place))
    with ImplicitBuilder(Builder(InsertPoint.before(place))):
        values = CopiedValues(layer.body.block)
        condition = first_pass(place) if isinstance(place, RunOp) else None
        PrefetchOp(
            values[start.source],
            values[start.source_offset],
            values[start.target],
            start.box,
            condition,
        )
    source = start.source if isinstance(start.source.owner, BufferOp) else None
    layer.body.block.insert_op_before(PrefetchWaitOp(start.target, start.box, source), wait)
    for op in (wait, start):
        Rewriter.erase_op(op)


def fitting(
    loads: Sequence[Load], plan: LayerBuffers, l1: int, *, late: bool = False
) -> list[Load]:
    """The loads, in their order, for whose buffers a layer has room beside its own."""
    found: list[Load] = []
    for load in loads:
        buffers = tuple(item.buffer for item in [*found, load])
        name = "filled_late" if late else "filled_early"
        trial = replace(plan, **{name: getattr(plan, name) + buffers})
        if l1 and trial.needed_bytes > l1:
            break
        found.append(load)
    return found


def prefetch_between(
    before: LayerOp,
    layer: LayerOp,
    resident: tuple[BufferOp, ...],
    l1: int,
    costs: CostModel,
) -> None:
    """Starts the first loads of `layer` in `before`: early in it, or beside its last store.

    Weights that come from L3 do not come early: who waits for them would not compute.
    """
    loads = first_loads(layer)
    plan = layer_buffers(before, resident)
    run, end = early_place(before), late_place(before)
    in_l2 = [load for load in loads if load.arrival is None]
    early = fitting(in_l2, plan, l1) if run is not None else []
    if run is not None and early:
        for load in early:
            take_off(load.start, layer, costs)
            prefetch(load, run)
        plan = layer_buffers(before, resident)
    remaining = [load for load in loads if load not in early and is_on_its_way(load, before)]
    if end is not None:
        for load in fitting(remaining, plan, l1, late=True):
            prefetch(load, end)


@dataclass(frozen=True)
class PrefetchWeightsPass(ModulePass):
    """Starts to load a layer's first weights in the layer before it, where L1 has room for both.

    They come while that one computes; or, where its tiles leave no room, beside its last store.
    Comes behind `double-buffer` and `stream-weights`. `l1` in bytes, the target's
    by default; 0 means no limit.
    """

    name = "prefetch-weights"

    l1: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        l1, costs = memory_limit(op, Space.L1, self.l1), CostModel.of(cluster_of(op))
        for function in networks(op, LayerOp):
            resident: tuple[BufferOp, ...] = ()
            for before, layer, at_once in neighbours(function):
                if at_once:
                    prefetch_between(before, layer, resident, l1, costs)
                resident = layer_buffers(before, resident).filled
