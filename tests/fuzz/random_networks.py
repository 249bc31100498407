"""Random networks at the graph level: chains of random layers, some joined with earlier results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter
from random_layers import BINARY, KINDS, Array, Dtype, LayerMaker
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import IntTensorType, activation_type, dtype_of, tensor_type

MOST_LAYERS = 6
LARGEST_MAP = 24
MOST_CHANNELS = 48
MOST_FEATURES = 4096
"""Of a fully connected layer, whose weights are C text to compile."""
MOST_INPUTS = 3
OFTEN = ("depthwise", "pointwise") * 2
"""Kinds that are drawn more often than others, so that there are chains of them to fuse."""


@dataclass(frozen=True, repr=False)
class RandomNetwork:
    """A network of one input and one output, and (1, C, H, W) inputs for it."""

    module: ModuleOp
    kinds: tuple[str, ...]
    inputs: tuple[Array, ...]

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        printer.text(f"<{' '.join(self.kinds)} on {len(self.inputs)} x {self.inputs[0].shape}>")


class NextLayer(LayerMaker):
    """Draws a layer for operands that are there; `last` gives it a layout in any case."""

    MOST_CHANNELS = MOST_CHANNELS

    def __init__(
        self,
        draw: st.DrawFn,
        kind: str,
        operands: Sequence[SSAValue],
        *,
        axis: int = 1,
        last: bool = False,
        gives_sums: bool = False,
    ):
        self.gives_sums = gives_sums
        types = [tensor_type(value) for value in operands]
        self.draw, self.kind, self.axis, self.last = draw, kind, axis, last
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        _, self.channels, self.height, self.width = types[0].get_shape()
        self.dtypes: list[Dtype] = [dtype_of(value) for value in operands]
        self.function = FuncOp("net", (types, []))
        self.block = self.function.body.block

    def result_type(self, dtype: Dtype, channels: int, size: tuple[int, int]) -> IntTensorType:
        """Between layers without a layout too, as the front ends leave it to select-layout."""
        type_ = super().result_type(dtype, channels, size)
        if self.last or self.draw(st.booleans()):
            return type_
        return TensorType(type_.element_type, type_.get_shape())

    def append_to(self, network: FuncOp, label: str, operands: Sequence[SSAValue]) -> SSAValue:
        """Moves the layer and its constants to the end of a network; returns its result."""
        self.make()
        for argument, value in zip(self.block.args, operands, strict=True):
            argument.replace_all_uses_with(value)
        *operations, _ = self.block.ops
        for operation in operations:
            operation.detach()
        network.body.block.add_ops(operations)
        layer = operations[-1]
        layer.properties["layer"] = StringAttr(label)
        return layer.results[0]


@st.composite
def random_networks(draw: st.DrawFn) -> RandomNetwork:
    """Layers of any kind; some maps are larger than a small L1, some layers than a small L2."""
    sizes = st.integers(1, LARGEST_MAP)
    shape = (1, draw(st.integers(1, MOST_CHANNELS)), draw(sizes), draw(sizes))
    dtype = draw(st.sampled_from([np.int8, np.uint8]))
    layout = draw(st.sampled_from(list(Layout)))
    network = FuncOp("net", ([activation_type(shape, dtype, layout)], []))
    values: list[SSAValue] = list(network.body.block.args)
    kinds: list[str] = []
    layers = draw(st.integers(1, MOST_LAYERS))
    for number in range(layers):
        kind = draw(st.sampled_from(_kinds_for(values[-1])))
        operands, axis = [values[-1]], draw(st.integers(1, 3))
        if kind in BINARY:
            operands.append(draw(st.sampled_from(_partners(values))))
        if kind == "concat":
            operands += draw(st.lists(st.sampled_from(_neighbours(values, axis)), max_size=2))
        if kind in ("steps", "sum_steps"):
            dense = draw(st.sampled_from(("conv2d", "depthwise", "pointwise")))
            summing = NextLayer(draw, dense, operands[:1], gives_sums=True)
            sums = summing.append_to(network, f"sums_{number}", operands[:1])
            operands = [sums, *_broadcasting(operands[1:], sums)]
        layer = NextLayer(draw, kind, operands, axis=axis, last=number + 1 == layers)
        values.append(layer.append_to(network, f"{kind}_{number}", operands))
        kinds.append(kind)
    network.body.block.add_op(ReturnOp(values[-1]))
    network.update_function_type()
    module = ModuleOp([network])
    module.verify()
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    limits = np.iinfo(dtype)
    count = draw(st.integers(1, MOST_INPUTS))
    inputs = generator.integers(limits.min, limits.max + 1, (count, *shape), dtype)
    return RandomNetwork(module, tuple(kinds), tuple(inputs))


def _kinds_for(value: SSAValue) -> list[str]:
    features = prod(tensor_type(value).get_shape())
    return [kind for kind in (*KINDS, *OFTEN) if kind != "linear" or features <= MOST_FEATURES]


def _partners(values: Sequence[SSAValue]) -> list[SSAValue]:
    """What may be combined with the last value: of its shape, or with one channel, row, column."""
    return _broadcasting(values, values[-1])


def _broadcasting(values: Sequence[SSAValue], over: SSAValue) -> list[SSAValue]:
    """Those of some values that are as large as another one or broadcast over it."""
    whole = tensor_type(over).get_shape()
    return [
        value
        for value in values
        if all(
            size in (1, of) for size, of in zip(tensor_type(value).get_shape(), whole, strict=True)
        )
    ]


def _neighbours(values: Sequence[SSAValue], axis: int) -> list[SSAValue]:
    """What may lie beside the last value along an axis: alike otherwise."""

    def likeness(value: SSAValue) -> tuple[object, ...]:
        type_ = tensor_type(value)
        shape = type_.get_shape()
        return shape[:axis], shape[axis + 1 :], type_.element_type

    return [value for value in values if likeness(value) == likeness(values[-1])]
