"""Which functions of a module are networks; passes leave the others alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.tiled import BufferOp, L3TransferOp, L3WaitOp, LayerOp
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.analysis.rematerialise import is_copyable

BETWEEN_LAYERS = (BufferOp, L3TransferOp, L3WaitOp)


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
            raise OperationError(
                function,
                f'network "{function.sym_name.data}" has {len(function.body.blocks)} blocks; '
                "layers come one after the other in a single block",
            )
    return found


def follows_at_once(layer: LayerOp, following: LayerOp) -> bool:
    """Whether all between two layers is known not to use L1."""
    op = layer.next_op
    while op is not None and (isinstance(op, BETWEEN_LAYERS) or is_copyable(op)):
        op = op.next_op
    return op is following


def neighbours(function: FuncOp) -> Iterator[tuple[LayerOp, LayerOp, bool]]:
    """The layers of a network, pair by pair, and whether the second follows the first at once."""
    layers = [op for op in function.body.block.ops if isinstance(op, LayerOp)]
    for layer, following in pairwise(layers):
        yield layer, following, follows_at_once(layer, following)


def first_layer(function: FuncOp) -> LayerOp:
    """The first layer of a network."""
    return next(op for op in function.body.block.ops if isinstance(op, LayerOp))
