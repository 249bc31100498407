"""Sizes of a fused layer that goes along rows: what each layer makes in a step, and what L1 holds.

A step makes some rows of the last output, and each layer before makes the rows that the one behind
it needs for that. Rows that a later window still needs stay where they are, in a ring; so nothing
is shifted and nothing is computed twice. A single step makes whole maps and needs no rings. Names
as in Daghero et al. 2024, section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.graph import tensor_type
from dsconv.dialects.tiled import aligned
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.l1_residency import L1Use, MapBuffers

STAGES = 3
"""Transfers of a value in L3 that have room in L2: of a prologue, of a step, of the last step."""


@dataclass(frozen=True)
class RowBuffer:
    """One value of a chain: what is made of it in a step, and where it lies in L1.

    `block` rows are made in a step, `prologue` rows before the first step. `ring`: rows of the ring
    that holds them, 0 where a step's rows are used up in that step. `above` and `below` are rows of
    padding that windows read around the map, `overlap` the rows that windows of two steps share.
    """

    channels: int
    height: int
    width: int
    layout: Layout
    block: int
    prologue: int
    ring: int
    above: int
    below: int
    overlap: int
    pad_pixel: bool

    @property
    def is_ring(self) -> bool:
        """Whether rows stay for later steps."""
        return self.ring > 0

    @property
    def row_bytes(self) -> int:
        """Bytes from a row to the next one: of all channels in HWC, of one in CHW."""
        return self.width * (1 if self.layout is Layout.CHW else self.channels)

    @property
    def buffer_bytes(self) -> int:
        """Bytes of the ring, or of a step's rows, with the pad pixel."""
        rows = self.ring or self.block
        return self.channels * self.width * rows + (self.channels if self.pad_pixel else 0)

    @property
    def block_bytes(self) -> int:
        """Bytes that a step makes."""
        return self.channels * self.width * self.block

    def has_equal_runs(self, steps: int) -> bool:
        """Whether each step has its own run of the map's bytes, all of them alike and aligned."""
        is_whole = self.prologue == 0 and steps * self.block == self.height
        is_aligned = aligned(self.block_bytes) == self.buffer_bytes
        return is_whole and is_aligned and self.layout is Layout.HWC

    @property
    def blocks(self) -> int:
        """Steps after which rows lie where they lay before."""
        return max(self.ring // self.block, 1)

    def slot(self, step: int) -> int:
        """First row of the ring for what a step makes."""
        return step * self.block % self.ring

    def window_slot(self, step: int) -> int:
        """First row for the windows of a step, in what they read; negative in the padding."""
        return (step * self.block - self.overlap) % self.ring if self.is_ring else -self.above

    @property
    def window_slots(self) -> list[int]:
        """All of them."""
        return sorted({self.window_slot(step) for step in range(self.blocks)})

    @property
    def prologue_slot(self) -> int:
        """First row of the ring for the rows made before the first step."""
        return self.ring - self.prologue

    @property
    def prologue_window_slot(self) -> int:
        """First row for the windows of the next value's prologue."""
        return (self.ring - self.prologue - self.above) % self.ring if self.is_ring else -self.above

    def rows_made(self, step: int) -> range:
        """Rows that a step makes; those behind the map's last one are worthless."""
        first = step * self.block + self.prologue
        return range(first, first + self.block)

    def padding_rows(self, step: int) -> range:
        """Rows of padding below the map that lie among those that a step makes."""
        made = self.rows_made(step)
        return range(
            max(made.start, self.height), max(made.start, min(made.stop, self.height + self.below))
        )


@dataclass(frozen=True)
class RowPlan:
    """A fused layer along rows: `values[0]` is its input, `values[i]` what its layer i makes.

    `residuals` are what layers behind the first one read besides, `weight_bytes` those of each
    layer.
    """

    values: tuple[RowBuffer, ...]
    steps: int
    residuals: tuple[RowBuffer, ...]
    weight_bytes: tuple[int, ...]
    buffers: int

    def with_result_layout(self, layout: Layout) -> RowPlan:
        """The plan for another layout of the result."""
        *values, last = self.values
        return replace(self, values=(*values, replace(last, layout=layout)))

    @cached_property
    def l1_use(self) -> L1Use:
        """What the whole takes of L1."""
        first, *between, last = self.values
        inputs = tuple(map(self._buffers, (first, *self.residuals)))
        result = self._buffers(last)
        size = (
            sum(buffers.l1_bytes for buffers in (*inputs, result))
            + sum(aligned(value.buffer_bytes) for value in between)
            + sum(map(aligned, self.weight_bytes))
        )
        return L1Use(size, inputs, result)

    def _buffers(self, rows: RowBuffer) -> MapBuffers:
        """Those of a value that is moved."""
        copies = 1 if rows.is_ring else min(self.buffers, self.steps)
        in_place = not rows.is_ring and (self.steps == 1 or rows.has_equal_runs(self.steps))
        return MapBuffers(copies * aligned(rows.buffer_bytes), in_place)

    @property
    def l1_bytes(self) -> int:
        """Bytes of L1 that the whole takes."""
        return self.l1_use.l1_bytes

    @property
    def l2_bytes(self) -> int:
        """Bytes of L2 that are enough for the weights, and for steps of maps that lie in L3."""
        first, *_, last = self.values
        moved = sum(rows.block_bytes for rows in (first, *self.residuals, last))
        return min(STAGES, self.steps) * moved + sum(self.weight_bytes)


def row_plan(chain: Chain, tile: Tile) -> RowPlan | None:
    """The plan for steps of `tile.rows` rows; None where a prologue has more rows."""
    last = chain.layer_shapes[-1]
    steps = ceil(last.rows / tile.rows)
    values = [_step_of(chain.result, last.output_layout, tile.rows)]
    layouts = [
        chain.input_layout,
        *(layer_shape.output_layout for layer_shape in chain.layer_shapes[:-1]),
    ]
    for layer_shape, layout in zip(reversed(chain.layer_shapes), reversed(layouts), strict=True):
        values.insert(0, _value_before(layer_shape, layout, values[0], single_step=steps == 1))
    if steps > 1 and tile.buffers > 1 and values[0].is_ring:
        values[0] = replace(values[0], ring=values[0].ring + values[0].block)
    if any(value.prologue > value.block for value in values):
        return None
    residuals = tuple(
        _step_of(value, layout, tile.rows) for value, layout in chain.residual_layouts.items()
    )
    return RowPlan(tuple(values), steps, residuals, chain.weight_bytes, tile.buffers)


def _step_of(value: SSAValue, layout: Layout, rows: int) -> RowBuffer:
    """A value of which a step has its own rows alone."""
    _, *sizes = tensor_type(value).get_shape()
    channels, height, width = sizes
    return RowBuffer(
        channels,
        height,
        width,
        layout,
        block=rows,
        prologue=0,
        ring=0,
        above=0,
        below=0,
        overlap=0,
        pad_pixel=False,
    )


def _value_before(
    layer_shape: LayerShape, layout: Layout, made: RowBuffer, *, single_step: bool
) -> RowBuffer:
    """What a layer reads, from what it makes: its receptive field."""
    (extent, _), (stride, _) = layer_shape.extent, layer_shape.strides
    top, left, _, right = layer_shape.window.pads
    last_row = (layer_shape.rows - 1) * stride - top + extent - 1
    below = max(last_row + 1 - layer_shape.height, 0)
    overlap, block = extent - stride, stride * made.block
    prologue = stride * made.prologue + overlap - top
    ring = ceil(max(overlap + block, top + prologue) / block) * block
    has_ring = extent > 1 or left + right > 0
    if single_step:
        block, prologue, has_ring = layer_shape.height, 0, False
    return RowBuffer(
        layer_shape.channels,
        layer_shape.height,
        layer_shape.width,
        layout,
        block,
        prologue,
        ring if has_ring else 0,
        above=top,
        below=below,
        overlap=overlap,
        pad_pixel=any(layer_shape.window.pads),
    )
