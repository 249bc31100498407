"""Small networks at the graph level: a residual block with random weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from random_layers import RandomLayer
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, RequantAttr, Space, WindowAttr
from dsconv.dialects.graph import (
    AddOp,
    ConstantOp,
    Conv2DOp,
    DepthwiseOp,
    IntTensorType,
    LayerOperation,
    PointwiseOp,
    activation_type,
)
from dsconv.dialects.run import network_of
from dsconv.dialects.tiled import aligned
from dsconv.driver.pipeline import run_pipeline
from dsconv.passes.analysis.allocator import search_fit
from dsconv.passes.analysis.liveness import constant_size, constants, lifespans

WINDOW = WindowAttr.of((3, 3), pads=(1, 1, 1, 1))
ZERO_POINT = -3


class BlockMaker:
    """Writes conv2d, depthwise, pointwise and an addition of what the first and the last make."""

    def __init__(
        self,
        channels: int,
        size: int,
        seed: int,
        labels: Sequence[str] = ("conv", "dw", "pw", "add"),
        layout: Layout | None = None,
    ):
        self.channels, self.size, self.layout = channels, size, layout
        self.labels = labels
        self.random = np.random.default_rng(seed)
        self.function = FuncOp("net", ([self.type(4, Layout.HWC)], []))
        self.block = self.function.body.block

    def make(self) -> RandomLayer:
        """The network, and an input for it."""
        x, channels = self.block.args[0], self.channels
        conv, dw, pw, add = self.labels
        first = self.add(
            Conv2DOp(
                conv,
                x,
                *self.parameters(channels, 4, 3, 3),
                WINDOW,
                self.requant(36),
                self.type(channels),
                input_zero_point=ZERO_POINT,
            )
        )
        second = self.add(
            DepthwiseOp(
                dw,
                first,
                *self.parameters(channels, 1, 3, 3),
                WINDOW,
                self.requant(9),
                self.type(channels),
                input_zero_point=ZERO_POINT,
            )
        )
        third = self.add(
            PointwiseOp(
                pw,
                second,
                *self.parameters(channels, channels),
                self.requant(channels),
                self.type(channels),
                input_zero_point=ZERO_POINT,
            )
        )
        requant = RequantAttr.of([1], [2**12], zero_point=ZERO_POINT, clip=(-128, 127))
        result = self.add(
            AddOp(
                add,
                first,
                third,
                requant,
                self.type(channels, Layout.HWC),
                multipliers=(3000, 2500),
                zero_points=(ZERO_POINT, ZERO_POINT),
            )
        )
        self.block.add_op(ReturnOp(result))
        self.function.update_function_type()
        module = ModuleOp([self.function])
        module.verify()
        inputs = self.random.integers(-128, 128, (1, 4, self.size, self.size), np.int8)
        return RandomLayer(module, (inputs,), (Layout.HWC,), Layout.HWC)

    def type(self, channels: int, layout: Layout | None = None) -> IntTensorType:
        shape = (1, channels, self.size, self.size)
        return activation_type(shape, np.int8, layout or self.layout)

    def parameters(self, kernels: int, *shape: int) -> tuple[SSAValue, SSAValue]:
        weights = self.random.integers(-128, 128, (kernels, *shape), np.int8)
        bias = self.random.integers(-5000, 5000, kernels, np.int32)
        return self.constant(weights), self.constant(bias)

    def constant(self, array: npt.NDArray[np.integer]) -> SSAValue:
        operation = ConstantOp.of(array)
        self.block.add_op(operation)
        return operation.result

    def requant(self, taps: int) -> RequantAttr:
        """Sums of so many products to about the range of int8."""
        spread = 70 * 70 * taps**0.5
        factors = self.random.uniform(0.5, 1.5, self.channels)
        multipliers = [int(2**20 * 50 / spread * factor) for factor in factors]
        return RequantAttr.of(multipliers, [2**20], zero_point=ZERO_POINT, clip=(-128, 127))

    def add(self, layer: LayerOperation) -> SSAValue:
        self.block.add_op(layer)
        return layer.result


@st.composite
def residual_blocks(draw: st.DrawFn) -> RandomLayer:
    """A block of random size."""
    channels, size = draw(st.integers(3, 21)), draw(st.integers(5, 11))
    layout = draw(st.sampled_from([None, Layout.CHW, Layout.HWC]))
    return BlockMaker(channels, size, draw(st.integers(0, 2**32 - 1)), layout=layout).make()


def l2_needs(network: RandomLayer, pipeline: str) -> tuple[int, int]:
    """Bytes that a network takes in L2 without L3: activations, weights."""
    lowered = network.module.clone()
    run_pipeline(lowered, pipeline)
    weights = sum(aligned(constant_size(constant)) for constant in constants(lowered, Space.L2))
    return search_fit(lifespans(network_of(lowered))), weights
