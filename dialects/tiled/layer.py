"""Tiled level: one layer of the network."""

from __future__ import annotations

from xdsl.dialects.builtin import I64, IntegerAttr, MemRefType, StringAttr, TensorType, i64
from xdsl.ir import Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.traits import NoTerminator

from dsconv.dialects.attributes import ScheduleAttr, TileAttr

RESIDENT_INPUTS = "dsconv.resident_inputs"
"""Attribute of a layer, `array<i64>`: numbers of its inputs that the layer before leaves in L1.

Where a layer has none, `keep-in-l1` decides.
"""

PARTS = "dsconv.parts"
"""Attribute of a layer that only moves values, `array<i64>`.

Where each of its inputs begins in its result, or its result in its input, in bytes: the values lie
in the same order in both. `elide-copies` needs no such layer.
"""


def enclosing_layer(op: Operation) -> LayerOp | None:
    """The layer that an operation belongs to."""
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, LayerOp):
        parent = parent.parent_op()
    return parent


@irdl_op_definition
class LayerOp(IRDLOperation):
    """One layer of the network: its loops over tiles. Reports count cycles and bytes by layer.

    What it makes begins `output_offset` bytes behind the start of its output.
    `narrow_channels` and `wide_channels` are output channels requantised in 32 and in 64 bits.
    `estimate` is what the layer is expected to take, in cycles. Its `tile` says how many copies of
    each L1 buffer are planned, its `schedule` how many there are.
    """

    name = "dsconv.layer"

    label = prop_def(StringAttr)
    kind = prop_def(StringAttr)
    tile = prop_def(TileAttr)
    schedule = prop_def(ScheduleAttr)
    macs = prop_def(IntegerAttr[I64])
    estimate = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    narrow_channels = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    wide_channels = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    shape = prop_def(TensorType)
    output = operand_def(MemRefType)
    output_offset = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    body = region_def("single_block")

    traits = traits_def(NoTerminator())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$label $kind `makes` $shape `in` $output `:` type($output) attr-dict-with-keyword $body"
    )

    def __init__(
        self,
        label: str,
        kind: str,
        output: SSAValue,
        shape: TensorType,
        body: Region,
        *,
        tile: TileAttr,
        schedule: ScheduleAttr,
        macs: int,
        estimate: int = 0,
        narrow_channels: int = 0,
        wide_channels: int = 0,
    ):
        super().__init__(
            operands=[output],
            properties={
                "label": StringAttr(label),
                "kind": StringAttr(kind),
                "tile": tile,
                "schedule": schedule,
                "macs": IntegerAttr(macs, i64),
                "estimate": IntegerAttr(estimate, i64) if estimate else None,
                "narrow_channels": IntegerAttr(narrow_channels, i64) if narrow_channels else None,
                "wide_channels": IntegerAttr(wide_channels, i64) if wide_channels else None,
                "shape": shape,
            },
            regions=[body],
        )

    @property
    def planned_buffers(self) -> int:
        """Copies of each L1 buffer that the layer is still to get; 1 where it has them."""
        made = self.schedule.schedule.buffers
        return 1 if made > 1 else self.tile.tile.buffers
