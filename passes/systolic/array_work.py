"""What a layer asks of an array: groups of channels, kernels, a window, and output pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import (
    Conv2DOp,
    ConvolutionOperation,
    DepthwiseOp,
    LinearOp,
    WeightedOperation,
    tensor_type,
)


@dataclass(frozen=True)
class ArrayWork:
    """A convolution in G groups, each from C channels to K kernels, on a map of IY x IX.

    A depthwise layer has a group for each channel, C = K = 1; a fully connected one a map and a
    window of one pixel.
    """

    groups: int
    channels: int
    kernels: int
    height: int
    width: int
    window: WindowAttr

    @staticmethod
    def of(op: WeightedOperation) -> ArrayWork:
        """The work of a graph operation."""
        _, channels, height, width = tensor_type(op.input).get_shape()
        kernels = tensor_type(op.result).get_shape()[1]
        if not isinstance(op, ConvolutionOperation):
            pixel = WindowAttr.of((1, 1))
            if isinstance(op, LinearOp):
                return ArrayWork(1, channels * height * width, kernels, 1, 1, pixel)
            return ArrayWork(1, channels, kernels, height, width, pixel)
        groups = channels if isinstance(op, DepthwiseOp) else 1
        if isinstance(op, Conv2DOp):
            groups = op.groups
        return ArrayWork(groups, channels // groups, kernels // groups, height, width, op.window)

    @property
    def outputs(self) -> tuple[int, int]:
        """OY, OX."""
        return self.window.output_size(self.height, self.width)

    @property
    def pixels(self) -> int:
        """Output pixels of a channel."""
        return prod(self.outputs)

    @property
    def taps(self) -> int:
        """Products of an output."""
        return self.channels * prod(self.window.kernel)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the layer."""
        return self.groups * self.kernels * self.pixels * self.taps

    @property
    def channelwise(self) -> bool:
        """Whether each output channel reads one input channel."""
        return self.channels == 1 and self.groups > 1

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns of the map with its padding."""
        top, left, bottom, right = self.window.pads
        return self.height + top + bottom, self.width + left + right
