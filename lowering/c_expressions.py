"""C for scalar operations: which operation becomes which expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerAttr, IntegerType, i16, i32, i64
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Rounding
from dsconv.dialects.machine import CoreIdOp, CoresOp, LoadWordOp, RequantiseOp, Sdot4Op


@dataclass(frozen=True)
class Expression:
    """C text with the precedence of its outermost operator; larger binds tighter."""

    text: str
    precedence: int

    def within(self, precedence: int) -> str:
        """The text, in parentheses where an operator of `precedence` would tear it apart."""
        return self.text if self.precedence >= precedence else f"({self.text})"


ATOM, UNARY, PRODUCT, SUM, SHIFT, COMPARISON, CONJUNCTION, CHOICE = 16, 14, 13, 12, 11, 10, 5, 3

ROUND_SHIFT = {
    Rounding.HALF_EVEN: "dsc_round_half_even",
    Rounding.HALF_UP: "dsc_round_half_up",
    Rounding.HALF_AWAY: "dsc_round_half_away",
    Rounding.TWICE: "dsc_round_twice",
    Rounding.FLOOR: "dsc_floor_shift",
}
ROUND_DIVISION = {
    Rounding.HALF_EVEN: "dsc_div_half_even",
    Rounding.HALF_UP: "dsc_div_half_up",
    Rounding.HALF_AWAY: "dsc_div_half_away",
    Rounding.FLOOR: "dsc_div_floor",
}

BINARY: dict[type[Operation], tuple[str, int]] = {
    arith.AddiOp: ("+", SUM),
    arith.SubiOp: ("-", SUM),
    arith.MuliOp: ("*", PRODUCT),
    arith.DivUIOp: ("/", PRODUCT),
    arith.RemUIOp: ("%", PRODUCT),
    arith.ShRSIOp: (">>", SHIFT),
    arith.AndIOp: ("&&", CONJUNCTION),
}
CALLS: dict[type[Operation], str] = {
    arith.MinSIOp: "dsc_min",
    arith.MaxSIOp: "dsc_max",
}
SIGNED_COMPARISONS = {"eq": "==", "slt": "<"}
LOADS = (memref.LoadOp, LoadWordOp)

Operand = Callable[[SSAValue], Expression]


def c_type(value: SSAValue) -> str:
    """C type of a scalar value. An index is signed: windows begin in the padding."""
    if value.type == i64:
        return "int64_t"
    return "int32_t"


def literal(value: int, type_: object) -> Expression:
    """A constant."""
    if type_ == i64:
        text = f"INT64_C({value})"
        return Expression(text, ATOM)
    return Expression(str(value), ATOM if value >= 0 else UNARY)


def expression(op: Operation, operand: Operand) -> Expression:
    """The C expression of a scalar operation, given those of its operands."""
    if isinstance(op, arith.ConstantOp):
        assert isinstance(op.value, IntegerAttr), "constants are integers at this level"
        return literal(op.value.value.data, op.result.type)
    if type(op) in BINARY:
        return _binary(op, operand)
    if type(op) in CALLS:
        arguments = ", ".join(operand(value).text for value in op.operands)
        return Expression(f"{CALLS[type(op)]}({arguments})", ATOM)
    match op:
        case CoreIdOp():
            return Expression("(int32_t)core", UNARY)
        case CoresOp():
            return Expression("(int32_t)DSC_CORES", UNARY)
        case arith.CmpiOp():
            return _comparison(op, operand)
        case arith.SelectOp():
            condition, first, second = (operand(value).within(CHOICE + 1) for value in op.operands)
            return Expression(f"{condition} ? {first} : {second}", CHOICE)
        case memref.LoadOp():
            return _element(op.memref, op.indices[0], operand)
        case arith.ExtUIOp() | arith.IndexCastOp():
            return operand(op.input)
        case arith.ExtSIOp():
            type_ = "int64_t" if op.result.type == i64 else _bits_type(op.input)
            return Expression(f"({type_}){operand(op.input).within(UNARY)}", UNARY)
        case arith.TruncIOp() if op.result.type == i16:
            return operand(op.input)  # the cast of its extension cuts it
        case arith.TruncIOp():
            type_ = "int32_t" if op.result.type == i32 else "uint8_t"
            return Expression(f"({type_}){operand(op.input).within(UNARY)}", UNARY)
        case LoadWordOp():
            return _wide_load(op, operand)
        case Sdot4Op():
            return _dot_product(op, operand)
        case RequantiseOp():
            return _requantisation(op, operand)
        case _:
            raise DiagnosticException(f"{op.name} has no C form here; lower it before dsconv-c")


def _bits_type(value: SSAValue) -> str:
    assert isinstance(value.type, IntegerType), "only integers are extended"
    return f"int{value.type.width.data}_t"


def _binary(op: Operation, operand: Operand) -> Expression:
    symbol, precedence = BINARY[type(op)]
    left, right = operand(op.operands[0]), operand(op.operands[1])
    if symbol == "+" and right.text.startswith("-") and right.precedence >= UNARY:
        symbol, right = "-", Expression(right.text[1:], right.precedence)
    if symbol == ">>":  # compilers warn of a sum within a shift without parentheses
        return Expression(f"{left.within(UNARY)} >> {right.within(UNARY)}", SHIFT)
    right_precedence = precedence if symbol in ("+", "&&") else precedence + 1
    text = f"{left.within(precedence)} {symbol} {right.within(right_precedence)}"
    return Expression(text, precedence)


def _comparison(op: arith.CmpiOp, operand: Operand) -> Expression:
    predicate = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data]
    left, right = operand(op.lhs), operand(op.rhs)
    if predicate in SIGNED_COMPARISONS:
        symbol = SIGNED_COMPARISONS[predicate]
        text = f"{left.within(COMPARISON + 1)} {symbol} {right.within(COMPARISON + 1)}"
    elif predicate == "ult":
        text = f"(uint32_t){left.within(UNARY)} < (uint32_t){right.within(UNARY)}"
    else:
        raise DiagnosticException(f"arith.cmpi {predicate} has no C form here")
    return Expression(text, COMPARISON)


def _element(buffer: SSAValue, offset: SSAValue, operand: Operand) -> Expression:
    return Expression(f"{operand(buffer).text}[{operand(offset).text}]", ATOM)


def _address(buffer: SSAValue, offset: SSAValue, operand: Operand) -> str:
    index = operand(offset)
    if index.text == "0":
        return operand(buffer).text
    return f"{operand(buffer).text} + {index.within(SUM)}"


def _wide_load(op: LoadWordOp, operand: Operand) -> Expression:
    address = _address(op.buffer, op.offset, operand)
    if op.result.type == i64:
        return Expression(f"dsc_load_int64({address})", ATOM)
    return Expression(f"(int32_t)dsc_load_word({address})", UNARY)


def _word(value: SSAValue, operand: Operand) -> str:
    """Four packed bytes, as the dot products take them."""
    if isinstance(value.owner, arith.ConstantOp):
        assert isinstance(value.owner.value, IntegerAttr), "constants are integers"
        return f"0x{value.owner.value.value.data & 0xFFFFFFFF:08X}u"
    text = operand(value).text
    if text.startswith("(int32_t)dsc_load_word("):
        return text.removeprefix("(int32_t)")
    return f"(uint32_t){operand(value).within(UNARY)}"


def _dot_product(op: Sdot4Op, operand: Operand) -> Expression:
    function = "dsc_sdot4_us" if op.unsigned is not None else "dsc_sdot4_ss"
    arguments = (
        operand(op.accumulator).text,
        _word(op.x, operand),
        _word(op.weights, operand),
    )
    return Expression(f"{function}({', '.join(arguments)})", ATOM)


def _constant(value: SSAValue) -> int | None:
    if isinstance(value.owner, arith.ConstantOp) and isinstance(value.owner.value, IntegerAttr):
        return value.owner.value.value.data
    return None


def _requantisation(op: RequantiseOp, operand: Operand) -> Expression:
    accumulator = f"(int64_t){operand(op.accumulator).within(UNARY)}"
    scaled = accumulator
    if _constant(op.multiplier) != 1:
        scaled = f"{scaled} * {operand(op.multiplier).within(UNARY)}"
    if _constant(op.addend) != 0:
        scaled = f"{scaled} + {operand(op.addend).within(PRODUCT)}"
    rounding = Rounding(op.rounding.data)
    divisor = operand(op.divisor)
    if op.is_division:
        rounded = f"{ROUND_DIVISION[rounding]}({scaled}, {divisor.text})"
    elif _constant(op.divisor) is None:
        rounded = f"{ROUND_SHIFT[rounding]}({scaled}, (uint32_t){divisor.within(UNARY)})"
    else:
        rounded = f"{ROUND_SHIFT[rounding]}({scaled}, {divisor.text})"
    zero_point = op.zero_point.value.data
    if zero_point:
        rounded += f" {'+' if zero_point > 0 else '-'} {abs(zero_point)}"
    low, high = op.clip
    return Expression(f"dsc_clip({rounded}, {low}, {high})", ATOM)


SCALARS = (
    arith.ConstantOp,
    arith.CmpiOp,
    arith.SelectOp,
    arith.ExtUIOp,
    arith.ExtSIOp,
    arith.IndexCastOp,
    arith.TruncIOp,
    CoreIdOp,
    CoresOp,
    Sdot4Op,
    RequantiseOp,
    *LOADS,
    *BINARY,
    *CALLS,
)


def is_scalar(op: Operation) -> bool:
    """Whether an operation has a C expression."""
    return isinstance(op, SCALARS)


def is_free(op: Operation) -> bool:
    """Whether an expression may be written again at every use."""
    return isinstance(op, arith.ConstantOp | CoreIdOp | CoresOp)


def is_named_narrow(value: SSAValue) -> bool:
    """Whether a value has fewer bits than a register: those are always inlined."""
    return isinstance(value.type, IntegerType) and value.type.width.data < 32
