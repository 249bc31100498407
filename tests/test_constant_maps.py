"""Quantised constants with a value for every pixel beside an activation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_layers import (
    assert_agrees,
    assert_nearly_agrees,
    random_integers,
    random_quantisation,
)
from frontend_models import ModelWriter
from frontend_support import layer_operations

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 3, 4, 5)
SHAPES = [SHAPE, (4, 5), (3, 1, 5), (1, 1, 4, 1)]
X, Y = Quantisation(0.031, 5, "int8"), Quantisation(0.047, -9, "int8")
C = Quantisation(0.0213, 7, "int8")
RNG = np.random.default_rng(3)
FEEDS = {"x": random_integers(RNG, "int8", SHAPE)}


def constant(writer: ModelWriter, shape: tuple[int, ...], dtype: str = "int8") -> str:
    zero_point = np.array(C.zero_point, dtype)
    array = random_integers(np.random.default_rng(1), dtype, shape)
    return writer.dequantized_constant(array, np.array(C.scale, np.float32), zero_point)


def beside(
    operation: str, shape: tuple[int, ...], *, first: bool = False, dtype: str = "int8"
) -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "int8", SHAPE), X)
    operands = [x, constant(writer, shape, dtype)]
    result = writer.node(operation, *(operands[::-1] if first else operands))
    return writer.model(writer.quantize(result, Y))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("operation", ["Add", "Sub", "Mul"])
def test_a_constant_for_every_pixel(operation: str, shape: tuple[int, ...]):
    for first in (False, True):
        assert_nearly_agrees(beside(operation, shape, first=first), FEEDS)
    assert_nearly_agrees(beside(operation, shape, dtype="uint8"), FEEDS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("operation", ["QLinearAdd", "QLinearMul"])
def test_in_qoperator(operation: str, dtype: str, shape: tuple[int, ...]):
    rng = np.random.default_rng(7)
    x, other, y = (random_quantisation(rng, dtype, scale) for scale in (0.05, 0.02, 0.04))
    for first in (False, True):
        writer = ModelWriter()
        operands = [
            (writer.input("x", dtype, SHAPE), *writer.parameters(x)),
            (writer.constant(random_integers(rng, dtype, shape)), *writer.parameters(other)),
        ]
        lhs, rhs = reversed(operands) if first else operands
        result = writer.node(operation, *lhs, *rhs, *writer.parameters(y), domain="com.microsoft")
        feeds = {"x": random_integers(rng, dtype, SHAPE)}
        assert_agrees(writer.model(result, dtype=dtype), feeds)


def test_behind_a_layer():
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "int8", SHAPE), X)
    weights = writer.dequantized_constant(
        RNG.integers(-127, 128, (3, 3, 1, 1), np.int8),
        np.array(0.01, np.float32),
        np.array(0, np.int8),
    )
    total = writer.node("Add", writer.node("Conv", x, weights), constant(writer, SHAPE))
    model = writer.model(writer.quantize(total, Y))
    assert_nearly_agrees(model, FEEDS)
    kinds = [layer.kind for layer in layer_operations(import_onnx(model)).values()]
    assert kinds == ["slice", "pointwise", "depth_to_space", "pointwise", "sum_steps"]


@pytest.mark.parametrize("target", ["host", "pulp_open"])
def test_the_c_is_equal(target: str, tmp_path: Path):
    onnx.save(beside("Add", SHAPE), str(tmp_path / "model.onnx"))
    compiled = dsconv.compile(tmp_path / "model.onnx", target=target)
    assert compiled.run(FEEDS["x"], on="host").equal


def test_one_of_reals_is_an_error():
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "int8", SHAPE), X)
    total = writer.node("Add", x, writer.constant(np.ones(SHAPE, np.float32)))
    with pytest.raises(ModelError, match=r"add_\d.*make another constant an input"):
        import_onnx(writer.model(writer.quantize(total, Y)))
