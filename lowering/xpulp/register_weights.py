"""Pointwise kernels with few input channels: the weights of a block of channels stay in registers.

Where rows are short, requantisation is most of the work. So what a channel needs for it stays in
registers, too, and the bias is multiplied out: `(sum + bias) * high` is `sum * high` plus a
constant that is part of the addend, and so for `low`. Sums then begin with a product, not a load.

Where pixels have to be gathered, a core takes as many at a time as its stack has room for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil

from dsconv.dialects.attributes import NarrowRequantAttr
from dsconv.dialects.records import BIAS, WEIGHT_ZERO_POINT
from dsconv.dialects.target import Core
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import (
    Assembly,
    RegisterPressureError,
)
from dsconv.lowering.xpulp.blocks import LARGEST_BLOCK, DenseShape
from dsconv.lowering.xpulp.gather import Gather
from dsconv.lowering.xpulp.requantise import NarrowRequantiser
from dsconv.lowering.xpulp.stores import store_lines
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import LARGEST_IMMEDIATE, WORD

LARGEST_ROW = 8
"""Words of a row; longer ones leave registers for one channel only."""


@dataclass(frozen=True)
class Channel:
    """Registers that hold a channel's weights, and its requantisation with the bias in it."""

    weights: list[str]
    factors: list[str]
    low_addend: str
    addend: str


