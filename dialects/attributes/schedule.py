"""How a layer of the tiled level runs: its layouts, its steps, and what L1 holds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ArrayAttr, IntAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes.integers import parse_int
from dsconv.dialects.attributes.memory import Layout


class Axis(StrEnum):
    """What a fused layer makes step by step: rows of its output, or channels."""

    ROWS = "rows"
    CHANNELS = "channels"


@dataclass(frozen=True)
class Schedule:
    """Layouts of the input, of what lies between fused layers, and of the output.

    A fused layer goes along an axis through layers of the kinds in `chain`. `buffers` is the number
    of copies of each buffer in L1, `inputs_in_l1` that of inputs that are in L1 before the layer.
    """

    layouts: tuple[Layout, ...]
    axis: Axis | None = None
    chain: tuple[str, ...] = ()
    buffers: int = 1
    inputs_in_l1: int = 0

    @property
    def text(self) -> str:
        """The schedule for people, as in `depthwise-pointwise rows chw/hwc/chw, 2 buffers`."""
        parts = ["/".join(self.layouts)]
        if self.axis is not None:
            parts[0] = f"{'-'.join(self.chain)} {self.axis} {parts[0]}"
        parts += ["input in L1"] * self.inputs_in_l1
        if self.buffers > 1:
            parts.append(f"{self.buffers} buffers")
        return ", ".join(parts)


@irdl_attr_definition
class ScheduleAttr(ParametrizedAttribute):
    """A `Schedule` as attribute of a layer."""

    name = "dsconv.schedule"

    layout_names: ArrayAttr[StringAttr]
    axis_name: StringAttr
    kinds: ArrayAttr[StringAttr]
    buffer_count: IntAttr
    input_count: IntAttr

    @staticmethod
    def of(schedule: Schedule) -> ScheduleAttr:
        """The attribute of a schedule."""
        return ScheduleAttr(
            _names(schedule.layouts),
            StringAttr("" if schedule.axis is None else schedule.axis.value),
            _names(schedule.chain),
            IntAttr(schedule.buffers),
            IntAttr(schedule.inputs_in_l1),
        )

    @property
    def schedule(self) -> Schedule:
        """The schedule that the attribute holds."""
        return Schedule(
            tuple(Layout(name.data) for name in self.layout_names),
            Axis(self.axis_name.data) if self.axis_name.data else None,
            tuple(kind.data for kind in self.kinds),
            self.buffer_count.data,
            self.input_count.data,
        )

    def with_buffers(self, count: int) -> ScheduleAttr:
        """The same with so many copies of each buffer."""
        return ScheduleAttr.of(replace(self.schedule, buffers=count))

    def with_another_input_in_l1(self) -> ScheduleAttr:
        """The same with one more input that is in L1 before the layer."""
        schedule = self.schedule
        return ScheduleAttr.of(replace(schedule, inputs_in_l1=schedule.inputs_in_l1 + 1))

    def verify(self) -> None:
        layouts = {name.data for name in self.layout_names}
        if len(self.layout_names) < 2 or not layouts <= set(Layout):
            raise VerifyException(
                f"a schedule has two layouts or more, each {' or '.join(Layout)}, got "
                f"{[name.data for name in self.layout_names]}"
            )
        if self.axis_name.data and self.axis_name.data not in set(Axis):
            raise VerifyException(f"a fused layer goes along {' or '.join(Axis)}")
        if bool(self.axis_name.data) != bool(self.kinds.data):
            raise VerifyException("an axis goes with a chain of layers, and a chain with an axis")
        if self.buffer_count.data not in (1, 2):
            raise VerifyException(f"a schedule has 1 or 2 buffers, not {self.buffer_count.data}")
        if self.input_count.data < 0:
            raise VerifyException("the number of inputs in L1 is not negative")

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(f"[{', '.join(name.data for name in self.layout_names)}]")
            if self.axis_name.data:
                kinds = ", ".join(kind.data for kind in self.kinds)
                printer.print_string(f", {self.axis_name.data} = [{kinds}]")
            if self.buffer_count.data != 1:
                printer.print_string(f", buffers = {self.buffer_count.data}")
            if self.input_count.data:
                printer.print_string(f", inputs_in_l1 = {self.input_count.data}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        axis, kinds, numbers = "", list[str](), {"buffers": 1, "inputs_in_l1": 0}
        with parser.in_angle_brackets():
            layouts = _parse_names(parser)
            while parser.parse_optional_punctuation(",") is not None:
                label = parser.parse_identifier()
                parser.parse_punctuation("=")
                if label in numbers:
                    numbers[label] = parse_int(parser)
                else:
                    axis, kinds = label, _parse_names(parser)
        return [
            _names(layouts),
            StringAttr(axis),
            _names(kinds),
            IntAttr(numbers["buffers"]),
            IntAttr(numbers["inputs_in_l1"]),
        ]


def _names(names: Sequence[str]) -> ArrayAttr[StringAttr]:
    return ArrayAttr(StringAttr(str(name)) for name in names)


def _parse_names(parser: AttrParser) -> list[str]:
    return parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_identifier)
