"""Which functions of a module are networks; passes leave the others alone."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.tiled import LayerOp


def networks(module: ModuleOp, layer: type[LayerOperation] | type[LayerOp]) -> list[FuncOp]:
    """The module's functions that hold such layers: of the graph level, or of the tiled one.

    Raises DiagnosticException where one of them has several blocks.
    """
    found = [
        function
        for function in module.body.block.ops
        if isinstance(function, FuncOp)
        and any(isinstance(op, layer) for block in function.body.blocks for op in block.ops)
    ]
    for function in found:
        if len(function.body.blocks) > 1:
            raise DiagnosticException(
                f'network "{function.sym_name.data}" has {len(function.body.blocks)} blocks; '
                "layers come one after the other in a single block"
            )
    return found
