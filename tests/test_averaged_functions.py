"""Averages behind a function of one activation, without a QuantizeLinear between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations, onnx_runtime, run_network

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.handlers.averaged_functions import multiples_of

SHAPE = (1, 4, 6, 5)
X = Quantisation(0.0317, 100, "uint8")
Y = Quantisation(0.0213, 90, "uint8")
RNG = np.random.default_rng(5)
SLOPES = np.array([0.25, 0.2, 0.01, 0.3], np.float32).reshape(4, 1, 1)
COLUMN = RNG.uniform(-2, 2, (4, 1, 1)).astype(np.float32)
NORMALISATION = [
    RNG.uniform(low, high, 4).astype(np.float32)
    for low, high in ((-2, 2), (-1, 1), (-1, 1), (0.1, 2))
]
Step = Callable[[ModelWriter, str], str]


def step(operation: str, *constants: Array, **attributes: Any) -> Step:
    return lambda writer, x: writer.node(
        operation, x, *map(writer.constant, constants), **attributes
    )


FUNCTIONS: dict[str, Step] = {
    "LeakyRelu 0.1": step("LeakyRelu", alpha=0.1),
    "LeakyRelu 0.01": step("LeakyRelu", alpha=0.01),
    "PRelu": step("PRelu", SLOPES),
    "BatchNormalization": step("BatchNormalization", *NORMALISATION),
    "Mul": step("Mul", COLUMN),
    "Abs": step("Abs"),
}
AVERAGES: dict[str, Step] = {
    "2x2": step("AveragePool", kernel_shape=[2, 2]),
    "3x2, strides": step("AveragePool", kernel_shape=[3, 2], strides=[2, 1]),
    "global": step("GlobalAveragePool"),
    "mean": step("ReduceMean", axes=[2, 3], keepdims=0),
}


def network(function: Step, average: Step, *, quantised: bool = True) -> onnx.ModelProto:
    writer = ModelWriter(13)
    x = writer.dequantize(writer.input("x", X.dtype, SHAPE), X)
    y = average(writer, function(writer, x))
    return writer.model(
        writer.quantize(y, Y) if quantised else y, dtype="uint8" if quantised else "float32"
    )


FEEDS = {"x": np.random.default_rng(1).integers(0, 256, SHAPE, np.uint8)}


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_average_of_a_function(function: str, average: str):
    model = network(FUNCTIONS[function], AVERAGES[average])
    imported = assert_means(model, FEEDS)
    (result,) = run_network(imported, FEEDS["x"])
    (expected,) = onnx_runtime(model, optimised=False).run(None, FEEDS)
    np.testing.assert_array_equal(result.reshape(-1), np.asarray(expected).reshape(-1))


@pytest.mark.parametrize("function", ["LeakyRelu 0.01", "PRelu", "Mul"])
def test_an_average_that_nothing_quantises(function: str):
    assert_means(network(FUNCTIONS[function], AVERAGES["2x2"], quantised=False), FEEDS)


def test_its_c_is_equal(tmp_path: Path):
    path = tmp_path / "network.onnx"
    onnx.save(network(FUNCTIONS["PRelu"], AVERAGES["2x2"]), str(path))
    compiled = dsconv.compile(path, target="pulp_open")
    values = np.random.default_rng(2).integers(0, 256, SHAPE, np.uint8)
    assert compiled.run(values, on="host").equal


def test_a_normalisation_takes_one_table():
    imported = import_onnx(network(FUNCTIONS["BatchNormalization"], AVERAGES["2x2"]))
    kinds = [operation.kind for operation in layer_operations(imported).values()]
    assert kinds == ["lookup", "depthwise"]


@pytest.mark.parametrize("function", ["Sigmoid", "HardSwish", "Elu", "Tanh"])
@pytest.mark.parametrize("average", AVERAGES)
def test_functions_without_a_common_step_are_added_digit_by_digit(function: str, average: str):
    assert_means(network(step(function), AVERAGES[average]), FEEDS)


def test_pads_that_count_are_zeros():
    attributes = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}
    assert_means(network(FUNCTIONS["LeakyRelu 0.1"], step("AveragePool", **attributes)), FEEDS)


def test_pads_that_do_not_count_are_refused():
    padded = step("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    with pytest.raises(ModelError, match="pads that do not count in an average of what is not"):
        import_onnx(network(FUNCTIONS["LeakyRelu 0.1"], padded))


@pytest.mark.parametrize("slope", [0.125, 0.1, 0.01, 1 / 3, -0.5])
@pytest.mark.parametrize("zero_point", [0, 3, 128, 250, 255])
def test_multiples_mean_what_they_are_made_of(slope: float, zero_point: int):
    reals = Quantisation(0.0217, zero_point, "uint8").reals
    values = np.where(reals < 0, np.float32(slope) * reals, reals)
    found = multiples_of(values)
    assert found is not None
    np.testing.assert_allclose(
        found.constant + found.step * found.integers, values, atol=2e-7 * np.abs(values).max()
    )
