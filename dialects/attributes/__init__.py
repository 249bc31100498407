"""Attributes of the dsconv dialect: of layouts, memories, windows, tiles and requantisation."""

from dsconv.dialects.attributes.integers import i64_array
from dsconv.dialects.attributes.memory import Layout, LayoutAttr, Space, SpaceAttr
from dsconv.dialects.attributes.requant import (
    TWICE_DIVISOR,
    WORD_BITS,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
    fit_bits,
    verify_rounding,
)
from dsconv.dialects.attributes.schedule import Axis, Schedule, ScheduleAttr
from dsconv.dialects.attributes.tile import Tile, TileAttr, TileOrder
from dsconv.dialects.attributes.window import WindowAttr

__all__ = [
    "TWICE_DIVISOR",
    "WORD_BITS",
    "Axis",
    "Layout",
    "LayoutAttr",
    "NarrowRequantAttr",
    "RequantAttr",
    "Rounding",
    "Schedule",
    "ScheduleAttr",
    "Space",
    "SpaceAttr",
    "Tile",
    "TileAttr",
    "TileOrder",
    "WindowAttr",
    "fit_bits",
    "i64_array",
    "verify_rounding",
]
