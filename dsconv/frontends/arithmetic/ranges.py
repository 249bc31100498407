"""What values an activation can have, by interval arithmetic from the inputs of the network.

Weights, clip ranges and pads bound every value of a map further than its type does.
"""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from dsconv.dialects import reference
from dsconv.dialects.graph import (
    AveragePoolOp,
    MaxPoolOp,
    PadOp,
    RequantisedOperation,
    RescaleOp,
    WeightedOperation,
    dtype_of,
    tensor_type,
)
from dsconv.dialects.layer_semantics import accumulators, requantised
from dsconv.dialects.reference import Accumulators, IntArray


def limits_of(activation: SSAValue) -> tuple[IntArray, IntArray]:
    """Bounds (1, C, H, W) from below and above of each value, for any inputs of the network."""
    match activation.owner:
        case WeightedOperation() as layer:
            return _requantised(layer, *_weighted_sums(layer))
        case AveragePoolOp() | RescaleOp() as layer:
            low, high = limits_of(layer.input)
            return _requantised(layer, accumulators(layer, (low,)), accumulators(layer, (high,)))
        case MaxPoolOp() as pool:
            low, high = limits_of(pool.input)
            return reference.max_pool(low, pool.window), reference.max_pool(high, pool.window)
        case PadOp() as pad:
            low, high = limits_of(pad.input)
            return _padded(low, pad), _padded(high, pad)
        case RequantisedOperation() as layer:
            return _everywhere(activation, *layer.requant.clip)
        case _:
            limits = np.iinfo(dtype_of(activation))
            return _everywhere(activation, limits.min, limits.max)


def _everywhere(activation: SSAValue, low: int, high: int) -> tuple[IntArray, IntArray]:
    shape, dtype = tensor_type(activation).get_shape(), dtype_of(activation)
    return np.full(shape, low, dtype), np.full(shape, high, dtype)


def _padded(x: IntArray, pad: PadOp) -> IntArray:
    return reference.pad(x, pad.window, pad.value.value.data).astype(x.dtype)


def _weighted_sums(layer: WeightedOperation) -> tuple[Accumulators, Accumulators]:
    """Every input at that end of its range that the sign of its weight makes small, or large."""
    low, high = limits_of(layer.input)
    weights, bias = layer.weight_array, layer.bias_array
    ones = (1,) * (weights.ndim - 1)
    zero_points = np.asarray(layer.weight_zero_points.get_values(), weights.dtype)
    positive, negative = (
        meet(weights, zero_points.reshape(-1, *ones)) for meet in (np.maximum, np.minimum)
    )
    no_bias = np.zeros_like(bias)
    smallest, largest = (
        accumulators(layer, (first, positive, bias))
        + accumulators(layer, (last, negative, no_bias))
        for first, last in ((low, high), (high, low))
    )
    return smallest, largest


def _requantised(
    layer: RequantisedOperation, first: Accumulators, last: Accumulators
) -> tuple[IntArray, IntArray]:
    """A requantisation rises in the sums, or falls where its multiplier is negative."""
    ends = requantised(layer, first), requantised(layer, last)
    return np.minimum(*ends), np.maximum(*ends)
