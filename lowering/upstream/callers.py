"""Tensors of callers and the buffers that networks take: casts between them become operations."""

from __future__ import annotations

from math import prod

from xdsl.builder import Builder, ImplicitBuilder
from xdsl.dialects import bufferization, memref, tensor
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    TensorType,
    UnitAttr,
    UnrealizedConversionCastOp,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import TypeConversionPattern, attr_type_rewrite_pattern
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.attributes import Layout, LayoutAttr, SpaceAttr


class PlainTensors(TypeConversionPattern):
    """A tensor 1xCxHxW with a layout becomes one of bytes whose dimensions are in its order."""

    @attr_type_rewrite_pattern
    def convert_type(self, typ: TensorType, /) -> Attribute | None:
        element = typ.element_type
        if not isinstance(typ.encoding, LayoutAttr) or not isinstance(element, IntegerType):
            return None
        batch, channels, height, width = typ.get_shape()
        by_pixel = typ.encoding.data is Layout.HWC
        sizes = (height, width, channels) if by_pixel else (channels, height, width)
        return TensorType(IntegerType(element.width.data), [batch, *sizes])


def resolve_casts(module: ModuleOp) -> None:
    """Casts between tensors and buffers, also over several types, become operations.

    Others are left.
    """
    casts = [
        op
        for op in module.walk()
        if isinstance(op, UnrealizedConversionCastOp) and len(op.inputs) == len(op.results) == 1
    ]
    for cast in casts:
        (result,) = cast.results
        users = [use.operation for use in result.uses]
        if all(isinstance(user, UnrealizedConversionCastOp) for user in users):
            continue
        with ImplicitBuilder(Builder(InsertPoint.before(cast))):
            found = _converted(_first(cast), result.type)
        if found is not None:
            result.replace_all_uses_with(found)
    for cast in reversed(casts):
        if not cast.results[0].uses:
            Rewriter.erase_op(cast)


def _first(cast: UnrealizedConversionCastOp) -> SSAValue:
    """The value that a chain of casts begins with."""
    value = cast.inputs[0]
    while isinstance(value.owner, UnrealizedConversionCastOp) and len(value.owner.inputs) == 1:
        value = value.owner.inputs[0]
    return value


def _converted(value: SSAValue, type_: Attribute) -> SSAValue | None:
    """A value as another type; None where neither is a buffer of ours."""
    if _is_buffer(value.type) and value.type == type_:
        return value
    if isinstance(value.type, TensorType) and _is_buffer(type_):
        return _to_buffer(value, value.type)
    if _is_buffer(value.type) and isinstance(type_, TensorType):
        return _to_tensor(value, type_)
    return None


def _is_buffer(type_: Attribute) -> bool:
    return isinstance(type_, MemRefType) and isinstance(type_.memory_space, SpaceAttr)


def _to_buffer(value: SSAValue, type_: TensorType) -> SSAValue:
    """The bytes of a tensor, which the network only reads."""
    static = _static(type_)
    if static != type_:
        value = tensor.CastOp(value, static).dest
    shaped = MemRefType(static.element_type, static.get_shape())
    buffer = bufferization.ToBufferOp.create(
        operands=[value], result_types=[shaped], properties={"read_only": UnitAttr()}
    ).memref
    if static.get_num_dims() == 1:
        return buffer
    return memref.CollapseShapeOp.create(
        operands=[buffer],
        result_types=[MemRefType(static.element_type, [prod(static.get_shape())])],
        properties={"reassociation": _all_dimensions(static)},
    ).result


def _to_tensor(value: SSAValue, type_: TensorType) -> SSAValue:
    """A tensor of bytes that the network wrote, which nobody writes again."""
    static = _static(type_)
    if static.get_num_dims() > 1:
        value = memref.ExpandShapeOp.create(
            operands=[value],
            result_types=[MemRefType(static.element_type, static.get_shape())],
            properties={
                "reassociation": _all_dimensions(static),
                "static_output_shape": DenseArrayBase.from_list(i64, static.get_shape()),
            },
        ).result
    found = bufferization.ToTensorOp(value, restrict=True).tensor
    return found if static == type_ else tensor.CastOp(found, type_).dest


def _static(type_: TensorType) -> TensorType:
    """The type with a dynamic batch of 1, which is what networks are compiled for."""
    sizes = [1 if size == DYNAMIC_INDEX else size for size in type_.get_shape()]
    return TensorType(type_.element_type, sizes)


def _all_dimensions(type_: TensorType) -> ArrayAttr[ArrayAttr[IntegerAttr]]:
    """All dimensions as one group."""
    group = ArrayAttr([IntegerAttr(axis, i64) for axis in range(type_.get_num_dims())])
    return ArrayAttr([group])
