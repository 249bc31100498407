"""Single layers of many shapes, layouts and tiles: what the cost model is fitted to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, Tile, TileAttr, TileOrder, WindowAttr
from dsconv.dialects.graph import LayerOperation
from dsconv.driver.pipeline import make_context
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.narrow_requant import NarrowRequantPass
from dsconv.passes.scheduling.even_splits import even_splits

LARGEST_MAP = 64 * 1024
"""Bytes of an activation. The inputs and outputs of many layers lie in L2 beside their code."""

MOST_MACS = 2_000_000
"""More take long to simulate, and tell nothing new."""

MOST_MIXED_OUTPUTS = 16_000
"""Of layers whose layouts are not the best."""

MOST_RARE_WEIGHTS = 24 * 1024
"""Bytes of a layer's weights, of which a batch keeps many in L2."""

MOST_TILES = 8
L1_BYTES = 56 * 1024

CHANNELS = (8, 16, 24, 32, 40, 48, 64, 96, 128, 144, 240, 256)
SIDES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 56, 64)
WINDOWS = (3, 3, 3, 5)
GROUPS = 4
UNREQUANTISED = ("add", "max_pool", "lookup", "concat")
"""Kinds without a requantisation, or with one that is always narrow."""
ADD_MULTIPLIERS = 1_543_211, 2_345_671


@dataclass(frozen=True)
class SampledLayer:
    """A layer of one kind. Windows are square and padded by half their size, pools not at all.

    Grouped convolutions and shuffles have four groups; a window is the block of a resize or a pixel
    shuffle.

    `mixed`: its layouts and windows are any, and few networks have such layers.
    """

    kind: str
    channels: int
    height: int
    width: int
    input_layout: str
    kernels: int
    output_layout: str
    window: int = 1
    stride: int = 1
    wide: bool = False
    mixed: bool = False

    def build(self, builder: ModelBuilder) -> None:
        """Adds the layer to a network, on an argument of its own."""
        x, y = (Activation(layout=Layout(name)) for name in (self.input_layout, self.output_layout))
        builder.begin(self.channels, self.height, self.width, x)
        pad = 0 if self.kind.endswith("pool") else self.window // 2
        window = WindowAttr.of([self.window] * 2, [self.stride] * 2, [pad] * 4)
        match self.kind:
            case "pointwise":
                builder.pointwise(self.kernels, y)
            case "linear":
                builder.linear(self.kernels, y)
            case "conv2d":
                builder.conv2d(self.kernels, window, y)
            case "depthwise":
                builder.depthwise(window, y)
            case "add":
                builder.add(ADD_MULTIPLIERS, 22, y)
            case "rescale":
                builder.rescale(y)
            case "mul":
                builder.mul(y)
            case "lookup":
                builder.lookup(y)
            case "concat":
                builder.concat(y.layout)
            case "avg_pool":
                builder.average_pool(window, y)
            case "max_pool":
                builder.max_pool(window, y.layout)
            case "grouped":
                builder.conv2d(self.kernels, window, y, GROUPS)
            case "resize":
                builder.resize(self.window, y.layout)
            case "shuffle":
                builder.shuffle(GROUPS, y.layout)
            case "depth_to_space":
                builder.depth_to_space(self.window, y.layout)
            case _:
                raise ValueError(f"no layer {self.kind}")

    @cached_property
    def layer_shape(self) -> LayerShape:
        """The layer's geometry."""
        builder = ModelBuilder()
        self.build(builder)
        (layer,) = layers_of(builder.module())
        return replace(LayerShape.of(layer), wide=self.wide)


@dataclass(frozen=True)
class Sample:
    """A layer with its tile."""

    layer: SampledLayer
    tile: Tile

    @property
    def tiles(self) -> int:
        """Tiles of the layer."""
        return self.layer.layer_shape.tiles(self.tile)

    @staticmethod
    def of(entry: dict[str, Any]) -> Sample:
        """The sample of a JSON object."""
        tile = entry["tile"] | {"order": TileOrder(entry["tile"]["order"])}
        return Sample(SampledLayer(**entry["layer"]), Tile(**tile))

    def as_json(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self)


def layers_of(module: ModuleOp) -> list[LayerOperation]:
    """The layers of a network, narrow requantisations in them where there are any."""
    NarrowRequantPass().apply(make_context(), module)
    return [op for op in module.walk() if isinstance(op, LayerOperation)]


def network(samples: Sequence[Sample]) -> ModuleOp:
    """One module with all layers, side by side; those that are to be wide are."""
    builder = ModelBuilder()
    for sample in samples:
        sample.layer.build(builder)
    module = builder.module()
    for sample, layer in zip(samples, layers_of(module), strict=True):
        layer.properties["tile"] = TileAttr.of(sample.tile)
        if sample.layer.wide:
            layer.properties.pop("narrow", None)
    return module


