"""Functions right behind a layer with weights, without a QuantizeLinear between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from frontend_layers import assert_nearly_agrees
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations

from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.step_tables import steps_of

SHAPE = (1, 5, 8, 7)
X = Quantisation(0.031, 120, "uint8")
Y = Quantisation(0.0087, -20, "int8")
RNG = np.random.default_rng(11)
WEIGHTS = RNG.integers(-127, 128, (4, 5, 3, 3), np.int8)
BIAS = RNG.normal(0, 1, 4).astype(np.float32)
COLUMN = RNG.uniform(-1, 1, (4, 1, 1)).astype(np.float32)
FEEDS = {"x": RNG.integers(0, 256, SHAPE, np.uint8)}
Step = Callable[[ModelWriter, str], str]


def scalar(writer: ModelWriter, value: float) -> str:
    return writer.constant(np.array(value, np.float32))


def silu(writer: ModelWriter, x: str) -> str:
    return writer.node("Mul", x, writer.node("Sigmoid", x))


def hard_swish(writer: ModelWriter, x: str) -> str:
    """As PyTorch's exporter wrote it before opset 14."""
    moved = writer.node("Add", x, scalar(writer, 3))
    clipped = writer.node("Clip", moved, scalar(writer, 0), scalar(writer, 6))
    return writer.node("Div", writer.node("Mul", x, clipped), scalar(writer, 6))


def normalised(writer: ModelWriter, x: str) -> str:
    rows = [RNG.uniform(*limits, 4).astype(np.float32) for limits in ((-1, 1),) * 3 + ((0.1, 2),)]
    return writer.node("BatchNormalization", writer.node("Relu", x), *map(writer.constant, rows))


FUNCTIONS: dict[str, Step] = {
    "SiLU": silu,
    "HardSwish in parts": hard_swish,
    "HardSwish": lambda writer, x: writer.node("HardSwish", x),
    "LeakyRelu": lambda writer, x: writer.node("LeakyRelu", x, alpha=0.1),
    "PRelu": lambda writer, x: writer.node("PRelu", x, writer.constant(COLUMN)),
    "Tanh": lambda writer, x: writer.node("Tanh", x),
    "Softplus": lambda writer, x: writer.node("Softplus", x),
    "Round": lambda writer, x: writer.node("Round", x),
    "BatchNormalization behind Relu": normalised,
    "a factor behind Relu": lambda writer, x: writer.node(
        "Mul", writer.node("Relu", x), writer.constant(COLUMN)
    ),
    "Relu6 and a LeakyRelu of a difference": lambda writer, x: writer.node(
        "LeakyRelu",
        writer.node(
            "Sub",
            writer.node("Clip", x, scalar(writer, 0), scalar(writer, 6)),
            writer.constant(COLUMN),
        ),
    ),
    "a maximum of windows": lambda writer, x: writer.node(
        "MaxPool", silu(writer, x), kernel_shape=[2, 2]
    ),
}


def network(
    function: Step, *, per_channel: bool, quantised: bool = True, groups: int = 1
) -> onnx.ModelProto:
    writer = ModelWriter(14)
    x = writer.dequantize(writer.input("x", X.dtype, SHAPE), X)
    scales = np.array([0.002, 0.0013, 0.0031, 0.0007] if per_channel else 0.0021, np.float32)
    zeros = np.zeros_like(scales, np.int8)
    weights = writer.dequantized_constant(WEIGHTS, scales, zeros)
    y = function(writer, writer.node("Conv", x, weights, writer.constant(BIAS), strides=[2, 1]))
    if not quantised:
        return writer.model(y, dtype="float32")
    return writer.model(writer.quantize(y, Y))


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_of_the_sums(function: str, per_channel: bool):
    assert_nearly_agrees(network(FUNCTIONS[function], per_channel=per_channel), FEEDS)


def test_a_function_at_the_end_is_the_callers():
    imported = import_onnx(network(silu, per_channel=False, quantised=False))
    (port,) = imported.outputs
    assert port.dtype == "int32"
    assert any("Sigmoid, Mul left to the caller" in note for note in imported.notes)


def test_a_function_of_other_sums_is_refused():
    def product(writer: ModelWriter, x: str) -> str:
        return writer.node(
            "Mul", writer.node("Relu", x), writer.node("Conv", *writer.nodes[-1].input)
        )

    with pytest.raises(ModelError, match="the two are not computed as one layer"):
        import_onnx(network(product, per_channel=False))


def test_results_that_change_too_often_are_refused():
    with pytest.raises(ModelError, match="changes too often for a table; quantise in between"):
        import_onnx(network(lambda writer, x: writer.node("Sin", x), per_channel=True))


def test_the_sums_are_a_layer_of_their_own():
    layers = layer_operations(import_onnx(network(silu, per_channel=False))).values()
    assert [layer.kind for layer in layers] == ["conv2d", "steps"]


def parabola(reals: Array) -> Array:
    return reals * (reals - 4)


def quantised(reals: Array) -> Array:
    return np.clip(np.rint(reals * 10), -128, 127).astype(np.int8)


@pytest.mark.parametrize("function", [np.sin, np.abs, np.tanh, parabola, np.sign])
@pytest.mark.parametrize("scale", [0.001, 0.03, 1.0])
def test_steps_are_those_of_all_sums(function: Callable[[Array], Array], scale: float):
    low, high = -50_000, 70_000
    if function is np.sin:
        low, high = round(low / 5000 / scale), round(high / 5000 / scale)
    (steps,) = steps_of(lambda sums: function(sums * scale), quantised, [(low, high)])
    sums = np.arange(low, high + 1)
    passed = np.searchsorted(steps.thresholds, sums, side="right")
    np.testing.assert_array_equal(np.array(steps.values)[passed], quantised(function(sums * scale)))
