"""Graph level: tensors, constants and what all layers have in common."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from math import prod
from typing import ClassVar, TypeAlias

import numpy as np
from xdsl.dialects.builtin import (
    I32,
    BytesAttr,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    NoneAttr,
    Signedness,
    StringAttr,
    TensorType,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import (
    Layout,
    LayoutAttr,
    NarrowRequantAttr,
    RequantAttr,
    TileAttr,
    WindowAttr,
)
from dsconv.dialects.reference import IntArray
from dsconv.dialects.tiled.kernel import KernelKind

si8 = IntegerType(8, Signedness.SIGNED)
ui8 = IntegerType(8, Signedness.UNSIGNED)

IntTensorType: TypeAlias = TensorType[IntegerType]
DTYPES: dict[Attribute, type[np.integer]] = {
    si8: np.int8,
    ui8: np.uint8,
    i32: np.int32,
    i64: np.int64,
}
QUANTISED = (si8, ui8)
ELEMENTS = (*QUANTISED, i32)
"""Of activations; i32 are sums that nothing has quantised yet."""

NO_ZERO_POINT = IntegerAttr(0, i32)
"""A default. An operation leaves it out, as the parser does, so that equal layers are equal IR."""


def zero_point_property(zero_point: int) -> IntegerAttr[I32] | None:
    """Zero point of an input as property of its layer."""
    return IntegerAttr(zero_point, i32) if zero_point else None


def element_type(dtype: np.typing.DTypeLike) -> IntegerType:
    """The element type of a numpy int8, uint8, int32 or int64 array."""
    for type_, candidate in DTYPES.items():
        if np.dtype(dtype) == candidate and isinstance(type_, IntegerType):
            return type_
    raise ValueError(f"no tensor of {np.dtype(dtype)}: int8, uint8, int32 and int64 are supported")


def activation_type(
    shape: Sequence[int], dtype: np.typing.DTypeLike, layout: Layout | None = None
) -> IntTensorType:
    """Type of an activation 1xCxHxW, or of accumulators; no layout means: not chosen yet."""
    encoding = NoneAttr() if layout is None else LayoutAttr(layout)
    return TensorType(element_type(dtype), shape, encoding)


def tensor_type(value: SSAValue) -> IntTensorType:
    """The tensor type of an operand or result of a graph operation."""
    if not isinstance(value.type, TensorType):
        raise VerifyException(f"expected a tensor, got {value.type}")
    return value.type


def dtype_of(value: SSAValue) -> type[np.integer]:
    """numpy dtype of a tensor value."""
    return DTYPES[tensor_type(value).element_type]


def element_bytes(type_: TensorType) -> int:
    """Bytes of one element of a tensor."""
    return np.dtype(DTYPES[type_.element_type]).itemsize


def tensor_bytes(type_: TensorType) -> int:
    """Bytes of an activation."""
    return prod(type_.get_shape()) * element_bytes(type_)


def layout_of(value: SSAValue) -> Layout | None:
    """Layout of an activation, None while it is not chosen."""
    encoding = tensor_type(value).encoding
    return encoding.data if isinstance(encoding, LayoutAttr) else None


def verify_activation(
    value: SSAValue, role: str, elements: Sequence[Attribute] = QUANTISED
) -> None:
    """Raises VerifyException unless a value is a 1xCxHxW tensor of one of the elements."""
    type_ = tensor_type(value)
    shape = type_.get_shape()
    if len(shape) != 4 or shape[0] != 1 or min(shape) < 1:
        raise VerifyException(f"{role} has shape 1xCxHxW with static sizes, got {type_}")
    if type_.element_type not in elements:
        wanted = " or ".join(map(str, elements))
        raise VerifyException(f"{role} has elements {wanted}, got {type_.element_type}")
    if not isinstance(type_.encoding, NoneAttr | LayoutAttr):
        raise VerifyException(f"{role} is encoded by a layout or not at all, got {type_.encoding}")


def verify_shape(value: SSAValue, role_has: str, expected: Sequence[int]) -> None:
    """Raises VerifyException unless a value has the shape; `role_has` begins the message."""
    shape = tensor_type(value).get_shape()
    if shape != tuple(expected):
        wanted = "x".join(map(str, expected))
        raise VerifyException(f"{role_has} shape {'x'.join(map(str, shape))}, expected {wanted}")


def verify_window(
    window: WindowAttr, input: SSAValue, result: SSAValue, result_channels: int
) -> None:
    """Raises VerifyException unless the window fits the input and gives the result's shape."""
    _, _, height, width = tensor_type(input).get_shape()
    size = window.output_size(height, width)
    if min(size) < 1:
        (fy, fx), (top, left, bottom, right) = window.extent, window.pads
        raise VerifyException(
            f"a window of {fy}x{fx} does not fit a map of "
            f"{height + top + bottom}x{width + left + right}, padding included"
        )
    verify_shape(result, "result has", (1, result_channels, *size))


