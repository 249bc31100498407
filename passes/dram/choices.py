"""The ways to run a chain on an accelerator behind DRAM: loops, tiles and their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import TypeAlias

from dsconv.dialects.attributes import Tile, TileOrder
from dsconv.dialects.target import Accelerator
from dsconv.passes.dram.dense_nest import DenseNest
from dsconv.passes.dram.group_nest import GroupNest
from dsconv.passes.dram.links import Link, Parts
from dsconv.passes.dram.pixel_tiles import coarse_slices, even_parts, fine_slices, slices
from dsconv.passes.dram.row_pipeline import RowPipeline
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.passes.dram.stay import Stay

Way: TypeAlias = DenseNest | GroupNest | RowPipeline
Reads: TypeAlias = tuple[tuple[int, int], ...]
"""What a chain reads from outside, by the number of the layer and that of its operand."""

FITTING = 3
"""Of pixel tiles that fit, the largest so many are looked at where windows do not overlap."""


KERNEL_TILES = range(1, 5)
"""Into how many parts the kernels of a chain that sums up may be cut."""


def ways(
    links: tuple[Link, ...],
    reads: Reads,
    stay: Stay,
    machine: Accelerator,
    schedule: DramSchedule,
    room: int,
) -> Iterator[Way]:
    """The ways to run a chain with so many entries of room, as far as worth having."""
    parts = parts_of(links, reads)
    if parts is not None and parts.middle:
        yield from _group_nests(parts, stay, machine, schedule, room)
    elif parts is not None and parts.sum is not None:
        yield from _dense_nests(parts.sum, parts.tail, stay, machine, schedule, room)
    if schedule is DramSchedule.BEST and len(links) > 1:
        pipeline = RowPipeline(links, reads, stay, machine)
        if pipeline.entries <= room:
            yield pipeline


def parts_of(links: tuple[Link, ...], reads: Reads) -> Parts | None:
    """The parts of a chain along channels, of which additions at its end alone read more maps."""
    parts = Parts.of(links)
    late = sum(place > 0 for place, _ in reads)
    return parts if parts is not None and late == len(parts.tail) else None


def smallest(link: Link, reads: Reads, stay: Stay, machine: Accelerator) -> int:
    """Entries that a layer takes with its smallest tile."""
    parts = parts_of((link,), reads)
    assert parts is not None, "a layer alone is a chain along channels"
    order = TileOrder.SCAN
    if not parts.middle:
        assert parts.sum is not None, "a chain has layers"
        kernels, depths = _dense_slices(parts.sum, stay, machine)
        tile = Tile(kernels[-1], 1, 1, order, machine.copies, depths[-1])
        return DenseNest(parts.sum, parts.tail, tile, stay, machine).entries
    tile = Tile(_groups(parts, stay, machine)[-1], 1, 1, order, machine.copies)
    return GroupNest(parts, tile, stay, machine).entries


def _dense_slices(link: Link, stay: Stay, machine: Accelerator) -> tuple[list[int], list[int]]:
    """Kernels of a tile, and input channels at a time."""
    shape, block = link.shape, machine.channel_block
    kernels, depths = coarse_slices(shape.kernels), coarse_slices(link.weights[1])
    if not stay.output:
        kernels = slices(shape.kernels, block)
    if not stay.input_stays:
        depths = slices(link.weights[1], block)
    return kernels, depths


def _dense_nests(
    link: Link,
    tail: tuple[Link, ...],
    stay: Stay,
    machine: Accelerator,
    schedule: DramSchedule,
    room: int,
) -> Iterator[DenseNest]:
    overlaps = link.shape.extent > link.shape.strides
    for kernels, depth in product(*_dense_slices(link, stay, machine)):
        fitting = 0
        for rows, columns in _pixel_tiles(link):
            if not stay.output and kernels * rows * columns > room:
                continue
            tile = Tile(kernels, rows, columns, schedule.orders[0], machine.copies, depth)
            nest = DenseNest(link, tail, tile, stay, machine)
            if nest.entries > room:
                continue
            for order in schedule.orders:
                tile = Tile(kernels, rows, columns, order, machine.copies, depth)
                yield DenseNest(link, tail, tile, stay, machine)
            fitting += 1
            if fitting == FITTING and not overlaps:
                break


def _pixel_tiles(link: Link) -> list[tuple[int, int]]:
    """Sizes of pixel tiles, those of most pixels first: parts of a row, or rows."""
    _, rows, columns = link.made
    parts = even_parts(columns)
    found = {(1, part) for part in parts} | {(part, columns) for part in even_parts(rows)}
    found |= set(product(even_parts(rows)[:8], parts[:8]))
    return sorted(found, key=lambda size: (size[0] * size[1], size[1]), reverse=True)


def _groups(parts: Parts, stay: Stay, machine: Accelerator) -> list[int]:
    """Channels of a group, most first."""
    width = parts.middle[-1].shape.kernels
    is_moved = parts.head is None and not stay.input_stays
    if is_moved or (parts.sum is None and not stay.output):
        return slices(width, machine.channel_block)
    return fine_slices(width)


def _group_nests(
    parts: Parts, stay: Stay, machine: Accelerator, schedule: DramSchedule, room: int
) -> Iterator[GroupNest]:
    _, rows, columns = parts.before_tail[-1].made
    is_single = parts.head is None and parts.sum is None
    order = schedule.orders[0 if is_single else -1]
    for channels, depth in _channel_tiles(parts, stay, machine):
        found = False
        for height in even_parts(rows):
            for width in even_parts(columns) if is_single else (columns,):
                if not stay.output and channels * height * width > room:
                    continue
                tile = Tile(channels, height, width, order, machine.copies, depth)
                nest = GroupNest(parts, tile, stay, machine)
                if nest.entries <= room:
                    found = True
                    yield nest
                    break
        if found and schedule is DramSchedule.RASTER:
            return  # the plainest tiles have as many channels as fit


def _channel_tiles(parts: Parts, stay: Stay, machine: Accelerator) -> Iterator[tuple[int, int]]:
    """Channels of a tile of the output, and those that are summed up at a time, most first."""
    groups = _groups(parts, stay, machine)
    if parts.sum is None:
        yield from ((group, 0) for group in groups)
        return
    kernels, block = parts.sum.shape.kernels, 1 if stay.output else machine.channel_block
    tiles = sorted({-(-kernels // (count * block)) * block for count in KERNEL_TILES}, reverse=True)
    yield from product([min(tile, kernels) for tile in tiles], groups)


def best(found: Iterable[Way], least: int) -> Way | None:
    """The way of least bursts, of those the one with most room and longest transfers; None of none.

    The first that needs no more than for `least` entries is good enough.
    """
    chosen: Way | None = None
    for way in found:
        if chosen is None or _rank(way) < _rank(chosen):
            chosen = way
        if way.cost <= least:
            break
    return chosen


def _rank(way: Way) -> tuple[int, int]:
    return round(way.cost), -way.entries


def least_traffic(links: tuple[Link, ...], reads: Reads, stay: Stay, machine: Accelerator) -> int:
    """Entries that a chain moves at least: all that it reads and makes, once."""
    return RowPipeline(links, reads, stay, machine).traffic.entries
