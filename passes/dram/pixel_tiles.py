"""Tiles of pixels, and what layers read for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from dsconv.passes.dram.links import Link

Interval = tuple[int, int]


@dataclass(frozen=True)
class Cuts:
    """An axis of an output cut into parts, and what a chain of layers reads for each of them."""

    made: tuple[Interval, ...]
    read: tuple[Interval, ...]
    largest: tuple[int, ...]
    """Most that the first layer reads for a part, then most that each layer makes for one."""

    @cached_property
    def all_read(self) -> int:
        """Sum of what is read for the parts."""
        return sum(end - first for first, end in self.read)

    @cached_property
    def newly_read(self) -> int:
        """The same where what the part before has read stays on chip."""
        total, behind = 0, 0
        for first, end in self.read:
            total += max(end - max(first, behind), 0)
            behind = max(end, behind)
        return total

    def __len__(self) -> int:
        return len(self.made)


def inner_part(size: int, part: int) -> int:
    """Most rows or columns of a part that is neither the first nor the last of an axis.

    From three parts on, these two have the full size and the others share the rest. Windows read
    over both ends of a part, but not over the ends of a map, so inner ones take more room.
    """
    count = -(-size // part)
    return -(-(size - 2 * part) // (count - 2)) if count > 2 else part


def parts_of_axis(size: int, part: int) -> tuple[Interval, ...]:
    """An axis in parts of at most one size, as few as can be."""
    inner = inner_part(size, part)
    firsts = [*range(0, size, part)]
    if inner < part:
        firsts = [0, *range(part, size - part, inner), size - part]
    return tuple(zip(firsts, [*firsts[1:], size], strict=True))


@lru_cache(maxsize=65536)
def cuts(links: tuple[Link, ...], part: int, axis: int) -> Cuts:
    """Rows (axis 0) or columns of the last layer's output, `part` at a time."""
    made = parts_of_axis(links[-1].made[1 + axis], part)
    largest = [0] * (len(links) + 1)
    read: list[Interval] = []
    for interval in made:
        largest[-1] = max(largest[-1], interval[1] - interval[0])
        for number in reversed(range(len(links))):
            interval = links[number].read(*interval, axis)
            largest[number] = max(largest[number], interval[1] - interval[0])
        read.append(interval)
    return Cuts(made, tuple(read), tuple(largest))


def even_parts(size: int) -> list[int]:
    """Sizes that cut an axis into a number of parts of about the same size, the largest first."""
    return sorted({-(-size // count) for count in range(1, size + 1)}, reverse=True)


def slices(channels: int, block: int) -> list[int]:
    """How many channels of a map in DRAM a transfer may take at a time: whole blocks, or all."""
    return [*range(block, channels, block), channels][::-1]


def fine_slices(channels: int) -> list[int]:
    """How many channels of a map on chip may be taken at a time."""
    return sorted({*even_parts(channels), *range(16, channels, 16)}, reverse=True)


def coarse_slices(channels: int) -> list[int]:
    """A few of them: the channels, half of them, and so on."""
    halves = {-(-channels // 2**times) for times in range(channels.bit_length())}
    return sorted(halves, reverse=True)
