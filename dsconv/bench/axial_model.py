"""FuSeConv's own cycle model (arXiv 2105.13434), and the totals behind its authors' plots.

Their plots were drawn with output sizes that are not rounded: a 3x3 layer of stride 2 on 224 pixels
and padding of 1 makes 112.5 a side. With whole sizes the totals are up to 1.7 % lower. A depthwise
layer is one matrix product of one column for each channel; an axial one goes by ST-OS, whose stride
drops lines, while along a line everything is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from types import MappingProxyType

from dsconv.passes.systolic.array_work import ArrayWork

VARIANTS = ("baseline", "half", "full", "half-50", "full-50")

AUTHORS_TOTALS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "mobilenet-v1": (2536900, 375260, 621300, 1072300, 1151124),
        "mobilenet-v2": (2979156, 411910, 576770, 1375054, 1453926),
        "mnasnet-b1": (2748684, 384202, 542818, 1394346, 1458602),
        "mobilenet-v3-small": (700161, 167935, 231735, 414921, 437559),
        "mobilenet-v3-large": (2018189, 370097, 558553, 1102045, 1144825),
    }
)
"""Cycles on a 64x64 array, in the order of `VARIANTS` (iitm-sysdl/FuSeConv, its plots' data)."""

AUTHORS_SPEEDUPS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "mobilenet-v1": (1, 6.76, 4.1, 2.36, 2.3),
        "mobilenet-v2": (1, 7.23, 5.1, 2.1, 2.0),
        "mnasnet-b1": (1, 7.15, 5.06, 1.97, 1.88),
        "mobilenet-v3-small": (1, 4.16, 3.02, 1.68, 1.6),
        "mobilenet-v3-large": (1, 5.45, 3.61, 1.83, 1.76),
    }
)
"""As the authors' README prints them, in the order of `VARIANTS`."""

AUTHORS_HALVES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "mobilenet-v1": (1, 2, 3, 4, 5),
        "mobilenet-v2": tuple(range(2, 11)),
        "mnasnet-b1": tuple(range(2, 11)),
        "mobilenet-v3-small": (3, 5, 6, 7, 8),
        "mobilenet-v3-large": tuple(range(2, 9)),
    }
)
"""Blocks that are axial in the 50 % variants, counted from 1 (the authors' model files)."""


def paper_cycles(works: Iterable[ArrayWork], rows: int, columns: int, *, whole_sizes: bool) -> int:
    """Cycles of all layers by the authors' formulas, on an array of so many rows and columns."""
    return sum(_layer(work, rows, columns, whole_sizes) for work in works)


def _layer(work: ArrayWork, rows: int, columns: int, whole_sizes: bool) -> int:
    window, (height, width) = work.window, work.padded
    if work.channelwise and 1 in window.kernel:
        if window.kernel[0] == 1:
            lines, length = height, width
        else:
            lines, length = width, height
        stride, taps = window.strides[0], max(window.kernel)
        folds = ceil(lines * work.groups / rows)
        return ceil(folds / stride * (columns + taps) * ceil(length / columns))
    pixels = 1.0
    for size, extent, stride in zip((height, width), window.extent, window.strides, strict=True):
        outputs = (size - extent + stride) / stride
        pixels *= floor(outputs) if whole_sizes else outputs
    return work.groups * floor(_product(pixels, work.taps, work.kernels, rows, columns))


def _product(m: float, terms: int, n: int, rows: int, columns: int) -> float:
    """Tiles of the whole array, and what remains of rows and of columns."""
    return sum(
        times * repeats * (terms + r + c - 1)
        for times, r in ((m // rows, rows), (m % rows > 0, m % rows))
        for repeats, c in ((n // columns, columns), (n % columns > 0, n % columns))
    )
