"""What kernels and transfers cost on the cluster: the pieces that every schedule is made of.

`kernel_cycles` and `dma_cycles` are pure and cached, so a search may ask for thousands of them.
Both are sums of terms, counted from shapes, times coefficients: those of kernels in a table for
each instruction set, those of all else in `costs/layer.json`. `python -m benchmarks.costs` fits
them to layers measured on GVSoC's pulp-open. A table and its terms change together: so the tables
lie here, and a target names its instruction set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil
from typing import NamedTuple

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    ConcatOp,
    Conv2DOp,
    DepthToSpaceOp,
    DepthwiseOp,
    InterpolateOp,
    LayerOperation,
    LinearOp,
    LookupOp,
    MaxPoolOp,
    MulOp,
    PadOp,
    PairLookupOp,
    PointwiseOp,
    RescaleOp,
    ResizeOp,
    ShuffleOp,
    SliceOp,
    StepsOp,
    SumStepsOp,
    kind_of,
)
from dsconv.dialects.target import Cluster, Core, InstructionCache, Isa
from dsconv.passes.analysis.core_grids import least_shares
from dsconv.passes.analysis.hashed_once import hashed_once
from dsconv.passes.analysis.xpulp_limits import (
    WORD,
    can_copy,
    can_transpose,
    longest_window,
    reaches_lanes,
)


def kinds(*layers: type[LayerOperation]) -> frozenset[str]:
    """Kinds of layers."""
    return frozenset(map(kind_of, layers))


BLOCKS = ((4, 4), (4, 2), (2, 4), (4, 3), (3, 4), (3, 3), (5, 3), (3, 5), (2, 2), (4, 1), (1, 4))
"""Pixels x channels that a dense kernel makes at a time, among which a kernel takes the best."""

TAP_WORDS = 4
"""A tap that is read where it lies costs as much as so many loads, its words aside."""

LINEAR, POINTWISE, AVERAGE, MUL = map(kind_of, (LinearOp, PointwiseOp, AveragePoolOp, MulOp))
RESIZE, SHUFFLE, DEPTH_TO_SPACE = map(kind_of, (ResizeOp, ShuffleOp, DepthToSpaceOp))

PORTABLE_KINDS = kinds(InterpolateOp, PairLookupOp, StepsOp, SumStepsOp)
"""Elementwise kinds that loops in C compute."""

MOVING_KINDS = kinds(ConcatOp, SliceOp, ResizeOp, ShuffleOp, DepthToSpaceOp)
"""Elementwise kinds that only move values."""

MOST_WEIGHT_REGISTERS = 10
"""Words of a depthwise window's weights that stay in registers."""

MOST_BESIDE_LANES = 8
"""The same where registers also put words together."""

WEIGHT_LOADS = 2
"""To bring a weight to the stack costs as much as so many loads."""

Terms = Mapping[str, float]
"""How often each thing happens that costs time, on the core with the most work."""


class TileShape(NamedTuple):
    """A tile of an activation in L1: C x H x W bytes in a layout."""

    channels: int
    height: int
    width: int
    layout: Layout

    @property
    def pixels(self) -> int:
        """Pixels of a plane."""
        return self.height * self.width

    @property
    def size(self) -> int:
        """Bytes."""
        return self.channels * self.pixels

    @property
    def has_whole_pixels(self) -> bool:
        """Whether the channels of a pixel lie side by side."""
        return self.layout is Layout.HWC or self.channels == 1 or self.pixels == 1

    @property
    def has_whole_planes(self) -> bool:
        """Whether the pixels of a channel lie side by side."""
        return self.layout is Layout.CHW or self.channels == 1 or self.pixels == 1


class WindowShape(NamedTuple):
    """Size and strides of a window, FY x FX; one pixel where a kernel has none."""

    kernel: tuple[int, int] = (1, 1)
    strides: tuple[int, int] = (1, 1)
    padded: bool = False

    @property
    def taps(self) -> int:
        """Inputs of one channel under a window."""
        return self.kernel[0] * self.kernel[1]


class KernelShape(NamedTuple):
    """What a kernel computes, as far as its time depends on it.

    `kind` is the kind of the graph operation, `more_inputs` the layouts of its inputs besides `x`.
    `wide` says that its requantisation has 64 bits. A convolution may be in `groups` of channels.
    Weights may have `zero_points`, and additions requantise their `terms` before they add them.
    `sums` says that values are sums of 32 bits, not bytes.
    """

    kind: str
    x: TileShape
    y: TileShape
    window: WindowShape = WindowShape()
    more_inputs: tuple[Layout, ...] = ()
    wide: bool = False
    groups: int = 1
    zero_points: bool = False
    terms: bool = False
    sums: bool = False