def verify_zero_point(zero_point: int, value: SSAValue, role: str) -> None:
    """Raises VerifyException where a zero point does not fit the elements of its value."""
    limits = np.iinfo(dtype_of(value))
    if not limits.min <= zero_point <= limits.max:
        raise VerifyException(f"{role} {zero_point} does not fit {tensor_type(value).element_type}")


def verify_sums(layer: RequantisedOperation, value: SSAValue) -> None:
    """Raises VerifyException where a layer would requantise what it makes of sums of i32."""
    if tensor_type(value).element_type == i32 and not layer.gives_accumulators:
        raise VerifyException("sums of i32 give sums of i32")


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """Weights, biases or tables: a tensor of si8, ui8, i32 or i64."""

    name = "dsconv.constant"

    value = prop_def(BaseAttr[DenseIntOrFPElementsAttr](DenseIntOrFPElementsAttr))
    result = result_def(TensorType)

    traits = traits_def(ConstantLike(), Pure())

    def __init__(self, value: DenseIntOrFPElementsAttr):
        super().__init__(properties={"value": value}, result_types=[value.type])

    @staticmethod
    def of(array: IntArray) -> ConstantOp:
        """A constant with the values of a numpy array."""
        type_ = TensorType(element_type(array.dtype), array.shape)
        little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        return ConstantOp(DenseIntOrFPElementsAttr(type_, BytesAttr(little_endian.tobytes())))

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        attributes = parser.parse_optional_attr_dict()
        value = parser.parse_attribute()
        if not isinstance(value, DenseIntOrFPElementsAttr):
            parser.raise_error("a dsconv.constant is dense<...> : tensor<...>")
        op = ConstantOp(value)
        op.attributes.update(attributes)
        return op

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        printer.print_attribute(self.value)

    @property
    def array(self) -> IntArray:
        """The constant as a numpy array, read-only."""
        dtype = np.dtype(dtype_of(self.result)).newbyteorder("<")
        shape = tensor_type(self.result).get_shape()
        return np.frombuffer(self.value.data.data, dtype).reshape(shape)

    def verify_(self) -> None:
        if tensor_type(self.result).element_type not in DTYPES:
            raise VerifyException(
                "a constant has elements si8, ui8, i32 or i64, got "
                f"{tensor_type(self.result).element_type}"
            )
        if self.value.type != self.result.type:
            raise VerifyException(f"value is a {self.value.type}, result a {self.result.type}")


def constant_operand(layer: LayerOperation, value: SSAValue, role: str) -> IntArray:
    """A parameter of a layer as numpy array. They are constants at every level of this compiler."""
    if not isinstance(value.owner, ConstantOp):
        raise VerifyException(f'layer "{layer.label}" takes its {role} from a dsconv.constant')
    return value.owner.array


def layer_format(operands: Sequence[str], properties: Sequence[str]) -> str:
    """Assembly format of a layer: its name, operands, and properties behind their names."""
    arguments = " `,` ".join(f"${operand}" for operand in operands)
    named = " ".join(f"`{name}` ${name}" for name in properties)
    return f"$layer `(` {arguments} `)` {named} attr-dict `:` functional-type(operands, results)"


def kind_of(layer: type[LayerOperation]) -> str:
    """Word for a kind of layer: the name of its operation."""
    return layer.name.removeprefix("dsconv.")


