"""What a tensor of an ONNX graph is, seen by the compiler.

A reader gives every tensor one of these values. Layers are values too: what a node computes in real
numbers, waiting to learn how its result is quantised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Self, TypeAlias, TypeVar

import numpy as np
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    ConstantOp,
    Conv2DOp,
    DepthwiseOp,
    IntTensorType,
    LayerOperation,
    LinearOp,
    Places,
    PointwiseOp,
    dtype_of,
)
from dsconv.frontends.arithmetic.integer_function import IntegerFunction
from dsconv.frontends.arithmetic.scales import Floats, Quantisation, Reals
from dsconv.frontends.onnx_file.network import OnnxTensor
from dsconv.frontends.onnx_file.onnx_graph import Array, GraphInput, Node
from dsconv.frontends.onnx_file.view import View


@dataclass(frozen=True, eq=False)
class Constant:
    """A constant as it stands in the file."""

    array: Array


@dataclass(frozen=True, eq=False)
class ScaledConstant:
    """Constant integers that mean reals; scale and zero point broadcast over the array."""

    array: Array
    scale: Floats
    zero_point: Array

    @property
    def real(self) -> Floats:
        """The reals, in the float32 arithmetic of DequantizeLinear."""
        centred = self.array.astype(np.int64) - self.zero_point.astype(np.int64)
        return centred.astype(np.float32) * self.scale


@dataclass(frozen=True, eq=False)
class RealInput:
    """A float input of the network before its QuantizeLinear.

    `file_view` is how the input lies in the file, `view` how this tensor reads it.
    """

    source: GraphInput
    file_view: View
    view: View


@dataclass(frozen=True, eq=False)
class Integers:
    """A quantised activation: the value in the module and the ONNX tensor that has its bytes.

    `quantisation` is what its producer meant, None for an integer input of the network and for sums
    of a last layer that mean something else in every channel: `channel_scales`.
    """

    value: SSAValue
    stored: OnnxTensor | None
    view: View
    quantisation: Quantisation | None
    channel_scales: tuple[float, ...] = ()

    @property
    def dtype(self) -> str:
        """int8 or uint8; int32 for the sums of a last layer."""
        return np.dtype(dtype_of(self.value)).name


@dataclass(frozen=True, eq=False)
class Dequantised:
    """A quantised activation read as reals."""

    integers: Integers
    quantisation: Quantisation

    @property
    def view(self) -> View:
        """How its dimensions read the activation."""
        return self.integers.view

    @property
    def meant(self) -> Integers:
        """The bytes, with what they are read as."""
        return replace(self.integers, quantisation=self.quantisation)

    def left_to_caller(self, *steps: str) -> LeftToCaller:
        """The bytes, where the caller reads them as reals and goes on from there."""
        return LeftToCaller(self.meant, ("DequantizeLinear", *steps))


@dataclass(frozen=True, eq=False)
class LeftToCaller:
    """A tensor behind the last layer: the network gives `last`, the caller does `steps`."""

    last: Integers
    steps: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PendingLayer:
    """A node's result in reals. `bounds` are the limits of activation functions behind it."""

    node: Node
    view: View
    bounds: tuple[float, float]


@dataclass(frozen=True, eq=False)
class WeightTensor:
    """Integer weights, output channels first; scales and zero points have one value or K."""

    array: Array
    scales: Floats
    zero_points: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class WeightedLayer(PendingLayer):
    """Convolution or matrix product.

    `weights.array` is shaped as the operation takes it. `bias` (K,) counts in units of input scale
    x weight scale; what a real bias has beside whole units, or an integer one beside 32 bits, is in
    `bias_rests`, K or none. Sums and bias are divided by `divisor`.
    """

    x: Dequantised
    weights: WeightTensor
    bias: Array
    bias_rests: tuple[Fraction, ...] = field(default=(), kw_only=True)
    divisor: int = field(default=1, kw_only=True)

    @property
    def bias_scales(self) -> Floats:
        """Real value of one unit of the bias, one value or K."""
        product = np.float32(self.x.quantisation.scale) * self.weights.scales
        return product / np.float32(self.divisor)


@dataclass(frozen=True, eq=False)
class ConvolutionLayer(WeightedLayer):
    """A weighted layer with a window."""

    operation: type[Conv2DOp | DepthwiseOp]
    window: WindowAttr


