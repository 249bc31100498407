"""Pools of TOSA, and its operations that move values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr, Rounding, WindowAttr
from dsconv.dialects.graph import (
    MOST_PIXEL_PARTS,
    AveragePoolOp,
    ConcatOp,
    InterpolateOp,
    IntTensorType,
    LayerOperation,
    MaxPoolOp,
    PadOp,
    ResizeOp,
    SliceOp,
    activation_type,
)
from dsconv.passes.tosa.function_reader import FunctionReader, image_sizes
from dsconv.passes.tosa.operation import TosaOperation
from dsconv.passes.tosa.values import (
    Activation,
    Constant,
    Result,
    Sums,
    Term,
    WindowSum,
    resolved,
    same_order,
)

STORED_AXES = (0, 2, 3, 1)
"""The stored axis of each dimension N, H, W, C."""
NO_PADS = (0, 0, 0, 0)


def read_constant(reader: FunctionReader, operation: TosaOperation) -> None:
    """A constant."""
    reader.set(operation, Constant(operation.values()))


def read_reshape(reader: FunctionReader, operation: TosaOperation) -> None:
    """New dimensions of the same values."""
    value = reader.value(operation, 0)
    if len(operation.operands) < 2:
        raise operation.problem("no operand says the shape", "TOSA 1.0 is read")
    shape = resolved(reader.numbers(operation, 1), prod(value.shape))
    if prod(shape) != prod(value.shape):
        raise operation.problem(f"reshapes {value.shape} to {shape}")
    if isinstance(value, Constant):
        reader.set(operation, Constant(value.array.reshape(shape)))
        return
    is_wide = isinstance(value, WindowSum | Term | Sums)
    if is_wide and image_sizes(shape) != image_sizes(value.shape):
        raise operation.problem("reshapes sums of 32 bits")
    reader.set(operation, replace(value, shape=shape))


def read_transpose(reader: FunctionReader, operation: TosaOperation) -> None:
    """A transpose of a constant, or one that moves no byte."""
    value = reader.value(operation, 0)
    permutation = operation.integers("perms")
    if isinstance(value, Constant):
        reader.set(operation, Constant(np.transpose(value.array, permutation)))
        return
    if not same_order(value.shape, permutation):
        raise operation.problem(
            f"transposes {value.shape} by {permutation}", "those that move no byte are supported"
        )
    reader.set(operation, replace(value, shape=operation.result_shape))


def read_identity(reader: FunctionReader, operation: TosaOperation) -> None:
    """The same value."""
    reader.set(operation, reader.value(operation, 0))


def read_avg_pool2d(reader: FunctionReader, operation: TosaOperation) -> None:
    """The average of the pixels that are there, half away from 0."""
    x = _image(reader, operation)
    zero_point, out_zero_point = (reader.number(operation, index) for index in (1, 2))
    window = _window(operation)
    counted = any(window.pads)
    requant = RequantAttr.of(
        [1],
        [1 if counted else prod(window.kernel)],
        rounding=Rounding.HALF_AWAY,
        zero_point=out_zero_point,
        clip=(-128, 127),
    )
    shape = operation.result_shape

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        return AveragePoolOp(
            reader.label(operation),
            x.value,
            window,
            requant,
            activation_type(image_sizes(shape), dtype),
            input_zero_point=zero_point,
            counted_pads=NO_PADS if counted else None,
        )

    reader.set(operation, Result(Sums(make, shape), requant, np.int8, shape))


def read_max_pool2d(reader: FunctionReader, operation: TosaOperation) -> None:
    """The maximum of a window."""
    x, window = _image(reader, operation), _window(operation)
    _move(
        reader,
        operation,
        [x],
        lambda label, values, type_: MaxPoolOp(label, values[0], window, type_),
    )


def read_concat(reader: FunctionReader, operation: TosaOperation) -> None:
    """Channels, rows or columns of several activations."""
    parts = [_image(reader, operation, index) for index in range(len(operation.operands))]
    axis = STORED_AXES[operation.integer("axis")]
    _move(
        reader, operation, parts, lambda label, values, type_: ConcatOp(label, values, type_, axis)
    )


def read_slice(reader: FunctionReader, operation: TosaOperation) -> None:
    """A part of the channels, rows and columns, or of a constant."""
    value = reader.value(operation, 0)
    if isinstance(value, Constant):
        bounds = zip(reader.numbers(operation, 1), operation.result_shape, strict=True)
        part = value.array[tuple(slice(first, first + size) for first, size in bounds)]
        reader.set(operation, Constant(part.reshape(operation.result_shape)))
        return
    x = _image(reader, operation)
    _, row, column, channel = reader.numbers(operation, 1)
    first = (channel, row, column)
    _move(
        reader, operation, [x], lambda label, values, type_: SliceOp(label, values[0], first, type_)
    )


def read_pad(reader: FunctionReader, operation: TosaOperation) -> None:
    """Rows and columns of one value."""
    x = _image(reader, operation)
    pads = np.array(reader.numbers(operation, 1)).reshape(4, 2)
    value = reader.number(operation, 2)
    if pads[0].any() or pads[3].any() or (pads < 0).any():
        raise operation.problem(f"pads {pads.tolist()}", "rows and columns can be padded")
    (top, bottom), (left, right) = pads[1].tolist(), pads[2].tolist()
    edges = (top, left, bottom, right)
    _move(
        reader,
        operation,
        [x],
        lambda label, values, type_: PadOp(label, values[0], edges, value, type_),
    )


def read_resize(reader: FunctionReader, operation: TosaOperation) -> None:
    """Rows and columns in other numbers, nearest or between neighbours."""
    x, mode = _image(reader, operation), operation.word("mode")
    scale, offsets = reader.numbers(operation, 1), reader.numbers(operation, 2)
    axes = list(zip(scale[::2], scale[1::2], offsets, strict=True))
    if mode not in ("NEAREST_NEIGHBOR", "BILINEAR") or min(*scale[::2], scale[1], scale[3]) < 1:
        raise operation.problem(f"mode {mode}, scale {scale}")
    if mode == "BILINEAR":
        reader.set(operation, _interpolated(reader, operation, x, axes))
        return
    sizes = zip(x.shape[1:3], operation.result_shape[1:3], axes, strict=True)
    if all(_repeats(size, count, *axis) for size, count, axis in sizes):
        _move(
            reader, operation, [x], lambda label, values, type_: ResizeOp(label, values[0], type_)
        )
        return
    rows, columns = ((2 * down, 2 * offset + up, 2 * up) for up, down, offset in axes)
    limits = np.iinfo(x.dtype)
    requant = RequantAttr.of(
        [1], [1], rounding=Rounding.HALF_UP, clip=(int(limits.min), int(limits.max))
    )
    _move(
        reader,
        operation,
        [x],
        lambda label, values, type_: InterpolateOp(
            label, values[0], rows, columns, requant, type_, nearest=True
        ),
    )


def _repeats(size: int, count: int, up: int, down: int, offset: int) -> bool:
    """Whether each of so many places is read as often as any other, one after the other."""
    places: list[int] = []
    for index in range(count):
        place, rest = divmod(index * down + offset, up)
        places.append(min(max(place + (2 * rest >= up), 0), size - 1))
    return count % size == 0 and places == [index * size // count for index in range(count)]


def _interpolated(
    reader: FunctionReader,
    operation: TosaOperation,
    x: Activation,
    axes: Sequence[tuple[int, int, int]],
) -> Sums:
    """Sums of the four pixels around, in parts of one; a rescale makes bytes of them."""
    rows, columns = ((down, offset, up) for up, down, offset in axes)
    if rows[2] * columns[2] > MOST_PIXEL_PARTS:
        raise operation.problem(f"{rows[2]}x{columns[2]} parts of a pixel")
    shape = operation.result_shape

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        type_ = activation_type(image_sizes(shape), dtype)
        return InterpolateOp(reader.label(operation), x.value, rows, columns, requant, type_)

    return Sums(make, shape)


def _image(reader: FunctionReader, operation: TosaOperation, index: int = 0) -> Activation:
    x = reader.activation(operation, index)
    if not x.is_image:
        raise operation.problem(f"reads {x.sizes} as {x.shape}", "activations NHWC are supported")
    return x


def _move(
    reader: FunctionReader,
    operation: TosaOperation,
    parts: Sequence[Activation],
    make: Callable[[str, list[SSAValue], IntTensorType], LayerOperation],
) -> None:
    shape = operation.result_shape
    type_ = activation_type(image_sizes(shape), parts[0].dtype)
    layer = make(reader.label(operation), [part.value for part in parts], type_)
    reader.set(operation, Activation(reader.append(operation, layer), shape))


def _window(operation: TosaOperation) -> WindowAttr:
    kernel, strides = map(operation.integers, ("kernel", "stride"))
    return WindowAttr.of(kernel, strides, operation.pads)
