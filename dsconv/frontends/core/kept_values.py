"""Layers that choose, move or clip values and make none: their results are quantised already."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    Dequantised,
    MaxPoolLayer,
    MovingLayer,
    RescaleLayer,
    SummingLayer,
    Value,
)

QUANTISE_BEHIND = "a QuantizeLinear has to stand behind it"


def kept_quantisation(value: Value) -> Quantisation | None:
    """What the values of a layer are integers of, where they are those of its activations.

    None for a layer that makes other values. Raises `ModelError` for a bound or a padding that is
    none of the values which the integers mean.
    """
    match value:
        case Dequantised():
            return value.quantisation
        case MaxPoolLayer(x=x) | RescaleLayer(x=x):
            kept = kept_quantisation(x)
        case MovingLayer(parts=parts):
            meanings = {kept_quantisation(part) for part in parts}
            kept = meanings.pop() if len(meanings) == 1 else None
        case _:
            return None
    if kept is not None:
        _check_values(value, kept)
    return kept


def is_summing(value: Value) -> TypeGuard[SummingLayer]:
    """Whether a layer makes other values than its activations have, which others may add up."""
    return isinstance(value, SummingLayer) and kept_quantisation(value) is None


def _check_values(layer: MaxPoolLayer | RescaleLayer | MovingLayer, kept: Quantisation) -> None:
    low, high = layer.bounds
    if not kept.has_bounds(layer.bounds):
        raise layer.node.problem(
            f"its result is clipped to {low:g} to {high:g}, which its input, in steps of "
            f"{kept.scale:g}, does not have",
            QUANTISE_BEHIND,
        )
    fill = None if isinstance(layer, MaxPoolLayer | RescaleLayer) else layer.fill
    if fill is not None and not kept.has(float(np.clip(fill, low, high))):
        raise layer.node.problem(
            f"pads with {fill:g}, which its input, in steps of {kept.scale:g}, does not have",
            QUANTISE_BEHIND,
        )
