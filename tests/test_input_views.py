"""Inputs in any order and of any rank, and what stands before the first layer of an image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array, ModelWriter

import dsconv
from dsconv.errors import DsconvError, ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification.onnx_runtime import run_model
from dsconv.verification.verify import verify

IMAGE, SCALED, LAST = (
    Quantisation(0.0311, 12, "int8"),
    Quantisation(0.0517, -3, "int8"),
    Quantisation(0.2071, 4, "int8"),
)


class Writer(ModelWriter):
    """A convolution behind whatever is done to a quantised input."""

    def image(self, *shape: int | str) -> str:
        """The input as reals."""
        return self.through(self.input("image", "float32", shape), IMAGE)

    def through(self, x: str, quantisation: Quantisation) -> str:
        """A tensor quantised, and read as reals again."""
        return self.dequantize(self.quantize(x, quantisation), quantisation)

    def step(self, operation: str, x: str, constant: Array, **attributes: Any) -> str:
        """An operation with a constant."""
        return self.node(operation, x, self.constant(constant), **attributes)

    def network(self, x: str, channels: int) -> onnx.ModelProto:
        """The model that convolves a tensor of so many channels."""
        weights = np.random.default_rng(0).integers(-9, 10, (5, channels, 3, 3)).astype(np.int8)
        kernels = self.dequantized_constant(weights, np.array(0.0473, "f"), np.array(0, np.int8))
        return self.model(self.quantize(self.node("Conv", x, kernels), LAST))


def scaled_channels_last() -> onnx.ModelProto:
    """Keras' Rescaling and Normalization, quantised, in front of the Transpose."""
    writer = Writer()
    factors, addends = (np.linspace(low, 1, 4, dtype=np.float32) for low in (0.5, -1))
    scaled = writer.through(writer.step("Mul", writer.image(1, 6, 7, 4), factors), SCALED)
    shifted = writer.step("Add", scaled, addends.reshape(1, 1, 1, 4))
    moved = writer.node("Transpose", writer.through(shifted, SCALED), perm=[0, 3, 1, 2])
    return writer.network(moved, 4)


def padded_channels_last() -> onnx.ModelProto:
    """As TinyEngine's networks begin."""
    writer = Writer()
    pads = np.array([0, 1, 2, 0, 0, 0, 1, 0])
    padded = writer.through(writer.step("Pad", writer.image(1, 6, 7, 3), pads), IMAGE)
    return writer.network(writer.node("Transpose", padded, perm=[0, 3, 1, 2]), 3)


def channels_added_channels_last() -> onnx.ModelProto:
    writer = Writer()
    padded = writer.step("Pad", writer.image(1, 6, 7, 3), np.array([0, 0, 0, 1, 0, 1, 0, 2]))
    moved = writer.node("Transpose", writer.through(padded, IMAGE), perm=[0, 3, 1, 2])
    return writer.network(moved, 6)


def padded_and_reshaped() -> onnx.ModelProto:
    """One channel, so that a Reshape does what a Transpose would."""
    writer = Writer()
    padded = writer.step("Pad", writer.image(1, 6, 7, 1), np.array([0, 2, 1, 0, 0, 1, 1, 0]))
    cut = writer.step("Reshape", writer.through(padded, IMAGE), np.array([1, 1, 9, 9]))
    return writer.network(cut, 1)


def reshaped_as_its_batch_says() -> onnx.ModelProto:
    """x.view(x.size(0), 1, 6, 8), as PyTorch exports it."""
    writer = Writer()
    image = writer.input("image", "float32", ("N", 48))
    size = writer.step("Gather", writer.node("Shape", image), np.array(0))
    sizes = [writer.constant(np.array([length])) for length in (1, 6, 8)]
    batch = writer.step("Unsqueeze", size, np.array([0]))
    shape = writer.node("Concat", batch, *sizes, axis=0)
    return writer.network(writer.through(writer.node("Reshape", image, shape), IMAGE), 1)


def without_a_batch() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", (3, 6, 7))
    whole = writer.step("Unsqueeze", image, np.array([0]))
    return writer.network(writer.through(whole, IMAGE), 3)


def channels_last_without_a_batch() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", (6, 7, 3))
    moved = writer.node("Transpose", image, perm=[2, 0, 1])
    whole = writer.step("Unsqueeze", moved, np.array([0]))
    return writer.network(writer.through(whole, IMAGE), 3)


def rows_and_columns_swapped() -> onnx.ModelProto:
    """Behind the DequantizeLinear; Reshapes before and behind."""
    writer = Writer()
    image = writer.input("image", "float32", (1, 3, 42))
    cut = writer.step("Reshape", image, np.array([1, 3, 6, 7]))
    swapped = writer.node("Transpose", writer.through(cut, IMAGE), perm=[0, 1, 3, 2])
    return writer.network(writer.step("Reshape", swapped, np.array([1, 3, 7, 6])), 3)


def normalised_then_swapped() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", (1, 3, 6, 7))
    halved = writer.step("Mul", image, np.array(0.5, np.float32))
    swapped = writer.node("Transpose", halved, perm=[0, 1, 3, 2])
    return writer.network(writer.through(swapped, IMAGE), 3)


