"""Random chains of depthwise, pointwise and residual layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from random_layers import RandomLayer
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    AddOp,
    ConstantOp,
    DepthwiseOp,
    LayerOperation,
    PointwiseOp,
    activation_type,
    dtype_of,
    layout_of,
    tensor_type,
)
from dsconv.dialects.run import network_of

EXTENTS = ((3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (2, 2), (4, 3))
HEIGHTS = (2, 3, 5, 6, 7, 9, 12, 14, 28)


@dataclass(frozen=True)
class Sizes:
    """What a chain's layers may be drawn from."""

    heights: Sequence[int] = HEIGHTS
    widths: tuple[int, int] = (1, 20)
    channels: tuple[int, int] = (1, 13)
    residual: bool = True


class ChainMaker:
    """Draws one chain into a function."""

    def __init__(self, draw: st.DrawFn, sizes: Sizes):
        self.draw = draw
        self.sizes = sizes
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        shape = (
            1,
            draw(st.integers(*sizes.channels)),
            draw(st.sampled_from(sizes.heights)),
            draw(st.integers(*sizes.widths)),
        )
        self.function = FuncOp("net", ([self.type(shape)], []))
        self.block = self.function.body.block

    def make(self, kinds: Sequence[str]) -> RandomLayer:
        """The function with layers of these kinds, one behind the other, and inputs for it."""
        value: SSAValue = self.block.args[0]
        for number, kind in enumerate(kinds):
            value = self.add(getattr(self, kind)(f"{kind}{number}", value))
        if self.sizes.residual and self.draw(st.booleans()):
            value = self.add(self.residual("add", value))
        return self.returning(value)

    def add(self, layer: LayerOperation) -> SSAValue:
        """Puts a layer at the end of the network; gives what it makes."""
        self.block.add_op(layer)
        return layer.result

    def returning(self, value: SSAValue) -> RandomLayer:
        """The network that returns a value, and inputs for it."""
        self.block.add_op(ReturnOp(value))
        self.function.update_function_type()
        module = ModuleOp([self.function])
        module.verify()
        arguments = self.block.args
        return RandomLayer(
            module,
            tuple(self.array(dtype_of(x), *tensor_type(x).get_shape()) for x in arguments),
            tuple(map(layout_of, arguments)),
            layout_of(value),
        )

    def dw(self, label: str, x: SSAValue) -> LayerOperation:
        _, channels, height, width = tensor_type(x).get_shape()
        window = self.window(height, width)
        fy, fx = window.kernel
        return DepthwiseOp(
            label,
            x,
            *self.parameters(channels, 1, fy, fx),
            window,
            self.requant(fy * fx, channels),
            self.type((1, channels, *window.output_size(height, width))),
            input_zero_point=self.zero_point(x),
        )

    def pw(self, label: str, x: SSAValue) -> LayerOperation:
        _, channels, height, width = tensor_type(x).get_shape()
        kernels = self.kernels()
        return PointwiseOp(
            label,
            x,
            *self.parameters(kernels, channels),
            self.requant(channels, kernels),
            self.type((1, kernels, height, width)),
            input_zero_point=self.zero_point(x),
        )

    def residual(self, label: str, x: SSAValue) -> LayerOperation:
        """An addition of what the chain makes and of something else."""
        shape = tensor_type(x).get_shape()
        other = self.addend(shape)
        lhs, rhs = (other, x) if self.draw(st.booleans()) else (x, other)
        return AddOp(
            label,
            lhs,
            rhs,
            RequantAttr.of([1], [2**12], clip=(0, 127)),
            self.type(shape),
            multipliers=(3000, 2500),
            zero_points=(self.zero_point(lhs), self.zero_point(rhs)),
        )

    def addend(self, shape: Sequence[int]) -> SSAValue:
        """An input of the network that has this shape."""
        same = [value for value in self.block.args if tensor_type(value).get_shape() == shape]
        return same[0] if same else self.block.insert_arg(self.type(shape), 1)

    def window(self, height: int, width: int) -> WindowAttr:
        """The window of a depthwise layer on a map of this size."""
        fy, fx = self.draw(st.sampled_from(EXTENTS))
        fy, fx = min(fy, height), min(fx, width)
        sy, sx = (self.draw(st.integers(1, min(2, extent))) for extent in (fy, fx))
        most = (fy - sy, fx - 1, max(fy - 1, 0), fx - 1)
        return WindowAttr.of((fy, fx), (sy, sx), [self.draw(st.integers(0, pad)) for pad in most])

    def kernels(self) -> int:
        """Output channels of a pointwise layer."""
        return self.draw(st.integers(*self.sizes.channels))

    def layout(self) -> Layout:
        return self.draw(st.sampled_from(list(Layout)))

    def type(self, shape: Sequence[int]):
        dtype = self.draw(st.sampled_from([np.int8, np.uint8]))
        return activation_type(shape, dtype, self.layout())

    def zero_point(self, value: SSAValue) -> int:
        limits = np.iinfo(dtype_of(value))
        return self.draw(st.integers(int(limits.min), int(limits.max)))

    def array(self, dtype: npt.DTypeLike, *shape: int) -> npt.NDArray[np.integer]:
        limits = np.iinfo(dtype)
        return self.random.integers(limits.min, limits.max + 1, shape, dtype)

    def parameters(self, kernels: int, *shape: int) -> tuple[SSAValue, SSAValue]:
        arrays = (
            self.array(np.int8, kernels, *shape),
            self.random.integers(-5000, 5000, kernels, np.int32),
        )
        constants = [ConstantOp.of(array) for array in arrays]
        self.block.add_ops(constants)
        return constants[0].result, constants[1].result

    def requant(self, taps: int, channels: int) -> RequantAttr:
        """Sums of so many products to about the range of int8, by one scale or one a channel."""
        count = self.draw(st.sampled_from([1, channels]))
        factors = self.random.uniform(0.5, 1.5, count)
        multipliers = [int(2**20 * 50 / (70 * 70 * taps**0.5) * factor) for factor in factors]
        return RequantAttr.of(multipliers, [2**20], zero_point=20, clip=(0, 127))


@st.composite
def random_chains(
    draw: st.DrawFn, patterns: Sequence[Sequence[str]], sizes: Sizes | None = None
) -> RandomLayer:
    """Layers of one of the patterns of `dw` and `pw`, and perhaps a residual addition."""
    return ChainMaker(draw, sizes or Sizes()).make(draw(st.sampled_from(patterns)))


def chain_of(module: ModuleOp) -> list[LayerOperation]:
    """All layers of a network."""
    ops = network_of(module).body.block.ops
    return [op for op in ops if isinstance(op, LayerOperation)]
