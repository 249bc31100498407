"""Which layouts values may have, and which serves those that read them."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.fused import FusedOp, YieldOp
from dsconv.dialects.graph import (
    AveragePoolOp,
    BinaryOperation,
    DepthwiseOp,
    LayerOperation,
    MaxPoolOp,
    MovingOperation,
    PairLookupOp,
    RescaleOp,
    TableOperation,
    layout_of,
    tensor_type,
)

CHANNELWISE = (DepthwiseOp, AveragePoolOp, MaxPoolOp)


ELEMENTWISE = (BinaryOperation, RescaleOp, TableOperation, PairLookupOp, MovingOperation)


def preferred_layout(value: SSAValue) -> Layout:
    """CHW if one consumer slides over a channel, HWC if all sum over channels."""
    group = layout_group(value)
    slides = any(isinstance(use.operation, CHANNELWISE) for member in group for use in member.uses)
    return Layout.CHW if slides else Layout.HWC


def layout_group(value: SSAValue) -> list[SSAValue]:
    """The values that elementwise layers connect with one: all are to have the same layout."""
    group = [value]
    for member in group:
        group += [other for other in connected(member) if other not in group]
    return group


def connected(value: SSAValue) -> dict[SSAValue, None]:
    """Values that an elementwise layer, or the end of a fused one, connects with this one."""
    found: list[SSAValue] = []
    for op in (value.owner, *(use.operation for use in value.uses)):
        if isinstance(op, ELEMENTWISE):
            found += [*op.activations, op.result]
        elif isinstance(op, YieldOp):
            found.append(fused_by(op).result)
        elif isinstance(op, FusedOp) and op.result is value:
            found.append(op.chain[-1].result)
    return dict.fromkeys(found)


def fused_by(end: YieldOp) -> FusedOp:
    """The fused layer that this ends."""
    parent = end.parent_op()
    assert isinstance(parent, FusedOp), "dsconv.yield has that parent"
    return parent


def only_layers_read(value: SSAValue) -> bool:
    """Whether a value stays between layers, so that its layout is ours to choose."""
    return all(
        only_layers_read(fused_by(use.operation).result)
        if isinstance(use.operation, YieldOp)
        else isinstance(use.operation, LayerOperation)
        for use in value.uses
    )


def possible_layouts(value: SSAValue) -> tuple[Layout, ...]:
    """The layouts that an activation may have, the preferred one first.

    There is one where a layout is written, where it is not ours to choose, and where all are equal.
    """
    layout = layout_of(value)
    if layout is not None or not lies_between_layers(value):
        return (layout or Layout.HWC,)
    preferred = preferred_layout(value)
    _, channels, *size = tensor_type(value).get_shape()
    if 1 in (channels, prod(size)):
        return (preferred,)
    return (preferred, *(layout for layout in Layout if layout is not preferred))


def layout_options(layers: Iterable[LayerOperation]) -> dict[SSAValue, tuple[Layout, ...]]:
    """The layouts that what layers make may have."""
    return {layer.result: possible_layouts(layer.result) for layer in layers}


def lies_between_layers(value: SSAValue) -> bool:
    """Whether layers make a value and alone read it, so that where and how it lies is ours."""
    return isinstance(value.owner, LayerOperation) and only_layers_read(value)


def set_layout(value: SSAValue, layout: Layout) -> None:
    """Writes a layout into the type of an activation."""
    type_ = tensor_type(value)
    encoded = TensorType(type_.element_type, type_.shape, LayoutAttr(layout))
    Rewriter.replace_value_with_new_type(value, encoded)
