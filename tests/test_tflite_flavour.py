"""--flavour TFLite computes what TFLite's reference kernels do, not what ONNX Runtime does.

What is expected is written here after TensorFlow 2.16's tensorflow/lite/kernels: internal/common.h,
internal/reference/{add,mul,pooling,reduce,concatenation}.h, and add.cc, sub.cc, mul.cc, reduce.cc,
activations.cc and quantize.cc for their multipliers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations, model_file, run_network

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 5, 6, 4)


def quantized_multiplier(factor: float) -> tuple[int, int]:
    """QuantizeMultiplier: 31 bits and an exponent."""
    fraction, exponent = math.frexp(factor)
    multiplier = round(fraction * 2**31)
    if multiplier == 2**31:
        multiplier, exponent = multiplier // 2, exponent + 1
    return multiplier, exponent


def scaled_as_gemmlowp(value: int, factor: float) -> int:
    """MultiplyByQuantizedMultiplier with a factor as QuantizeMultiplier makes it."""
    return scaled_by(value, *quantized_multiplier(factor))


def scaled_by(value: int, multiplier: int, exponent: int) -> int:
    """MultiplyByQuantizedMultiplier: a doubling high product, then a shift, both rounded."""
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


def one_operation(
    operation: str, x: Quantisation, y: Quantisation, *constants: Array, **attributes: Any
) -> onnx.ModelProto:
    """An operation on one activation."""
    writer = ModelWriter(18)
    real = writer.dequantize(writer.input("x", x.dtype, SHAPE), x)
    inputs = [writer.constant(constant) for constant in constants]
    result = writer.node(operation, real, *inputs, name="pool", **attributes)
    return writer.model(writer.quantize(result, y), dtype=y.dtype)


def pool(
    x: Quantisation, y: Quantisation, operation: str = "AveragePool", **attributes: Any
) -> onnx.ModelProto:
    """A pool of 2x2 pixels."""
    return one_operation(operation, x, y, kernel_shape=[2, 2], strides=[2, 2], **attributes)


def test_an_average_rounds_half_away_from_zero():
    x = Quantisation(0.5, 3, "int8")
    values = np.random.default_rng(0).integers(-128, 128, SHAPE, np.int8)
    (result,) = run_network(import_onnx(pool(x, x), flavour="TFLite"), values)
    sums = values.astype(int).reshape(1, 5, 3, 2, 2, 2).sum(axis=(3, 5))
    expected = np.sign(sums) * ((np.abs(sums) + 2) // 4)
    assert (np.abs(sums) % 4 == 2).any(), "no tie: the test says nothing"
    np.testing.assert_array_equal(result, expected)


def binary(
    operation: str, *meanings: Quantisation, shapes: tuple[tuple[int, ...], ...] = (SHAPE, SHAPE)
) -> onnx.ModelProto:
    """An operation on two activations; the third meaning is that of the result."""
    writer = ModelWriter()
    reals = [
        writer.dequantize(writer.input(name, meaning.dtype, shape), meaning)
        for name, meaning, shape in zip("ab", meanings, shapes, strict=False)
    ]
    result = writer.quantize(writer.node(operation, *reals, name="sum"), meanings[2])
    return writer.model(result, dtype=meanings[2].dtype)


def with_constant(
    operation: str,
    x: Quantisation,
    constant: Array,
    meaning: Quantisation,
    y: Quantisation,
    *,
    first: bool,
) -> onnx.ModelProto:
    """An operation on an activation and a quantised constant."""
    writer = ModelWriter()
    scale = np.array(meaning.scale, np.float32)
    zero_point = np.array(meaning.zero_point, meaning.dtype)
    operands = [
        writer.dequantize(writer.input("x", x.dtype, SHAPE), x),
        writer.dequantized_constant(constant, scale, zero_point),
    ]
    result = writer.node(operation, *(reversed(operands) if first else operands), name="sum")
    return writer.model(writer.quantize(result, y), dtype=y.dtype)


def two_functions() -> onnx.ModelProto:
    """One function of another."""
    writer = ModelWriter()
    inner = writer.node("Tanh", writer.dequantize(writer.input("x", "uint8", SHAPE), U8))
    return writer.model(writer.quantize(writer.node("Elu", inner, name="outer"), U8))


U8 = Quantisation(0.5, 3, "uint8")
FINER = Quantisation(0.25, 3, "uint8")
ERRORS = {
    "type": (binary("Add", U8, Quantisation(0.5, 0, "int8"), U8), r"'sum.*tensors of one type"),
    "large": (
        binary("Mul", U8, U8, Quantisation(1e-40, 0, "uint8")),
        r"'sum.*give a factor of",
    ),
    "too large a sum": (
        binary("Add", U8, U8, Quantisation(2.0**-21, 0, "uint8")),
        r"'sum.*for which TFLite has no addition",
    ),
    "scale of a pool": (pool(U8, FINER), r"'pool.*not change the scale; leave out --flavour"),
    "scale of a maximum": (pool(U8, FINER, "MaxPool"), r"'pool.*not change the scale"),
    "float constant": (
        one_operation("Add", U8, U8, np.array(1, np.float32)),
        r"'pool.*takes a constant, not a quantised activation",
    ),
    "constant with many scales": (
        with_constant(
            "Add",
            U8,
            np.ones((1, 5, 1, 1), np.int32),
            Quantisation(0.5, 0, "int32"),
            U8,
            first=False,
        ),
        r"'sum.*a constant of int32 with 1 scales; 8 bits and one scale",
    ),
    "two functions": (two_functions(), r"'outer.*takes the result of a function, which is not qu"),
    "type of a function": (
        one_operation("Tanh", U8, Quantisation(0.5, 0, "int8")),
        r"'pool.*tensors of one type",
    ),
    "counted pads": (
        pool(U8, U8, pads=[1, 1, 0, 0], count_include_pad=1),
        r"'pool.*do not count their pads",
    ),
}


def random_quantisations(rng: np.random.Generator, dtype: str, count: int) -> list[Quantisation]:
    limits = np.iinfo(dtype)
    return [
        Quantisation(
            float(np.float32(rng.uniform(0.01, 0.09))),
            int(rng.integers(limits.min, limits.max + 1)),
            dtype,
        )
        for _ in range(count)
    ]


def random_values(rng: np.random.Generator, dtype: str, shape: tuple[int, ...] = SHAPE) -> Array:
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max + 1, shape, dtype)


def result_of(model: onnx.ModelProto, *inputs: Array) -> Array:
    (result,) = run_network(import_onnx(model, flavour="TFLite"), *inputs)
    return result


def added_by_tflite(
    a: Array, b: Array, meanings: list[Quantisation], sign: int = 1
) -> npt.NDArray[np.int64]:
    """AddElementwise, with the multipliers of PrepareGeneralSubOp and its twin."""
    first, second, result = meanings
    twice = 2 * max(first.scale, second.scale)
    total_factor = twice / (float(2**20) * result.scale)
    (first_multiplier, first_shift), (second_multiplier, second_shift) = (
        quantized_multiplier(meaning.scale / twice) for meaning in (first, second)
    )
    limits = np.iinfo(result.dtype)

    def output(one: int, other: int) -> int:
        lhs = scaled_by((one - first.zero_point) << 20, first_multiplier, first_shift)
        shifted = (other - second.zero_point) << 20
        rhs = scaled_by(shifted, sign * second_multiplier, second_shift)
        total = scaled_as_gemmlowp(lhs + rhs, total_factor) + result.zero_point
        return min(max(total, limits.min), limits.max)

    return np.vectorize(output, otypes=[np.int64])(a.astype(object), b.astype(object))


@pytest.mark.parametrize("second", [SHAPE, (1, 5, 1, 1), (1, 1, 6, 4)])
@pytest.mark.parametrize("operation", ["Add", "Sub"])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_both_terms_of_a_sum_are_rounded(dtype: str, operation: str, second: tuple[int, ...]):
    rng = np.random.default_rng(5)
    for _ in range(4):
        meanings = random_quantisations(rng, dtype, 3)
        a, b = random_values(rng, dtype), random_values(rng, dtype, second)
        result = result_of(binary(operation, *meanings, shapes=(SHAPE, second)), a, b)
        expected = added_by_tflite(a, b, meanings, -1 if operation == "Sub" else 1)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("shape", [(), (5, 1, 1), (1, 5, 1, 1)])
@pytest.mark.parametrize("operation", ["Add", "Sub"])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_constant_is_added_as_an_activation(
    dtype: str, operation: str, shape: tuple[int, ...], first: bool
):
    rng = np.random.default_rng(14)
    x, meaning, y = random_quantisations(rng, dtype, 3)
    values, constant = random_values(rng, dtype), random_values(rng, dtype, shape)
    model = with_constant(operation, x, np.asarray(constant), meaning, y, first=first)
    network = import_onnx(model, flavour="TFLite")
    assert [layer.kind for layer in layer_operations(network).values()] == ["lookup"]
    whole = np.broadcast_to(constant, SHAPE)
    lhs, rhs = ((whole, meaning), (values, x)) if first else ((values, x), (whole, meaning))
    sign = -1 if operation == "Sub" else 1
    expected = added_by_tflite(lhs[0], rhs[0], [lhs[1], rhs[1], y], sign)
    np.testing.assert_array_equal(run_network(network, values)[0], expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_constant_is_multiplied_as_an_activation(dtype: str):
    rng = np.random.default_rng(15)
    x, meaning, y = random_quantisations(rng, dtype, 3)
    values, constant = random_values(rng, dtype), random_values(rng, dtype, (1, 5, 1, 1))
    model = with_constant("Mul", x, constant, meaning, y, first=False)
    factor = float(np.float32(x.scale) * np.float32(meaning.scale) / np.float32(y.scale))
    products = (values.astype(int) - x.zero_point) * (constant.astype(int) - meaning.zero_point)
    expected = [scaled_as_gemmlowp(int(product), factor) for product in products.flat]
    limits = np.iinfo(dtype)
    np.testing.assert_array_equal(
        result_of(model, values).reshape(-1),
        (np.array(expected) + y.zero_point).clip(limits.min, limits.max),
    )


FUNCTIONS: dict[str, Callable[[np.float32], float]] = {
    "Elu": lambda x: math.expm1(x) if x < 0 else float(x),
    "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "Tanh": math.tanh,
}


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_table(function: str, dtype: str):
    """PopulateLookupTable: reals times the inverse of the scale, rounded half away from 0."""
    rng = np.random.default_rng(16)
    x, y = random_quantisations(rng, dtype, 2)
    values = np.resize(np.arange(256).astype(np.uint8).view(dtype), SHAPE)
    inverse, limits = np.float32(1) / np.float32(y.scale), np.iinfo(dtype)

    def expected(value: int) -> int:
        real = np.float32(x.scale) * np.float32(value - x.zero_point)
        scaled = float(np.float32(FUNCTIONS[function](real)) * inverse)
        rounded = math.copysign(math.floor(abs(scaled) + 0.5), scaled)
        return min(max(int(rounded) + y.zero_point, limits.min), limits.max)

    np.testing.assert_array_equal(
        result_of(one_operation(function, x, y), values),
        np.vectorize(expected)(values.astype(int)),
    )


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_both_slopes_of_a_leaky_relu_are_rounded_twice(dtype: str):
    """QuantizeLeakyRelu."""
    x, y = random_quantisations(np.random.default_rng(17), dtype, 2)
    values = np.resize(np.arange(256).astype(np.uint8).view(dtype), SHAPE)
    ratio = float(np.float32(x.scale) / np.float32(y.scale))
    slope = float(np.float32(x.scale) * np.float32(0.3) / np.float32(y.scale))
    limits = np.iinfo(dtype)

    def expected(value: int) -> int:
        centred = value - x.zero_point
        scaled = scaled_as_gemmlowp(centred, slope if centred < 0 else ratio)
        return min(max(scaled + y.zero_point, limits.min), limits.max)

    np.testing.assert_array_equal(
        result_of(one_operation("LeakyRelu", x, y, alpha=0.3), values),
        np.vectorize(expected)(values.astype(int)),
    )


def test_ties_of_a_sum_are_rounded_away_from_zero():
    """ONNX Runtime rounds them to even."""
    meanings = [Quantisation(scale, 0, "int8") for scale in (0.5, 0.5, 1.0)]
    a = np.resize(np.array([1, -1, 3, -3], np.int8), SHAPE)
    model = binary("Add", *meanings)
    (once,) = run_network(import_onnx(model), a, 0 * a)
    assert {*zip(a.flat, once.flat, strict=True)} == {(1, 0), (-1, 0), (3, 2), (-3, -2)}
    twice = result_of(model, a, 0 * a)
    assert {*zip(a.flat, twice.flat, strict=True)} == {(1, 1), (-1, -1), (3, 2), (-3, -2)}


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_product_is_rounded_twice(dtype: str):
    rng = np.random.default_rng(6)
    for _ in range(4):
        first, second, result = meanings = random_quantisations(rng, dtype, 3)
        a, b = random_values(rng, dtype), random_values(rng, dtype)
        factor = float(
            np.float32(first.scale) * np.float32(second.scale) / np.float32(result.scale)
        )
        products = (a.astype(int) - first.zero_point) * (b.astype(int) - second.zero_point)
        expected = [scaled_as_gemmlowp(int(product), factor) for product in products.flat]
        limits = np.iinfo(dtype)
        np.testing.assert_array_equal(
            result_of(binary("Mul", *meanings), a, b).reshape(-1),
            (np.array(expected) + result.zero_point).clip(limits.min, limits.max),
        )


def test_sums_of_several_scales_have_no_kernel():
    meaning = Quantisation(0.0625, 3, "int8")
    writer = ModelWriter(13)
    x = writer.dequantize(writer.input("x", "int8", (1, 4, 6, 5)), meaning)
    bounds = [writer.constant(np.array(bound, np.float32)) for bound in (-0.51, 1.01)]
    weights = writer.dequantized_constant(
        np.ones((2, 4, 1, 1), np.int8), np.array(0.01, np.float32), np.array(0, np.int8)
    )
    total = writer.node("Conv", writer.node("Clip", x, *bounds), weights)
    model = writer.model(writer.quantize(total, meaning))
    assert import_onnx(model)
    with pytest.raises(ModelError, match="for which this flavour has no arithmetic"):
        import_onnx(model, flavour="TFLite")


def test_a_mean_whose_factor_tflite_takes_for_0_is_its_zero_point():
    x, y = Quantisation(1e-12, 3, "int8"), Quantisation(0.5, -7, "int8")
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", "int8", SHAPE), x)
    mean = writer.node("ReduceMean", real, axes=[2, 3], keepdims=1)
    model = writer.model(writer.quantize(mean, y))
    (result,) = run_network(import_onnx(model, flavour="TFLite"), np.full(SHAPE, 127, np.int8))
    assert np.all(result == -7)


@pytest.mark.parametrize("operation", ["GlobalAveragePool", "ReduceMean"])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_mean_has_its_pixels_in_its_multiplier(dtype: str, operation: str):
    """QuantizedMeanOrSum; a file that pools has AveragePool instead."""
    rng = np.random.default_rng(7)
    constants = [np.array([2, 3])] if operation == "ReduceMean" else []
    for _ in range(4):
        x, y = random_quantisations(rng, dtype, 2)
        values = random_values(rng, dtype)
        multiplier, exponent = quantized_multiplier(x.scale / y.scale)
        pixels = SHAPE[2] * SHAPE[3]
        shift = min(63 - (64 - pixels.bit_length()), 32, 31 + exponent)
        multiplier, exponent = (multiplier << shift) // pixels, exponent - shift
        sums = values.astype(int).sum(axis=(2, 3)).reshape(-1) - pixels * x.zero_point
        limits = np.iinfo(dtype)
        expected = [
            min(
                max(scaled_by(int(total), multiplier, exponent) + y.zero_point, limits.min),
                limits.max,
            )
            for total in sums
        ]
        result = result_of(one_operation(operation, x, y, *constants), values)
        np.testing.assert_array_equal(result.reshape(-1), expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_pads_of_a_pool_do_not_count(dtype: str):
    """AveragePool: the pixels inside alone, their integers rounded half away from 0."""
    rng = np.random.default_rng(8)
    (x,) = random_quantisations(rng, dtype, 1)
    values = random_values(rng, dtype)
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    result = result_of(one_operation("AveragePool", x, x, **window), values)
    padded = np.pad(values.astype(float), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))[:, :, ::2, ::2]
    sums, counts = np.nansum(windows, axis=(4, 5)), np.isfinite(windows).sum(axis=(4, 5))
    assert len(np.unique(counts)) > 2
    expected = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
    np.testing.assert_array_equal(result, expected)


def test_an_activation_function_has_a_float_factor():
    """ReluPrepare divides floats, Requantize doubles; bounds are rounded half away from 0."""
    x = Quantisation(float(np.float32(0.03)), 7, "int8")
    y = Quantisation(float(np.float32(0.0217)), -128, "int8")
    values = random_values(np.random.default_rng(9), "int8")
    bounds = np.float32(0), np.float32(2.5 * np.float32(y.scale))  # a tie
    model = one_operation("Clip", x, y, *map(np.array, bounds))
    factor = float(np.float32(x.scale) / np.float32(y.scale))
    expected = [
        min(max(scaled_as_gemmlowp(int(value) - 7, factor) - 128, -128), -128 + 3)
        for value in values.flat
    ]
    np.testing.assert_array_equal(result_of(model, values).reshape(-1), expected)


def concatenation(*meanings: Quantisation) -> onnx.ModelProto:
    writer = ModelWriter()
    dtype = meanings[0].dtype
    reals = [
        writer.dequantize(writer.input(name, dtype, SHAPE), meaning)
        for name, meaning in zip("ab", meanings, strict=False)
    ]
    joined = writer.node("Concat", *reals, name="join", axis=1)
    return writer.model(writer.quantize(joined, meanings[2]), dtype=dtype)


def test_a_concatenation_of_uint8_changes_scales():
    """ConcatenationWithScaling, in float32; that of int8 copies."""
    rng = np.random.default_rng(10)
    meanings = random_quantisations(rng, "uint8", 3)
    inputs = [random_values(rng, "uint8") for _ in range(2)]
    inverse = np.float32(1) / np.float32(meanings[2].scale)
    expected: list[Array] = []
    for values, meaning in zip(inputs, meanings, strict=False):
        scale = np.float32(meaning.scale) * inverse
        steps = values.astype(np.float32) * scale + np.float32(-meaning.zero_point) * scale
        rounded = np.copysign(np.floor(np.abs(steps.astype(np.float64)) + 0.5), steps)
        expected.append((rounded + meanings[2].zero_point).clip(0, 255))
    result = result_of(concatenation(*meanings), *inputs)
    np.testing.assert_array_equal(result, np.concatenate(expected, axis=1))
    with pytest.raises(ModelError, match=r"'join.*except concatenations of uint8"):
        import_onnx(concatenation(*random_quantisations(rng, "int8", 3)), flavour="TFLite")


class ResidualNetwork(ModelWriter):
    """MobileNetV2's inverted residuals as tf2onnx writes them: NHWC in, NCHW inside."""

    SIZE = 16

    def __init__(self):
        super().__init__(13)
        self.rng = np.random.default_rng(11)
        self.meaning = Quantisation(float(np.float32(0.0078431)), -1, "int8")

    def quantised(self, tensor: str, scale: float, zero_point: int) -> str:
        """The tensor in 8 bits, read as reals again."""
        self.meaning = Quantisation(float(np.float32(scale)), zero_point, "int8")
        return self.dequantize(self.quantize(tensor, self.meaning), self.meaning)

    def convolution(
        self, x: str, shape: tuple[int, ...], *, relu6: bool = True, **attributes: Any
    ) -> str:
        """With weights per channel, and relu6 in the range of its result."""
        weights = self.rng.integers(-127, 128, shape).astype(np.int8)
        scales = (self.rng.uniform(0.5, 1.5, shape[0]) / (40 * np.prod(shape[1:]) ** 0.5)).astype(
            np.float32
        )
        bias = self.rng.integers(-500, 500, shape[0]).astype(np.int32)
        zeros = np.zeros(shape[0], np.int8)
        units = (np.float32(self.meaning.scale) * scales).astype(np.float32)
        operands = (
            self.dequantized_constant(weights, scales, zeros),
            self.dequantized_constant(bias, units, zeros.astype(np.int32)),
        )
        y = self.node("Conv", x, *operands, **attributes)
        if not relu6:
            return self.quantised(y, self.rng.uniform(0.02, 0.04), int(self.rng.integers(-20, 20)))
        bounds = (self.constant(np.array(bound, np.float32)) for bound in (0, 6))
        return self.quantised(self.node("Clip", y, *bounds), 6 / 255, -128)

    def bottleneck(self, x: str, inputs: int, outputs: int, stride: int) -> str:
        """Expansion, depthwise filter, projection; added to the input where that has its shape."""
        before, hidden = self.meaning, 4 * inputs
        y = self.convolution(x, (hidden, inputs, 1, 1))
        pads = [0, 0, 1, 1] if stride == 2 else [1] * 4
        y = self.convolution(
            y, (hidden, 1, 3, 3), group=hidden, strides=[stride, stride], pads=pads
        )
        y = self.convolution(y, (outputs, hidden, 1, 1), relu6=False)
        if stride == 2 or inputs != outputs:
            return y
        assert before != self.meaning, "both terms have a scale of their own"
        return self.quantised(self.node("Add", x, y), 0.05, 4)

    def network(self) -> onnx.ModelProto:
        """Two residual blocks, a mean and logits."""
        x = self.dequantize(self.input("image", "int8", (1, self.SIZE, self.SIZE, 3)), self.meaning)
        y = self.node("Transpose", x, perm=[0, 3, 1, 2])
        y = self.convolution(y, (8, 3, 3, 3), strides=[2, 2], pads=[0, 0, 1, 1])
        for inputs, outputs, stride in ((8, 12, 1), (12, 12, 1), (12, 16, 2), (16, 16, 1)):
            y = self.bottleneck(y, inputs, outputs, stride)
        y = self.quantised(self.node("ReduceMean", y, axes=[2, 3], keepdims=1), 0.03, -9)
        y = self.convolution(y, (10, 16, 1, 1), relu6=False)
        flat = self.node("Reshape", y, self.constant(np.array([1, 10])))
        return self.model(self.node("Softmax", flat), dtype="float32")


def test_a_network_of_residual_blocks():
    model = ResidualNetwork().network()
    compiled = dsconv.compile(model, "pulp_open", flavour="TFLite", l1=16384)
    kinds = [operation.kind for operation in layer_operations(compiled.imported).values()]
    assert kinds.count("add") == 2
    image = random_values(np.random.default_rng(12), "int8", (1, 16, 16, 3))
    for runner in ("host", "qemu"):
        report = compiled.run(image, on=runner)
        assert report.equal
        assert len(np.unique(report.output)) > 5, "outputs saturate: the test says nothing"
    (once,) = run_network(import_onnx(model, flavour="QDQ"), image.transpose(0, 3, 1, 2))
    assert (once.reshape(-1) != report.output.reshape(-1)).any()


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
    logits = (report.output.reshape(3, -1).astype(np.float64) - port.zero_point) * port.scale
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(np.rint(probabilities * 256).clip(0, 255), expected)
