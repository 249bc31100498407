"""Attributes of what lies in memory: the layout of a tensor, the memory space of a buffer."""

from __future__ import annotations

from xdsl.dialects.utils import EnumAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum


class Layout(StrEnum):
    """Order in which a 1xCxHxW tensor lies in memory: channels outermost or innermost."""

    CHW = "chw"
    HWC = "hwc"


class Space(StrEnum):
    """Level of the memory hierarchy."""

    L1 = "l1"
    L2 = "l2"
    L3 = "l3"


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout]):
    """Encoding of a tensor type: the layout of its elements in memory."""

    name = "dsconv.layout"

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            super().print_parameter(printer)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Layout:
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)


@irdl_attr_definition
class SpaceAttr(EnumAttribute[Space]):
    """Memory space of a memref type."""

    name = "dsconv.space"

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            super().print_parameter(printer)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Space:
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)
