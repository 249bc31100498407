"""Transposed convolutions as convolutions: each place in a stride has weights of its own.

Output o of a transposed convolution sums weight t times input i where o + pad = i * stride + t *
dilation. Which taps that leaves depends on o modulo the stride, the phase of o. All phases are
channels of one convolution with stride 1; their blocks of pixels are laid out behind it. A phase
has zeros where a tap belongs to others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import Conv2DOp, DepthToSpaceOp, DepthwiseOp, PointwiseOp, SliceOp
from dsconv.frontends.arithmetic.scales import Reals
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    AnyPendingLayer,
    ConvolutionLayer,
    FunctionOfSums,
    MatrixLayer,
    MovingLayer,
    Spread,
    TransposedConvolutionLayer,
    WeightTensor,
)
from dsconv.frontends.onnx_file.onnx_graph import Array
from dsconv.frontends.onnx_file.view import View

UNIT_WINDOW = WindowAttr.of((1, 1))


@dataclass(frozen=True)
class Axis:
    """Rows or columns of the convolution: its window, pads, and how many blocks it makes.

    `taps` are the places of the transposed kernel by phase and place in the window.
    """

    window: int
    pads: tuple[int, int]
    blocks: int
    taps: dict[tuple[int, int], int]

    @staticmethod
    def of(size: int, kernel: int, spread: Spread) -> Axis:
        """The convolution along an axis of so many inputs."""
        stride = spread.stride
        inputs = {
            (phase, tap): (phase + spread.pad - tap * spread.dilation) // stride
            for phase in range(stride)
            for tap in range(kernel)
            if (phase + spread.pad - tap * spread.dilation) % stride == 0
        }
        first, last = (limit([0, *inputs.values()]) for limit in (min, max))
        blocks = max(-(-spread.size // stride), size - last)
        pads = (-first, blocks - size + last)
        taps = {(phase, place - first): tap for (phase, tap), place in inputs.items()}
        return Axis(last - first + 1, pads, blocks, taps)


def in_phases(layer: TransposedConvolutionLayer | FunctionOfSums) -> AnyPendingLayer:
    """A transposed convolution, or a function of what it sums up, from a convolution."""
    transposed = layer.sums if isinstance(layer, FunctionOfSums) else layer
    assert isinstance(transposed, TransposedConvolutionLayer), "others need no phases"
    strides = [spread.stride for spread in transposed.spreads]
    sums, axes = _convolution(transposed)
    made: AnyPendingLayer = sums
    if isinstance(layer, FunctionOfSums):
        channels = len(transposed.bias)

        def function(reals: Reals) -> Reals:
            phases = layer.function(reals.reshape(channels, -1))
            return phases.reshape(len(reals), -1)

        made = replace(layer, view=sums.view, sums=sums, function=function)
    if prod(strides) > 1:
        made = MovingLayer(
            layer.node,
            View.plain((1, len(transposed.bias), *_sizes(axes, strides))),
            UNBOUNDED,
            (made,),
            lambda values, result, _, __: DepthToSpaceOp(UNLABELLED, values[0], strides, result),
        )
    sizes = layer.view.sizes
    if made.view.sizes != sizes:
        made = MovingLayer(
            layer.node,
            View.plain(sizes),
            UNBOUNDED,
            (made,),
            lambda values, result, _, __: SliceOp(UNLABELLED, values[0], (0, 0, 0), result),
        )
    return replace(made, view=layer.view)


def _sizes(axes: list[Axis], strides: list[int]) -> tuple[int, int]:
    rows, columns = (axis.blocks * stride for axis, stride in zip(axes, strides, strict=True))
    return rows, columns


def _convolution(
    layer: TransposedConvolutionLayer,
) -> tuple[ConvolutionLayer | MatrixLayer, list[Axis]]:
    """The convolution that makes all phases, and its axes."""
    kernels, inputs, *kernel = layer.weights.array.shape
    strides = [spread.stride for spread in layer.spreads]
    axes = [
        Axis.of(size, taps, spread)
        for size, taps, spread in zip(layer.x.view.sizes[2:], kernel, layer.spreads, strict=True)
    ]
    rows, columns = axes
    phases = prod(strides)
    weights = _weights(layer.weights, strides, rows, columns)
    view = View.plain((1, kernels * phases, rows.blocks, columns.blocks))
    bias = np.repeat(layer.bias, phases)
    rests = tuple(rest for rest in layer.bias_rests for _ in range(phases))
    window = WindowAttr.of(
        (rows.window, columns.window),
        pads=(rows.pads[0], columns.pads[0], rows.pads[1], columns.pads[1]),
    )
    common = (layer.node, view, layer.bounds, layer.x)
    if window == UNIT_WINDOW and layer.groups == 1:
        matrix = replace(weights, array=weights.array.reshape(-1, inputs))
        made = MatrixLayer(*common, matrix, bias, PointwiseOp, bias_rests=rests)
        return replace(made, divisor=layer.divisor), axes
    channels = layer.x.view.sizes[1]
    is_depthwise = layer.groups == channels == kernels * phases > 1
    operation = DepthwiseOp if is_depthwise else Conv2DOp
    made = ConvolutionLayer(*common, weights, bias, operation, window, bias_rests=rests)
    return replace(made, divisor=layer.divisor), axes


def _weights(weights: WeightTensor, strides: list[int], rows: Axis, columns: Axis) -> WeightTensor:
    """Weights (K * phases, C / groups, window); a tap that a phase lacks has the zero point."""
    array: Array = weights.array
    kernels, inputs = array.shape[:2]
    zero_points = np.array(weights.zero_points, array.dtype).reshape(-1, 1, 1, 1, 1, 1)
    shape = (kernels, *strides, inputs, rows.window, columns.window)
    spread = np.broadcast_to(zero_points, shape).copy()
    for (row_phase, row), y in rows.taps.items():
        for (column_phase, column), x in columns.taps.items():
            spread[:, row_phase, column_phase, :, row, column] = array[:, :, y, x]
    phases = prod(strides)

    def repeated(values: Array) -> Array:
        return values if len(values) == 1 else np.repeat(values, phases)

    return WeightTensor(
        spread.reshape(kernels * phases, inputs, rows.window, columns.window),
        repeated(weights.scales.reshape(-1)),
        tuple(repeated(np.array(weights.zero_points)).tolist()),
    )
