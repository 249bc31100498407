"""The blocks of Figure 3: 36 geometries, six fused kernels, and the layers they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Self

from xdsl.dialects.builtin import ModuleOp

from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Axis, Layout, WindowAttr
from dsconv.passes.scheduling.kernel_names import FusedKernel

SIZES = (32, 64, 128)
STRIDES = (1, 2)
CHANNELS = (32, 64, 128)
EXPANSIONS = (1, 2)
WINDOW = 3


@dataclass(frozen=True, order=True)
class BlockSize:
    """A block as the paper has it: IX = IY, S, C and K."""

    size: int
    stride: int
    channels: int
    kernels: int

    def __str__(self) -> str:
        return f"{self.size}x{self.size} S{self.stride} C{self.channels} K{self.kernels}"


GEOMETRIES = tuple(
    BlockSize(size, stride, channels, expansion * channels)
    for size, stride, channels, expansion in product(SIZES, STRIDES, CHANNELS, EXPANSIONS)
)
"""The paper's 36 (section 4.2), the smallest maps first."""

FD: dict[str, tuple[int, ...]] = {
    "dw-pw-rows-chw-hwc-chw": (4, 8, 16),
    "dw-pw-rows-hwc-hwc-hwc": (4, 8, 16),
    "pw-dw-channels-hwc-chw-hwc": (8, 16, 32),
    "pw-dw-channels-hwc-hwc-hwc": (8, 16, 32),
    "pw-dw-rows-hwc-chw-hwc": (6, 10, 18),
    "pw-dw-rows-hwc-hwc-hwc": (6, 10, 18),
}
"""The paper's six fused kernels (3.2), and the depths at which they are measured: the smallest one
that uses all cores of the paper's kernels, and larger ones, with those of its best results."""


@dataclass(frozen=True)
class BlockLayer:
    """A depthwise (`dw`, 3x3) or pointwise (`pw`, stride 1) layer, with the size of its input."""

    kind: str
    channels: int
    kernels: int
    height: int
    width: int
    stride: int
    layouts: tuple[Layout, Layout]

    @property
    def input_bytes(self) -> int:
        """Bytes that it reads."""
        return self.channels * self.height * self.width

    @property
    def output_bytes(self) -> int:
        """Bytes that it makes."""
        rows, columns = (ceil_divide(size, self.stride) for size in (self.height, self.width))
        return self.kernels * rows * columns

    @property
    def macs(self) -> int:
        """Its products."""
        return self.output_bytes * (WINDOW**2 if self.kind == "dw" else self.channels)


@dataclass(frozen=True)
class Block:
    """A depthwise and a pointwise layer, in an order and in layouts, on a map of so many rows.

    Layers fused or not have the same weights, so that they are requantised by the same code.
    """

    order: str
    layouts: tuple[Layout, ...]
    layer_shape: BlockSize
    height: int

    @property
    def layers(self) -> tuple[BlockLayer, BlockLayer]:
        """Both layers."""
        return pair(self.order, self.layer_shape, self.layouts, self.height)

    @property
    def macs(self) -> int:
        """Products of both layers."""
        return sum(layer.macs for layer in self.layers)

    @property
    def map_bytes(self) -> int:
        """Bytes of the input, of what is between the layers, and of the output."""
        first, second = self.layers
        return first.input_bytes + second.input_bytes + second.output_bytes

    def with_rows(self, height: int) -> Self:
        """The block on a map of so many rows."""
        return replace(self, height=height)


UNFUSED = {
    "dw-pw": (Layout.CHW, Layout.HWC, Layout.CHW),
    "pw-dw": (Layout.HWC, Layout.CHW, Layout.HWC),
}
"""Layouts of unfused layers: CHW where a window slides over a channel, HWC where it does not."""


def unfused_block(order: str, layer_shape: BlockSize) -> Block:
    """A block whose layers run one after the other."""
    return Block(order, UNFUSED[order], layer_shape, layer_shape.size)


@dataclass(frozen=True)
class FusedBlock(Block):
    """A block that runs as one kernel, with the paper's FD."""

    kernel: str
    fd: int

    @staticmethod
    def of(kernel: str, layer_shape: BlockSize, fd: int) -> FusedBlock:
        """The block on its whole map."""
        fused = FusedKernel.named(kernel)
        return FusedBlock(fused.mode, fused.layouts, layer_shape, layer_shape.size, kernel, fd)

    @property
    def step(self) -> int:
        """FD as `fuse-dsconv` counts it: along rows those of the output.

        The paper's FD of PW-DW rows are rows between the layers, of which windows share some.
        """
        fused = FusedKernel.named(self.kernel)
        if fused.mode == "pw-dw" and fused.axis is Axis.ROWS:
            return max((self.fd - WINDOW) // self.layer_shape.stride + 1, 1)
        return self.fd


def pair(
    order: str, layer_shape: BlockSize, layouts: Sequence[Layout], height: int
) -> tuple[BlockLayer, BlockLayer]:
    """The layers of a block in an order, `dw-pw` or `pw-dw`; layouts are those of the values."""
    first, between, last = layouts
    size, stride = layer_shape.size, layer_shape.stride
    channels, kernels = layer_shape.channels, layer_shape.kernels
    if order == "dw-pw":
        made = ceil_divide(height, stride), ceil_divide(size, stride)
        return (
            BlockLayer("dw", channels, channels, height, size, stride, (first, between)),
            BlockLayer("pw", channels, kernels, *made, 1, (between, last)),
        )
    return (
        BlockLayer("pw", channels, kernels, height, size, 1, (first, between)),
        BlockLayer("dw", kernels, kernels, height, size, stride, (between, last)),
    )


def ceil_divide(size: int, stride: int) -> int:
    """Windows of a padded map: 3 wide, padding 1."""
    return -(-size // stride)


def network(layers: Sequence[BlockLayer]) -> ModuleOp:
    """A network of layers, with seeded weights."""
    first = layers[0]
    x = Activation(layout=first.layouts[0])
    builder = ModelBuilder().begin(first.channels, first.height, first.width, x)
    for layer in layers:
        y = Activation(layout=layer.layouts[1])
        if layer.kind == "dw":
            strides, pads = (layer.stride, layer.stride), (1, 1, 1, 1)
            builder.depthwise(WindowAttr.of((WINDOW, WINDOW), strides, pads), y)
        else:
            builder.pointwise(layer.kernels, y)
    return builder.module()
