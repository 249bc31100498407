"""Windows of convolutions and pools: sizes, strides, dilations and pads, as ONNX defines them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from dsconv.exact.operation import Call
from dsconv.exact.tensor import Array


@dataclass(frozen=True)
class Window:
    """Sizes by axis; `pads` are (before, after)."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]

    def of(self, x: Array, pad: Any) -> Array:
        """The windows of x (N, C, ...) with pads of a value: (N, C, ..., *kernel)."""
        rank = len(self.kernel)
        kept = [(max(before, 0), max(after, 0)) for before, after in self.pads]
        value = np.array(pad, x.dtype)  # an int among objects would become one of 64 bits
        padded = np.pad(x, [(0, 0), (0, 0), *kept], constant_values=value)
        for axis, (before, after) in enumerate(self.pads, 2):  # negative pads cut off
            last = padded.shape[axis] + min(after, 0)
            padded = np.take(padded, range(max(-before, 0), last), axis)
        extents = [
            (size - 1) * dilation + 1
            for size, dilation in zip(self.kernel, self.dilations, strict=True)
        ]
        axes = tuple(range(2, 2 + rank))
        windows = np.lib.stride_tricks.sliding_window_view(padded, extents, axes)
        steps = (slice(None, None, step) for step in (*self.strides, *self.dilations))
        return windows[(slice(None), slice(None), *steps)]


def window_of(call: Call, sizes: Sequence[int], kernel: Sequence[int]) -> Window:
    """The window of a node for maps of these sizes.

    With ceil_mode, a last window that reaches beyond the pads has more of them, unless it would
    start in them.
    """
    rank = len(sizes)
    strides = tuple(call.attribute("strides", [1] * rank))
    dilations = tuple(call.attribute("dilations", [1] * rank))
    extents = [(size - 1) * step + 1 for size, step in zip(kernel, dilations, strict=True)]
    pads = _pads(call, sizes, extents, strides)
    if call.attribute("ceil_mode", 0):
        pads = [
            (before, after + _beyond(size, extent, stride, (before, after)))
            for size, extent, stride, (before, after) in zip(
                sizes, extents, strides, pads, strict=True
            )
        ]
    return Window(tuple(kernel), strides, dilations, tuple(pads))


def _pads(
    call: Call, sizes: Sequence[int], extents: Sequence[int], strides: Sequence[int]
) -> list[tuple[int, int]]:
    mode, rank = call.attribute("auto_pad", "NOTSET"), len(sizes)
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        totals = [
            max((ceil(size / stride) - 1) * stride + extent - size, 0)
            for size, extent, stride in zip(sizes, extents, strides, strict=True)
        ]
        if mode == "SAME_UPPER":
            return [(total // 2, total - total // 2) for total in totals]
        return [(total - total // 2, total // 2) for total in totals]
    if mode == "VALID":
        return [(0, 0)] * rank
    pads = call.attribute("pads", [0] * 2 * rank)
    return list(zip(pads[:rank], pads[rank:], strict=True))


def _beyond(size: int, extent: int, stride: int, pads: tuple[int, int]) -> int:
    """Pixels that the last window of ceil_mode takes beyond the pads."""
    whole = size + sum(pads)
    last = ceil((whole - extent) / stride)
    if last * stride >= size + pads[0]:
        last -= 1
    return max(last * stride + extent - whole, 0)
