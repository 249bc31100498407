"""Layer by layer: what the front end imports gives the integers of ONNX Runtime.

Every value equals that of ONNX Runtime in at least one of its two modes. Unoptimised, it computes
QDQ layers in float32; optimised, on integers, as the import does. Average pools are float32 in
both, so there a value that lies exactly between two integers may fall to either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_layers import (
    DTYPES,
    EXAMPLES,
    FLAVOURS,
    Weighted,
    assert_agrees,
    convolution_model,
    dtypes,
    flavours,
    qdq_bias,
    qdq_weights,
    qoperator_weights,
    random_integers,
    random_quantisation,
    seeds,
    supported_signs,
    windows,
)
from frontend_models import ModelWriter
from frontend_support import (
    Array,
    function_of,
    layer_operations,
)
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dsconv.dialects import reference
from dsconv.dialects.graph import AveragePoolOp, RescaleOp, WeightedOperation
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx


@EXAMPLES
@given(
    flavour=flavours,
    signs=st.tuples(dtypes, dtypes, dtypes),
    window=windows(),
    size=st.tuples(st.integers(8, 11), st.integers(8, 13)),
    channels=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    per_channel=st.booleans(),
    zero_points=st.booleans(),
    seed=seeds,
)
def test_convolution(
    flavour: str,
    signs: tuple[str, str, str],
    window: dict[str, Any],
    size: tuple[int, int],
    channels: tuple[int, int],
    per_channel: bool,
    zero_points: bool,
    seed: int,
):
    rng = np.random.default_rng(seed)
    layer = Weighted.random(
        rng,
        *supported_signs(flavour, *signs),
        (*channels, *window["kernel_shape"]),
        per_channel=per_channel,
        weight_zero_points=zero_points,
    )
    shape = (1, channels[1], *size)
    model = convolution_model(flavour, layer, shape, **window)
    network = assert_agrees(model, {"x": random_integers(rng, layer.x.dtype, shape)})
    assert network.flavour == flavour


@EXAMPLES
@given(
    flavour=flavours,
    signs=st.tuples(dtypes, dtypes, dtypes),
    window=windows(),
    channels=st.integers(2, 9),
    per_channel=st.booleans(),
    zero_points=st.booleans(),
    seed=seeds,
)
def test_depthwise(
    flavour: str,
    signs: tuple[str, str, str],
    window: dict[str, Any],
    channels: int,
    per_channel: bool,
    zero_points: bool,
    seed: int,
):
    rng = np.random.default_rng(seed)
    layer = Weighted.random(
        rng,
        *supported_signs(flavour, *signs),
        (channels, 1, *window["kernel_shape"]),
        per_channel=per_channel,
        weight_zero_points=zero_points,
    )
    shape = (1, channels, 9, 12)
    model = convolution_model(flavour, layer, shape, group=channels, **window)
    network = assert_agrees(model, {"x": random_integers(rng, layer.x.dtype, shape)})
    assert [operation.kind for operation in layer_operations(network).values()] == ["depthwise"]


@EXAMPLES
@given(
    flavour=flavours,
    signs=st.tuples(dtypes, dtypes, dtypes),
    window=windows(),
    groups=st.integers(2, 4),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 5)),
    zero_points=st.booleans(),
    seed=seeds,
)
def test_convolution_in_groups(
    flavour: str,
    signs: tuple[str, str, str],
    window: dict[str, Any],
    groups: int,
    channels: tuple[int, int],
    zero_points: bool,
    seed: int,
):
    """One input channel a group is a depthwise convolution with a multiplier."""
    rng = np.random.default_rng(seed)
    kernels, inputs = channels
    layer = Weighted.random(
        rng,
        *supported_signs(flavour, *signs),
        (groups * kernels, inputs, *window["kernel_shape"]),
        per_channel=True,
        weight_zero_points=zero_points,
    )
    shape = (1, groups * inputs, 9, 12)
    model = convolution_model(flavour, layer, shape, group=groups, **window)
    network = assert_agrees(model, {"x": random_integers(rng, layer.x.dtype, shape)})
    kind = "depthwise" if channels == (1, 1) else "conv2d"
    assert [operation.kind for operation in layer_operations(network).values()] == [kind]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("x_dtype", DTYPES)
@pytest.mark.parametrize("weights_dtype", DTYPES)
def test_pointwise(flavour: str, x_dtype: str, weights_dtype: str):
    rng = np.random.default_rng(1)
    signs = supported_signs(flavour, x_dtype, x_dtype, weights_dtype)
    layer = Weighted.random(rng, *signs, (7, 5, 1, 1), per_channel=True)
    model = convolution_model(flavour, layer, (1, 5, 6, 3))
    network = assert_agrees(model, {"x": random_integers(rng, x_dtype, (1, 5, 6, 3))})
    assert [operation.kind for operation in layer_operations(network).values()] == ["pointwise"]


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_automatic_padding(auto_pad: str):
    rng = np.random.default_rng(2)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (3, 2, 3, 4))
    model = convolution_model("QDQ", layer, (1, 2, 8, 9), auto_pad=auto_pad, strides=[2, 2])
    assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 2, 8, 9))})


def test_convolution_of_one_dimension():
    rng = np.random.default_rng(3)
    layer = Weighted.random(rng, "int8", "int8", "int8", (3, 2, 5))
    model = convolution_model("QDQ", layer, (1, 2, 20), strides=[2], pads=[1, 2])
    network = assert_agrees(model, {"x": random_integers(rng, "int8", (1, 2, 20))})
    (operation,) = layer_operations(network).values()
    assert operation.result.type.get_shape() == (1, 3, 10, 1)


@pytest.mark.parametrize("opset", [13, 19, 21])
@pytest.mark.parametrize("form", ["initializer", "float weights", "float bias", "no bias", "added"])
def test_forms_of_weights_and_bias(opset: int, form: str):
    rng = np.random.default_rng(4)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (4, 3, 3, 3), per_channel=True)
    scale = layer.weight_scale.reshape(-1, 1, 1, 1)
    writer = ModelWriter(opset)
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 7, 7)), layer.x)
    weights = qdq_weights(writer, layer)
    if form == "float weights":
        parameters = [writer.constant(layer.weight_scale), writer.constant(layer.weight_zero_point)]
        real = writer.constant(layer.weights.astype(np.float32) * scale)
        quantised = writer.node("QuantizeLinear", real, *parameters, axis=0)
        weights = writer.node("DequantizeLinear", quantised, *parameters, axis=0)
    bias = {
        "float bias": writer.constant(layer.bias.astype(np.float32) * layer.bias_scale),
        "no bias": "",
        "added": "",
    }.get(form) or qdq_bias(writer, layer)
    y = writer.node("Conv", x, weights, *([] if form in ("no bias", "added") else [bias]))
    if form == "added":
        column = layer.bias.reshape(-1, 1, 1).astype(np.float32)
        y = writer.node("Add", writer.constant(column * layer.bias_scale.reshape(-1, 1, 1)), y)
    model = writer.model(writer.quantize(y, layer.y), dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 3, 7, 7))})
    (operation,) = layer_operations(network).values()
    assert isinstance(operation, WeightedOperation)
    expected = np.zeros_like(layer.bias) if form == "no bias" else layer.bias
    np.testing.assert_array_equal(operation.bias_array, expected)
    np.testing.assert_array_equal(operation.weight_array, layer.weights)
    assert not network.notes


def test_bias_in_other_units_is_converted():
    rng = np.random.default_rng(5)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (4, 3, 1, 1))
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 4, 4)), layer.x)
    zero = np.array(0, np.int32)
    doubled = np.asarray(layer.bias_scale * 2, np.float32)
    bias = writer.dequantized_constant(layer.bias, doubled, zero)
    y = writer.quantize(writer.node("Conv", x, qdq_weights(writer, layer), bias), layer.y)
    network = import_onnx(writer.model(y, dtype="uint8"), "layer")
    (operation,) = layer_operations(network).values()
    assert isinstance(operation, WeightedOperation)
    np.testing.assert_array_equal(operation.bias_array, layer.bias * 2)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("form", ["MatMul", "Gemm", "Gemm transB"])
def test_linear(flavour: str, per_channel: bool, form: str):
    rng = np.random.default_rng(6)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (6, 11), per_channel=per_channel)
    transposed = form == "Gemm transB"
    written = layer if transposed else replace(layer, weights=layer.weights.T.copy())
    axis = 0 if transposed else 1
    writer = ModelWriter()
    x = writer.input("x", "uint8", (1, 11))
    if flavour == "QDQ":
        operands = (writer.dequantize(x, layer.x), qdq_weights(writer, written, axis))
        if form == "MatMul":
            product = writer.node("MatMul", *operands)
            real = writer.node("Add", product, qdq_bias(writer, layer))
        else:
            real = writer.node("Gemm", *operands, qdq_bias(writer, layer), transB=int(transposed))
        y = writer.quantize(real, layer.y)
    elif form == "MatMul":
        layer = replace(layer, bias=np.zeros_like(layer.bias))
        weights = qoperator_weights(writer, written)
        parameters = (writer.parameters(layer.x), writer.parameters(layer.y))
        y = writer.node("QLinearMatMul", x, *parameters[0], *weights, *parameters[1])
    else:
        y = writer.node(
            "QGemm",
            x,
            *writer.parameters(layer.x),
            *qoperator_weights(writer, written),
            writer.constant(layer.bias),
            *writer.parameters(layer.y),
            domain="com.microsoft",
            transB=int(transposed),
        )
    model = writer.model(y, dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 11))})
    (operation,) = layer_operations(network).values()
    assert isinstance(operation, WeightedOperation)
    np.testing.assert_array_equal(operation.weight_array, layer.weights)


def test_product_over_channels_is_pointwise():
    rng = np.random.default_rng(7)
    layer = Weighted.random(rng, "int8", "int8", "int8", (4, 6), weight_zero_points=True)
    written = replace(layer, weights=layer.weights.T.copy())
    writer = ModelWriter()
    x = writer.input("x", "int8", (1, 6, 3, 5))
    last = writer.node("Transpose", writer.dequantize(x, layer.x), perm=[0, 2, 3, 1])
    product = writer.node("MatMul", last, qdq_weights(writer, written))
    y = writer.node("Transpose", writer.quantize(product, layer.y), perm=[0, 3, 1, 2])
    network = assert_agrees(writer.model(y), {"x": random_integers(rng, "int8", (1, 6, 3, 5))})
    assert [operation.kind for operation in layer_operations(network).values()] == ["pointwise"]


@pytest.mark.parametrize("x_dtype", DTYPES)
@pytest.mark.parametrize(
    ("op_type", "bounds"),
    [("Relu", ()), ("Clip", (0.0, 6.0)), ("Clip", (-0.3, 0.4)), ("Clip", (None, 0.2))],
)
@pytest.mark.parametrize("requantised", [False, True])
def test_activation_function_folds(
    x_dtype: str, op_type: str, bounds: tuple[float | None, ...], requantised: bool
):
    rng = np.random.default_rng(8)
    layer = Weighted.random(rng, x_dtype, x_dtype, "int8", (4, 3, 3, 3))
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", x_dtype, (1, 3, 9, 9)), layer.x)
    y = writer.node("Conv", x, qdq_weights(writer, layer), qdq_bias(writer, layer))
    if requantised:
        y = writer.dequantize(writer.quantize(y, layer.y), layer.y)
    limits = ["" if b is None else writer.constant(np.array(b, np.float32)) for b in bounds]
    y = writer.quantize(writer.node(op_type, y, *limits), layer.y)
    model = writer.model(y, dtype=x_dtype)
    network = assert_agrees(model, {"x": random_integers(rng, x_dtype, (1, 3, 9, 9))})
    (operation,) = layer_operations(network).values()
    assert network.layers[0].output is not None
    assert network.layers[0].output.name == y
    assert isinstance(operation, WeightedOperation)
    low, high = operation.requant.clip
    assert (low, high) != layer.y.limits or layer.y.clip_range((0, 6)) == layer.y.limits


def test_clip_of_old_opsets_has_attributes():
    rng = np.random.default_rng(9)
    layer = Weighted.random(rng, "uint8", "uint8", "uint8", (2, 2, 1, 1))
    writer = ModelWriter(10)
    x = writer.dequantize(writer.input("x", "uint8", (1, 2, 3, 3)), layer.x)
    y = writer.node("Conv", x, qdq_weights(writer, layer))
    y = writer.quantize(writer.node("Clip", y, min=-0.1, max=0.2), layer.y)
    network = import_onnx(writer.model(y, dtype="uint8"), "layer")
    (operation,) = layer_operations(network).values()
    assert isinstance(operation, WeightedOperation)
    assert operation.requant.clip == layer.y.clip_range((-0.1, 0.2))


@EXAMPLES
@given(flavour=flavours, signs=st.tuples(dtypes, dtypes), seed=seeds, equal=st.booleans())
def test_addition(flavour: str, signs: tuple[str, str], seed: int, equal: bool):
    rng = np.random.default_rng(seed)
    x_dtype, y_dtype = signs if flavour == "QDQ" else (signs[0], signs[0])
    a, b = (random_quantisation(rng, x_dtype) for _ in "ab")
    y_quantisation = a if equal and x_dtype == y_dtype else random_quantisation(rng, y_dtype)
    b = replace(b, scale=a.scale) if equal else b
    shape = (1, 3, 5, 7)
    writer = ModelWriter()
    lhs, rhs = writer.input("a", x_dtype, shape), writer.input("b", x_dtype, shape)
    if flavour == "QDQ":
        total = writer.node("Add", writer.dequantize(lhs, a), writer.dequantize(rhs, b))
        y = writer.quantize(total, y_quantisation)
    else:
        operands = (lhs, *writer.parameters(a), rhs, *writer.parameters(b))
        y = writer.node(
            "QLinearAdd", *operands, *writer.parameters(y_quantisation), domain="com.microsoft"
        )
    feeds = {name: random_integers(rng, x_dtype, shape) for name in "ab"}
    assert_agrees(writer.model(y, dtype=y_dtype), feeds)


POOLS: dict[str, dict[str, Any]] = {
    "AveragePool": {"kernel_shape": [3, 2], "strides": [2, 1]},
    "AveragePool padded": {
        "kernel_shape": [3, 3],
        "pads": [1, 0, 1, 2],
        "count_include_pad": 1,
    },
    "AveragePool over pixels alone": {"kernel_shape": [3, 4], "pads": [1, 0, 2, 3]},
    "AveragePool with ceil mode": {
        "kernel_shape": [3, 3],
        "strides": [2, 3],
        "pads": [1, 1, 0, 1],
        "ceil_mode": 1,
    },
    "AveragePool with ceil mode, padded": {
        "kernel_shape": [3, 3],
        "strides": [2, 3],
        "pads": [1, 1, 0, 0],
        "ceil_mode": 1,
        "count_include_pad": 1,
    },
    "GlobalAveragePool": {},
}


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("same_scale", [False, True])
def test_average_pool(flavour: str, dtype: str, pool: str, same_scale: bool):
    rng = np.random.default_rng(10)
    op_type, attributes = pool.split()[0], POOLS[pool]
    x_quantisation = random_quantisation(rng, dtype)
    y_quantisation = x_quantisation if same_scale else random_quantisation(rng, dtype)
    shape = (1, 5, 8, 6)
    writer = ModelWriter()
    x = writer.input("x", dtype, shape)
    if flavour == "QDQ":
        real = writer.node(op_type, writer.dequantize(x, x_quantisation), **attributes)
        y = writer.quantize(real, y_quantisation)
    else:
        parameters = (*writer.parameters(x_quantisation), *writer.parameters(y_quantisation))
        y = writer.node(f"QLinear{op_type}", x, *parameters, domain="com.microsoft", **attributes)
    model = writer.model(y, dtype=dtype)
    array = random_integers(rng, dtype, shape)
    assert_agrees(model, {"x": array}, ties=_ties(import_onnx(model), array))


def _ties(network: ImportedNetwork, x: Array) -> Array:
    """Where the exact average lies in the middle between two integers."""
    (operation,) = layer_operations(network).values()
    assert isinstance(operation, AveragePoolOp)
    sums = reference.sum_pool(x, operation.window, operation.zero_point)
    (multiplier,), (divisor,) = operation.requant.multipliers, operation.requant.divisors
    divisors = np.array(divisor)
    if operation.counted_pads is not None:
        divisors = divisor * operation.pixels_inside(operation.counted_pads.get_values())
    return 2 * (sums * multiplier % divisors) == divisors


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("channels_last", [False, True])
def test_mean_over_rows_and_columns(opset: int, keepdims: int, channels_last: bool):
    rng = np.random.default_rng(11)
    x_quantisation, y_quantisation = (random_quantisation(rng, "uint8") for _ in "xy")
    writer = ModelWriter(opset)
    x = writer.dequantize(writer.input("x", "uint8", (1, 4, 5, 6)), x_quantisation)
    x = writer.quantize(writer.node("Relu", x), y_quantisation)
    x = writer.dequantize(x, y_quantisation)
    if channels_last:
        x = writer.node("Transpose", x, perm=[0, 2, 3, 1])
    chosen = [1, 2] if channels_last else [-2, -1]
    if opset >= 18:
        axes = writer.constant(np.array(chosen, np.int64))
        mean = writer.node("ReduceMean", x, axes, keepdims=keepdims)
    else:
        mean = writer.node("ReduceMean", x, axes=chosen, keepdims=keepdims)
    model = writer.model(writer.quantize(mean, x_quantisation), dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 4, 5, 6))})
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert kinds == ["rescale", "avg_pool"]


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize("operation", ["ReduceMax", "ReduceMean"])
def test_a_reduction_of_rows_or_columns(operation: str, axis: int, keepdims: int):
    rng = np.random.default_rng(18)
    x, y = (random_quantisation(rng, "int8") for _ in "xy")
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", "int8", (1, 4, 5, 6)), x)
    reduced = writer.node(operation, real, axes=[axis], keepdims=keepdims)
    model = writer.model(writer.quantize(reduced, y))
    assert_agrees(model, {"x": random_integers(rng, "int8", (1, 4, 5, 6))})


def test_a_mean_of_everything():
    """What an empty list of axes means."""
    rng = np.random.default_rng(19)
    x, y = (random_quantisation(rng, "int8") for _ in "xy")
    writer = ModelWriter(18)
    real = writer.dequantize(writer.input("x", "int8", (1, 4, 5, 6)), x)
    mean = writer.node("ReduceMean", real, writer.constant(np.zeros(0, np.int64)))
    model = writer.model(writer.quantize(mean, y))
    assert_agrees(model, {"x": random_integers(rng, "int8", (1, 4, 5, 6))})


@pytest.mark.parametrize("axes", [[1], [1, 2], [1, 2, 3]])
def test_a_mean_of_channels(axes: list[int]):
    rng = np.random.default_rng(20)
    x, y = (random_quantisation(rng, "int8") for _ in "xy")
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", "int8", (1, 4, 5, 6)), x)
    mean = writer.quantize(writer.node("ReduceMean", real, axes=axes), y)
    assert_agrees(writer.model(mean), {"x": random_integers(rng, "int8", (1, 4, 5, 6))})


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", ["QDQ", "integers", "unquantised before", "rescaled", "consumed"])
def test_max_pool(dtype: str, form: str):
    rng = np.random.default_rng(12)
    layer = Weighted.random(rng, dtype, dtype, "int8", (3, 2, 3, 3))
    window: dict[str, Any] = {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 2]}
    shape = (1, 2, 11, 8)
    writer = ModelWriter()
    x = writer.input("x", dtype, shape)
    match form:
        case "QDQ":
            y = writer.node("MaxPool", writer.dequantize(x, layer.x), **window)
            y = writer.quantize(y, layer.x)
        case "integers":
            y = writer.node("MaxPool", x, **window)
        case "unquantised before":
            real = writer.node("Conv", writer.dequantize(x, layer.x), qdq_weights(writer, layer))
            real = writer.node("MaxPool", writer.node("Relu", real), **window)
            y = writer.quantize(real, layer.y)
        case "rescaled":
            y = writer.node("MaxPool", writer.dequantize(x, layer.x), **window)
            y = writer.quantize(y, layer.y)
        case _:
            real = writer.node("MaxPool", writer.dequantize(x, layer.x), **window)
            y = writer.quantize(writer.node("Conv", real, qdq_weights(writer, layer)), layer.y)
    assert_agrees(writer.model(y, dtype=dtype), {"x": random_integers(rng, dtype, shape)})


@pytest.mark.parametrize(
    "window",
    [
        {"kernel_shape": [3, 3], "strides": [2, 2]},
        {"kernel_shape": [2, 2], "strides": [3, 4], "pads": [1, 1, 1, 1]},
        {"kernel_shape": [2, 2], "strides": [4, 5], "pads": [0, 0, 1, 1]},
        {"kernel_shape": [2, 3], "strides": [2, 1], "dilations": [2, 2], "pads": [1, 2, 0, 2]},
    ],
)
def test_max_pool_with_ceil_mode(window: dict[str, Any]):
    writer = ModelWriter()
    x = writer.input("x", "int8", (1, 2, 6, 7))
    y = writer.node("MaxPool", x, ceil_mode=1, **window)
    rng = np.random.default_rng(13)
    assert_agrees(writer.model(y), {"x": random_integers(rng, "int8", (1, 2, 6, 7))})


def test_global_max_pool():
    rng = np.random.default_rng(14)
    quantisation = random_quantisation(rng, "int8")
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "int8", (1, 3, 6, 7)), quantisation)
    y = writer.quantize(writer.node("GlobalMaxPool", x), quantisation)
    assert_agrees(writer.model(y), {"x": random_integers(rng, "int8", (1, 3, 6, 7))})


@EXAMPLES
@given(signs=st.tuples(dtypes, dtypes), seed=seeds)
def test_rescale(signs: tuple[str, str], seed: int):
    rng = np.random.default_rng(seed)
    x_quantisation, y_quantisation = (random_quantisation(rng, dtype) for dtype in signs)
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", signs[0], (1, 2, 8, 16)), x_quantisation)
    model = writer.model(writer.quantize(x, y_quantisation), dtype=signs[1])
    values = np.arange(256).astype(signs[0]).reshape(1, 2, 8, 16)
    network = assert_agrees(model, {"x": values})
    assert isinstance(next(iter(layer_operations(network).values())), RescaleOp)


def test_residual_block():
    rng = np.random.default_rng(15)
    outer, inner, total = (random_quantisation(rng, "uint8") for _ in range(3))
    layer = replace(Weighted.random(rng, "uint8", "uint8", "int8", (4, 4, 1, 1)), x=outer, y=inner)
    writer = ModelWriter()
    x = writer.input("x", "uint8", (1, 4, 5, 5))
    branch = writer.node("Conv", writer.dequantize(x, outer), qdq_weights(writer, layer))
    branch = writer.dequantize(writer.quantize(branch, inner), inner)
    y = writer.quantize(writer.node("Add", branch, writer.dequantize(x, outer)), total)
    model = writer.model(y, dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 4, 5, 5))})
    convolution, addition = layer_operations(network).values()
    argument = function_of(network).body.block.args[0]
    assert addition.activations == (convolution.result, argument)


def test_weights_of_four_bits_become_eight():
    rng = np.random.default_rng(16)
    writer = ModelWriter(21)
    x_quantisation, y_quantisation = (random_quantisation(rng, "uint8") for _ in "xy")
    weights = rng.integers(-8, 8, (3, 2, 1, 1))
    packed = onnx.helper.make_tensor("w", onnx.TensorProto.INT4, weights.shape, weights.reshape(-1))
    writer.initializers.append(packed)
    scale = writer.constant(np.array(0.01, np.float32))
    x = writer.dequantize(writer.input("x", "uint8", (1, 2, 4, 4)), x_quantisation)
    y = writer.node("Conv", x, writer.node("DequantizeLinear", "w", scale))
    network = import_onnx(writer.model(writer.quantize(y, y_quantisation), dtype="uint8"))
    (operation,) = layer_operations(network).values()
    assert isinstance(operation, WeightedOperation)
    assert operation.weight_array.dtype == np.int8
    np.testing.assert_array_equal(operation.weight_array, weights[:, :, 0, 0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_type_may_be_named_in_place_of_a_zero_point(dtype: str):
    """Of an activation, and of float weights; opset 21."""
    rng = np.random.default_rng(19)
    x, scale = random_quantisation(rng, dtype), np.array(0.05, np.float32)
    writer = ModelWriter(21)
    options: dict[str, Any] = {
        "output_dtype": int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    }
    weights = writer.constant(rng.uniform(-2, 2, (3, 2, 1, 1)).astype(np.float32))
    units = writer.constant(scale)
    quantised = writer.node("QuantizeLinear", weights, units, **options)
    real = writer.dequantize(writer.input("x", dtype, (1, 2, 6, 5)), x)
    product = writer.node("Conv", real, writer.node("DequantizeLinear", quantised, units))
    model = writer.model(writer.node("QuantizeLinear", product, units, **options), dtype=dtype)
    assert_agrees(model, {"x": random_integers(rng, dtype, (1, 2, 6, 5))})


def test_another_named_type_is_an_error():
    writer = ModelWriter(21)
    x = writer.input("x", "float32", (1, 2, 6, 5))
    units = writer.constant(np.array(0.05, np.float32))
    quantised = writer.node("QuantizeLinear", x, units, output_dtype=TensorProto.INT16)
    with pytest.raises(ModelError, match=r"output_dtype 5; int8 and uint8 are supported"):
        import_onnx(writer.model(quantised))
