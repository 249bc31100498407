"""Lets layers read a part of a map, or write it, without a layer that copies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    PARTS,
    BufferOp,
    DmaStartOp,
    KernelOp,
    LayerOp,
    RunOp,
    buffer_size,
    enclosing_layer,
)
from dsconv.passes.analysis.index_constants import index_constant
from dsconv.passes.analysis.liveness import (
    Lifespan,
    constant_size,
    constants,
    lifespans,
    live_bytes,
    peak_live_bytes,
    room_beside,
)
from dsconv.passes.analysis.networks import networks
from dsconv.passes.analysis.target_cluster import memory_limit


@dataclass(frozen=True)
class Part:
    """An activation in L2 that may as well be a part of another one, from byte `start` on."""

    buffer: BufferOp
    whole: SSAValue
    start: int


def parts_of(layer: LayerOp) -> list[Part] | None:
    """What a layer that only moves values makes superfluous; None where it moves more.

    Every part is to be an activation between layers.
    """
    starts = layer.attributes.get(PARTS)
    if not isinstance(starts, DenseArrayBase):
        return None
    begins: list[int] = [int(start) for start in starts.get_values()]
    loads = [op for op in layer.walk() if isinstance(op, DmaStartOp) and op.is_load]
    sources = list(dict.fromkeys(load.source for load in loads))
    if len(sources) != len(begins):
        return None
    if layer.kind.data == "slice":
        pairs = [(layer.output, sources[0])]
    else:
        pairs = [(source, layer.output) for source in sources]
        ends = [*begins[1:], buffer_size(layer.output)]
        sizes = [end - begin for begin, end in zip(begins, ends, strict=True)]
        if [buffer_size(source) for source in sources] != sizes:
            return None
    found = [
        Part(part.owner, whole, start)
        for (part, whole), start in zip(pairs, begins, strict=True)
        if is_between_layers(part) and lies_in_l2(whole) and isinstance(part.owner, BufferOp)
    ]
    return found if len(found) == len(begins) else None


def is_between_layers(value: SSAValue) -> bool:
    """Whether a value is a buffer in L2 that layers make, and transfers of layers move."""
    owner = value.owner
    return (
        isinstance(owner, BufferOp)
        and owner.space is Space.L2
        and all(
            isinstance(use.operation, LayerOp)
            or (isinstance(use.operation, DmaStartOp) and enclosing_layer(use.operation))
            for use in value.uses
        )
    )


def lies_in_l2(value: SSAValue) -> bool:
    """Whether a value is an activation in L2, or an input or output of the network."""
    return not isinstance(value.owner, BufferOp) or value.owner.space is Space.L2


def largest_need(parts: Sequence[Part], items: Sequence[Lifespan]) -> int:
    """The most bytes that are live at a time once the parts lie in their whole."""
    known = {item.value: item for item in items}
    own = [known[part.buffer.result] for part in parts]
    whole = known[parts[0].whole]
    first = min(item.first for item in (whole, *own))
    last = max(item.last for item in (whole, *own))

    def need(position: int) -> int:
        live = live_bytes(items, position)
        live -= sum(item.size for item in own if item.first <= position <= item.last)
        return live if whole.first <= position <= whole.last else live + whole.size

    return max(need(position) for position in range(first, last + 1))


def shift_slices(part: Part) -> None:
    """Slices of a part begin so much later in its whole."""
    users = [use.operation for use in part.buffer.result.uses]
    loads = [user for user in users if isinstance(user, DmaStartOp) and user.is_load]
    for layer in {enclosing_layer(load) for load in loads}:
        starts = None if layer is None else layer.attributes.get(PARTS)
        if layer is not None and layer.kind.data == "slice" and isinstance(starts, DenseArrayBase):
            (start,) = starts.get_values()
            layer.attributes[PARTS] = DenseArrayBase.from_list(i64, [int(start) + part.start])


def move(part: Part) -> None:
    """Lets all that uses a part use its whole."""
    shift_slices(part)
    for use in list(part.buffer.result.uses):
        user = use.operation
        if isinstance(user, LayerOp):
            user.operands[use.index] = part.whole
            user.properties["output_offset"] = IntegerAttr(
                user.output_offset.value.data + part.start, i64
            )
        elif isinstance(user, DmaStartOp):
            user.operands[use.index] = part.whole
            if part.start:
                with ImplicitBuilder(Builder(InsertPoint.before(user))):
                    start = index_constant(part.start)
                    moved = arith.AddiOp(user.operands[use.index + 1], start)
                user.operands[use.index + 1] = moved.result
    Rewriter.erase_op(part.buffer)


def elide(layer: LayerOp, parts: Sequence[Part]) -> None:
    """Removes a layer that copies parts to their whole, or a part from it."""
    Rewriter.erase_op(layer)
    whole = parts[0].whole.owner
    for part in parts:
        if isinstance(whole, BufferOp) and part.buffer.is_before_in_block(whole):
            whole.detach()
            Rewriter.insert_op(whole, InsertPoint.before(part.buffer))
    for part in parts:
        move(part)


def kernels_run(within: Operation) -> set[str]:
    """Names of the kernels that are run in an operation."""
    return {op.kernel.string_value() for op in within.walk() if isinstance(op, RunOp)}


@dataclass(frozen=True)
class ElideCopiesPass(ModulePass):
    """Slices of channels and concats along them cost nothing where activations are CHW.

    Readers of the slice read the map that it is a part of, and layers in front of the concat write
    to its result. Of layers as `lower-to-tiles` writes them, those go that say where their parts
    lie (`dsconv.parts`); but none does where L2 would have to hold more bytes at a time than now,
    or where activations go to L3. `l2` in bytes, the target's by default; 0 means no limit.
    """

    name = "elide-copies"

    l2: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        l2 = memory_limit(op, Space.L2, self.l2)
        weights = [constant_size(constant) for constant in constants(op, Space.L2)]
        kernels = kernels_run(op)
        for function in networks(op, LayerOp):
            peak = peak_live_bytes(lifespans(function))
            if not l2 or peak <= room_beside(weights, l2):
                elide_copies(function, peak)
        superfluous = kernels - kernels_run(op)
        for kernel in list(op.body.block.ops):
            if isinstance(kernel, KernelOp) and kernel.sym_name.data in superfluous:
                Rewriter.erase_op(kernel)


def elide_copies(function: FuncOp, peak: int) -> None:
    """Elides layers of a network one by one; at most `peak` bytes are to be live at a time."""
    layers = [op for op in function.body.block.ops if isinstance(op, LayerOp)]
    for layer in layers:
        parts = parts_of(layer)
        if parts and largest_need(parts, lifespans(function)) <= peak:
            elide(layer, parts)
