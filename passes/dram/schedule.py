"""The schedules that an accelerator behind DRAM may have, from the plainest to the best."""

from __future__ import annotations

from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes import TileOrder


class DramSchedule(StrEnum):
    """What is kept on chip.

    `RASTER`: layer by layer, only sums stay, every tile loads its operands. `SCAN`: layer by layer
    in Scan order (Wu & Huang 2019), rows that neighbouring strips share are kept. `PAIRS`: Scan
    order, depthwise and pointwise layers fused. `BLOCKS`: also pointwise-depthwise-pointwise with
    the channels between in groups, the first convolution with such a pair, and a pointwise layer
    with the pool behind it. `BEST`: any chain along rows or channels, and maps that stay on chip
    between chains.
    """

    RASTER = "raster"
    SCAN = "scan"
    PAIRS = "pairs"
    BLOCKS = "blocks"
    BEST = "best"

    @property
    def orders(self) -> tuple[TileOrder, ...]:
        """Orders of tile loops."""
        if self is DramSchedule.RASTER:
            return (TileOrder.RASTER,)
        return (TileOrder.SCAN, TileOrder.SCAN_PIXELS)
