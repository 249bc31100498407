"""Averages of a function of one activation that is not quantised before them.

The function's values are whole multiples of one step, plus a constant: a normalisation's always
are, and those of a LeakyRelu or a PRelu where its slope is a fraction of small numbers. A table
gives the multiples in one digit of 8 bits, or in two, and a convolution adds them up. So sums are
those of the reals, and only the average is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dsconv.dialects.graph import Conv2DOp, DepthwiseOp
from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AveragePoolLayer,
    Constant,
    ConvolutionLayer,
    Dequantised,
    TableLayer,
    WeightTensor,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers import weighted_layers
from dsconv.frontends.handlers.concats import concatenation
from dsconv.frontends.handlers.shuffles import shuffle
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node

Integers = npt.NDArray[np.int64]

DIGIT = Quantisation(1.0, 0, "int8")
DIGIT_BASE = 255
"""The largest weight of 8 bits."""
DIGIT_OFFSET = 128
"""What is taken off digits of 0 and more, so that they fit int8."""
MOST_PARTS = 128
"""Of the function's steepest slope that a step may be."""
SAME_SLOPE = 2.0**-8
ROUNDING = 2.0**-22
"""By how much the float32 values of a function differ from the reals, of the largest of them."""


@dataclass(frozen=True)
class Multiples:
    """Values `constant + step * integers`; a step has the sign of the steepest slope."""

    constant: float
    step: float
    integers: Integers


def multiples_of(values: Floats) -> Multiples | None:
    """What the values of a function at successive integers are multiples of; None if there is none.

    Its step is some part of the steepest slope.
    """
    reals = values.astype(np.float64)
    allowed = ROUNDING * float(np.abs(reals).max())
    constant = float(reals[np.argmin(np.abs(reals))])
    slopes = np.diff(reals)
    steepest = slopes[np.argmax(np.abs(slopes))]
    if abs(steepest) <= 2 * allowed:
        return Multiples(constant, 1.0, np.zeros(len(reals), np.int64))
    slope = float(slopes[np.abs(slopes / steepest - 1) < SAME_SLOPE].mean())
    for parts in range(1, MOST_PARTS + 1):
        step = slope / parts
        integers = np.rint((reals - constant) / step)
        step = float(((reals - constant) * integers).sum() / (integers * integers).sum())
        if np.abs(constant + step * integers - reals).max() <= allowed:
            return Multiples(constant, step, integers.astype(np.int64))
    return None


def averaged_function(
    reader: Reader, node: Node, table: TableLayer, pool: AveragePoolLayer
) -> ConvolutionLayer | None:
    """The average of a function's values, of which `pool` has the window.

    None where the values are no multiples of one step of 16 bits, or where there are pads.
    """
    check_nchw(node, table.view)
    found = [multiples_of(row) for row in table.reals]
    rows = [row for row in found if row is not None]
    if len(rows) < len(found) or any(pool.window.pads):
        return None
    integers = np.stack([row.integers for row in rows])
    pixels, channels = math.prod(pool.window.kernel), table.view.sizes[1]
    offsets = integers.min(axis=1) + DIGIT_OFFSET
    if np.ptp(integers, axis=1).max() <= DIGIT_BASE:
        x = _digit(reader, table, integers - offsets[:, None])
        weights = np.ones((channels, 1, *pool.window.kernel), np.int8)
        operation = DepthwiseOp if channels > 1 else Conv2DOp
    else:
        offsets = np.array([DIGIT_OFFSET])
        high, low = integers // DIGIT_BASE, integers % DIGIT_BASE - DIGIT_OFFSET
        limits = DIGIT.limits
        if high.min() < limits[0] or high.max() > limits[1]:
            return None
        x = _two_digits(reader, node, table, (high, low))
        taps = np.array([DIGIT_BASE, 1], np.uint8).reshape(1, 2, 1, 1)
        weights = np.broadcast_to(taps, (channels, 2, *pool.window.kernel))
        operation = Conv2DOp
    scales = np.array([row.step for row in rows], np.float32)
    layer = ConvolutionLayer(
        node,
        pool.view,
        UNBOUNDED,
        x,
        WeightTensor(np.ascontiguousarray(weights), scales, (0,)),
        np.full(channels, pixels, np.int64) * offsets,
        operation,
        pool.window,
        divisor=pixels,
    )
    constants = np.array([row.constant for row in rows], np.float32)
    if not constants.any():
        return layer
    return weighted_layers.with_bias(node, layer, Constant(np.broadcast_to(constants, (channels,))))


def _digit(reader: Reader, table: TableLayer, integers: Integers) -> Dequantised:
    """A table of integers of 8 bits, looked up."""
    layer = replace(table, bounds=UNBOUNDED, reals=integers.astype(np.float32))
    return Dequantised(reader.builder.add_layer(layer, DIGIT, None), DIGIT)


def _two_digits(
    reader: Reader, node: Node, table: TableLayer, parts: tuple[Integers, Integers]
) -> Dequantised:
    """Both digits of a table's integers in turns, channel by channel."""
    digits: Sequence[Dequantised] = [_digit(reader, table, part) for part in parts]
    both = concatenation(node, digits)
    joined = Dequantised(reader.builder.add_layer(both, DIGIT, None), DIGIT)
    if table.view.sizes[1] == 1:
        return joined
    turns = shuffle(node, joined, 2, joined.view)
    return Dequantised(reader.builder.add_layer(turns, DIGIT, None), DIGIT)
