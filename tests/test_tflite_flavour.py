"""--flavour TFLite computes what TFLite's reference kernels do, not what ONNX Runtime does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_models import Array, ModelWriter
from frontend_support import model_file, run_network

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.scales import Quantisation

SHAPE = (1, 5, 6, 4)


def scaled_as_gemmlowp(value: int, factor: float) -> int:
    """MultiplyByQuantizedMultiplier: a doubling high product, then a shift, both rounded."""
    fraction, exponent = math.frexp(factor)
    multiplier = round(fraction * 2**31)
    if multiplier == 2**31:
        multiplier, exponent = multiplier // 2, exponent + 1
    left, right = max(exponent, 0), max(-exponent, 0)
    product = (value << left) * multiplier
    nudge = 2**30 if product >= 0 else 1 - 2**30
    high = abs(product + nudge) // 2**31 * (1 if product + nudge >= 0 else -1)
    mask = (1 << right) - 1
    threshold = (mask >> 1) + (high < 0)
    return (high >> right) + ((high & mask) > threshold)


class Writer(ModelWriter):
    """A pointwise convolution whose factor differs in every channel, or in none."""

    def __init__(self, x: Quantisation, y: Quantisation, per_channel: bool):
        super().__init__()
        rng = np.random.default_rng(3)
        self.x, self.y = x, y
        self.weights = rng.integers(-128, 128, (9, 5)).astype(np.int8)
        self.scales = rng.uniform(0.001, 0.01, 9 if per_channel else 1).astype(np.float32)
        self.bias = rng.integers(-999, 999, 9).astype(np.int32)

    def network(self) -> onnx.ModelProto:
        count = self.scales.shape if self.scales.size > 1 else ()
        scale, zero = self.scales.reshape(count), np.zeros(count, np.int8)
        real = self.dequantize(self.input("x", self.x.dtype, SHAPE), self.x)
        weights = self.dequantized_constant(self.weights.reshape(9, 5, 1, 1), scale, zero)
        units = np.float32(self.x.scale) * scale
        bias = self.dequantized_constant(self.bias, units, zero.astype(np.int32))
        return self.model(self.quantize(self.node("Conv", real, weights, bias), self.y))

    def expected(self, x: Array) -> Array:
        centred = x.astype(np.int64).reshape(5, -1) - self.x.zero_point
        sums = self.weights.astype(np.int64) @ centred + self.bias[:, None]
        rounded_product = self.scales.size == 1 and self.x.dtype == "uint8"
        factors = [
            float(np.float32(self.x.scale) * scale) / self.y.scale
            if rounded_product
            else self.x.scale * float(scale) / self.y.scale
            for scale in np.broadcast_to(self.scales, 9)
        ]
        limits = np.iinfo(self.y.dtype)
        return np.array(
            [
                [scaled_as_gemmlowp(int(total), factor) + self.y.zero_point for total in row]
                for row, factor in zip(sums, factors, strict=True)
            ]
        ).clip(limits.min, limits.max)


@pytest.mark.parametrize("y_scale", [0.05, 0.0002])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_layer_is_rounded_twice(dtype: str, per_channel: bool, y_scale: float):
    x = Quantisation(float(np.float32(0.03)), 7, dtype)
    y = Quantisation(float(np.float32(y_scale)), 11, dtype)
    writer = Writer(x, y, per_channel)
    network = import_onnx(writer.network(), flavour="tflite")
    limits = np.iinfo(dtype)
    values = np.random.default_rng(0).integers(limits.min, limits.max + 1, SHAPE, dtype)
    (result,) = run_network(network, values)
    np.testing.assert_array_equal(result.reshape(9, -1), writer.expected(values))


def test_a_converted_file_says_that_there_are_two_meanings():
    model = Writer(U8, U8, per_channel=False).network()
    assert not import_onnx(model).notes
    model.producer_name = "tf2onnx"
    network = import_onnx(model)
    assert network.flavour == "QDQ"
    assert "--flavour TFLite" in network.notes[0]
    assert not import_onnx(model, flavour="TFLite").notes


def test_two_roundings_differ_from_one():
    quantisations = [Quantisation(float(np.float32(scale)), 0, "int8") for scale in (0.03, 0.05)]
    model = Writer(*quantisations, per_channel=True).network()
    x = np.random.default_rng(0).integers(-128, 128, SHAPE, np.int8)
    once, twice = (
        run_network(import_onnx(model, flavour=flavour), x)[0] for flavour in ("QDQ", "TFLite")
    )
    assert np.abs(once.astype(int) - twice).max() <= 1


def pool(x: Quantisation, y: Quantisation, operation: str = "AveragePool") -> onnx.ModelProto:
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", x.dtype, SHAPE), x)
    attributes: dict[str, Any] = (
        {"kernel_shape": [2, 2], "strides": [2, 2]} if operation == "AveragePool" else {}
    )
    return writer.model(writer.quantize(writer.node(operation, real, name="pool", **attributes), y))


def test_an_average_rounds_half_away_from_zero():
    x = Quantisation(0.5, 3, "int8")
    values = np.random.default_rng(0).integers(-128, 128, SHAPE, np.int8)
    (result,) = run_network(import_onnx(pool(x, x), flavour="TFLite"), values)
    sums = values.astype(int).reshape(1, 5, 3, 2, 2, 2).sum(axis=(3, 5))
    expected = np.sign(sums) * ((np.abs(sums) + 2) // 4)
    assert (np.abs(sums) % 4 == 2).any(), "no tie: the test says nothing"
    np.testing.assert_array_equal(result, expected)


def addition() -> onnx.ModelProto:
    writer = ModelWriter()
    x = Quantisation(0.5, 3, "int8")
    reals = [writer.dequantize(writer.input(name, "int8", SHAPE), x) for name in "ab"]
    return writer.model(writer.quantize(writer.node("Add", *reals, name="sum"), x))


U8 = Quantisation(0.5, 3, "uint8")
ERRORS = {
    "addition": (addition(), r"'sum.*additions is not supported; leave out --flavour TFLite"),
    "scale of a pool": (pool(U8, Quantisation(0.25, 3, "uint8")), r"'pool.*nor change the scale"),
    "mean": (pool(U8, U8, "GlobalAveragePool"), r"'pool.*not supported"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_message(case: str):
    model, message = ERRORS[case]
    with pytest.raises(ModelError, match=message):
        import_onnx(model, flavour="TFLite")


def test_the_c_is_bit_exact():
    quantisations = [Quantisation(float(np.float32(scale)), 0, "int8") for scale in (0.03, 0.05)]
    model = Writer(*quantisations, per_channel=True).network()
    passes = "select-layout,tile-l1,lower-to-tiles,plan-memory,lower-kernels"
    for pipeline in (passes, None):
        compiled = dsconv.compile(model, "pulp_open", flavour="TFLite", passes=pipeline)
        assert compiled.run(on="host").equal


def test_the_logits_of_kws_are_tflites():
    folder = model_file("kws_dscnn_tflite_qdq/network.onnx").parent
    compiled = dsconv.compile(folder / "network.onnx", "pulp_open", flavour="TFLite")
    with np.load(folder / "goldens.npz") as goldens:
        inputs, expected = goldens["inputs"], goldens["tflite_ref_logits"]
        theirs = goldens["ort_logits"].reshape(expected.shape)
    assert (theirs != expected).any()
    assert compiled.run(inputs.reshape(-1, *SHAPE_OF_KWS), on="host", expect=expected).equal


SHAPE_OF_KWS = (1, 1, 49, 10)


def test_the_probabilities_of_mobilenet_are_tflites():
    folder = model_file("mobilenet_v1_025_128_tflite_qdq/network.onnx").parent
    compiled = dsconv.compile(folder / "network.onnx", "pulp_open", flavour="TFLite")
    with np.load(folder / "goldens.npz") as goldens:
        inputs, expected = goldens["inputs"][:3], goldens["tflite_ref"][:3].reshape(3, -1)
    report = compiled.run(inputs, on="host")
    assert report.equal
    (port,) = compiled.imported.outputs
    assert port.scale is not None
    logits = (report.outputs.reshape(3, -1).astype(np.float64) - port.zero_point) * port.scale
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(np.rint(probabilities * 256).clip(0, 255), expected)
