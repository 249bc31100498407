"""Lowers a fused layer that goes along rows: a loop over steps, its values in rings in L1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import memref
from xdsl.ir import Block, SSAValue

from dsconv.dialects.attributes import Layout, Space, WindowAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation, WeightedOperation
from dsconv.dialects.tiled import (
    BarrierOp,
    BoxAttr,
    BufferOp,
    DmaStartOp,
    FillOp,
    LayerOp,
    RunOp,
    SlotOp,
    ViewOp,
    WaitOp,
    buffer_size,
)
from dsconv.lowering.building import (
    Index,
    add,
    index_value,
    is_below,
    is_equal,
    loop,
    multiply,
    remainder,
)
from dsconv.lowering.fused_layer import fused_layer
from dsconv.lowering.maps import Map
from dsconv.lowering.tile_kernels import KernelTable, tile_kernel
from dsconv.lowering.weights import whole_weights
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.row_plan import RowBuffer, RowPlan

PROLOGUE = -1
"""Stands for the rows that are made before the first step, where a step is asked for."""


@dataclass
class StagedWeights:
    """A layer's channel records: the constant in L2, and their copy in L1."""

    constant: memref.GlobalOp
    buffer: BufferOp | None = None

    def load(self, label: str) -> None:
        """Makes the copy."""
        source = memref.GetGlobalOp(self.constant.sym_name.data, self.constant.type).memref
        size = buffer_size(source)
        self.buffer = BufferOp(f"{label}.w", size, Space.L1)
        box = BoxAttr.of(size)
        zero = index_value(0)
        WaitOp(DmaStartOp(source, zero, self.buffer.result, zero, box, parameters=True))


class Stage:
    """One layer of the chain: what it reads and makes, its kernels for a step and a prologue."""

    def __init__(
        self,
        op: LayerOperation,
        layer_shape: LayerShape,
        reads: RowBuffer,
        makes: RowBuffer,
        kernels: KernelTable,
    ):
        self.op = op
        self.layer_shape = layer_shape
        self.reads = reads
        self.makes = makes
        self.record, self.weights = None, None
        if isinstance(op, WeightedOperation):
            self.record, constant = whole_weights(op, kernels.symbols)
            self.weights = StagedWeights(constant)
        self.kernel = kernels.symbol(self._kernel(makes.block, reads.block, reads.window_slots))
        if makes.prologue:
            prologue = self._kernel(makes.prologue, reads.prologue, [reads.prologue_window_slot])
            self.lead_kernel = kernels.symbol(prologue)

    def _kernel(self, rows: int, rows_read: int, window_slots: Sequence[int]):
        reads, makes, window = self.reads, self.makes, self.layer_shape.window
        _, left, _, right = window.pads
        if reads.is_ring:
            window = WindowAttr.of(window.kernel, window.strides, (0, left, 0, right))
        is_chw_ring = makes.is_ring and makes.layout is Layout.CHW
        input_shape = (reads.channels, reads.ring or rows_read, reads.width)
        return tile_kernel(
            self.op,
            self.record,
            [input_shape] * len(self.op.activations),
            (makes.channels, rows, makes.width),
            window,
            starts=(window_slots, (-left,)),
            output_pitch=makes.ring if is_chw_ring and makes.ring != rows else 0,
            circular=reads.is_ring,
        )

    def run(self, step: Index, inputs: Sequence[SSAValue], output: SSAValue) -> None:
        """Runs the kernel of a step, or of the prologue."""
        is_prologue = step == PROLOGUE
        row = window_row(self.reads, step)
        parameters = []
        if self.weights is not None and self.weights.buffer is not None:
            parameters = [self.weights.buffer.result]
        RunOp(
            self.lead_kernel if is_prologue else self.kernel,
            [*inputs, *parameters, output],
            index_value(row),
            index_value(-self.layer_shape.window.pads[1]),
        )


def window_row(rows: RowBuffer, step: Index) -> Index:
    """First row of the windows of a step in what they read."""
    if isinstance(step, int):
        return rows.prologue_window_slot if step == PROLOGUE else rows.window_slot(step)
    if not rows.is_ring:
        return -rows.above
    block = multiply(remainder(step, rows.blocks), rows.block)
    row = remainder(add(block, rows.ring - rows.overlap), rows.ring)
    if isinstance(row, SSAValue):
        row.name_hint = "window_row"
    return row


