"""Normalisations of a float input before it is quantised are left to the caller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_models import Array, ModelWriter

import dsconv
from dsconv.errors import DsconvError, ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification import onnx_runtime
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


def clipped() -> onnx.ModelProto:
    writer = Writer()
    bounds = [writer.constant(np.array(bound, np.float32)) for bound in (-1.1, 1.3)]
    return writer.network(writer.node("Clip", writer.input("image", "float32", SHAPE), *bounds))


def padded() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", (1, 3, 6, 5))
    pads = writer.constant(np.array([0, 0, 1, 2, 0, 0, 1, 1]))
    value = writer.constant(np.array(0.333, np.float32))
    return writer.network(writer.node("Pad", image, pads, value))


def enlarged() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", (1, 3, 4, 4))
    scales = writer.constant(np.array([1, 1, 2, 2], np.float32))
    return writer.network(writer.node("Resize", image, "", scales, mode="linear"))


def repeated_for_each_channel() -> onnx.ModelProto:
    writer = Writer()
    image = writer.input("image", "float32", (1, 1, 8, 8))
    return writer.network(writer.step("Sub", image, MEAN.reshape(3, 1, 1)))


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (normalised, "Sub, Div"),
        (normalised_in_another_order, "Mul, Add"),
        (turned_and_normalised, "Transpose, Reshape, Sub"),
        (normalised_by_channel, "BatchNormalization"),
        (clipped, "Clip"),
        (padded, "Pad"),
        (enlarged, "Resize"),
        (repeated_for_each_channel, "Sub"),
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
    assert any(known.startswith(note) for known in compiled.imported.notes)
    assert verify(compiled, file, on="host").equal
    check_what_the_file_gives(model, compiled, 255 if make is normalised_in_another_order else 2)
    compiled.write(tmp_path / "out")
    meaning = f"{steps.replace(', ', ' and ')} of image = 0.0199999996 * (q - 5)"
    assert meaning in (tmp_path / "out" / "network.h").read_text()


def check_what_the_file_gives(model: onnx.ModelProto, compiled: dsconv.Network, largest: float):
    """The file's own input gives the file's own output; so does what the caller makes of it."""
    shape = [size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim]
    image = np.random.default_rng(4).uniform(-largest, largest, (3, *shape)).astype(np.float32)
    whole = onnx_runtime.run_model(
        model, [{"image": row} for row in image], [model.graph.output[0].name], optimised=False
    )
    expected = np.stack([next(iter(outputs.values())) for outputs in whole])
    assert len(np.unique(expected)) > 20
    (port,) = compiled.imported.inputs
    assert port.preparation is not None
    for given in (image, {"image": image}, {port.name: port.preparation.apply(image)}):
        assert compiled.run(given, expect=expected).equal


def test_integers_for_a_float_input_that_is_prepared_are_an_error():
    compiled = dsconv.compile(normalised(), target="host")
    with pytest.raises(DsconvError, match=r"'image' takes float32; the array is uint8: x\.astype"):
        compiled.run(np.zeros(SHAPE, np.uint8))


def images_of_bytes(dtype: str, shape: tuple[int, ...], *, channels_last: bool) -> onnx.ModelProto:
    """Bytes cast, normalised channel by channel, and convolved."""
    writer = Writer()
    image = writer.input("image", dtype, shape)
    mean = MEAN * 200 if channels_last else (MEAN * 200).reshape(3, 1, 1)
    real = writer.node("Cast", image, to=onnx.TensorProto.FLOAT)
    scaled = writer.step("Div", writer.step("Sub", real, mean), 50)
    nchw = writer.node("Transpose", scaled, perm=[0, 3, 1, 2]) if channels_last else scaled
    return writer.network(nchw)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("channels_last", [True, False])
def test_an_image_of_bytes_is_taken_as_it_is(dtype: str, channels_last: bool):
    shape = (1, 8, 8, 3) if channels_last else SHAPE
    model = images_of_bytes(dtype, shape, channels_last=channels_last)
    compiled = dsconv.compile(model, target="host")
    (port,) = compiled.imported.inputs
    assert (port.name, port.dtype, port.shape) == ("image", dtype, shape)
    limits = np.iinfo(dtype)
    image = np.random.default_rng(2).integers(limits.min, limits.max + 1, (2, *shape), dtype)
    whole = onnx_runtime.run_model(
        model, [{"image": row} for row in image], [model.graph.output[0].name], optimised=False
    )
    expected = np.stack([next(iter(outputs.values())) for outputs in whole])
    assert len(np.unique(expected)) > 20
    assert compiled.run(image, expect=expected).equal


def test_a_result_that_something_else_takes_is_an_error():
    writer = Writer()
    centred = writer.step("Sub", writer.input("image", "float32", SHAPE), 0.5)
    model = writer.network(centred)
    model.graph.output.append(onnx.ValueInfoProto(name=centred))
    with pytest.raises(ModelError, match=r"\(Sub\): takes the float input 'image'"):
        import_onnx(model)


def test_a_layer_that_is_not_quantised_is_an_error():
    writer = Writer()
    centred = writer.step("Sub", writer.input("image", "float32", SHAPE), 0.5)
    pooled = writer.node("MaxPool", centred, kernel_shape=[2, 2])
    with pytest.raises(ModelError, match=r"\(Sub\): takes the float input 'image'"):
        import_onnx(writer.network(pooled))
