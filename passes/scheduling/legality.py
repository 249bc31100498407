"""The fusion engine: which layers can run as one (Daghero et al. 2024, section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.attributes import Axis
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import (
    AddOp,
    DepthwiseOp,
    LayerOperation,
    PointwiseOp,
    element_bytes,
    kind_of,
    tensor_type,
)
from dsconv.passes.analysis.chain import Chain, value_bytes
from dsconv.passes.analysis.layouts import lies_between_layers
from dsconv.passes.scheduling.step_space import smallest_needs

WEIGHT_PIECES = 5
"""Weights larger than this part of L2 are cut, so that pieces can be staged one by one."""


FUSED_KINDS = (DepthwiseOp, PointwiseOp, AddOp)
"""What a chain consists of."""


def next_in_chain(op: LayerOperation) -> LayerOperation | None:
    """The layer that alone reads a layer's result, if it comes behind all else that it reads."""
    readers = {use.operation for use in op.result.uses}
    if len(readers) != 1:
        return None
    (reader,) = readers
    if not isinstance(reader, LayerOperation) or reader.parent_block() is not op.parent_block():
        return None
    return None if isinstance(reader, FusedOp) else reader


def why_illegal(chain: Sequence[LayerOperation], axis: Axis) -> str | None:
    """Why layers that read each other cannot be fused along an axis; None where they can."""
    if len(chain) < 2:
        return "one layer alone is no chain"
    for op in chain:
        reason = _why_layer_illegal(op)
        if reason is not None:
            return f'"{op.label}" {reason}'
    if any(isinstance(op, AddOp) for op in chain[:-1]):
        return "an add is the last layer of a chain"
    if axis is Axis.CHANNELS and [type(op) for op in chain] != [PointwiseOp, DepthwiseOp]:
        return "along channels, a pointwise layer fuses with the depthwise one behind it"
    if not any(isinstance(op, PointwiseOp) for op in chain):
        return "there is no pointwise layer in it"
    return None


def _why_layer_illegal(op: LayerOperation) -> str | None:
    if not isinstance(op, FUSED_KINDS):
        *most, last = map(kind_of, FUSED_KINDS)
        return f"is of kind {op.kind}; {', '.join(most)} and {last} fuse"
    if element_bytes(tensor_type(op.result)) > 1:
        return "makes more than bytes"
    shapes = {tensor_type(value).get_shape() for value in (*op.activations, op.result)}
    if isinstance(op, AddOp) and len(shapes) > 1:
        return "adds values of several shapes"
    if not isinstance(op, DepthwiseOp):
        return None
    window = op.window
    (extent, _), (stride, _), top = window.extent, window.strides, window.pads[0]
    if window.dilations != (1, 1):
        return "has a dilated window"
    if extent < stride:
        return f"skips rows: its window has {extent}, its stride is {stride}"
    if top > extent - stride:
        return f"has {top} rows of padding above a window of {extent} rows with stride {stride}"
    return None


def callers_bytes(chain: Chain) -> int:
    """Bytes of what a chain reads and makes that the caller gives or takes: it never lies in L3."""
    values = chain.outside_values
    return sum(value_bytes(value) for value in values if not lies_between_layers(value))


def why_too_large(chain: Chain, axis: Axis, l1: int, l2: int) -> str | None:
    """Why L1 or L2 of so many bytes, 0 for no limit, is too small for a chain; None where not.

    L2 holds the weights, which are not cut, what is the caller's, and what a step moves if the
    other maps lie in L3.
    """
    for_l1, for_l2 = smallest_needs(chain, axis)
    for_l2 += callers_bytes(chain)
    if l1 and for_l1 > l1:
        return f"it needs {for_l1} bytes of L1, {l1} are there"
    if l2 and for_l2 > l2:
        return f"its weights and a step of its maps need {for_l2} bytes of L2, {l2} are there"
    return why_weights_too_large(chain, l2)


def why_weights_too_large(chain: Chain, l2: int) -> str | None:
    """Why the weights of a layer would have to be cut; None where not."""
    largest, piece = max(chain.weight_bytes), l2 // WEIGHT_PIECES
    if l2 and largest > piece:
        return f"a layer has {largest} bytes of weights, of which L2 takes {piece} at a time"
    return None


def chain_from(first: LayerOperation) -> Iterator[LayerOperation]:
    """A layer, the one that alone reads it, the one that alone reads that, and so on."""
    op: LayerOperation | None = first
    while op is not None:
        yield op
        op = next_in_chain(op)


def fuse(chain: Sequence[LayerOperation], axis: Axis) -> FusedOp:
    """Replaces a chain by a fused layer, at the place of its last one."""
    last = chain[-1]
    block = last.parent_block()
    assert block is not None, "layers lie in a function"
    readers = list(last.result.uses)
    following = last.next_op
    place = InsertPoint.at_end(block) if following is None else InsertPoint.before(following)
    fused = FusedOp(chain, axis)
    Rewriter.insert_op(fused, place)
    for use in readers:
        use.operation.operands[use.index] = fused.result
    return fused