class ValueBuffer:
    """The bytes in L1 of one value of the chain."""

    def __init__(self, label: str, rows: RowBuffer, *, is_moved: bool, steps: int):
        self.rows = rows
        self.slots = steps if is_moved and not rows.is_ring else 1
        self.buffer = BufferOp(label, rows.buffer_bytes, Space.L1)

    def made_in(self, step: Index) -> SSAValue:
        """Where the rows of a step, or of the prologue, begin."""
        rows, buffer = self.rows, self.buffer
        if not rows.is_ring:
            version = 1 if step == PROLOGUE else step
            if self.slots == 1:
                return buffer.result
            return SlotOp(buffer.result, index_value(version), buffer.size).result
        if step == PROLOGUE:
            row: Index = rows.prologue_slot
        else:
            row = multiply(remainder(step, rows.blocks), rows.block)
        if row == 0:
            return buffer.result
        count = rows.prologue if step == PROLOGUE else rows.block
        planes = rows.channels - 1 if rows.layout is Layout.CHW else 0
        size = planes * rows.ring * rows.row_bytes + count * rows.row_bytes
        offset = index_value(multiply(row, rows.row_bytes))
        return ViewOp(buffer.result, offset, size).result

    def read_in(self, step: Index) -> SSAValue:
        """What the windows of a step lie in."""
        return self.buffer.result if self.rows.is_ring else self.made_in(step)

    def fill_rows(
        self, first_slot: int, count: int, value: int, condition: SSAValue | None = None
    ) -> None:
        """Fills rows of the ring with padding."""
        rows = self.rows
        is_chw = rows.layout is Layout.CHW
        FillOp(
            self.buffer.result,
            first_slot * rows.row_bytes,
            count * rows.row_bytes,
            value,
            condition,
            lines=rows.channels if is_chw else 1,
            line_stride=rows.ring * rows.row_bytes if is_chw else 0,
        )

    def fill_pad_pixel(self, value: int) -> None:
        """Fills the pixel of padding behind the rows."""
        size = self.rows.channels
        FillOp(self.buffer.result, self.buffer.size - size, size, value)


