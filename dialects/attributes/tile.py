"""The tile of a layer."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import I64, DenseArrayBase, IntAttr, StringAttr
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes.integers import i64_array, parse_int


class TileOrder(StrEnum):
    """Which of the loops over a layer's tiles is outermost, and how the inner ones run.

    With weights outermost, weights are loaded once and activations for every channel tile; with
    pixels outermost, it is the other way round. `SCAN` and `SCAN_PIXELS` are these two where inner
    loops run there and back, so that the tile at a turn is not loaded again (Scan order: Wu & Huang
    2019); strips that follow each other down a map keep the rows that their windows share. In
    `RASTER` order, only sums stay: every tile loads its input, and in a dense layer its weights.
    """

    WEIGHTS = "weights"
    PIXELS = "pixels"
    SCAN = "scan"
    SCAN_PIXELS = "scan_pixels"
    RASTER = "raster"

    @property
    def channels_outermost(self) -> bool:
        """Whether the outermost loop is that over channels."""
        return self not in (TileOrder.PIXELS, TileOrder.SCAN_PIXELS)

    @property
    def turns(self) -> bool:
        """Whether inner loops run there and back."""
        return self in (TileOrder.SCAN, TileOrder.SCAN_PIXELS)


@dataclass(frozen=True)
class Tile:
    """Sizes of a layer's output tiles, the order of their loops, and copies of each L1 buffer.

    On a cluster, all tiles of a layer have the same size: the last one of a dimension is moved back
    into the map. With two buffers, a tile's transfers overlap the computation of its neighbours.
    `depth`: how many input channels are summed at a time, 0 for all of them.
    """

    channels: int
    rows: int
    columns: int
    order: TileOrder = TileOrder.WEIGHTS
    buffers: int = 1
    depth: int = 0

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Channels, rows and columns."""
        return self.channels, self.rows, self.columns

    @property
    def size_text(self) -> str:
        """Channels, rows and columns for people, as in `8x2x16`."""
        return f"{self.channels}x{self.rows}x{self.columns}"


@irdl_attr_definition
class TileAttr(ParametrizedAttribute):
    """A `Tile` as attribute of a layer."""

    name = "dsconv.tile"

    sizes: DenseArrayBase[I64]
    outermost: StringAttr
    buffer_count: IntAttr
    depth: IntAttr

    @staticmethod
    def of(tile: Tile) -> TileAttr:
        """The attribute of a tile."""
        return TileAttr(
            i64_array((tile.channels, tile.rows, tile.columns)),
            StringAttr(tile.order.value),
            IntAttr(tile.buffers),
            IntAttr(tile.depth),
        )

    @property
    def tile(self) -> Tile:
        """The tile that the attribute holds."""
        channels, rows, columns = self.sizes.get_values()
        order = TileOrder(self.outermost.data)
        return Tile(channels, rows, columns, order, self.buffer_count.data, self.depth.data)

    def verify(self) -> None:
        if len(self.sizes) != 3 or min(self.sizes.get_values()) < 1:
            raise VerifyException("a tile has channels, rows and columns, each at least 1")
        if self.outermost.data not in set(TileOrder):
            raise VerifyException(f"outermost is one of {', '.join(TileOrder)}")
        if self.buffer_count.data not in (1, 2):
            raise VerifyException(f"a tile has 1 or 2 buffers, not {self.buffer_count.data}")
        if self.depth.data < 0:
            raise VerifyException("the depth of a tile is not negative")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            sizes = ", ".join(map(str, self.sizes.get_values()))
            printer.print_string(f"{sizes}, {self.outermost.data}")
            if self.buffer_count.data > 1:
                printer.print_string(f", buffers = {self.buffer_count.data}")
            if self.depth.data:
                printer.print_string(f", depth = {self.depth.data}")

    @classmethod
    def parse_parameters(
        cls, parser: AttrParser
    ) -> list[DenseArrayBase[I64] | StringAttr | IntAttr]:
        with parser.in_angle_brackets():
            sizes: list[int] = []
            for _ in range(3):
                sizes.append(parse_int(parser))
                parser.parse_punctuation(",")
            outermost = parser.parse_identifier()
            numbers = {"buffers": 1, "depth": 0}
            while parser.parse_optional_punctuation(",") is not None:
                name = parser.parse_identifier()
                if name not in numbers:
                    parser.raise_error(f"a tile has no {name}; it has {', '.join(numbers)}")
                parser.parse_punctuation("=")
                numbers[name] = parse_int(parser)
            counts = [IntAttr(number) for number in numbers.values()]
            return [i64_array(sizes), StringAttr(outermost), *counts]