class TransferCost(NamedTuple):
    """Cycles of core 0 to start a transfer, and of the DMA from its start to its end."""

    issue: float
    engine: float

    @property
    def cycles(self) -> float:
        """Cycles of a transfer that is waited for at once."""
        return self.issue + self.engine


NO_TRANSFER = TransferCost(0, 0)
"""Of what lies in L1 already, or stays there."""


@hashed_once
@dataclass(frozen=True)
class CostModel:
    """What times depend on: the cores, their instruction cache, the DMA's bytes a cycle."""

    core: Core
    icache: InstructionCache
    dma_bytes_per_cycle: int

    @staticmethod
    def of(cluster: Cluster) -> CostModel:
        """That of a cluster."""
        return CostModel(cluster.core, cluster.icache, cluster.dma.bytes_per_cycle)

    @property
    def layer(self) -> dict[str, float]:
        """Cycles of what happens in a layer beside its kernels."""
        return coefficients("layer")["layer"]


@cache
def coefficients(table: str) -> dict[str, dict[str, float]]:
    """Cycles of every term, by group: of an instruction set's kernels, or of a `layer`."""
    text = files("dsconv.passes").joinpath("scheduling", "costs", f"{table}.json").read_text()
    return json.loads(text)["cycles"]


@cache
def kernel_cycles(shape: KernelShape, costs: CostModel) -> float:
    """Cycles from a call, by all cores, to the return of the last; operands lie in L1."""
    isa = Isa.PORTABLE if adds_up_sums(shape) else costs.core.isa
    cycles = coefficients(isa)[KERNEL_GROUPS[shape.kind].name]
    return min(weighted(terms, cycles) for terms in KERNEL_TERMS[isa](shape, costs))


def adds_up_sums(shape: KernelShape) -> bool:
    """Whether a kernel moves or adds up sums of 32 bits, which loops in C do on every machine."""
    has_weights = KERNEL_GROUPS[shape.kind].name in ("dense", "depthwise")
    return shape.sums and not has_weights and shape.kind not in PORTABLE_KINDS


@cache
def dma_cycles(
    costs: CostModel, line_bytes: int, lines: int = 1, blocks: int = 1, *, store: bool = False
) -> TransferCost:
    """What it takes to move `blocks` x `lines` x `line_bytes` between L2 and L1.

    A box is given in its simplest form, as `BoxAttr.of` makes it. Both directions work at once,
    transfers of one direction one after the other.
    """
    if line_bytes == 0:
        return NO_TRANSFER
    issue = weighted({"transfer": 1, "command": blocks}, coefficients("layer")["issue"])
    beats = ceil(line_bytes / costs.dma_bytes_per_cycle)
    terms = transfer_terms(beats, lines, blocks, store=store)
    return TransferCost(issue, max(weighted(terms, costs.layer) - issue, 0))


def transfer_terms(beats: int, lines: int, blocks: int, *, store: bool) -> Terms:
    """Terms of a transfer that is waited for at once; a line takes `beats`, a block a command."""
    direction = "store" if store else "load"
    return {
        "transfer": 1,
        "command": blocks,
        f"{direction}_line": blocks * lines,
        f"{direction}_beat": blocks * lines * beats,
    }


def weighted(terms: Terms, costs: Mapping[str, float]) -> float:
    """Cycles of terms."""
    cycles = 0.0
    for name, count in terms.items():
        if count:
            cycles += count * costs[name]
    return cycles


def powers_of_two(cores: int) -> list[int]:
    """1, 2, 4 and so on, up to the number of cores: parts that a channel is cut into."""
    return [1 << level for level in range(cores.bit_length())]


def portable_terms(shape: KernelShape, inputs: int, core: Core) -> Terms:
    """Loops in C, where there is no assembly: so many inputs for each output, one by one."""
    outputs = ceil(shape.y.size / core.count)
    return {
        "portable_call": 1,
        "portable_input": outputs * inputs,
        f"portable_{output_term(shape)}": outputs,
    }


