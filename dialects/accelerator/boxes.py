"""Boxes of maps: channels, rows and columns from a first one to behind the last one."""

from __future__ import annotations

import abc
from collections.abc import Sequence

from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, operand_def

BOX = "`[` $channel `to` $channel_end `,` $row `to` $row_end `,` $column `to` $column_end `]`"
"""How a box is written."""


class BoxOperation(IRDLOperation, abc.ABC):
    """An operation on a box of a map."""

    channel = operand_def(IndexType)
    channel_end = operand_def(IndexType)
    row = operand_def(IndexType)
    row_end = operand_def(IndexType)
    column = operand_def(IndexType)
    column_end = operand_def(IndexType)

    @property
    def box(self) -> Sequence[SSAValue]:
        """First and end of channels, rows and columns."""
        return (
            self.channel,
            self.channel_end,
            self.row,
            self.row_end,
            self.column,
            self.column_end,
        )