class FusedRowsLowering:
    """Writes one fused layer."""

    def __init__(
        self,
        op: FusedOp,
        plan: RowPlan,
        buffers: Mapping[SSAValue, SSAValue],
        kernels: KernelTable,
    ):
        self.op = op
        self.plan = plan
        self.chain = Chain.of(op.chain)
        self.stages = [
            Stage(layer, layer_shape, reads, makes, kernels)
            for layer, layer_shape, (reads, makes) in zip(
                op.chain, self.chain.layer_shapes, pairwise(plan.values), strict=True
            )
        ]
        self.input = Map.of(buffers[self.chain.input], self.chain.input)
        self.residuals = {
            value: Map.of(buffers[value], value) for value in self.chain.residual_layouts
        }
        self.output = Map.of(buffers[op.result], op.result)

    @property
    def constants(self) -> list[memref.GlobalOp]:
        """The layers' weights in L2."""
        return [stage.weights.constant for stage in self.stages if stage.weights is not None]

    def write(self, estimate: int) -> LayerOp:
        """The layer with its loop over steps, at the current insertion point."""
        op, plan = self.op, self.plan
        body = Block()
        with ImplicitBuilder(body):
            self._make_buffers()
            if any(value.rows.is_ring or value.rows.pad_pixel for value in self.values):
                BarrierOp()
                self._fill_padding()
            for stage in self.stages:
                if stage.weights is not None:
                    stage.weights.load(stage.op.label)
            self._lead()
            with loop(0, plan.steps, "step") as step:
                self._load(step)
                BarrierOp()
                self._compute(step)
                BarrierOp()
                self._store(step)
        return fused_layer(
            op,
            self.output.buffer,
            body,
            steps=plan.steps,
            layouts=[value.layout for value in plan.values],
            estimate=estimate,
        )

    def _make_buffers(self) -> None:
        op, values, steps = self.op, self.plan.values, self.plan.steps
        names = ["x", *(f"v{number}" for number in range(1, len(values) - 1)), "y"]
        self.values = [
            ValueBuffer(f"{op.label}.{name}", rows, is_moved=name in ("x", "y"), steps=steps)
            for name, rows in zip(names, values, strict=True)
        ]
        self.residual_buffers = {
            value: BufferOp(f"{op.label}.r{number}", rows.buffer_bytes, Space.L1)
            for number, (value, rows) in enumerate(
                zip(self.residuals, self.plan.residuals, strict=True)
            )
        }

    def _fill_padding(self) -> None:
        for stage, value in zip(self.stages, self.values, strict=False):
            rows = value.rows
            if rows.is_ring and rows.above:
                value.fill_rows(rows.prologue_window_slot, rows.above, stage.op.pad_value)
            if rows.pad_pixel:
                value.fill_pad_pixel(stage.op.pad_value)

    def _lead(self) -> None:
        """The rows that windows of the first step need besides those that it makes."""
        if self.values[0].rows.prologue:
            rows = self.values[0].rows
            target = self.values[0].made_in(PROLOGUE)
            load_rows(self.input, 0, rows.prologue, target, rows.ring or rows.prologue, None)
        for stage, reads, makes in zip(self.stages, self.values, self.values[1:], strict=False):
            if makes.rows.prologue:
                BarrierOp()
                stage.run(PROLOGUE, [reads.read_in(PROLOGUE)], makes.made_in(PROLOGUE))
        BarrierOp()

    # A step

    def _load(self, step: Index) -> None:
        first, rows = self.values[0], self.values[0].rows
        row = add(multiply(step, rows.block), rows.prologue)
        for count, condition in self._whole_and_part(step, rows.height - rows.prologue, rows.block):
            target = first.made_in(step)
            load_rows(self.input, row, count, target, rows.ring or rows.block, condition)
        for (value, source), read in zip(self.residuals.items(), self.plan.residuals, strict=True):
            target = self._residual_slot(value, step)
            row = multiply(step, read.block)
            for count, condition in self._whole_and_part(step, read.height, read.block):
                load_rows(source, row, count, target, read.block, condition)

    def _whole_and_part(
        self, step: Index, rows: int, block: int
    ) -> Iterator[tuple[int, SSAValue | None]]:
        """How many rows a step moves, with the condition for that: all, or what is left of them."""
        whole, part = divmod(rows, block)
        if whole >= self.plan.steps:
            yield block, None
            return
        if whole:
            yield block, is_below(step, whole)
        if part:
            yield part, is_equal(step, whole)

    def _residual_slot(self, value: SSAValue, step: Index) -> SSAValue:
        buffer = self.residual_buffers[value]
        if self.plan.steps == 1:
            return buffer.result
        return SlotOp(buffer.result, index_value(step), buffer.size).result

    def _compute(self, step: Index) -> None:
        for number, stage in enumerate(self.stages):
            reads, makes = self.values[number], self.values[number + 1]
            if number:
                BarrierOp()
            if self._pad_below(stage, reads, step):
                BarrierOp()
            inputs = [
                self._residual_slot(value, step)
                if number and value in self.residuals
                else reads.read_in(step)
                for value in stage.op.activations
            ]
            stage.run(step, inputs, makes.made_in(step))

    def _pad_below(self, stage: Stage, reads: ValueBuffer, step: Index) -> bool:
        """Padding over the rows behind the map's last one, in the steps that make them."""
        rows = reads.rows
        if not rows.is_ring or not rows.below:
            return False
        for number in range(self.plan.steps):
            padding = rows.padding_rows(number)
            if padding:
                slot = rows.slot(number) + padding.start - rows.rows_made(number).start
                value = stage.op.pad_value
                reads.fill_rows(slot, len(padding), value, is_equal(step, number))
        return True

    def _store(self, step: Index) -> None:
        target, rows = self.output, self.plan.values[-1].block
        row = multiply(step, rows)
        for count, condition in self._whole_and_part(step, target.height, rows):
            pitch = rows * target.width
            box = target.box(target.channels, count, target.width, pitch)
            offset = index_value(target.offset(0, row, 0))
            source = self.values[-1].made_in(step)
            start = DmaStartOp(source, index_value(0), target.buffer, offset, box, condition)
            WaitOp(start, condition)


def load_rows(
    source: Map,
    row: Index,
    count: int,
    target: SSAValue,
    plane_rows: int,
    condition: SSAValue | None,
) -> None:
    """Brings rows of a map to L1; planes of CHW have `plane_rows` rows there."""
    box = source.box(source.channels, count, source.width, plane_rows * source.width)
    offset = index_value(source.offset(0, row, 0))
    start = DmaStartOp(source.buffer, offset, target, index_value(0), box, condition)
    WaitOp(start, condition)