class Draw:
    """Draws samples from a fixed seed: the same list each time."""

    def __init__(self, seed: int = 0):
        self.random = Random(seed)

    def samples(self, counts: dict[str, int]) -> Iterator[Sample]:
        """So many samples of every kind."""
        for kind, count in counts.items():
            found: dict[Sample, None] = {}
            while len(found) < count:
                layer = self.layer(kind)
                if layer is not None and (tile := self.tile(layer)) is not None:
                    found[Sample(layer, tile)] = None
            yield from found

    def layout(self) -> str:
        """CHW or HWC."""
        return self.random.choice(list(Layout)).value

    def layer(self, kind: str) -> SampledLayer | None:
        """A layer; None where it is too large, or has no windows."""
        pick = self.random.choice
        channels = kernels = pick(CHANNELS)
        height = pick(SIDES)
        width = height if self.random.random() < 0.7 else pick(SIDES)
        layouts = [self.layout(), self.layout()]
        window = stride = 1
        match kind:
            case "pointwise":
                kernels = pick(CHANNELS)
            case "linear":
                channels, kernels, height, width = 4 * pick(CHANNELS), pick(CHANNELS), 1, 1
            case "conv2d":
                channels, kernels = pick((1, 3, 3, 4, 8)), pick(CHANNELS[:6])
                window, stride = pick(WINDOWS), pick((1, 2))
            case "depthwise":
                window, stride = pick(WINDOWS), pick((1, 1, 2))
                layouts[0] = Layout.CHW.value if self.random.random() < 0.95 else layouts[0]
            case "avg_pool":
                height = width = window = pick(SIDES[1:7])
                layouts[0] = Layout.CHW.value
            case "max_pool":
                window, stride, layouts = 2, 2, [Layout.HWC.value] * 2
            case _:
                layouts[1] = layouts[0]
        largest = max(channels, kernels) * height * width
        macs = kernels * height * width // stride**2 * window**2
        if kind in ("pointwise", "linear", "conv2d"):
            macs *= channels
        if kind == "concat":
            kernels *= 2
        if largest > LARGEST_MAP or macs > MOST_MACS or min(height, width) < window:
            return None
        wide = kind not in UNREQUANTISED and self.random.random() < 0.1
        return SampledLayer(
            kind, channels, height, width, layouts[0], kernels, layouts[1], window, stride, wide
        )

    def tile(self, layer: SampledLayer) -> Tile | None:
        """A tile that fits; None where the draw does not."""
        layer_shape = layer.layer_shape
        rows, channels = layer_shape.rows, layer_shape.kernels
        if self.random.random() < 0.5:
            rows = self.random.choice(even_splits(rows)[:4])
        if self.random.random() < 0.3 and layer_shape.channel_step == 1:
            channels = self.random.choice(even_splits(channels, multiple=4)[:4])
        order = TileOrder.WEIGHTS
        is_cut_twice = rows < layer_shape.rows and channels < layer_shape.kernels
        if is_cut_twice and self.random.random() < 0.5:
            order = TileOrder.PIXELS
        tile = Tile(channels, rows, layer_shape.columns, order, self.random.choice((1, 2)))
        fits = layer_shape.l1_bytes(tile) <= L1_BYTES and layer_shape.tiles(tile) <= MOST_TILES
        return tile if fits else None


class MixedDraw(Draw):
    """Draws layers of any layouts, and pools of any windows."""

    def layer(self, kind: str) -> SampledLayer | None:
        drawn = super().layer(kind)
        if drawn is None:
            return None
        layouts = self.layout(), self.layout()
        if kind == "depthwise":
            layouts = Layout.HWC.value, layouts[1]
        layer = replace(drawn, input_layout=layouts[0], output_layout=layouts[1], mixed=True)
        if kind.endswith("pool"):
            window, stride = self.random.choice((2, 3, drawn.window)), self.random.choice((1, 2))
            layer = replace(layer, window=window, stride=stride)
        if min(layer.height, layer.width) < layer.window:
            return None
        layer_shape = layer.layer_shape
        outputs = layer_shape.kernels * layer_shape.rows * layer_shape.columns
        return layer if outputs <= MOST_MIXED_OUTPUTS else None


class RareDraw(Draw):
    """Draws layers that few networks have, but that take long where they do."""

    def layer(self, kind: str) -> SampledLayer | None:
        pick = self.random.choice
        channels, kernels, height = pick(CHANNELS), pick(CHANNELS), pick(SIDES[:14])
        width = height if self.random.random() < 0.7 else pick(SIDES[:14])
        window, stride = 1, 1
        match kind:
            case "conv2d" | "grouped":
                window, stride = pick((3, 3, 5, 7)), pick((1, 1, 2))
            case "depthwise":
                kernels, window, stride = channels, pick((5, 7, 9)), pick((1, 1, 2))
            case _:
                kernels, window = channels, 2
        if channels % GROUPS or kernels % GROUPS:
            return None
        layer = SampledLayer(
            *(kind, channels, height, width, self.layout(), kernels, self.layout()),
            *(window, stride),
            mixed=True,
        )
        shape = layer.layer_shape
        largest = max(channels * height * width, shape.kernels * shape.rows * shape.columns)
        weights = shape.record_bytes * shape.kernels
        fits = largest <= LARGEST_MAP // 2 and shape.macs <= MOST_MACS // 2
        return layer if fits and weights <= MOST_RARE_WEIGHTS else None
