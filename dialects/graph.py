"""Graph level of the dsconv dialect: operations on whole tensors, each with its requantisation."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from math import prod
from typing import ClassVar, TypeAlias

import numpy as np
from xdsl.dialects.builtin import (
    I32,
    I64,
    ArrayAttr,
    BytesAttr,
    DenseArrayBase,
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
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
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
    Rounding,
    TileAttr,
    WindowAttr,
    i64_array,
)
from dsconv.dialects.reference import Accumulators, IntArray, pixels_inside

si8 = IntegerType(8, Signedness.SIGNED)
ui8 = IntegerType(8, Signedness.UNSIGNED)

IntTensorType: TypeAlias = TensorType[IntegerType]
DTYPES: dict[Attribute, type[np.integer]] = {si8: np.int8, ui8: np.uint8, i32: np.int32}
QUANTISED = (si8, ui8)

TABLE_ENTRIES = 256
"""One for each value of 8 bits."""

NO_PADS = (0, 0, 0, 0)
NO_ZERO_POINT = IntegerAttr(0, i32)
NO_ZERO_POINTS = DenseArrayBase.from_list(i32, [0])
NO_STRIDES = i64_array((1, 1))
CHANNELS = IntegerAttr(1, i64)
"""Defaults. An operation leaves them out, as the parser does, so that equal layers are equal IR."""


def zero_point_property(zero_point: int) -> IntegerAttr[I32] | None:
    """Zero point of an input as property of its layer."""
    return IntegerAttr(zero_point, i32) if zero_point else None


def zero_points_property(zero_points: Sequence[int]) -> DenseArrayBase[I32] | None:
    """Zero points of weights as property of their layer: one value, or one per output channel."""
    return DenseArrayBase.from_list(i32, zero_points) if tuple(zero_points) != (0,) else None


def element_type(dtype: np.typing.DTypeLike) -> IntegerType:
    """The element type of a numpy int8, uint8 or int32 array."""
    for type_, candidate in DTYPES.items():
        if np.dtype(dtype) == candidate and isinstance(type_, IntegerType):
            return type_
    raise ValueError(f"no tensor of {np.dtype(dtype)}: int8, uint8 and int32 are supported")


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
    return int(np.prod(type_.get_shape())) * element_bytes(type_)


def layout_of(value: SSAValue) -> Layout | None:
    """Layout of an activation, None while it is not chosen."""
    encoding = tensor_type(value).encoding
    return encoding.data if isinstance(encoding, LayoutAttr) else None


def _verify_activation(
    value: SSAValue, role: str, elements: Sequence[Attribute] = QUANTISED
) -> None:
    type_ = tensor_type(value)
    shape = type_.get_shape()
    if len(shape) != 4 or shape[0] != 1 or min(shape) < 1:
        raise VerifyException(f"{role} has shape 1xCxHxW with static sizes, got {type_}")
    if type_.element_type not in elements:
        wanted = " or ".join(map(str, elements))
        raise VerifyException(f"{role} has elements {wanted}, got {type_.element_type}")
    if not isinstance(type_.encoding, NoneAttr | LayoutAttr):
        raise VerifyException(f"{role} is encoded by a layout or not at all, got {type_.encoding}")


def _verify_shape(value: SSAValue, role_has: str, expected: Sequence[int]) -> None:
    shape = tensor_type(value).get_shape()
    if shape != tuple(expected):
        wanted = "x".join(map(str, expected))
        raise VerifyException(f"{role_has} shape {'x'.join(map(str, shape))}, expected {wanted}")


def _verify_window(
    window: WindowAttr, input: SSAValue, result: SSAValue, result_channels: int
) -> None:
    _, _, height, width = tensor_type(input).get_shape()
    size = window.output_size(height, width)
    if min(size) < 1:
        (fy, fx), (top, left, bottom, right) = window.extent, window.pads
        raise VerifyException(
            f"a window of {fy}x{fx} does not fit a map of "
            f"{height + top + bottom}x{width + left + right}, padding included"
        )
    _verify_shape(result, "result has", (1, result_channels, *size))


def _verify_zero_point(zero_point: int, value: SSAValue, role: str) -> None:
    limits = np.iinfo(dtype_of(value))
    if not limits.min <= zero_point <= limits.max:
        raise VerifyException(f"{role} {zero_point} does not fit {tensor_type(value).element_type}")


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """Weights or biases: a tensor of si8, ui8 or i32."""

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
                "a constant has elements si8, ui8 or i32, got "
                f"{tensor_type(self.result).element_type}"
            )
        if self.value.type != self.result.type:
            raise VerifyException(f"value is a {self.value.type}, result a {self.result.type}")


def constant_operand(layer: LayerOperation, value: SSAValue, role: str) -> IntArray:
    """A parameter of a layer as numpy array. They are constants at every level of this compiler."""
    if not isinstance(value.owner, ConstantOp):
        raise VerifyException(f'layer "{layer.label}" takes its {role} from a dsconv.constant')
    return value.owner.array


def _layer_format(operands: Sequence[str], properties: Sequence[str]) -> str:
    """Assembly format of a layer: its name, operands, and properties behind their names."""
    arguments = " `,` ".join(f"${operand}" for operand in operands)
    named = " ".join(f"`{name}` ${name}" for name in properties)
    return f"$layer `(` {arguments} `)` {named} attr-dict `:` functional-type(operands, results)"


class LayerOperation(IRDLOperation, abc.ABC):
    """An operation that makes one activation from others: one layer of the network."""

    irdl_options = (ParsePropInAttrDict(),)

    layer = prop_def(StringAttr)
    tile = opt_prop_def(TileAttr)
    result = result_def(TensorType)

    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = QUANTISED

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
        return self.name.removeprefix("dsconv.")

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        """Operands that are activations, not parameters."""
        return tuple(self.operands)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run; 0 where the layer has no weights."""
        return 0

    @abc.abstractmethod
    def _verify_operands(self) -> None:
        """Checks the operands, and the result's type against theirs."""

    def verify_(self) -> None:
        _verify_activation(self.result, "result", self.RESULT_ELEMENTS)
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
    """A layer that requantises its sums. `narrow`, where it is there, equals `requant`."""

    requant = prop_def(RequantAttr)
    narrow = opt_prop_def(NarrowRequantAttr)

    def verify_(self) -> None:
        super().verify_()
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

    def verify_(self) -> None:
        super().verify_()
        (x,) = self.activations
        _verify_zero_point(self.zero_point, x, "input zero point")


