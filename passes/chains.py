"""Layers that read each other, with their sizes: what may be fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from dsconv.dialects.graph import LayerOperation
from dsconv.passes.geometry import Geometry


@dataclass(frozen=True)
class Chain:
    """Layers, each of which reads the one before it."""

    layers: tuple[LayerOperation, ...]
    geometries: tuple[Geometry, ...]

    @staticmethod
    def of(layers: Sequence[LayerOperation]) -> Chain:
        """The chain of these layers."""
        return Chain(tuple(layers), tuple(map(Geometry.of, layers)))

    @property
    def input(self) -> SSAValue:
        """What the first layer reads."""
        return self.layers[0].activations[0]

    @property
    def result(self) -> SSAValue:
        """What the last layer makes."""
        return self.layers[-1].result

    @property
    def residuals(self) -> list[SSAValue]:
        """What layers behind the first one read besides the layer before them."""
        made = {layer.result for layer in self.layers}
        values = (value for layer in self.layers[1:] for value in layer.activations)
        return [value for value in dict.fromkeys(values) if value not in made]
