"""Layers that choose, move or clip values and make none: their results are quantised already."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    Dequantised,
    MaxPoolLayer,
    MovingLayer,
    PendingLayer,
    RescaleLayer,
    SummingLayer,
    Value,
)

QUANTISE_BEHIND = "a QuantizeLinear has to stand behind it"


def kept_quantisation(value: Value) -> Quantisation | None:
    """What the values of a layer are integers of, where they are those of its activations.

    None for a layer that makes other values, or has a bound or a padding that is none of those
    which the integers mean.
    """
    taken = _taken_quantisation(value)
    if taken is None or isinstance(value, Dequantised):
        return taken
    return None if _off_grid(value, taken) else taken


def is_summing(value: Value) -> TypeGuard[SummingLayer]:
    """Whether a layer makes other values than its activations have, which others may add up."""
    return isinstance(value, SummingLayer) and kept_quantisation(value) is None


def check_values(value: Value) -> None:
    """Raises `ModelError` for a bound or a padding that keeps a layer's values from being kept."""
    taken = _taken_quantisation(value)
    reason = "" if taken is None else _off_grid(value, taken)
    if reason and isinstance(value, PendingLayer):
        raise value.node.problem(reason, QUANTISE_BEHIND)


def _taken_quantisation(value: Value) -> Quantisation | None:
    """What the values are integers of that a layer chooses from, moves or clips."""
    match value:
        case Dequantised():
            return value.quantisation
        case MaxPoolLayer(x=x) | RescaleLayer(x=x):
            return kept_quantisation(x)
        case MovingLayer(parts=parts):
            meanings = {kept_quantisation(part) for part in parts}
            return meanings.pop() if len(meanings) == 1 else None
        case _:
            return None


def _off_grid(value: Value, taken: Quantisation) -> str:
    """What a layer has that none of the integers means; nothing where there is none."""
    if not isinstance(value, MaxPoolLayer | RescaleLayer | MovingLayer):
        return ""
    low, high = value.bounds
    if not taken.has_bounds(value.bounds):
        return (
            f"its result is clipped to {low:g} to {high:g}, which its input, in steps of "
            f"{taken.scale:g}, does not have"
        )
    fill = value.fill if isinstance(value, MovingLayer) else None
    if fill is not None and not taken.has(float(np.clip(fill, low, high))):
        return f"pads with {fill:g}, which its input, in steps of {taken.scale:g}, does not have"
    return ""
