"""Where buffers lie in L1: a layer's from one end, what it fills for the next from the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    BarrierOp,
    BufferOp,
    LayerOp,
    SlotOp,
    ViewOp,
    aligned,
    whole_buffer,
)


@dataclass(frozen=True)
class LayerBuffers:
    """The L1 buffers of a layer.

    `resident` were filled in the layer before, `own` are the layer's alone. `filled` are for the
    next layer: early, when all of `own` are needed, or late, when only those are that are
    `live_at_end`. `own` begins with the latter.
    """

    layer: LayerOp
    resident: tuple[BufferOp, ...]
    own: tuple[BufferOp, ...]
    live_at_end: tuple[BufferOp, ...]
    filled_early: tuple[BufferOp, ...]
    filled_late: tuple[BufferOp, ...]

    @property
    def filled(self) -> tuple[BufferOp, ...]:
        """What is filled for the next layer."""
        return self.filled_early + self.filled_late

    @property
    def needed_bytes(self) -> int:
        """Bytes of L1 that the layer takes."""
        resident, early = total_bytes(self.resident), total_bytes(self.filled_early)
        late = total_bytes(self.live_at_end) + total_bytes(self.filled_late)
        return resident + early + max(total_bytes(self.own), late)


def total_bytes(buffers: Iterable[BufferOp]) -> int:
    """Bytes of buffers that lie one behind the other."""
    return sum(aligned(buffer.size) for buffer in buffers)


def network_buffers(function: FuncOp) -> list[LayerBuffers]:
    """The L1 buffers of all layers of a network."""
    found: list[LayerBuffers] = []
    resident: tuple[BufferOp, ...] = ()
    for layer in function.body.block.ops:
        if isinstance(layer, LayerOp):
            found.append(layer_buffers(layer, resident))
            resident = found[-1].filled
    return found


def layer_buffers(layer: LayerOp, resident: tuple[BufferOp, ...] = ()) -> LayerBuffers:
    """The L1 buffers of a layer."""
    own = [op for op in layer.walk() if isinstance(op, BufferOp) and op.space is Space.L1]
    end = last_barrier(layer)
    live_at_end = [buffer for buffer in own if is_used_behind(buffer.result, layer, end)]
    early: list[BufferOp] = []
    late: list[BufferOp] = []
    first_uses = shared_buffers(layer)
    for buffer in in_order(first_uses, layer):
        if buffer not in resident:
            (late if is_behind(first_uses[buffer], layer, end) else early).append(buffer)
    used_before = [buffer for buffer in own if buffer not in live_at_end]
    return LayerBuffers(
        layer, resident, (*live_at_end, *used_before), tuple(live_at_end), tuple(early), tuple(late)
    )


def shared_buffers(layer: LayerOp) -> dict[BufferOp, Operation]:
    """The L1 buffers that a layer shares with others, each with its first use in the layer."""
    network = layer.parent_block()
    found: dict[BufferOp, Operation] = {}
    for user in layer.walk():
        if user is layer or isinstance(user, SlotOp | ViewOp):
            continue
        for operand in user.operands:
            buffer = whole_buffer(operand).owner
            if (
                isinstance(buffer, BufferOp)
                and buffer.parent_block() is network
                and buffer.space is Space.L1
            ):
                found.setdefault(buffer, user)
    return found


def in_order(buffers: Collection[BufferOp], layer: LayerOp) -> list[BufferOp]:
    """Buffers of a layer's network in the order in which they stand there."""
    network = layer.parent_block()
    if network is None or len(buffers) < 2:
        return list(buffers)
    return [op for op in network.ops if isinstance(op, BufferOp) and op in buffers]


def last_barrier(layer: LayerOp) -> BarrierOp | None:
    """The barrier behind which no core but core 0 has work, as far as it lies in no loop."""
    barriers = [op for op in layer.body.block.ops if isinstance(op, BarrierOp)]
    return barriers[-1] if barriers else None


def is_behind(op: Operation, layer: LayerOp, barrier: BarrierOp | None) -> bool:
    """Whether an operation of a layer comes behind a barrier; all do where there is none."""
    if barrier is None:
        return True
    place = layer.body.block.find_ancestor_op_in_block(op)
    assert place is not None, "the operation lies in the layer"
    return barrier.is_before_in_block(place)


def is_used_behind(value: SSAValue, layer: LayerOp, barrier: BarrierOp | None) -> bool:
    """Whether a buffer, or a part of it, is used behind a barrier."""
    return any(is_behind(user, layer, barrier) for user in users(value))


def users(value: SSAValue) -> Iterator[Operation]:
    """Operations that use a buffer or parts of it."""
    for use in value.uses:
        if isinstance(use.operation, SlotOp | ViewOp):
            yield from users(use.operation.result)
        else:
            yield use.operation


def buffer_of(value: SSAValue) -> BufferOp:
    """The buffer that a value is, or is a part of."""
    owner = whole_buffer(value).owner
    assert isinstance(owner, BufferOp), "tiles lie in buffers"
    return owner


def place(plans: Sequence[LayerBuffers], end: int) -> None:
    """Gives every buffer its offset; `end` is the size of L1.

    What is filled for the next layer lies at the end that the layer itself does not begin from,
    and the next layer begins there.
    """
    from_end = False
    for plan in plans:
        if not plan.resident:
            from_end = False
        place_in_line([*plan.resident, *plan.own], end, from_end=from_end)
        from_end = not from_end
        place_in_line(plan.filled, end, from_end=from_end)


def place_in_line(buffers: Iterable[BufferOp], end: int, *, from_end: bool) -> None:
    """Places buffers one behind the other, from offset 0 up or from `end` down."""
    taken = 0
    for buffer in buffers:
        size = aligned(buffer.size)
        buffer.place(end - taken - size if from_end else taken)
        taken += size
