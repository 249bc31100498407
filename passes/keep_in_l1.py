"""Leaves an activation in L1 between the layer that makes it and the next one."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.transforms.canonicalization_patterns.utils import const_evaluate_operand

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    RESIDENT_INPUTS,
    BufferOp,
    DmaStartOp,
    LayerOp,
    RunOp,
    SlotOp,
    ViewOp,
    WaitOp,
    aligned,
    whole_buffer,
)
from dsconv.passes.analysis.l1_buffers import buffer_of, users
from dsconv.passes.analysis.networks import neighbours, networks
from dsconv.passes.analysis.rematerialise import CopiedValues, can_be_copied
from dsconv.passes.analysis.target_cluster import cluster_of, memory_limit
from dsconv.passes.scheduling.estimates import take_off
from dsconv.passes.scheduling.kernel_cost import CostModel


@dataclass(frozen=True)
class Edge:
    """An activation in L2: the one store that makes it, in `maker`, and the one load in `reader`.

    Pieces of it are dense in L2, so they may lie in L1 as they do there.
    """

    activation: BufferOp
    maker: LayerOp
    store: DmaStartOp
    reader: LayerOp
    load: DmaStartOp

    @property
    def made(self) -> BufferOp:
        """Where the maker's kernel writes a piece in L1."""
        return buffer_of(self.store.source)

    @property
    def read(self) -> BufferOp:
        """Where the reader's kernel finds all of it in L1."""
        return buffer_of(self.load.target)

    @property
    def is_read_elsewhere(self) -> bool:
        """Whether other layers need it in L2."""
        known = {self.maker, self.store, self.load}
        return any(use.operation not in known for use in self.activation.result.uses)


def may_stay(reader: LayerOp) -> bool:
    """Whether an input of a layer is to stay in L1, or nobody has decided that yet."""
    decided = reader.attributes.get(RESIDENT_INPUTS)
    return not isinstance(decided, DenseArrayBase) or len(decided) > 0


def is_dense(transfer: DmaStartOp) -> bool:
    """Whether a transfer always happens, and moves bytes that lie one behind the other."""
    return transfer.condition is None and transfer.box.total_bytes == transfer.box.line_bytes


def edge(maker: LayerOp, reader: LayerOp) -> Edge | None:
    """The activation between two layers, if it may stay in L1 as far as transfers tell."""
    activation = maker.output.owner
    if not isinstance(activation, BufferOp) or activation.space is not Space.L2:
        return None
    users_of = [use.operation for use in activation.result.uses]
    if not all(isinstance(user, LayerOp | DmaStartOp) for user in users_of):
        return None
    if any(isinstance(user, LayerOp) and user is not maker for user in users_of):
        return None
    transfers, loads = transfers_of(activation, maker), transfers_of(activation, reader)
    if len(transfers) != 1 or len(loads) != 1:
        return None
    (store,), (load,) = transfers, loads
    found = Edge(activation, maker, store, reader, load)
    reads = reads_whole(found) or reads_pieces(found)
    return found if reads and makes_pieces(found) else None


def transfers_of(activation: BufferOp, layer: LayerOp) -> list[DmaStartOp]:
    """The transfers of an activation that lie in a layer."""
    found = [use.operation for use in activation.result.uses]
    return [op for op in found if isinstance(op, DmaStartOp) and layer.is_ancestor(op)]


def makes_pieces(edge: Edge) -> bool:
    """Whether the maker's kernels write dense pieces, each stored once."""
    store = edge.store
    if store.is_load or not is_dense(store) or const_evaluate_operand(store.source_offset) != 0:
        return False
    return is_waited_for(store) and only_kernels_use(edge.made, store, store.target_offset)


def reads_whole(edge: Edge) -> bool:
    """Whether the reader brings all of it to the start of a buffer, once, before its loop."""
    load = edge.load
    return (
        load.parent_op() is edge.reader
        and is_dense(load)
        and is_waited_for(load)
        and load.box.total_bytes == edge.activation.size
        and const_evaluate_operand(load.source_offset) == 0
        and const_evaluate_operand(load.target_offset) == 0
        and isinstance(load.target.owner, BufferOp)
    )


def reads_pieces(edge: Edge) -> bool:
    """Whether the reader's kernels read dense pieces, with no padding behind them."""
    load = edge.load
    if not is_dense(load) or const_evaluate_operand(load.target_offset) != 0:
        return False
    if load.box.total_bytes != edge.read.size or not is_waited_for(load):
        return False
    return only_kernels_use(edge.read, load, load.source_offset)


def is_waited_for(transfer: DmaStartOp) -> bool:
    """Whether all that is done with a transfer is to wait for it."""
    return all(isinstance(use.operation, WaitOp) for use in transfer.transfer.uses)


