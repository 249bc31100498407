"""Calls of networks, whose functions take buffers once they are lowered."""

from __future__ import annotations

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, ModuleOp, UnrealizedConversionCastOp
from xdsl.dialects.func import CallOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import tensor_bytes, tensor_type
from dsconv.dialects.tiled import buffer_type
from dsconv.passes.analysis.diagnostics import OperationError


def pass_buffers(module: ModuleOp, network: str) -> None:
    """Calls of a network pass buffers in L2: of their operands, and new ones of their results.

    `builtin.unrealized_conversion_cast` stands between a tensor and its bytes.
    """
    for call in _calls(module, network):
        given = [_cast(value, _bytes_of(value)) for value in call.arguments]
        made = [memref.AllocOp([], [], _bytes_of(value)) for value in call.results]
        buffers = [cast.results[0] for cast in given] + [new.memref for new in made]
        read = [
            _cast(new.memref, result.type) for new, result in zip(made, call.results, strict=True)
        ]
        operations: list[Operation] = [*given, *made, CallOp(call.callee, buffers, []), *read]
        Rewriter.insert_op(operations, InsertPoint.before(call))
        Rewriter.replace_op(call, [], [cast.results[0] for cast in read])


def check_not_called(module: ModuleOp, network: str, lowering: str) -> None:
    """Raises DiagnosticException where a network is called whose lowering does without callers."""
    for call in _calls(module, network):
        raise OperationError(
            call,
            f'network "{network}" is called in the module; {lowering} gives it buffers for its '
            "inputs and outputs, so call it where those are",
        )


def _calls(module: ModuleOp, network: str) -> list[CallOp]:
    return [
        op for op in module.walk() if isinstance(op, CallOp) and op.callee.string_value() == network
    ]


def _bytes_of(value: SSAValue) -> MemRefType:
    return buffer_type(tensor_bytes(tensor_type(value)), Space.L2)


def _cast(value: SSAValue, type_: Attribute) -> UnrealizedConversionCastOp:
    return UnrealizedConversionCastOp.get([value], [type_])
