"""What every lowering of a network asks of its function."""

from __future__ import annotations

from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.graph import ConstantOp, LayerOperation
from dsconv.passes.analysis.diagnostics import OperationError, name_of, place_of


def check_layers_alone(function: FuncOp, complaint: str) -> ReturnOp:
    """The return of a network; DiagnosticException where there is more than layers to lower.

    `complaint` is what is wrong with an operation that is no layer, behind its name.
    """
    network = f'network "{function.sym_name.data}"'
    returned = function.body.block.last_op
    if not isinstance(returned, ReturnOp):
        raise OperationError(function, f"{network} does not end with func.return")
    for op in function.body.block.ops:
        if not isinstance(op, LayerOperation | ConstantOp | ReturnOp):
            raise DiagnosticException(f"{place_of(op)}{name_of(op)} in {network} {complaint}")
    for number, value in enumerate(returned.arguments):
        if not isinstance(value.owner, LayerOperation):
            raise OperationError(function, f"output {number} of {network} is not made by a layer")
    if len(set(returned.arguments)) < len(returned.arguments):
        raise OperationError(function, f"{network} returns a value twice; a layer makes one output")
    return returned