@dataclass(frozen=True)
class Spread:
    """How a transposed convolution lies over an axis: input i and tap t give output
    `i * stride + t * dilation - pad`, of which there are `size`.
    """

    stride: int
    dilation: int
    pad: int
    size: int


@dataclass(frozen=True, eq=False)
class TransposedConvolutionLayer(WeightedLayer):
    """A transposed convolution; weights are (K, C / groups, FY, FX)."""

    groups: int
    spreads: tuple[Spread, Spread]


@dataclass(frozen=True, eq=False)
class MatrixLayer(WeightedLayer):
    """A weighted layer without a window."""

    operation: type[PointwiseOp | LinearOp]


@dataclass(frozen=True, eq=False)
class BinaryLayer(PendingLayer):
    """Two activations, value by value; the second may broadcast over the first.

    One of them may be a constant of the module instead.
    """

    lhs: Dequantised
    rhs: Dequantised

    @property
    def activations(self) -> tuple[Dequantised, ...]:
        """The operands that are no constants."""
        return tuple(
            operand
            for operand in (self.lhs, self.rhs)
            if not isinstance(operand.integers.value.owner, ConstantOp)
        )


@dataclass(frozen=True, eq=False)
class AddLayer(BinaryLayer):
    """Sum of two activations, or their difference: `signs` are 1 or -1.

    With `terms`, each operand is requantised by its own before the sum.
    """

    signs: tuple[int, int] = (1, 1)
    terms: tuple[RequantAttr, ...] = ()

    def signed(self, lhs: int, rhs: int) -> tuple[int, int]:
        """Factors of both operands with the signs that the operands have."""
        return lhs * self.signs[0], rhs * self.signs[1]


@dataclass(frozen=True, eq=False)
class MulLayer(BinaryLayer):
    """Product of two activations."""


@dataclass(frozen=True, eq=False)
class AveragePoolLayer(PendingLayer):
    """Average over a window, padding counted as zeros; only `counted_pads` of it where given.

    With `is_sum`, the sum instead.
    """

    x: Dequantised
    window: WindowAttr
    counted_pads: tuple[int, ...] | None = None
    is_sum: bool = False


@dataclass(frozen=True, eq=False)
class MaxPoolLayer(PendingLayer):
    """Maximum over a window, of an activation or of a layer that is not quantised in between."""

    x: Dequantised | AnyPendingLayer
    window: WindowAttr


@dataclass(frozen=True, eq=False)
class InterpolatedLayer(PendingLayer):
    """An activation at other places of rows and columns; see `dsconv.interpolate`.

    Where it is one `of_integers`, no zero point is taken off.
    """

    x: Dequantised
    places: tuple[Places, Places]
    of_integers: bool = False

    @property
    def divisor(self) -> int:
        """Parts of a pixel, in which the sums count."""
        (*_, rows), (*_, columns) = self.places
        return rows * columns


@dataclass(frozen=True, eq=False)
class SumLayer(PendingLayer):
    """Sum of two tensors, of which one at least is not quantised; `signs` are 1 or -1."""

    operands: tuple[Summand, Summand]
    signs: tuple[int, int]


@dataclass(frozen=True, eq=False)
class ProductLayer(PendingLayer):
    """Product of two tensors, of which one at least is not quantised."""

    operands: tuple[Summand, Summand]


@dataclass(frozen=True, eq=False)
class SumPoolLayer(PendingLayer):
    """Average over a window of what is not quantised, padding counted as zeros.

    With `is_sum`, the sum instead.
    """

    x: AnyPendingLayer
    window: WindowAttr
    is_sum: bool = False


@dataclass(frozen=True, eq=False)
class InterpolatedSumsLayer(PendingLayer):
    """What is not quantised, at other places of rows and columns."""

    x: AnyPendingLayer
    places: tuple[Places, Places]


@dataclass(frozen=True, eq=False)
class RescaleLayer(PendingLayer):
    """An activation as it is, to be quantised again."""

    x: Dequantised


@dataclass(frozen=True, eq=False)
class TableLayer(PendingLayer):
    """A function of one activation, value by value.

    `reals` (1, 256) or (C, 256) are the results for the activation's integers in their order, and
    `steps` the operations of the file that make them.
    """

    x: Dequantised
    reals: Floats
    steps: tuple[str, ...]

    def left_to_caller(self, step: str | None = None) -> LeftToCaller:
        """The activation, where the caller computes the function and one more step."""
        return self.x.left_to_caller(*self.steps, *([] if step is None else [step]))