class ResidentWriter:
    """Writes a pointwise kernel for blocks of `pixels` x `channels`, pixels shared by all cores.

    A core has `chunks` of so many `blocks` of pixels; more than one only where it gathers them.
    """

    def __init__(
        self,
        kernel: KernelOp,
        narrow: NarrowRequantAttr,
        shape: DenseShape,
        gather: Gather | None,
        *,
        pixels: int,
        channels: int,
        blocks: int,
        chunks: int,
    ):
        assert kernel.record is not None, "a convolution has weights"
        self.asm = Assembly()
        self.record = kernel.record
        self.narrow = narrow
        self.shape = shape
        self.pixels = pixels
        self.channels = channels
        self.blocks = blocks
        self.chunks = chunks
        self.gather = gather
        self.suffix = "usp.b" if L1Tile.of(kernel.inputs[0]).unsigned else "sp.b"
        self.parameters = NarrowRequantiser(self.asm, self.record, narrow, folds_bias=True)

    def write(self) -> Assembly:
        """The whole function. Raises RegisterPressureError where the block takes too many."""
        asm, shape = self.asm, self.shape
        core, x, w, y, row, column = asm.arguments(6)
        if self.gather is not None:
            self.gather.begin(asm, x, row, column)
            self.scratch = asm.frame(self.gather.scratch_bytes(self.chunk_pixels))
            self.first_pixel = asm.frame(WORD)
        asm.free(row, column)
        self._place(core, x, y)
        asm.free(core)
        with self.parameters.clip.constants(), asm.software_loop(self.chunks):
            if self.gather is not None:
                self._gather(self.gather, x)
            with asm.software_loop(shape.channels // self.channels):
                self._channels(x, w, y)
                asm.add_constant(w, w, self.channels * shape.record_stride)
                asm.add_constant(y, y, self.channels * shape.output_channel_stride)
            if self.chunks > 1:
                self._next_chunk(w, y)
        return asm

    @property
    def chunk_pixels(self) -> int:
        """Pixels of a chunk."""
        return self.blocks * self.pixels

    def _place(self, core: str, x: str, y: str) -> None:
        """Points to this core's first pixel."""
        asm, shape, share = self.asm, self.shape, self.chunks * self.chunk_pixels
        with asm.registers(2) as (first, distance):
            asm.multiply_constant(first, core, share)
            asm.li(distance, shape.pixels - share)
            asm("p.minu", first, first, distance)
            if self.gather is not None:
                asm("sw", first, "sp", self.first_pixel)
            for pointer, stride in ((x, shape.input_stride), (y, shape.output_pixel_stride)):
                asm.multiply_constant(distance, first, stride)
                asm("add", pointer, pointer, distance)

    def _gather(self, gather: Gather, x: str) -> None:
        """Brings the pixels of a chunk to the stack, and points there."""
        asm = self.asm
        asm("lw", x, "sp", self.first_pixel)
        gather.write(asm, x, self.scratch, self.chunk_pixels)
        if self.chunks > 1:
            asm.add_constant(x, x, self.chunk_pixels)
            asm("sw", x, "sp", self.first_pixel)
        asm.add_constant(x, "sp", self.scratch)

    def _next_chunk(self, w: str, y: str) -> None:
        """Goes back to the first channel."""
        asm, shape = self.asm, self.shape
        asm.add_constant(w, w, -shape.channels * shape.record_stride)
        channels = shape.channels * shape.output_channel_stride
        asm.add_constant(y, y, self.chunk_pixels * shape.output_pixel_stride - channels)

    def _channels(self, x: str, w: str, y: str) -> None:
        """All of the core's pixels for one block of channels."""
        asm, shape = self.asm, self.shape
        channels = [self._load_channel(w, number) for number in range(self.channels)]
        with asm.registers(2) as (inputs, outputs):
            asm("mv", inputs, x)
            asm("mv", outputs, y)
            with asm.loop(self.blocks):
                moved = self._block(channels, inputs, outputs)
                asm.add_constant(inputs, inputs, self.pixels * shape.input_stride)
                step = self.pixels * shape.output_pixel_stride
                asm.add_constant(outputs, outputs, step - moved)
        for channel in channels:
            addends = [channel.addend] + [channel.low_addend] * self.parameters.has_low
            asm.free(*channel.weights, *channel.factors, *addends)

    def _load_channel(self, w: str, number: int) -> Channel:
        asm, record = self.asm, number * self.shape.record_stride
        weights = asm.take(self.shape.words)
        factors = asm.take(self.parameters.registers)
        addend = asm.register()
        low_addend = asm.register() if self.parameters.has_low else addend
        for word, register in enumerate(weights):
            asm("lw", register, w, record + WORD * word)
        self.parameters.load(factors, w, record)
        with asm.registers(1) as (bias,):
            asm("lw", bias, w, record + self.record.offset(BIAS))
            self.parameters.load_addend(addend, w, record)
            asm("p.mac", addend, bias, factors[0])
            if self.parameters.has_low:
                asm("mul", low_addend, bias, factors[1])
        return Channel(weights, factors, low_addend, addend)

    def _block(self, channels: list[Channel], x: str, y: str) -> int:
        """Returns how far storing moved the pointer to the outputs."""
        asm, shape = self.asm, self.shape
        sums = [asm.take(self.channels) for _ in range(self.pixels)]
        loads = list(product(range(self.pixels), range(shape.words)))
        with asm.registers(min(2, len(loads))) as words:
            for number, (pixel, word) in enumerate(loads):
                if number == 0:
                    asm("lw", words[0], x, 0)
                if number + 1 < len(loads):
                    next_pixel, next_word = loads[number + 1]
                    offset = next_pixel * shape.input_stride + WORD * next_word
                    asm("lw", words[(number + 1) % 2], x, offset)
                name = "pv.dot" if word == 0 else "pv.sdot"
                for total, channel in zip(sums[pixel], channels, strict=True):
                    asm(f"{name}{self.suffix}", total, words[number % 2], channel.weights[word])
        with asm.registers(1) as (spare,):
            if self.parameters.leaves_output:
                asm("mv", spare, "zero")
            for pixel in sums:
                for total, channel in zip(pixel, channels, strict=True):
                    self._requantise(total, spare, channel)
        moved = store_lines(asm, shape, sums, y, moving=False)
        for pixel in sums:
            asm.free(*pixel)
        return moved

    def _requantise(self, value: str, spare: str, channel: Channel) -> None:
        asm, narrow = self.asm, self.narrow
        if self.parameters.has_low:
            high, low, *_ = channel.factors
            if not self.parameters.leaves_output:
                asm("mv", spare, "zero")
            asm("p.mac", spare, value, low)
            asm("p.addN", spare, spare, channel.low_addend, narrow.low_shift)
            asm("p.mac", spare, value, high)
            self.parameters.add_and_shift(spare, channel.addend, channel.factors)
        else:
            asm("mv", spare, channel.addend)
            asm("p.mac", spare, value, channel.factors[0])
            self.parameters.shift(spare, channel.factors)
        self.parameters.clip(spare, to=value)


def resident_candidates(
    kernel: KernelOp, shape: DenseShape, gather: Gather | None, core: Core
) -> Iterator[Assembly]:
    """The kernel written for all blocks that fit; none where the form does not apply."""
    assert kernel.record is not None, "a convolution has weights"
    narrow = kernel.narrow
    if narrow is None or narrow.bits or narrow.is_mulh or WEIGHT_ZERO_POINT in kernel.record.fields:
        return
    if kernel.groups > 1:
        return
    if shape.words > LARGEST_ROW or (gather is not None and gather.has_borders):
        return
    for pixels, channels in product(range(1, LARGEST_BLOCK + 1), repeat=2):
        all_blocks = ceil(shape.pixels / pixels / core.count)
        chunks = ceil(all_blocks / most_blocks(gather, pixels, all_blocks, core))
        blocks = ceil(all_blocks / chunks)
        reach = max(pixels * shape.input_stride, channels * shape.record_stride)
        too_many = chunks * blocks * pixels > shape.pixels
        if shape.channels % channels or too_many or reach > LARGEST_IMMEDIATE:
            continue
        try:
            yield ResidentWriter(
                kernel,
                narrow,
                shape,
                gather,
                pixels=pixels,
                channels=channels,
                blocks=blocks,
                chunks=chunks,
            ).write()
        except RegisterPressureError:
            continue


def most_blocks(gather: Gather | None, pixels: int, most: int, core: Core) -> int:
    """How many of a core's blocks of pixels can be gathered at a time, at least 1."""
    if gather is None:
        return most
    fitting = (count for count in range(most, 1, -1) if gather.fits(count * pixels, core))
    return next(fitting, 1)
