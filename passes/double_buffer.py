"""Overlaps the transfers of a layer with its computation: two copies of what its loop moves.

    for tile:
      start the loads, wait for them
      barrier, kernels and fills, barrier
      start the stores, wait for them

becomes a loop in which tile n+1 is loaded and tile n-1 stored while tile n is computed. A layer
with a loop of another form stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.transforms.canonicalization_patterns.utils import const_evaluate_operand

from dsconv.dialects.tiled import (
    BarrierOp,
    BufferOp,
    DmaStartOp,
    FillOp,
    LayerOp,
    MoveOp,
    RunOp,
    SlotOp,
    WaitOp,
)
from dsconv.passes.analysis.index_constants import constant_value, index_constant
from dsconv.passes.analysis.l1_buffers import users
from dsconv.passes.analysis.rematerialise import CopiedValues, is_copyable

COMPUTATION = (RunOp, FillOp)
"""What all cores do to a tile."""


class TileLoop:
    """The loop over tiles of one layer: move, load, barrier, compute, barrier, store."""

    def __init__(self, loop: scf.ForOp):
        self.loop = loop
        self.tiles = constant_value(loop.ub)

    @staticmethod
    def of(loop: scf.ForOp) -> TileLoop | None:
        """The loop as one over tiles; None where it is another."""
        bounds = [const_evaluate_operand(bound) for bound in (loop.lb, loop.ub, loop.step)]
        if loop.results or loop.lb.type != IndexType():
            return None
        if bounds[0] != 0 or not bounds[1] or bounds[2] != 1:
            return None
        *body, _ = loop.body.block.ops
        steps = [op for op in body if not is_copyable(op)]
        barriers = [number for number, op in enumerate(steps) if isinstance(op, BarrierOp)]
        if len(barriers) < 2:
            return None
        begin = 0
        if barriers[0] and all(map(is_kept, steps[: barriers[0]])):
            begin = barriers.pop(0) + 1
        first, last = barriers[0], barriers[-1]
        loads, computation, stores = steps[begin:first], steps[first:last], steps[last + 1 :]
        if not all(isinstance(op, (*COMPUTATION, BarrierOp)) for op in computation):
            return None
        if not are_transfers(loads, to_l1=True) or not are_transfers(stores, to_l1=False):
            return None
        return TileLoop(loop)

    @property
    def moves(self) -> list[MoveOp]:
        """What stays of the tile before."""
        return [op for op in self.loop.body.ops if isinstance(op, MoveOp)]

    @property
    def loads(self) -> list[DmaStartOp]:
        """Transfers to L1."""
        return [op for op in self.loop.body.ops if isinstance(op, DmaStartOp) and op.is_load]

    @property
    def stores(self) -> list[DmaStartOp]:
        """Transfers from L1."""
        return [op for op in self.loop.body.ops if isinstance(op, DmaStartOp) and not op.is_load]

    @property
    def computation(self) -> list[RunOp | FillOp | BarrierOp]:
        """Kernels, and what lies between them."""
        ops = [op for op in self.loop.body.ops if isinstance(op, (*COMPUTATION, BarrierOp))]
        return ops[2 if self.moves else 1 : -1]

    def at(self, tile: SSAValue) -> CopiedValues:
        """The loop's values for another tile, to be computed at the insertion point."""
        block = self.loop.body.block
        return CopiedValues(block, {block.args[0]: tile})


def is_kept(op: Operation) -> bool:
    """Whether an operation moves what stays for a tile: not for the first one, hence when."""
    return isinstance(op, MoveOp) and op.condition is not None


def are_transfers(ops: list[Operation], *, to_l1: bool) -> bool:
    """Whether operations start transfers in one direction and wait for each of them once."""
    starts = [op for op in ops if isinstance(op, DmaStartOp) and op.is_load is to_l1]
    waits = [op for op in ops if isinstance(op, WaitOp)]
    conditions: dict[SSAValue, SSAValue | None]
    conditions = {start.transfer: start.condition for start in starts}
    return (
        len(starts) + len(waits) == len(ops)
        and {wait.transfer for wait in waits} == conditions.keys()
        and all(start.transfer.has_one_use() for start in starts)
        and all(wait.condition is conditions[wait.transfer] for wait in waits)
    )


def start_copy(
    start: DmaStartOp, values: CopiedValues, condition: SSAValue | None
) -> tuple[DmaStartOp, SSAValue | None]:
    """Starts a transfer of another tile where both conditions hold; returns the condition too."""
    if start.condition is not None:
        own = values[start.condition]
        condition = own if condition is None else arith.AndIOp(own, condition).result
    source, source_offset, target, target_offset = (
        values[value]
        for value in (start.source, start.source_offset, start.target, start.target_offset)
    )
    copy = DmaStartOp(
        source,
        source_offset,
        target,
        target_offset,
        start.box,
        condition,
        parameters=start.parameters is not None,
    )
    copy.attributes.update(start.attributes)
    return copy, condition


def move_copy(move: MoveOp, values: CopiedValues, condition: SSAValue) -> None:
    """Moves what stays for another tile, where both conditions hold."""
    if move.condition is not None:
        condition = arith.AndIOp(values[move.condition], condition).result
    MoveOp(
        values[move.source],
        values[move.source_offset],
        values[move.target],
        values[move.target_offset],
        move.size.value.data,
        condition,
        lines=move.lines.value.data,
        line_stride=move.line_stride.value.data,
    )


