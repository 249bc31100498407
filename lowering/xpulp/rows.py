"""Rows of memory at a constant distance, read side by side with as few pointers as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.passes.analysis.xpulp_limits import WORD

REACH = 2040
"""Bytes that an immediate reaches either way, less what fields of a record need."""


@dataclass(frozen=True)
class Row:
    """One row: a pointer, and the row's distance from where it points."""

    pointer: str
    offset: int


@dataclass(frozen=True)
class Anchor:
    """What a pointer is for: it stands on row `row` and reaches rows from `first` to `last`."""

    row: int
    first: int
    last: int


def anchors(rows: int, stride: int, reach: int = REACH) -> list[Anchor]:
    """The fewest pointers for `rows` rows, `stride` bytes apart."""
    each = min(reach // stride, rows) if stride else rows
    found: list[Anchor] = []
    first = 0
    while first < rows:
        last = min(first + 2 * each, rows - 1)
        row = min(first + each, last) if last - first > each else first
        found.append(Anchor(row, first, last))
        first = last + 1
    return found


class InputRows(Protocol):
    """Rows that are read a word at a time, all advancing together."""

    @property
    def order(self) -> Sequence[int]:
        """The rows in the order they are to be loaded in."""
        ...

    def point(self, base: str) -> None:
        """Lets the first row begin where a register points."""
        ...

    def advance(self, distance: int) -> None:
        """Moves all rows on by some bytes."""
        ...

    def load(self, register: str, row: int) -> None:
        """Loads a row's next word."""
        ...


class StridedRows:
    """Several rows that are read a word at a time, all advancing together."""

    def __init__(self, asm: Assembly, rows: int, stride: int, extent: int = 0):
        """`extent` is the largest distance beyond a row's pointer that is accessed with offsets."""
        self.asm = asm
        self.stride = stride
        self.anchors = anchors(rows, stride, REACH - extent)
        self.pointers = asm.take(len(self.anchors))
        self.rows = [
            Row(pointer, (row - anchor.row) * stride)
            for pointer, anchor in zip(self.pointers, self.anchors, strict=True)
            for row in range(anchor.first, anchor.last + 1)
        ]

    def point(self, base: str) -> None:
        """Lets the first row begin where a register points."""
        for pointer, anchor in zip(self.pointers, self.anchors, strict=True):
            self.asm.add_constant(pointer, base, anchor.row * self.stride)

    def advance(self, distance: int) -> None:
        """Moves all rows on by some bytes."""
        for pointer in self.pointers:
            self.asm.add_constant(pointer, pointer, distance)

    def limit(self, largest: str) -> None:
        """Moves all rows back as far as the first pointer is beyond another."""
        first, *others = self.pointers
        self.asm("p.minu", first, first, largest)
        for pointer, anchor in zip(others, self.anchors[1:], strict=True):
            distance = (anchor.row - self.anchors[0].row) * self.stride
            self.asm.add_constant(pointer, first, distance)

    @property
    def order(self) -> Sequence[int]:
        """The rows in the order they are to be loaded in: each pointer's own row comes last."""
        order: list[int] = []
        for anchor in self.anchors:
            others = [row for row in range(anchor.first, anchor.last + 1) if row != anchor.row]
            order += [*others, anchor.row]
        return order

    def load(self, register: str, row: int) -> None:
        """Loads a row's next word; in `order`, for the pointer moves on with its own row."""
        place = self.rows[row]
        if place.offset:
            self.asm("lw", register, place.pointer, place.offset)
        else:
            self.asm("p.lw!", register, place.pointer, WORD)

    def free(self) -> None:
        """Gives the pointers back."""
        self.asm.free(*self.pointers)
