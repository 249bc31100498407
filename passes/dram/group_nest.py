"""A chain along channels: loops over strips of rows and over groups of channels between layers.

A dense layer at the head makes the channels of a group, channelwise layers go on with them, and a
dense layer at the end adds what they give to partial sums, which stay on chip for all groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

from dsconv.dialects.attributes import Tile
from dsconv.dialects.target import Accelerator
from dsconv.passes.dram.links import Link, Parts
from dsconv.passes.dram.pixel_tiles import Cuts, cuts
from dsconv.passes.dram.rooms import (
    Room,
    Rooms,
    Traffic,
    entries_taken,
    in_bursts,
    result_rooms,
    run_length,
)
from dsconv.passes.dram.stay import Source, Stay


@dataclass(frozen=True)
class GroupNest:
    """The loops of such a chain. A group has `tile.depth` channels where they are summed up."""

    parts: Parts
    tile: Tile
    stay: Stay
    machine: Accelerator

    @property
    def group(self) -> int:
        """Channels of a group."""
        if self.parts.sum is None:
            return self.tile.channels
        return self.tile.depth or self.width

    @property
    def width(self) -> int:
        """Channels between the layers."""
        return self.parts.middle[-1].shape.kernels

    @property
    def groups(self) -> int:
        """Number of groups."""
        return ceil(self.width / self.group)

    @property
    def last_group(self) -> int:
        """Channels of the last group."""
        return self.width - (self.groups - 1) * self.group

    @property
    def links(self) -> tuple[Link, ...]:
        """All layers but the additions at the end."""
        return self.parts.before_tail

    @cached_property
    def rows(self) -> Cuts:
        """The strips."""
        return cuts(self.links, self.tile.rows, 0)

    @cached_property
    def columns(self) -> Cuts:
        """The columns of the tiles."""
        return cuts(self.links, self.tile.columns, 1)

    @property
    def groups_outermost(self) -> bool:
        """Whether all strips of a group come before the next one."""
        return self.parts.head is None and self.parts.sum is None

    @property
    def keeps_rows(self) -> bool:
        """Whether input rows that the next strip needs, too, stay on chip."""
        one_input = self.parts.head is not None or self.groups == 1 or self.groups_outermost
        return self.tile.order.turns and one_input

    @cached_property
    def finds_residual_in_input(self) -> bool:
        """Whether rows of the first input that are on chip are those that an addition reads."""
        if self.parts.head is None or self.stay.input_stays:
            return False
        return all(
            read[0] <= made[0] and made[1] <= read[1]
            for read, made in zip(self.rows.read, self.rows.made, strict=True)
        )

    def finds_on_chip(self, number: int) -> bool:
        """Whether what is read need not be loaded for an addition at the end."""
        if self.stay.sources[number] is Source.FIRST and self.finds_residual_in_input:
            return True
        return self.stay.is_on_chip(number)

    @property
    def residuals(self) -> range:
        """Numbers of what additions at the end read."""
        count = len(self.stay.sources)
        return range(count - len(self.parts.tail), count)

    @cached_property
    def rooms(self) -> Rooms:
        """What it needs on chip beside maps that stay there."""
        parts, stay, rows, columns = self.parts, self.stay, self.rows, self.columns
        rooms: dict[str, Room] = {}
        first = self.links[0]
        for number in range(self.residuals.start):
            if not stay.is_on_chip(number):
                channels = first.shape.channels if parts.head is not None else self.group
                rooms[f"x{number}"] = Room(
                    first.patch(number, channels, rows.largest[0], columns.largest[0]),
                    first.input_bits[number],
                    moved=True,
                )
        for number, link in enumerate(self.links):
            if link.weight_entries:
                rooms[f"w{number}"] = Room((self.weights_of_group(link), 1, 1), moved=True)
        for number, link in enumerate(self.links[:-1]):
            shape = (self.group, rows.largest[1 + number], columns.largest[1 + number])
            rooms[f"v{number}"] = Room(shape, link.output_bits)
        return {**rooms, **self._result_rooms()}

    def _result_rooms(self) -> Rooms:
        parts, stay, tile = self.parts, self.stay, self.tile
        channels = self.group if parts.sum is None else parts.sum.shape.kernels
        shape = (channels, tile.rows, tile.columns)
        rooms = result_rooms(
            shape,
            [link.output_bits for link in (self.links[-1], *parts.tail)],
            sums=parts.sum is not None and self.groups > 1,
            stays=stay.output,
        )
        for place, addition in enumerate(parts.tail):
            if not self.finds_on_chip(self.residuals[place]):
                row = (channels, 1, tile.columns)
                rooms[f"r{place}"] = Room(row, addition.input_bits[-1], moved=True)
        return rooms

    def weights_of_group(self, link: Link, channels: int = 0) -> int:
        """Weights of a layer for a group of so many channels, the whole one by default."""
        taps, inputs = link.weights
        each = taps * (link.shape.kernels if link is self.parts.sum else inputs)
        return each * (channels or self.group)

    @property
    def last(self) -> Link:
        """The layer that makes the output."""
        return (*self.links, *self.parts.tail)[-1]

    @cached_property
    def entries(self) -> int:
        """Entries that these take."""
        return entries_taken(self.rooms, self.machine, self.last.output_bits)

    @cached_property
    def traffic(self) -> Traffic:
        """What it moves."""
        inputs = 0
        for number in range(self.residuals.start):
            bits = self.links[0].input_bits[number]
            inputs += self._inputs(number) * self.machine.entries_of(bits)
        for number, addition in zip(self.residuals, self.parts.tail, strict=True):
            if not self.finds_on_chip(number):
                inputs += self.last.made_elements * self.machine.entries_of(addition.input_bits[-1])
        outputs = self.last.made_elements * self.machine.entries_of(self.last.output_bits)
        return Traffic(self._weights, inputs, 0 if self.stay.output else outputs)

    @cached_property
    def cost(self) -> float:
        """Entries that bursts move for that."""
        first, machine, traffic = self.links[0].shape, self.machine, self.traffic
        read = run_length(first.inputs[0], self.rows.largest[0], self.columns.largest[0], machine)
        made = run_length(self.last.made, self.tile.rows, self.tile.columns, machine)
        return (
            traffic.weights * self._weight_bursts
            + in_bursts(traffic.inputs, read, machine)
            + in_bursts(traffic.outputs, made, machine)
        )

    @property
    def _weight_bursts(self) -> float:
        """Entries that bursts move for a weight, where groups come one by one."""
        weighted = [link for link in self.links if link.weight_entries]
        whole = sum(link.weight_entries for link in weighted)
        if self.groups == 1 or not whole:
            return 1.0
        bursts = (
            in_bursts(link.weight_entries, self.weights_of_group(link), self.machine)
            for link in weighted
        )
        return sum(bursts) / whole

    def _inputs(self, number: int) -> int:
        """Elements of an input of the first layer that are loaded."""
        if self.stay.is_on_chip(number):
            return 0
        first = self.links[0]
        channels, height, _ = first.shape.inputs[number]
        spread = first.broadcasts(number)
        rows = self.rows.newly_read if self.keeps_rows else self.rows.all_read
        columns = self.columns.all_read
        if spread[0]:
            rows = height if self.keeps_rows else len(self.rows)
        if spread[1]:
            columns = len(self.columns)
        if channels == 1 and first.shape.channels > 1:
            channels = self.groups
        return channels * rows * columns

    @property
    def _weights(self) -> int:
        """Weights that are loaded."""
        whole = sum(link.weight_entries for link in self.links)
        strips = len(self.rows) * len(self.columns)
        if self.groups_outermost or (self.groups == 1 and self.tile.order.turns):
            return whole
        if not self.tile.order.turns:
            return whole * strips
        saved = sum(
            self.weights_of_group(link, self.last_group if turn % 2 else self.group)
            for turn in range(1, strips)
            for link in self.links
            if link.weight_entries
        )
        return whole * strips - saved
