"""Computes values of a block again, elsewhere."""

from __future__ import annotations

from xdsl.ir import Block, Operation, SSAValue


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