def only_kernels_use(buffer: BufferOp, transfer: DmaStartOp, place: SSAValue) -> bool:
    """Whether kernels beside a transfer are all that uses a buffer besides it.

    `place` is where in the activation the piece lies, which these are to know.
    """
    block = transfer.parent_block()
    return (
        block is not None
        and can_be_copied(place, block)
        and all(
            user is transfer or (isinstance(user, RunOp) and user.parent_block() is block)
            for user in users(buffer.result)
        )
    )


def tile_bytes(layer: LayerOp, buffer: BufferOp) -> int:
    """Bytes of L1 that a layer's buffer will take, with the slots that are planned for it."""
    has_slots = any(isinstance(use.operation, SlotOp) for use in buffer.result.uses)
    return aligned(buffer.size * (layer.planned_buffers if has_slots else 1))


def planned_bytes(layer: LayerOp) -> int:
    """Bytes of L1 that a layer's own buffers will take."""
    return sum(tile_bytes(layer, op) for op in layer.walk() if isinstance(op, BufferOp))


def shared_size(edge: Edge) -> int:
    """Bytes of the buffer for both layers, with the padding that the reader wants behind it."""
    return edge.read.size if reads_whole(edge) else edge.activation.size


def keep(edge: Edge, costs: CostModel) -> BufferOp:
    """Lets the maker write where the reader reads; returns the buffer that both share."""
    activation, made, read = edge.activation, edge.made, edge.read
    shared = BufferOp(f"{activation.label.data}.kept", shared_size(edge), Space.L1)
    shared.attributes.update(activation.attributes)
    block = activation.parent_block()
    assert block is not None, "activations lie in a function"
    block.insert_op_after(shared, activation)
    for user in list(users(made.result)):
        if user is not edge.store or edge.is_read_elsewhere:
            use_in_place(user, made, shared, edge.store, edge.store.target_offset)
    if reads_whole(edge):
        read.result.replace_all_uses_with(shared.result)
    else:
        for user in list(users(read.result)):
            if user is not edge.load:
                use_in_place(user, read, shared, edge.load, edge.load.source_offset)
    remove_transfer(edge.load, edge.reader, costs)
    if not edge.is_read_elsewhere:
        remove_transfer(edge.store, edge.maker, costs)
        edge.maker.operands = [shared.result]
        Rewriter.erase_op(activation)
    for buffer in (read, made):
        for part in list(buffer.result.uses):
            Rewriter.erase_op(part.operation)
        Rewriter.erase_op(buffer)
    edge.reader.schedule = edge.reader.schedule.with_another_input_in_l1()
    return shared


def use_in_place(
    user: Operation, buffer: BufferOp, shared: BufferOp, transfer: DmaStartOp, offset: SSAValue
) -> None:
    """Replaces a piece in a buffer by its place in the whole, which a transfer's offset tells."""
    block = transfer.parent_block()
    assert block is not None, "transfers lie in a layer"
    with ImplicitBuilder(Builder(InsertPoint.before(user))):
        place = CopiedValues(block)[offset]
        piece = ViewOp(shared.result, place, transfer.box.total_bytes).result
    for index, operand in enumerate(user.operands):
        if whole_buffer(operand) is buffer.result:
            user.operands[index] = piece


def remove_transfer(transfer: DmaStartOp, layer: LayerOp, costs: CostModel) -> None:
    """Removes a transfer, and the wait for it, from a layer and from what that is to take."""
    take_off(transfer, layer, costs)
    for use in list(transfer.transfer.uses):
        assert isinstance(use.operation, WaitOp), "transfers are waited for"
        Rewriter.erase_op(use.operation)
    Rewriter.erase_op(transfer)


def fits(edge: Edge, resident: int, l1: int) -> bool:
    """Whether L1, if it has a limit, has room for the whole map beside what both layers take."""
    if not l1:
        return True
    shared = aligned(shared_size(edge))
    making = planned_bytes(edge.maker) - tile_bytes(edge.maker, edge.made) + resident
    reading = planned_bytes(edge.reader) - tile_bytes(edge.reader, edge.read)
    return max(making, reading) + shared <= l1


@dataclass(frozen=True)
class KeepInL1Pass(ModulePass):
    """Leaves activations in L1 for the next layer, where both layers have room for the whole map.

    The maker writes its tiles where the reader expects them; tiles are dense parts of the map, or
    all of it. What no other layer reads is not stored, either, and needs no place in L2. For layers
    as `lower-to-tiles` writes them. What `select-schedule` has decided for a layer, its attribute
    `dsconv.resident_inputs`, holds; for other layers this pass keeps what fits. `l1` in bytes, the
    target's by default; 0 means no limit.
    """

    name = "keep-in-l1"

    l1: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        l1, costs = memory_limit(op, Space.L1, self.l1), CostModel.of(cluster_of(op))
        for function in networks(op, LayerOp):
            resident = 0
            for maker, reader, at_once in neighbours(function):
                found = edge(maker, reader) if at_once and may_stay(reader) else None
                if found is not None and fits(found, resident, l1):
                    resident = aligned(keep(found, costs).size)
                else:
                    resident = 0
