"""Windows over maps of one row that the file reads as one column, and the other way.

Keras' Conv1D is a convolution over 1xL, its MaxPooling1D a pool over Lx1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from exact_support import assert_means
from frontend_models import ModelWriter
from frontend_support import onnx_runtime, run_network

from dsconv.frontends.arithmetic.scales import Quantisation

X = Quantisation(0.0317, 100, "uint8")
Y = Quantisation(0.0213, 90, "uint8")
LAYERS: dict[str, tuple[str, tuple[int, ...] | None, dict[str, Any]]] = {
    "MaxPool": ("MaxPool", None, {"kernel_shape": [3, 1], "strides": [2, 1]}),
    "padded MaxPool": (
        "MaxPool",
        None,
        {"kernel_shape": [3, 1], "strides": [2, 1], "pads": [1, 0, 0, 0], "ceil_mode": 1},
    ),
    "AveragePool": ("AveragePool", None, {"kernel_shape": [3, 1], "pads": [2, 0, 1, 0]}),
    "Conv": ("Conv", (6, 4, 3, 1), {"pads": [2, 0, 0, 0], "dilations": [2, 1]}),
    "square Conv": ("Conv", (6, 4, 3, 3), {"pads": [1, 1, 1, 1]}),
    "depthwise Conv": ("Conv", (4, 1, 5, 1), {"group": 4, "strides": [3, 1]}),
    "pointwise Conv": ("Conv", (6, 4, 1, 1), {}),
}


def turned(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes with rows and columns exchanged."""

    def exchanged(values: Any) -> Any:
        if not isinstance(values, list):
            return values
        pairs = zip(values[::2], values[1::2], strict=True)
        return [value for row, column in pairs for value in (column, row)]

    return {name: exchanged(values) for name, values in attributes.items()}


def stored_as_it_is(writer: ModelWriter, x: str) -> str:
    """The input behind a layer that has rows and columns, and so tells how the input lies."""
    pooled = writer.node("MaxPool", x, kernel_shape=[1, 1])
    return writer.dequantize(writer.quantize(pooled, Y), Y)


@pytest.mark.parametrize("is_column", [True, False])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_window_over_a_row_read_as_a_column(layer: str, is_column: bool):
    operation, kernels, attributes = LAYERS[layer]
    rng, writer = np.random.default_rng(4), ModelWriter(13)
    first, second = ((1, 4, 1, 13), (1, 4, 13, 1)) if is_column else ((1, 4, 13, 1), (1, 4, 1, 13))
    x = writer.dequantize(writer.input("x", "uint8", first), X)
    tensor = stored_as_it_is(writer, x)
    tensor = writer.node("Reshape", tensor, writer.constant(np.array(second)))
    operands = [tensor]
    if kernels is not None:
        shape = kernels if is_column else (*kernels[:2], *kernels[:1:-1])
        weights = writer.constant(rng.integers(-64, 64, shape, np.int8))
        scale = writer.constant(np.array(0.0171, np.float32))
        operands.append(writer.node("DequantizeLinear", weights, scale))
    options = attributes if is_column else turned(attributes)
    y = writer.node(operation, *operands, **options)
    model = writer.model(writer.quantize(y, X), dtype="uint8")
    feeds = {"x": rng.integers(0, 256, first, np.uint8)}
    network = assert_means(model, feeds)
    (result,) = run_network(network, feeds["x"])
    (expected,) = onnx_runtime(model, optimised=False).run(None, feeds)
    np.testing.assert_array_equal(result.reshape(-1), np.asarray(expected).reshape(-1))


def test_one_dimensional_windows_over_a_row():
    writer = ModelWriter(13)
    x = writer.dequantize(writer.input("x", "uint8", (1, 4, 1, 12)), X)
    row = stored_as_it_is(writer, x)
    flat = writer.node("Reshape", row, writer.constant(np.array([1, 4, 12])))
    pooled = writer.node("MaxPool", flat, kernel_shape=[2], strides=[2])
    model = writer.model(writer.quantize(pooled, Y), dtype="uint8")
    values = np.random.default_rng(0).integers(0, 256, (1, 4, 1, 12), np.uint8)
    assert_means(model, {"x": values})
