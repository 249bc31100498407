"""What a schedule takes of the buffer, and what it moves, in entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from dsconv.dialects.target import Accelerator
from dsconv.dialects.tiled import Shape


@dataclass(frozen=True)
class Room:
    """A patch on chip: its shape, bits of an element, and what it is for.

    `sums` are partial ones. What is `moved` is filled or emptied by transfers again and again, and
    there as often as the buffer has copies. A patch `over` another replaces that element by
    element.
    """

    shape: Shape
    bits: int = 8
    sums: bool = False
    moved: bool = False
    over: str = ""

    @property
    def elements(self) -> int:
        """Elements of one copy."""
        return prod(self.shape)

    def copies(self, machine: Accelerator) -> int:
        """How often it is there."""
        return machine.copies if self.moved else 1

    def element_entries(self, machine: Accelerator) -> int:
        """Entries of an element."""
        return machine.entries_of(machine.partial_bits if self.sums else self.bits)


Rooms = Mapping[str, Room]
"""Rooms by name, what lies over another one behind it."""

OUTPUT_MAP = "map"
"""What a room is over that lies where a map that stays on chip will be."""


def entries_taken(rooms: Rooms, machine: Accelerator, output_bits: int) -> int:
    """Entries that rooms take together, beside maps that stay on chip."""
    total = 0
    below = {OUTPUT_MAP: machine.entries_of(output_bits)}
    for name, room in rooms.items():
        each = room.element_entries(machine)
        under = below.get(room.over, 0)
        total += room.elements * max(each * room.copies(machine) - under, 0)
        below[name] = max(each, under)
    return total


@dataclass(frozen=True)
class Traffic:
    """Entries that a layer loads and stores."""

    weights: int = 0
    inputs: int = 0
    outputs: int = 0

    @property
    def entries(self) -> int:
        """All of them."""
        return self.weights + self.inputs + self.outputs


def in_bursts(entries: int, run: int, machine: Accelerator) -> float:
    """Entries that bursts move for so many, in runs of so many: whole lines for each run."""
    line = machine.line_entries
    return entries * (-(-run // line) * line / run)


def run_length(shape: Shape, rows: int, columns: int, machine: Accelerator) -> int:
    """Entries that lie together of a tile of a map: its rows, or a row if columns are cut."""
    channels, _, width = shape
    pixels = rows * width if columns >= width else columns
    return max(pixels, 1) * min(channels, machine.channel_block)


def result_rooms(shape: Shape, bits: Sequence[int], *, sums: bool, stays: bool) -> dict[str, Room]:
    """Rooms for a tile of outputs, with partial sums or not.

    `bits`: of what the layer makes, then of what each addition behind it makes of that. Where the
    output stays on chip, all lies where that will be, and the last of them in it.
    """
    rooms: dict[str, Room] = {}
    below = OUTPUT_MAP if stays else ""
    if sums:
        rooms["sums"] = Room(shape, sums=True, over=below)
        below = "sums"
    for number, each in enumerate(bits):
        is_last = number == len(bits) - 1
        if is_last and stays:
            break
        rooms[result_room(number)] = Room(shape, each, moved=is_last, over=below)
        below = result_room(number)
    return rooms


def result_room(number: int) -> str:
    """Name of the room for a layer's tile, 0, or for what an addition makes of it, from 1 on."""
    return f"y{number}"
