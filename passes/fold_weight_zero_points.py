"""Makes weights int8 without zero points, channel by channel, where that is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i32
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from dsconv.dialects.graph import ConstantOp, WeightedOperation
from dsconv.passes.analysis.weight_packing import signed_weights


class FoldWeightZeroPoints(RewritePattern):
    """Replaces `w - zw` by one int8 weight in every channel where it fits."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: WeightedOperation, rewriter: PatternRewriter) -> None:
        weights, zero_points = signed_weights(op)
        per_channel = zero_points.reshape(-1, *[1] * (weights.ndim - 1))
        centred = weights.astype(np.int64) - per_channel
        flat = centred.reshape(len(weights), -1)
        fits = (flat.min(axis=1) >= -128) & (flat.max(axis=1) <= 127)
        if op.weight_array.dtype == np.int8 and not (fits & (zero_points != 0)).any():
            return
        chosen = np.where(fits.reshape(per_channel.shape), centred, weights).astype(np.int8)
        rest = np.where(fits, 0, zero_points)
        rewriter.insert(constant := ConstantOp.of(chosen))
        op.operands[1] = constant.result
        op.properties.pop("weight_zero_points", None)
        if rest.any():
            op.properties["weight_zero_points"] = DenseArrayBase.from_list(i32, rest.tolist())
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class FoldWeightZeroPointsPass(ModulePass):
    """Weights become si8; zero points remain only in channels where `w - zw` leaves int8."""

    name = "fold-weight-zero-points"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(FoldWeightZeroPoints(), apply_recursively=False).rewrite_module(op)
