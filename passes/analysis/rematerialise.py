"""Computes values of a block again, elsewhere."""

from __future__ import annotations

from collections.abc import Container

from xdsl.dialects import arith, memref
from xdsl.ir import Block, Operation, SSAValue

from dsconv.dialects.tiled import SlotOp, ViewOp


def is_copyable(op: Operation) -> bool:
    """Whether an operation only makes values, and may be written again elsewhere."""
    return op.name.startswith(arith.Arith.name + ".") or isinstance(
        op, SlotOp | ViewOp | memref.GetGlobalOp
    )


def can_be_copied(value: SSAValue, block: Block, known: Container[SSAValue] = ()) -> bool:
    """Whether what makes a value of a block, from known ones, may be written again elsewhere."""
    owner = value.owner
    if value in known or not isinstance(owner, Operation) or owner.parent_block() is not block:
        return True
    return is_copyable(owner) and all(
        can_be_copied(operand, block, known) for operand in owner.operands
    )


class CopiedValues:
    """Values of a block, computed at the insertion point where they are first asked for.

    `known` are those that are something else there.
    """

    def __init__(self, block: Block, known: dict[SSAValue, SSAValue] | None = None):
        self.block = block
        self.known = {} if known is None else known

    def __getitem__(self, value: SSAValue) -> SSAValue:
        owner = value.owner
        if isinstance(owner, Operation) and owner.parent_block() is self.block:
            if value not in self.known:
                for operand in owner.operands:
                    self[operand]
                owner.clone(self.known)
            return self.known[value]
        return self.known.get(value, value)