@pytest.mark.parametrize(
    "make",
    [
        scaled_channels_last,
        padded_channels_last,
        channels_added_channels_last,
        padded_and_reshaped,
        reshaped_as_its_batch_says,
        without_a_batch,
        channels_last_without_a_batch,
        rows_and_columns_swapped,
        normalised_then_swapped,
    ],
)
def test_the_files_input_gives_the_files_output(
    make: Callable[[], onnx.ModelProto], tmp_path: Path
):
    model = make()
    shape = [size.dim_value or 1 for size in model.graph.input[0].type.tensor_type.shape.dim]
    image = np.random.default_rng(1).normal(0, 2, (2, *shape)).astype(np.float32)
    name = model.graph.output[0].name
    found = run_model(model, [{"image": row} for row in image], [name], optimised=False)
    expected = np.stack([outputs[name] for outputs in found])
    assert len(np.unique(expected)) > 20
    onnx.save(model, str(tmp_path / "network.onnx"))
    compiled = dsconv.compile(tmp_path / "network.onnx", target="host")
    assert compiled.run(image, expect=expected).equal
    assert verify(compiled, tmp_path / "network.onnx", image, on="host").equal


def test_an_order_that_can_be_read_is_the_files_own():
    for make in (padded_channels_last, without_a_batch, channels_last_without_a_batch):
        model = make()
        shape = [size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim]
        (port,) = import_onnx(model).inputs
        assert (port.name, port.shape, port.preparation) == ("image", tuple(shape), None)


def test_bytes_that_are_transposed_are_left_to_the_caller():
    """As YAMNet takes a spectrogram."""
    writer = Writer()
    moved = writer.node("Transpose", writer.input("image", "int8", (1, 6, 7, 1)), perm=[0, 2, 1, 3])
    cut = writer.step("Reshape", moved, np.array([1, 1, 7, 6]))
    model = writer.network(writer.dequantize(cut, IMAGE), 1)
    compiled = dsconv.compile(model, target="host")
    (port,) = compiled.imported.inputs
    assert port.preparation is not None
    assert port.preparation.steps == ("Transpose", "Reshape")
    assert port.caller_steps == ()
    image = np.random.default_rng(1).integers(-128, 128, (2, 1, 6, 7, 1), np.int8)
    name = model.graph.output[0].name
    found = run_model(model, [{"image": row} for row in image], [name], optimised=False)
    expected = np.stack([outputs[name] for outputs in found])
    assert compiled.run(image, expect=expected).equal
    with pytest.raises(DsconvError, match="'image' takes int8; the array is uint8"):
        compiled.run(image.astype(np.uint8))


def test_a_batch_is_an_error():
    writer = Writer()
    with pytest.raises(ModelError, match="'image' has a batch of 4; export with batch 1"):
        import_onnx(writer.network(writer.image(4, 3, 6, 7), 3))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((1, 6, 7, 3), np.float32), r"the array is \[1, 6, 7, 3\]; np\.moveaxis\(x, -1,"),
        (np.zeros((2, 6, 7, 3), np.float32), r"channels first"),
        (np.zeros((6, 7, 3), np.float32), r"channels first"),
        (np.zeros((1, 3, 7, 6), np.float32), r"takes \[1, 3, 6, 7\]"),
        (np.zeros((1, 3, 6, 7), np.int64), r"the array is int64: x\.astype\(np\.float32\)"),
        (np.zeros((1, 3, 6, 7), np.uint8), r"takes int8 or float; the array is uint8"),
        (np.zeros((0, 3, 6, 7), np.float32), r"the array is \[0, 3, 6, 7\]"),
    ],
)
def test_values_of_another_order_or_type_are_an_error(values: Array, words: str):
    writer = Writer()
    compiled = dsconv.compile(writer.network(writer.image(1, 3, 6, 7), 3), target="host")
    with pytest.raises(DsconvError, match=words):
        compiled.run(values)


def test_expected_outputs_of_another_order_are_an_error():
    writer = Writer()
    compiled = dsconv.compile(writer.network(writer.image(1, 3, 6, 7), 3), target="host")
    with pytest.raises(DsconvError, match="channels first"):
        compiled.run(expect=np.zeros((1, 4, 5, 5), np.int8))


def test_values_may_lie_flat_or_without_dimensions_of_one():
    writer = Writer()
    compiled = dsconv.compile(writer.network(writer.image(1, 3, 6, 7), 3), target="host")
    image = np.random.default_rng(1).normal(0, 2, (2, 3, 6, 7)).astype(np.float32)
    expected = compiled.run(image).output
    for shape in ((2, 1, 3, 6, 7), (2, 126), (252,)):
        np.testing.assert_array_equal(compiled.run(image.reshape(shape)).output, expected)


def products(opset: int, shape: tuple[int, ...], *, as_pixels: bool) -> onnx.ModelProto:
    """A product with the last dimension of a float input, which may be an image's channels."""
    writer = ModelWriter(opset)
    meaning, rng = Quantisation(0.03, 120, "uint8"), np.random.default_rng(3)
    x = writer.dequantize(writer.quantize(writer.input("x", "float32", shape), meaning), meaning)
    features = shape[-1]
    if as_pixels:
        features = shape[1]
        x = writer.node("Transpose", x, perm=[0, 2, 3, 1])
        x = writer.node("Reshape", x, writer.constant(np.array([1, -1, features])))
    weights = writer.dequantized_constant(
        rng.integers(-127, 128, (features, 6), np.int8),
        np.array(0.01, np.float32),
        np.array(0, np.int8),
    )
    y = writer.quantize(writer.node("MatMul", x, weights), meaning)
    return writer.model(y, dtype="uint8")


@pytest.mark.parametrize(
    ("shape", "as_pixels"), [((1, 5, 20), False), ((1, 4, 6, 7), True), ((1, 20), False)]
)
def test_products_with_the_last_dimension(shape: tuple[int, ...], as_pixels: bool):
    model = products(13, shape, as_pixels=as_pixels)
    x = np.random.default_rng(1).uniform(-3, 3, shape).astype(np.float32)
    assert_means(model, {"x": x})