def loop_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Loops in C alone: channels or pixels are split, and outputs are made one by one.

    Only layers that sum over channels read words, where the channels of a pixel lie side by side.
    """
    core = costs.core
    x, y = shape.x, shape.y
    words = tail = 0
    if KERNEL_GROUPS[shape.kind].name != "dense":
        tail = shape.window.taps + len(shape.more_inputs)
    elif x.layout is Layout.HWC:
        taps = x.pixels if shape.kind == LINEAR else shape.window.taps
        words, tail = taps * (x.channels // WORD), taps * (x.channels % WORD)
    else:
        tail = x.size if shape.kind == LINEAR else x.channels * shape.window.taps
    by_channels = ceil(y.channels / core.count) * y.pixels
    by_pixels = y.channels * ceil(y.pixels / core.count)
    made = "moved" if shape.kind in MOVING_KINDS | PORTABLE_KINDS else output_term(shape)
    for outputs in {by_channels, by_pixels}:
        yield {"call": 1, "word": outputs * words, "input": outputs * tail, made: outputs}


def dense_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Layers that sum over channels: blocks of pixels x channels, on a grid of cores.

    Groups come one after the other. Windows are copied first, or in HWC read where they lie.
    """
    core = costs.core
    pixels, channels = shape.y.pixels, shape.y.channels // shape.groups
    depth, taps = shape.x.channels // shape.groups, shape.window.taps
    row = shape.x.size if shape.kind == LINEAR else depth * taps
    words = ceil(row / WORD)
    lies_apart = taps > 1 or (shape.kind == POINTWISE and not shape.x.has_whole_pixels)
    transposes = lies_apart and taps == 1 and can_transpose(1, row, core)
    copies = lies_apart and not transposes and can_copy(1, row, core)
    reads_taps = taps > 1 and shape.x.layout is Layout.HWC and depth >= WORD
    if lies_apart and not (transposes or copies or reads_taps):
        yield {"call": 1, "portable_product": row * pixels * shape.y.channels / core.count}
        return
    for block in {(min(p, pixels), min(k, channels)) for p, k in BLOCKS}:
        tiles = ceil(pixels / block[0]), ceil(channels / block[1])
        for pixel_share, channel_share in least_shares(*tiles, core.count):
            pixel_blocks = shape.groups * pixel_share
            blocks = pixel_blocks * channel_share
            outputs = blocks * block[0] * block[1]
            rows = pixel_blocks * block[0]
            zero_points = blocks * block[0] if shape.zero_points else 0
            terms = {
                "call": 1,
                "pixel_block": pixel_blocks,
                "block": blocks,
                output_term(shape): outputs,
            }
            if reads_taps:
                tap_words = taps * ceil(depth / WORD)
                pointers = taps * (TAP_WORDS * rows + (block[0] + TAP_WORDS) * blocks)
                yield {
                    **terms,
                    "load": blocks * tap_words * sum(block) + pointers,
                    "product": tap_words * (outputs + zero_points),
                }
            brought = (transposes and can_transpose(block[0], row, core)) or (
                copies and can_copy(block[0], row, core)
            )
            if brought or not lies_apart:
                yield {
                    **terms,
                    "load": blocks * words * sum(block),
                    "product": words * (outputs + zero_points),
                    "gathered_word": rows * words if copies else 0,
                    "transposed_word": rows * words if transposes else 0,
                }


def depthwise_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Windows over one channel: parts of channels, a few columns wide, walked down row by row.

    In HWC a word is put together from bytes, once for all columns whose windows lie in it. Weights
    that registers do not hold are loaded for every product, and stored for every other place.
    """
    core = costs.core
    (fy, fx), (sy, sx) = shape.window.kernel, shape.window.strides
    gathers = not shape.x.has_whole_planes
    if shape.sums or (gathers and not reaches_lanes(shape.x.channels)):
        yield portable_terms(shape, shape.window.taps, core)
        return
    words = ceil(fx / WORD)
    columns_a_word = (WORD * words - fx) // sx + 1
    on_stack = fy * words > (MOST_BESIDE_LANES if gathers else MOST_WEIGHT_REGISTERS)
    if on_stack:  # which leaves registers for one column at a time
        columns_a_word = 1
    for parts in powers_of_two(core.count):
        units = ceil(shape.y.channels * parts / core.count)
        columns = ceil(shape.y.width / parts)
        outputs = units * columns * shape.y.height
        rows = units * ((shape.y.height - 1) * sy + fy)
        stored = units * min(columns, fx) * fy * words
        weights = outputs * fy * words + WEIGHT_LOADS * stored if on_stack else 0
        loads = 0 if gathers else rows * columns * words
        row_sums = outputs * fy + rows * columns * words if shape.zero_points else 0
        yield {
            "call": 1,
            "unit": units,
            "column": units * columns,
            "load": loads + weights,
            "gathered_load": rows * ceil(columns / columns_a_word) * words if gathers else 0,
            "product": outputs * fy * words + row_sums,
            output_term(shape): outputs,
        }


def elementwise_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Every value by itself: in words where all layouts agree, else in bytes."""
    core = costs.core
    inputs = 1 + len(shape.more_inputs)
    if shape.kind in PORTABLE_KINDS:
        yield portable_terms(shape, inputs, core)
        return
    layouts = {shape.x.layout, *shape.more_inputs, shape.y.layout}
    words = ceil(shape.y.size / WORD / core.count)
    outputs = words * WORD
    if shape.kind in MOVING_KINDS:
        in_words = moves_words(shape, layouts)
        yield {"call": 1, "moved_word": words} if in_words else {"call": 1, "moved": outputs}
        return
    operands = {"load": words * inputs} if len(layouts) == 1 else {"byte": outputs * (inputs + 1)}
    products = {"product": outputs} if shape.kind == MUL else {}
    rounded = {"term": outputs * inputs} if shape.terms else {}
    yield {"call": 1, **operands, **products, **rounded, output_term(shape): outputs}


