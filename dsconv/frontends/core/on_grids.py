"""Activations with values that none of their integers means: sums of several, each with its scale.

Such are reals to which values are clipped, or which a pad puts in, without a QuantizeLinear behind.
Where one stands, it is the one step of an activation of its own, and the others have 0 there. Parts
of a concat that have several scales are 0 in each other's activations too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isinf

import numpy as np

from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyPendingLayer,
    Dequantised,
    Integers,
    MaxPoolLayer,
    MovingLayer,
    PendingLayer,
    RescaleLayer,
    TableLayer,
    with_bounds,
)
from dsconv.frontends.core.kept_values import kept_quantisation

Part = Dequantised | AnyPendingLayer
AddLayerAs = Callable[[AnyPendingLayer, Quantisation, str | None], Integers]
ByScale = dict[Quantisation, Dequantised]
"""Activations that make up one, each with what its integers mean."""


class GridMaker:
    """Makes the activations of layers that choose, move or clip values, each of them once."""

    def __init__(self, add_layer: AddLayerAs):
        """`add_layer` makes a layer whose result is quantised."""
        self._add_layer = add_layer
        self._made: dict[Part, ByScale | None] = {}

    def activations(self, value: Part) -> tuple[Dequantised, ...] | None:
        """Those whose sum the values are; None for layers that make other values."""
        found = self._by_scale(value)
        return None if found is None else tuple(found.values())

    def _by_scale(self, value: Part) -> ByScale | None:
        if value not in self._made:
            self._made[value] = self._made_by_scale(value)
        return self._made[value]

    def _made_by_scale(self, value: Part) -> ByScale | None:
        kept = kept_quantisation(value)
        if kept is not None:
            return {kept: value if isinstance(value, Dequantised) else self._quantised(value, kept)}
        match value:
            case RescaleLayer(x=x):
                return self._clipped(
                    value, Dequantised(replace(x.meant, view=value.view), x.quantisation)
                )
            case MaxPoolLayer():
                unbounded = replace(value, bounds=UNBOUNDED)
                kept = kept_quantisation(unbounded)
                return (
                    None if kept is None else self._clipped(value, self._quantised(unbounded, kept))
                )
            case MovingLayer():
                return self._moved(value)
            case _:
                return None

    def _quantised(self, layer: AnyPendingLayer, meaning: Quantisation) -> Dequantised:
        return Dequantised(self._add_layer(layer, meaning, None), meaning)

    def _function(
        self, layer: PendingLayer, x: Dequantised, reals: Floats, meaning: Quantisation
    ) -> Dequantised:
        """A function of an activation, whose values its integers mean."""
        return self._quantised(
            TableLayer(layer.node, x.view, UNBOUNDED, x, reals[None], ()), meaning
        )

    def _clipped(self, layer: PendingLayer, x: Dequantised) -> ByScale:
        """An activation within the bounds of a layer, some of which it does not have."""
        own = x.quantisation
        left = np.clip(own.reals, *layer.bounds)
        bounds: dict[Quantisation, Floats] = {}
        for bound in set(layer.bounds):
            there = left == np.float32(bound)
            if there.any() and not own.has(bound):
                unit = _unit(bound)
                bounds[unit] = bounds.get(unit, np.zeros_like(left)) + np.where(there, left, 0)
                left = np.where(there, np.float32(0), left)
        return {
            meaning: self._function(layer, x, reals, meaning)
            for meaning, reals in ({own: left} | bounds).items()
        }

    def _moved(self, layer: MovingLayer) -> ByScale | None:
        parts = [self._by_scale(_within(part, layer)) for part in layer.parts]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        meanings = dict.fromkeys(meaning for part in known for meaning in part)
        fill = None if layer.fill is None else float(np.clip(layer.fill, *layer.bounds))
        if fill is not None and isinf(fill):
            return None
        filled = next((meaning for meaning in meanings if fill is None or meaning.has(fill)), None)
        if filled is None:
            assert fill is not None, "all scales do without"
            filled = _unit(fill)
        made: ByScale = {}
        for meaning in (*meanings, *[filled] * (filled not in meanings)):
            moved = replace(
                layer,
                bounds=UNBOUNDED,
                parts=tuple(self._of_scale(layer, part, meaning) for part in known),
                fill=None if fill is None else fill * (meaning == filled),
            )
            made[meaning] = self._quantised(moved, meaning)
        return made

    def _of_scale(self, layer: MovingLayer, part: ByScale, meaning: Quantisation) -> Dequantised:
        """What a part has of a scale, 0 where it has nothing."""
        if meaning in part:
            return part[meaning]
        x = next(iter(part.values()))
        return self._function(layer, x, np.zeros_like(x.quantisation.reals), meaning)


def _unit(real: float) -> Quantisation:
    """Integers of which 1 or -1 means a real."""
    return Quantisation(abs(real), 0, "int8")


def _within(part: Part, layer: MovingLayer) -> Part:
    if layer.bounds == UNBOUNDED:
        return part
    if isinstance(part, Dequantised):
        return RescaleLayer(layer.node, part.view, layer.bounds, part)
    return with_bounds(part, layer.bounds)
