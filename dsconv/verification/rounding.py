"""Values so near a tie that the roundings of float32 arithmetic explain the integer next to them.

ONNX Runtime computes a layer's result as a real number in float32 and rounds that to an integer;
the reference semantics round the exact one. The two differ where the exact number is no farther
from the tie between both integers than float32 can be from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from dsconv.dialects import reference
from dsconv.dialects.attributes import RequantAttr, Rounding
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    LayerOperation,
    RequantisedOperation,
    WeightedOperation,
)
from dsconv.dialects.graph_semantics import accumulators
from dsconv.dialects.reference import Accumulators, IntArray, per_channel

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

UNIT_ROUNDOFF = 2.0**-24
"""Largest relative error of one operation in float32."""
SCALINGS = 4
"""Operations on a value besides sums: read as a real, multiplied, divided, converted."""


def explained(
    layer: LayerOperation, operands: Sequence[IntArray], actual: IntArray, theirs: Reals
) -> Flags:
    """Which values of a layer, next to those of ONNX Runtime, float32's roundings explain.

    `operands` are what the layer reads, `actual` its result by the reference semantics and `theirs`
    ONNX Runtime's, all (1, C, H, W).
    """
    if not isinstance(layer, RequantisedOperation):
        return np.zeros(actual.shape, np.bool_)
    if layer.requant.rounding is not Rounding.HALF_EVEN:
        return np.zeros(actual.shape, np.bool_)
    ours = actual.astype(np.float64)
    real = _quotient(layer, accumulators(layer, tuple(operands)))
    tie = (ours + theirs) / 2 - layer.requant.zero_point
    return (np.abs(ours - theirs) == 1) & (np.abs(real - tie) <= _error(layer, operands, real))


def _error(layer: RequantisedOperation, operands: Sequence[IntArray], real: Reals) -> Reals:
    """How far float32 arithmetic may be from the exact result, in steps of the output."""
    match layer:
        case WeightedOperation():  # an integer sum, which is converted and multiplied
            return 2 * UNIT_ROUNDOFF * np.abs(real)
        case AveragePoolOp():
            terms = np.abs(operands[0].astype(np.int64) - layer.zero_point)
            magnitude = _quotient(layer, reference.sum_pool(terms, layer.window))
            return (prod(layer.window.kernel) + SCALINGS) * UNIT_ROUNDOFF * magnitude
        case AddOp():
            return _error_of_sum(layer, operands)
        case _:
            return SCALINGS * UNIT_ROUNDOFF * np.abs(real)


def _error_of_sum(layer: AddOp, operands: Sequence[IntArray]) -> Reals:
    """That of float32, and of multipliers that are rounded to whole numbers."""
    (divisor,) = layer.requant.divisors
    total = np.zeros(())
    for x, multiplier, zero_point in zip(
        operands, layer.multipliers.get_values(), layer.zero_points.get_values(), strict=True
    ):
        distance = np.abs(x.astype(np.float64) - zero_point) / divisor
        term = (SCALINGS + 1) * UNIT_ROUNDOFF * abs(multiplier)
        total = total + distance * (term + 0.5)
    return total


def _quotient(layer: RequantisedOperation, sums: Accumulators) -> Reals:
    """Sums (1, C, OY, OX) times multiplier over divisor, not rounded."""
    requant: RequantAttr = layer.requant
    scaled = sums.astype(np.float64) * per_channel(requant.multipliers)
    quotient = (scaled + per_channel(requant.addends)) / per_channel(requant.divisors)
    if isinstance(layer, AveragePoolOp) and layer.counted_pads is not None:
        return quotient / layer.pixels_inside(layer.counted_pads.get_values())
    return quotient
