"""Factors and addends behind layers with weights, biases of dead channels, weights of 4 bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import Weighted, convolution_model, qdq_weights, random_integers
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations, onnx_runtime, run_network
from integer_models import SHAPE as INTEGER_SHAPE
from integer_models import QuantLabWriter
from onnx import helper

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 4, 6, 5)
X = Quantisation(0.0625, 120, "uint8")
Y = Quantisation(0.05, 10, "uint8")
RNG = np.random.default_rng(8)
COLUMN = RNG.uniform(-2, 2, (4, 1, 1)).astype(np.float32)
PARAMETERS = [
    RNG.uniform(low, high, 4).astype(np.float32)
    for low, high in ((-2, 2), (-1, 1), (-1, 1), (0.1, 2))
]
FOLLOWING: dict[str, list[tuple[str, list[Array], dict[str, Any]]]] = {
    "BatchNormalization": [("BatchNormalization", PARAMETERS, {"epsilon": 1e-3})],
    "Mul": [("Mul", [COLUMN], {})],
    "Mul by one value": [("Mul", [np.array(-0.3, np.float32)], {})],
    "Div": [("Div", [COLUMN], {})],
    "Sub": [("Sub", [COLUMN], {})],
    "Mul and Add": [("Mul", [COLUMN], {}), ("Add", [COLUMN], {})],
    "Add and Mul": [("Add", [COLUMN], {}), ("Mul", [COLUMN], {})],
}


def layers(case: str, kernels: tuple[int, ...] = (4, 4, 3, 3), group: int = 1) -> onnx.ModelProto:
    """A Conv, what follows it, and a Relu."""
    writer = ModelWriter(18)
    tensor = writer.dequantize(writer.input("x", X.dtype, SHAPE), X)
    rng = np.random.default_rng(1)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", kernels, per_channel=True)
    bias = writer.constant(rng.normal(0, 1, 4).astype(np.float32))
    weights = qdq_weights(writer, replace(layer, x=X))
    tensor = writer.node("Conv", tensor, weights, bias, group=group)
    for operation, constants, attributes in FOLLOWING[case]:
        tensor = writer.node(operation, tensor, *map(writer.constant, constants), **attributes)
    return writer.model(writer.quantize(writer.node("Relu", tensor), Y), dtype="uint8")


def agrees(model: onnx.ModelProto, shape: tuple[int, ...] = SHAPE) -> ImportedNetwork:
    """Every value is what ONNX Runtime gives where it optimises nothing."""
    source = model.graph.input[0]
    dtype = helper.tensor_dtype_to_np_dtype(source.type.tensor_type.elem_type).name
    image = random_integers(np.random.default_rng(0), dtype, shape)
    network = assert_means(model, {source.name: image})
    (result,) = run_network(network, image)
    (expected,) = onnx_runtime(model, optimised=False).run(None, {source.name: image})
    assert len(np.unique(result)) > 1, "a constant says nothing"
    np.testing.assert_array_equal(result.reshape(-1), np.asarray(expected).reshape(-1))
    return network


@pytest.mark.parametrize("case", FOLLOWING)
def test_what_follows_a_layer_becomes_part_of_it(case: str):
    assert len(layer_operations(agrees(layers(case)))) == 1


@pytest.mark.parametrize("kernels", [(4, 1, 3, 3), (4, 4, 1, 1)])
def test_what_follows_other_kinds_of_layers(kernels: tuple[int, ...]):
    agrees(layers("BatchNormalization", kernels, group=4 // kernels[1]))


@pytest.mark.parametrize("target", ["host", "pulp_open"])
def test_the_c_has_negative_factors(target: str):
    on = "host" if target == "host" else "qemu"
    assert dsconv.compile(layers("BatchNormalization"), target=target).run(on=on).equal


def test_a_factor_of_0_is_an_error(monkeypatch: pytest.MonkeyPatch):
    zero = np.array([1, 0, 1, 1], np.float32).reshape(4, 1, 1)
    monkeypatch.setitem(FOLLOWING, "zero", [("Mul", [zero], {})])
    with pytest.raises(ModelError, match="multiplies by 0"):
        import_onnx(layers("zero"))


@pytest.mark.parametrize("first", ["Conv", "GlobalAveragePool"])
def test_what_is_no_layer_says_what_to_do(first: str):
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", X.dtype, SHAPE), X)
    layer = Weighted.random(np.random.default_rng(1), "uint8", "uint8", "int8", (4, 4, 1, 1))
    before = writer.node("Conv", x, qdq_weights(writer, layer))
    if first != "Conv":
        before = writer.node(first, before)
    convolution = writer.node("Conv", before, qdq_weights(writer, layer))
    cure = f"QuantizeLinear and a DequantizeLinear between them .with both {first} and Conv"
    with pytest.raises(ModelError, match=cure):
        import_onnx(writer.model(writer.quantize(convolution, Y)))


@pytest.mark.parametrize("options", [{"alpha": 0.5}, {"beta": 3.0}, {"alpha": -2.0, "beta": 0.25}])
def test_a_gemm_with_factors(options: dict[str, Any]):
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", X.dtype, (1, 12)), X)
    layer = Weighted.random(np.random.default_rng(1), "uint8", "uint8", "int8", (12, 5))
    bias = writer.constant(np.random.default_rng(1).normal(0, 1, 5).astype(np.float32))
    product = writer.node("Gemm", x, qdq_weights(writer, layer), bias, **options)
    agrees(writer.model(writer.quantize(product, Y), dtype="uint8"), (1, 12))


def dead_channel(bias: int, flavour: str = "QDQ") -> onnx.ModelProto:
    """A convolution of which one channel has no weights to speak of and a large bias."""
    rng = np.random.default_rng(4)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (4, 4, 3, 3), per_channel=True)
    scale, biases, weights = layer.weight_scale.copy(), layer.bias.copy(), layer.weights.copy()
    y = replace(layer.y, zero_point=100)
    weights[2] = rng.integers(-3, 4, weights.shape[1:])
    scale[2] = abs(np.float32(40 * y.scale / bias / layer.x.scale))
    biases[2] = bias
    dead = replace(layer, y=y, weight_scale=scale, bias=biases, weights=weights)
    return convolution_model(flavour, dead, SHAPE)


@pytest.mark.parametrize("bias", [2_147_480_000, -2_147_483_648, -2_147_483_000, 1_000_000_000])
def test_a_bias_as_large_as_32_bits_hold(bias: int):
    (layer,) = layer_operations(agrees(dead_channel(bias))).values()
    assert layer.kind == "conv2d"


@pytest.mark.parametrize("target", ["host", "pulp_open"])
def test_the_c_has_large_biases(target: str):
    on = "host" if target == "host" else "qemu"
    assert dsconv.compile(dead_channel(-2_147_483_648), target=target).run(on=on).equal


def test_accumulators_that_32_bits_do_not_hold_name_their_channel():
    with pytest.raises(ModelError, match="sums of channel 2, whose bias is 2147480000"):
        import_onnx(dead_channel(2_147_480_000), flavour="TFLite")


def test_a_bias_that_nothing_holds_names_its_channel():
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", X.dtype, SHAPE), X)
    layer = Weighted.random(
        np.random.default_rng(1), "uint8", "uint8", "int8", (4, 4, 1, 1), per_channel=True
    )
    scale = layer.weight_scale.copy()
    scale[1] = 1e-20
    weights = qdq_weights(writer, replace(layer, weight_scale=scale))
    convolution = writer.node("Conv", x, weights, writer.constant(np.ones(4, np.float32)))
    with pytest.raises(ModelError, match=r"bias of channel 1 is .* quantise the model again"):
        import_onnx(writer.model(writer.quantize(convolution, Y)))


@pytest.mark.parametrize("zero_point", [0, 2])
@pytest.mark.parametrize("dtype", [ml_dtypes.int4, ml_dtypes.uint4])
def test_weights_of_4_bits_that_the_file_quantises(dtype: Any, zero_point: int):
    writer = ModelWriter(21)
    x = writer.dequantize(writer.input("x", X.dtype, SHAPE), X)
    parameters = [
        writer.constant(np.array(0.1037, np.float32)),
        writer.constant(np.array(zero_point).astype(dtype)),
    ]
    real = np.random.default_rng(2).normal(0, 0.6, (4, 4, 3, 3)).astype(np.float32)
    quantised = writer.node("QuantizeLinear", writer.constant(real), *parameters)
    weights = writer.node("DequantizeLinear", quantised, *parameters)
    model = writer.model(writer.quantize(writer.node("Conv", x, weights), Y), dtype="uint8")
    network = agrees(model)
    assert len(layer_operations(network)) == 1


def test_a_bias_that_names_another_axis():
    rng = np.random.default_rng(4)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (4, 4, 3, 3), per_channel=True)
    model = convolution_model("QDQ", layer, SHAPE)
    expected = run_network(import_onnx(model), random_integers(rng, "uint8", SHAPE))
    (bias,) = (node for node in model.graph.node if node.output[0] == model_bias(model))
    del bias.attribute[:]
    bias.attribute.append(helper.make_attribute("axis", 3))
    rng = np.random.default_rng(4)
    Weighted.random(rng, "uint8", "uint8", "int8", (4, 4, 3, 3), per_channel=True)
    result = run_network(import_onnx(model), random_integers(rng, "uint8", SHAPE))
    np.testing.assert_array_equal(result, expected)


def model_bias(model: onnx.ModelProto) -> str:
    """The tensor that a model's Conv takes as its bias."""
    (convolution,) = (node for node in model.graph.node if node.op_type == "Conv")
    return convolution.input[2]


