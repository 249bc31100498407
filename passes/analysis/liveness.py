"""When buffers of a network are needed, and how many bytes at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from dsconv.dialects.attributes import Space, SpaceAttr
from dsconv.dialects.tiled import (
    BufferOp,
    LayerOp,
    aligned,
    buffer_size,
)


@dataclass
class Lifespan:
    """A buffer with the first and last position that needs it, and its place once it has one."""

    value: SSAValue
    label: str
    size: int
    first: int
    last: int
    offset: int = 0

    def overlaps(self, other: Lifespan) -> bool:
        """Whether both are needed at some position."""
        return self.first <= other.last and other.first <= self.last


def live_bytes(lifespans: Iterable[Lifespan], position: int) -> int:
    """Bytes that are needed at one position."""
    return sum(item.size for item in lifespans if item.first <= position <= item.last)


def live_bytes_by_position(lifespans: Iterable[Lifespan]) -> list[int]:
    """Bytes that are needed at each position, up to the last that needs some."""
    items = list(lifespans)
    changes = [0] * (max((item.last for item in items), default=0) + 2)
    for item in items:
        changes[item.first] += item.size
        changes[item.last + 1] -= item.size
    return list(accumulate(changes))[:-1]


def peak_live_bytes(lifespans: Iterable[Lifespan]) -> int:
    """Lower bound of any plan: the most bytes that are needed at one position."""
    return max(live_bytes_by_position(lifespans))


def peak_layer(function: FuncOp, lifespans: Iterable[Lifespan]) -> str:
    """Label of the first layer in which most bytes are needed."""
    items = list(lifespans)
    begins = sorted(item.first for item in items)
    peak = max(begins, key=lambda position: live_bytes(items, position))
    label = ""
    for op, position in positions(function).items():
        if isinstance(op, LayerOp) and (position <= peak or not label):
            label = op.label.data
    return label


def positions(function: FuncOp) -> dict[Operation, int]:
    """Numbers the operations of a network in the order in which core 0 comes to them.

    Operations of the function count, and those directly in a layer; a loop is one position.
    """
    numbered: dict[Operation, int] = {}
    for op in function.body.block.ops:
        numbered[op] = len(numbered)
        if isinstance(op, LayerOp):
            for inner in op.body.block.ops:
                numbered[inner] = len(numbered)
    return numbered


def _position(user: Operation, numbered: Mapping[Operation, int]) -> int:
    while user not in numbered:
        parent = user.parent_op()
        assert parent is not None, "a use lies in the function of its definition"
        user = parent
    return numbered[user]


def use_positions(value: SSAValue, numbered: Mapping[Operation, int]) -> list[int]:
    """Positions that need a buffer; a layer needs its output from its begin to its end."""
    found: list[int] = []
    for use in value.uses:
        found.append(_position(use.operation, numbered))
        if isinstance(use.operation, LayerOp):
            found.append(numbered[use.operation] + len(use.operation.body.block.ops))
    return found


def lifespans(function: FuncOp, space: Space = Space.L2) -> list[Lifespan]:
    """Buffers of a network in L2 or L3: activations, staged weights, inputs and outputs.

    Inputs live from the start, outputs to the end: the caller writes and reads them there.
    """
    numbered = positions(function)
    block = function.body.block
    written = {layer.output for layer in block.ops if isinstance(layer, LayerOp)}
    values: list[tuple[SSAValue, str]] = []
    if space is Space.L2:
        values += [(argument, f"argument {argument.index}") for argument in block.args]
    values += [
        (buffer.result, buffer.label.data)
        for buffer in block.ops
        if isinstance(buffer, BufferOp) and buffer.space is space
    ]
    found: list[Lifespan] = []
    for value, label in values:
        steps = use_positions(value, numbered)
        is_argument = value in block.args
        first = 0 if is_argument and value not in written else min(steps, default=0)
        last = len(numbered) if is_argument and value in written else max(steps, default=0)
        found.append(Lifespan(value, label, aligned(buffer_size(value)), first, last))
    return found


def constants(module: ModuleOp, space: Space) -> list[memref.GlobalOp]:
    """Weights that lie in a memory."""
    return [
        op
        for op in module.body.block.ops
        if isinstance(op, memref.GlobalOp) and op.type.memory_space == SpaceAttr(space)
    ]


def constant_size(constant: memref.GlobalOp) -> int:
    """Bytes of weights."""
    return constant.type.get_shape()[0]


def room_beside(weights: Iterable[int], l2: int) -> int:
    """Bytes that an L2 of so many has for activations beside weights: all of them, or the largest.

    Where it cannot hold all, they come from L3 one after the other.
    """
    sizes = [aligned(size) for size in weights]
    return l2 - min(sum(sizes), max(sizes, default=0))
