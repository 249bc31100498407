"""Reals of a file that are not on the grid of an activation: exact, or an error; never rounded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import Weighted, qdq_weights, random_integers
from frontend_models import ModelWriter
from frontend_support import layer_operations, onnx_runtime, run_network

import dsconv
from dsconv.dialects.graph import WeightedOperation
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 4, 6, 5)
X = Quantisation(0.0625, 120, "uint8")
Y = Quantisation(0.05, 10, "uint8")
AROUND = np.array([0, 0, 1, 1, 0, 0, 0, 2], np.int64)


class Network:
    """A network with one input of SHAPE, whose operations follow each other."""

    def __init__(self, opset: int = 18, x: Quantisation = X):
        self.writer = ModelWriter(opset)
        self.rng = np.random.default_rng(3)
        self.x = x
        self.tensor = self.writer.dequantize(self.writer.input("x", x.dtype, SHAPE), x)

    def then(self, operation: str, *constants: np.ndarray | float, **attributes: Any) -> Network:
        """One operation more."""
        operands = [
            self.writer.constant(
                value if isinstance(value, np.ndarray) else np.array(value, np.float32)
            )
            for value in constants
        ]
        self.tensor = self.writer.node(operation, self.tensor, *operands, **attributes)
        return self

    def convolved(self, bias: np.ndarray | None = None) -> Network:
        """A Conv of 3x3, with a real bias or none."""
        weights = qdq_weights(self.writer, self.kernels(per_channel=True))
        real = [] if bias is None else [self.writer.constant(bias)]
        self.tensor = self.writer.node("Conv", self.tensor, weights, *real)
        return self

    def kernels(self, *, per_channel: bool) -> Weighted:
        """Weights for the network's input."""
        shape, dtype = (4, 4, 3, 3), self.x.dtype
        layer = Weighted.random(self.rng, dtype, dtype, "int8", shape, per_channel=per_channel)
        return replace(layer, x=self.x)

    def model(self, y: Quantisation = Y) -> onnx.ModelProto:
        """The network up to here, quantised."""
        return self.writer.model(self.writer.quantize(self.tensor, y), dtype=y.dtype)


def agrees(network: Network, y: Quantisation = Y) -> ImportedNetwork:
    """Every value is what ONNX Runtime gives where it optimises nothing, biases least of all."""
    model = network.model(y)
    image = random_integers(np.random.default_rng(0), network.x.dtype, SHAPE)
    imported = assert_means(model, {"x": image})
    (expected,) = onnx_runtime(model, optimised=False).run(None, {"x": image})
    (result,) = run_network(imported, image)
    assert len(np.unique(result)) > 1, "a constant says nothing"
    np.testing.assert_array_equal(result.reshape(-1), np.asarray(expected).reshape(-1))
    return imported


@pytest.mark.parametrize("value", [-1.0, 0.3, 40.0])
def test_a_bound_applies_to_what_a_pad_puts_in(value: float):
    agrees(Network().then("Pad", AROUND, value).then("Relu"))
    agrees(Network().then("Pad", AROUND, value).then("Clip", -0.5, 1.01))
    agrees(Network().then("Pad", AROUND, value).then("Max", 0.0))


def test_a_bound_applies_to_channels_that_a_pad_puts_in():
    channels = np.array([0, 1, 0, 1, 0, 2, 0, 0], np.int64)
    agrees(Network().then("Pad", channels, -1.0).then("Relu"))


def test_a_bound_applies_behind_a_layer_and_a_pad():
    agrees(Network().convolved().then("Pad", AROUND, -1.0).then("Relu"))


@pytest.mark.parametrize("value", [0.0, -0.5, 8.4375])
def test_a_pad_of_a_value_that_the_input_has_needs_no_quantisation(value: float):
    agrees(Network().then("Pad", AROUND, value).convolved())


def test_a_pad_in_a_concat_needs_no_quantisation():
    network = Network().then("Pad", AROUND, -0.5)
    network.tensor = network.writer.node("Concat", network.tensor, network.tensor, axis=2)
    agrees(network.convolved())


