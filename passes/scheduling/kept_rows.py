"""Rows of the input that strips of a layer share: they stay in L1 from one strip to the next.

In Scan order, where strips of whole rows follow each other down the map. Windows of neighbouring
strips read some rows in common; those are moved from the tile before to their place in the next
one, and only the rows below them are loaded. So a map passes once.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsconv.dialects.attributes import Tile, TileOrder
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.l1_residency import reads_in_place


@dataclass(frozen=True)
class KeptRows:
    """Rows of the input, for each of so many `strips` of the output.

    Windows of neighbouring strips have `shared` rows in common, and those of a strip begin `step`
    rows below those of the strip before. The first ones begin `above` rows over the map, the last
    ones end `below` rows under it. A tile has `shared + step` rows. Where there is but one tile,
    shared rows move further up in it than they are many.
    """

    strips: int
    shared: int
    step: int
    above: int
    below: int

    @staticmethod
    def of(layer_shape: LayerShape, tile: Tile) -> KeptRows | None:
        """Those of a layer's tiles; None where tiles do not follow each other so."""
        if not _strips_follow_each_other(layer_shape, tile):
            return None
        strips, rest = divmod(layer_shape.rows, tile.rows)
        if strips < 2 or rest or tile.columns < layer_shape.columns or len(layer_shape.inputs) > 1:
            return None
        if layer_shape.places is not None or layer_shape.factors != (1, 1):
            return None
        if reads_in_place(layer_shape, tile, 0):
            return None
        extent, stride = layer_shape.extent[0], layer_shape.strides[0]
        above, step = layer_shape.window.pads[0], stride * tile.rows
        shared, last = extent - stride, (strips - 1) * step - above
        below = max(last + shared + step - layer_shape.height, 0)
        if shared < max(above, 1) or shared + step > layer_shape.height:
            return None
        moved_by = step - (above + below if strips == 2 else max(above, below))
        if moved_by < shared:
            return None
        return KeptRows(strips, shared, step, above, below)

    @property
    def loaded_rows(self) -> int:
        """Rows that all strips load: those of the map that windows read, once."""
        return self.strips * self.step + self.shared - self.above - self.below

    @property
    def first_rows(self) -> int:
        """Rows that the first strip loads."""
        return self.shared + self.step - self.above

    @property
    def last_rows(self) -> int:
        """Rows that the last strip loads."""
        return self.step - self.below


def _strips_follow_each_other(layer_shape: LayerShape, tile: Tile) -> bool:
    """Whether the next input tile is that of the next strip, from the top to the bottom."""
    if tile.order is not TileOrder.SCAN:
        return False
    return layer_shape.channelwise or layer_shape.channel_tiles(tile) == 1


def loaded_input_bytes(layer_shape: LayerShape, tile: Tile, number: int = 0) -> int:
    """Bytes of an input that all tiles of a layer load."""
    size, versions = layer_shape.input_bytes(tile, number), layer_shape.input_versions(tile)
    kept = KeptRows.of(layer_shape, tile)
    if kept is None:
        return versions * size
    row_bytes = size // (kept.shared + kept.step)
    return versions // kept.strips * kept.loaded_rows * row_bytes
