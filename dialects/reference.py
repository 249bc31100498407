"""What each operation computes, in numpy, on whole numbers only.

Activations are (1, C, H, W) arrays of int8 or uint8, whatever their layout in memory. Sums are kept
in int64, so nothing here can overflow for shapes that fit a microcontroller.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import (
    TWICE_DIVISOR,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
    WindowAttr,
)

IntArray = npt.NDArray[np.integer]
Accumulators = npt.NDArray[np.int64]


def per_channel(values: Sequence[int]) -> Accumulators:
    """Broadcasts one value, or one per channel, over (1, C, H, W)."""
    return np.asarray(values, dtype=np.int64).reshape(1, -1, 1, 1)


def round_quotient(
    dividend: Accumulators, divisor: Accumulators, rounding: Rounding
) -> Accumulators:
    """The exact quotient, rounded to an integer."""
    if rounding is Rounding.TWICE:
        first = np.minimum(divisor, TWICE_DIVISOR)
        once = round_quotient(dividend, first, Rounding.HALF_UP)
        return round_quotient(once, divisor // first, Rounding.HALF_AWAY)
    floor, remainder = np.divmod(dividend, divisor)
    if rounding is Rounding.FLOOR:
        return floor
    # remainder < divisor, so the difference cannot overflow as a doubling would
    rest = divisor - remainder
    above = remainder > rest
    tie = remainder == rest
    if rounding is Rounding.HALF_UP:
        return floor + (above | tie)
    if rounding is Rounding.HALF_AWAY:
        return floor + (above | (tie & (floor >= 0)))
    return floor + (above | (tie & (floor % 2 == 1)))


def requantise(accumulators: Accumulators, requant: RequantAttr, dtype: npt.DTypeLike) -> IntArray:
    """Applies `requant` to (1, C, H, W) accumulators; see RequantAttr for the function."""
    return average(accumulators, np.ones(1, np.int64), requant, dtype)


def narrow_requantise(
    accumulators: Accumulators, narrow: NarrowRequantAttr, dtype: npt.DTypeLike, slack: int = 0
) -> IntArray:
    """Applies `narrow` to (1, C, H, W) accumulators; see NarrowRequantAttr for the function.

    `slack` is added to the low product. Raises OverflowError where an intermediate value leaves 32
    bits.
    """
    a = within_32_bits(accumulators)
    if narrow.bits:
        limit = 1 << (narrow.bits - 1)
        a = np.clip(a, -limit, limit - 1)
    high = within_32_bits(a * per_channel(narrow.highs))
    low = a * per_channel(narrow.lows) + slack
    low_shifts, shifts = per_channel((narrow.low_shift,)), per_channel((narrow.shift,))
    if narrow.is_mulh:
        low_shifts = low_shifts + per_channel(narrow.extra_shifts)
    else:
        low, shifts = within_32_bits(low), shifts + per_channel(narrow.extra_shifts)
    total = within_32_bits(high + (low >> low_shifts))
    total = within_32_bits(total + per_channel(narrow.addends))
    return np.clip(total >> shifts, *narrow.clip).astype(dtype)


def within_32_bits(values: Accumulators) -> Accumulators:
    """The values themselves. Raises OverflowError where one does not fit 32 bits."""
    if values.size and (values.min() < -(2**31) or values.max() >= 2**31):
        raise OverflowError("a value of a narrow requantisation leaves 32 bits")
    return values


def pad(x: IntArray, window: WindowAttr, value: int) -> Accumulators:
    """Pads H and W of (1, C, H, W) with `value`, widened to int64."""
    top, left, bottom, right = window.pads
    return np.pad(
        x.astype(np.int64),
        ((0, 0), (0, 0), (top, bottom), (left, right)),
        constant_values=value,
    )


def taps(padded: Accumulators, window: WindowAttr) -> Accumulators:
    """Gathers the window under each output: (C, FY, FX, OY, OX), a view into `padded`."""
    (fy, fx), (sy, sx), (dy, dx) = window.kernel, window.strides, window.dilations
    extent_y, extent_x = window.extent
    _, channels, height, width = padded.shape
    oy, ox = (height - extent_y) // sy + 1, (width - extent_x) // sx + 1
    _, sc, sh, sw = padded.strides
    return np.lib.stride_tricks.as_strided(
        padded,
        (channels, fy, fx, oy, ox),
        (sc, sh * dy, sw * dx, sh * sy, sw * sx),
        writeable=False,
    )


def exact_matmul(a: Accumulators, b: Accumulators) -> Accumulators:
    """An integer matrix product in double precision, exact while sums stay below 2**53."""
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64)


def conv2d(
    x: IntArray,
    weights: IntArray,
    bias: IntArray,
    window: WindowAttr,
    input_zero_point: int = 0,
    weight_zero_points: Sequence[int] = (0,),
) -> Accumulators:
    """Convolution in G groups: weights (K, C/G, FY, FX), bias (K,) to sums (1, K, OY, OX)."""
    centred = pad(x, window, input_zero_point) - input_zero_point
    columns = taps(centred, window)
    oy, ox = columns.shape[-2:]
    matrix = weights.astype(np.int64) - np.asarray(weight_zero_points).reshape(-1, 1, 1, 1)
    groups = len(columns) // weights.shape[1]
    product = exact_matmul(
        matrix.reshape(groups, len(weights) // groups, -1), columns.reshape(groups, -1, oy * ox)
    )
    return product.reshape(1, -1, oy, ox) + per_channel(bias.tolist())


def depthwise(
    x: IntArray,
    weights: IntArray,
    bias: IntArray,
    window: WindowAttr,
    input_zero_point: int = 0,
    weight_zero_points: Sequence[int] = (0,),
) -> Accumulators:
    """Depthwise convolution: weights (C, 1, FY, FX), bias (C,) to accumulators (1, C, OY, OX)."""
    centred = pad(x, window, input_zero_point) - input_zero_point
    kernel = weights.astype(np.int64) - np.asarray(weight_zero_points).reshape(-1, 1, 1, 1)
    product = np.einsum("cijyx,cij->cyx", taps(centred, window), kernel[:, 0], optimize=False)
    return product[None] + per_channel(bias.tolist())


def linear(
    x: IntArray,
    weights: IntArray,
    bias: IntArray,
    input_zero_point: int = 0,
    weight_zero_points: Sequence[int] = (0,),
) -> Accumulators:
    """Fully connected: (1, C, H, W) flattened in that order, weights (K, C*H*W) to (1, K, 1, 1)."""
    centred = x.astype(np.int64).reshape(-1, 1) - input_zero_point
    matrix = weights.astype(np.int64) - np.asarray(weight_zero_points).reshape(-1, 1)
    return exact_matmul(matrix, centred).reshape(1, -1, 1, 1) + per_channel(bias.tolist())


def add(
    operands: Sequence[IntArray],
    multipliers: Sequence[int],
    zero_points: Sequence[int],
    terms: Sequence[RequantAttr] = (),
) -> Accumulators:
    """Weighted sum of two tensors that broadcast; `terms` requantise each product before it."""
    products = [
        (x.astype(np.int64) - zero_point) * multiplier
        for x, multiplier, zero_point in zip(operands, multipliers, zero_points, strict=True)
    ]
    if terms:
        products = [
            requantise(product, term, np.int64)
            for product, term in zip(products, terms, strict=True)
        ]
    return products[0] + products[1]


def multiply(lhs: IntArray, rhs: IntArray, zero_points: tuple[int, int]) -> Accumulators:
    """Product of two tensors that broadcast."""
    first, second = zero_points
    return (lhs.astype(np.int64) - first) * (rhs.astype(np.int64) - second)


def sum_pool(x: IntArray, window: WindowAttr, input_zero_point: int = 0) -> Accumulators:
    """Sum over each window of (x - zero point); padding counts as zero."""
    centred = pad(x, window, input_zero_point) - input_zero_point
    return taps(centred, window).sum(axis=(1, 2))[None]


def pixels_inside(
    window: WindowAttr,
    size: Sequence[int],
    outputs: Sequence[int],
    first: Sequence[int],
    pads: Sequence[int] = (0, 0, 0, 0),
) -> Accumulators:
    """How many pixels under each window (OY, OX) lie in a map of (H, W), or within `pads` of it.

    `first` is the row and column of the map where the first window begins.
    """
    counts: list[Accumulators] = []
    for axis in range(2):
        starts = np.arange(outputs[axis]) * window.strides[axis] + first[axis]
        places = starts[:, None] + np.arange(window.kernel[axis]) * window.dilations[axis]
        inside = (places >= -pads[axis]) & (places < size[axis] + pads[axis + 2])
        counts.append(inside.sum(axis=1))
    return np.outer(*counts)


def average(
    sums: Accumulators, pixels: Accumulators, requant: RequantAttr, dtype: npt.DTypeLike
) -> IntArray:
    """Requantises sums (1, C, OY, OX), divisor and addend times the pixels (OY, OX) of a window."""
    scaled = sums * per_channel(requant.multipliers) + per_channel(requant.addends) * pixels
    divisors = per_channel(requant.divisors) * pixels
    rounded = round_quotient(scaled, divisors, requant.rounding)
    return np.clip(rounded + requant.zero_point, *requant.clip).astype(dtype)


def max_pool(x: IntArray, window: WindowAttr) -> IntArray:
    """Maximum over each window; padding never wins."""
    padded = pad(x, window, int(np.iinfo(x.dtype).min))
    return taps(padded, window).max(axis=(1, 2))[None].astype(x.dtype)


def lookup(x: IntArray, tables: IntArray) -> IntArray:
    """Entries (1, C, H, W) of tables (1, 256) or (C, 256); the first is of the smallest value."""
    entries = x.astype(np.int64) - np.iinfo(x.dtype).min
    channels = np.arange(x.shape[1]).reshape(1, -1, 1, 1) % len(tables)
    return tables[channels, entries]


def steps(sums: IntArray, thresholds: IntArray, values: IntArray) -> IntArray:
    """The values of the steps that sums (1, C, H, W) lie on; see StepsOp for the tables."""
    results = np.empty(sums.shape, values.dtype)
    for channel in range(sums.shape[1]):
        row = channel % len(values)
        passed = np.searchsorted(thresholds[row], sums[:, channel], side="right")
        results[:, channel] = values[row][passed]
    return results


def sum_steps(
    operands: Sequence[IntArray], weights: IntArray, thresholds: IntArray, values: IntArray
) -> IntArray:
    """The values of the steps that weighted sums (1, C, H, W) lie on; see SumStepsOp."""
    *factors, total = (per_channel(column.tolist()) for column in weights.T)
    for operand, factor in zip(operands, factors, strict=True):
        total = total + operand.astype(np.int64) * factor
    return steps(total, thresholds, values)


def pair_lookup(lhs: IntArray, rhs: IntArray, table: IntArray) -> IntArray:
    """Bits (1, C, H, W) of a table (256, 32); the first row and bit are of the smallest values."""
    row, bit = (x.astype(np.int64) - np.iinfo(x.dtype).min for x in (lhs, rhs))
    return table[row, bit // 8] >> (bit % 8) & 1


def resize(x: IntArray, factors: tuple[int, int]) -> IntArray:
    """Every value repeated along rows and columns."""
    return x.repeat(factors[0], axis=2).repeat(factors[1], axis=3)


def part(
    x: IntArray, first: Sequence[int], shape: Sequence[int], strides: Sequence[int] = (1, 1)
) -> IntArray:
    """The part (1, C, H, W) of a tensor that begins at channel, row and column `first`.

    Strides are of rows and columns.
    """
    ranges = (
        slice(start, start + size * stride, stride)
        for start, size, stride in zip(first, shape[1:], (1, *strides), strict=True)
    )
    return x[(slice(None), *ranges)]


def depth_to_space(x: IntArray, block: tuple[int, int]) -> IntArray:
    """Blocks of channels as blocks of pixels; see DepthToSpaceOp."""
    _, channels, height, width = x.shape
    by, bx = block
    apart = x.reshape(1, channels // (by * bx), by, bx, height, width)
    return apart.transpose(0, 1, 4, 2, 5, 3).reshape(1, -1, height * by, width * bx)


def neighbours(
    first: int, outputs: int, step: int, parts: int, size: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Of outputs at (first + i * step) / parts of an axis: the pixel before, that behind, and the
    parts of the latter.
    """
    places = np.clip(first + np.arange(outputs) * step, 0, (size - 1) * parts)
    before = places // parts
    return before, np.minimum(before + 1, size - 1), places % parts


def interpolate(
    x: IntArray,
    firsts: tuple[int, int],
    shape: Sequence[int],
    places: Sequence[int],
    input_zero_point: int,
    *,
    nearest: bool,
) -> Accumulators:
    """Sums of pixels (1, C, OY, OX) times parts, or the nearest pixels; see InterpolateOp.

    `places` are step, offset and parts of rows and of columns, `firsts` where the first output is.
    """
    centred = x.astype(np.int64) - input_zero_point
    for axis, first in enumerate(firsts):
        step, _, parts = places[3 * axis : 3 * axis + 3]
        size, outputs = x.shape[2 + axis], shape[2 + axis]
        before, behind, share = neighbours(first, outputs, step, parts, size)
        lines = [1] * 4
        lines[2 + axis] = outputs
        share = share.reshape(lines)
        own, other = centred.take(before, 2 + axis), centred.take(behind, 2 + axis)
        centred = own if nearest else own * (parts - share) + other * share
    return centred


def shuffle(x: IntArray, groups: int) -> IntArray:
    """Channels of all groups taken in turns; see ShuffleOp."""
    _, channels, height, width = x.shape
    grouped = x.reshape(1, groups, channels // groups, height, width)
    return grouped.swapaxes(1, 2).reshape(x.shape)
