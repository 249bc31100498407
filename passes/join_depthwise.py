"""Makes one depthwise layer of several that filter parts of the channels, as axial layers do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    ConcatOp,
    ConstantOp,
    DepthwiseOp,
    SliceOp,
    dtype_of,
    tensor_type,
)
from dsconv.dialects.reference import IntArray

MOST_TAPS = 9
"""Of a joined window. On pulp_open a 3x3 layer is faster than a 1x3 and a 3x1 one with slices and
concat (pairs of layers with the pointwise one behind them: 119,710 against 127,923 cycles), a 5x5
one slower (200,153 against 147,029)."""


@dataclass(frozen=True)
class Branch:
    """A depthwise layer that reads a part of `source`: `first` is its channel, row and column."""

    layer: DepthwiseOp
    source: SSAValue
    first: tuple[int, ...]

    @staticmethod
    def of(value: SSAValue) -> Branch | None:
        """The branch that makes a value for one reader; None where another layer makes it."""
        layer = value.owner
        if not isinstance(layer, DepthwiseOp) or not value.has_one_use():
            return None
        if layer.window.dilations != (1, 1):
            return None
        part = layer.input.owner
        if isinstance(part, SliceOp) and part.window.strides == (1, 1):
            return Branch(layer, part.input, part.first.get_values())
        return Branch(layer, layer.input, (0, 0, 0))

    @property
    def channels(self) -> int:
        """Channels of the branch."""
        return tensor_type(self.layer.result).get_shape()[1]

    def first_tap(self, axis: int) -> int:
        """Row (axis 0) or column (1) of the source under the first tap of the first window."""
        return self.first[1 + axis] - self.layer.window.pads[axis]

    def pads_inside(self) -> bool:
        """Whether it takes a part of the map and pads where the rest of the map lies."""
        pads = self.layer.window.pads
        part, whole = (
            tensor_type(value).get_shape()[2:] for value in (self.layer.input, self.source)
        )
        return any(
            (self.first[1 + axis] > 0 and pads[axis] > 0)
            or (self.first[1 + axis] + part[axis] < whole[axis] and pads[axis + 2] > 0)
            for axis in (0, 1)
        )


def common_requant(branches: Sequence[Branch]) -> RequantAttr | None:
    """The requantisation of all channels; None where branches differ in more than factors."""
    requants = [branch.layer.requant for branch in branches]
    first = requants[0]
    alike = (first.rounding_name, first.limits)
    if any((requant.rounding_name, requant.limits) != alike for requant in requants):
        return None
    return first.with_factors(
        of_all_channels(branches, [requant.multipliers for requant in requants]),
        of_all_channels(branches, [requant.divisors for requant in requants]),
        of_all_channels(branches, [requant.addends for requant in requants]),
    )


def of_all_channels(branches: Sequence[Branch], values: Sequence[Sequence[int]]) -> list[int]:
    """Values of all branches, of which each has one, or one a channel; one where all are equal."""
    found = [
        value
        for branch, own in zip(branches, values, strict=True)
        for value in np.broadcast_to(own, branch.channels).tolist()
    ]
    return found[:1] if len(set(found)) == 1 else found


def common_window(branches: Sequence[Branch]) -> WindowAttr | None:
    """The least window that holds those of all branches where they lie; None for a large one."""
    first = branches[0]
    strides = first.layer.window.strides
    sizes = tensor_type(first.source).get_shape()[2:]
    outputs = tensor_type(first.layer.result).get_shape()[2:]
    kernel: list[int] = []
    before: list[int] = []
    after: list[int] = []
    for axis in (0, 1):
        starts = [branch.first_tap(axis) for branch in branches]
        start = min(0, *starts)
        taps = max(
            own - start + branch.layer.window.kernel[axis]
            for own, branch in zip(starts, branches, strict=True)
        )
        reach = start + (outputs[axis] - 1) * strides[axis] + taps
        kernel.append(taps)
        before.append(-start)
        after.append(max(0, reach - sizes[axis]))
    if prod(kernel) > MOST_TAPS:
        return None
    window = WindowAttr.of(kernel, strides, [*before, *after])
    return window if window.output_size(*sizes) == outputs else None


def placed_weights(branch: Branch, window: WindowAttr) -> IntArray:
    """Weights of a branch in a window that holds its own; zero points elsewhere."""
    layer = branch.layer
    zero_points = np.asarray(layer.weight_zero_points.get_values(), layer.weight_array.dtype)
    shape = (branch.channels, 1, *window.kernel)
    weights = np.array(np.broadcast_to(zero_points.reshape(-1, 1, 1, 1), shape))
    row, column = (branch.first_tap(axis) + window.pads[axis] for axis in (0, 1))
    fy, fx = layer.window.kernel
    weights[:, :, row : row + fy, column : column + fx] = layer.weight_array
    return weights


def covers_source(branches: Sequence[Branch]) -> bool:
    """Whether the branches take the channels of one source one after the other, all of them."""
    source = branches[0].source
    ends = accumulate(branch.channels for branch in branches)
    starts = [0, *ends]
    return (
        all(branch.source == source for branch in branches)
        and [branch.first[0] for branch in branches] == starts[:-1]
        and tensor_type(source).get_shape()[1] == starts[-1]
    )


def are_alike(branches: Sequence[Branch]) -> bool:
    """Whether one layer can have the strides, zero point and types of all branches."""
    found = {
        (
            branch.layer.window.strides,
            branch.layer.zero_point,
            branch.layer.weight_array.dtype,
            dtype_of(branch.layer.result),
        )
        for branch in branches
    }
    return len(found) == 1


class JoinDepthwise(RewritePattern):
    """Replaces a concat of depthwise layers by one whose window holds the windows of all."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ConcatOp, rewriter: PatternRewriter) -> None:
        found = [Branch.of(value) for value in op.inputs]
        branches = [branch for branch in found if branch is not None]
        if op.joined_axis != 1 or len(branches) < max(len(found), 2):
            return
        if not covers_source(branches) or not are_alike(branches):
            return
        if any(branch.pads_inside() for branch in branches):
            return
        window, requant = common_window(branches), common_requant(branches)
        if window is None or requant is None:
            return
        layers = [branch.layer for branch in branches]
        weights = ConstantOp.of(
            np.concatenate([placed_weights(branch, window) for branch in branches])
        )
        bias = ConstantOp.of(np.concatenate([layer.bias_array for layer in layers]))
        zero_points = of_all_channels(
            branches, [layer.weight_zero_points.get_values() for layer in layers]
        )
        joined = DepthwiseOp(
            op.label,
            branches[0].source,
            weights.result,
            bias.result,
            window,
            requant,
            tensor_type(op.result),
            input_zero_point=layers[0].zero_point,
            weight_zero_points=zero_points,
        )
        parts = [layer.input.owner for layer in layers]
        rewriter.replace(op, [weights, bias, joined])
        for layer in layers:
            rewriter.erase(layer)
        for part in parts:
            if isinstance(part, SliceOp) and not part.result.uses:
                rewriter.erase(part)


@dataclass(frozen=True)
class JoinDepthwisePass(ModulePass):
    """A concat of depthwise layers on parts of one map's channels becomes one depthwise layer.

    Its window of up to 9 taps holds the window of every branch, with weights of 0 around it. An
    axial-half layer (a 1x3 and a 3x1 filter, FuSeConv, arXiv 2105.13434) so becomes a 3x3 one: more
    products, but no slices, no concat, and the next pointwise layer may be fused with it.
    """

    name = "join-depthwise"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(JoinDepthwise(), apply_recursively=False).rewrite_module(op)
