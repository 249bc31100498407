"""Machine level of the dsconv dialect: what kernels need beside scf, arith and memref."""

from __future__ import annotations

import abc

from xdsl.dialects.builtin import (
    I32,
    FlatSymbolRefAttrConstr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    EqAttrConstraint,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import MemoryReadEffect, Pure
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import Rounding, verify_rounding
from dsconv.dialects.target import Isa

WORDS = EqAttrConstraint(i32) | EqAttrConstraint(i64)


class CoreOperation(IRDLOperation, abc.ABC):
    """What a core knows about itself or its cluster."""

    result = result_def(IndexType())

    traits = traits_def(Pure())
    assembly_format = "attr-dict"

    def __init__(self):
        super().__init__(result_types=[IndexType()])


@irdl_op_definition
class CoreIdOp(CoreOperation):
    """Number of the core that runs this, from 0."""

    name = "dsconv.core_id"


@irdl_op_definition
class CoresOp(CoreOperation):
    """How many cores run this."""

    name = "dsconv.cores"


@irdl_op_definition
class LoadWordOp(IRDLOperation):
    """Loads 32 or 64 bits, little-endian, from any byte offset."""

    name = "dsconv.load_word"

    buffer = operand_def(MemRefType)
    offset = operand_def(IndexType)
    result = result_def(WORDS)

    traits = traits_def(MemoryReadEffect())
    assembly_format = "$buffer `[` $offset `]` attr-dict `:` type($buffer) `->` type($result)"

    def __init__(self, buffer: SSAValue, offset: SSAValue | Operation, type: IntegerType = i32):
        super().__init__(operands=[buffer, offset], result_types=[type])


@irdl_op_definition
class Sdot4Op(IRDLOperation):
    """Adds the dot product of four bytes and four signed bytes; the first four may be unsigned."""

    name = "dsconv.sdot4"

    accumulator = operand_def(i32)
    x = operand_def(i32)
    weights = operand_def(i32)
    unsigned = opt_prop_def(UnitAttr)
    result = result_def(i32)

    traits = traits_def(Pure())
    assembly_format = "$accumulator `,` $x (`unsigned` $unsigned^)? `,` $weights attr-dict"

    def __init__(self, accumulator: SSAValue, x: SSAValue, weights: SSAValue, *, unsigned: bool):
        super().__init__(
            operands=[accumulator, x, weights],
            properties={"unsigned": UnitAttr() if unsigned else None},
            result_types=[i32],
        )


@irdl_op_definition
class RequantiseOp(IRDLOperation):
    """`clip(round((accumulator * multiplier + addend) / 2**shift) + zero_point, low, high)`.

    With a `divisor` in place of the shift, a true division.
    """

    name = "dsconv.requantise"

    accumulator = operand_def(i32)
    multiplier = operand_def(i32)
    addend = operand_def(i64)
    divisor = operand_def(WORDS)
    rounding = prop_def(StringAttr)
    zero_point = prop_def(IntegerAttr[I32])
    low = prop_def(IntegerAttr[I32])
    high = prop_def(IntegerAttr[I32])
    result = result_def(i32)

    traits = traits_def(Pure())
    assembly_format = (
        "$accumulator `times` $multiplier `plus` $addend `over` $divisor `:` type($divisor) "
        "$rounding `plus` $zero_point `clip` $low `to` $high attr-dict"
    )

    def __init__(
        self,
        accumulator: SSAValue,
        multiplier: SSAValue,
        addend: SSAValue,
        divisor: SSAValue,
        *,
        rounding: Rounding,
        zero_point: int,
        clip: tuple[int, int],
    ):
        super().__init__(
            operands=[accumulator, multiplier, addend, divisor],
            properties={
                "rounding": StringAttr(rounding.value),
                "zero_point": IntegerAttr(zero_point, i32),
                "low": IntegerAttr(clip[0], i32),
                "high": IntegerAttr(clip[1], i32),
            },
            result_types=[i32],
        )

    @property
    def is_division(self) -> bool:
        """Whether the divisor is one, and not a shift."""
        return self.divisor.type == i64

    @property
    def clip(self) -> tuple[int, int]:
        """Smallest and largest result."""
        return self.low.value.data, self.high.value.data

    def verify_(self) -> None:
        verify_rounding(self.rounding.data)
        if self.is_division and self.rounding.data == Rounding.TWICE:
            raise VerifyException("a division is rounded once")


@irdl_op_definition
class AssemblyOp(IRDLOperation):
    """The body of a kernel's function in assembly, beside its portable loops.

    Where the platform has the instruction set, the assembly is what runs. It is called as C calls
    `void kernel(core, tiles..., row, column)`.
    """

    name = "dsconv.assembly"

    kernel = prop_def(FlatSymbolRefAttrConstr)
    isa = prop_def(StringAttr)
    text = prop_def(StringAttr)

    assembly_format = "$isa `for` $kernel $text attr-dict"

    def __init__(self, kernel: str, isa: Isa, text: str):
        super().__init__(
            properties={
                "kernel": SymbolRefAttr(kernel),
                "isa": StringAttr(isa),
                "text": StringAttr(text),
            }
        )

    @property
    def instruction_set(self) -> Isa:
        """What the assembly is written for."""
        return Isa(self.isa.data)

    def verify_(self) -> None:
        known = [isa.value for isa in Isa if isa is not Isa.PORTABLE]
        if self.isa.data not in known:
            raise VerifyException(f'assembly is for {" or ".join(known)}, not "{self.isa.data}"')


MACHINE_OPS: list[type[Operation]] = [
    CoreIdOp,
    CoresOp,
    LoadWordOp,
    Sdot4Op,
    RequantiseOp,
    AssemblyOp,
]
