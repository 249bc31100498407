"""A chain along rows: every layer makes a row as soon as it has what its window needs.

All weights are on chip, and of each value the rows that windows still need. Each row is loaded or
made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dsconv.dialects.target import Accelerator
from dsconv.passes.dram.links import Link
from dsconv.passes.dram.pixel_tiles import cuts
from dsconv.passes.dram.plan import Plan
from dsconv.passes.dram.rooms import (
    Room,
    Rooms,
    Traffic,
    in_bursts,
    run_length,
)
from dsconv.passes.dram.stay import Stay


@dataclass(frozen=True)
class RowPipeline(Plan):
    """The rows of such a chain.

    `reads`: what is read from outside, by the number of the layer and that of its operand.
    """

    links: tuple[Link, ...]
    reads: tuple[tuple[int, int], ...]
    stay: Stay
    machine: Accelerator

    @cached_property
    def rooms(self) -> Rooms:
        """What it needs on chip beside maps that stay there."""
        rooms: dict[str, Room] = {}
        for number, link in enumerate(self.links):
            if link.weight_entries:
                rooms[f"w{number}"] = Room((link.weight_entries, 1, 1))
        for number, (place, operand) in enumerate(self.reads):
            if not self.stay.is_on_chip(number):
                link = self.links[place]
                channels, height, width = link.shape.inputs[operand]
                shape = (channels, min(link.shape.extent[0], height), width)
                rooms[f"x{number}"] = Room(shape, link.input_bits[operand], moved=True)
        for number, link in enumerate(self.links[:-1]):
            shape = (link.shape.kernels, self.ring_rows(number), link.shape.columns)
            rooms[f"v{number}"] = Room(shape, link.output_bits, over=self.replaced(number))
        if not self.stay.output:
            last = len(self.links) - 1
            kernels, _, columns = self.links[last].made
            rooms["y"] = Room(
                (kernels, 1, columns),
                self.links[last].output_bits,
                moved=True,
                over=self.replaced(last),
            )
        return rooms

    def ring_rows(self, number: int) -> int:
        """Rows that are on chip of what a layer makes that is not the last one.

        They are those of the next layer's window, and those that additions behind it still read; as
        many as of what replaces them.
        """
        made, reader = self.links[number], self.links[number + 1]
        rows = [min(reader.shape.extent[0], made.shape.rows)]
        rows += [self._rows_between(number, place) for place in self._additions(number)]
        if number + 1 < len(self.links) - 1 and self.replaced(number + 1):
            rows.append(self.ring_rows(number + 1))
        return max(rows)

    def _additions(self, number: int) -> list[int]:
        """The layers that read another one besides the layer before them."""
        return [
            place
            for place, link in enumerate(self.links)
            if link.reaches and place - link.reaches == number
        ]

    def _rows_between(self, number: int, place: int) -> int:
        """Rows of a layer from the one that an addition reads to the last one that is made then."""
        ends = cuts(self.links[number + 1 : place], 1, 0).read
        return max(end - row for row, (_, end) in enumerate(ends))

    def replaced(self, number: int) -> str:
        """The room whose rows those of an addition replace, element by element."""
        if not number or not self.links[number].is_addition or self._additions(number - 1):
            return ""
        return f"v{number - 1}"

    @property
    def chain(self) -> tuple[Link, ...]:
        """All layers, in their order."""
        return self.links

    @cached_property
    def traffic(self) -> Traffic:
        """What it moves."""
        inputs = 0
        for number, (place, operand) in enumerate(self.reads):
            if self.stay.is_on_chip(number):
                continue
            link = self.links[place]
            channels, height, width = link.shape.inputs[operand]
            rows = height if link.broadcasts(operand)[0] else cuts((link,), 1, 0).newly_read
            bits = link.input_bits[operand]
            inputs += channels * rows * width * self.machine.entries_of(bits)
        stored = 0 if self.stay.output else self.last.made_elements
        return Traffic(
            sum(link.weight_entries for link in self.links),
            inputs,
            stored * self.machine.entries_of(self.last.output_bits),
        )

    @cached_property
    def cost(self) -> float:
        """Entries that bursts move for that, row by row."""
        first, machine, traffic = self.links[0].shape, self.machine, self.traffic
        read = run_length(first.inputs[0], 1, first.width, machine)
        made = run_length(self.last.made, 1, self.last.shape.columns, machine)
        return (
            traffic.weights
            + in_bursts(traffic.inputs, read, machine)
            + in_bursts(traffic.outputs, made, machine)
        )
