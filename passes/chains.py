"""Layers that read each other, with their sizes: what may be fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import SSAValue

from dsconv.dialects.graph import LayerOperation, tensor_bytes, tensor_type
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
    def outside_values(self) -> list[SSAValue]:
        """What the chain reads and makes: all that does not stay inside it."""
        return [self.input, *self.residuals, self.result]

    @property
    def moved_bytes(self) -> int:
        """Bytes that it moves between L2 and L1 when it is fused: each value once."""
        return sum(map(value_bytes, self.outside_values))

    @property
    def weight_bytes(self) -> tuple[int, ...]:
        """Bytes of each layer's channel records."""
        return tuple(geometry.kernels * geometry.record_bytes for geometry in self.geometries)

    @property
    def residuals(self) -> list[SSAValue]:
        """What layers behind the first one read besides the layer before them."""
        made = {layer.result for layer in self.layers}
        values = (value for layer in self.layers[1:] for value in layer.activations)
        return [value for value in dict.fromkeys(values) if value not in made]


def value_bytes(value: SSAValue) -> int:
    """Bytes of an activation."""
    return tensor_bytes(tensor_type(value))
