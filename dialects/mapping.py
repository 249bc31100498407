"""How a systolic array runs a layer: the attribute that `map-array` writes."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import IntAttr, StringAttr
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

MAPPING = "mapping"
"""Name of the attribute on a layer."""


class Strategy(StrEnum):
    """What the rows and columns of the array stand for while it runs a layer.

    `OUTPUT_STATIONARY`: output pixels on rows, kernels on columns, a matrix product for each group
    of the convolution; in a depthwise layer one column works. `WEIGHT_STATIONARY`: taps on rows,
    kernels on columns, pixels stream through. `BLOCK_DIAGONAL`: some groups share a matrix product,
    their weights lie on its diagonal. `BANDED`: output lines on rows, output columns on columns;
    the weights of one channel are a band matrix. `ROW_BUS`: an output line on each row, weights
    come over the row's bus, a pass for each line of the kernel in each channel. `ST_OS`: the same
    for 1-D kernels, as the FuSeConv paper has it: every fold shifts in a whole row of the array
    (arXiv 2105.13434).
    """

    OUTPUT_STATIONARY = "output_stationary"
    WEIGHT_STATIONARY = "weight_stationary"
    BLOCK_DIAGONAL = "block_diagonal"
    BANDED = "banded"
    ROW_BUS = "row_bus"
    ST_OS = "st_os"


class Lines(StrEnum):
    """What a line of the map is: one of its rows, or one of its columns."""

    ROWS = "rows"
    COLUMNS = "columns"


ON_THE_BUS = (Strategy.ROW_BUS, Strategy.ST_OS)


@dataclass(frozen=True)
class Mapping:
    """A strategy and what it leaves open: groups that share a product, and what lines are."""

    strategy: Strategy
    group: int = 1
    lines: Lines = Lines.ROWS


@irdl_attr_definition
class MappingAttr(ParametrizedAttribute):
    """A `Mapping` of a layer, and the cycles that the array takes with it."""

    name = "dsconv.mapping"

    strategy: StringAttr
    group: IntAttr
    lines: StringAttr
    cycle_count: IntAttr

    @staticmethod
    def of(mapping: Mapping, cycles: int) -> MappingAttr:
        """The attribute of a mapping that takes so many cycles."""
        return MappingAttr(
            StringAttr(mapping.strategy.value),
            IntAttr(mapping.group),
            StringAttr(mapping.lines.value),
            IntAttr(cycles),
        )

    @property
    def mapping(self) -> Mapping:
        """The mapping that the attribute holds."""
        return Mapping(Strategy(self.strategy.data), self.group.data, Lines(self.lines.data))

    @property
    def cycles(self) -> int:
        """Clock cycles of the whole layer on the array."""
        return self.cycle_count.data

    def verify(self) -> None:
        if self.strategy.data not in set(Strategy):
            raise VerifyException(
                f"unknown mapping {self.strategy.data}; there are {', '.join(Strategy)}"
            )
        if self.lines.data not in set(Lines):
            raise VerifyException(f"lines are {' or '.join(Lines)}, not {self.lines.data}")
        if self.group.data < 1:
            raise VerifyException(f"at least one group has a product, not {self.group.data}")
        strategy = Strategy(self.strategy.data)
        if self.group.data > 1 and strategy is not Strategy.BLOCK_DIAGONAL:
            raise VerifyException(f"groups share a product in block_diagonal, not in {strategy}")
        if Lines(self.lines.data) is Lines.COLUMNS and strategy not in ON_THE_BUS:
            raise VerifyException(f"{strategy} has no lines")
        if self.cycles < 1:
            raise VerifyException(f"a layer takes at least one cycle, not {self.cycles}")

    def print_parameters(self, printer: Printer) -> None:
        mapping = self.mapping
        with printer.in_angle_brackets():
            printer.print_string(mapping.strategy)
            if mapping.group > 1:
                printer.print_string(f", group = {mapping.group}")
            if mapping.strategy in ON_THE_BUS:
                printer.print_string(f", lines = {mapping.lines}")
            printer.print_string(f", cycles = {self.cycles}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[StringAttr | IntAttr]:
        group, lines = 1, Lines.ROWS.value
        with parser.in_angle_brackets():
            strategy = parser.parse_identifier()
            parser.parse_punctuation(",")
            label = parser.parse_identifier()
            if label == "group":
                parser.parse_punctuation("=")
                group = parser.parse_integer()
                parser.parse_punctuation(",")
                label = parser.parse_identifier()
            if label == "lines":
                parser.parse_punctuation("=")
                lines = parser.parse_identifier()
                parser.parse_punctuation(",")
                label = parser.parse_identifier()
            if label != "cycles":
                parser.raise_error("a mapping ends with its cycles")
            parser.parse_punctuation("=")
            cycles = parser.parse_integer()
        return [StringAttr(strategy), IntAttr(group), StringAttr(lines), IntAttr(cycles)]
