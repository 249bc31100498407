"""Lowers a fused layer that goes along channels: pointwise and depthwise, a few at a time."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import memref
from xdsl.ir import Block, SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.tiled import (
    BarrierOp,
    BoxAttr,
    BufferOp,
    DmaStartOp,
    FillOp,
    LayerOp,
    RunOp,
    SlotOp,
    WaitOp,
)
from dsconv.lowering.building import Index, index_value, loop, multiply
from dsconv.lowering.fused_layer import fused_layer
from dsconv.lowering.maps import Map, tile_start
from dsconv.lowering.tile_kernels import KernelTable, tile_kernel
from dsconv.lowering.weights import whole_weights
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.channel_plan import ChannelPlan


class FusedChannelsLowering:
    """Writes one fused pair."""

    def __init__(
        self,
        op: FusedOp,
        plan: ChannelPlan,
        buffers: Mapping[SSAValue, SSAValue],
        kernels: KernelTable,
    ):
        self.op = op
        self.plan = plan
        self.chain = Chain.of(op.chain)
        self.input = Map.of(buffers[self.chain.input], self.chain.input)
        self.output = Map.of(buffers[op.result], op.result)
        self.constants: list[memref.GlobalOp] = []
        self.kernels: list[str] = []
        self.record_sizes: list[int] = []
        for number, (layer, layer_shape) in enumerate(
            zip(op.chain, self.chain.layer_shapes, strict=True)
        ):
            assert isinstance(layer, WeightedOperation), "the pair has weights"
            record, constant = whole_weights(layer, kernels.symbols)
            top, left, _, _ = layer_shape.window.pads
            kernel = tile_kernel(
                layer,
                record,
                (plan.shapes[number],),
                plan.shapes[number + 1],
                layer_shape.window,
                starts=((-top,), (-left,)),
            )
            self.constants.append(constant)
            self.kernels.append(kernels.symbol(kernel))
            self.record_sizes.append(record.size)

    def write(self, estimate: int) -> LayerOp:
        """The layer with its loop over steps, at the current insertion point."""
        op, plan = self.op, self.plan
        body = Block()
        with ImplicitBuilder(body):
            self.x = BufferOp(f"{op.label}.x", plan.input_bytes, Space.L1)
            self.between = BufferOp(f"{op.label}.v1", plan.between_bytes, Space.L1)
            self.y = BufferOp(f"{op.label}.y", plan.output_bytes, Space.L1)
            self.w = [
                BufferOp(f"{layer.label}.w", size, Space.L1)
                for layer, size in zip(op.chain, plan.weight_bytes, strict=True)
            ]
            self.sources = [
                memref.GetGlobalOp(constant.sym_name.data, constant.type).memref
                for constant in self.constants
            ]
            self._fill_pad_pixel()
            self._load_input()
            with loop(0, plan.steps, "step") as step:
                self._step(step)
        layouts = (self.input.layout, self.chain.layer_shapes[0].output_layout, self.output.layout)
        return fused_layer(
            op,
            self.output.buffer,
            body,
            steps=plan.steps,
            layouts=layouts,
            estimate=estimate,
        )

    def _fill_pad_pixel(self) -> None:
        size = self.plan.pad_bytes
        if not size:
            return
        BarrierOp()
        offset = self.between.size - size
        FillOp(self.between.result, offset, size, self.op.chain[-1].pad_value)

    def _load_input(self) -> None:
        zero, box = index_value(0), BoxAttr.of(self.plan.input_bytes)
        WaitOp(DmaStartOp(self.input.buffer, zero, self.x.result, zero, box))

    def _slot(self, buffer: BufferOp, step: Index) -> SSAValue:
        if self.plan.steps == 1:
            return buffer.result
        return SlotOp(buffer.result, index_value(step), buffer.size).result

    def _step(self, step: Index) -> None:
        made = self.plan.shapes[-1]
        channel = tile_start(step, self.output.channels, made[0], "k")
        weights = [self._slot(buffer, step) for buffer in self.w]
        for number, target in enumerate(weights):
            offset = index_value(multiply(channel, self.record_sizes[number]))
            box = BoxAttr.of(self.w[number].size)
            source = self.sources[number]
            start = DmaStartOp(source, offset, target, index_value(0), box, parameters=True)
            WaitOp(start)
        y = self._slot(self.y, step)
        top, left, _, _ = self.chain.layer_shapes[-1].window.pads
        first_window, window = (index_value(0), index_value(0)), (-top, -left)
        BarrierOp()
        RunOp(self.kernels[0], [self.x.result, weights[0], self.between.result], *first_window)
        BarrierOp()
        operands = [self.between.result, weights[1], y]
        RunOp(self.kernels[1], operands, *map(index_value, window))
        BarrierOp()
        box = self.output.box(*made)
        offset = index_value(self.output.offset(channel, 0, 0))
        WaitOp(DmaStartOp(y, index_value(0), self.output.buffer, offset, box))
