"""Small vocabulary for writing loops and index arithmetic as IR.

Everything is inserted where the innermost `ImplicitBuilder` stands. Index expressions are plain
integers as long as they are known, so no constant arithmetic reaches the IR.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeAlias

from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType, i32
from xdsl.ir import Block, Region, SSAValue

Index: TypeAlias = int | SSAValue


def index_value(value: Index) -> SSAValue:
    """An index as SSA value."""
    if isinstance(value, int):
        return arith.ConstantOp(IntegerAttr(value, IndexType())).result
    return value


def integer(value: int, type: IntegerType = i32) -> SSAValue:
    """A constant integer."""
    return arith.ConstantOp(IntegerAttr(value, type)).result


def add(*terms: Index) -> Index:
    """Sum of indices."""
    known = sum(term for term in terms if isinstance(term, int))
    total: Index = known
    for term in terms:
        if isinstance(term, int):
            continue
        if isinstance(total, int) and total == 0:
            total = term
        else:
            total = arith.AddiOp(index_value(total), term).result
    return total


def subtract(value: Index, other: Index) -> Index:
    """value - other."""
    if isinstance(other, int):
        return add(value, -other)
    return arith.SubiOp(index_value(value), other).result


def multiply(value: Index, factor: Index) -> Index:
    """Product of two indices."""
    if isinstance(value, int):
        value, factor = factor, value
    if isinstance(value, int):
        assert isinstance(factor, int), "both are constants"
        return value * factor
    if factor == 0:
        return 0
    if factor == 1:
        return value
    return arith.MuliOp(value, index_value(factor)).result


def divide(value: Index, divisor: int) -> Index:
    """An index that is not negative, divided by a constant, rounded down."""
    if isinstance(value, int):
        return value // divisor
    if divisor == 1:
        return value
    return arith.DivSIOp(value, index_value(divisor)).result


def remainder(value: Index, divisor: int) -> Index:
    """What `divide` leaves."""
    if isinstance(value, int):
        return value % divisor
    if divisor == 1:
        return 0
    return arith.RemSIOp(value, index_value(divisor)).result


def minimum(value: Index, limit: Index) -> Index:
    """The smaller of two indices."""
    if isinstance(value, int) and isinstance(limit, int):
        return min(value, limit)
    return arith.MinSIOp(index_value(value), index_value(limit)).result


def maximum(value: Index, limit: Index) -> Index:
    """The larger of two indices."""
    if isinstance(value, int) and isinstance(limit, int):
        return max(value, limit)
    return arith.MaxSIOp(index_value(value), index_value(limit)).result


def is_below(value: Index, limit: int) -> SSAValue:
    """Whether an index is below a constant."""
    return arith.CmpiOp(index_value(value), index_value(limit), "slt").result


def is_equal(value: Index, other: int) -> SSAValue:
    """Whether an index is a constant."""
    return arith.CmpiOp(index_value(value), index_value(other), "eq").result


def is_different(value: Index, other: int) -> SSAValue:
    """Whether an index is not a constant."""
    return arith.CmpiOp(index_value(value), index_value(other), "ne").result


def is_any(condition: SSAValue, other: SSAValue) -> SSAValue:
    """Whether one of two conditions holds."""
    return arith.OrIOp(condition, other).result


def is_both(condition: SSAValue, other: SSAValue) -> SSAValue:
    """Whether both of two conditions hold."""
    return arith.AndIOp(condition, other).result


def select(condition: SSAValue, value: Index, other: Index) -> Index:
    """The first of two indices where a condition holds, else the other."""
    return arith.SelectOp(condition, index_value(value), index_value(other)).result


@contextmanager
def loop(lower: Index, upper: Index, name: str) -> Generator[Index]:
    """A loop with step 1; nothing but its body where it runs exactly once."""
    if isinstance(lower, int) and isinstance(upper, int) and upper - lower == 1:
        yield lower
        return
    body = Block(arg_types=[IndexType()])
    scf.ForOp(index_value(lower), index_value(upper), index_value(1), [], Region(body))
    body.args[0].name_hint = name
    with ImplicitBuilder(body):
        yield body.args[0]
        scf.YieldOp()


@contextmanager
def only_if(condition: SSAValue | None) -> Generator[None]:
    """What is written in it runs where a condition holds; always where there is none."""
    if condition is None:
        yield
        return
    body = Block()
    scf.IfOp(condition, [], Region(body))
    with ImplicitBuilder(body):
        yield
        scf.YieldOp()


class Accumulator:
    """An i32 that loops add to: `with acc.loop(n, "c") as c: acc.value = ...`."""

    def __init__(self, value: SSAValue, name: str = "acc"):
        self.name = name
        self.value = value

    @contextmanager
    def loop(self, upper: int, name: str, step: int = 1) -> Generator[Index]:
        """A loop that carries the accumulator; unrolled away where it runs once."""
        if upper <= step:
            yield 0
            return
        body = Block(arg_types=[IndexType(), i32])
        induction, carried = body.args
        induction.name_hint, carried.name_hint = name, self.name
        operation = scf.ForOp(
            index_value(0), index_value(upper), index_value(step), [self.value], Region(body)
        )
        self.value = carried
        with ImplicitBuilder(body):
            yield induction
            scf.YieldOp(self.value)
        self.value = operation.results[0]
        self.value.name_hint = self.name