@pytest.mark.parametrize("value", [-10.0, -0.51, 9.0])
def test_a_pad_of_another_value_is_exact(value: float):
    agrees(Network().then("Pad", AROUND, value).convolved())
    agrees(Network().then("Pad", AROUND, value).then("Sigmoid"))
    agrees(Network().then("Pad", AROUND, value).then("AveragePool", kernel_shape=[3, 3]))
    agrees(Network().then("Pad", AROUND, value).then("Clip", -0.7, 1.01).convolved())


def test_a_pad_of_several_axes_and_of_two_values_is_exact():
    channels = np.array([0, 0, 1, 0, 0, 0, 0, 1], np.int64)
    twice = Network().then("Pad", AROUND, -0.51).then("Pad", channels, 0.3)
    agrees(twice.then("Slice", np.array([0]), np.array([4]), np.array([1])).convolved())


def test_a_pad_of_another_value_is_exact_beside_others():
    network = Network()
    x = network.tensor
    padded = network.then("Pad", AROUND, -0.51).tensor
    network.tensor = network.writer.node("Add", padded, padded)
    agrees(network, Quantisation(0.0473, 10, "uint8"))
    network.tensor = network.writer.node("Concat", x, x, x, axis=3)
    moved = network.then("Slice", np.array([0]), np.array([5]), np.array([3])).tensor
    network.tensor = network.writer.node("Concat", moved, x, axis=2)
    agrees(network.then("Pad", AROUND, 40.0).convolved())


def test_parts_of_two_scales_are_exact():
    network = Network()
    pooled = network.writer.node("MaxPool", network.tensor, kernel_shape=[1, 1])
    other = network.writer.dequantize(network.writer.quantize(pooled, Y), Y)
    network.tensor = network.writer.node("Concat", network.tensor, other, axis=2)
    agrees(network.convolved())


def test_a_pad_of_infinity_is_an_error():
    model = Network().then("Pad", AROUND, -np.inf).convolved().model()
    with pytest.raises(
        ModelError, match=r"Pad.*pads with -inf.*QuantizeLinear has to stand behind"
    ):
        import_onnx(model)


def test_the_least_of_all_values_may_surround_a_maximum():
    agrees(Network().then("Pad", AROUND, -np.inf).then("MaxPool", kernel_shape=[2, 2]))


@pytest.mark.parametrize("bounds", [(-0.5, 1.0), (0.0, 100.0), (-100.0, 2.125)])
def test_bounds_that_the_input_has_need_no_quantisation(bounds: tuple[float, float]):
    pooled = Network().then("MaxPool", kernel_shape=[2, 2]).then("Clip", *bounds)
    agrees(pooled.convolved())
    agrees(Network().then("Clip", *bounds).convolved())


def test_a_relu_of_an_activation_needs_no_quantisation():
    agrees(Network().then("Relu").convolved())


BOUNDS = [(-0.5, 1.01), (-0.51, 0.51), (-0.51, np.inf), (-0.51, 2.13), (0.3, 0.3)]


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("operation", ["MaxPool", "Gather", "Concat", "Clip"])
def test_other_bounds_are_exact(operation: str, bounds: tuple[float, float]):
    network = Network()
    match operation:
        case "MaxPool":
            network.then("MaxPool", kernel_shape=[2, 2])
        case "Concat":
            network.tensor = network.writer.node("Concat", network.tensor, network.tensor, axis=2)
        case "Gather":
            network.then("Gather", np.array([3, 0, 2, 2]), axis=1)
        case _:
            pass
    agrees(network.then("Clip", *bounds).convolved())


def test_other_bounds_are_exact_in_products_and_sums():
    for matrix in ("MatMul", "Gemm"):
        network = Network().then("Clip", -0.51, 1.01).then("Flatten")
        weights = network.rng.integers(-127, 128, (120, 7), np.int8)
        quantised = network.writer.dequantized_constant(
            weights, np.array(0.003, np.float32), np.array(0, np.int8)
        )
        network.tensor = network.writer.node(matrix, network.tensor, quantised)
        agrees(network)
    network = Network()
    x = network.tensor
    clipped = network.then("Clip", -0.51, 1.01).tensor
    network.tensor = network.writer.node("Add", x, clipped)
    agrees(network, Quantisation(0.0473, 10, "uint8"))
    network.tensor = clipped
    agrees(network.then("GlobalAveragePool"), Quantisation(0.003, 10, "uint8"))


