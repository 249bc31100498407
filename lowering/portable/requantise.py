"""Requantisation in 32 and in 64 bits, as operations of arith."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.machine import RequantiseOp
from dsconv.lowering.building import integer


def clipped(value: SSAValue, low: int, high: int) -> SSAValue:
    """An i32 moved into [low, high]."""
    if low > -(2**31):
        value = arith.MaxSIOp(value, integer(low)).result
    if high < 2**31 - 1:
        value = arith.MinSIOp(value, integer(high)).result
    return value


def upper_word(value: SSAValue, factor: SSAValue) -> SSAValue:
    """The upper half of the 64 bits that two i32 multiply to."""
    product = arith.MuliOp(arith.ExtSIOp(value, i64).result, arith.ExtSIOp(factor, i64).result)
    return arith.TruncIOp(arith.ShRSIOp(product.result, integer(32, i64)).result, i32).result


def wide_requantise(
    requant: RequantAttr,
    accumulator: SSAValue,
    multiplier: SSAValue,
    addend: SSAValue,
    divisor: SSAValue,
) -> SSAValue:
    """The output value of an accumulator in 64 bits."""
    return RequantiseOp(
        accumulator,
        multiplier,
        addend,
        divisor,
        rounding=requant.rounding,
        zero_point=requant.zero_point,
        clip=requant.clip,
    ).result


def shared_divisor(requant: RequantAttr) -> SSAValue:
    """The divisor of a requantisation that all channels share; the shift where there is one."""
    (divisor,) = requant.divisors
    if divisor.bit_count() == 1:
        return integer(divisor.bit_length() - 1)
    return integer(divisor, i64)