class LayerOperation(IRDLOperation, abc.ABC):
    """An operation that makes one activation from others: one layer of the network."""

    irdl_options = (ParsePropInAttrDict(),)

    layer = prop_def(StringAttr)
    tile = opt_prop_def(TileAttr)
    result = result_def(TensorType)

    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = QUANTISED
    KERNEL: ClassVar[KernelKind | None] = None
    """Kind of kernel that computes a tile of the result, None where one alone does not."""

    traits = traits_def(Pure())

    def __init__(
        self,
        layer: str,
        operands: Sequence[SSAValue | Operation | Sequence[SSAValue | Operation]],
        result_type: IntTensorType,
        **properties: Attribute | None,
    ):
        super().__init__(
            operands=operands,
            properties={"layer": StringAttr(layer), **properties},
            result_types=[result_type],
        )

    @property
    def label(self) -> str:
        """Name of the layer, from the model file."""
        return self.layer.data

    @property
    def kind(self) -> str:
        """Word for the operation in reports."""
        return kind_of(type(self))

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        """Operands that are activations, not parameters."""
        return tuple(self.operands)

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        """Properties that the layer's kernel has because of its kind."""
        return {}

    @property
    def pad_value(self) -> int:
        """What a tap outside the map reads: the smallest value, unless the layer says another.

        Every byte of an i32 there is the smallest one, so that it is far below all sums.
        """
        limits = np.iinfo(dtype_of(self.result))
        return int(limits.min if limits.bits == 8 else np.iinfo(np.int8).min)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run; 0 where the layer has no weights."""
        return 0

    @abc.abstractmethod
    def _verify_operands(self) -> None:
        """Checks the operands, and the result's type against theirs."""

    def verify_(self) -> None:
        verify_activation(self.result, "result", self.RESULT_ELEMENTS)
        self._verify_tile()
        self._verify_operands()

    def _verify_tile(self) -> None:
        if self.tile is None:
            return
        tile, (_, channels, rows, columns) = self.tile.tile, tensor_type(self.result).get_shape()
        if tile.channels > channels or tile.rows > rows or tile.columns > columns:
            raise VerifyException(
                f"a tile of {tile.channels}x{tile.rows}x{tile.columns} is larger than the result, "
                f"{channels}x{rows}x{columns}"
            )


class RequantisedOperation(LayerOperation, abc.ABC):
    """A layer that requantises its sums. `narrow`, where it is there, equals `requant`.

    A result of i32, where a layer may have one, is the sums themselves, which `requant` only clips.
    """

    requant = prop_def(RequantAttr)
    narrow = opt_prop_def(NarrowRequantAttr)

    @property
    def gives_accumulators(self) -> bool:
        """Whether the result is not requantised."""
        return tensor_type(self.result).element_type == i32

    def verify_(self) -> None:
        super().verify_()
        if self.gives_accumulators and not self.requant.only_clips:
            raise VerifyException("accumulators of i32 are not requantised, only clipped")
        for form in (self.requant, self.narrow or self.requant):
            self._verify_requant_channels(form.channels)
        if self.narrow is not None and self.narrow.clip != self.requant.clip:
            raise VerifyException(
                f"narrow requantisation clips to {list(self.narrow.clip)}, the exact one to "
                f"{list(self.requant.clip)}"
            )
        limits = np.iinfo(dtype_of(self.result))
        if self.requant.clip[0] < limits.min or self.requant.clip[1] > limits.max:
            raise VerifyException(
                f"clip range {list(self.requant.clip)} does not fit "
                f"{tensor_type(self.result).element_type}"
            )

    def _verify_requant_channels(self, channels: int) -> None:
        if channels > 1:
            raise VerifyException("layers without weights have one requantisation for all channels")


class CentredOperation(RequantisedOperation, abc.ABC):
    """A layer that sums `x - zx`, of the one activation it reads."""

    input_zero_point = opt_prop_def(IntegerAttr[I32], default_value=NO_ZERO_POINT)

    @property
    def zero_point(self) -> int:
        """Zero point of the input."""
        return self.input_zero_point.value.data

    @property
    def pad_value(self) -> int:
        return self.zero_point

    def verify_(self) -> None:
        super().verify_()
        (x,) = self.activations
        verify_zero_point(self.zero_point, x, "input zero point")
