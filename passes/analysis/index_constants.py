"""Constants of index arithmetic, as loops over tiles have them."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import SSAValue
from xdsl.transforms.canonicalization_patterns.utils import const_evaluate_operand


def index_constant(value: int) -> SSAValue:
    """A constant index."""
    return arith.ConstantOp(IntegerAttr(value, IndexType())).result


def constant_value(value: SSAValue) -> int:
    """The integer behind a constant."""
    found = const_evaluate_operand(value)
    assert found is not None, "bounds of tile loops are constants"
    return found
