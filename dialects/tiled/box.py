"""What a transfer moves."""

from __future__ import annotations

from xdsl.dialects.builtin import ArrayAttr, IntAttr
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import Layout

Shape = tuple[int, int, int]
"""Channels, height and width of a map or a tile."""


@irdl_attr_definition
class BoxAttr(ParametrizedAttribute):
    """What a transfer moves: blocks x lines x bytes, strided in the outer memory.

    In the inner one they are dense, or have a stride from block to block.
    """

    name = "dsconv.box"

    sizes: ArrayAttr[IntAttr]

    @staticmethod
    def of(
        line_bytes: int,
        lines: int = 1,
        line_stride: int = 0,
        blocks: int = 1,
        block_stride: int = 0,
        inner_block_stride: int = 0,
    ) -> BoxAttr:
        """The box in its simplest form: dense lines become one line, dense blocks more lines."""
        if blocks > 1 and inner_block_stride not in (0, lines * line_bytes):
            if lines > 1 and line_stride == line_bytes:
                line_bytes, lines = line_bytes * lines, 1
            sizes = (blocks, block_stride, lines, line_stride if lines > 1 else 0, line_bytes)
            return BoxAttr(ArrayAttr(IntAttr(size) for size in (*sizes, inner_block_stride)))
        if lines > 1 and line_stride == line_bytes:
            return BoxAttr.of(line_bytes * lines, blocks, block_stride)
        if blocks > 1 and (lines == 1 or block_stride == lines * line_stride):
            stride = block_stride if lines == 1 else line_stride
            return BoxAttr.of(line_bytes, lines * blocks, stride)
        sizes = (blocks, block_stride if blocks > 1 else 0)
        sizes += (lines, line_stride if lines > 1 else 0, line_bytes, 0)
        return BoxAttr(ArrayAttr(IntAttr(size) for size in sizes))

    @staticmethod
    def of_tile(
        layout: Layout,
        map_shape: Shape,
        tile_shape: Shape,
        *,
        element_bytes: int = 1,
        plane_pitch: int = 0,
    ) -> BoxAttr:
        """The transfer of a tile of C x H x W elements of a map of C x H x W elements.

        In CHW, planes of the tile may lie `plane_pitch` bytes apart in L1; 0 means densely.
        """
        channels, height, width = map_shape
        tile_channels, rows, columns = tile_shape
        if layout is Layout.CHW:
            row = width * element_bytes
            line = columns * element_bytes
            return BoxAttr.of(line, rows, row, tile_channels, height * row, plane_pitch)
        pixel = channels * element_bytes
        line = tile_channels * element_bytes
        return BoxAttr.of(line, columns, pixel, rows, width * pixel)

    def _size(self, index: int) -> int:
        return self.sizes.data[index].data

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self._size(0)

    @property
    def block_stride(self) -> int:
        """Bytes from block to block in the outer memory."""
        return self._size(1)

    @property
    def lines(self) -> int:
        """Lines in a block."""
        return self._size(2)

    @property
    def line_stride(self) -> int:
        """Bytes from line to line in the outer memory."""
        return self._size(3)

    @property
    def line_bytes(self) -> int:
        """Bytes in a line."""
        return self._size(4)

    @property
    def inner_block_stride(self) -> int:
        """Bytes from block to block in the inner memory, 0 where blocks are dense there."""
        return self._size(5)

    @property
    def total_bytes(self) -> int:
        """Bytes moved."""
        return self.blocks * self.lines * self.line_bytes

    @property
    def inner_extent(self) -> int:
        """Bytes from the first to behind the last in the inner memory."""
        block = self.lines * self.line_bytes
        return (self.blocks - 1) * (self.inner_block_stride or block) + block

    @property
    def outer_extent(self) -> int:
        """Bytes from the first to behind the last in the outer memory."""
        return (
            (self.blocks - 1) * self.block_stride
            + (self.lines - 1) * self.line_stride
            + self.line_bytes
        )

    def verify(self) -> None:
        if len(self.sizes) != 6 or min(size.data for size in self.sizes) < 0:
            raise VerifyException("a box has six sizes, none of them negative")
        if min(self.blocks, self.lines, self.line_bytes) < 1:
            raise VerifyException("a box moves at least one byte")
        dimensions = ((self.blocks, self.block_stride), (self.lines, self.line_stride))
        if any(count > 1 and stride < 1 for count, stride in dimensions):
            raise VerifyException("blocks and lines of a box have a stride")
        if 0 < self.inner_block_stride < self.lines * self.line_bytes:
            raise VerifyException("blocks of a box do not overlap in the inner memory")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            if self.blocks > 1:
                printer.print_string(f"{self.blocks} by {self.block_stride}")
                inner = self.inner_block_stride
                printer.print_string(f" to {inner}, " if inner else ", ")
            if self.lines > 1 or self.blocks > 1:
                printer.print_string(f"{self.lines} by {self.line_stride}, ")
            printer.print_string(f"{self.line_bytes}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[ArrayAttr[IntAttr]]:
        inner_strides: list[int] = []

        def parse_dimension() -> tuple[int, int | None]:
            count = parser.parse_integer()
            if parser.parse_optional_keyword("by") is None:
                return count, None
            stride = parser.parse_integer()
            if parser.parse_optional_keyword("to") is not None:
                inner_strides.append(parser.parse_integer())
            return count, stride

        dimensions = parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_dimension)
        if not 1 <= len(dimensions) <= 3:
            parser.raise_error("a box has at most blocks, lines and bytes, and at least bytes")
        *outer, (line_bytes, stride) = dimensions
        if stride is not None or any(stride is None for _, stride in outer):
            parser.raise_error("blocks and lines of a box have a stride, bytes have none")
        if len(inner_strides) > 1 or (inner_strides and len(outer) < 2):
            parser.raise_error("the blocks of a box alone have a stride in the inner memory")
        # a single block or line is as good as none
        strided = [(count, stride if stride and count > 1 else 0) for count, stride in outer]
        (blocks, block_stride), (lines, line_stride) = [(1, 0)] * (2 - len(outer)) + strided
        inner_stride = inner_strides[0] if inner_strides and blocks > 1 else 0
        sizes = (blocks, block_stride, lines, line_stride, line_bytes, inner_stride)
        return [ArrayAttr(IntAttr(size) for size in sizes)]
