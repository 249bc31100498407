"""Random networks of slices and concats compute the same without them, in the memory planned."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    ConcatOp,
    ConstantOp,
    DepthwiseOp,
    RescaleOp,
    SliceOp,
    activation_type,
    tensor_type,
)
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.pipeline import TILED_LEVEL, run_pipeline

L1 = 300
REQUANT = RequantAttr.of([3], [4], clip=(-128, 127))


class Writer:
    """Writes layers on CHW maps of one size to a function."""

    def __init__(self, channels: int, size: tuple[int, int]):
        self.size = size
        self.function = FuncOp("net", ([self.type(channels)], []))
        self.count = 0

    def type(self, channels: int):
        return activation_type((1, channels, *self.size), np.int8, Layout.CHW)

    def label(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def rescale(self, x: SSAValue) -> SSAValue:
        op = RescaleOp(self.label("rescale"), x, REQUANT, tensor_type(x))
        self.function.body.block.add_op(op)
        return op.result

    def slice(self, x: SSAValue, first: int, channels: int) -> SSAValue:
        op = SliceOp(self.label("slice"), x, [first, 0, 0], self.type(channels))
        self.function.body.block.add_op(op)
        return op.result

    def concat(self, values: list[SSAValue]) -> SSAValue:
        channels = sum(tensor_type(value).get_shape()[1] for value in values)
        op = ConcatOp(self.label("concat"), values, self.type(channels))
        self.function.body.block.add_op(op)
        return op.result

    def depthwise(self, x: SSAValue, *, along_rows: bool) -> SSAValue:
        channels = tensor_type(x).get_shape()[1]
        kernel, pads = ((1, 3), (0, 1, 0, 1)) if along_rows else ((3, 1), (1, 0, 1, 0))
        random = np.random.default_rng(self.count)
        weights = ConstantOp.of(random.integers(-9, 9, (channels, 1, *kernel)).astype(np.int8))
        bias = ConstantOp.of(random.integers(-99, 99, channels).astype(np.int32))
        window = WindowAttr.of(kernel, pads=pads)
        op = DepthwiseOp(
            self.label("dw"), x, weights.result, bias.result, window, REQUANT, tensor_type(x)
        )
        self.function.body.block.add_ops([weights, bias, op])
        return op.result

    def module(self, outputs: list[SSAValue]) -> ModuleOp:
        self.function.body.block.add_op(ReturnOp(*outputs))
        self.function.update_function_type()
        module = ModuleOp([self.function])
        module.verify()
        return module


@st.composite
def networks(draw: st.DrawFn) -> ModuleOp:
    """Blocks of a layer, slices of it, filters of some of them, and a concat.

    Slices overlap, are read twice, sliced again, or joined as they are; what is joined may be an
    output, too.
    """
    channels = draw(st.integers(2, 6))
    writer = Writer(channels, (draw(st.integers(1, 5)), draw(st.integers(1, 5))))
    x, others = writer.function.body.block.args[0], []
    for _ in range(draw(st.integers(1, 2))):
        x = writer.rescale(x) if draw(st.booleans()) else x
        channels = tensor_type(x).get_shape()[1]
        branches: list[SSAValue] = []
        for _ in range(draw(st.integers(1, 3))):
            size = draw(st.integers(1, channels))
            part = writer.slice(x, draw(st.integers(0, channels - size)), size)
            if draw(st.booleans()):
                rest = draw(st.integers(1, size))
                part = writer.slice(part, draw(st.integers(0, size - rest)), rest)
            for along_rows in draw(st.lists(st.booleans(), max_size=2)):
                part = writer.depthwise(part, along_rows=along_rows)
            branches.append(part)
        x = writer.concat(branches)
        others += draw(st.sampled_from([[], branches[:1]]))
    if draw(st.booleans()):
        x = writer.rescale(x)
    return writer.module([x, *(value for value in dict.fromkeys(others) if value is not x)])


@settings(max_examples=20)
@given(networks(), st.sampled_from([0, 400]))
def test_nothing_changes(module: ModuleOp, l2: int) -> None:
    passes = TILED_LEVEL.replace("keep-in-l1", f"keep-in-l1{{l1={L1}}}")
    passes = passes.replace("elide-copies", f"elide-copies{{l2={l2}}}")
    run_pipeline(module, f"tile-l1{{l1={L1}}},{passes}", verify_each=True)


def test_a_slice_of_what_became_a_part() -> None:
    writer = Writer(4, (2, 2))
    x = writer.rescale(writer.function.body.block.args[0])
    ends = writer.concat([writer.slice(writer.slice(x, 1, 3), 1, 2), x])
    joined = writer.rescale(x)
    both = writer.concat([x, joined])
    module = writer.module([ends, both, writer.rescale(writer.slice(joined, 1, 2))])
    run_pipeline(module, f"tile-l1{{l1={L1}}},{TILED_LEVEL}", verify_each=True)


def test_axial_branches_need_no_copies() -> None:
    writer = Writer(4, (5, 5))
    x = writer.rescale(writer.function.body.block.args[0])
    rows = writer.depthwise(writer.slice(x, 0, 2), along_rows=True)
    columns = writer.depthwise(writer.slice(x, 2, 2), along_rows=False)
    module = writer.module([writer.rescale(writer.concat([rows, columns]))])
    run_pipeline(module, f"tile-l1{{l1={L1}}},{TILED_LEVEL}", verify_each=True)
    layers = [op.kind.data for op in module.walk() if isinstance(op, LayerOp)]
    assert layers == ["rescale", "depthwise", "depthwise", "rescale"]
