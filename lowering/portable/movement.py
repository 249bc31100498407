"""Layers that move values, as loops."""

from __future__ import annotations

from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.building import add, divide, loop, multiply, remainder
from dsconv.lowering.portable.writer import KernelWriter, Writers


class ConcatWriter(KernelWriter):
    """One tile after the other, along channels, rows or columns."""

    def write(self, cores: int) -> None:
        axis, first = self.kernel.axis.value.data - 1, [0, 0, 0]
        for tile in self.inputs:
            with self.pixels(tile) as (row, column), loop(0, tile.channels, "k") as channel:
                place = (channel, row, column)
                value = tile.load(tile.offset(*place))
                self.output.store(value, self.output.offset(*map(add, place, first)))
            first[axis] += (tile.channels, tile.height, tile.width)[axis]


class ShuffleWriter(KernelWriter):
    """Channels of every group in turns."""

    def write(self, cores: int) -> None:
        tile, groups = self.inputs[0], self.kernel.shuffled_groups.value.data
        size = tile.channels // groups
        with (
            self.pixels(tile) as (row, column),
            loop(0, size, "n") as number,
            loop(0, groups, "g") as group,
        ):
            value = tile.load(tile.offset(add(multiply(group, size), number), row, column))
            channel = add(multiply(number, groups), group)
            self.output.store(value, self.output.offset(channel, row, column))


class ResizeWriter(KernelWriter):
    """The value that each output repeats."""

    def write(self, cores: int) -> None:
        tile, (fy, fx) = self.inputs[0], self.kernel.factors.get_values()
        with self.outputs(cores) as (channel, row, column):
            y, x = divide(add(row, self.row), fy), divide(add(column, self.column), fx)
            value = tile.load(tile.offset(channel, y, x))
            self.output.store(value, self.output.offset(channel, row, column))


class DepthToSpaceWriter(KernelWriter):
    """The channel of its block that each output is."""

    def write(self, cores: int) -> None:
        tile, (by, bx) = self.inputs[0], self.kernel.factors.get_values()
        with self.outputs(cores) as (channel, row, column):
            y, x = add(row, self.row), add(column, self.column)
            place = add(multiply(remainder(y, by), bx), remainder(x, bx))
            source = add(multiply(channel, by * bx), place)
            value = tile.load(tile.offset(source, divide(y, by), divide(x, bx)))
            self.output.store(value, self.output.offset(channel, row, column))


WRITERS: Writers = {
    KernelKind.CONCAT: ConcatWriter,
    KernelKind.SHUFFLE: ShuffleWriter,
    KernelKind.DEPTH_TO_SPACE: DepthToSpaceWriter,
    KernelKind.RESIZE: ResizeWriter,
}
