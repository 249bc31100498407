"""Normalisations of a float input before it is quantised are left to the caller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_models import Array, ModelWriter

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification.verify import verify

SHAPE = (1, 3, 8, 8)
MEANING = Quantisation(0.02, 5, "int8")
MEAN = np.array([0.4, 0.5, 0.6], np.float32)


class Writer(ModelWriter):
    """A quantised pool behind whatever is done to a float input."""

    def step(self, operation: str, x: str, constant: Array | float) -> str:
        """An operation with a constant."""
        return self.node(operation, x, self.constant(np.asarray(constant, np.float32)))

    def network(self, x: str) -> onnx.ModelProto:
        """The model that quantises a tensor."""
        real = self.dequantize(self.quantize(x, MEANING), MEANING)
        pooled = self.node("MaxPool", real, kernel_shape=[2, 2], strides=[2, 2])
        return self.model(self.quantize(pooled, MEANING))


def normalised() -> onnx.ModelProto:
    writer = Writer()
    centred = writer.step("Sub", writer.input("image", "float32", SHAPE), MEAN.reshape(3, 1, 1))
    return writer.network(writer.step("Div", centred, 0.25))


def normalised_in_another_order() -> onnx.ModelProto:
    """As Keras has it: pixels of 8 bits to -1 to 1, channels last."""
    writer = Writer()
    image = writer.input("image", "float32", (1, 8, 8, 3))
    scaled = writer.step("Add", writer.step("Mul", image, 1 / 127.5), -1)
    return writer.network(writer.node("Transpose", scaled, perm=[0, 3, 1, 2]))


def turned_and_normalised() -> onnx.ModelProto:
    """Channels last in the file, normalised channels first."""
    writer = Writer()
    image = writer.input("image", "float32", (1, 8, 4, 3))
    turned = writer.node("Transpose", image, perm=[0, 3, 1, 2])
    cut = writer.node("Reshape", turned, writer.constant(np.array([1, 3, 4, 8])))
    return writer.network(writer.step("Sub", cut, MEAN.reshape(3, 1, 1)))


def normalised_by_channel() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", SHAPE)
    constants = [writer.constant(values) for values in (MEAN, MEAN, MEAN, MEAN)]
    return writer.network(writer.node("BatchNormalization", image, *constants))


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (normalised, "Sub, Div"),
        (normalised_in_another_order, "Mul, Add"),
        (turned_and_normalised, "Transpose, Reshape, Sub"),
        (normalised_by_channel, "BatchNormalization"),
    ],
)
def test_steps_before_the_first_quantisation(
    make: Callable[[], onnx.ModelProto], steps: str, tmp_path: Path
):
    model, file = make(), tmp_path / "network.onnx"
    onnx.save(model, str(file))
    compiled = dsconv.compile(file, target="host")
    (port,) = compiled.imported.inputs
    assert port.name == model.graph.node[len(steps.split()) - 1].output[0]
    assert port.caller_steps == ("QuantizeLinear",)
    note = f"input 'image': {steps} left to the caller, who gives '{port.name}' instead"
    assert note in compiled.imported.notes
    assert verify(compiled, file, on="host").equal


def test_a_result_that_something_else_takes_is_an_error():
    writer = Writer()
    centred = writer.step("Sub", writer.input("image", "float32", SHAPE), 0.5)
    model = writer.network(centred)
    model.graph.output.append(onnx.ValueInfoProto(name=centred))
    with pytest.raises(ModelError, match=r"\(Sub\): takes the float input 'image'"):
        import_onnx(model)


def test_a_constant_that_is_larger_than_the_input_is_an_error():
    writer = Writer()
    image = writer.input("image", "float32", (1, 1, 8, 8))
    with pytest.raises(ModelError, match=r"\(Sub\): takes the float input 'image'"):
        import_onnx(writer.network(writer.step("Sub", image, MEAN.reshape(3, 1, 1))))


def test_a_layer_that_is_not_quantised_is_an_error():
    writer = Writer()
    centred = writer.step("Sub", writer.input("image", "float32", SHAPE), 0.5)
    pooled = writer.node("MaxPool", centred, kernel_shape=[2, 2])
    with pytest.raises(ModelError, match=r"\(Sub\): takes the float input 'image'"):
        import_onnx(writer.network(pooled))
