"""Parts of activations that lie in memory as they lie alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import (
    ConcatOp,
    LayerOperation,
    SliceOp,
    layout_of,
    tensor_bytes,
    tensor_type,
)
from dsconv.passes.analysis.layouts import lies_between_layers


def takes_whole_channels(op: LayerOperation) -> bool:
    """Whether a layer only joins channels, or picks some next to each other."""
    if isinstance(op, ConcatOp):
        return op.joined_axis == 1
    return isinstance(op, SliceOp) and map_size(op.input) == map_size(op.result)


def map_size(value: SSAValue) -> tuple[int, ...]:
    """Rows and columns."""
    return tensor_type(value).get_shape()[2:]


def contiguous_parts(op: LayerOperation) -> list[int] | None:
    """Where the inputs of a concat begin in its result, or the result of a slice in its input.

    In bytes; None for other layers, and where values lie in another order: in CHW, whole channels
    do not.
    """
    layouts = {layout_of(value) for value in (*op.activations, op.result)}
    if layouts != {Layout.CHW} or not takes_whole_channels(op):
        return None
    if isinstance(op, SliceOp):
        channel, _, _ = op.first.get_values()
        channels = tensor_type(op.input).get_shape()[1]
        return [channel * (tensor_bytes(tensor_type(op.input)) // channels)]
    ends = accumulate(tensor_bytes(tensor_type(value)) for value in op.activations)
    return [0, *ends][:-1]


def is_free(op: LayerOperation, layouts: Iterable[Layout]) -> bool:
    """Whether `elide-copies` needs no such layer, if what it reads and makes has these layouts.

    That is where the parts lie between layers, as far as L2 has room.
    """
    parts = op.activations if isinstance(op, ConcatOp) else [op.result]
    return (
        takes_whole_channels(op)
        and set(layouts) == {Layout.CHW}
        and all(map(lies_between_layers, parts))
    )
