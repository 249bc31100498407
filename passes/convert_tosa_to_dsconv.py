"""Functions of quantised TOSA become networks of the graph level."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, UnrealizedConversionCastOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from dsconv.passes.tosa.conversion import Conversion, convert, is_tosa_function
from dsconv.passes.tosa.operation import UnreadableError


@dataclass(frozen=True)
class ConvertTosaToDsconvPass(ModulePass):
    """Converts functions that hold nothing but TOSA 1.0 on integers of 8 and 32 bits.

    Any other function is left as it is. Calls of a converted function get casts around them, for
    activations NHWC of i8 become tensors 1xCxHxW of si8 or ui8 in the layout hwc. With
    `softmax_to_caller`, a softmax at the end is left out, and what it takes is returned. `remarks`
    says on stderr why functions of TOSA stay.
    """

    name = "convert-tosa-to-dsconv"

    softmax_to_caller: bool = False
    remarks: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in [inner for inner in op.walk() if isinstance(inner, func.FuncOp)]:
            if not is_tosa_function(function):
                continue
            try:
                conversion = convert(function, softmax_to_caller=self.softmax_to_caller)
            except UnreadableError as error:
                if self.remarks:
                    print(f"remark: @{function.sym_name.data} stays: {error}", file=sys.stderr)
                continue
            _replace(op, function, conversion)


def _replace(module: ModuleOp, function: func.FuncOp, conversion: Conversion) -> None:
    converted, name = conversion.function, function.sym_name.data
    calls = [
        inner
        for inner in module.walk()
        if isinstance(inner, func.CallOp) and inner.callee.string_value() == name
    ]
    if calls and any(port.steps for port in conversion.outputs):
        return  # callers expect what the softmax gives
    for call in calls:
        _cast_call(call, converted)
    Rewriter.replace_op(function, converted)


def _cast_call(call: func.CallOp, converted: func.FuncOp) -> None:
    types = converted.function_type
    given = [
        UnrealizedConversionCastOp.get([operand], [type_])
        for operand, type_ in zip(call.arguments, types.inputs.data, strict=True)
    ]
    made = func.CallOp(call.callee, [cast.results[0] for cast in given], types.outputs.data)
    found = [
        UnrealizedConversionCastOp.get([result], [old.type])
        for result, old in zip(made.results, call.results, strict=True)
    ]
    Rewriter.insert_op([*given, made, *found], InsertPoint.before(call))
    for old, cast in zip(call.results, found, strict=True):
        old.replace_all_uses_with(cast.results[0])
    call.detach()
    call.erase()
