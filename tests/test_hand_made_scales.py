"""Scales that people write by hand: hundredths, whose quotients make many ties.

Averages, sums and products are rounded as their reals are; functions of one activation as float32
does.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from exact_support import assert_means
from frontend_layers import random_integers
from frontend_models import ModelWriter
from frontend_support import layer_operations, onnx_runtime, run_network

from dsconv.dialects.graph import AddOp
from dsconv.exact.interpreter import evaluate
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.addition_forms import exact_sums
from dsconv.frontends.arithmetic.product_forms import centred_products, exact_steps
from dsconv.frontends.arithmetic.scales import Quantisation

PAIRS = [(39, 23), (26, 3), (2, 3), (21, 6), (5, 10)]
SHAPE = (1, 60, 5, 5)


def hundredths(scale: int, zero_point: int) -> Quantisation:
    return Quantisation(float(np.float32(scale / 100)), zero_point, "uint8")


@pytest.mark.parametrize("scales", PAIRS)
@pytest.mark.parametrize("pool", ["window", "pads that do not count", "map"])
def test_averages_are_exact(pool: str, scales: tuple[int, int]):
    writer, x, y = ModelWriter(), hundredths(scales[0], 69), hundredths(scales[1], 101)
    reals = writer.dequantize(writer.input("x", "uint8", SHAPE), x)
    match pool:
        case "map":
            mean = writer.node("GlobalAveragePool", reals)
        case "window":
            mean = writer.node("AveragePool", reals, kernel_shape=[2, 3])
        case _:
            mean = writer.node("AveragePool", reals, kernel_shape=[2, 2], pads=[1, 0, 1, 1])
    output = writer.quantize(mean, y)
    model = writer.model(output, dtype="uint8")
    feeds = {"x": random_integers(np.random.default_rng(0), "uint8", SHAPE)}
    (result,) = run_network(assert_means(model, feeds), feeds["x"])
    expected = evaluate(model, feeds, [output])[output].value
    np.testing.assert_array_equal(result.reshape(expected.shape), expected)


@pytest.mark.parametrize("output", [3, 17, 52])
@pytest.mark.parametrize("scales", PAIRS)
def test_products_are_exact(scales: tuple[int, int], output: int):
    square = (1, 1, 256, 256)
    a, b, y = hundredths(scales[0], 69), hundredths(scales[1], 78), hundredths(output, 101)
    writer = ModelWriter()
    reals = [
        writer.dequantize(writer.input(name, "uint8", square), x)
        for name, x in (("a", a), ("b", b))
    ]
    model = writer.model(writer.quantize(writer.node("Mul", *reals), y), dtype="uint8")
    grids = np.meshgrid(*[np.arange(256, dtype=np.uint8)] * 2, indexing="ij")
    feeds = {name: grid.reshape(square) for name, grid in zip("ab", grids, strict=True)}
    (result,) = run_network(assert_means(model, feeds), *feeds.values())
    factor = Fraction(a.scale) * Fraction(b.scale) / Fraction(y.scale)
    expected = (exact_steps(centred_products(a, b), factor) + y.zero_point).clip(0, 255)
    np.testing.assert_array_equal(result.reshape(256, 256), expected)


def test_a_sum_next_to_a_tie_needs_no_table_but_more_binary_places():
    """An addition of MLPerf Tiny's ResNet, of whose sums factors of 22 bits turn one wrongly."""
    square = (1, 1, 256, 256)
    a = Quantisation(0.039393551647663116, -128, "int8")
    b = Quantisation(0.10419496148824692, 4, "int8")
    y = Quantisation(0.050945673137903214, -128, "int8")
    writer = ModelWriter()
    reals = [
        writer.dequantize(writer.input(name, "int8", square), x) for name, x in (("a", a), ("b", b))
    ]
    model = writer.model(writer.quantize(writer.node("Add", *reals), y), dtype="int8")
    grids = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2, indexing="ij")
    feeds = {name: grid.reshape(square) for name, grid in zip("ab", grids, strict=True)}
    network = assert_means(model, feeds)
    (layer,) = layer_operations(network).values()
    assert isinstance(layer, AddOp)
    (result,) = run_network(network, *feeds.values())
    expected = exact_sums(a, b, (1, 1), y).clip(-128, 127)
    np.testing.assert_array_equal(result.reshape(256, 256), expected)


@pytest.mark.parametrize("scales", PAIRS)
def test_scales_change_as_float32_does(scales: tuple[int, int]):
    writer, x, y = ModelWriter(), hundredths(scales[0], 69), hundredths(scales[1], 101)
    reals = writer.dequantize(writer.input("x", "uint8", (1, 1, 16, 16)), x)
    model = writer.model(writer.quantize(reals, y), dtype="uint8")
    feeds = {"x": np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)}
    (expected,) = onnx_runtime(model, optimised=False).run(None, feeds)
    (result,) = run_network(import_onnx(model), feeds["x"])
    np.testing.assert_array_equal(result, np.asarray(expected))
