"""Chains of a network that an accelerator behind DRAM may run as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    Conv2DOp,
    DepthwiseOp,
    LayerOperation,
    MaxPoolOp,
    PointwiseOp,
    tensor_type,
)
from dsconv.passes.dram.links import Link
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.passes.dram.stay import Source, Stay

LONGEST = 12
"""Layers of the longest chains that are looked at."""

POOLS = (AveragePoolOp, MaxPoolOp)
PAIR = (DepthwiseOp, PointwiseOp)
BLOCKS = (
    PAIR,
    (PointwiseOp, DepthwiseOp, PointwiseOp),
    (Conv2DOp, DepthwiseOp, PointwiseOp),
    (PointwiseOp, AveragePoolOp),
)
PATTERNS: dict[DramSchedule, Sequence[tuple[type[LayerOperation], ...]]] = {
    DramSchedule.RASTER: (),
    DramSchedule.SCAN: (),
    DramSchedule.PAIRS: (PAIR,),
    DramSchedule.BLOCKS: BLOCKS,
}
"""Kinds of the layers of a chain, but the additions at its end."""


@dataclass(frozen=True)
class DramChain:
    """Layers, each of which reads the one before it, with what else they read."""

    layers: tuple[LayerOperation, ...]
    links: tuple[Link, ...]

    @staticmethod
    def of(layers: Sequence[LayerOperation]) -> DramChain:
        """The chain of these layers. DiagnosticException where there is no unit for one."""
        return DramChain.of_links(layers, list(map(Link.of, layers)))

    @staticmethod
    def of_links(layers: Sequence[LayerOperation], links: Sequence[Link]) -> DramChain:
        """The chain of these layers, which are known already."""
        places: dict[SSAValue, int] = {layer.result: place for place, layer in enumerate(layers)}
        reaches = [
            max(place - places.get(value, place) for value in layer.activations)
            for place, layer in enumerate(layers)
        ]
        return DramChain(
            tuple(layers),
            tuple(
                replace(link, reaches=reach) if reach > 1 else link
                for link, reach in zip(links, reaches, strict=True)
            ),
        )

    @property
    def label(self) -> str:
        """The names of its layers."""
        return "+".join(layer.label for layer in self.layers)

    @property
    def reads(self) -> tuple[tuple[int, int], ...]:
        """What is read from outside, by the number of the layer and that of its operand."""
        made = {layer.result for layer in self.layers}
        return tuple(
            (place, operand)
            for place, layer in enumerate(self.layers)
            for operand, value in enumerate(layer.activations)
            if value not in made
        )

    @property
    def values_read(self) -> list[SSAValue]:
        """The activations that are read from outside, in the order of `reads`."""
        return [self.layers[place].activations[operand] for place, operand in self.reads]

    @property
    def result(self) -> SSAValue:
        """What it makes."""
        return self.layers[-1].result

    def stay(self, on_chip: SSAValue | None, *, leaves_output: bool) -> Stay:
        """Where what it reads is, if one map is on chip."""
        first, *others = self.values_read
        sources = [Source.CHIP if first is on_chip else Source.DRAM]
        for value in others:
            if value is first:
                sources.append(Source.FIRST)
            else:
                sources.append(Source.CHIP if value is on_chip else Source.DRAM)
        return Stay(tuple(sources), leaves_output)


def chains_at(
    layers: Sequence[LayerOperation], first: int, schedule: DramSchedule
) -> Iterator[Sequence[LayerOperation]]:
    """The chains that begin with a layer, of which each is the next one in the network."""
    for end in range(first + 1, min(first + LONGEST, len(layers)) + 1):
        chain = layers[first:end]
        if len(chain) > 1 and not _follows(chain[-2], chain[-1]):
            return
        if not all(_is_read_inside(layer, chain) for layer in chain[:-1]):
            continue
        if len(chain) == 1 or schedule is DramSchedule.BEST or _matches(chain, schedule):
            yield chain


def _is_read_inside(layer: LayerOperation, chain: Sequence[LayerOperation]) -> bool:
    """Whether the next layer and additions of a chain alone read a layer."""
    readers = {use.operation for use in layer.result.uses}
    following = chain[chain.index(layer) + 1]
    return readers <= set(chain) and all(
        reader is following or isinstance(reader, AddOp) for reader in readers
    )


def _follows(layer: LayerOperation, reader: LayerOperation) -> bool:
    """Whether the second reads the first once, at its full size."""
    if sum(value is layer.result for value in reader.activations) != 1:
        return False
    sizes = {tensor_type(value).get_shape() for value in reader.activations}
    return len(sizes) == 1


def _matches(chain: Sequence[LayerOperation], schedule: DramSchedule) -> bool:
    """Whether a schedule has such chains: layers with additions behind them it always has."""
    base = list(chain)
    while len(base) > 1 and isinstance(base[-1], AddOp):
        base.pop()
    if len(base) == 1:
        return not isinstance(base[0], AddOp)
    return any(
        len(base) == len(kinds) and all(map(isinstance, base, kinds))
        for kinds in PATTERNS[schedule]
    )
