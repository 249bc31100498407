"""Sizes of a fused layer that goes along channels: pointwise, then depthwise, a few at a time.

A step makes `depth` channels of the whole map between them (Daghero et al. 2024, section 3.1:
a buffer of FD x IX x IY), then those channels of the output. The input stays in L1 as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, prod

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.tiled import Shape, aligned
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.even_splits import even_splits
from dsconv.passes.scheduling.fused_cost import steps_cost
from dsconv.passes.scheduling.kernel_cost import (
    NO_TRANSFER,
    CostModel,
    dma_cycles,
    first_call_cycles,
    kernel_cycles,
)
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT, L1Use, MapBuffers, Residency
from dsconv.passes.scheduling.layer_cost import LayerCost, kernel_shape, output_transfer


@dataclass(frozen=True)
class ChannelPlan:
    """A pair along channels: its input, what a step makes, and bytes of a step's weights.

    `shapes` are those of what lies in L1: the input, what is between the layers, the output; behind
    the second lie `pad_bytes`. `makes_runs`: what a step makes is one run of the result's bytes.
    """

    steps: int
    shapes: tuple[Shape, Shape, Shape]
    pad_bytes: int
    weight_bytes: tuple[int, int]
    buffers: int
    makes_runs: bool

    @property
    def input_bytes(self) -> int:
        """Bytes in L1 of the input."""
        return prod(self.shapes[0])

    @property
    def between_bytes(self) -> int:
        """Bytes in L1 of what is between the layers, with the pad pixel."""
        return prod(self.shapes[1]) + self.pad_bytes

    @property
    def output_bytes(self) -> int:
        """Bytes in L1 of a step's output."""
        return prod(self.shapes[2])

    @property
    def l1_use(self) -> L1Use:
        """What the whole takes of L1."""
        copies = min(self.buffers, self.steps)
        read = MapBuffers(aligned(self.input_bytes), in_place=True)
        made = MapBuffers(copies * aligned(self.output_bytes), in_place=self.makes_runs)
        weights = copies * sum(map(aligned, self.weight_bytes))
        size = read.l1_bytes + aligned(self.between_bytes) + weights + made.l1_bytes
        return L1Use(size, (read,), made)

    @property
    def l1_bytes(self) -> int:
        """Bytes of L1 that the whole takes."""
        return self.l1_use.l1_bytes

    @property
    def l2_bytes(self) -> int:
        """Bytes of L2 that are enough for the weights, and for steps of maps that lie in L3."""
        return self.input_bytes + self.output_bytes + self.steps * sum(self.weight_bytes)


def channel_plan(chain: Chain, tile: Tile) -> ChannelPlan:
    """The plan for steps of `tile.channels` channels."""
    first, last = chain.layer_shapes
    steps = ceil(last.kernels / tile.channels)
    return ChannelPlan(
        steps,
        (
            (first.channels, first.height, first.width),
            (tile.channels, last.height, last.width),
            (tile.channels, last.rows, last.columns),
        ),
        tile.channels if last.padded else 0,
        (tile.channels * first.record_bytes, tile.channels * last.record_bytes),
        tile.buffers,
        steps == 1 or last.output_layout is Layout.CHW,
    )


def channel_cost(
    chain: Chain, tile: Tile, costs: CostModel, residency: Residency = NOTHING_RESIDENT
) -> LayerCost:
    """Estimated cost of a pair along channels."""
    first, last = chain.layer_shapes
    plan = channel_plan(chain, tile)
    compute = step_cycles(first, last, tile, costs)
    before = dma_cycles(costs, plan.input_bytes).cycles if residency.number is None else 0
    before += first_call_cycles(first.kind, costs) + first_call_cycles(last.kind, costs)
    loads = [dma_cycles(costs, size) for size in plan.weight_bytes]
    store = output_transfer(costs, last, tile) if residency.stores else NO_TRANSFER
    return steps_cost(before, plan.steps, plan.buffers, loads, compute, store)


@cache
def step_cycles(first: LayerShape, last: LayerShape, tile: Tile, costs: CostModel) -> float:
    """Cycles of both kernels in a step, with their barriers."""
    between = Tile(tile.channels, first.rows, first.columns)
    compute = kernel_cycles(kernel_shape(first, between), costs)
    compute += kernel_cycles(kernel_shape(last, tile), costs)
    return compute + 2 * costs.layer["tile"]


def channel_tiles(chain: Chain, cores: int, buffers: tuple[int, ...] = (1, 2)) -> list[Tile]:
    """Steps along channels to choose from."""
    last = chain.layer_shapes[-1]
    return [
        Tile(channels, last.rows, last.columns, buffers=count)
        for channels in even_splits(last.kernels, multiple=cores)
        for count in (buffers if channels < last.kernels else (1,))
    ]


def choose_channels(
    chain: Chain, l1_bytes: int, costs: CostModel, buffers: tuple[int, ...] = (1, 2)
) -> Tile | None:
    """The step along channels of least estimated cost that fits; None where none does."""
    tiles = channel_tiles(chain, costs.core.count, buffers)
    fitting = [tile for tile in tiles if channel_plan(chain, tile).l1_bytes <= l1_bytes]
    return min(fitting, key=lambda tile: channel_cost(chain, tile, costs).objective, default=None)


def smallest_channels(chain: Chain) -> ChannelPlan:
    """The plan for a single channel a step, which takes least."""
    last = chain.layer_shapes[-1]
    return channel_plan(chain, Tile(1, last.rows, last.columns))
