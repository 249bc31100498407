"""Networks of many chains side by side: each is for another fused kernel of one schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from hypothesis import assume
from hypothesis import strategies as st
from random_chains import ChainMaker, Sizes
from random_layers import RandomLayer
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Axis, Layout, Tile, TileAttr, WindowAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import SliceOp, activation_type, dtype_of, tensor_type
from dsconv.driver.pipeline import run_pipeline
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.kernel_names import VALUES, FusedKernel
from dsconv.passes.scheduling.row_plan import row_plan

KINDS = {"dw-pw": ("dw", "pw"), "pw-dw": ("pw", "dw"), "block": ("pw", "dw", "pw")}
EXTENTS = ((3, 3), (5, 5), (1, 3), (3, 1), (1, 5), (5, 1))
HEIGHTS = (6, 7, 12, 14, 28)
CHANNELS, WIDTH = 15, 19
WHOLE = Sizes(heights=(max(HEIGHTS),), widths=(WIDTH, WIDTH), channels=(CHANNELS, CHANNELS))
"""Sizes of the network's input, of which each chain reads a part."""


def kernel_names(schedule: str) -> list[str]:
    """All kernels of a schedule: one for each choice of layouts."""
    return ["-".join((schedule, *layouts)) for layouts in product(Layout, repeat=VALUES[schedule])]


@dataclass(frozen=True, repr=False)
class FusedChains:
    """Chains side by side, and the same network with each of them fused."""

    network: RandomLayer
    fused: ModuleOp

    def __repr__(self) -> str:
        return str(self.fused)


class KernelChainMaker(ChainMaker):
    """Draws chains whose values have the layouts of a kernel."""

    def __init__(self, draw: st.DrawFn, *, residual: bool):
        self.has_residual = residual
        self.layouts: list[Layout] = []
        super().__init__(draw, WHOLE)

    def chain(self, name: str) -> SSAValue:
        """One chain at the end of the network, for the kernel of a name."""
        kernel = FusedKernel.named(name)
        self.layouts = [*kernel.layouts, kernel.layouts[-1]]
        channels, width = (self.draw(st.integers(1, most)) for most in (CHANNELS, WIDTH))
        height = self.draw(st.sampled_from(HEIGHTS))
        value = self.source = self.part(name, (channels, height, width))
        *inner, last = KINDS[kernel.mode]
        self.makes_result = False
        for number, kind in enumerate(inner):
            value = self.add(getattr(self, kind)(f"{name} {kind}{number}", value))
        self.makes_result = True
        value = self.add(getattr(self, last)(f"{name} {last}", value))
        return self.add(self.residual(f"{name} add", value)) if self.has_residual else value

    def part(self, label: str, sizes: Sequence[int], layout: Layout | None = None) -> SSAValue:
        """A part of the network's input."""
        (x,) = self.block.args
        whole = tensor_type(x).get_shape()[1:]
        most = (size - part for size, part in zip(whole, sizes, strict=True))
        first = [self.draw(st.integers(0, start)) for start in most]
        type_ = activation_type((1, *sizes), dtype_of(x), layout or self.layout())
        return self.add(SliceOp(label, x, first, type_))

    def layout(self) -> Layout:
        return self.layouts.pop(0) if self.layouts else super().layout()

    def addend(self, shape: Sequence[int]) -> SSAValue:
        if self.draw(st.booleans()):
            return self.source
        return self.part("addend", shape[1:], super().layout())

    def window(self, height: int, width: int) -> WindowAttr:
        fy, fx = self.draw(st.sampled_from(EXTENTS))
        fx = min(fx, width)
        if self.has_residual:
            return WindowAttr.of((fy, fx), pads=((fy - 1) // 2, (fx - 1) // 2, fy // 2, fx // 2))
        sy, sx = (self.draw(st.integers(1, min(2, extent))) for extent in (fy, fx))
        most = (fy - sy, fx - 1, fy - 1, fx - 1)
        return WindowAttr.of((fy, fx), (sy, sx), [self.draw(st.integers(0, pad)) for pad in most])

    def kernels(self) -> int:
        if self.has_residual and self.makes_result:
            return tensor_type(self.source).get_shape()[1]
        return self.draw(st.integers(1, CHANNELS))


def steps(fused: FusedOp) -> list[Tile]:
    """All steps that a fused layer can take, with one buffer and with two."""
    chain = Chain.of(fused.chain)
    _, channels, rows, columns = tensor_type(fused.result).get_shape()
    if fused.axis is Axis.CHANNELS:
        sizes = [(depth, rows) for depth in range(1, channels + 1)]
    else:
        sizes = [(channels, depth) for depth in range(1, rows + 1)]
    tiles = [Tile(*size, columns, buffers=count) for size in sizes for count in (1, 2)]
    if fused.axis is Axis.CHANNELS:
        return tiles
    return [tile for tile in tiles if row_plan(chain, tile) is not None]


def width_of(value: SSAValue) -> int:
    """Columns of an activation."""
    return tensor_type(value).get_shape()[3]


@st.composite
def fused_chains(draw: st.DrawFn, schedule: str, *, residual: bool = False) -> FusedChains:
    """A random chain for every kernel of a schedule, fused by that kernel in random steps.

    Programs that have but maps of one column, as Hypothesis draws first, are not worth a build.
    """
    maker = KernelChainMaker(draw, residual=residual)
    names = kernel_names(schedule)
    ends = [maker.chain(name) for name in names]
    assume(any(width_of(end) > 1 for end in ends))
    network = maker.returning(ends[-1])
    fused = network.module.clone()
    run_pipeline(fused, ",".join(f"fuse-dsconv{{kernel={name}}}" for name in names))
    layers = [op for op in fused.walk() if isinstance(op, FusedOp)]
    assert [layer.chain[0].label.split()[0] for layer in layers] == names
    for layer in layers:
        layer.properties["tile"] = TileAttr.of(draw(st.sampled_from(steps(layer))))
    return FusedChains(network, fused)
