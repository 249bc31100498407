"""Interval arithmetic from the inputs: sound for any input, and what it lets the importer read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from exact_support import differences
from frontend_models import Array
from frontend_support import layer_operations, model_file
from integer_models import SHAPE, WRITERS, IntegerWriter, NemoWriter

from dsconv.dialects.graph import PadOp
from dsconv.dialects.run import run_reference
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.ranges import limits_of


@pytest.mark.parametrize("image", ["zeros", "largest", "random", "columns"])
@pytest.mark.parametrize("flavour", WRITERS)
def test_no_value_leaves_its_limits(flavour: str, image: str):
    network = import_onnx(WRITERS[flavour](3).network())
    values = {
        "zeros": np.zeros(SHAPE, np.uint8),
        "largest": np.full(SHAPE, 255, np.uint8),
        "random": np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8),
        "columns": np.broadcast_to(255 * (np.arange(SHAPE[3]) % 2), SHAPE).astype(np.uint8),
    }[image]
    layers = run_reference(network.module, values).layers
    for label, operation in layer_operations(network).items():
        low, high = limits_of(operation.result)
        assert np.all((low <= layers[label]) & (layers[label] <= high)), label


def averaged(weight: float) -> onnx.ModelProto:
    """A convolution with a small weight, and an average that is 257/256 of its mean, unclipped."""
    writer = NemoWriter()
    image = writer.input("image", "float32", (1, 1, 4, 4))
    sums = writer.node("Conv", image, writer.constant(np.full((2, 1, 1, 1), weight, np.float32)))
    x = writer.node("Clip", writer.node("Floor", divided(writer, sums, 4)), min=0.0, max=255.0)
    mean = writer.node("AveragePool", x, kernel_shape=[4, 4])
    scaled = writer.node("Mul", mean, writer.constant(np.array(257.5 * 2, np.float32)))
    result = writer.node("Floor", divided(writer, scaled, 512))
    weights = writer.constant(np.ones((2, 3), np.float32))
    return writer.model(
        writer.node("MatMul", writer.node("Flatten", result, axis=1), weights), dtype="float32"
    )


def divided(writer: IntegerWriter, x: str, divisor: int) -> str:
    return writer.node("Div", x, writer.constant(np.array(divisor, np.float32)))


@pytest.mark.parametrize("value", [0, 131, 255])
def test_an_average_is_read_whose_range_the_weights_bound(value: int):
    model = averaged(3.0)
    network = import_onnx(model)
    assert not differences(network, model, {"image": np.full((1, 1, 4, 4), value, np.float32)})


def test_an_average_is_refused_that_some_input_takes_out_of_8_bits():
    with pytest.raises(ModelError, match=r"reaches from 0 to 256, which is more than 8 bits"):
        import_onnx(averaged(4.0))


def in_file(path: Path) -> Array:
    return np.loadtxt(path, delimiter=",", usecols=0, skiprows=1)


def test_nemos_dscnn_has_every_layer_of_its_goldens():
    path = model_file("nemo_dscnn/network.onnx")
    network = import_onnx(onnx.load(str(path)))
    image = in_file(path.parent / "input.txt").reshape(network.inputs[0].shape)
    layers = run_reference(network.module, image.astype(np.uint8)).layers
    operations = layer_operations(network)
    computed = [
        value for label, value in layers.items() if not isinstance(operations[label], PadOp)
    ]
    assert len(computed) == 11
    for number, values in enumerate(computed):
        golden = in_file(path.parent / f"out_layer{number}.txt")
        np.testing.assert_array_equal(values.reshape(-1), golden, str(number))
