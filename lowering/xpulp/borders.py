"""Windows that reach into the padding."""

from __future__ import annotations

from dataclasses import dataclass

from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.tiles import L1Tile


def taps_inside(asm: Assembly, start: str, taps: int, size: int, before: str, count: str) -> None:
    """Leaves how many of adjacent taps lie before a map of a size, and how many in it.

    `start` is where the first tap lies. The count is 0 or less where all lie outside.
    """
    with asm.registers(1) as (end,):
        asm("sub", before, "zero", start)
        asm("p.max", before, before, "zero")
        asm.li(end, size)
        asm("sub", count, end, start)
        asm.li(end, taps)
        asm("p.min", count, count, end)
        asm("sub", count, count, before)


@dataclass(frozen=True)
class PooledAxis:
    """Rows, or columns, of a pool: taps and dilation of a window, size of the map, counted pads."""

    taps: int
    dilation: int
    size: int
    counted: tuple[int, int]


@dataclass(frozen=True)
class TapSpan:
    """Taps of a window, in one dimension, that lie in the map: the first, and how many.

    `counted` are those that an average counts, in the map or in pads that it counts.
    """

    first: int
    count: int
    counted: int

    @staticmethod
    def of(start: int, axis: PooledAxis) -> TapSpan:
        """Of a window that begins at `start`."""
        places = range(start, start + axis.taps * axis.dilation, axis.dilation)
        before, after = axis.counted
        inside = [0 <= place < axis.size for place in places]
        counted = sum(-before <= place < axis.size + after for place in places)
        return TapSpan(inside.index(True) if any(inside) else 0, sum(inside), counted)


def pooled_axes(kernel: KernelOp) -> tuple[PooledAxis, PooledAxis]:
    """The rows and the columns of a pool."""
    tile, window = L1Tile.of(kernel.inputs[0]), kernel.window
    counted = kernel.counted_pads
    top, left, bottom, right = (0,) * 4 if counted is None else counted.get_values()
    rows, columns = zip(window.kernel, window.dilations, tile.shape[1:], strict=True)
    return PooledAxis(*rows, (top, bottom)), PooledAxis(*columns, (left, right))


def tap_spans(kernel: KernelOp) -> tuple[set[TapSpan], set[TapSpan]]:
    """What lies in the map of the rows, and of the columns, of every window of a pool."""
    _, _, *sizes = kernel.output.get_shape()
    rows, columns = (
        {TapSpan.of(start + stride * number, axis) for start in starts for number in range(size)}
        for axis, starts, stride, size in zip(
            pooled_axes(kernel), kernel.starts, kernel.window.strides, sizes, strict=True
        )
    )
    return rows, columns
