"""What a unit computes: a box of its layer's output, from windows of its inputs, in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dsconv.dialects import graph, reference
from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph.base import RequantisedOperation

Array = npt.NDArray[np.integer]


class Box(NamedTuple):
    """Channels, rows and columns of a map."""

    channels: range
    rows: range
    columns: range

    @staticmethod
    def of(bounds: Sequence[int]) -> Box:
        """The box of first and end of channels, rows and columns."""
        channel, channel_end, row, row_end, column, column_end = bounds
        return Box(range(channel, channel_end), range(row, row_end), range(column, column_end))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of the box."""
        return len(self.channels), len(self.rows), len(self.columns)


class Reading(NamedTuple):
    """What a unit reads of an input: the box inside the map, and pads of rows and columns."""

    box: Box
    pads: tuple[tuple[int, int], tuple[int, int]]


def window_of(layer: graph.LayerOperation) -> WindowAttr:
    """The window that slides over the first input; a single pixel where there is none."""
    if isinstance(layer, graph.ConvolutionOperation | graph.PoolOperation):
        return layer.window
    if isinstance(layer, graph.LinearOp):
        return WindowAttr.of(graph.tensor_type(layer.input).get_shape()[2:])
    return WindowAttr.of((1, 1))


def reading(layer: graph.LayerOperation, number: int, box: Box, channels: range) -> Reading:
    """What makes a box of a layer's output, of some channels of an input."""
    _, inputs, *sizes = graph.tensor_type(layer.activations[number]).get_shape()
    window = window_of(layer)
    ranges: list[range] = []
    pads: list[tuple[int, int]] = []
    for axis, size in enumerate(sizes):
        wanted = box.rows if axis == 0 else box.columns
        if size == 1 and window.extent[axis] == 1:
            wanted = range(1)
        first = wanted.start * window.strides[axis] - window.pads[axis]
        end = (wanted.stop - 1) * window.strides[axis] - window.pads[axis] + window.extent[axis]
        inside = range(min(max(first, 0), size), max(min(end, size), 0))
        ranges.append(inside)
        pads.append((inside.start - first, end - inside.stop))
    rows, columns = ranges
    read = range(1) if inputs == 1 else channels
    return Reading(Box(read, rows, columns), (pads[0], pads[1]))


def padded(layer: graph.LayerOperation, values: Array, pads: Sequence[tuple[int, int]]) -> Array:
    """Values of (C, H, W) with padding around them, as (1, C, H, W)."""
    if not any(map(any, pads)):
        return values[None]
    return np.pad(values, ((0, 0), *pads), constant_values=layer.pad_value)[None]


@lru_cache(maxsize=4096)
def requant_of(requant: RequantAttr, channels: range) -> RequantAttr:
    """The requantisation of some channels."""

    def part(values: Sequence[int]) -> Sequence[int]:
        return values if len(values) == 1 else values[channels.start : channels.stop]

    return requant.with_factors(
        part(requant.multipliers), part(requant.divisors), part(requant.addends)
    )


def weights_of(layer: graph.LayerOperation) -> Array:
    """Weights of a layer, (K, C, FY, FX)."""
    assert isinstance(layer, graph.WeightedOperation), "only such layers have weights"
    weights = layer.weight_array
    return weights.reshape(len(weights), -1, *window_of(layer).kernel)


def zero_points_of(layer: graph.WeightedOperation, channels: range) -> Sequence[int]:
    """Zero points of the weights of some channels."""
    values = layer.weight_zero_points.get_values()
    return values if len(values) == 1 else values[channels.start : channels.stop]


def unpadded(window: WindowAttr) -> WindowAttr:
    """A window over an input that has its padding in it."""
    return WindowAttr.of(window.kernel, window.strides, dilations=window.dilations)


def products(
    layer: graph.WeightedOperation, x: Array, weights: Array, kernels: range
) -> reference.Accumulators:
    """Sums of products without bias, (1, K, H, W); weights are (K, C, FY, FX)."""
    window, centres = unpadded(window_of(layer)), zero_points_of(layer, kernels)
    no_bias = np.zeros(len(weights), np.int64)
    sums = reference.depthwise if isinstance(layer, graph.DepthwiseOp) else reference.conv2d
    return sums(x, weights, no_bias, window, layer.zero_point, centres)


def finished(
    layer: graph.WeightedOperation, sums: reference.Accumulators, channels: range
) -> Array:
    """Outputs (C, H, W) from complete sums (1, C, H, W)."""
    bias = layer.bias_array[channels.start : channels.stop]
    return requantised(layer, sums + reference.per_channel(bias.tolist()), channels)


def requantised(
    layer: RequantisedOperation, sums: reference.Accumulators, channels: range
) -> Array:
    """Outputs (C, H, W) from sums (1, C, H, W) of some channels."""
    dtype = graph.dtype_of(layer.result)
    return reference.requantise(sums, requant_of(layer.requant, channels), dtype)[0]


def made(
    layer: graph.LayerOperation, inputs: Sequence[Array], weights: Array | None, box: Box
) -> Array:
    """A box of a layer's output, (C, H, W), from what it reads of its inputs, (1, C, H, W)."""
    match layer:
        case graph.WeightedOperation():
            assert weights is not None, "a layer with weights computes with them"
            return finished(layer, products(layer, inputs[0], weights, box.channels), box.channels)
        case graph.AddOp():
            multipliers, centres = layer.multipliers.get_values(), layer.zero_points.get_values()
            sums = reference.add(inputs, multipliers, centres, layer.term_requants)
            return requantised(layer, sums, box.channels)
        case graph.MulOp():
            lhs, rhs = inputs
            first, second = layer.zero_points.get_values()
            return requantised(layer, reference.multiply(lhs, rhs, (first, second)), box.channels)
        case graph.AveragePoolOp():
            return _average(layer, inputs[0], box)
        case graph.MaxPoolOp():
            return reference.max_pool(inputs[0], unpadded(layer.window))[0]
        case graph.RescaleOp():
            centred = inputs[0].astype(np.int64) - layer.zero_point
            return requantised(layer, centred, box.channels)
        case _:
            raise NotImplementedError(f"no unit computes {layer.name}")


def _average(layer: graph.AveragePoolOp, x: Array, box: Box) -> Array:
    sums = reference.sum_pool(x, unpadded(layer.window), layer.zero_point)
    if layer.counted_pads is None:
        return requantised(layer, sums, box.channels)
    rows, columns = box.rows, box.columns
    pixels = layer.pixels_inside(layer.counted_pads.get_values())
    inside = pixels[rows.start : rows.stop, columns.start : columns.stop]
    return reference.average(sums, inside, layer.requant, graph.dtype_of(layer.result))[0]