def test_a_half_added_behind_a_division_rounds():
    writer = QuantLabWriter()
    image = writer.input("image", "float32", INTEGER_SHAPE)
    sums = writer.convolution(image, 8, 4, 3)
    quotient = writer.node("Div", sums, writer.constant(np.array(64, np.float32)))
    half = writer.node("Add", quotient, writer.constant(np.array(0.5, np.float32)))
    clipped = writer.node("Clip", writer.node("Floor", half), min=-128.0, max=127.0)
    model = writer.model(clipped, dtype="float32")
    network = import_onnx(model, flavour="QuantLab")
    image_values = np.random.default_rng(0).integers(0, 256, INTEGER_SHAPE, np.uint8)
    (result,) = run_network(network, image_values)
    feeds = {"image": image_values.astype(np.float32)}
    (expected,) = onnx_runtime(model, optimised=False).run(None, feeds)
    np.testing.assert_array_equal(result, np.asarray(expected))


def test_a_third_added_behind_a_division_is_an_error():
    writer = QuantLabWriter()
    sums = writer.convolution(writer.input("image", "float32", INTEGER_SHAPE), 8, 4, 3)
    quotient = writer.node("Div", sums, writer.constant(np.array(64, np.float32)))
    third = writer.node("Add", quotient, writer.constant(np.array(0.3, np.float32)))
    clipped = writer.node("Clip", writer.node("Floor", third), min=-128.0, max=127.0)
    with pytest.raises(ModelError, match="addends, times 64, are not all integers"):
        import_onnx(writer.model(clipped, dtype="float32"), flavour="QuantLab")


def test_an_odd_number_of_signed_levels_is_an_error():
    writer = ModelWriter()
    x = writer.input("x", "int8", SHAPE)
    one, zero = (writer.constant(np.array(value, np.int32)) for value in (1, 0))
    attributes: dict[str, Any] = {"div": 1.0, "n_levels_out": 255.0, "signed": 1.0}
    y = writer.node("RequantShift", x, one, zero, **attributes)
    with pytest.raises(ModelError, match="255 signed levels"):
        import_onnx(writer.model(y))
