"""What kernels compute beside arith: words, dot products and requantisations, in arith."""

from __future__ import annotations

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerType, i8, i32, i64
from xdsl.ir import Operation, SSAValue

from dsconv.dialects.attributes import Rounding
from dsconv.dialects.machine import LoadWordOp, RequantiseOp, Sdot4Op
from dsconv.lowering.building import add, index_value, integer

BYTE = 8
ROUNDS_AT_FIRST = 31
"""Bits that `twice` rounds by before the rest."""


def load_word(op: LoadWordOp) -> SSAValue:
    """Bytes, little-endian, joined to a word: upstream's loads are aligned."""
    type_ = op.result.type
    assert isinstance(type_, IntegerType), "its definition says so"
    word: SSAValue | None = None
    for number in range(type_.width.data // BYTE):
        place = index_value(add(op.offset, number))
        byte = memref.LoadOp.get(op.buffer, [place]).res
        part = arith.ExtUIOp(byte, type_).result
        if word is None:
            word = part
            continue
        moved = arith.ShLIOp(part, integer(BYTE * number, type_)).result
        word = arith.OrIOp(word, moved).result
    assert word is not None, "a word has bytes"
    return word


def dot_product(op: Sdot4Op) -> SSAValue:
    """Four products of bytes, added one after the other."""
    total: SSAValue = op.accumulator
    for number in range(4):
        x, weight = (_byte(value, number) for value in (op.x, op.weights))
        extend = arith.ExtSIOp if op.unsigned is None else arith.ExtUIOp
        product = arith.MuliOp(extend(x, i32).result, arith.ExtSIOp(weight, i32).result)
        total = arith.AddiOp(total, product.result).result
    return total


def _byte(word: SSAValue, number: int) -> SSAValue:
    moved = arith.ShRUIOp(word, integer(BYTE * number)).result if number else word
    return arith.TruncIOp(moved, i8).result


def requantise(op: RequantiseOp) -> SSAValue:
    """The scaled, rounded and clipped accumulator, in 64 bits up to the clip."""
    scaled = arith.MuliOp(_wide(op.accumulator), _wide(op.multiplier)).result
    value = arith.AddiOp(scaled, op.addend).result
    rounding = Rounding(op.rounding.data)
    if op.is_division:
        rounded = _divided(value, op.divisor, rounding)
    else:
        rounded = _shifted(value, _wide(op.divisor), rounding)
    low, high = op.clip
    moved = arith.AddiOp(rounded, integer(op.zero_point.value.data, i64)).result
    bounded = arith.MaxSIOp(moved, integer(low, i64)).result
    bounded = arith.MinSIOp(bounded, integer(high, i64)).result
    return arith.TruncIOp(bounded, i32).result


def _wide(value: SSAValue) -> SSAValue:
    return arith.ExtSIOp(value, i64).result


def _shifted(value: SSAValue, shift: SSAValue, rounding: Rounding) -> SSAValue:
    """A value over a power of two; any form leaves it as it is where the shift is 0."""
    if rounding is Rounding.TWICE:
        first = arith.MinSIOp(shift, integer(ROUNDS_AT_FIRST, i64)).result
        rest = arith.SubiOp(shift, first).result
        return _shifted(_shifted(value, first, Rounding.HALF_UP), rest, Rounding.HALF_AWAY)
    if rounding is Rounding.FLOOR:
        return arith.ShRSIOp(value, shift).result
    one, zero = integer(1, i64), integer(0, i64)
    half = arith.ShRUIOp(arith.ShLIOp(one, shift).result, one).result
    below = arith.MaxSIOp(arith.SubiOp(half, one).result, zero).result
    if rounding is Rounding.HALF_UP:
        added = half
    elif rounding is Rounding.HALF_AWAY:
        is_negative = arith.CmpiOp(value, zero, "slt").result
        added = arith.SelectOp(is_negative, below, half).result
    else:
        is_odd = arith.AndIOp(arith.ShRSIOp(value, shift).result, one).result
        added = arith.SelectOp(_holds(is_odd), half, below).result
    return arith.ShRSIOp(arith.AddiOp(value, added).result, shift).result


def _divided(value: SSAValue, divisor: SSAValue, rounding: Rounding) -> SSAValue:
    """A value over any positive number."""
    quotient = arith.FloorDivSIOp(value, divisor).result
    if rounding is Rounding.FLOOR:
        return quotient
    remainder = arith.SubiOp(value, arith.MuliOp(quotient, divisor).result).result
    to_next = arith.SubiOp(divisor, remainder).result
    rounds_up = arith.CmpiOp(remainder, to_next, "sgt").result
    is_tie = arith.CmpiOp(remainder, to_next, "eq").result
    if rounding is Rounding.HALF_AWAY:
        takes_next = arith.CmpiOp(quotient, integer(0, i64), "sge").result
        is_tie = arith.AndIOp(is_tie, takes_next).result
    elif rounding is Rounding.HALF_EVEN:
        is_odd = arith.AndIOp(quotient, integer(1, i64)).result
        is_tie = arith.AndIOp(is_tie, _holds(is_odd)).result
    up = arith.ExtUIOp(arith.OrIOp(rounds_up, is_tie).result, i64).result
    return arith.AddiOp(quotient, up).result


def _holds(bit: SSAValue) -> SSAValue:
    return arith.CmpiOp(bit, integer(0, i64), "ne").result


def core_number(op: Operation) -> SSAValue:
    """The only core is number 0."""
    return index_value(0)


def core_count(op: Operation) -> SSAValue:
    """There is one core."""
    return index_value(1)
