"""Places every buffer: L1 within each layer, L2 and L3 over the network, from lifetimes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import memref
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass

from dsconv.dialects.attributes import Space, SpaceAttr
from dsconv.dialects.tiled import BufferOp, LayerOp, aligned, buffer_size
from dsconv.passes.capacity import DoesNotFitError
from dsconv.passes.l1_plan import network_buffers, place
from dsconv.passes.networks import networks

L1_SIZE = "dsconv.l1_bytes"
L2_SIZE = "dsconv.l2_bytes"
L3_SIZE = "dsconv.l3_bytes"
L3_IMAGE_SIZE = "dsconv.l3_image_bytes"
OFFSETS = "dsconv.offset"

SEARCH_ATTEMPTS = 400


@dataclass
class Lifetime:
    """A buffer with the first and last position that needs it, and its place once it has one."""

    value: SSAValue
    label: str
    size: int
    first: int
    last: int
    offset: int = 0

    def overlaps(self, other: Lifetime) -> bool:
        """Whether both are needed at some position."""
        return self.first <= other.last and other.first <= self.last


def place_in_order(items: Sequence[Lifetime]) -> int:
    """Places buffers in this order, each in the tightest gap it fits; returns the bytes taken."""
    placed: list[Lifetime] = []
    total = 0
    for item in items:
        neighbours = sorted(
            (other for other in placed if other.overlaps(item)), key=lambda other: other.offset
        )
        end = 0
        best: tuple[int, int] | None = None
        for other in neighbours:
            gap = other.offset - end
            if gap >= item.size and (best is None or gap < best[0]):
                best = gap, end
            end = max(end, other.offset + other.size)
        item.offset = best[1] if best else end
        total = max(total, item.offset + item.size)
        placed.append(item)
    return total


def best_fit(lifetimes: Iterable[Lifetime]) -> int:
    """Places the largest buffers first; returns the bytes taken."""
    return place_in_order(sorted(lifetimes, key=lambda item: (-item.size, item.first)))


def search_fit(lifetimes: Iterable[Lifetime], attempts: int = SEARCH_ATTEMPTS) -> int:
    """Places buffers in the best of several orders, up to the lower bound; returns the bytes taken.

    Starts from the largest first, the longest-lived first and the earliest first, then moves single
    buffers forward in the best order so far, drawn from a fixed seed. A life is as long as it meets
    begins and ends of others: operations that need no buffer make no difference.
    """
    items = list(lifetimes)
    bound = peak_live_bytes(items)
    events = {position for item in items for position in (item.first, item.last)}
    ranks = {position: rank for rank, position in enumerate(sorted(events))}

    def length(item: Lifetime) -> int:
        return ranks[item.last] - ranks[item.first] + 1

    orders = [
        sorted(items, key=lambda item: (-item.size, item.first)),
        sorted(items, key=lambda item: (-length(item), -item.size)),
        sorted(items, key=lambda item: (-item.size * length(item), item.first)),
        sorted(items, key=lambda item: (item.first, -item.size)),
    ]
    order = min(orders, key=place_in_order)
    total = place_in_order(order)
    draw = random.Random(0)
    for _ in range(attempts):
        if total == bound:
            break
        attempt = list(order)
        attempt.insert(draw.randrange(len(order)), attempt.pop(draw.randrange(len(order))))
        size = place_in_order(attempt)
        if size <= total:
            order, total = attempt, size
    return place_in_order(order)


def live_bytes(lifetimes: Iterable[Lifetime], position: int) -> int:
    """Bytes that are needed at one position."""
    return sum(item.size for item in lifetimes if item.first <= position <= item.last)


def peak_live_bytes(lifetimes: Iterable[Lifetime]) -> int:
    """Lower bound of any plan: the most bytes that are needed at one position."""
    items = list(lifetimes)
    return max((live_bytes(items, item.first) for item in items), default=0)


def peak_layer(function: FuncOp, lifetimes: Iterable[Lifetime]) -> str:
    """Label of the first layer in which most bytes are needed."""
    items = list(lifetimes)
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


def lifetimes(function: FuncOp, space: Space = Space.L2) -> list[Lifetime]:
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
    found: list[Lifetime] = []
    for value, label in values:
        steps = use_positions(value, numbered)
        is_argument = value in block.args
        first = 0 if is_argument and value not in written else min(steps, default=0)
        last = len(numbered) if is_argument and value in written else max(steps, default=0)
        found.append(Lifetime(value, label, aligned(buffer_size(value)), first, last))
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


def place_l3_constants(module: ModuleOp) -> int:
    """Places the weights in L3 one behind the other; returns the bytes of the image."""
    offset = 0
    for constant in constants(module, Space.L3):
        constant.attributes[OFFSETS] = IntegerAttr(offset, i64)
        offset += aligned(constant_size(constant))
    return offset


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """Gives each `dsconv.buffer` its offset, and the function its `dsconv.l1_bytes` and so on.

    `l1` and `l2`, in bytes, are limits; 0 means none. L2 holds the activations and the weights that
    are not in L3.
    """

    name = "plan-memory"

    l1: int = 0
    l2: int = 0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in networks(op, LayerOp):
            self._plan(op, function)

    def _plan(self, module: ModuleOp, function: FuncOp) -> None:
        items = lifetimes(function)
        far_items = lifetimes(function, Space.L3)
        image_bytes = place_l3_constants(module)
        l2_bytes, far_bytes = search_fit(items), best_fit(far_items)
        for item in far_items:
            item.offset += image_bytes
        sizes = {
            L1_SIZE: self._place_l1(function),
            L2_SIZE: l2_bytes,
            L3_SIZE: image_bytes + far_bytes,
            L3_IMAGE_SIZE: image_bytes,
        }
        self._check_l2(module, function, l2_bytes, items)
        for name, size in sizes.items():
            function.attributes[name] = IntegerAttr(size, i64)
        self._write_offsets(function, [*items, *far_items])

    def _place_l1(self, function: FuncOp) -> int:
        plans = network_buffers(function)
        for plan in plans:
            if self.l1 and plan.needed_bytes > self.l1:
                raise DoesNotFitError(
                    Space.L1,
                    f'layer "{plan.layer.label.data}" needs {plan.needed_bytes} bytes of L1, '
                    f"{self.l1} are there",
                )
        size = max(plan.needed_bytes for plan in plans)
        place(plans, size)
        return size

    def _check_l2(
        self, module: ModuleOp, function: FuncOp, l2_bytes: int, items: Iterable[Lifetime]
    ) -> None:
        weights = sum(aligned(constant_size(constant)) for constant in constants(module, Space.L2))
        if self.l2 and l2_bytes + weights > self.l2:
            raise DoesNotFitError(
                Space.L2,
                f'network "{function.sym_name.data}" needs {l2_bytes + weights} bytes of L2: '
                f"{l2_bytes} for activations (at least {peak_live_bytes(items)} whatever the "
                f'plan, for layer "{peak_layer(function, items)}"), {weights} for weights; '
                f"{self.l2} are there",
            )

    def _write_offsets(self, function: FuncOp, items: Iterable[Lifetime]) -> None:
        offsets = {item.value: item.offset for item in items}
        for value, offset in offsets.items():
            if isinstance(value.owner, BufferOp):
                value.owner.place(offset)
        arguments = [IntegerAttr(offsets[argument], i64) for argument in function.body.block.args]
        function.attributes[OFFSETS] = ArrayAttr(arguments)
