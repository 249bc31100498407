"""Loops that run there and back, what they read, and when they load."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import TypeAlias

from xdsl.ir import SSAValue

from dsconv.lowering.building import (
    Index,
    add,
    is_any,
    is_both,
    is_different,
    is_equal,
    loop,
    maximum,
    minimum,
    multiply,
    remainder,
    select,
    subtract,
)
from dsconv.passes.dram.links import Link
from dsconv.passes.dram.pixel_tiles import inner_part, parts_of_axis

Condition: TypeAlias = bool | SSAValue
Interval: TypeAlias = tuple[Index, Index]


@contextmanager
def turning_loop(
    count: int, name: str, visit: Index, *, turns: bool
) -> Generator[tuple[Index, Index]]:
    """A loop that runs back in every second visit, if it turns: its counter and its position."""
    with loop(0, count, name) as counter:
        if not turns or count == 1 or visit == 0:
            yield counter, counter
            return
        back = is_equal(remainder(visit, 2), 1)
        position = select(back, subtract(count - 1, counter), counter)
        if isinstance(position, SSAValue):
            position.name_hint = f"{name}_there_and_back"
        yield counter, position


def is_first(counter: Index) -> Condition:
    """Whether a loop is in its first iteration."""
    return counter == 0 if isinstance(counter, int) else is_equal(counter, 0)


def is_later(counter: Index) -> Condition:
    """Whether a loop is behind its first iteration."""
    if isinstance(counter, int):
        return counter > 0
    return is_different(counter, 0)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Whether one of the conditions holds."""
    return _joined(conditions, is_any, decisive=True)


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Whether all of the conditions hold."""
    return _joined(conditions, is_both, decisive=False)


def _joined(
    conditions: Sequence[Condition],
    join: Callable[[SSAValue, SSAValue], SSAValue],
    *,
    decisive: bool,
) -> Condition:
    """Conditions as one: where one is known to be `decisive`, it is that."""
    if any(condition is decisive for condition in conditions):
        return decisive
    values = [condition for condition in conditions if isinstance(condition, SSAValue)]
    return reduce(join, values) if values else not decisive


def part(position: Index, size: int, whole: int) -> Interval:
    """First and end of a part of an axis: all parts have the same size, the last one the rest."""
    first = multiply(position, size)
    if whole == size:
        return 0, whole
    end = add(first, size)
    return first, end if whole % size == 0 else minimum(end, whole)


def pixel_part(position: Index, size: int, whole: int) -> Interval:
    """First and end of a part of the rows or columns, as `parts_of_axis` has them."""
    inner = inner_part(whole, size)
    if inner == size:
        return part(position, size, whole)
    last = len(parts_of_axis(whole, size)) - 1
    passed = multiply(position, inner)
    first = minimum(add(passed, size - inner), whole - size)
    end = minimum(add(passed, size), whole - size)
    return (
        select(is_equal(position, 0), 0, first),
        select(is_equal(position, last), whole, end),
    )


def read(links: Sequence[Link], made: Interval, axis: int) -> list[Interval]:
    """What each of some layers reads, rows or columns, so that the last makes an interval."""
    intervals: list[Interval] = []
    for link in reversed(links):
        made = _read(link, made, axis)
        intervals.insert(0, made)
    return intervals


def _read(link: Link, made: Interval, axis: int) -> Interval:
    shape = link.shape
    size = (shape.height, shape.width)[axis]
    extent, pad = shape.extent[axis], shape.window.pads[axis]
    first = multiply(made[0], shape.strides[axis])
    if (extent, pad) == (1, 0):
        return first, add(multiply(add(made[1], -1), shape.strides[axis]), 1)
    first = minimum(maximum(add(first, -pad), 0), size)
    return first, maximum(behind(link, made[1], axis), first)


def behind(link: Link, end: Index, axis: int) -> Index:
    """What a layer reads, rows or columns, to make all up to an end."""
    shape = link.shape
    size, pad = (shape.height, shape.width)[axis], shape.window.pads[axis]
    last = multiply(add(end, -1), shape.strides[axis])
    return minimum(maximum(add(last, shape.extent[axis] - pad), 0), size)


def unread(links: Sequence[Link], interval: Interval, made: Interval, axis: int) -> Interval:
    """The part of what is read that was not read for what lies before `made`."""
    end = made[0]
    if end == 0:
        return interval
    for link in reversed(links):
        end = behind(link, end, axis)
    if isinstance(made[0], SSAValue):
        end = select(is_equal(made[0], 0), 0, end)
    return maximum(interval[0], end), interval[1]
