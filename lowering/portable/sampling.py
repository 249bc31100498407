"""Layers that read values at places anywhere in the map, as loops."""

from __future__ import annotations

from typing import NamedTuple

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32
from xdsl.ir import SSAValue

from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.building import (
    Index,
    add,
    divide,
    index_value,
    integer,
    maximum,
    minimum,
    multiply,
    remainder,
)
from dsconv.lowering.portable.writer import KernelWriter, Writers


class Neighbours(NamedTuple):
    """The pixels before and behind a place, and the parts of each; or the nearest one alone."""

    pixels: tuple[Index, ...]
    shares: tuple[SSAValue, ...] = ()


class InterpolateWriter(KernelWriter):
    """The four pixels around each output times their parts, or the nearest one."""

    def write(self, cores: int) -> None:
        tile, places = self.inputs[0], self.kernel.places.get_values()
        (zero_point,) = self.kernel.zero_point_values
        parts = 1 if self.kernel.nearest is not None else places[2] * places[5]
        with self.outputs(cores) as (channel, row, column):
            rows = self._neighbours(row, self.row, places[:3], tile.height)
            columns = self._neighbours(column, self.column, places[3:], tile.width)
            lines = [self._line(channel, y, columns) for y in rows.pixels]
            value = self._mixed(lines, rows)
            centred = arith.AddiOp(value, integer(-zero_point * parts)).result
            self.output.store(
                self.requantise(centred, channel), self.output.offset(channel, row, column)
            )

    def _neighbours(
        self, output: Index, first: Index, places: tuple[int, ...], size: int
    ) -> Neighbours:
        step, _, parts = places
        place = minimum(maximum(add(multiply(output, step), first), 0), (size - 1) * parts)
        before = divide(place, parts)
        if self.kernel.nearest is not None:
            return Neighbours((before,))
        share = arith.IndexCastOp(index_value(remainder(place, parts)), i32).result
        rest = arith.SubiOp(integer(parts), share).result
        return Neighbours((before, minimum(add(before, 1), size - 1)), (rest, share))

    def _line(self, channel: Index, row: Index, columns: Neighbours) -> SSAValue:
        """The value of a row between two columns."""
        tile = self.inputs[0]
        values = [tile.load(tile.offset(channel, row, column)) for column in columns.pixels]
        return self._mixed(values, columns)

    def _mixed(self, values: list[SSAValue], at: Neighbours) -> SSAValue:
        """The sum of values times their parts, or the only one."""
        if not at.shares:
            return values[0]
        first, second = (
            arith.MuliOp(value, share).result
            for value, share in zip(values, at.shares, strict=True)
        )
        return arith.AddiOp(first, second).result


WRITERS: Writers = {KernelKind.INTERPOLATE: InterpolateWriter}