def pipelined(tile_loop: TileLoop) -> None:
    """Writes the loop so that tile n+1 is loaded and tile n-1 stored while tile n is computed."""
    first = tile_loop.at(index_constant(0))
    for transfer in [start_copy(load, first, None) for load in tile_loop.loads]:
        WaitOp(transfer[0], transfer[1])
    body = Block(arg_types=[IndexType()])
    tile = body.args[0]
    tile.name_hint = "tile"
    last = tile_loop.tiles - 1
    loop = scf.ForOp(
        index_constant(0), index_constant(tile_loop.tiles), index_constant(1), [], Region(body)
    )
    loop.attributes.update(tile_loop.loop.attributes)
    with ImplicitBuilder(body):
        one = index_constant(1)
        following = arith.AddiOp(tile, one).result
        preceding = arith.MaxSIOp(arith.SubiOp(tile, one).result, index_constant(0)).result
        has_next = arith.CmpiOp(tile, index_constant(last), "slt").result
        has_previous = arith.CmpiOp(index_constant(0), tile, "slt").result
        following.name_hint, preceding.name_hint = "next_tile", "previous_tile"
        has_next.name_hint, has_previous.name_hint = "has_next", "has_previous"
        BarrierOp()
        next_values, previous_values = tile_loop.at(following), tile_loop.at(preceding)
        transfers = [start_copy(load, next_values, has_next) for load in tile_loop.loads]
        transfers += [
            start_copy(store, previous_values, has_previous) for store in tile_loop.stores
        ]
        for move in tile_loop.moves:
            move_copy(move, next_values, has_next)
        values = tile_loop.at(tile)
        for op in tile_loop.computation:
            arguments = [values[operand] for operand in op.operands]
            op.clone(dict(zip(op.operands, arguments, strict=True)))
        for transfer, condition in transfers:
            WaitOp(transfer, condition)
        scf.YieldOp()
    BarrierOp()
    final = tile_loop.at(index_constant(last))
    for transfer in [start_copy(store, final, None) for store in tile_loop.stores]:
        WaitOp(transfer[0], transfer[1])


def add_slots(layer: LayerOp, slots: int) -> None:
    """Makes room for `slots` versions in every buffer that the loop uses by version."""
    buffers = {op.buffer for op in layer.walk() if isinstance(op, SlotOp)}
    for value in buffers:
        buffer = value.owner
        assert isinstance(buffer, BufferOp), "slots are parts of buffers"
        wider = BufferOp(buffer.label.data, buffer.size * slots, buffer.space)
        wider.attributes.update(buffer.attributes)
        block = layer.body.block
        block.insert_op_before(wider, buffer)
        for fill in [use.operation for use in value.uses if isinstance(use.operation, FillOp)]:
            add_fills(fill, wider, buffer.size, slots)
        value.replace_all_uses_with(wider.result)
        Rewriter.erase_op(buffer)


def add_fills(fill: FillOp, buffer: BufferOp, size: int, slots: int) -> None:
    """The same fill in every slot of a buffer."""
    block = fill.parent_block()
    assert block is not None, "a fill lies in its layer"
    offset, length = fill.offset.value.data, fill.size.value.data
    for slot in range(1, slots):
        another = FillOp(buffer.result, offset + slot * size, length, fill.value.value.data)
        block.insert_op_after(another, fill)


def has_room_for_slots(layer: LayerOp) -> bool:
    """Whether nothing but this pass would notice that a layer's buffers have several slots."""
    buffers = {op.buffer for op in layer.walk() if isinstance(op, SlotOp)}
    return all(
        isinstance(buffer.owner, BufferOp)
        and layer.is_ancestor(buffer.owner)
        and all(isinstance(use.operation, SlotOp | FillOp) for use in buffer.uses)
        and all(isinstance(user, (*COMPUTATION, MoveOp, DmaStartOp)) for user in users(buffer))
        for buffer in buffers
    )


def double_buffer(layer: LayerOp) -> None:
    """A layer planned for two buffers gets them, and its loop is pipelined."""
    slots = layer.planned_buffers
    loops = [op for op in layer.body.ops if isinstance(op, scf.ForOp)]
    tile_loops = [found for loop in loops if (found := TileLoop.of(loop)) is not None]
    if slots == 1 or not loops or len(tile_loops) < len(loops) or not has_room_for_slots(layer):
        return
    add_slots(layer, slots)
    for tile_loop in tile_loops:
        with ImplicitBuilder(Builder(InsertPoint.before(tile_loop.loop))):
            pipelined(tile_loop)
        Rewriter.erase_op(tile_loop.loop)
    layer.schedule = layer.schedule.with_buffers(slots)


@dataclass(frozen=True)
class DoubleBufferPass(ModulePass):
    """Pipelines the loop of every layer that tile-l1 planned with two buffers.

    One barrier a tile: behind it, core 0 starts to load the next tile and to store the previous
    one, all cores compute, and core 0 waits for its transfers. A layer whose loop does anything
    else is left alone.
    """

    name = "double-buffer"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for layer in [inner for inner in op.walk() if isinstance(inner, LayerOp)]:
            double_buffer(layer)
