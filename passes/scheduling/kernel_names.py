"""Fused kernels by name: which layers, along what, in which layouts (Daghero et al. 2024, 3.2).

`dw-pw-rows-chw-hwc-chw` goes along rows through a depthwise and a pointwise layer; its input lies
in CHW, what is between the layers in HWC, its output in CHW.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Axis, Layout
from dsconv.dialects.graph import AddOp, LayerOperation, layout_of
from dsconv.passes.analysis.layouts import lies_between_layers, set_layout

VALUES = {"dw-pw-rows": 3, "pw-dw-rows": 3, "pw-dw-channels": 3, "block-rows": 4}
"""Schedules, with the number of values that have a layout: input, between the layers, output."""


@dataclass(frozen=True)
class FusedKernel:
    """A schedule with its layouts: of the input, of what is between the layers, of the output."""

    mode: str
    axis: Axis
    layouts: tuple[Layout, ...]

    @staticmethod
    def named(name: str) -> FusedKernel:
        """The kernel of a name; raises DiagnosticException where there is none."""
        for schedule, values in VALUES.items():
            layouts = name.removeprefix(f"{schedule}-").split("-")
            if len(layouts) == values and set(layouts) <= set(Layout):
                mode, _, axis = schedule.rpartition("-")
                return FusedKernel(mode, Axis(axis), tuple(map(Layout, layouts)))
        forms = ", ".join(schedule + "-X" * values for schedule, values in VALUES.items())
        raise DiagnosticException(
            f'there is no kernel "{name}"; there are {forms}, where each X is chw or hwc: '
            "layouts of the input, of what is between the layers and of the output"
        )

    def why_illegal(self, chain: Sequence[LayerOperation]) -> str | None:
        """Why a chain's values cannot have the kernel's layouts; None where they can."""
        for value, layout in self._layouts(chain):
            lies_in = layout_of(value)
            if lies_in is None and not lies_between_layers(value):
                return f"{described(value)} has no layout, and is not only between layers"
            if lies_in not in (None, layout):
                return f"{described(value)} lies in {lies_in}, not in {layout}"
        return None

    def write_layouts(self, chain: Sequence[LayerOperation]) -> None:
        """Gives a chain's values the kernel's layouts."""
        for value, layout in self._layouts(chain):
            if layout_of(value) is None:
                set_layout(value, layout)

    def _layouts(self, chain: Sequence[LayerOperation]) -> list[tuple[SSAValue, Layout]]:
        """Values of a chain with their layouts; what an addition reads lies as what it makes."""
        values = [chain[0].activations[0], *(op.result for op in chain)]
        layouts = self.layouts
        if isinstance(chain[-1], AddOp):
            layouts = (*layouts, layouts[-1])
        return list(zip(values, layouts, strict=True))


def described(value: SSAValue) -> str:
    """A value's name for people: that of the layer that makes it."""
    if isinstance(value.owner, LayerOperation):
        return f'what "{value.owner.label}" makes'
    return "the input"
