"""Networks whose last layer is not quantised give its sums, and say what they mean."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array, ModelWriter
from frontend_support import onnx_runtime, run_network

import dsconv
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

U8 = Quantisation(0.05, 100, "uint8")
SHAPE = (1, 6, 5, 4)


def image() -> Array:
    return np.random.default_rng(5).integers(0, 256, SHAPE, np.uint8)


class Writer(ModelWriter):
    """A convolution without a QuantizeLinear behind it."""

    def sums(self, per_channel: bool) -> str:
        rng = np.random.default_rng(0)
        weights = rng.integers(-128, 128, (7, 6, 1, 1)).astype(np.int8)
        count = (7,) if per_channel else ()
        scale = rng.uniform(0.01, 0.02, count).astype(np.float32)
        bias = rng.integers(-9999, 9999, 7).astype(np.int32)
        x = self.dequantize(self.input("x", "uint8", SHAPE), U8)
        return self.node(
            "Conv",
            x,
            self.dequantized_constant(weights, scale, np.zeros(count, np.int8)),
            self.dequantized_constant(
                bias, np.float32(U8.scale) * scale, np.zeros(count, np.int32)
            ),
        )


def reals(network: ImportedNetwork, sums: Array) -> Array:
    (port,) = network.outputs
    scales = port.channel_scales or (port.scale or 0.0,)
    return sums * np.array(scales).reshape(1, -1, 1, 1)


@pytest.mark.parametrize("per_channel", [False, True])
def test_sums_times_their_scales_are_what_the_file_says(per_channel: bool):
    writer = Writer()
    model = writer.model(writer.sums(per_channel), dtype="float32")
    network = assert_means(model, {"x": image()})
    (port,) = network.outputs
    assert (port.dtype, port.caller_steps) == ("int32", ("DequantizeLinear",))
    assert (port.scale is None) == per_channel
    assert len(port.channel_scales) == (7 if per_channel else 0)
    assert ("channel_scales[channel]" in port.meaning) == per_channel
    assert "channel_scales" not in str(network.module) or per_channel
    (sums,) = run_network(network, image())
    (expected,) = onnx_runtime(model, optimised=False).run(None, {"x": image()})
    np.testing.assert_allclose(reals(network, sums), np.asarray(expected), rtol=1e-4, atol=1e-4)
    assert "comes from sums that are not quantised: given as int32" in network.notes[0]


@pytest.mark.parametrize("activation", ["Relu", "Sigmoid", "Softmax", "Clip"])
def test_what_stands_behind_the_sums_is_left_to_the_caller(activation: str):
    writer = Writer()
    sums = writer.sums(per_channel=False)
    bounds = [writer.constant(np.array(bound, np.float32)) for bound in (0, 6)]
    operands = bounds if activation == "Clip" else []
    model = writer.model(writer.node(activation, sums, *operands), dtype="float32")
    (port,) = import_onnx(model).outputs
    step = "Clip" if activation == "Relu" else activation
    assert port.caller_steps == ("DequantizeLinear", step)
    (result,) = run_network(import_onnx(model), image())
    assert result.min() < 0


def test_a_qgemm_with_a_float_result():
    writer = ModelWriter()
    x = writer.input("x", "uint8", (1, 6))
    rng = np.random.default_rng(0)
    parameters = [
        *(np.array(U8.scale, np.float32), np.array(U8.zero_point, np.uint8)),
        *(rng.integers(-128, 128, (6, 7)).astype(np.int8), np.array(0.01, np.float32)),
        *(np.array(0, np.int8), rng.integers(-999, 999, 7).astype(np.int32)),
    ]
    operands = [writer.constant(array) for array in parameters]
    model = writer.model(
        writer.node("QGemm", x, *operands, domain="com.microsoft"), dtype="float32"
    )
    network = import_onnx(model)
    values = rng.integers(0, 256, (1, 6), np.uint8)
    (sums,) = run_network(network, values.reshape(1, 6, 1, 1))
    (expected,) = onnx_runtime(model, optimised=False).run(None, {"x": values})
    np.testing.assert_allclose(reals(network, sums).reshape(1, 7), np.asarray(expected), rtol=1e-5)


def test_two_ends_of_one_layer_are_one_output():
    writer = Writer()
    sums = writer.sums(per_channel=False)
    ends = [writer.node(kind, sums) for kind in ("Softmax", "ArgMax", "ArgMin")]
    (port,) = import_onnx(writer.model(*ends, dtype="float32")).outputs
    assert port.caller_steps == ("DequantizeLinear", "Softmax", "ArgMax", "ArgMin")


def chained() -> onnx.ModelProto:
    writer = Writer()
    return writer.model(writer.sums(per_channel=True), dtype="float32")


@pytest.mark.parametrize("runner", ["host", "qemu"])
@pytest.mark.parametrize("l1", [None, 9000])
def test_the_c_gives_sums(runner: str, l1: int | None):
    report = dsconv.compile(chained(), target="pulp_open", l1=l1).run(image(), on=runner)
    assert report.equal
    assert report.output.dtype == np.int32
    assert report.output.shape == (1, 1, 7, 5, 4)