class WeightedOperation(CentredOperation, abc.ABC):
    """A convolution or matrix product: `requant(sum((x - zx) * (w - zw)) + bias)`.

    Padding is `input_zero_point`, that is a real 0. `weight_zero_points` holds one value, or one
    per output channel. A result of i32 is the accumulators, which `requant` only clips: the end of
    a network whose file does not quantise it.
    """

    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = (*QUANTISED, i32)

    input = operand_def(TensorType)
    weights = operand_def(TensorType)
    bias = operand_def(TensorType)
    weight_zero_points = opt_prop_def(DenseArrayBase[I32], default_value=NO_ZERO_POINTS)

    assembly_format = _layer_format(["input", "weights", "bias"], ["requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        weights: SSAValue | Operation,
        bias: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        input_zero_point: int = 0,
        weight_zero_points: Sequence[int] = (0,),
        **properties: Attribute,
    ):
        super().__init__(
            layer,
            [input, weights, bias],
            result_type,
            requant=requant,
            input_zero_point=zero_point_property(input_zero_point),
            weight_zero_points=zero_points_property(weight_zero_points),
            **properties,
        )

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        return (self.input,)

    @property
    def macs(self) -> int:
        _, _, oy, ox = tensor_type(self.result).get_shape()
        return oy * ox * self.weight_array.size

    @property
    def weight_array(self) -> IntArray:
        """The weights as numpy array."""
        return constant_operand(self, self.weights, "weights")

    @property
    def bias_array(self) -> IntArray:
        """The bias, (K,) of int32."""
        return constant_operand(self, self.bias, "bias")

    @abc.abstractmethod
    def _verify_shapes(self) -> None:
        """Checks weights and result against the input."""

    @property
    def gives_accumulators(self) -> bool:
        """Whether the result is not requantised."""
        return tensor_type(self.result).element_type == i32

    def verify_(self) -> None:
        super().verify_()
        if self.gives_accumulators and not self.requant.only_clips:
            raise VerifyException("accumulators of i32 are not requantised, only clipped")

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        if tensor_type(self.weights).element_type not in QUANTISED:
            raise VerifyException(
                f"weights have elements si8 or ui8, got {tensor_type(self.weights).element_type}"
            )
        self._verify_shapes()
        channels = tensor_type(self.result).get_shape()[1]
        _verify_shape(self.bias, "bias has", (channels,))
        if tensor_type(self.bias).element_type != i32:
            raise VerifyException("bias has elements i32")
        if len(self.weight_zero_points) not in (1, channels):
            raise VerifyException(
                f"{len(self.weight_zero_points)} weight zero points for {channels} channels"
            )
        for zero_point in self.weight_zero_points.get_values():
            _verify_zero_point(zero_point, self.weights, "weight zero point")

    def _verify_requant_channels(self, channels: int) -> None:
        results = tensor_type(self.result).get_shape()[1]
        if channels not in (1, results):
            raise VerifyException(
                f"requantisation has {channels} channels, the result has {results}"
            )


class ConvolutionOperation(WeightedOperation, abc.ABC):
    """A weighted operation with a sliding window."""

    window = prop_def(WindowAttr)

    assembly_format = _layer_format(["input", "weights", "bias"], ["window", "requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        weights: SSAValue | Operation,
        bias: SSAValue | Operation,
        window: WindowAttr,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        input_zero_point: int = 0,
        weight_zero_points: Sequence[int] = (0,),
    ):
        super().__init__(
            layer,
            input,
            weights,
            bias,
            requant,
            result_type,
            input_zero_point=input_zero_point,
            weight_zero_points=weight_zero_points,
            window=window,
        )


@irdl_op_definition
class Conv2DOp(ConvolutionOperation):
    """Convolution in G groups of channels, dense where G is 1; weights Kx(C/G)xFYxFX.

    Outputs of a group, K/G after each other, read the inputs of that group alone.
    """

    name = "dsconv.conv2d"

    @property
    def groups(self) -> int:
        """Number of groups."""
        return tensor_type(self.input).get_shape()[1] // tensor_type(self.weights).get_shape()[1]

    def _verify_shapes(self) -> None:
        channels = tensor_type(self.input).get_shape()[1]
        kernels = tensor_type(self.result).get_shape()[1]
        shape = tensor_type(self.weights).get_shape()
        fits = len(shape) == 4 and shape[1] > 0 and channels % shape[1] == 0
        group_channels = shape[1] if fits else channels
        _verify_shape(self.weights, "weights have", (kernels, group_channels, *self.window.kernel))
        if kernels % self.groups:
            raise VerifyException(f"{self.groups} groups do not share {kernels} output channels")
        group = kernels // self.groups
        if self.groups > 1 and self.tile is not None and self.tile.tile.channels % group:
            raise VerifyException(
                f"a tile of {self.tile.tile.channels} channels is not whole groups of {group}"
            )
        _verify_window(self.window, self.input, self.result, kernels)


@irdl_op_definition
class DepthwiseOp(ConvolutionOperation):
    """Depthwise convolution, one kernel a channel; weights Cx1xFYxFX."""

    name = "dsconv.depthwise"

    def _verify_shapes(self) -> None:
        channels = tensor_type(self.input).get_shape()[1]
        _verify_shape(self.weights, "weights have", (channels, 1, *self.window.kernel))
        _verify_window(self.window, self.input, self.result, channels)


@irdl_op_definition
class PointwiseOp(WeightedOperation):
    """1x1 convolution, stride 1, no pads; weights KxC."""

    name = "dsconv.pointwise"

    def _verify_shapes(self) -> None:
        _, channels, height, width = tensor_type(self.input).get_shape()
        kernels = tensor_type(self.result).get_shape()[1]
        _verify_shape(self.weights, "weights have", (kernels, channels))
        _verify_shape(self.result, "result has", (1, kernels, height, width))


@irdl_op_definition
class LinearOp(WeightedOperation):
    """Fully connected layer on the input flattened in the order C, H, W; weights Kx(C*H*W)."""

    name = "dsconv.linear"

    def _verify_shapes(self) -> None:
        features = int(np.prod(tensor_type(self.input).get_shape()))
        kernels = tensor_type(self.result).get_shape()[1]
        _verify_shape(self.weights, "weights have", (kernels, features))
        _verify_shape(self.result, "result has", (1, kernels, 1, 1))


class BinaryOperation(RequantisedOperation, abc.ABC):
    """A layer on two activations, value by value.

    The first is as large as the result. The second may have one channel, row or column for all of
    the result's: 1xCx1x1 is one value for each channel, 1x1xHxW one for each pixel.
    """

    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    zero_points = prop_def(DenseArrayBase[I32])

    assembly_format = _layer_format(["lhs", "rhs"], ["requant"])

    def _verify_operands(self) -> None:
        if len(self.zero_points) != 2:
            raise VerifyException(f"{self.name} has two zero points, not {len(self.zero_points)}")
        for value, role, zero_point in zip(
            self.activations, ("lhs", "rhs"), self.zero_points.get_values(), strict=True
        ):
            _verify_activation(value, role)
            _verify_zero_point(zero_point, value, f"zero point of {role}")
        shape, second = (tensor_type(value).get_shape() for value in (self.result, self.rhs))
        _verify_shape(self.lhs, "lhs has", shape)
        if any(size not in (1, whole) for size, whole in zip(second, shape, strict=True)):
            _verify_shape(self.rhs, "rhs has", shape)


@irdl_op_definition
class AddOp(BinaryOperation):
    """Weighted sum of two activations: `requant((a - za) * ma + (b - zb) * mb)`.

    With `terms`, one for each operand, each product is requantised by its own to 32 bits before the
    sum.
    """

    name = "dsconv.add"

    multipliers = prop_def(DenseArrayBase[I32])
    terms = opt_prop_def(ArrayAttr[RequantAttr])

    def __init__(
        self,
        layer: str,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        multipliers: tuple[int, int],
        zero_points: tuple[int, int] = (0, 0),
        terms: Sequence[RequantAttr] = (),
    ):
        super().__init__(
            layer,
            [lhs, rhs],
            result_type,
            requant=requant,
            multipliers=DenseArrayBase.from_list(i32, multipliers),
            zero_points=DenseArrayBase.from_list(i32, zero_points),
            terms=ArrayAttr(terms) if terms else None,
        )

    @property
    def term_requants(self) -> tuple[RequantAttr, ...]:
        """Requantisations of both products; nothing where they are summed as they are."""
        return () if self.terms is None else self.terms.data

    def _verify_operands(self) -> None:
        super()._verify_operands()
        if len(self.multipliers) != 2:
            raise VerifyException(f"{self.name} has two multipliers, not {len(self.multipliers)}")
        if len(self.term_requants) not in (0, 2):
            raise VerifyException(f"{self.name} has two terms, not {len(self.term_requants)}")
        if any(term.channels > 1 for term in self.term_requants):
            raise VerifyException(f"a term of {self.name} is the same for all channels")


@irdl_op_definition
class MulOp(BinaryOperation):
    """Product of two activations: `requant((a - za) * (b - zb))`."""

    name = "dsconv.mul"

    def __init__(
        self,
        layer: str,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        zero_points: tuple[int, int] = (0, 0),
    ):
        super().__init__(
            layer,
            [lhs, rhs],
            result_type,
            requant=requant,
            zero_points=DenseArrayBase.from_list(i32, zero_points),
        )


class PoolOperation(LayerOperation, abc.ABC):
    """A sliding window without weights."""

    input = operand_def(TensorType)
    window = prop_def(WindowAttr)

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        channels = tensor_type(self.input).get_shape()[1]
        _verify_window(self.window, self.input, self.result, channels)

    def pixels_inside(self, pads: Sequence[int] = NO_PADS) -> Accumulators:
        """How many pixels under each window (OY, OX) lie in the input, or within `pads` of it."""
        size, outputs = (tensor_type(value).get_shape()[2:] for value in (self.input, self.result))
        top, left, _, _ = self.window.pads
        return pixels_inside(self.window, size, outputs, (-top, -left), pads)


@irdl_op_definition
class AveragePoolOp(PoolOperation, CentredOperation):
    """Sum of (x - zx) over the window, requantised; the window's size is part of the divisor.

    Padding counts as a real 0. With `counted_pads`, only these pads do, as part of the window's
    own, and the divisor is multiplied by the number of pixels that count in each window.
    """

    name = "dsconv.avg_pool"

    counted_pads = opt_prop_def(DenseArrayBase[I64])

    assembly_format = _layer_format(["input"], ["window", "requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        window: WindowAttr,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        input_zero_point: int = 0,
        counted_pads: Sequence[int] | None = None,
    ):
        super().__init__(
            layer,
            [input],
            result_type,
            window=window,
            requant=requant,
            input_zero_point=zero_point_property(input_zero_point),
            counted_pads=None if counted_pads is None else i64_array(counted_pads),
        )

    def verify_(self) -> None:
        super().verify_()
        if self.counted_pads is None:
            return
        counted, pads = self.counted_pads.get_values(), self.window.pads
        if len(counted) != 4 or any(
            not 0 <= part <= pad for part, pad in zip(counted, pads, strict=False)
        ):
            raise VerifyException(
                f"counted pads {list(counted)} are no part of the pads {list(pads)}"
            )
        if self.pixels_inside(counted).min() < 1:
            raise VerifyException("a window of an average has at least one pixel that counts")
        if prod(self.window.kernel) * max(self.requant.divisors) >= 2**63:
            raise VerifyException("the divisor times the window's size does not fit 64 bits")
        if self.requant.rounding is Rounding.TWICE:
            raise VerifyException("an average of varying divisors is rounded once")
        if self.narrow is not None:
            raise VerifyException("an average of varying divisors has no narrow requantisation")


@irdl_op_definition
class MaxPoolOp(PoolOperation):
    """Maximum over the window; padding never wins."""

    name = "dsconv.max_pool"

    assembly_format = _layer_format(["input"], ["window"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        window: WindowAttr,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [input], result_type, window=window)

    def verify_(self) -> None:
        super().verify_()
        if tensor_type(self.input).element_type != tensor_type(self.result).element_type:
            raise VerifyException("input and result of a max pool have the same elements")
        if self.pixels_inside().min() < 1:
            raise VerifyException("a window of a max pool covers at least one pixel of the input")


@irdl_op_definition
class RescaleOp(CentredOperation):
    """Requantises one activation, value by value: `requant(x - zx)`."""

    name = "dsconv.rescale"

    input = operand_def(TensorType)

    assembly_format = _layer_format(["input"], ["requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        input_zero_point: int = 0,
    ):
        super().__init__(
            layer,
            [input],
            result_type,
            requant=requant,
            input_zero_point=zero_point_property(input_zero_point),
        )

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        _verify_shape(self.result, "result has", tensor_type(self.input).get_shape())


@irdl_op_definition
class LookupOp(LayerOperation):
    """Replaces each value by its entry in a table: any function of one activation.

    Tables are 1x256, or Kx256 with one for each channel. Their first entry stands for the smallest
    value of the input's type, and their elements are of the result's.
    """

    name = "dsconv.lookup"

    input = operand_def(TensorType)
    tables = operand_def(TensorType)

    assembly_format = _layer_format(["input", "tables"], [])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        tables: SSAValue | Operation,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [input, tables], result_type)

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        return (self.input,)

    @property
    def table_array(self) -> IntArray:
        """The tables as numpy array, (1, 256) or (K, 256)."""
        return constant_operand(self, self.tables, "tables")

    @property
    def shares_table(self) -> bool:
        """Whether all channels have one table."""
        return len(self.table_array) == 1

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        _verify_shape(self.result, "result has", tensor_type(self.input).get_shape())
        channels, tables = tensor_type(self.result).get_shape()[1], tensor_type(self.tables)
        if tables.get_shape() not in ((1, TABLE_ENTRIES), (channels, TABLE_ENTRIES)):
            raise VerifyException(
                f"tables have shape 1x{TABLE_ENTRIES} or {channels}x{TABLE_ENTRIES}, got {tables}"
            )
        if tables.element_type != tensor_type(self.result).element_type:
            raise VerifyException("tables and result have the same elements")


class MovingOperation(LayerOperation, abc.ABC):
    """A layer that moves values and changes none."""

    def verify_(self) -> None:
        super().verify_()
        for value in self.activations:
            if tensor_type(value).element_type != tensor_type(self.result).element_type:
                raise VerifyException(f"inputs and result of {self.name} have the same elements")


@irdl_op_definition
class ConcatOp(MovingOperation):
    """All inputs, one after the other along an axis: channels (1), rows (2) or columns (3)."""

    name = "dsconv.concat"

    inputs = var_operand_def(TensorType)
    axis = opt_prop_def(IntegerAttr[I64], default_value=CHANNELS)

    assembly_format = _layer_format(["inputs"], [])

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

    def _verify_operands(self) -> None:
        axis = self.joined_axis
        if axis not in self.AXES:
            raise VerifyException(f"a concat is along axis 1, 2 or 3, not {axis}")
        if not self.inputs:
            raise VerifyException("a concat has inputs")
        shape = list(tensor_type(self.result).get_shape())
        total = 0
        for value in self.inputs:
            _verify_activation(value, "input")
            own = tensor_type(value).get_shape()[axis]
            _verify_shape(value, "input has", (*shape[:axis], own, *shape[axis + 1 :]))
            total += own
        _verify_shape(self.result, "result has", (*shape[:axis], total, *shape[axis + 1 :]))
        if self.tile is not None and self.tile.sizes.get_values()[axis - 1] != total:
            raise VerifyException(f"a tile of this concat has all {self.AXES[axis]}")


@irdl_op_definition
class PadOp(MovingOperation):
    """The input with rows and columns of one value around it; pads are top, left, bottom, right."""

    name = "dsconv.pad"

    input = operand_def(TensorType)
    pads = prop_def(DenseArrayBase[I64])
    value = prop_def(IntegerAttr[I32])

    assembly_format = _layer_format(["input"], ["pads", "value"])

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

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        if len(self.pads) != 4 or min(self.pads.get_values()) < 0:
            raise VerifyException("four pads, none of them negative, are around a map")
        channels = tensor_type(self.input).get_shape()[1]
        _verify_window(self.window, self.input, self.result, channels)
        _verify_zero_point(self.value.value.data, self.result, "value of the padding")


@irdl_op_definition
class ResizeOp(MovingOperation):
    """Every value repeated a whole number of times along rows, and columns."""

    name = "dsconv.resize"

    input = operand_def(TensorType)

    assembly_format = _layer_format(["input"], [])

    def __init__(self, layer: str, input: SSAValue | Operation, result_type: IntTensorType):
        super().__init__(layer, [input], result_type)

    @property
    def factors(self) -> tuple[int, int]:
        """How often rows, and columns, are repeated."""
        _, _, height, width = tensor_type(self.input).get_shape()
        _, _, rows, columns = tensor_type(self.result).get_shape()
        return rows // height, columns // width

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        _, channels, height, width = tensor_type(self.input).get_shape()
        fy, fx = self.factors
        _verify_shape(
            self.result, "result has", (1, channels, height * max(fy, 1), width * max(fx, 1))
        )


@irdl_op_definition
class SliceOp(MovingOperation):
    """A part of the input, as large as the result; `first` is its channel, row and column.

    Of rows and columns from there on it may take every second, third and so on: `strides`.
    """

    name = "dsconv.slice"

    input = operand_def(TensorType)
    first = prop_def(DenseArrayBase[I64])
    strides = opt_prop_def(DenseArrayBase[I64], default_value=NO_STRIDES)

    assembly_format = _layer_format(["input"], ["first"])

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
        _verify_activation(self.input, "input")
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

    input = operand_def(TensorType)
    groups = prop_def(IntegerAttr[I64])

    assembly_format = _layer_format(["input"], ["groups"])

    def __init__(
        self, layer: str, input: SSAValue | Operation, groups: int, result_type: IntTensorType
    ):
        super().__init__(layer, [input], result_type, groups=IntegerAttr(groups, i64))

    def _verify_operands(self) -> None:
        _verify_activation(self.input, "input")
        shape = tensor_type(self.input).get_shape()
        _verify_shape(self.result, "result has", shape)
        groups = self.groups.value.data
        if groups < 1 or shape[1] % groups:
            raise VerifyException(f"{shape[1]} channels are not {groups} groups of one size")
        if self.tile is not None and self.tile.tile.channels != shape[1]:
            raise VerifyException("a tile of a shuffle has all channels")


GRAPH_OPS: list[type[Operation]] = [
    ConstantOp,
    Conv2DOp,
    DepthwiseOp,
    PointwiseOp,
    LinearOp,
    AddOp,
    MulOp,
    AveragePoolOp,
    MaxPoolOp,
    RescaleOp,
    LookupOp,
    ConcatOp,
    PadOp,
    ResizeOp,
    SliceOp,
    ShuffleOp,
]
