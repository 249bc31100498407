"""What all movements share: their parts are reals, or integers of one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    AnyPendingLayer,
    Dequantised,
    Integers,
    MovingLayer,
    PendingLayer,
    Value,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.onnx_file.onnx_graph import Node

Part = Dequantised | AnyPendingLayer


def moved(
    reader: Reader,
    node: Node,
    indices: Sequence[int],
    make: Callable[[Sequence[Part]], MovingLayer],
) -> Value:
    """A layer of reals; of integers, the integers that it gives."""
    values = [reader.value(node, index) for index in indices]
    if not any(isinstance(value, Integers) for value in values):
        return make(
            [
                value if isinstance(value, PendingLayer) else reader.dequantised(node, index)
                for index, value in zip(indices, values, strict=True)
            ]
        )
    integers = [reader.integers(node, index) for index in indices]
    meanings = {value.quantisation for value in integers}
    if len(meanings) > 1 or len({value.dtype for value in integers}) > 1:
        raise node.problem("takes integers of several scales", "dequantise them first")
    quantisation = integers[0].quantisation
    meaning = quantisation or Quantisation(1.0, 0, integers[0].dtype)
    layer = make([Dequantised(value, meaning) for value in integers])
    result = reader.builder.add_layer(layer, meaning, node.outputs[0])
    return replace(result, quantisation=quantisation)
