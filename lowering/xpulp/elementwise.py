"""Additions and rescales: every value by itself, four to a word, as long as layouts agree.

A core takes a piece of the tile, whatever its shape. What is left of the last word is core 0's.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import ceil

from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import WORD, Assembly
from dsconv.lowering.xpulp.requantise import Clip, requantiser
from dsconv.lowering.xpulp.tiles import Tile


class Sum:
    """`requant(sum((x - zero_point) * multiplier))` of one value of each input, in place.

    Where the narrow form is a single multiplication it is part of the multipliers, and its addend
    is what the sum starts from.
    """

    def __init__(self, asm: Assembly, kernel: KernelOp):
        self.asm = asm
        multipliers = kernel.multiplier_values or (1,)
        start = -sum(
            multiplier * zero_point
            for multiplier, zero_point in zip(multipliers, kernel.zero_point_values, strict=True)
        )
        narrow = kernel.narrow
        self.shift: int | None = None
        if narrow is not None and not narrow.low_shift and not narrow.bits:
            self.shift = narrow.shift
            multipliers = tuple(multiplier * narrow.highs[0] for multiplier in multipliers)
            start = start * narrow.highs[0] + narrow.addend
            self.clip = Clip(asm, narrow.clip)
        self.requantise = requantiser(asm, kernel)
        self.multipliers = multipliers
        self.start = start

    @contextmanager
    def constants(self) -> Generator[None]:
        """Holds multipliers and what the requantisation needs in registers."""
        asm = self.asm
        with asm.constants(self.start, *self.multipliers) as (self.first, *self.factors):
            if self.shift is not None:
                with self.clip.constants():
                    yield
                return
            assert self.requantise is not None, "kernels without a form have no writer"
            with (
                self.requantise.constants(),
                asm.registers(self.requantise.registers) as self.channel,
            ):
                self.requantise.load(self.channel)
                yield

    def begin(self, total: str) -> None:
        """Sets a sum to its start."""
        self.asm("mv", total, self.first)

    def add(self, total: str, value: str, number: int) -> None:
        """Adds a value of input `number`."""
        self.asm("p.mac", total, value, self.factors[number])

    def finish(self, totals: Sequence[str]) -> None:
        """Turns sums into outputs."""
        if self.shift is None:
            assert self.requantise is not None, "kernels without a form have no writer"
            self.requantise(totals, self.channel)
            return
        for total in totals:
            self.asm("srai", total, total, self.shift)
            self.clip(total)


class ElementwiseWriter:
    """Writes one kernel."""

    def __init__(self, asm: Assembly, kernel: KernelOp, cores: int):
        self.asm = asm
        self.tiles = [Tile.of(type_) for type_ in kernel.inputs]
        self.size = Tile.output_of(kernel).size
        self.cores = cores
        self.sum = Sum(asm, kernel)

    def write(self) -> str:
        """The kernel's body."""
        asm, inputs = self.asm, len(self.tiles)
        core, *pointers, row, column = asm.arguments(inputs + 4)
        asm.free(row, column)
        with self.sum.constants():
            if self.size % WORD:
                self.last_values(core, pointers)
            if self.size >= WORD:
                self.words(core, pointers)
        return asm.text()

    def last_values(self, core: str, pointers: Sequence[str]) -> None:
        """Core 0 does what is no whole word."""
        asm = self.asm
        words = asm.label()
        asm("bnez", core, words)
        with (
            asm.registers(len(pointers)) as (*inputs, output),
            asm.registers(2) as (value, total),
        ):
            for register, pointer in zip((*inputs, output), pointers, strict=True):
                asm.add_constant(register, pointer, self.size // WORD * WORD)
            with asm.loop(self.size % WORD):
                self.sum.begin(total)
                for number, (pointer, tile) in enumerate(zip(inputs, self.tiles, strict=True)):
                    asm("p.lbu!" if tile.unsigned else "p.lb!", value, pointer, 1)
                    self.sum.add(total, value, number)
                self.sum.finish([total])
                asm("p.sb!", total, output, 1)
        asm.place(words)

    def words(self, core: str, pointers: Sequence[str]) -> None:
        """This core's share of the words."""
        asm, words = self.asm, self.size // WORD
        share = ceil(words / self.cores)
        with asm.registers(1) as (count,):
            with asm.registers(1) as (first,):
                asm.multiply_constant(first, core, share)
                asm.li(count, words)
                asm("sub", count, count, first)
                asm("slli", first, first, WORD.bit_length() - 1)
                for pointer in pointers:
                    asm("add", pointer, pointer, first)
                asm("bge", "zero", count, asm.exit)
                asm.li(first, share)
                asm("p.min", count, count, first)
            with asm.loop(count):
                self.word(pointers)

    def word(self, pointers: Sequence[str]) -> None:
        """Four values of every input to four outputs."""
        asm = self.asm
        *inputs, output = pointers
        with (
            asm.registers(len(inputs)) as words,
            asm.registers(1) as (value,),
            asm.registers(WORD) as totals,
        ):
            for word, pointer in zip(words, inputs, strict=True):
                asm("p.lw!", word, pointer, WORD)
            for lane, total in enumerate(totals):
                self.sum.begin(total)
                for number, (word, tile) in enumerate(zip(words, self.tiles, strict=True)):
                    extract = "p.extractu" if tile.unsigned else "p.extract"
                    asm(extract, value, word, 8, 8 * lane)
                    self.sum.add(total, value, number)
            self.sum.finish(totals)
            first, second, third, fourth = totals
            asm("pv.packlo.b", first, second, first)
            asm("pv.packhi.b", first, fourth, third)
            asm("p.sw!", first, output, WORD)


def elementwise(kernel: KernelOp, cores: int) -> str | None:
    """The body of a kernel `add` or `rescale`; None where tiles differ or it has no form.

    Nor has an addition that requantises its terms.
    """
    if not Tile.output_of(kernel).is_dense:
        return None
    tiles = [Tile.of(type_) for type_ in (*kernel.inputs, kernel.output)]
    shapes = {(tile.layout, tile.size) for tile in tiles}
    asm = Assembly()
    if len(shapes) > 1 or kernel.terms is not None or requantiser(asm, kernel) is None:
        return None
    return ElementwiseWriter(asm, kernel, cores).write()
