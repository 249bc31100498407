"""Graph level: convolutions and matrix products."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import I32, DenseArrayBase, TensorType, i32
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph.base import (
    ELEMENTS,
    QUANTISED,
    CentredOperation,
    IntTensorType,
    constant_operand,
    layer_format,
    tensor_type,
    verify_activation,
    verify_shape,
    verify_window,
    verify_zero_point,
    zero_point_property,
)
from dsconv.dialects.reference import IntArray
from dsconv.dialects.tiled.kernel import KernelKind

NO_ZERO_POINTS = DenseArrayBase.from_list(i32, [0])


def zero_points_property(zero_points: Sequence[int]) -> DenseArrayBase[I32] | None:
    """Zero points of weights as property of their layer: one value, or one per output channel."""
    return DenseArrayBase.from_list(i32, zero_points) if tuple(zero_points) != (0,) else None


class WeightedOperation(CentredOperation, abc.ABC):
    """A convolution or matrix product: `requant(sum((x - zx) * (w - zw)) + bias)`.

    Padding is `input_zero_point`, that is a real 0. `weight_zero_points` holds one value, or one
    per output channel. A result of i32 is the accumulators: the end of a network whose file does
    not quantise it, or sums that other layers read.
    """

    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = ELEMENTS

    input = operand_def(TensorType)
    weights = operand_def(TensorType)
    bias = operand_def(TensorType)
    weight_zero_points = opt_prop_def(DenseArrayBase[I32], default_value=NO_ZERO_POINTS)

    assembly_format = layer_format(["input", "weights", "bias"], ["requant"])

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

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input")
        if tensor_type(self.weights).element_type not in QUANTISED:
            raise VerifyException(
                f"weights have elements si8 or ui8, got {tensor_type(self.weights).element_type}"
            )
        self._verify_shapes()
        channels = tensor_type(self.result).get_shape()[1]
        verify_shape(self.bias, "bias has", (channels,))
        if tensor_type(self.bias).element_type != i32:
            raise VerifyException("bias has elements i32")
        if len(self.weight_zero_points) not in (1, channels):
            raise VerifyException(
                f"{len(self.weight_zero_points)} weight zero points for {channels} channels"
            )
        for zero_point in self.weight_zero_points.get_values():
            verify_zero_point(zero_point, self.weights, "weight zero point")

    def _verify_requant_channels(self, channels: int) -> None:
        results = tensor_type(self.result).get_shape()[1]
        if channels not in (1, results):
            raise VerifyException(
                f"requantisation has {channels} channels, the result has {results}"
            )


class ConvolutionOperation(WeightedOperation, abc.ABC):
    """A weighted operation with a sliding window."""

    window = prop_def(WindowAttr)

    assembly_format = layer_format(["input", "weights", "bias"], ["window", "requant"])

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

    KERNEL: ClassVar[KernelKind | None] = KernelKind.CONV2D

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
        verify_shape(self.weights, "weights have", (kernels, group_channels, *self.window.kernel))
        if kernels % self.groups:
            raise VerifyException(f"{self.groups} groups do not share {kernels} output channels")
        group = kernels // self.groups
        if self.groups > 1 and self.tile is not None and self.tile.tile.channels % group:
            raise VerifyException(
                f"a tile of {self.tile.tile.channels} channels is not whole groups of {group}"
            )
        verify_window(self.window, self.input, self.result, kernels)


@irdl_op_definition
class DepthwiseOp(ConvolutionOperation):
    """Depthwise convolution, one kernel a channel; weights Cx1xFYxFX."""

    name = "dsconv.depthwise"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.DEPTHWISE

    def _verify_shapes(self) -> None:
        channels = tensor_type(self.input).get_shape()[1]
        verify_shape(self.weights, "weights have", (channels, 1, *self.window.kernel))
        verify_window(self.window, self.input, self.result, channels)


@irdl_op_definition
class PointwiseOp(WeightedOperation):
    """1x1 convolution, stride 1, no pads; weights KxC."""

    name = "dsconv.pointwise"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.CONV2D

    def _verify_shapes(self) -> None:
        _, channels, height, width = tensor_type(self.input).get_shape()
        kernels = tensor_type(self.result).get_shape()[1]
        verify_shape(self.weights, "weights have", (kernels, channels))
        verify_shape(self.result, "result has", (1, kernels, height, width))


@irdl_op_definition
class LinearOp(WeightedOperation):
    """Fully connected layer on the input flattened in the order C, H, W; weights Kx(C*H*W)."""

    name = "dsconv.linear"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.CONV2D

    def _verify_shapes(self) -> None:
        features = int(np.prod(tensor_type(self.input).get_shape()))
        kernels = tensor_type(self.result).get_shape()[1]
        verify_shape(self.weights, "weights have", (kernels, features))
        verify_shape(self.result, "result has", (1, kernels, 1, 1))


WEIGHTED_OPS: list[type[Operation]] = [Conv2DOp, DepthwiseOp, PointwiseOp, LinearOp]
