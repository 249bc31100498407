"""xDSL's canonicalization, a function at a time: each is visited until it changes no more.

`canonicalize` visits a whole module until nothing in it changes; a network has a function for every
kernel, most of which are done after fewer rounds than the one that takes longest.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import GreedyRewritePatternApplier, PatternRewriteWalker
from xdsl.transforms.canonicalize import CanonicalizationRewritePattern
from xdsl.transforms.dead_code_elimination import region_dce


@dataclass(frozen=True)
class CanonicalizeFunctionsPass(ModulePass):
    """Applies all canonicalization patterns, and folds, in every function of a module."""

    name = "canonicalize-functions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        pattern = GreedyRewritePatternApplier(
            [CanonicalizationRewritePattern()], ctx=ctx, folding_enabled=True
        )
        walker = PatternRewriteWalker(pattern, post_walk_func=region_dce)
        for function in op.body.block.ops:
            if isinstance(function, FuncOp):
                walker.rewrite_region(function.body)
