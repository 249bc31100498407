"""What strips of a layer move and load where the rows that two of them share stay in L1."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.tiled import BarrierOp, DmaStartOp, MoveOp, WaitOp
from dsconv.lowering.building import (
    Index,
    add,
    index_value,
    is_both,
    is_different,
    is_equal,
    multiply,
    select,
)
from dsconv.lowering.maps import Map
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.kept_rows import KeptRows


@dataclass(frozen=True)
class Strips:
    """The strips of a layer that reads the map `source`; `row` is a strip's first output row.

    A tile lies in L1 as where all of it is loaded: as near its windows as the map allows.
    """

    kept: KeptRows
    layer_shape: LayerShape
    tile: Tile
    source: Map

    @staticmethod
    def of(layer_shape: LayerShape, tile: Tile, source: Map) -> Strips | None:
        """Those of a layer; None where its tiles keep no rows."""
        kept = KeptRows.of(layer_shape, tile)
        return None if kept is None else Strips(kept, layer_shape, tile, source)

    @property
    def _row_bytes(self) -> int:
        """Bytes from row to row of an input tile: of all channels in HWC, of one in CHW."""
        channels, _, columns = self.layer_shape.input_tile(self.tile)
        pixel = 1 if self.source.layout is Layout.CHW else channels
        return columns * pixel * self.source.element_bytes

    @property
    def _last_row(self) -> int:
        return (self.kept.strips - 1) * self.tile.rows

    def move(self, row: Index, before: SSAValue, target: SSAValue) -> None:
        """Moves the rows that the strip before shares with this one to their place in its tile."""
        kept = self.kept
        first: Index = kept.step
        if kept.above:
            is_second = is_equal(row, self.tile.rows)
            first = select(is_second, kept.step - kept.above, kept.step)
        place: Index = 0
        if kept.below:
            place = select(is_equal(row, self._last_row), kept.below, 0)
        channels, tile_rows, _ = self.layer_shape.input_tile(self.tile)
        row_bytes, is_chw = self._row_bytes, self.source.layout is Layout.CHW
        MoveOp(
            before,
            index_value(multiply(first, row_bytes)),
            target,
            index_value(multiply(place, row_bytes)),
            kept.shared * row_bytes,
            is_different(row, 0),
            lines=channels if is_chw else 1,
            line_stride=tile_rows * row_bytes if is_chw else 0,
        )
        BarrierOp()

    def load(self, row: Index, channel: Index, target: SSAValue) -> None:
        """Loads the rows below those that stay, from a channel on; all of the first strip."""
        kept = self.kept
        below = add(multiply(row, self.layer_shape.strides[0]), kept.shared - kept.above)
        is_inner = is_different(row, 0)
        parts: list[tuple[Index, int, int, SSAValue]] = [(0, kept.first_rows, 0, is_equal(row, 0))]
        if kept.below:
            is_last = is_equal(row, self._last_row)
            parts.append((below, kept.last_rows, kept.shared + kept.below, is_last))
            is_inner = is_both(is_inner, is_different(row, self._last_row))
        if kept.strips > 2 or not kept.below:
            parts.append((below, kept.step, kept.shared, is_inner))
        channels, rows, columns = self.layer_shape.input_tile(self.tile)
        row_bytes, source = self._row_bytes, self.source
        transfers = [
            DmaStartOp(
                source.buffer,
                index_value(source.offset(channel, first, 0)),
                target,
                index_value(place * row_bytes),
                source.box(channels, count, columns, rows * row_bytes),
                condition,
            )
            for first, count, place, condition in parts
        ]
        for transfer in transfers:
            WaitOp(transfer, transfer.condition)
