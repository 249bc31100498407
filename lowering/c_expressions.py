"""C for scalar operations: which operation becomes which expression.

An `index` or i32 is an `int32_t`, an i64 an `int64_t`. A value of fewer bits is an integer that
holds them and zeros before them, so i1 is 0 or 1: it is loaded, cut off, compared, chosen, extended
and stored, and no other arithmetic takes it. Sums and products are those of C: they must not
overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    i1,
    i8,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Rounding
from dsconv.dialects.machine import CoreIdOp, CoresOp, LoadWordOp, RequantiseOp, Sdot4Op
from dsconv.passes.analysis.diagnostics import name_of, place_of


@dataclass(frozen=True)
class Expression:
    """C text with the precedence of its outermost operator; larger binds tighter."""

    text: str
    precedence: int

    def within(self, precedence: int) -> str:
        """The text, in parentheses where an operator of `precedence` would tear it apart."""
        return self.text if self.precedence >= precedence else f"({self.text})"


ATOM, UNARY, PRODUCT, SUM, SHIFT, COMPARISON = 16, 14, 13, 12, 11, 10
BITWISE_AND, BITWISE_XOR, BITWISE_OR, CONJUNCTION, DISJUNCTION, CHOICE = 8, 7, 6, 5, 4, 3

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

WORDS: tuple[Attribute, ...] = (IndexType(), i32, i64)
TYPES: dict[Attribute, str] = {
    IndexType(): "int32_t",
    i1: "int32_t",
    i8: "uint8_t",
    i16: "uint16_t",
    i32: "int32_t",
    i64: "int64_t",
}
"""C types. An index is signed: windows begin in the padding."""

SIGNED: dict[Attribute, str] = {i8: "int8_t", i16: "int16_t"}
UNSIGNED: dict[Attribute, str] = {IndexType(): "uint32_t", i32: "uint32_t", i64: "uint64_t"}

ARITHMETIC: dict[type[Operation], tuple[str, int]] = {
    arith.AddiOp: ("+", SUM),
    arith.SubiOp: ("-", SUM),
    arith.MuliOp: ("*", PRODUCT),
    arith.DivSIOp: ("/", PRODUCT),
    arith.RemSIOp: ("%", PRODUCT),
}
BITWISE: dict[type[Operation], tuple[str, int]] = {
    arith.ShRSIOp: (">>", SHIFT),
    arith.AndIOp: ("&", BITWISE_AND),
    arith.OrIOp: ("|", BITWISE_OR),
    arith.XOrIOp: ("^", BITWISE_XOR),
}
LOGICAL: dict[type[Operation], tuple[str, int]] = {
    arith.AndIOp: ("&&", CONJUNCTION),
    arith.OrIOp: ("||", DISJUNCTION),
    arith.XOrIOp: ("!=", COMPARISON),
}
CALLS: dict[type[Operation], str] = {
    arith.MinSIOp: "dsc_min",
    arith.MaxSIOp: "dsc_max",
}
COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "slt": "<",
    "sle": "<=",
    "sgt": ">",
    "sge": ">=",
    "ult": "<",
    "ule": "<=",
    "ugt": ">",
    "uge": ">=",
}
LOADS = (memref.LoadOp, LoadWordOp)

Operand = Callable[[SSAValue], Expression]


def no_form(op: Operation, why: str = "") -> DiagnosticException:
    """What to raise where an operation cannot be written as C."""
    what = f"{place_of(op)}{name_of(op)} {why}".rstrip()
    return DiagnosticException(f"{what} has no C form; lower it before dsconv-c")


def c_type(value: SSAValue) -> str:
    """C type of a scalar value."""
    if value.type not in TYPES:
        raise DiagnosticException(f"a value of type {value.type} has no C form")
    return TYPES[value.type]


def literal(value: int, type_: Attribute) -> Expression:
    """A constant."""
    if type_ == i64:
        smallest = value == -(1 << 63)
        return Expression("INT64_MIN" if smallest else f"INT64_C({value})", ATOM)
    if isinstance(type_, IntegerType) and type_.width.data < i32.width.data:
        value &= (1 << type_.width.data) - 1
    return Expression(str(value), ATOM if value >= 0 else UNARY)


def expression(op: Operation, operand: Operand) -> Expression:
    """The C expression of a scalar operation, given those of its operands.

    Raises DiagnosticException where C would mean something else than the operation.
    """
    match op:
        case CoreIdOp():
            return Expression("(int32_t)core", UNARY)
        case CoresOp():
            return Expression("(int32_t)DSC_CORES", UNARY)
        case arith.ConstantOp(value=IntegerAttr() as constant) if op.result.type in TYPES:
            return literal(constant.value.data, op.result.type)
        case arith.CmpiOp():
            return _comparison(op, operand)
        case arith.SelectOp() if op.result.type in TYPES:
            condition, first, second = (operand(value).within(CHOICE + 1) for value in op.operands)
            return Expression(f"{condition} ? {first} : {second}", CHOICE)
        case memref.LoadOp():
            return _element(op.memref, element_offset(op), operand)
        case arith.ExtUIOp() | arith.ExtSIOp() | arith.TruncIOp() | arith.IndexCastOp():
            return _conversion(op, operand)
        case LoadWordOp():
            return _wide_load(op, operand)
        case Sdot4Op():
            return _dot_product(op, operand)
        case RequantiseOp():
            return _requantisation(op, operand)
        case _:
            return _arithmetic(op, operand)


def _arithmetic(op: Operation, operand: Operand) -> Expression:
    kind, type_ = type(op), op.results[0].type
    operands = [operand(value) for value in op.operands]
    if kind in ARITHMETIC and type_ in WORDS:
        return _binary(*ARITHMETIC[kind], *operands)
    if kind in BITWISE and type_ in WORDS:
        # compilers warn of other operators within these without parentheses
        symbol, precedence = BITWISE[kind]
        left, right = (value.within(UNARY) for value in operands)
        return Expression(f"{left} {symbol} {right}", precedence)
    if kind in LOGICAL and type_ == i1:
        symbol, precedence = LOGICAL[kind]
        inside = COMPARISON + 1 if kind is not arith.AndIOp else CONJUNCTION
        left, right = (value.within(inside) for value in operands)
        return Expression(f"{left} {symbol} {right}", precedence)
    if kind in CALLS and type_ in (IndexType(), i32):
        arguments = ", ".join(value.text for value in operands)
        return Expression(f"{CALLS[kind]}({arguments})", ATOM)
    raise no_form(op, f"of type {type_}")


def _binary(symbol: str, precedence: int, left: Expression, right: Expression) -> Expression:
    if symbol == "+" and right.text.startswith("-") and right.precedence >= UNARY:
        symbol, right = "-", Expression(right.text[1:], right.precedence)
    right_precedence = precedence if symbol == "+" else precedence + 1
    text = f"{left.within(precedence)} {symbol} {right.within(right_precedence)}"
    return Expression(text, precedence)


def _comparison(op: arith.CmpiOp, operand: Operand) -> Expression:
    predicate, type_ = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data], op.lhs.type
    if type_ not in WORDS and not (type_ == i1 and predicate in ("eq", "ne")):
        raise no_form(op, f"{predicate} of type {type_}")
    left, right = operand(op.lhs), operand(op.rhs)
    if predicate.startswith("u"):
        cast = f"({UNSIGNED[type_]})"
        texts = [f"{cast}{value.within(UNARY)}" for value in (left, right)]
    else:
        texts = [value.within(COMPARISON + 1) for value in (left, right)]
    return Expression(f" {COMPARISONS[predicate]} ".join(texts), COMPARISON)


def _conversion(
    op: arith.ExtUIOp | arith.ExtSIOp | arith.TruncIOp | arith.IndexCastOp, operand: Operand
) -> Expression:
    source, target = op.input.type, op.result.type
    if source not in TYPES or target not in TYPES:
        raise no_form(op, f"from {source} to {target}")
    value = operand(op.input)
    match op:
        case arith.IndexCastOp() if source not in WORDS or target not in WORDS:
            raise no_form(op, f"from {source} to {target}")
        case arith.ExtUIOp() if source == i32:
            return cast_to("int64_t", cast_to("uint32_t", value))
        case arith.ExtSIOp() if source == i1:
            return cast_to(TYPES[target], Expression(f"-{value.within(UNARY)}", UNARY))
        case arith.ExtSIOp() if source in SIGNED:
            return _sign_extended(source, target, value)
        case arith.TruncIOp() if target == i1:
            return Expression(f"{value.within(UNARY)} & 1", BITWISE_AND)
        case _ if TYPES[source] == TYPES[target]:
            return value
        case arith.ExtUIOp() if target == i32:
            return value
        case _:
            return cast_to(TYPES[target], value)


def cast_to(type_: str, value: Expression) -> Expression:
    """A value, cast."""
    return Expression(f"({type_}){value.within(UNARY)}", UNARY)


def _sign_extended(source: Attribute, target: Attribute, value: Expression) -> Expression:
    whole = Expression(value.text.removeprefix(f"({TYPES[i16]})"), value.precedence)
    extended = cast_to(SIGNED[source], whole)
    return extended if target == i32 else cast_to(TYPES[target], extended)


def element_offset(op: memref.LoadOp | memref.StoreOp) -> SSAValue:
    """Index of the byte that an operation reads or writes."""
    type_ = op.memref.type
    if not isinstance(type_, MemRefType) or type_.element_type != i8 or len(op.indices) != 1:
        raise no_form(op, f"of {type_}")
    return op.indices[0]


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
    *ARITHMETIC,
    *BITWISE,
    *CALLS,
)


def is_scalar(op: Operation) -> bool:
    """Whether an operation has a C expression."""
    return isinstance(op, SCALARS)


def is_free(op: Operation) -> bool:
    """Whether an expression may be written again at every use."""
    return isinstance(op, arith.ConstantOp | CoreIdOp | CoresOp)


def is_narrow(value: SSAValue) -> bool:
    """Whether a value has fewer bits than a register."""
    return isinstance(value.type, IntegerType) and value.type.width.data < 32
