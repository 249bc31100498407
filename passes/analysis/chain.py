"""Layers that read each other, with their sizes: what may be fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import LayerOperation, tensor_bytes, tensor_type
from dsconv.passes.analysis.layer_shape import LayerShape


@dataclass(frozen=True)
class Chain:
    """Layers, each of which reads the one before it."""

    layers: tuple[LayerOperation, ...]
    layer_shapes: tuple[LayerShape, ...]

    @staticmethod
    def of(layers: Sequence[LayerOperation]) -> Chain:
        """The chain of these layers."""
        return Chain(tuple(layers), tuple(map(LayerShape.of, layers)))

    @property
    def input(self) -> SSAValue:
        """What the first layer reads."""
        return self.layers[0].activations[0]

    @property
    def result(self) -> SSAValue:
        """What the last layer makes."""
        return self.layers[-1].result

    @property
    def input_layout(self) -> Layout:
        """Layout of what the first layer reads."""
        return self.layer_shapes[0].input_layout

    @cached_property
    def values_read(self) -> list[SSAValue]:
        """What the chain reads: what its first layer does, then the others."""
        if len(self.layers) == 1:
            return list(self.layers[0].activations)
        return [self.input, *self.residual_layouts]

    @property
    def outside_values(self) -> list[SSAValue]:
        """What the chain reads and makes: all that does not stay inside it."""
        return [*self.values_read, self.result]

    @property
    def values_made(self) -> list[SSAValue]:
        """What each layer makes."""
        return [layer.result for layer in self.layers]

    @property
    def moved_bytes(self) -> int:
        """Bytes that it moves between L2 and L1 when it is fused: each value once."""
        return sum(map(value_bytes, self.outside_values))

    @property
    def weight_bytes(self) -> tuple[int, ...]:
        """Bytes of each layer's channel records."""
        return tuple(
            layer_shape.kernels * layer_shape.record_bytes for layer_shape in self.layer_shapes
        )

    @cached_property
    def layouts_read(self) -> dict[SSAValue, Layout]:
        """What the layers read but do not make, in what layout."""
        made = {layer.result for layer in self.layers}
        return {
            value: layout
            for layer, layer_shape in zip(self.layers, self.layer_shapes, strict=True)
            for value, layout in zip(layer.activations, layer_shape.input_layouts, strict=True)
            if value not in made
        }

    @cached_property
    def residual_layouts(self) -> dict[SSAValue, Layout]:
        """What layers behind the first one read besides the layer before them, in what layout."""
        first, *_ = self.layers
        read = Chain(self.layers[1:], self.layer_shapes[1:]).layouts_read
        return {value: layout for value, layout in read.items() if value is not first.result}

    def with_layouts(self, layouts: Mapping[SSAValue, Layout]) -> Chain:
        """The same layers where some values have other layouts."""
        return Chain(
            self.layers,
            tuple(
                layer_shape.with_layouts(
                    map(layouts.get, layer.activations, layer_shape.input_layouts),
                    layouts.get(layer.result, layer_shape.output_layout),
                )
                for layer, layer_shape in zip(self.layers, self.layer_shapes, strict=True)
            ),
        )


def value_bytes(value: SSAValue) -> int:
    """Bytes of an activation."""
    return tensor_bytes(tensor_type(value))
