"""Cycles of every kernel on GVSoC, beside what the cores' structure allows.

    python -m benchmarks.kernels [--only dw,pw] [--check] [--keep] [--plot FILE]

Each row is a network of one layer, compiled by the default pipeline, run on GVSoC with bank
conflicts, and checked value by value. `layer` counts everything from first transfer to last;
`kernel` only what the cores compute, with its barriers, when the instruction cache is warm.

`kernels.json` keeps both. `--check` fails where a kernel has become slower, `--keep` writes anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import ceil, prod
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.layers import GvsocNetwork
from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, WindowAttr

CORES = 8
REQUANT_CYCLES = 5
POINTWISE_CYCLES_PER_MAC = 14 / 32
"""A block of 4x2 outputs: 14 instructions for 32 products."""
LANES = 4
"""Products of one dot product instruction."""
BYTES_A_WORD = 4
SLOWER = 1.03
"""What `--check` calls a loss."""

CHW = Activation(layout=Layout.CHW)
HWC = Activation(layout=Layout.HWC)
KEPT = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Case:
    """A kernel and shape: how to build it, its products, and its limit in cycles of eight cores."""

    name: str
    build: Callable[[], ModelBuilder]
    macs: int
    limit: float

    @property
    def kind(self) -> str:
        """The first word of the name, for `--only`."""
        return self.name.split()[0]


@dataclass(frozen=True)
class KernelMeasurement:
    """Cycles of one case."""

    name: str
    macs: int
    limit: float
    layer: int
    kernel: int

    @property
    def macs_per_cycle(self) -> float:
        """Of the kernel, all cores together."""
        return self.macs / self.kernel

    @property
    def share_of_limit(self) -> float:
        """1 where the kernel is as fast as its structure allows."""
        return self.limit / self.kernel


def pointwise(channels: int, kernels: int, height: int, width: int, x: Activation = HWC) -> Case:
    """4x2 outputs at a time, then requantisation."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, x)
        builder.pointwise(kernels, HWC)
        return builder

    outputs = kernels * height * width
    macs = outputs * channels
    limit = (macs * POINTWISE_CYCLES_PER_MAC + outputs * REQUANT_CYCLES) / CORES
    name = f"pw {channels}->{kernels} {height}x{width}"
    if x.layout is Layout.CHW:
        name += " from chw"
    return Case(name, build, macs, limit)


def depthwise(
    channels: int,
    height: int,
    width: int,
    kernel: int,
    stride: int = 1,
    dilation: int = 1,
    *,
    x: Activation = CHW,
    y: Activation = HWC,
) -> Case:
    """Dot products of a window's rows, its loads, requantisation and store.

    In HWC and dilated too, as if words did not have to be put together.
    """
    pad = dilation * (kernel // 2)
    window = WindowAttr.of([kernel] * 2, [stride] * 2, [pad] * 4, [dilation] * 2)

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, x)
        builder.depthwise(window, y)
        return builder

    outputs = channels * prod(window.output_size(height, width))
    cycles = outputs * depthwise_cycles_per_output(kernel, stride)
    name = f"dw {kernel}x{kernel} s{stride} {channels}ch {height}x{width}"
    if dilation > 1:
        name += f" d{dilation}"
    if x.layout is Layout.HWC:
        name += " from hwc"
    if y.layout is Layout.CHW:
        name += " chw"
    return Case(name, build, outputs * kernel**2, cycles / CORES)


