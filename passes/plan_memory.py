"""Places every buffer: L1 within each layer, L2 over the whole network, from lifetimes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import BufferOp, LayerOp, aligned, buffer_size

L1_SIZE = "dsconv.l1_bytes"
L2_SIZE = "dsconv.l2_bytes"
OFFSETS = "dsconv.offset"


@dataclass
class Lifetime:
    """A buffer with the first and last step that needs it, and its place once it has one."""

    value: SSAValue
    size: int
    first: int
    last: int
    offset: int = 0

    def overlaps(self, other: Lifetime) -> bool:
        """Whether both are needed at some step."""
        return self.first <= other.last and other.first <= self.last


def best_fit(lifetimes: Iterable[Lifetime]) -> int:
    """Places the largest first, each in the tightest gap that it fits; returns the bytes taken."""
    placed: list[Lifetime] = []
    total = 0
    for item in sorted(lifetimes, key=lambda item: (-item.size, item.first)):
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


def peak_live_bytes(lifetimes: Iterable[Lifetime]) -> int:
    """Lower bound of any plan: the most bytes that are needed at one step."""
    items = list(lifetimes)
    steps = {item.first for item in items}
    return max(
        (sum(item.size for item in items if item.first <= step <= item.last) for step in steps),
        default=0,
    )


def _step(user: Operation, block: Block) -> int:
    while user.parent_block() is not block:
        parent = user.parent_op()
        assert parent is not None, "a use lies inside the block of its definition"
        user = parent
    return block.get_operation_index(user)


def lifetimes(function: FuncOp) -> list[Lifetime]:
    """L2 buffers of a network: activations between its layers, and its inputs and outputs.

    Inputs live from the start, outputs to the end: the caller writes and reads them there.
    """
    block = function.body.block
    end = len(block.ops)
    written = {layer.output for layer in block.ops if isinstance(layer, LayerOp)}
    values: list[SSAValue] = list(block.args)
    values += [
        buffer.result
        for buffer in block.ops
        if isinstance(buffer, BufferOp) and buffer.space is Space.L2
    ]
    found: list[Lifetime] = []
    for value in values:
        steps = [_step(use.operation, block) for use in value.uses]
        is_argument = value in block.args
        first = 0 if is_argument and value not in written else min(steps, default=0)
        last = end if is_argument and value in written else max(steps, default=0)
        found.append(Lifetime(value, aligned(buffer_size(value)), first, last))
    return found


def place_l1(layer: LayerOp) -> int:
    """Places a layer's L1 buffers one behind the other; returns the bytes taken."""
    offset = 0
    for buffer in layer.walk():
        if isinstance(buffer, BufferOp) and buffer.space is Space.L1:
            buffer.place(offset)
            offset += aligned(buffer.size)
    return offset


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """Gives each `dsconv.buffer` its offset, and the function its `dsconv.l1_bytes` and `l2_bytes`.

    `l1` and `l2`, in bytes, are limits; 0 means none.
    """

    name = "plan-memory"

    l1: int = 0
    l2: int = 0

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.body.block.ops:
            if isinstance(function, FuncOp) and not function.is_declaration:
                self._plan(function)

    def _plan(self, function: FuncOp) -> None:
        layers = [layer for layer in function.body.block.ops if isinstance(layer, LayerOp)]
        if not layers:
            return
        l1_bytes = 0
        for layer in layers:
            size = place_l1(layer)
            if self.l1 and size > self.l1:
                raise DiagnosticException(
                    f'layer "{layer.label.data}" needs {size} bytes of L1, {self.l1} are there'
                )
            l1_bytes = max(l1_bytes, size)
        items = lifetimes(function)
        l2_bytes = best_fit(items)
        if self.l2 and l2_bytes > self.l2:
            raise DiagnosticException(
                f'network "{function.sym_name.data}" needs {l2_bytes} bytes of L2 for activations '
                f"(at least {peak_live_bytes(items)} whatever the plan), {self.l2} are there"
            )
        function.attributes[L1_SIZE] = IntegerAttr(l1_bytes, i64)
        function.attributes[L2_SIZE] = IntegerAttr(l2_bytes, i64)
        self._write_offsets(function, items)

    def _write_offsets(self, function: FuncOp, items: Iterable[Lifetime]) -> None:
        offsets = {item.value: item.offset for item in items}
        for item in items:
            if isinstance(item.value.owner, BufferOp):
                item.value.owner.place(item.offset)
        arguments = [IntegerAttr(offsets[argument], i64) for argument in function.body.block.args]
        function.attributes[OFFSETS] = ArrayAttr(arguments)
