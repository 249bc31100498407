"""Transposed convolutions, which are convolutions whose channels are blocks of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from frontend_layers import assert_nearly_agrees
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations

from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

X = Quantisation(0.031, 120, "uint8")
Y = Quantisation(0.11, 100, "uint8")
SHAPE = (1, 4, 5, 6)
RNG = np.random.default_rng(3)


def network(
    kernel: tuple[int, ...],
    *,
    groups: int = 1,
    each: int = 3,
    dtype: str = "int8",
    shape: tuple[int, ...] = SHAPE,
    behind: str = "",
    per_channel: bool = True,
    **attributes: Any,
) -> onnx.ModelProto:
    writer = ModelWriter(14)
    x = writer.dequantize(writer.input("x", "uint8", shape), X)
    limits = np.iinfo(dtype)
    array = RNG.integers(limits.min, limits.max + 1, (shape[1], each, *kernel), dtype)
    scales = RNG.uniform(0.002, 0.01, each if per_channel else ()).astype(np.float32)
    middle = 0 if dtype == "int8" else 120
    weights = writer.dequantized_constant(
        array, scales, np.full_like(scales, middle, dtype), axis=1
    )
    bias = writer.constant(RNG.normal(0, 3, groups * each).astype(np.float32))
    y = writer.node("ConvTranspose", x, weights, bias, group=groups, **attributes)
    if behind == "BatchNormalization":
        rows = [RNG.uniform(0.5, 1.5, groups * each).astype(np.float32) for _ in range(4)]
        y = writer.node("Relu", writer.node(behind, y, *map(writer.constant, rows)))
    elif behind:
        y = writer.node(behind, y)
    return writer.model(writer.quantize(y, Y), dtype="uint8")


def agrees(model: onnx.ModelProto, shape: tuple[int, ...] = SHAPE) -> ImportedNetwork:
    feeds: dict[str, Array] = {"x": np.random.default_rng(4).integers(0, 256, shape, np.uint8)}
    return assert_nearly_agrees(model, feeds, most_away=0.01)


@pytest.mark.parametrize(
    ("kernel", "attributes"),
    [
        ((2, 2), {"strides": [2, 2]}),
        ((4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ((3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
        ((3, 2), {"strides": [2, 3], "pads": [0, 1, 2, 0]}),
        ((3, 3), {}),
        ((3, 3), {"pads": [2, 2, 2, 2]}),
        ((2, 3), {"strides": [4, 1], "dilations": [1, 2]}),
        ((3, 3), {"strides": [2, 2], "dilations": [2, 3], "pads": [1, 3, 2, 1]}),
        ((1, 1), {"strides": [2, 2]}),
        ((5, 5), {"strides": [2, 2], "pads": [4, 4, 4, 4]}),
        ((3, 4), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ((3, 4), {"strides": [2, 2], "output_shape": [9, 12]}),
    ],
)
def test_windows(kernel: tuple[int, int], attributes: dict[str, Any]):
    agrees(network(kernel, **attributes))


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("each", [1, 3])
def test_groups_and_weights(groups: int, dtype: str, each: int):
    agrees(network((3, 3), groups=groups, each=each, dtype=dtype, strides=[2, 2]))


def test_one_scale_of_all_weights():
    agrees(network((3, 3), per_channel=False, dtype="uint8", strides=[2, 2]))


def test_rows_alone():
    agrees(network((3,), shape=(1, 4, 7), strides=[2]), (1, 4, 7))


@pytest.mark.parametrize("behind", ["Relu", "BatchNormalization", "LeakyRelu", "HardSwish"])
def test_what_follows_is_part_of_the_layer(behind: str):
    imported = agrees(network((2, 2), strides=[2, 2], behind=behind))
    kinds = [layer.kind for layer in layer_operations(imported).values()]
    steps = ["steps"] if behind in ("LeakyRelu", "HardSwish") else []
    assert kinds == ["pointwise", *steps, "depth_to_space"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output_shape": [8, 11], "strides": [2, 2]}, "leaves an odd number of pads"),
        ({"pads": [3, 3, 9, 9]}, "gives .* pixels behind pads"),
        ({"groups": 3}, "in 3 groups for an input of 4 channels"),
        ({"kernel_shape": [2, 2]}, "kernel_shape and the shape of its weights"),
        ({"auto_pad": "MIDDLE"}, "unknown auto_pad 'MIDDLE'"),
        ({"output_padding": [1]}, r"output_padding \[1\] for 2 spatial dimensions"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str):
    with pytest.raises(ModelError, match=message):
        import_onnx(network((3, 3), **options))
