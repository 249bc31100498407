"""A compiler of one's own around dsconv: its pass first, then all that networks go through.

`python embed.py module.mlir` prints the module in upstream MLIR's dialects.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, ModuleOp, TensorType, UnregisteredOp
from xdsl.parser import Parser
from xdsl.passes import ModulePass, PassPipeline
from xdsl.rewriter import Rewriter
from xdsl.universe import Universe

from dsconv.driver.pipeline import default_pipeline
from dsconv.targets import load_target

TARGET = "pulp_open"


@dataclass(frozen=True)
class LowerClipPass(ModulePass):
    """`mine.clip`, an operation of the compiler around, becomes operations of arith."""

    name = "lower-clip"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for clip in list(op.walk()):
            if isinstance(clip, UnregisteredOp) and clip.op_name.data == "mine.clip":
                bounds = [self._bound(clip, name) for name in ("low", "high")]
                above = arith.MaxSIOp(clip.operands[0], bounds[0])
                between = arith.MinSIOp(above, bounds[1])
                Rewriter.replace_op(clip, [*bounds, above, between])

    def _bound(self, clip: UnregisteredOp, name: str) -> arith.ConstantOp:
        type_ = clip.results[0].type
        assert isinstance(type_, TensorType), "mine.clip is defined on tensors"
        value = clip.attributes[name].value.data  # pyright: ignore[reportAttributeAccessIssue]
        return arith.ConstantOp(DenseIntOrFPElementsAttr.from_list(type_, [value]))


def embed(text: str) -> ModuleOp:
    """A module of TOSA and others' functions, with networks that upstream MLIR compiles."""
    context = Context(allow_unregistered=True)
    universe = Universe.get_multiverse()
    for name, dialect in universe.all_dialects.items():
        context.register_dialect(name, dialect)
    module = Parser(context, text).parse_module()
    pipeline = (
        f"lower-clip,convert-tosa-to-dsconv,{default_pipeline(load_target(TARGET))},"
        "lower-to-upstream,canonicalize,cse"
    )
    passes = {**universe.all_passes, LowerClipPass.name: lambda: LowerClipPass}
    PassPipeline.parse_spec(passes, pipeline).apply(context, module)
    module.verify()
    return module


if __name__ == "__main__":
    print(embed(Path(sys.argv[1]).read_text()))
