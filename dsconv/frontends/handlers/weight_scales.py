"""Weights of which a sum takes several scales, as of blocks: a sum for each of the scales."""

from __future__ import annotations

import numpy as np

from dsconv.frontends.arithmetic.values import ScaledConstant
from dsconv.frontends.onnx_file.onnx_graph import Node

MOST_SCALES = 64
"""Of one sum."""


def by_scale(node: Node, weights: ScaledConstant, kernels: int) -> list[ScaledConstant]:
    """Weights that add up to the given ones, one scale a kernel each; `kernels` is their axis.

    Where a weight belongs to another scale, it is the zero point.
    """
    shape = weights.array.shape
    if (
        weights.array.size == 0
        or kernels >= len(shape)
        or all(
            part.size == part.shape[kernels] or part.size == 1
            for part in (weights.scale, weights.zero_point)
        )
    ):
        return [weights]
    rows = [
        np.moveaxis(np.broadcast_to(part, shape), kernels, 0).reshape(shape[kernels], -1)
        for part in (weights.scale, weights.zero_point)
    ]
    columns = np.concatenate([row.astype(np.float64) for row in rows])
    _, firsts, which = np.unique(columns, axis=1, return_index=True, return_inverse=True)
    if len(firsts) > MOST_SCALES:
        raise node.problem(
            f"its weights have {len(firsts)} scales in one sum",
            f"up to {MOST_SCALES} are supported; quantise weights per output channel",
        )
    along = [1] * len(shape)
    along[kernels] = -1
    taps = np.moveaxis(np.empty(shape), kernels, 0).shape[1:]
    parts: list[ScaledConstant] = []
    for number, first in enumerate(firsts):
        scale, zero_point = (row[:, first].reshape(along) for row in rows)
        is_own = np.expand_dims((which.reshape(-1) == number).reshape(taps), kernels)
        parts.append(ScaledConstant(np.where(is_own, weights.array, zero_point), scale, zero_point))
    return parts