def moves_words(shape: KernelShape, layouts: Set[Layout]) -> bool:
    """Whether a kernel that only moves values moves neighbours together."""
    if shape.kind == DEPTH_TO_SPACE:
        return False
    if shape.kind == SHUFFLE:
        return layouts == {Layout.CHW}
    if shape.kind == RESIZE:
        return layouts == {Layout.HWC} and shape.y.channels >= WORD
    return len(layouts) == 1


def pool_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Windows pixel by pixel: channels four at a time in HWC, a row's taps in words in CHW.

    Rows or channels are split. Where the code for a window would be long it is read tap by tap.
    """
    core = costs.core
    (fy, fx), y = shape.window.kernel, shape.y
    by_planes = shape.x.layout is Layout.CHW
    lanes = 1 if by_planes else WORD
    words = fy * ceil(fx / WORD) if by_planes else shape.window.taps
    instructions = words * (1 + (lanes if shape.kind == AVERAGE else 1))
    units = ceil(y.channels / lanes)
    for rows, each in ((ceil(y.height / core.count), units), (y.height, ceil(units / core.count))):
        pixels = rows * y.width
        outputs = pixels * each * lanes
        terms = {"call": 1, "pixel": pixels, output_term(shape): outputs}
        if instructions > longest_window(costs.icache):
            yield {**terms, "looped_tap": pixels * each * shape.window.taps}
        elif by_planes:
            yield {**terms, "plane": pixels * each, "row_word": pixels * each * words}
        else:
            bytes_stored = outputs if y.layout is Layout.CHW else 0
            yield {**terms, "tap_word": pixels * each * words, "byte": bytes_stored}


def average_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Averages; those of whole planes are summed channel by channel."""
    core = costs.core
    x, y, window = shape.x, shape.y, shape.window
    is_global = y.pixels == 1 and window.kernel == (x.height, x.width) and not window.padded
    if not is_global or x.layout is not Layout.CHW:
        yield from pool_terms(shape, costs)
        return
    channels = ceil(y.channels / core.count)
    yield {
        "call": 1,
        "unit": channels,
        "value": channels * window.taps / WORD,
        output_term(shape): channels,
    }


def first_call_cycles(kind: str, costs: CostModel) -> float:
    """Cycles of a layer, once: its kernel is not in the instruction cache yet."""
    return costs.layer[f"first_{KERNEL_GROUPS[kind].name}"]


def output_term(shape: KernelShape) -> str:
    """The term of one requantised output."""
    return "wide_output" if shape.wide else "output"


@dataclass(frozen=True)
class KernelGroup:
    """Kinds of kernels whose terms and coefficients are the same.

    `terms` gives those of every way to split the work; the kernel is written the fastest way.
    """

    name: str
    kinds: frozenset[str]
    terms: Callable[[KernelShape, CostModel], Iterator[Terms]]


GROUPS = (
    KernelGroup("dense", kinds(PointwiseOp, Conv2DOp, LinearOp), dense_terms),
    KernelGroup("depthwise", kinds(DepthwiseOp), depthwise_terms),
    KernelGroup(
        "elementwise",
        kinds(AddOp, MulOp, RescaleOp) | MOVING_KINDS | PORTABLE_KINDS,
        elementwise_terms,
    ),
    KernelGroup("lookup", kinds(LookupOp), elementwise_terms),
    KernelGroup("avg_pool", kinds(AveragePoolOp), average_terms),
    KernelGroup("max_pool", kinds(MaxPoolOp, PadOp), pool_terms),
)

KERNEL_GROUPS = {kind: group for group in GROUPS for kind in group.kinds}


def assembly_terms(shape: KernelShape, costs: CostModel) -> Iterator[Terms]:
    """Kernels of Xpulp."""
    return KERNEL_GROUPS[shape.kind].terms(shape, costs)


KERNEL_TERMS: dict[Isa, Callable[[KernelShape, CostModel], Iterator[Terms]]] = {
    Isa.PORTABLE: loop_terms,
    Isa.XPULP: assembly_terms,
}
"""By instruction set: the terms of every way to split a kernel's work."""
