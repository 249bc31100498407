"""Sizes of a fused layer that goes along channels: pointwise, then depthwise, a few at a time.

A step makes `depth` channels of the whole map between them (Daghero et al. 2024, section 3.1:
a buffer of FD x IX x IY), then those channels of the output. The input stays in L1 as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dsconv.dialects.attributes import Tile
from dsconv.dialects.tiled import aligned
from dsconv.passes.chains import Chain
from dsconv.passes.costs import coefficients, dma_cycles, first_call_cycles, kernel_cycles
from dsconv.passes.even_splits import even_splits
from dsconv.passes.fused_costs import steps_cost
from dsconv.passes.layer_costs import LayerCost, kernel_shape, tile_transfer


@dataclass(frozen=True)
class ChannelPlan:
    """A pair along channels: bytes in L1 of its input, of a step's values and of its weights."""

    steps: int
    input_bytes: int
    between_bytes: int
    output_bytes: int
    weight_bytes: tuple[int, int]
    buffers: int

    @property
    def l1_bytes(self) -> int:
        """Bytes of L1 that the whole takes."""
        copies = min(self.buffers, self.steps)
        moved = aligned(self.output_bytes) + sum(map(aligned, self.weight_bytes))
        return aligned(self.input_bytes) + aligned(self.between_bytes) + copies * moved

    @property
    def l2_bytes(self) -> int:
        """Bytes of L2 that are enough for the weights, and for steps of maps that lie in L3."""
        return self.input_bytes + self.output_bytes + self.steps * sum(self.weight_bytes)


def channel_plan(chain: Chain, tile: Tile) -> ChannelPlan:
    """The plan for steps of `tile.channels` channels."""
    first, last = chain.geometries
    pad_pixel = tile.channels if last.padded else 0
    return ChannelPlan(
        ceil(last.kernels / tile.channels),
        first.channels * first.height * first.width,
        tile.channels * last.height * last.width + pad_pixel,
        tile.channels * last.rows * last.columns,
        (tile.channels * first.record_bytes, tile.channels * last.record_bytes),
        tile.buffers,
    )


def channel_cost(chain: Chain, tile: Tile, cores: int = 8) -> LayerCost:
    """Estimated cost of a pair along channels."""
    first, last = chain.geometries
    plan = channel_plan(chain, tile)
    between = Tile(tile.channels, first.rows, first.columns)
    compute = kernel_cycles(kernel_shape(first, between), cores)
    compute += kernel_cycles(kernel_shape(last, tile), cores)
    compute += 2 * coefficients()["layer"]["tile"]
    before = dma_cycles(plan.input_bytes).cycles
    before += first_call_cycles(first.kind) + first_call_cycles(last.kind)
    loads = [dma_cycles(size) for size in plan.weight_bytes]
    sizes = last.kernels, last.rows, last.columns
    made = tile.channels, last.rows, last.columns
    store = tile_transfer(last.output_layout, sizes, made, store=True)
    return steps_cost(before, plan.steps, plan.buffers, loads, compute, store)


def channel_tiles(chain: Chain, cores: int, buffers: tuple[int, ...] = (1, 2)) -> list[Tile]:
    """Steps along channels to choose from."""
    last = chain.geometries[-1]
    return [
        Tile(channels, last.rows, last.columns, buffers=count)
        for channels in even_splits(last.kernels, multiple=cores)
        for count in (buffers if channels < last.kernels else (1,))
    ]


def choose_channels(
    chain: Chain, l1_bytes: int, cores: int, buffers: tuple[int, ...] = (1, 2)
) -> Tile | None:
    """The step along channels of least estimated cost that fits; None where none does."""
    tiles = channel_tiles(chain, cores, buffers)
    fitting = [tile for tile in tiles if channel_plan(chain, tile).l1_bytes <= l1_bytes]
    return min(fitting, key=lambda tile: channel_cost(chain, tile, cores).objective, default=None)


def smallest_channels(chain: Chain) -> ChannelPlan:
    """The plan for a single channel a step, which takes least."""
    last = chain.geometries[-1]
    return channel_plan(chain, Tile(1, last.rows, last.columns))
