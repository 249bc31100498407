"""Blocks of channels as blocks of pixels, and back, in all the ways that files write them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations, onnx_runtime, run_network

from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

X = Quantisation(0.031, 120, "uint8")
Y = Quantisation(0.04, 100, "uint8")
WEIGHTS = np.random.default_rng(1).integers(-127, 128, (12, 3, 1, 1), np.int8)
Shape = tuple[int, ...]


def inputs(shape: Shape) -> dict[str, Array]:
    return {"x": np.random.default_rng(2).integers(0, 256, shape, np.uint8)}


def agrees(model: onnx.ModelProto, shape: Shape) -> ImportedNetwork:
    network = assert_means(model, inputs(shape))
    (result,) = run_network(network, *inputs(shape).values())
    (expected,) = onnx_runtime(model, optimised=False).run(None, inputs(shape))
    array = np.asarray(expected)
    np.testing.assert_array_equal(network.outputs[0].shape, array.shape)
    np.testing.assert_array_equal(np.sort(result, None), np.sort(array, None))
    return network


def between(operation: str, shape: Shape, y: Quantisation, **attributes: Any) -> onnx.ModelProto:
    writer = ModelWriter(14)
    x = writer.dequantize(writer.input("x", "uint8", shape), X)
    return writer.model(writer.quantize(writer.node(operation, x, **attributes), y), dtype="uint8")


@pytest.mark.parametrize("y", [X, Y])
@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("shape", [(1, 12, 3, 4), (1, 4, 5, 1), (1, 36, 2, 2)])
def test_depth_to_space(mode: str, shape: Shape, y: Quantisation):
    size = 3 if shape[1] == 36 else 2
    agrees(between("DepthToSpace", shape, y, blocksize=size, mode=mode), shape)


@pytest.mark.parametrize("y", [X, Y])
@pytest.mark.parametrize("shape", [(1, 3, 4, 6), (1, 1, 2, 8)])
def test_space_to_depth(shape: Shape, y: Quantisation):
    agrees(between("SpaceToDepth", shape, y, blocksize=2), shape)


def test_on_integers():
    writer = ModelWriter(14)
    x = writer.input("x", "uint8", (1, 8, 3, 3))
    y = writer.node("DepthToSpace", x, blocksize=2, mode="CRD")
    model = writer.model(
        writer.quantize(writer.node("Relu", writer.dequantize(y, X)), X), dtype="uint8"
    )
    agrees(model, (1, 8, 3, 3))


def behind_a_layer(permutation: Shape, cut: Shape, whole: Shape, *, nhwc: bool) -> onnx.ModelProto:
    """A convolution to 12 channels, and a Reshape, a Transpose and a Reshape."""
    writer = ModelWriter(14)
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 4, 6)), X)
    weights = writer.dequantized_constant(WEIGHTS, np.array(0.01, np.float32), np.array(0, np.int8))
    y = writer.node("Conv", x, weights)
    if nhwc:
        y = writer.node("Transpose", y, perm=[0, 2, 3, 1])
    y = writer.node("Reshape", y, writer.constant(np.array(cut, np.int64)))
    y = writer.node("Transpose", y, perm=permutation)
    y = writer.node("Reshape", y, writer.constant(np.array(whole, np.int64)))
    if nhwc:
        y = writer.node("Transpose", y, perm=[0, 3, 1, 2])
    return writer.model(writer.quantize(y, Y), dtype="uint8")


@pytest.mark.parametrize(
    ("permutation", "cut", "whole", "nhwc"),
    [
        ((0, 1, 4, 2, 5, 3), (1, 3, 2, 2, 4, 6), (1, 3, 8, 12), False),
        ((0, 1, 4, 2, 5, 3), (1, 2, 3, 2, 4, 6), (1, 2, 12, 12), False),
        ((0, 3, 4, 1, 5, 2), (1, 2, 2, 3, 4, 6), (1, 3, 8, 12), False),
        ((0, 1, 3, 5, 2, 4), (1, 12, 2, 2, 3, 2), (1, 48, 2, 3), False),
        ((0, 3, 5, 1, 2, 4), (1, 12, 2, 2, 3, 2), (1, 48, 2, 3), False),
        ((0, 1, 3, 2, 4, 5), (1, 4, 6, 2, 2, 3), (1, 8, 12, 3), True),
        ((0, 1, 4, 2, 5, 3), (1, 4, 6, 3, 2, 2), (1, 8, 12, 3), True),
        ((0, 1, 3, 2, 4, 5), (1, 2, 2, 3, 2, 12), (1, 2, 3, 48), True),
        ((0, 1, 3, 5, 2, 4), (1, 2, 2, 3, 2, 12), (1, 2, 3, 48), True),
    ],
)
def test_as_reshapes_and_a_transpose(permutation: Shape, cut: Shape, whole: Shape, nhwc: bool):
    assert prod(cut) == prod(whole)
    model = behind_a_layer(permutation, cut, whole, nhwc=nhwc)
    network = agrees(model, (1, 3, 4, 6))
    kinds = [layer.kind for layer in layer_operations(network).values()]
    assert kinds.count("pointwise") == 1


def test_what_is_refused():
    with pytest.raises(ModelError, match="has mode 'XYZ'; DCR and CRD are supported"):
        import_onnx(between("DepthToSpace", (1, 4, 2, 2), X, blocksize=2, mode="XYZ"))
    with pytest.raises(ModelError, match="6 channels are not blocks of 2x2"):
        import_onnx(between("DepthToSpace", (1, 6, 2, 2), X, blocksize=2))
    with pytest.raises(ModelError, match="3x2 pixels are not blocks of 2x2"):
        import_onnx(between("SpaceToDepth", (1, 6, 3, 2), X, blocksize=2))
    model = behind_a_layer((0, 2, 1, 3, 4, 5), (1, 2, 2, 3, 4, 6), (1, 12, 4, 6), nhwc=False)
    with pytest.raises(ModelError, match="transposes a dimension that is only part"):
        import_onnx(model)
