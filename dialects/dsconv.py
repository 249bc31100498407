"""The dialect object that xDSL registers."""

from xdsl.ir import Dialect

from dsconv.dialects.accelerator import ACCELERATOR_OPS
from dsconv.dialects.attributes import (
    LayoutAttr,
    NarrowRequantAttr,
    RequantAttr,
    ScheduleAttr,
    SpaceAttr,
    TileAttr,
    WindowAttr,
)
from dsconv.dialects.fused import FUSED_OPS
from dsconv.dialects.graph import GRAPH_OPS
from dsconv.dialects.machine import MACHINE_OPS
from dsconv.dialects.mapping import MappingAttr
from dsconv.dialects.target import TARGET_ATTRIBUTES
from dsconv.dialects.tiled import TILED_ATTRIBUTES, TILED_OPS

Dsconv = Dialect(
    "dsconv",
    [*GRAPH_OPS, *FUSED_OPS, *TILED_OPS, *MACHINE_OPS, *ACCELERATOR_OPS],
    [
        LayoutAttr,
        MappingAttr,
        NarrowRequantAttr,
        RequantAttr,
        ScheduleAttr,
        SpaceAttr,
        TileAttr,
        WindowAttr,
        *TARGET_ATTRIBUTES,
        *TILED_ATTRIBUTES,
    ],
)
