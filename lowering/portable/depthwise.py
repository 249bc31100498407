"""Depthwise convolutions, as loops."""

from __future__ import annotations

from xdsl.dialects import arith

from dsconv.dialects.records import BIAS, WEIGHT_ZERO_POINT, depthwise_row_bytes
from dsconv.dialects.tiled import KernelKind
from dsconv.lowering.building import Accumulator, add
from dsconv.lowering.portable.tile_access import load_signed_byte
from dsconv.lowering.portable.writer import KernelWriter, Writers


class DepthwiseWriter(KernelWriter):
    """Depthwise convolution: a window of one channel an output."""

    def write(self, cores: int) -> None:
        weights = self.weights
        assert weights is not None, "a convolution has weights"
        tile = self.inputs[0]
        row_bytes = depthwise_row_bytes(self.kernel.window.kernel[1])
        with self.outputs(cores) as (channel, row, column):
            base = self.record_offset(channel)
            accumulator = Accumulator(self.required_field(channel, BIAS))
            zero_point = self.field(channel, WEIGHT_ZERO_POINT)
            with self.taps(accumulator, channel, row, column, row_bytes) as (tap, offset):
                weight = load_signed_byte(weights, add(base, tap))
                if zero_point is not None:
                    weight = arith.SubiOp(weight, zero_point).result
                product = arith.MuliOp(tile.load(offset), weight).result
                accumulator.value = arith.AddiOp(accumulator.value, product).result
            value = self.requantise(accumulator.value, channel)
            self.output.store(value, self.output.offset(channel, row, column))


WRITERS: Writers = {KernelKind.DEPTHWISE: DepthwiseWriter}
