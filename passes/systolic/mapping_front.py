"""Mappings of a whole network that are worth having: fewer cycles, or fewer bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise

from dsconv.dialects.mapping import Mapping
from dsconv.dialects.target import SystolicArray
from dsconv.passes.scheduling.pareto import pareto_front
from dsconv.passes.scheduling.search import PRICE_OF_FEWER_TRANSFERS, Objective
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import mappings
from dsconv.passes.systolic.tiles import cycles, moved_bytes


@dataclass(frozen=True)
class PricedMapping:
    """A mapping of a layer with its cycles, and the bytes that pass the edges of the array."""

    mapping: Mapping
    cycles: int
    moved_bytes: int


@dataclass(frozen=True)
class MappedLayers:
    """A mapping for each layer of a network."""

    layers: tuple[PricedMapping, ...]

    @property
    def cycles(self) -> int:
        """Cycles of all layers."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def moved_bytes(self) -> int:
        """Bytes of all layers."""
        return sum(layer.moved_bytes for layer in self.layers)


@dataclass(frozen=True)
class Step:
    """Another mapping for a layer, which saves so many bytes a cycle that it takes longer."""

    saved: Fraction
    layer: int
    mapping: PricedMapping


def layer_front(work: ArrayWork, array: SystolicArray) -> list[PricedMapping]:
    """Mappings of a layer that no other beats in both, the fastest first; of equals, the first."""
    return pareto_front(
        PricedMapping(mapping, cycles(work, mapping, array), moved_bytes(work, mapping, array))
        for mapping in mappings(work, array)
    )


def saved_bytes(fast: PricedMapping, slow: PricedMapping) -> Fraction:
    """Bytes that the slower mapping saves, for each cycle that it takes longer."""
    return Fraction(fast.moved_bytes - slow.moved_bytes, slow.cycles - fast.cycles)


def convex(front: Sequence[PricedMapping]) -> list[PricedMapping]:
    """Those of a front that are the best at some price of a byte."""
    found: list[PricedMapping] = []
    for point in front:
        while len(found) > 1 and saved_bytes(*found[-2:]) <= saved_bytes(found[-1], point):
            found.pop()
        found.append(point)
    return found


def mapping_front(works: Sequence[ArrayWork], array: SystolicArray) -> list[MappedLayers]:
    """Mappings of a network that are the best at some price of a byte, the fastest first.

    Layers are independent, so each price lets every layer take what is best at that price.
    """
    fronts = [convex(layer_front(work, array)) for work in works]
    steps = sorted(
        (
            Step(saved_bytes(fast, slow), number, slow)
            for number, front in enumerate(fronts)
            for fast, slow in pairwise(front)
        ),
        key=lambda step: -step.saved,
    )
    layers = [front[0] for front in fronts]
    found = [MappedLayers(tuple(layers))]
    for _, equal in groupby(steps, key=lambda step: step.saved):
        for step in equal:
            layers[step.layer] = step.mapping
        found.append(MappedLayers(tuple(layers)))
    return found


def chosen(front: Sequence[MappedLayers], objective: Objective) -> MappedLayers:
    """What serves an objective, as `scheduling.search.best` has it.

    Mappings have the same products, so the bytes alone decide on energy.
    """
    fastest = front[0]
    if objective is Objective.LATENCY:
        return fastest
    if objective is Objective.ENERGY:
        return front[-1]
    limit = fastest.cycles * PRICE_OF_FEWER_TRANSFERS
    return [point for point in front if point.cycles <= limit][-1]
