"""Small networks built layer by layer at the graph level.

Weights are pseudo-random from a fixed seed: the same calls make the same network.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from dsconv.dialects import graph
from dsconv.dialects.attributes import Layout, RequantAttr, WindowAttr
from dsconv.dialects.graph import activation_type, dtype_of, tensor_type

MULTIPLIER_BITS = 24
"""As in an exact float32 scale."""

TYPICAL_PRODUCT = 10_000
"""Of an activation and a weight: what sums are scaled by to spread over the output's range."""


@dataclass(frozen=True)
class Activation:
    """How an activation is stored."""

    dtype: type[np.integer] = np.uint8
    zero_point: int = 0
    layout: Layout = Layout.HWC

    def type(self, *shape: int) -> graph.IntTensorType:
        """Its tensor type."""
        return activation_type((1, *shape), self.dtype, self.layout)

    @property
    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        limits = np.iinfo(self.dtype)
        return int(limits.min), int(limits.max)


class ModelBuilder:
    """Builds chains of layers, each from `begin` on.

    The methods for layers take the activation that the layer makes.
    """

    def __init__(self, seed: int = 0):
        self.random = np.random.default_rng(seed)
        self.function = FuncOp("net", ([], []))
        self.block = self.function.body.block
        self.ends: list[SSAValue] = []
        self.layers = 0

    def begin(self, channels: int, height: int, width: int, x: Activation) -> ModelBuilder:
        """Begins a chain, at an argument of its own; a chain before has ended. Returns itself."""
        if self.block.args:
            self.ends.append(self.value)
        type_ = x.type(channels, height, width)
        self.value: SSAValue = self.block.insert_arg(type_, len(self.block.args))
        self.zero_point = x.zero_point
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what the last layer makes."""
        _, channels, height, width = tensor_type(self.value).get_shape()
        return channels, height, width

    def module(self) -> ModuleOp:
        """The network; each chain has a result."""
        self.block.add_op(ReturnOp(*self.ends, self.value))
        self.function.update_function_type()
        module = ModuleOp([self.function])
        module.verify()
        return module

    def depthwise(self, window: WindowAttr, y: Activation) -> None:
        """Depthwise convolution."""
        self._convolve(graph.DepthwiseOp, self.shape[0], 1, window, y)

    def conv2d(self, kernels: int, window: WindowAttr, y: Activation, groups: int = 1) -> None:
        """Convolution, dense or in groups."""
        self._convolve(graph.Conv2DOp, kernels, self.shape[0] // groups, window, y)

    def pointwise(self, kernels: int, y: Activation) -> None:
        """1x1 convolution."""
        channels, *size = self.shape
        self._multiply(graph.PointwiseOp, kernels, channels, y.type(kernels, *size), y)

    def linear(self, kernels: int, y: Activation) -> None:
        """Fully connected layer."""
        self._multiply(graph.LinearOp, kernels, prod(self.shape), y.type(kernels, 1, 1), y)

    def add(self, multipliers: tuple[int, int], shift: int, y: Activation) -> None:
        """The sum of the last activation and itself, with weights over a power of two."""
        self._add(
            graph.AddOp(
                self._label(),
                self.value,
                self.value,
                RequantAttr.of([1], [2**shift], zero_point=y.zero_point, clip=y.range),
                y.type(*self.shape),
                multipliers=multipliers,
                zero_points=(self.zero_point, self.zero_point),
            ),
            y,
        )

    def mul(self, y: Activation) -> None:
        """The square of the last activation."""
        self._add(
            graph.MulOp(
                self._label(),
                self.value,
                self.value,
                self._scale(1, 255**2, y),
                y.type(*self.shape),
                zero_points=(self.zero_point, self.zero_point),
            ),
            y,
        )

    def lookup(self, y: Activation) -> None:
        """A random entry for each value, from one table for all channels."""
        low, high = y.range
        table = self.random.integers(low, high + 1, (1, graph.TABLE_ENTRIES))
        constant = graph.ConstantOp.of(table.astype(y.dtype))
        self.block.add_op(constant)
        layer = graph.LookupOp(self._label(), self.value, constant.result, y.type(*self.shape))
        self._add(layer, y)

    def concat(self, layout: Layout) -> None:
        """The channels of the last activation twice; the type stays."""
        channels, *size = self.shape
        y = self._moved(layout)
        inputs = [self.value] * 2
        self._add(graph.ConcatOp(self._label(), inputs, y.type(2 * channels, *size)), y)

    def resize(self, factor: int, layout: Layout) -> None:
        """Rows and columns so many times; the type stays."""
        channels, height, width = self.shape
        y = self._moved(layout)
        result = y.type(channels, factor * height, factor * width)
        self._add(graph.ResizeOp(self._label(), self.value, result), y)

    def shuffle(self, groups: int, layout: Layout) -> None:
        """Channels of so many groups in turns; the type stays."""
        y = self._moved(layout)
        self._add(graph.ShuffleOp(self._label(), self.value, groups, y.type(*self.shape)), y)

    def depth_to_space(self, block: int, layout: Layout) -> None:
        """Blocks of channels as blocks of pixels; the type stays."""
        channels, height, width = self.shape
        y = self._moved(layout)
        result = y.type(channels // block**2, block * height, block * width)
        self._add(graph.DepthToSpaceOp(self._label(), self.value, (block, block), result), y)

    def _moved(self, layout: Layout) -> Activation:
        """The last activation in a layout."""
        return Activation(dtype_of(self.value), self.zero_point, layout)

    def average_pool(self, window: WindowAttr, y: Activation) -> None:
        """Average pool."""
        channels, *size = self.shape
        self._add(
            graph.AveragePoolOp(
                self._label(),
                self.value,
                window,
                self._scale(1, 255 * prod(window.kernel), y),
                y.type(channels, *window.output_size(*size)),
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def max_pool(self, window: WindowAttr, layout: Layout) -> None:
        """Max pool; the type stays."""
        channels, *size = self.shape
        y = self._moved(layout)
        result = y.type(channels, *window.output_size(*size))
        self._add(graph.MaxPoolOp(self._label(), self.value, window, result), y)

    def rescale(self, y: Activation) -> None:
        """Requantisation of every value."""
        self._add(
            graph.RescaleOp(
                self._label(),
                self.value,
                self._scale(1, 255, y),
                y.type(*self.shape),
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def _convolve(
        self,
        operation: type[graph.Conv2DOp | graph.DepthwiseOp],
        kernels: int,
        depth: int,
        window: WindowAttr,
        y: Activation,
    ) -> None:
        _, *size = self.shape
        self._add(
            operation(
                self._label(),
                self.value,
                *self._weights(kernels, depth, *window.kernel),
                window,
                self._requant(kernels, depth * prod(window.kernel), y),
                y.type(kernels, *window.output_size(*size)),
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def _multiply(
        self,
        operation: type[graph.PointwiseOp | graph.LinearOp],
        kernels: int,
        depth: int,
        result: graph.IntTensorType,
        y: Activation,
    ) -> None:
        self._add(
            operation(
                self._label(),
                self.value,
                *self._weights(kernels, depth),
                self._requant(kernels, depth, y),
                result,
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def _label(self) -> str:
        return f"layer{self.layers}"

    def _add(self, layer: graph.LayerOperation, y: Activation) -> None:
        self.block.add_op(layer)
        self.value = layer.result
        self.zero_point = y.zero_point
        self.layers += 1

    def _weights(self, kernels: int, *shape: int) -> tuple[SSAValue, SSAValue]:
        weights = self.random.integers(-127, 128, (kernels, *shape)).astype(np.int8)
        bias = self.random.integers(-3000, 3000, kernels).astype(np.int32)
        constants = [graph.ConstantOp.of(weights), graph.ConstantOp.of(bias)]
        self.block.add_ops(constants)
        return constants[0].result, constants[1].result

    def _requant(self, kernels: int, products: int, y: Activation) -> RequantAttr:
        """A scale per channel that spreads sums of random products over the range of `y`."""
        return self._scale(kernels, 4 * TYPICAL_PRODUCT * products**0.5, y)

    def _scale(self, count: int, spread: float, y: Activation) -> RequantAttr:
        scales = 255 / spread * self.random.uniform(0.7, 1.4, count)
        shift = MULTIPLIER_BITS - 1 - int(np.floor(np.log2(scales.max())))
        multipliers = [int(scale * 2**shift) for scale in scales]
        return RequantAttr.of(multipliers, [2**shift], zero_point=y.zero_point, clip=y.range)
