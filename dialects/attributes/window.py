"""The sliding window of a convolution or pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import I64, DenseArrayBase
from xdsl.ir import ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes.integers import i64_array, parse_entries, print_int_list


@irdl_attr_definition
class WindowAttr(ParametrizedAttribute):
    """The sliding window of a convolution or pool: kernel FY x FX, strides, pads, dilations.

    Pads are `[top, left, bottom, right]` in pixels, as in ONNX.
    """

    name = "dsconv.window"

    kernel_values: DenseArrayBase[I64]
    stride_values: DenseArrayBase[I64]
    pad_values: DenseArrayBase[I64]
    dilation_values: DenseArrayBase[I64]

    @staticmethod
    def of(
        kernel: Sequence[int],
        strides: Sequence[int] = (1, 1),
        pads: Sequence[int] = (0, 0, 0, 0),
        dilations: Sequence[int] = (1, 1),
    ) -> WindowAttr:
        """Builds a window from plain integers."""
        return WindowAttr(
            i64_array(kernel), i64_array(strides), i64_array(pads), i64_array(dilations)
        )

    @property
    def kernel(self) -> tuple[int, int]:
        """FY, FX."""
        return cast(tuple[int, int], self.kernel_values.get_values())

    @property
    def strides(self) -> tuple[int, int]:
        """Vertical and horizontal stride."""
        return cast(tuple[int, int], self.stride_values.get_values())

    @property
    def pads(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right."""
        return cast(tuple[int, int, int, int], self.pad_values.get_values())

    @property
    def dilations(self) -> tuple[int, int]:
        """Vertical and horizontal distance between taps."""
        return cast(tuple[int, int], self.dilation_values.get_values())

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns of input under one output, dilation included."""
        (fy, fx), (dy, dx) = self.kernel, self.dilations
        return (fy - 1) * dy + 1, (fx - 1) * dx + 1

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """OY, OX for an input of height IY and width IX."""
        top, left, bottom, right = self.pads
        return (
            (height + top + bottom - self.extent[0]) // self.strides[0] + 1,
            (width + left + right - self.extent[1]) // self.strides[1] + 1,
        )

    def verify(self) -> None:
        lengths = [
            len(self.kernel_values),
            len(self.stride_values),
            len(self.pad_values),
            len(self.dilation_values),
        ]
        if lengths != [2, 2, 4, 2]:
            raise VerifyException(
                "a window has 2 kernel sizes, 2 strides, 4 pads and 2 dilations, not "
                + ", ".join(map(str, lengths))
            )
        if min(*self.kernel, *self.strides, *self.dilations) < 1:
            raise VerifyException("kernel, strides and dilations of a window are at least 1")
        if min(self.pads) < 0:
            raise VerifyException(f"pads of a window are not negative, got {list(self.pads)}")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string("kernel = ")
            print_int_list(printer, self.kernel)
            for label, values, default in (
                ("strides", self.strides, (1, 1)),
                ("pads", self.pads, (0, 0, 0, 0)),
                ("dilations", self.dilations, (1, 1)),
            ):
                if values != default:
                    printer.print_string(f", {label} = ")
                    print_int_list(printer, values)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[DenseArrayBase[I64]]:
        values = {"kernel": [], "strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1]}
        values |= parse_entries(parser, "a window", lists=list(values), needed=["kernel"])
        return [i64_array(value) for value in values.values()]
