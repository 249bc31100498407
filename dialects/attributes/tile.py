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
    """Which of the loops over a layer's tiles is outermost.

    With weights outermost, weights are loaded once and activations for every channel tile; with
    pixels outermost, it is the other way round.
    """

    WEIGHTS = "weights"
    PIXELS = "pixels"


@dataclass(frozen=True)
class Tile:
    """Sizes of a layer's output tiles, the order of their loops, and copies of each L1 buffer.

    All tiles of a layer have the same size: the last one of a dimension is moved back into the map.
    With two buffers, a tile's transfers overlap the
    computation of its neighbours.
    """

    channels: int
    rows: int
    columns: int
    order: TileOrder = TileOrder.WEIGHTS
    buffers: int = 1

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

    @staticmethod
    def of(tile: Tile) -> TileAttr:
        """The attribute of a tile."""
        return TileAttr(
            i64_array((tile.channels, tile.rows, tile.columns)),
            StringAttr(tile.order.value),
            IntAttr(tile.buffers),
        )

    @property
    def tile(self) -> Tile:
        """The tile that the attribute holds."""
        channels, rows, columns = self.sizes.get_values()
        return Tile(channels, rows, columns, TileOrder(self.outermost.data), self.buffer_count.data)

    def verify(self) -> None:
        if len(self.sizes) != 3 or min(self.sizes.get_values()) < 1:
            raise VerifyException("a tile has channels, rows and columns, each at least 1")
        if self.outermost.data not in set(TileOrder):
            raise VerifyException(f"outermost is one of {', '.join(TileOrder)}")
        if self.buffer_count.data not in (1, 2):
            raise VerifyException(f"a tile has 1 or 2 buffers, not {self.buffer_count.data}")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            sizes = ", ".join(map(str, self.sizes.get_values()))
            printer.print_string(f"{sizes}, {self.outermost.data}")
            if self.buffer_count.data > 1:
                printer.print_string(f", buffers = {self.buffer_count.data}")

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
            buffers = 1
            if parser.parse_optional_punctuation(",") is not None:
                parser.parse_keyword("buffers")
                parser.parse_punctuation("=")
                buffers = parser.parse_integer()
            return [i64_array(sizes), StringAttr(outermost), IntAttr(buffers)]
