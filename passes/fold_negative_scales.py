"""Turns channels around whose requantisation multiplies by less than 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from dsconv.dialects.graph import ConstantOp, WeightedOperation


class FoldNegativeScales(RewritePattern):
    """Negates weights, bias and multiplier of every channel whose multiplier is negative.

    The product of sum and multiplier stays what it is, and so does all that comes behind it.
    """

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: WeightedOperation, rewriter: PatternRewriter) -> None:
        weights, bias = op.weight_array, op.bias_array
        if weights.dtype != np.int8 or any(op.weight_zero_points.get_values()):
            return
        multipliers = np.array(np.broadcast_to(op.requant.multipliers, len(weights)))
        flat = weights.reshape(len(weights), -1)
        can_turn = (flat.min(axis=1) > -128) & (bias > np.iinfo(np.int32).min)
        turns = (multipliers < 0) & can_turn
        if not turns.any():
            return
        signs = np.where(turns, -1, 1)
        per_channel = signs.reshape(-1, *[1] * (weights.ndim - 1))
        turned = ConstantOp.of((weights * per_channel).astype(np.int8))
        turned_bias = ConstantOp.of((bias * signs).astype(np.int32))
        rewriter.insert([turned, turned_bias])
        op.operands[1], op.operands[2] = turned.result, turned_bias.result
        requant = op.requant
        op.properties["requant"] = requant.with_factors(
            (multipliers * signs).tolist(), requant.divisors, requant.addends
        )
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class FoldNegativeScalesPass(ModulePass):
    """Multipliers become positive, so that outputs rise with sums; a weight of -128 stays."""

    name = "fold-negative-scales"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(FoldNegativeScales(), apply_recursively=False).rewrite_module(op)
