"""Windows without weights, as loops."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.building import Accumulator, Index, add, index_value, integer, multiply
from dsconv.lowering.portable.requantise import wide_requantise
from dsconv.lowering.portable.writer import KernelWriter, Writers


def taps_inside(
    start: Index, taps: int, dilation: int, size: int, before: int, after: int
) -> SSAValue:
    """How many taps of a window that begins at `start` lie within a map and its counted pads."""
    count = Accumulator(integer(0), "count")
    with count.loop(taps, "tap") as tap:
        place = index_value(add(start, multiply(tap, dilation), before))
        inside = arith.CmpiOp(place, index_value(before + size + after), "ult").result
        one = arith.SelectOp(inside, integer(1), integer(0)).result
        count.value = arith.AddiOp(count.value, one).result
    return count.value


class AveragePoolWriter(KernelWriter):
    """Sum over the window, its zero points taken off at once."""

    def write(self, cores: int) -> None:
        fy, fx = self.kernel.window.kernel
        start = -fy * fx * self.kernel.zero_point_values[0]
        with self.outputs(cores) as (channel, row, column):
            accumulator = Accumulator(integer(start))
            with self.taps(accumulator, channel, row, column) as (_, offset):
                value = self.inputs[0].load(offset)
                accumulator.value = arith.AddiOp(accumulator.value, value).result
            value = self._averaged(accumulator.value, channel, row, column)
            self.output.store(value, self.output.offset(channel, row, column))

    def _averaged(self, total: SSAValue, channel: Index, row: Index, column: Index) -> SSAValue:
        """The output of a window's sum; its divisor may depend on how many pixels count."""
        if self.kernel.counted_pads is None:
            return self.requantise(total, channel)
        requant = self.kernel.requant
        assert requant is not None, "averages of varying divisors have no narrow form"
        top, left, bottom, right = self.kernel.counted_pads.get_values()
        (fy, fx), (dy, dx) = self.kernel.window.kernel, self.kernel.window.dilations
        tile = self.inputs[0]
        rows = taps_inside(self.window_row(row), fy, dy, tile.height, top, bottom)
        columns = taps_inside(self.window_column(column), fx, dx, tile.width, left, right)
        pixels = arith.ExtSIOp(arith.MuliOp(rows, columns).result, i64).result
        divisor = arith.MuliOp(pixels, integer(requant.divisors[0], i64)).result
        addend = integer(requant.addends[0], i64)
        if requant.addends[0]:
            addend = arith.MuliOp(pixels, addend).result
        return wide_requantise(
            requant,
            total,
            integer(requant.multipliers[0]),
            addend,
            divisor,
        )


class MaxPoolWriter(KernelWriter):
    """Maximum over the window; the pad pixel holds the smallest value."""

    def write(self, cores: int) -> None:
        tile = self.inputs[0]
        lowest = 0 if tile.unsigned else -(1 << 8 * tile.element_bytes - 1)
        with self.outputs(cores) as (channel, row, column):
            accumulator = Accumulator(integer(lowest), "largest")
            with self.taps(accumulator, channel, row, column) as (_, offset):
                value = self.inputs[0].load(offset)
                accumulator.value = arith.MaxSIOp(accumulator.value, value).result
            self.output.store(accumulator.value, self.output.offset(channel, row, column))


WRITERS: Writers = {KernelKind.AVG_POOL: AveragePoolWriter, KernelKind.MAX_POOL: MaxPoolWriter}
