"""The layouts of what stays inside a fused layer along rows: those that its kernels like best.

A kernel's time depends on the layouts of what it reads and makes, so layouts are a path through the
chain. Rows made before the first step and rows of a step count apart, since transfers hide some of
the latter: of all paths to a layout, those stay that no other beats in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.fused_cost import RowKernels
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.row_plan import RowPlan

Options = Mapping[SSAValue, Sequence[Layout]]
"""The layouts that values may have."""


@dataclass(frozen=True)
class LayoutPath:
    """Layouts of what layers of a chain make, and the cycles of their kernels."""

    layouts: tuple[Layout, ...]
    kernels: RowKernels

    def then(self, layout: Layout, kernels: RowKernels) -> LayoutPath:
        """The path with one layer more."""
        return LayoutPath((*self.layouts, layout), self.kernels + kernels)


def layout_paths(
    chain: Chain, plan: RowPlan, options: Options, costs: CostModel
) -> list[LayoutPath]:
    """All that are worth having; the layouts of what the chain reads are given."""
    reached = {chain.input_layout: [LayoutPath((), RowKernels())]}
    value = chain.input
    for layer, layer_shape, rows in zip(
        chain.layers, chain.layer_shapes, plan.values[1:], strict=True
    ):
        following: dict[Layout, list[LayoutPath]] = {}
        for made in options[layer.result]:
            paths: list[LayoutPath] = []
            for read, known in reached.items():
                placed = layer_shape.with_layouts(
                    (
                        read if activation is value else layout
                        for activation, layout in zip(
                            layer.activations, layer_shape.input_layouts, strict=True
                        )
                    ),
                    made,
                )
                kernels = RowKernels.of(placed, rows, costs)
                paths += [path.then(made, kernels) for path in known]
            following[made] = least(paths)
        reached, value = following, layer.result
    return [path for paths in reached.values() for path in paths]


def least(paths: Sequence[LayoutPath]) -> list[LayoutPath]:
    """Those that no other beats in both kinds of cycles."""
    best: list[LayoutPath] = []
    for path in sorted(paths, key=lambda path: (path.kernels.step, path.kernels.prologue)):
        if not best or path.kernels.prologue < best[-1].kernels.prologue:
            best.append(path)
    return best
