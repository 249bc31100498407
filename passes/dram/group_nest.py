"""A chain along channels: loops over strips of rows and over groups of channels between layers.

A dense layer at the head makes the channels of a group, channelwise layers go on with them, and a
dense layer at the end adds what they give to partial sums, which stay on chip for all groups. Where
these are too many, its kernels come in tiles, and the layers before it run again for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil

from dsconv.dialects.attributes import Tile
from dsconv.dialects.target import Accelerator
from dsconv.passes.dram.links import Link, Parts
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
from dsconv.passes.dram.stay import Source, Stay


@dataclass(frozen=True)
class GroupNest(Plan):
    """The loops of such a chain. A group has `tile.depth` channels where they are summed up.

    Strips are outermost, then tiles of the kernels that sum up, then groups.
    """

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
    def kernels(self) -> int:
        """Output channels of the layer that sums up; of a group, where nothing does."""
        return self.group if self.parts.sum is None else self.parts.sum.shape.kernels

    @property
    def kernel_tiles(self) -> int:
        """Parts of these."""
        return ceil(self.kernels / self.tile.channels)

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
                rooms[f"w{number}"] = Room((self._block(link), 1, 1), moved=True)
        for number, link in enumerate(self.links[:-1]):
            shape = (self.group, rows.largest[1 + number], columns.largest[1 + number])
            rooms[f"v{number}"] = Room(shape, link.output_bits)
        return {**rooms, **self._result_rooms()}

    def _result_rooms(self) -> Rooms:
        parts, stay, tile = self.parts, self.stay, self.tile
        channels = tile.channels
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

    def weights_of_channel(self, link: Link) -> int:
        """Weights of a layer for a channel between the layers."""
        return link.weight_entries // self.width

    def _block(self, link: Link, group: int = 0, kernels: int = 0) -> int:
        """Weights of a layer for a group and a tile of kernels, the largest by default."""
        taps, inputs = link.weights
        ends = (kernels or self.tile.channels) if link is self.parts.sum else inputs
        return taps * ends * (group or self.group)

    @property
    def chain(self) -> tuple[Link, ...]:
        """All layers, in their order."""
        return (*self.links, *self.parts.tail)

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
        """Entries that bursts move for a weight.

        Those of a group lie together, and behind a head those of the next group follow at once,
        unless the loop runs back.
        """
        of_group = self.group * sum(map(self.weights_of_channel, self.links))
        if self.groups == 1 or not of_group:
            return 1.0
        alone = in_bursts(of_group, of_group, self.machine) / of_group
        if self.parts.head is None:
            return alone
        visits = len(self.rows) * len(self.columns) * self.kernel_tiles
        back = visits // 2 if self.tile.order.turns else 0
        return (alone * back + visits - back) / visits

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
        is_spread = channels == 1 and first.shape.channels > 1
        if is_spread:
            channels = self.groups
        if self.parts.head is not None or self.kernel_tiles == 1 or self.keeps_rows:
            return channels * rows * columns
        if not self.tile.order.turns:
            return channels * rows * columns * self.kernel_tiles
        return sum(
            (1 if spread[0] else end - first)
            * columns
            * (self.kernel_tiles * channels - self._kept_channels(strip, is_spread=is_spread))
            for strip, (first, end) in enumerate(self.rows.read)
        )

    def _kept_channels(self, strip: int, *, is_spread: bool) -> int:
        """Input channels that are on chip when a tile of kernels begins, in all of a strip."""
        visits = range(strip * self.kernel_tiles + 1, (strip + 1) * self.kernel_tiles)
        return sum(1 if is_spread else self._group_at_turn(visit) for visit in visits)

    @property
    def _weights(self) -> int:
        """Weights that are loaded."""
        whole = sum(link.weight_entries for link in self.links)
        if self.groups_outermost:
            return whole
        strips = len(self.rows) * len(self.columns)
        visits = strips * self.kernel_tiles
        summed = 0 if self.parts.sum is None else self.parts.sum.weight_entries
        before = whole - summed
        if not self.tile.order.turns:
            return before * visits + summed * strips
        turns = range(1, visits)
        kept = sum(map(self._group_at_turn, turns))
        loaded = before // self.width * (self.width * visits - kept) + summed * strips
        if self.parts.sum is None:
            return loaded
        return loaded - sum(
            self._block(
                self.parts.sum,
                self._group_at_turn(strip * self.kernel_tiles),
                self._kernels_at_turn(strip),
            )
            for strip in range(1, strips)
        )

    def _group_at_turn(self, visit: int) -> int:
        """Channels of the group with which a visit begins, and the one before ends."""
        return self.last_group if visit % 2 else self.group

    def _kernels_at_turn(self, strip: int) -> int:
        """Kernels of the tile with which a strip begins, and the one before ends."""
        if strip % 2 == 0:
            return min(self.tile.channels, self.kernels)
        return self.kernels - (self.kernel_tiles - 1) * self.tile.channels
