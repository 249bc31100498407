"""Integers in loops: the same numbers as xDSL's interpreter of arith, which takes longer."""

from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.arith import AddiOp, ConstantOp, MuliOp
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType, ModuleOp, i1, i8, i32, i64
from xdsl.interpreter import Interpreter, InterpreterFunctions
from xdsl.interpreters.arith import ArithFunctions

from dsconv.dialects.tiled_semantics import IntegerFunctions

TYPES = (i1, i8, i32, i64, IndexType())


def results(functions: InterpreterFunctions, module: ModuleOp) -> list[object]:
    """What each operation of a module gives, one behind the other."""
    interpreter = Interpreter(module)
    interpreter.register_implementations(functions)
    values: dict[object, object] = {}
    for op in module.body.block.ops:
        operands = tuple(values[operand] for operand in op.operands)
        values[op.results[0]] = interpreter.run_op(op, operands)[0]
    return [*values.values()]


@given(
    type=st.sampled_from(TYPES),
    numbers=st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 2),
)
def test_constants_sums_and_products_are_those_of_arith(
    type: IntegerType | IndexType, numbers: tuple[int, int]
) -> None:
    bits = 64 if isinstance(type, IndexType) else type.width.data
    half = 1 << (bits - 1)
    a, b = (ConstantOp(IntegerAttr((n + half) % (2 * half) - half, type)) for n in numbers)
    module = ModuleOp([a, b, AddiOp(a, b), MuliOp(a, b)])
    assert results(IntegerFunctions(), module) == results(ArithFunctions(), module)
