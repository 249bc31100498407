"""Weights with several scales in a sum: of blocks, or of input channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from frontend_layers import assert_nearly_agrees, random_integers
from frontend_models import Array, ModelWriter

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

X, Y = Quantisation(0.031, 12, "uint8"), Quantisation(0.0731, 100, "uint8")
RNG = np.random.default_rng(5)


def scales(*shape: int) -> Array:
    return RNG.uniform(0.003, 0.011, shape).astype(np.float32)


def layer(
    operation: str,
    shape: tuple[int, ...],
    weights: Array,
    scale: Array,
    zero_point: Array | None = None,
    bias: Array | None = None,
    *,
    axis: int,
    block_size: int = 0,
    **options: Any,
) -> tuple[onnx.ModelProto, dict[str, Array]]:
    """A layer with weights, and an input for it."""
    writer = ModelWriter(21)
    x = writer.dequantize(writer.input("x", "uint8", shape), X)
    parameters = [scale] if zero_point is None else [scale, zero_point]
    blocks: dict[str, Any] = {"block_size": block_size} if block_size else {}
    constants = [writer.constant(part) for part in (weights, *parameters)]
    reals = writer.node("DequantizeLinear", *constants, axis=axis, **blocks)
    more = [] if bias is None else [writer.constant(bias)]
    result = writer.quantize(writer.node(operation, x, reals, *more, **options), Y)
    feeds = {"x": random_integers(np.random.default_rng(0), "uint8", shape)}
    return writer.model(result, dtype="uint8"), feeds


def bytes_of(*shape: int) -> Array:
    return RNG.integers(-127, 128, shape, np.int8)


@pytest.mark.parametrize("size", [16, 12])
def test_blocks_of_4_bits(size: int):
    weights = RNG.integers(-8, 8, (32, 6)).astype(ml_dtypes.int4)
    count = -(-32 // size)
    zeros = RNG.integers(-8, 8, (count, 6)).astype(ml_dtypes.int4)
    options: dict[str, Any] = {"axis": 0, "block_size": size}
    assert_nearly_agrees(*layer("MatMul", (1, 32), weights, scales(count, 6), **options))
    assert_nearly_agrees(*layer("MatMul", (1, 32), weights, scales(count, 6), zeros, **options))


def test_blocks_of_a_gemm_with_a_bias():
    bias = RNG.normal(0, 1, 6).astype(np.float32)
    assert_nearly_agrees(
        *layer(
            *("Gemm", (1, 24), bytes_of(6, 24), scales(6, 3)),
            bias=bias,
            axis=1,
            block_size=8,
            transB=1,
        )
    )


@pytest.mark.parametrize("zeros", [False, True])
def test_scales_of_input_channels(zeros: bool):
    zero_point = RNG.integers(-20, 20, 4, np.int8) if zeros else None
    weights = bytes_of(5, 4, 3, 2)
    assert_nearly_agrees(
        *layer("Conv", (1, 4, 6, 7), weights, scales(4), zero_point, axis=1, pads=[1, 0, 1, 1])
    )


def test_their_c_is_equal(tmp_path: Path):
    weights = bytes_of(32, 6)
    model, feeds = layer("MatMul", (1, 32), weights, scales(2, 6), axis=0, block_size=16)
    onnx.save(model, str(tmp_path / "model.onnx"))
    for target in ("host", "pulp_open"):
        compiled = dsconv.compile(tmp_path / "model.onnx", target=target)
        assert compiled.run(feeds["x"], on="host").equal


def test_too_many_scales_are_an_error():
    model, _ = layer("MatMul", (1, 96), bytes_of(96, 6), scales(96), axis=0)
    with pytest.raises(ModelError, match=r"matmul_\d.* 96 scales in one sum; up to 64"):
        import_onnx(model)


def test_scales_that_fit_no_blocks_are_an_error():
    model, _ = layer("MatMul", (1, 32), bytes_of(32, 6), scales(3, 6), axis=0, block_size=16)
    with pytest.raises(ModelError, match=r"\[3, 6\] for blocks \[2, 6\] of weights"):
        import_onnx(model)
