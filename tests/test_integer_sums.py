"""ConvInteger and MatMulInteger, their sums as they are or scaled and quantised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import assert_nearly_agrees
from frontend_models import ModelWriter
from frontend_support import onnx_runtime, run_network
from onnx import TensorProto

from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 4, 6, 5)
Y = Quantisation(0.13, 7, "int8")
RNG = np.random.default_rng(4)
WEIGHTS = RNG.integers(0, 256, (3, 4, 3, 3), np.uint8)
MATRIX = RNG.integers(-128, 128, (24, 5), np.int8)


class Writer(ModelWriter):
    """Networks on integers x."""

    def __init__(self, dtype: str = "uint8"):
        super().__init__(17)
        self.x = self.input("x", dtype, SHAPE)

    def conv(self, weight_zero_points: int | list[int] = 131) -> str:
        zeros = (np.array(13, np.uint8), np.array(weight_zero_points, np.uint8))
        constants = map(self.constant, (WEIGHTS, *zeros))
        return self.node("ConvInteger", self.x, *constants, pads=[1, 1, 0, 0], strides=[1, 2])

    def reals(self, sums: str) -> str:
        return self.node("Cast", sums, to=TensorProto.FLOAT)

    def scaled(self, reals: str, scale: float = 0.0007) -> str:
        return self.node("Mul", reals, self.constant(np.array(scale, np.float32)))


def with_bias(writer: Writer) -> str:
    bias = RNG.integers(-9999, 9999, (1, 3, 1, 1), np.int32)
    sums = writer.node("Add", writer.conv(), writer.constant(bias))
    return writer.scaled(writer.reals(sums))


def with_real_bias(writer: Writer) -> str:
    scales = RNG.uniform(0.0001, 0.0009, (3, 1, 1)).astype(np.float32)
    reals = writer.node("Mul", writer.reals(writer.conv()), writer.constant(scales))
    bias = RNG.normal(0, 1, (3, 1, 1)).astype(np.float32)
    return writer.node("Relu", writer.node("Add", reals, writer.constant(bias)))


MAKERS: dict[str, Callable[[Writer], str]] = {
    "scaled": lambda writer: writer.scaled(writer.reals(writer.conv())),
    "with a bias": with_bias,
    "with a real bias and Relu": with_real_bias,
    "HardSwish": lambda writer: writer.node(
        "HardSwish", writer.scaled(writer.reals(writer.conv()))
    ),
}
FEEDS = {"x": RNG.integers(0, 256, SHAPE, np.uint8)}


@pytest.mark.parametrize("maker", MAKERS)
def test_sums_are_scaled_and_quantised(maker: str):
    writer = Writer()
    assert_nearly_agrees(writer.model(writer.quantize(MAKERS[maker](writer), Y)), FEEDS)


def test_every_output_may_have_a_zero_point_of_its_own():  # which ONNX Runtime does not compute
    writer = Writer()
    assert_means(writer.model(writer.conv([0, 17, 255]), dtype="int32"), FEEDS)


def test_sums_at_the_end_are_those_of_onnx_runtime():
    writer = Writer()
    model = writer.model(writer.conv(), dtype="int32")
    network = assert_means(model, FEEDS)
    (port,) = network.outputs
    assert (port.dtype, port.caller_steps) == ("int32", ())
    (result,) = run_network(network, FEEDS["x"])
    (expected,) = onnx_runtime(model, optimised=False).run(None, FEEDS)
    np.testing.assert_array_equal(result, expected)


def test_a_product_of_integers():
    writer = ModelWriter(17)
    x = writer.input("x", "int8", (1, 24))
    y = writer.node(
        "MatMulInteger", x, writer.constant(MATRIX), writer.constant(np.array(-5, np.int8))
    )
    feeds = {"x": RNG.integers(-128, 128, (1, 24), np.int8)}
    model = writer.model(y, dtype="int32")
    network = assert_means(model, feeds)
    (result,) = run_network(network, feeds["x"].reshape(1, 24, 1, 1))
    (expected,) = onnx_runtime(model, optimised=False).run(None, feeds)
    np.testing.assert_array_equal(result.reshape(-1), np.asarray(expected).reshape(-1))


def test_dynamic_quantisation_is_refused():
    writer = ModelWriter(17)
    x = writer.input("x", "float32", (1, 24))
    names = ["quantised", "scale", "zero_point"]
    writer.nodes.append(onnx.helper.make_node("DynamicQuantizeLinear", [x], names))
    matrix = writer.constant(MATRIX)
    y = writer.node("MatMulInteger", "quantised", matrix, "zero_point")
    with pytest.raises(ModelError, match="quantised while it runs"):
        import_onnx(writer.model(y, dtype="int32"))


def test_a_zero_point_that_is_computed_is_refused():
    writer = Writer()
    writer.input("zero_point", "uint8", (1,))
    y = writer.node("ConvInteger", writer.x, writer.constant(WEIGHTS), "zero_point")
    with pytest.raises(ModelError, match=r"input 2 .* is not a constant"):
        import_onnx(writer.model(y, dtype="int32"))
