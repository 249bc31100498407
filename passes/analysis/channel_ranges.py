"""What sums and outputs each channel can have, by interval arithmetic from layer to layer.

A map has one scale for all its channels, so that few of them reach both ends of its type. Layers
that read it make smaller sums then than their weights alone allow, above all behind filters of few
taps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from dsconv.dialects import reference
from dsconv.dialects.graph import (
    RequantisedOperation,
    WeightedOperation,
    dtype_of,
    tensor_type,
)
from dsconv.passes.analysis.weight_packing import folded_bias, signed_weights

Integers = npt.NDArray[np.int64]
Range = tuple[Integers, Integers]
"""Smallest and largest value of each channel."""


@dataclass(frozen=True)
class ChannelRanges:
    """Ranges for any input of the network; what lies between layers with weights has its type's.

    Each layer's sums are found once.
    """

    _sums: dict[WeightedOperation, Range] = field(default_factory=dict[WeightedOperation, Range])

    def of(self, activation: SSAValue) -> Range:
        """Of an activation, both (C,)."""
        layer = activation.owner
        channels = tensor_type(activation).get_shape()[1]
        limits = np.iinfo(dtype_of(activation))
        low, high = limits.min, limits.max
        if isinstance(layer, RequantisedOperation) and not layer.gives_accumulators:
            if isinstance(layer, WeightedOperation):
                ends = np.stack(self.sums(layer), axis=1)[None, :, :, None]
                outputs = reference.requantise(ends, layer.requant, np.int64)[0, :, :, 0]
                return outputs.min(axis=1), outputs.max(axis=1)
            low, high = layer.requant.clip
        return np.full(channels, low, np.int64), np.full(channels, high, np.int64)

    def sums(self, layer: WeightedOperation) -> Range:
        """Of a layer's accumulators over raw inputs, both (K,); pads are inputs, too."""
        if layer not in self._sums:
            self._sums[layer] = self._of_sums(layer)
        return self._sums[layer]

    def _of_sums(self, layer: WeightedOperation) -> Range:
        weights, zero_points = signed_weights(layer)
        centred = weights.reshape(len(weights), -1).astype(np.int64) - zero_points[:, None]
        positive, negative = centred.clip(0), centred.clip(None, 0)
        low, high = self.of(layer.input)
        low, high = np.minimum(low, layer.zero_point), np.maximum(high, layer.zero_point)
        low, high = (_beside_weights(weights, ends) for ends in (low, high))
        bias = folded_bias(layer)
        return (
            bias + (positive * low + negative * high).sum(axis=1),
            bias + (positive * high + negative * low).sum(axis=1),
        )


def _beside_weights(weights: npt.NDArray[np.integer], channels: Integers) -> Integers:
    """What each weight (K, taps) is multiplied with, of channels (C,).

    Weights are KxCxHxW flattened for linear layers, or Kx(C/G)xFYxFX in G groups.
    """
    kernels, first = weights.shape[:2]
    group = min(first, len(channels))
    taps = weights[0].size // group
    groups = channels.reshape(-1, group).repeat(taps, axis=1)
    return groups.repeat(kernels // len(groups), axis=0)
