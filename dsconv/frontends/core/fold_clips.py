"""Folds an activation function on a quantised tensor into the layer that makes the tensor."""

from __future__ import annotations

from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    LayerOperation,
    RescaleOp,
    WeightedOperation,
    dtype_of,
)

Requantising = WeightedOperation | AddOp | AveragePoolOp | RescaleOp


def fold_clip(operation: LayerOperation) -> LayerOperation | None:
    """Removes a rescale that only clips, narrowing the range of the layer before it.

    Returns that layer; None where `operation` does more, or where something else uses the layer.
    """
    if not isinstance(operation, RescaleOp) or not _only_clips(operation):
        return None
    producer = operation.input.owner
    if not isinstance(producer, Requantising) or not operation.input.has_one_use():
        return None
    producer.requant = producer.requant.clipped(*operation.requant.clip)
    operation.result.replace_all_uses_with(producer.result)
    operation.detach()
    operation.erase()
    return producer


def _only_clips(rescale: RescaleOp) -> bool:
    requant = rescale.requant
    return (
        requant.multipliers == requant.divisors == (1,)
        and requant.zero_point == rescale.zero_point
        and dtype_of(rescale.input) == dtype_of(rescale.result)
    )
