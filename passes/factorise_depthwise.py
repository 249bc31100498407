"""Makes axial layers of depthwise ones: a row filter and a column filter (FuSeConv)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    ConcatOp,
    ConstantOp,
    DepthwiseOp,
    PointwiseOp,
    SliceOp,
    activation_type,
    dtype_of,
    layout_of,
    tensor_type,
)
from dsconv.passes.analysis.diagnostics import OperationError

Integers = npt.NDArray[np.int64]

LARGEST_MULTIPLIER = 2**31 - 1
LARGEST_BIAS = 2**31 - 1


@dataclass(frozen=True)
class Filter:
    """One of two filters: its word, channels, and the axis (0 rows, 1 columns) with one tap."""

    word: str
    channels: slice
    flat_axis: int


def of_channels(values: Sequence[int], channels: slice) -> list[int]:
    """Values for a part of the channels; one value stands for all."""
    return list(values) if len(values) == 1 else list(values)[channels]


def scaled_requant(requant: RequantAttr, channels: slice, factors: Integers) -> RequantAttr | None:
    """The requantisation of accumulators that are smaller by a factor in each channel.

    None where its numbers would not fit.
    """
    multipliers, addends, divisors = (
        np.resize(np.asarray(of_channels(values, channels), np.float64), len(factors))
        for values in (requant.multipliers, requant.addends, requant.divisors)
    )
    multipliers = multipliers * factors
    shift = 0
    while np.abs(multipliers).max() / 2**shift > LARGEST_MULTIPLIER:
        shift += 1
    if divisors.min() < 2**shift:
        return None
    numbers = (np.rint(values / 2**shift) for values in (multipliers, divisors, addends))
    return requant.with_factors(*map(one_or_all, numbers))


def one_or_all(values: npt.NDArray[np.float64]) -> list[int]:
    """Whole numbers, one where all channels have the same."""
    whole = [int(value) for value in values]
    return whole[:1] if len(set(whole)) == 1 else whole


def branch(op: DepthwiseOp, filter: Filter) -> tuple[list[Operation], SSAValue] | None:
    """A slice where a part of the input is read, and a depthwise layer with one tap along an axis.

    Along that axis it reads what the middle of the window read. Taps are sums over the axis,
    divided where they leave int8. None where that cannot be written.
    """
    window, axis = op.window, filter.flat_axis
    zero_points = np.asarray(op.weight_zero_points.get_values(), np.int64)
    weights = op.weight_array.astype(np.int64) - zero_points.reshape(-1, 1, 1, 1)
    taps = weights[filter.channels].sum(axis=axis + 2, keepdims=True)
    factors = np.maximum(np.abs(taps).max(axis=(1, 2, 3)) / 127, 1)
    requant = scaled_requant(op.requant, filter.channels, factors)
    if requant is None:
        return None
    kernels = np.rint(taps / factors.reshape(-1, 1, 1, 1)).astype(np.int8)
    bias = np.rint(op.bias_array[filter.channels] / factors).astype(np.int32)

    sizes = list(tensor_type(op.input).get_shape()[2:])
    outputs = tensor_type(op.result).get_shape()[2:]
    stride, taps_there = window.strides[axis], window.kernel[axis]
    first = (taps_there - 1) // 2 * window.dilations[axis] - window.pads[axis]
    last = first + (outputs[axis] - 1) * stride + 1
    pads = list(window.pads)
    pads[axis], pads[axis + 2] = max(-first, 0), max(last - sizes[axis], 0)
    begin, end = max(first, 0), min(last, sizes[axis])
    reached = (sizes[axis] - begin + pads[axis] + pads[axis + 2] - 1) // stride + 1
    if begin == 0 and reached == outputs[axis]:
        end = sizes[axis]

    written: list[Operation] = []
    source = op.input
    sizes[axis] = end - begin
    part = [filter.channels.start, 0, 0]
    part[axis + 1] = begin
    shape = (1, len(kernels), *sizes)
    if shape != tensor_type(op.input).get_shape():
        type_ = activation_type(shape, dtype_of(op.input), layout_of(op.input))
        written.append(SliceOp(f"{op.label}/{filter.word}/part", op.input, part, type_))
        source = written[-1].results[0]
    kernel, dilations = list(window.kernel), list(window.dilations)
    kernel[axis] = dilations[axis] = 1
    constants = (ConstantOp.of(kernels), ConstantOp.of(bias))
    layer = DepthwiseOp(
        f"{op.label}/{filter.word}",
        source,
        constants[0].result,
        constants[1].result,
        WindowAttr.of(kernel, window.strides, pads, dilations),
        requant,
        activation_type((1, len(kernels), *outputs), dtype_of(op.result), layout_of(op.result)),
        input_zero_point=op.zero_point,
    )
    return [*written, *constants, layer], layer.result


def widened(reader: PointwiseOp, source: SSAValue) -> list[Operation] | None:
    """A pointwise layer on the channels of both filters, each weighing half; None on overflow."""
    bias = 2 * reader.bias_array.astype(np.int64)
    if np.abs(bias).max() > LARGEST_BIAS or reader.gives_accumulators:
        return None
    weights = np.tile(reader.weight_array, (1, 2))
    requant = reader.requant.with_factors(
        reader.requant.multipliers,
        [2 * divisor for divisor in reader.requant.divisors],
        [2 * addend for addend in reader.requant.addends],
    )
    constants = (ConstantOp.of(weights), ConstantOp.of(bias.astype(np.int32)))
    layer = PointwiseOp(
        reader.label,
        source,
        constants[0].result,
        constants[1].result,
        requant,
        tensor_type(reader.result),
        input_zero_point=reader.zero_point,
        weight_zero_points=reader.weight_zero_points.get_values(),
    )
    return [*constants, layer]


def refusal(op: DepthwiseOp, *, full: bool) -> str | None:
    """Why a layer cannot become axial; None where it can, as far as its neighbours tell."""
    if min(op.window.kernel) == 1:
        return "has taps along one axis alone"
    if tensor_type(op.result).get_shape()[1] < 2:
        return "has one channel, which has no halves"
    for use in op.result.uses if full else ():
        if not isinstance(use.operation, PointwiseOp):
            reader = getattr(use.operation, "label", use.operation.name)
            return (
                f'is read by "{reader}", and only pointwise layers can read twice as many '
                "channels; take variant=half, or dsconv axial on the float network"
            )
    return None


@dataclass(frozen=True)
class FactoriseLayer(RewritePattern):
    """Writes two filters and a concat in place of a depthwise layer; of those named, if any are.

    Raises DiagnosticException where a named layer cannot become axial.
    """

    full: bool
    layers: tuple[str, ...]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: DepthwiseOp, rewriter: PatternRewriter) -> None:
        if self.layers and op.label not in self.layers:
            return
        reason = refusal(op, full=self.full) or self._factorise(op, rewriter)
        if reason is not None and self.layers:
            raise OperationError(op, f'layer "{op.label}" {reason}')

    def _factorise(self, op: DepthwiseOp, rewriter: PatternRewriter) -> str | None:
        """Rewrites a layer; why not where its numbers do not fit."""
        channels = tensor_type(op.result).get_shape()[1]
        middle = ceil(channels / 2)
        parts = (slice(0, middle), slice(middle, channels))
        if self.full:
            parts = (slice(0, channels), slice(0, channels))
        rows = branch(op, Filter("rows", parts[0], 0))
        columns = branch(op, Filter("columns", parts[1], 1))
        if rows is None or columns is None:
            return "has a requantisation whose numbers would not fit"
        outputs = [rows[1], columns[1]]
        shape = list(tensor_type(op.result).get_shape())
        shape[1] = sum(tensor_type(value).get_shape()[1] for value in outputs)
        type_ = activation_type(shape, dtype_of(op.result), layout_of(op.result))
        concat = ConcatOp(op.label, outputs, type_)
        readers = [use.operation for use in op.result.uses] if self.full else []
        wider = {
            reader: widened(reader, concat.result)
            for reader in readers
            if isinstance(reader, PointwiseOp)
        }
        if any(operations is None for operations in wider.values()):
            return "is read by a layer whose bias, doubled, would not fit"
        rewriter.insert([*rows[0], *columns[0], concat])
        for reader, operations in wider.items():
            rewriter.replace(reader, operations or [])
        rewriter.replace(op, [], [None if self.full else concat.result])
        return None


@dataclass(frozen=True)
class FactoriseDepthwisePass(ModulePass):
    """KxK depthwise layers become axial: 1xK and Kx1 ones and a concat (arXiv 2105.13434).

    `half` gives each filter a half of the channels; `full` gives both all of them, where only
    pointwise layers read them, which grow. `layers` names some; a named one that cannot become
    axial is an error. By default all change that can. **It changes what is computed**: filters are
    sums of the old ones over an axis, a start for training, so it belongs to no default pipeline.
    `--verify-each` begins anew behind it.
    """

    name = "factorise-depthwise"

    CHANGES_VALUES: ClassVar[bool] = True

    variant: Literal["half", "full"] = "half"
    layers: tuple[str, ...] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        known = {layer.label for layer in op.walk() if isinstance(layer, DepthwiseOp)}
        for name in self.layers:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise DiagnosticException(f'no depthwise layer "{name}"; there are: {there}')
        pattern = FactoriseLayer(self.variant == "full", self.layers)
        PatternRewriteWalker(pattern, apply_recursively=False).rewrite_module(op)
