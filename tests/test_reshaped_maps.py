"""Maps that a Reshape makes: of a vector, as decoders do, or of other channels and rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_layers import assert_nearly_agrees, random_integers
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

X, Y, Z = (
    Quantisation(*given) for given in ((0.031, 5, "int8"), (0.047, -9, "int8"), (0.29, 7, "int8"))
)


class Network(ModelWriter):
    """Layers with random weights, quantised or not behind."""

    def __init__(self, shape: tuple[int, ...]):
        super().__init__(17)
        self.rng = np.random.default_rng(7)
        self.shape = shape
        self.x: str = self.dequantize(self.input("x", "int8", shape), X)

    def weights(self, *shape: int) -> str:
        array = self.rng.integers(-127, 128, shape, np.int8)
        return self.dequantized_constant(array, np.array(0.0063, np.float32), np.array(0, np.int8))

    def requantised(self, x: str) -> str:
        return self.dequantize(self.quantize(x, Y), Y)

    def pooled(self) -> str:
        """A map that a layer made: inputs are laid out as the first layer takes them."""
        return self.requantised(self.node("MaxPool", self.x, kernel_shape=[1, 1]))

    def dense(self, inputs: int, outputs: int) -> str:
        return self.requantised(self.node("Gemm", self.x, self.weights(inputs, outputs)))

    def reshaped(self, x: str, *shape: int) -> str:
        return self.node("Reshape", x, self.constant(np.array(shape, np.int64)))

    def convolved(self, x: str, channels: int, **options: Any) -> onnx.ModelProto:
        y = self.node("Conv", x, self.weights(5, channels, 2, 2), **options)
        return self.model(self.quantize(y, Z))

    @property
    def feeds(self) -> dict[str, Array]:
        return {"x": random_integers(np.random.default_rng(0), "int8", self.shape)}


def kinds(model: onnx.ModelProto) -> list[str]:
    return [layer.kind for layer in layer_operations(import_onnx(model)).values()]


def decoder(*, channels_last: bool, quantised: bool = False) -> tuple[onnx.ModelProto, Network]:
    """A product, its result as a map, and a convolution, as PyTorch or as Keras has it."""
    network = Network((1, 9))
    y = network.dense(9, 8 * 6 * 7)
    y = network.reshaped(y, *((1, 6, 7, 8) if channels_last else (1, 8, 6, 7)))
    if quantised:
        y = network.requantised(y)
    if channels_last:
        y = network.node("Transpose", y, perm=[0, 3, 1, 2])
    return network.convolved(y, 8), network


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_vector_becomes_a_map(channels_last: bool, quantised: bool):
    model, network = decoder(channels_last=channels_last, quantised=quantised)
    assert_nearly_agrees(model, network.feeds)
    turns = ["shuffle"] if channels_last else []
    assert kinds(model) == ["linear", *turns, "depth_to_space", "conv2d"]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("target", ["host", "pulp_open"])
def test_the_c_of_a_decoder_is_equal(target: str, channels_last: bool, tmp_path: Path):
    model, network = decoder(channels_last=channels_last)
    onnx.save(model, str(tmp_path / "model.onnx"))
    compiled = dsconv.compile(tmp_path / "model.onnx", target=target)
    assert compiled.run(network.feeds["x"], on="host").equal


def test_a_vector_becomes_a_row():
    network = Network((1, 9))
    row = network.reshaped(network.dense(9, 40), 1, 4, 10)
    y = network.node("Conv", row, network.weights(3, 4, 3))
    assert_nearly_agrees(network.model(network.quantize(y, Z)), network.feeds)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ((4, 6, 7), (8, 3, 7)),
        ((8, 3, 7), (4, 6, 7)),
        ((4, 6, 7), (3, 8, 7)),
        ((6, 4, 7), (2, 12, 7)),
    ],
)
@pytest.mark.parametrize("relu", [False, True])
def test_channels_and_rows_become_others(
    stored: tuple[int, ...], read: tuple[int, ...], relu: bool
):
    network = Network((1, *stored))
    y = network.pooled()
    if relu:
        y = network.node("Relu", y)
    model = network.convolved(network.reshaped(y, 1, *read), read[0])
    assert_nearly_agrees(model, network.feeds)


@pytest.mark.parametrize(
    ("operation", "options"),
    [
        ("MaxPool", {"kernel_shape": [2, 2]}),
        ("AveragePool", {"kernel_shape": [2, 2]}),
        ("DepthToSpace", {"blocksize": 2}),
    ],
)
def test_other_operations_on_maps(operation: str, options: dict[str, Any]):
    network = Network((1, 4, 6, 7))
    y = network.node(operation, network.reshaped(network.pooled(), 1, 8, 3, 7), **options)
    assert_nearly_agrees(network.model(network.quantize(y, Z)), network.feeds)


def test_integers_become_a_map():
    network = Network((1, 4, 6, 7))
    first = network.quantize(network.node("MaxPool", network.x, kernel_shape=[1, 1]), X)
    cut = network.reshaped(first, 1, 8, 3, 7)
    pooled = network.node("MaxPool", cut, kernel_shape=[2, 2])
    assert_nearly_agrees(network.model(pooled), network.feeds)


def test_columns_that_are_cut_are_an_error():
    network = Network((1, 4, 6, 8))
    with pytest.raises(ModelError, match=r"'conv_\d+' .*mix channels, rows and columns"):
        import_onnx(network.convolved(network.reshaped(network.pooled(), 1, 4, 12, 4), 4))
