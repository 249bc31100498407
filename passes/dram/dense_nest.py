"""A dense layer alone, with additions behind it: loops over kernels, pixels and input channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

from dsconv.dialects.attributes import Tile
from dsconv.dialects.target import Accelerator
from dsconv.passes.dram.links import Link
from dsconv.passes.dram.pixel_tiles import Cuts, cuts
from dsconv.passes.dram.plan import Plan
from dsconv.passes.dram.rooms import (
    Room,
    Rooms,
    Traffic,
    in_bursts,
    result_rooms,
    run_length,
)
from dsconv.passes.dram.stay import Stay


@dataclass(frozen=True)
class DenseNest(Plan):
    """The loops of a dense layer: `tile.depth` input channels at a time, innermost.

    An operand's tile that is on chip from the step before is not loaded again, but in raster order.
    """

    link: Link
    tail: tuple[Link, ...]
    tile: Tile
    stay: Stay
    machine: Accelerator

    @property
    def depth(self) -> int:
        """Input channels at a time."""
        return self.tile.depth or self.link.weights[1]

    @property
    def chunks(self) -> int:
        """Parts of the input channels."""
        return ceil(self.link.weights[1] / self.depth)

    @property
    def kernel_tiles(self) -> int:
        """Parts of the output channels."""
        return ceil(self.link.shape.kernels / self.tile.channels)

    @cached_property
    def rows(self) -> Cuts:
        """The rows of the tiles."""
        return cuts((self.link,), self.tile.rows, 0)

    @cached_property
    def columns(self) -> Cuts:
        """The columns of the tiles."""
        return cuts((self.link,), self.tile.columns, 1)

    @property
    def pixel_tiles(self) -> int:
        """Parts of the pixels."""
        return len(self.rows) * len(self.columns)

    @property
    def keeps_rows(self) -> bool:
        """Whether input rows that the next tile needs, too, stay on chip."""
        forward = not self.tile.order.channels_outermost or self.kernel_tiles == 1
        return self.tile.order.turns and forward and self.chunks == 1 and len(self.columns) == 1

    @cached_property
    def rooms(self) -> Rooms:
        """What it needs on chip beside maps that stay there."""
        tile, link, stay = self.tile, self.link, self.stay
        rooms: dict[str, Room] = {}
        if not stay.input_stays:
            size = (self.depth, self.rows.largest[0], self.columns.largest[0])
            rooms["x0"] = Room(size, link.input_bits[0], moved=True)
        rooms["w0"] = Room((tile.channels * self.depth * link.taps, 1, 1), moved=True)
        rooms |= result_rooms(
            (tile.channels, tile.rows, tile.columns),
            [layer.output_bits for layer in (link, *self.tail)],
            sums=self.chunks > 1,
            stays=stay.output,
        )
        for number, addition in enumerate(self.tail):
            if not stay.is_on_chip(1 + number):
                row = (tile.channels, 1, tile.columns)
                rooms[f"r{number}"] = Room(row, addition.input_bits[-1], moved=True)
        return rooms

    @property
    def chain(self) -> tuple[Link, ...]:
        """All layers, in their order."""
        return (self.link, *self.tail)

    @cached_property
    def traffic(self) -> Traffic:
        """What it moves."""
        outputs = self.link.made_elements
        inputs = 0
        if not self.stay.input_stays:
            inputs = self._inputs * self.machine.entries_of(self.link.input_bits[0])
        for number, addition in enumerate(self.tail, start=1):
            if not self.stay.is_on_chip(number):
                inputs += outputs * self.machine.entries_of(addition.input_bits[-1])
        stored = 0 if self.stay.output else outputs
        return Traffic(
            self._weights, inputs, stored * self.machine.entries_of(self.last.output_bits)
        )

    @cached_property
    def cost(self) -> float:
        """Entries that bursts move for that."""
        shape, machine, traffic = self.link.shape, self.machine, self.traffic
        read = run_length(shape.inputs[0], self.rows.largest[0], self.columns.largest[0], machine)
        made = run_length(self.link.made, self.tile.rows, self.tile.columns, machine)
        block = self.tile.channels * self.depth * self.link.taps
        return (
            in_bursts(traffic.weights, block, machine)
            + in_bursts(traffic.inputs, read, machine)
            + in_bursts(traffic.outputs, made, machine)
        )

    @property
    def _inputs(self) -> int:
        """Elements of the input that are loaded."""
        channels = self.link.weights[1]
        tiles, kernels = self._tile_pixels, self.kernel_tiles
        every = kernels * sum(tiles) * channels
        if not self.tile.order.turns:
            return every
        if self.keeps_rows:
            return self.rows.newly_read * self.columns.all_read * channels
        if self.tile.order.channels_outermost:
            return every - sum(
                tiles[-1 if turn % 2 else 0] * self._chunk_between(turn * len(tiles) - 1)
                for turn in range(1, kernels)
            )
        return every - sum(
            tile * self._chunk_between(number * kernels + step)
            for number, tile in enumerate(tiles)
            for step in range(kernels - 1)
        )

    @property
    def _weights(self) -> int:
        """Weights that are loaded."""
        link, pixels, kernels = self.link, self.pixel_tiles, self.kernel_tiles
        every = pixels * link.weight_entries
        if not self.tile.order.turns:
            return every
        if self.tile.order.channels_outermost:
            saved = sum(
                self._kernels(number) * self._chunk_between(number * pixels + step)
                for number in range(kernels)
                for step in range(pixels - 1)
            )
        else:
            saved = sum(
                self._kernels(kernels - 1 if turn % 2 else 0)
                * self._chunk_between(turn * kernels - 1)
                for turn in range(1, pixels)
            )
        return every - saved * link.taps

    @cached_property
    def _tile_pixels(self) -> list[int]:
        return [
            (row_end - row) * (column_end - column)
            for row, row_end in self.rows.read
            for column, column_end in self.columns.read
        ]

    def _kernels(self, number: int) -> int:
        """Output channels of a tile."""
        return min(self.tile.channels, self.link.shape.kernels - number * self.tile.channels)

    def _chunk_between(self, tile: int) -> int:
        """Input channels that a tile, by its turn, and the next one have at hand."""
        channels = self.link.weights[1]
        return channels - (self.chunks - 1) * self.depth if tile % 2 == 0 else self.depth