def test_a_bound_that_two_layers_read_is_made_once():
    network = Network()
    clipped = network.then("Clip", -0.51, 1.01).tensor
    first = network.convolved().tensor
    network.tensor = clipped
    network.tensor = network.writer.node("Add", first, network.convolved().tensor)
    kinds = [layer.kind for layer in layer_operations(agrees(network)).values()]
    assert kinds.count("lookup") == 3


@pytest.mark.parametrize("target", ["host", "pulp_open"])
def test_the_c_of_values_off_the_grid_is_equal(target: str, tmp_path: Path):
    network = Network().then("Pad", AROUND, -0.51).then("Clip", -0.7, 1.01).convolved()
    onnx.save(network.model(), str(tmp_path / "model.onnx"))
    assert dsconv.compile(tmp_path / "model.onnx", target=target).run(on="host").equal


@pytest.mark.parametrize("axis", [-1, -2, -4, 0, 3, 4])
def test_the_axis_of_a_flatten_counts_from_either_end(axis: int):
    agrees(Network().then("Flatten", axis=axis))


FOUR_BITS = Quantisation(0.1, 8, "uint8")


@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("scale", [0.02, 0.3, 2.5])
def test_a_real_bias_is_exact(scale: float, added: bool):
    rng = np.random.default_rng(5)
    bias = rng.normal(0, 0.7, 4).astype(np.float32)
    network = Network(x=FOUR_BITS).convolved(bias)
    if added:
        network.then("Add", rng.normal(0, 0.7, (4, 1, 1)).astype(np.float32))
    imported = agrees(network.then("Relu"), Quantisation(scale, 3, "uint8"))
    (layer,) = layer_operations(imported).values()
    assert isinstance(layer, WeightedOperation)
    assert any(layer.requant.addends)
    assert not imported.notes


def test_a_real_bias_without_units_is_an_error():
    tiny = Quantisation(2.0**-80, 0, "uint8")
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", SHAPE), tiny)
    weights = np.ones((1, SHAPE[1], 1, 1), np.int8)
    scale, zero_point = np.array(2.0**-80, np.float32), np.array(0, np.int8)
    operands = (
        writer.dequantized_constant(weights, scale, zero_point),
        writer.constant(np.array([-1], np.float32)),
    )
    model = writer.model(writer.quantize(writer.node("Conv", x, *operands), Y), dtype=Y.dtype)
    with pytest.raises(ModelError, match="a real bias has no units"):
        import_onnx(model)


def test_a_bias_in_a_scale_of_its_own_is_exact():
    network = Network(x=FOUR_BITS)
    integers = np.array([68, -82, 86, -56], np.int8)
    parameters = np.array(0.0123, np.float32), np.array(0, np.int8)
    layer = network.kernels(per_channel=False)
    bias = network.writer.dequantized_constant(integers, *parameters)
    weights = qdq_weights(network.writer, layer)
    network.tensor = network.writer.node("Conv", network.tensor, weights, bias)
    agrees(network)


def test_whole_units_of_a_real_bias_need_no_addend():
    network = Network()
    layer = network.kernels(per_channel=True)
    units = np.array([3, -700, 123_457, 0])
    bias = (units * layer.bias_scale).astype(np.float32)
    weights = qdq_weights(network.writer, layer)
    network.tensor = network.writer.node(
        "Conv", network.tensor, weights, network.writer.constant(bias)
    )
    (operation,) = layer_operations(agrees(network)).values()
    assert isinstance(operation, WeightedOperation)
    assert not any(operation.requant.addends)
    np.testing.assert_array_equal(operation.bias_array, units)


def test_a_real_bias_of_a_last_layer_is_rounded_with_a_note():
    network = Network().convolved(np.full(4, 0.3, np.float32))
    imported = import_onnx(network.writer.model(network.tensor, dtype="float32"))
    assert any("its real bias is rounded" in note for note in imported.notes)


@pytest.mark.parametrize("target", ["host", "pulp_open"])
def test_the_c_has_real_biases_and_bounds_of_pads(target: str):
    bias = np.random.default_rng(1).normal(0, 0.7, 4).astype(np.float32)
    network = Network(x=FOUR_BITS).convolved(bias).then("Pad", AROUND, -1.0).then("Relu")
    on = "host" if target == "host" else "qemu"
    assert dsconv.compile(network.model(), target=target).run(on=on).equal
