"""Where the layers of a network and the lines between them are drawn: one layer below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsconv.reports.layers import GraphLayer, LayerTable

LONGEST_NAME = 26
"""Letters; what is longer is cut."""


@dataclass(frozen=True)
class Skip:
    """A line past other layers, from one row down to another, in a lane beside them."""

    begin: int
    end: int
    lane: int


@dataclass(frozen=True)
class Group:
    """Rows of layers that run as one layer of the program; one row where nothing is fused."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class GraphDrawing:
    """Rows of a graph. `chained` are those that a line joins with the row above."""

    rows: Sequence[GraphLayer]
    chained: frozenset[int]
    skips: Sequence[Skip]
    groups: Sequence[Group]

    @staticmethod
    def of(table: LayerTable) -> GraphDrawing:
        """The drawing of a network's layers, with those that are fused together."""
        rows = table.graph
        chained = frozenset(row for row, layer in enumerate(rows) if row - 1 in layer.inputs)
        places = {layer.name: row for row, layer in enumerate(rows)}
        groups = [
            Group(layer.name, places[layer.parts[0]], places[layer.parts[-1]])
            for layer in table.layers
            if layer.parts[0] in places
        ]
        return GraphDrawing(rows, chained, _skips(rows), groups)

    @property
    def letters(self) -> int:
        """How many letters the column of names has."""
        return min(LONGEST_NAME, max((len(layer.name) for layer in self.rows), default=0))

    @property
    def lanes(self) -> int:
        """How many lanes the lines past other layers take."""
        return max((skip.lane for skip in self.skips), default=-1) + 1


def _skips(rows: Sequence[GraphLayer]) -> list[Skip]:
    """Lines that are not to the next row, each in the first lane that is free where it begins."""
    spans = sorted(
        (source, row)
        for row, layer in enumerate(rows)
        for source in set(layer.inputs)
        if source != row - 1
    )
    free_from: list[int] = []
    found: list[Skip] = []
    for begin, end in spans:
        lane = next((n for n, row in enumerate(free_from) if row <= begin), len(free_from))
        free_from[lane:] = [end, *free_from[lane + 1 :]]
        found.append(Skip(begin, end, lane))
    return found