def depthwise_cycles_per_output(kernel: int, stride: int) -> float:
    """9.75 for 3x3: 3 dot products, 0.75 for loads, 5 for requantisation, 1 store.

    A word serves as many columns as have their window in it. Every other word is misaligned and
    takes two cycles.
    """
    words = ceil(kernel / LANES)
    columns = max(1, (LANES * words - kernel) // stride + 1)
    loads = stride * words / columns * 1.5
    return kernel * words + loads + REQUANT_CYCLES + 1


def first_convolution() -> Case:
    """3->8, stride 2: rows of a window are nine bytes, three dot products each."""
    window = WindowAttr.of((3, 3), (2, 2), (1, 1, 1, 1))

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(3, 128, 128, HWC)
        builder.conv2d(8, window, CHW)
        return builder

    outputs = 8 * 64 * 64
    products = outputs * 27
    limit = (products * POINTWISE_CYCLES_PER_MAC + outputs * REQUANT_CYCLES) / CORES
    return Case("conv 3->8 s2 128x128", build, products, limit)


def linear(features: int, kernels: int) -> Case:
    """A weight is loaded for every product: a load of weights and a dot product for four."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(features, 1, 1, HWC)
        builder.linear(kernels, HWC)
        return builder

    macs = features * kernels
    limit = (macs * 2 / LANES + kernels * REQUANT_CYCLES) / CORES
    return Case(f"fc {features}->{kernels}", build, macs, limit)


def addition(channels: int, height: int, width: int) -> Case:
    """Two products and requantisation a value; loads, unpacking and stores by the word."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, HWC)
        builder.add((1_543_211, 2_345_671), 22, HWC)
        return builder

    outputs = channels * height * width
    limit = outputs * (3 / BYTES_A_WORD + 4 + REQUANT_CYCLES) / CORES
    return Case(f"add {channels}ch {height}x{width}", build, 2 * outputs, limit)


def average_pool(
    channels: int, height: int, width: int, kernel: int = 0, *, x: Activation = CHW
) -> Case:
    """A load and a dot product for four values of a plane; in HWC four, one for each channel.

    Of whole planes, or of a padded window that moves by its size.
    """
    window, name = WindowAttr.of((height, width)), f"avg {channels}ch {height}x{width}"
    if kernel:
        window = WindowAttr.of((kernel, kernel), (kernel, kernel), [kernel // 2] * 4)
        name = f"avg {kernel}x{kernel} s{kernel} {channels}ch {height}x{width}"

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, x)
        builder.average_pool(window, HWC)
        return builder

    outputs = channels * prod(window.output_size(height, width))
    values = outputs * prod(window.kernel)
    dots = LANES if x.layout is Layout.HWC else 1
    limit = (values * (1 + dots) / BYTES_A_WORD + outputs * (REQUANT_CYCLES + 1)) / CORES
    if x.layout is Layout.HWC:
        name += " from hwc"
    return Case(name, build, values, limit)


def max_pool(
    channels: int, height: int, width: int, kernel: int = 2, pad: int = 0, *, x: Activation = HWC
) -> Case:
    """Stride 2: a load and a maximum for four channels, or columns, of every tap."""
    window = WindowAttr.of((kernel, kernel), (2, 2), [pad] * 4)

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, x)
        builder.max_pool(window, x.layout)
        return builder

    outputs = channels * prod(window.output_size(height, width))
    values = outputs * kernel**2
    name = f"max {kernel}x{kernel} {channels}ch {height}x{width}"
    if x.layout is Layout.CHW:
        name += " chw"
    return Case(name, build, values, values * 2 / LANES / CORES)


def rescale(channels: int, height: int, width: int) -> Case:
    """Requantisation of every value."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, HWC)
        builder.rescale(HWC)
        return builder

    outputs = channels * height * width
    limit = outputs * (2 / BYTES_A_WORD + 1 + REQUANT_CYCLES) / CORES
    return Case(f"rescale {channels}ch {height}x{width}", build, outputs, limit)


def conversion(channels: int, height: int, width: int) -> Case:
    """The same from CHW to HWC: bytes are loaded and stored one by one."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, CHW)
        builder.rescale(HWC)
        return builder

    outputs = channels * height * width
    limit = outputs * (2 + REQUANT_CYCLES) / CORES
    return Case(f"rescale {channels}ch {height}x{width} from chw", build, outputs, limit)


def product(channels: int, height: int, width: int) -> Case:
    """A product of two cycles and requantisation a value; the rest as for an addition."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, HWC)
        builder.mul(HWC)
        return builder

    outputs = channels * height * width
    limit = outputs * (3 / BYTES_A_WORD + 4 + REQUANT_CYCLES) / CORES
    return Case(f"mul {channels}ch {height}x{width}", build, outputs, limit)


def lookup(channels: int, height: int, width: int) -> Case:
    """A load from the table a value; loads, unpacking and stores by the word."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, HWC)
        builder.lookup(HWC)
        return builder

    outputs = channels * height * width
    limit = outputs * (4 / BYTES_A_WORD + 2) / CORES
    return Case(f"lookup {channels}ch {height}x{width}", build, outputs, limit)


def concat(channels: int, height: int, width: int, x: Activation = HWC) -> Case:
    """A load and a store for a word, or for a byte where layouts differ."""

    def build() -> ModelBuilder:
        builder = ModelBuilder().begin(channels, height, width, x)
        builder.concat(Layout.HWC)
        return builder

    outputs = 2 * channels * height * width
    name = f"concat 2x{channels}ch {height}x{width}"
    if x.layout is Layout.CHW:
        return Case(f"{name} from chw", build, outputs, outputs * 2 / CORES)
    return Case(name, build, outputs, outputs * 2 / BYTES_A_WORD / CORES)


CASES = (
    pointwise(128, 128, 16, 16),
    pointwise(128, 128, 8, 8),
    pointwise(64, 64, 25, 5),
    pointwise(256, 256, 4, 4),
    pointwise(8, 16, 64, 64),
    pointwise(8, 48, 32, 32),
    pointwise(8, 48, 32, 32, CHW),
    pointwise(48, 8, 32, 32),
    pointwise(32, 32, 32, 32),
    pointwise(32, 32, 32, 32, CHW),
    depthwise(128, 16, 16, 3),
    depthwise(128, 16, 16, 3, y=CHW),
    depthwise(128, 8, 8, 3),
    depthwise(8, 64, 64, 3),
    depthwise(64, 25, 5, 3),
    depthwise(256, 4, 4, 3),
    depthwise(128, 6, 6, 3),
    depthwise(64, 16, 16, 3, 2),
    depthwise(16, 64, 64, 3, 2),
    depthwise(64, 16, 16, 5),
    depthwise(64, 16, 16, 5, 2),
    depthwise(128, 16, 16, 3, x=HWC),
    depthwise(128, 8, 8, 3, x=HWC),
    depthwise(64, 16, 16, 3, 2, x=HWC),
    depthwise(64, 16, 16, 5, x=HWC, y=CHW),
    depthwise(64, 16, 16, 3, dilation=2),
    depthwise(64, 16, 16, 3, dilation=2, x=HWC),
    first_convolution(),
    linear(256, 1000),
    addition(32, 16, 16),
    average_pool(256, 4, 4),
    average_pool(64, 25, 5),
    average_pool(32, 16, 16, 3),
    average_pool(32, 16, 16, 3, x=HWC),
    average_pool(256, 7, 7, x=HWC),
    max_pool(32, 16, 16),
    max_pool(32, 16, 16, x=CHW),
    max_pool(32, 16, 16, 3, 1),
    max_pool(32, 16, 16, 3, 1, x=CHW),
    rescale(32, 16, 16),
    conversion(32, 16, 16),
    product(32, 16, 16),
    lookup(32, 16, 16),
    concat(16, 16, 16),
    concat(16, 16, 16, CHW),
)


def measure(case: Case, repeats: int = 4) -> KernelMeasurement:
    """Runs a case once, and with its kernels repeated; checks both against the reference."""
    network = GvsocNetwork(case.build().module())
    once, often = network.run(), network.run(1 + repeats)
    network.check(once)
    network.check(often)
    cycles = [result.layer_stats[0][0].cycles or 0 for result in (once, often)]
    kernel = (cycles[1] - cycles[0]) // repeats
    return KernelMeasurement(case.name, case.macs, case.limit, cycles[0], kernel)


def table(measurements: Sequence[KernelMeasurement]) -> Table:
    """The measurements for people."""
    result = Table("kernel", "MACs", "layer", "kernel", "MAC/cycle", "limit", "of limit")
    for column in result.columns[1:]:
        column.justify = "right"
    for row in measurements:
        result.add_row(
            row.name,
            f"{row.macs}",
            f"{row.layer}",
            f"{row.kernel}",
            f"{row.macs_per_cycle:.2f}",
            f"{row.limit:.0f}",
            f"{row.share_of_limit:.0%}",
        )
    return result


def read(path: Path) -> dict[str, KernelMeasurement]:
    """Measurements that were kept, by name."""
    return {row["name"]: KernelMeasurement(**row) for row in json.loads(path.read_text())}


def write(path: Path, measurements: Sequence[KernelMeasurement]) -> None:
    """Keeps measurements; those of other cases stay."""
    kept = read(path) if path.exists() else {}
    kept |= {row.name: row for row in measurements}
    path.write_text(json.dumps([asdict(row) for row in kept.values()], indent=1) + "\n")


def losses(
    before: dict[str, KernelMeasurement], measurements: Sequence[KernelMeasurement]
) -> list[str]:
    """One line for every kernel that became slower."""
    return [
        f"{row.name}: {before[row.name].kernel} -> {row.kernel} cycles"
        for row in measurements
        if row.name in before and row.kernel > SLOWER * before[row.name].kernel
    ]


def plot(path: Path, measurements: Sequence[KernelMeasurement]) -> None:
    """Bars: the share of its limit that every kernel reaches."""
    from matplotlib import pyplot

    names = [row.name for row in reversed(measurements)]
    shares = [100 * row.share_of_limit for row in reversed(measurements)]
    figure, axes = pyplot.subplots(figsize=(8, 0.3 * len(names) + 1), layout="constrained")
    bars = axes.barh(names, shares)
    axes.bar_label(bars, [f" {row.macs_per_cycle:.1f} MAC/cycle" for row in reversed(measurements)])
    axes.axvline(100, color="black", linewidth=1)
    axes.set_xlim(0, max(130, *shares))
    axes.set_xlabel("% of the limit")
    figure.savefig(path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__)
    parser.add_argument("--only", help="kinds, comma-separated: pw, dw, conv, fc, add, avg, ...")
    parser.add_argument("--check", action="store_true", help=f"fail if slower than {KEPT.name}")
    parser.add_argument("--keep", action="store_true", help=f"write {KEPT.name}")
    parser.add_argument("--plot", type=Path, help="draw a bar for every kernel")
    options = parser.parse_args()
    kinds = options.only.split(",") if options.only else {case.kind for case in CASES}
    chosen = [case for case in CASES if case.kind in kinds]
    measurements = [measure(case) for case in track(chosen, "GVSoC", transient=True)]
    console = Console()
    console.print(table(measurements))
    if options.plot:
        plot(options.plot, measurements)
    lost = losses(read(KEPT), measurements)
    if options.keep:
        write(KEPT, measurements)
    if options.check and lost:
        raise SystemExit("\n".join(lost))


if __name__ == "__main__":
    main()