@dataclass(frozen=True, eq=False)
class FunctionOfSums(PendingLayer):
    """A function of what a layer makes, value by value, without a QuantizeLinear before it.

    `function` takes the layer's reals (C, n), which have not been within its bounds, and gives as
    many. `steps` are the operations of the file that make it.
    """

    sums: SummingLayer
    function: Callable[[Reals], Reals]
    steps: tuple[str, ...]

    def then(self, function: Callable[[Reals], Reals]) -> Self:
        """Another function of what this one gives."""

        def both(reals: Reals) -> Reals:
            return function(self.function(reals))

        return replace(self, function=both)


@dataclass(frozen=True, eq=False)
class ScaledLayer:
    """A function of the integers of a layer, not yet clipped to 8 bits.

    `bounds` are the limits of activation functions behind it. `rounded` tells whether its quotient
    is an integer already.
    """

    node: Node
    view: View
    bounds: tuple[float, float]
    sums: LinearLayer
    function: IntegerFunction
    rounded: bool


@dataclass(frozen=True, eq=False)
class MovingLayer(PendingLayer):
    """Values of activations or layers in other places, all quantised as the result is.

    `make` gives the operation, from the values of its parts, what the result is, and the integer of
    `fill`: the real that stands where no value of a part does, None where there is none.
    """

    parts: tuple[Dequantised | AnyPendingLayer, ...]
    make: MakeMovement
    fill: float | None = None


LinearLayer: TypeAlias = ConvolutionLayer | MatrixLayer | AddLayer | AveragePoolLayer | RescaleLayer
"""Sums of activations times constants."""
ArithmeticLayer: TypeAlias = LinearLayer | MulLayer | TableLayer | InterpolatedLayer
"""All but maxima and movements, which need no arithmetic."""
MakeMovement: TypeAlias = Callable[
    [Sequence[SSAValue], IntTensorType, Quantisation, int], LayerOperation
]
AnyWeightedLayer: TypeAlias = ConvolutionLayer | MatrixLayer | TransposedConvolutionLayer
LayerOfSums: TypeAlias = SumLayer | ProductLayer | SumPoolLayer | InterpolatedSumsLayer
"""Layers on what is not quantised."""
SummingLayer: TypeAlias = (
    AnyWeightedLayer
    | LayerOfSums
    | AddLayer
    | MulLayer
    | AveragePoolLayer
    | InterpolatedLayer
    | MaxPoolLayer
    | MovingLayer
)
"""Layers whose sums others may take as they are."""
Summand: TypeAlias = Dequantised | RescaleLayer | TableLayer | SummingLayer
"""What may be added up: integers times constants, or functions of one byte."""
AnyPendingLayer: TypeAlias = (
    ArithmeticLayer
    | MaxPoolLayer
    | MovingLayer
    | FunctionOfSums
    | TransposedConvolutionLayer
    | LayerOfSums
)
Activation: TypeAlias = RealInput | Integers | Dequantised | AnyPendingLayer | ScaledLayer
Value: TypeAlias = Constant | ScaledConstant | Activation | LeftToCaller

ActivationT = TypeVar("ActivationT", bound=Activation)
LayerT = TypeVar("LayerT", bound=PendingLayer | ScaledLayer)

UNBOUNDED = (-math.inf, math.inf)
UNLABELLED = ""
"""Label of an operation until the names of all layers are known."""


def with_view(value: ActivationT, change: Callable[[View], View]) -> ActivationT:
    """The same activation, its dimensions read differently."""
    if isinstance(value, Dequantised):
        integers = replace(value.integers, view=change(value.view))
        return replace(value, integers=integers)
    return replace(value, view=change(value.view))


def with_bounds(layer: LayerT, bounds: tuple[float, float]) -> LayerT:
    """The layer with one more activation function behind it."""
    if isinstance(layer, TableLayer):
        return replace(layer, reals=np.clip(layer.reals, *bounds))
    if isinstance(layer, FunctionOfSums):
        return layer.then(lambda reals: np.clip(reals, *bounds))
    low, high = layer.bounds
    clipped = tuple(min(max(bound, bounds[0]), bounds[1]) for bound in (low, high))
    return replace(layer, bounds=clipped)
