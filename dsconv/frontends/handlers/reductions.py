"""Sums and averages over any dimensions: those of channels are products with ones."""

from __future__ import annotations

import math

import numpy as np

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import Conv2DOp, PointwiseOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AveragePoolLayer,
    ConvolutionLayer,
    Dequantised,
    MatrixLayer,
    WeightTensor,
)
from dsconv.frontends.handlers.pools import reduction
from dsconv.frontends.handlers.weighted_layers import UNIT_WINDOW
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View

Reduction = AveragePoolLayer | ConvolutionLayer | MatrixLayer


def total(node: Node, x: Dequantised, reduced: set[int], keep: bool) -> Reduction:
    """The sum over dimensions; without them where they are not to `keep`."""
    return _reduced(node, x, reduced, keep, is_sum=True)


def average(node: Node, x: Dequantised, reduced: set[int], keep: bool) -> Reduction:
    """The average over dimensions; without them where they are not to `keep`."""
    return _reduced(node, x, reduced, keep, is_sum=False)


def adds_channels(node: Node, view: View, reduced: set[int], keep: bool) -> bool:
    """Whether a reduction goes over more than one channel."""
    _, (channels, *_) = reduction(node, view, reduced, keep)
    return channels > 1


def _reduced(
    node: Node, x: Dequantised, reduced: set[int], keep: bool, *, is_sum: bool
) -> Reduction:
    view, kernel = reduction(node, x.view, reduced, keep)
    window = WindowAttr.of(kernel[1:])
    if kernel[0] == 1:
        return AveragePoolLayer(node, view, UNBOUNDED, x, window, is_sum=is_sum)
    divisor = 1 if is_sum else math.prod(kernel)
    ones, bias = np.ones((1, *kernel), np.int8), np.zeros(1, np.int64)
    weights = WeightTensor(ones, np.ones(1, np.float32), (0,))
    if window == UNIT_WINDOW:
        weights = WeightTensor(ones.reshape(1, -1), weights.scales, weights.zero_points)
        return MatrixLayer(*(node, view, UNBOUNDED, x, weights, bias, PointwiseOp), divisor=divisor)
    return ConvolutionLayer(
        *(node, view, UNBOUNDED, x, weights, bias, Conv2DOp, window), divisor=divisor
    )
