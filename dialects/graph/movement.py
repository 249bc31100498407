"""Graph level: layers that move values and change none."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import I32, I64, DenseArrayBase, IntegerAttr, TensorType, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, var_operand_def
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import WindowAttr, i64_array
from dsconv.dialects.graph.base import (
    ELEMENTS,
    IntTensorType,
    LayerOperation,
    layer_format,
    tensor_type,
    verify_activation,
    verify_shape,
    verify_window,
    verify_zero_point,
)
from dsconv.dialects.tiled.kernel import KernelKind

NO_STRIDES = i64_array((1, 1))
CHANNELS = IntegerAttr(1, i64)
"""Defaults. An operation leaves them out, as the parser does, so that equal layers are equal IR."""


class MovingOperation(LayerOperation, abc.ABC):
    """A layer that moves values and changes none."""

    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = ELEMENTS

    def verify_(self) -> None:
        super().verify_()
        for value in self.activations:
            if tensor_type(value).element_type != tensor_type(self.result).element_type:
                raise VerifyException(f"inputs and result of {self.name} have the same elements")


@irdl_op_definition
class ConcatOp(MovingOperation):
    """All inputs, one after the other along an axis: channels (1), rows (2) or columns (3)."""

    name = "dsconv.concat"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.CONCAT

    inputs = var_operand_def(TensorType)
    axis = opt_prop_def(IntegerAttr[I64], default_value=CHANNELS)

    assembly_format = layer_format(["inputs"], [])

    AXES: ClassVar[Mapping[int, str]] = {1: "channels", 2: "rows", 3: "columns"}

    def __init__(
        self,
        layer: str,
        inputs: Sequence[SSAValue | Operation],
        result_type: IntTensorType,
        axis: int = 1,
    ):
        super().__init__(
            layer, [inputs], result_type, axis=IntegerAttr(axis, i64) if axis != 1 else None
        )

    @property
    def joined_axis(self) -> int:
        """The axis as a number."""
        return self.axis.value.data

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"axis": self.properties.get("axis")}

    def _verify_operands(self) -> None:
        axis = self.joined_axis
        if axis not in self.AXES:
            raise VerifyException(f"a concat is along axis 1, 2 or 3, not {axis}")
        if not self.inputs:
            raise VerifyException("a concat has inputs")
        shape = list(tensor_type(self.result).get_shape())
        total = 0
        for value in self.inputs:
            verify_activation(value, "input", ELEMENTS)
            own = tensor_type(value).get_shape()[axis]
            verify_shape(value, "input has", (*shape[:axis], own, *shape[axis + 1 :]))
            total += own
        verify_shape(self.result, "result has", (*shape[:axis], total, *shape[axis + 1 :]))
        if self.tile is not None and self.tile.sizes.get_values()[axis - 1] != total:
            raise VerifyException(f"a tile of this concat has all {self.AXES[axis]}")


@irdl_op_definition
class PadOp(MovingOperation):
    """The input with rows and columns of one value around it; pads are top, left, bottom, right."""

    name = "dsconv.pad"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.MAX_POOL

    input = operand_def(TensorType)
    pads = prop_def(DenseArrayBase[I64])
    value = prop_def(IntegerAttr[I32])

    assembly_format = layer_format(["input"], ["pads", "value"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        pads: Sequence[int],
        value: int,
        result_type: IntTensorType,
    ):
        super().__init__(
            layer, [input], result_type, pads=i64_array(pads), value=IntegerAttr(value, i32)
        )

    @property
    def window(self) -> WindowAttr:
        """The same as a window of one pixel over the padded input."""
        return WindowAttr.of((1, 1), pads=self.pads.get_values())

    @property
    def pad_value(self) -> int:
        return self.value.value.data

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        if len(self.pads) != 4 or min(self.pads.get_values()) < 0:
            raise VerifyException("four pads, none of them negative, are around a map")
        channels = tensor_type(self.input).get_shape()[1]
        verify_window(self.window, self.input, self.result, channels)
        verify_zero_point(self.value.value.data, self.result, "value of the padding")


@irdl_op_definition
class ResizeOp(MovingOperation):
    """Every value repeated a whole number of times along rows, and columns."""

    name = "dsconv.resize"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.RESIZE

    input = operand_def(TensorType)

    assembly_format = layer_format(["input"], [])

    def __init__(self, layer: str, input: SSAValue | Operation, result_type: IntTensorType):
        super().__init__(layer, [input], result_type)

    @property
    def factors(self) -> tuple[int, int]:
        """How often rows, and columns, are repeated."""
        _, _, height, width = tensor_type(self.input).get_shape()
        _, _, rows, columns = tensor_type(self.result).get_shape()
        return rows // height, columns // width

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"factors": i64_array(self.factors)}

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        _, channels, height, width = tensor_type(self.input).get_shape()
        fy, fx = self.factors
        verify_shape(
            self.result, "result has", (1, channels, height * max(fy, 1), width * max(fx, 1))
        )


@irdl_op_definition
class SliceOp(MovingOperation):
    """A part of the input, as large as the result; `first` is its channel, row and column.

    Of rows and columns from there on it may take every second, third and so on: `strides`.
    """

    name = "dsconv.slice"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.MAX_POOL

    input = operand_def(TensorType)
    first = prop_def(DenseArrayBase[I64])
    strides = opt_prop_def(DenseArrayBase[I64], default_value=NO_STRIDES)

    assembly_format = layer_format(["input"], ["first"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        first: Sequence[int],
        result_type: IntTensorType,
        strides: Sequence[int] = (1, 1),
    ):
        super().__init__(
            layer,
            [input],
            result_type,
            first=i64_array(first),
            strides=i64_array(strides) if tuple(strides) != (1, 1) else None,
        )

    @property
    def window(self) -> WindowAttr:
        """The same as windows of one pixel over the part."""
        return WindowAttr.of((1, 1), self.strides.get_values())

    @property
    def part(self) -> tuple[int, int, int]:
        """Channels, rows and columns of the input from the first value to the last."""
        _, channels, rows, columns = tensor_type(self.result).get_shape()
        sy, sx = self.window.strides
        return channels, (rows - 1) * sy + 1, (columns - 1) * sx + 1

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        if len(self.strides) != 2 or min(self.strides.get_values()) < 1:
            raise VerifyException("a slice has a stride of rows and one of columns, at least 1")
        first, sizes = self.first.get_values(), tensor_type(self.input).get_shape()[1:]
        if len(first) != 3 or any(
            not 0 <= start <= size - part
            for start, size, part in zip(first, sizes, self.part, strict=False)
        ):
            raise VerifyException(
                f"a part {'x'.join(map(str, self.part))} from {list(first)} is not within "
                f"{'x'.join(map(str, sizes))}"
            )


@irdl_op_definition
class ShuffleOp(MovingOperation):
    """Channels of G groups taken in turns: the first of each group, then the second of each.

    Channel n * G + g of the result is channel g * C/G + n of the input.
    """

    name = "dsconv.shuffle"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.SHUFFLE

    input = operand_def(TensorType)
    groups = prop_def(IntegerAttr[I64])

    assembly_format = layer_format(["input"], ["groups"])

    def __init__(
        self, layer: str, input: SSAValue | Operation, groups: int, result_type: IntTensorType
    ):
        super().__init__(layer, [input], result_type, groups=IntegerAttr(groups, i64))

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"shuffled_groups": self.groups}

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        shape = tensor_type(self.input).get_shape()
        verify_shape(self.result, "result has", shape)
        groups = self.groups.value.data
        if groups < 1 or shape[1] % groups:
            raise VerifyException(f"{shape[1]} channels are not {groups} groups of one size")
        if self.tile is not None and self.tile.tile.channels != shape[1]:
            raise VerifyException("a tile of a shuffle has all channels")


@irdl_op_definition
class DepthToSpaceOp(MovingOperation):
    """Blocks of channels laid out as blocks of pixels, BY rows of BX: a pixel shuffle.

    Channel c at row y and column x of the result is channel c * BY * BX + y % BY * BX + x % BX of
    the input at row y / BY and column x / BX.
    """

    name = "dsconv.depth_to_space"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.DEPTH_TO_SPACE

    input = operand_def(TensorType)
    block = prop_def(DenseArrayBase[I64])

    assembly_format = layer_format(["input"], ["block"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        block: Sequence[int],
        result_type: IntTensorType,
    ):
        super().__init__(layer, [input], result_type, block=i64_array(block))

    @property
    def factors(self) -> tuple[int, int]:
        """Rows, and columns, of the result for one of the input."""
        by, bx = self.block.get_values()
        return by, bx

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"factors": self.block}

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        if len(self.block) != 2 or min(self.block.get_values()) < 1:
            raise VerifyException("a block has rows and columns, at least one of each")
        _, channels, height, width = tensor_type(self.input).get_shape()
        by, bx = self.factors
        if channels % (by * bx):
            raise VerifyException(f"{channels} channels are not blocks of {by}x{bx}")
        verify_shape(self.result, "result has", (1, channels // (by * bx), height * by, width * bx))


MOVEMENT_OPS: list[type[Operation]] = [
    *(ConcatOp, DepthToSpaceOp, PadOp, ResizeOp, SliceOp, ShuffleOp)
]
