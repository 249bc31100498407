"""Averages over whole planes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.requantise import Requantiser
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import WORD

ONES = 0x01010101
"""Four weights of 1: a dot product with them sums four bytes."""


def share_of(asm: Assembly, core: str, count: str, items: int, cores: int) -> int:
    """Leaves in `count` how many of the items are this core's; jumps to the exit at none.

    Returns how many a core has unless it is one of the last.
    """
    share = ceil(items / cores)
    with asm.registers(1) as (first,):
        asm.multiply_constant(first, core, share)
        asm.li(count, items)
        asm("sub", count, count, first)
        asm("bge", "zero", count, asm.exit)
        asm.li(first, share)
        asm("p.min", count, count, first)
    return share


class GlobalAverage:
    """A whole plane to one value: dot products with ones. A core takes some of the channels."""

    def __init__(self, asm: Assembly, kernel: KernelOp, requantise: Requantiser):
        self.asm = asm
        self.tile = L1Tile.of(kernel.inputs[0])
        self.requantise = requantise
        (zero_point,) = kernel.zero_point_values
        self.start = -zero_point * self.tile.pixels
        self.sdot = "pv.sdotup.b" if self.tile.unsigned else "pv.sdotsp.b"

    def write(self, cores: int) -> str:
        """The kernel's body."""
        asm, tile, requantise = self.asm, self.tile, self.requantise
        core, x, y, row, column = asm.arguments(5)
        asm.free(row, column)
        with (
            asm.constants(self.start, ONES) as (self.first, self.ones),
            requantise.constants(),
            asm.registers(requantise.registers) as channel,
            asm.registers(1) as (count,),
        ):
            requantise.load(channel)
            share = share_of(asm, core, count, tile.channels, cores)
            for pointer, stride in ((x, tile.pixels), (y, 1)):
                with asm.registers(1) as (offset,):
                    asm.multiply_constant(offset, core, share * stride)
                    asm("add", pointer, pointer, offset)
            with asm.registers(1) as (total,), asm.software_loop(count):
                self.plane(x, total)
                requantise([total], channel)
                asm("p.sb!", total, y, 1)
        return asm.text()

    def plane(self, x: str, total: str) -> None:
        """Sums a plane, two words at a time; the pointer moves to the next one."""
        asm, pixels = self.asm, self.tile.pixels
        asm("mv", total, self.first)
        with asm.registers(2) as words:
            if pixels // (2 * WORD):
                with asm.loop(pixels // (2 * WORD)):
                    self.words(x, words, total)
            if pixels // WORD % 2:
                self.words(x, words[:1], total)
            for _ in range(pixels % WORD):
                asm("p.lbu!" if self.tile.unsigned else "p.lb!", words[0], x, 1)
                asm("add", total, total, words[0])

    def words(self, x: str, words: Sequence[str], total: str) -> None:
        """Adds some words."""
        for word in words:
            self.asm("p.lw!", word, x, WORD)
        for word in words:
            self.asm(self.sdot, total, word, self.ones)
