"""Makes padding in memory a part of the windows that read it, where it is a real 0."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import AveragePoolOp, ConvolutionOperation, PadOp


def padded_window(layer: Operation, pad: PadOp) -> WindowAttr | None:
    """The window of a layer that pads for itself what `pad` does; None where that is different."""
    if not isinstance(layer, ConvolutionOperation | AveragePoolOp):
        return None
    counts_pads = not isinstance(layer, AveragePoolOp) or layer.counted_pads is None
    if not counts_pads or layer.zero_point != pad.value.value.data:
        return None
    window = layer.window
    pads = list(map(sum, zip(window.pads, pad.pads.get_values(), strict=True)))
    if any(added >= extent for added, extent in zip(pads, window.extent * 2, strict=True)):
        return None
    return WindowAttr.of(window.kernel, window.strides, pads, window.dilations)


class FoldPads(RewritePattern):
    """Layers that read a pad read its input instead, through a window with more padding."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: PadOp, rewriter: PatternRewriter) -> None:
        for use in list(op.result.uses):
            layer = use.operation
            window = padded_window(layer, op)
            if window is not None:
                layer.operands[use.index] = op.input
                layer.properties["window"] = window
                rewriter.notify_op_modified(layer)
        if not op.result.uses:
            rewriter.erase(op)


@dataclass(frozen=True)
class FoldPadsPass(ModulePass):
    """Folds `dsconv.pad` into convolutions and average pools for which it is a real 0.

    Windows that would lie in the padding alone are left as they are.
    """

    name = "fold-pads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(FoldPads(), apply_recursively=False).rewrite_module(op)
