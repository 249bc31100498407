"""How the outputs of a dense kernel are cut into blocks and given to the cores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import ceil

from dsconv.passes.analysis.core_grids import core_grids
from dsconv.passes.analysis.xpulp_limits import WORD

LARGEST_BLOCK = 6
"""Pixels or channels of a block."""
ACCUMULATORS = 20
"""Registers that can be left to accumulators."""


@dataclass(frozen=True)
class DenseShape:
    """A dense kernel as a product of matrices: N pixels of R values, K channels of R weights.

    Strides are bytes from pixel to pixel, or from channel to channel. Outputs, of `output_bytes`
    each, lie in lines of lanes side by side: pixels of channels in HWC, channels of pixels in CHW.
    """

    pixels: int
    channels: int
    weights: int
    input_stride: int
    record_stride: int
    output_pixel_stride: int
    output_channel_stride: int
    output_bytes: int = 1

    @property
    def words(self) -> int:
        """Words of a row, the last one filled up with weights of 0."""
        return ceil(self.weights / WORD)

    @property
    def row_bytes(self) -> int:
        """Bytes that are read of each row."""
        return self.words * WORD

    @property
    def channels_are_lanes(self) -> bool:
        """Whether the channels of a pixel lie side by side in the output."""
        return self.output_channel_stride == self.output_bytes


@dataclass(frozen=True)
class BlockSplit:
    """Blocks of pixels x channels, on a grid of cores, each with so many blocks either way.

    A core whose blocks would end beyond the map has its last ones moved back into it. `folded`
    requantises one half of a block and then the other by the same code, which saves instruction
    cache. Where pixels are gathered, those of `together` blocks are, so that the code for that
    takes turns less often with the code behind it.
    """

    pixels: int
    channels: int
    pixel_cores: int
    channel_cores: int
    pixel_blocks: int
    channel_blocks: int
    folded: bool
    together: int = 1

    def with_together(self, shape: DenseShape, together: int) -> BlockSplit:
        """The same blocks where so many are gathered at a time."""
        groups = ceil(ceil(shape.pixels / self.pixels) / together / self.pixel_cores)
        return replace(self, pixel_blocks=groups * together, together=together)

    @property
    def pixels_together(self) -> int:
        """Pixels that are gathered at a time."""
        return self.together * self.pixels

    @property
    def outputs(self) -> int:
        """Outputs of a block."""
        return self.pixels * self.channels

    def exceeds_channels(self, shape: DenseShape) -> bool:
        """Whether a core's blocks take more channels than there are."""
        return self.channel_blocks * self.channels > shape.channels


def splits(shape: DenseShape, cores: int) -> Iterator[BlockSplit]:
    """All ways to cut a kernel."""
    for pixels, channels, (pixel_cores, channel_cores) in product(
        range(1, min(LARGEST_BLOCK, shape.pixels) + 1),
        range(1, min(LARGEST_BLOCK, shape.channels) + 1),
        core_grids(cores),
    ):
        if pixels * channels > ACCUMULATORS:
            continue
        lines = pixels if shape.channels_are_lanes else channels
        for folded in (False, True) if lines % 2 == 0 else (False,):
            yield BlockSplit(
                pixels,
                channels,
                pixel_cores,
                channel_cores,
                ceil(ceil(shape.pixels / pixels) / pixel_cores),
                ceil(ceil(shape.channels / channels) / channel_cores),
                folded,
            )


def rough_cycles(shape: DenseShape, split: BlockSplit, requantise: int, gather: int) -> int:
    """A core's cycles, to sort splits by. `gather` is what a pixel takes before it is used."""
    word = split.pixels + split.channels + split.outputs
    block = shape.words * word + (requantise + 2) * split.outputs + 3 * split.channels + 8
    if split.folded:
        block += split.outputs
    return split.pixel_blocks * (split.channel_blocks * block + 16 + gather * split.pixels)
