"""Attributes of the dsconv dialect: layout, memory space, window, tile and requantisation."""

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
from dsconv.dialects.attributes.tile import Tile, TileAttr
from dsconv.dialects.attributes.window import WindowAttr

__all__ = [
    "TWICE_DIVISOR",
    "WORD_BITS",
    "Layout",
    "LayoutAttr",
    "NarrowRequantAttr",
    "RequantAttr",
    "Rounding",
    "Space",
    "SpaceAttr",
    "Tile",
    "TileAttr",
    "WindowAttr",
    "fit_bits",
    "i64_array",
    "verify_rounding",
]
