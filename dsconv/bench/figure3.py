"""Figure 3: what fusion costs in L1, over 36 geometries and by the depth of a step (section 4.2).

A block's overhead is that of the fused kernel over its two layers one after the other: our own
kernels, with the same weights, in the layouts that `select-layout` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from dsconv.bench.figure3_blocks import FD, Block, BlockSize, FusedBlock, unfused_block
from dsconv.bench.paper_numbers import FIGURE_3
from dsconv.bench.results import Results
from dsconv.passes.scheduling.kernel_names import FusedKernel

TITLES = {"dw-pw": "DW-PW", "pw-dw": "PW-DW"}


def blocks(layer_shapes: Sequence[BlockSize], kernels: Sequence[str]) -> list[Block]:
    """All that the figure needs of some geometries and kernels, each once."""
    found: dict[Block, None] = {}
    for layer_shape in layer_shapes:
        for kernel in kernels:
            found[unfused_block(FusedKernel.named(kernel).mode, layer_shape)] = None
            found |= dict.fromkeys(FusedBlock.of(kernel, layer_shape, fd) for fd in FD[kernel])
    return list(found)


@dataclass(frozen=True)
class Point:
    """A fused block's cycles beside those of its layers one after the other."""

    layer_shape: BlockSize
    cycles: int
    unfused: int

    @property
    def overhead(self) -> float:
        """Of the fused kernel."""
        return self.cycles / self.unfused - 1


@dataclass(frozen=True)
class Series:
    """A fused kernel at one depth, over the geometries that fit L1."""

    kernel: str
    fd: int
    points: tuple[Point, ...]

    @property
    def order(self) -> str:
        """`dw-pw` or `pw-dw`."""
        return FusedKernel.named(self.kernel).mode

    @property
    def overhead(self) -> float:
        """The median."""
        return median(point.overhead for point in self.points)

    @property
    def cycles(self) -> int:
        """The median."""
        return round(median(point.cycles for point in self.points))

    @property
    def unfused(self) -> int:
        """The median, over the same geometries."""
        return round(median(point.unfused for point in self.points))

    @property
    def paper(self) -> float | None:
        """The paper's median overhead, where its text has it."""
        return FIGURE_3.get((self.kernel, self.fd))


@dataclass(frozen=True)
class Figure3:
    """All kernels at all depths."""

    series: tuple[Series, ...]

    @staticmethod
    def of(cycles: Mapping[Block, int | None]) -> Figure3:
        """The figure of what was measured; None stands for a block that does not fit L1."""
        points: dict[tuple[str, int], list[Point]] = {}
        for block, fused in cycles.items():
            if isinstance(block, FusedBlock) and fused is not None:
                unfused = cycles[unfused_block(block.order, block.layer_shape)]
                assert unfused is not None, "tiles of single layers fit"
                point = Point(block.layer_shape, fused, unfused)
                points.setdefault((block.kernel, block.fd), []).append(point)
        order = [(kernel, fd) for kernel, depths in FD.items() for fd in depths]
        return Figure3(tuple(Series(*key, tuple(points[key])) for key in order if key in points))

    def results(self) -> Results:
        """Medians: a row for each kernel and depth."""
        columns = ("kernel", "FD", "geometries", "cycles", "unfused", "overhead", "paper")
        rows = [
            (
                *(series.kernel, series.fd, len(series.points), series.cycles, series.unfused),
                *(series.overhead, series.paper),
            )
            for series in self.series
        ]
        return Results("Figure 3: medians over the geometries, all in 1 MB of L1", columns, rows)

    def details(self) -> Results:
        """A row for each geometry too."""
        columns = ("kernel", "FD", "IX=IY", "S", "C", "K", "cycles", "unfused", "overhead")
        rows = [
            (
                *(series.kernel, series.fd, point.layer_shape.size, point.layer_shape.stride),
                *(point.layer_shape.channels, point.layer_shape.kernels),
                *(point.cycles, point.unfused, point.overhead),
            )
            for series in self.series
            for point in series.points
        ]
        return Results("Figure 3", columns, rows)

    def plot(self, path: Path) -> None:
        """Median overheads by depth, beside the paper's, and how they spread over geometries."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(12, 9), layout="constrained")
        for (order, title), (lines, violins) in zip(
            TITLES.items(), figure.subplots(2, 2), strict=True
        ):
            chosen = [series for series in self.series if series.order == order]
            for kernel in dict.fromkeys(series.kernel for series in chosen):
                ours = {each.fd: each.overhead for each in chosen if each.kernel == kernel}
                paper = {fd: ratio for (name, fd), ratio in FIGURE_3.items() if name == kernel}
                (line,) = lines.plot(*percents(ours), "o-", label=kernel)
                lines.plot(*percents(paper), "x:", color=line.get_color())
            lines.set(title=f"{title}, medians (dotted: paper)", xlabel="FD")
            lines.legend(fontsize=7)
            spread = [[100 * point.overhead for point in series.points] for series in chosen]
            if not chosen:
                continue
            violins.violinplot(spread, showmedians=True)
            names = [f"{series.kernel}\nFD {series.fd}" for series in chosen]
            violins.set_xticks(range(1, len(chosen) + 1), names, rotation=90, fontsize=6)
            violins.set(title=f"{title}, all geometries")
            for axes in (lines, violins):
                axes.axhline(0, color="black", linewidth=0.8)
                axes.set_ylabel("% over unfused")
        figure.savefig(path, dpi=150)


def percents(overheads: Mapping[int, float]) -> tuple[list[int], list[float]]:
    """Depths, and overheads in percent."""
    return list(overheads), [100 * ratio for ratio in overheads.values()]
