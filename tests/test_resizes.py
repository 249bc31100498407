"""Resize by any factors and coordinates, nearest and linear, as the specification has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import assert_nearly_agrees
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations

from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 3, 6, 5)
X = Quantisation(0.031, 120, "uint8")
Y = Quantisation(0.034, 110, "uint8")
COORDINATES = [
    *("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"),
    "half_pixel_symmetric",
]
ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
SIZES = [(12, 10), (9, 5), (3, 4), (7, 11), (1, 2)]
FEEDS: dict[str, Array] = {"x": np.random.default_rng(4).integers(0, 256, SHAPE, np.uint8)}


def resized(
    size: tuple[int, int] | None = None,
    scales: tuple[float, float] | None = None,
    *,
    y: Quantisation = Y,
    on_integers: bool = False,
    **attributes: Any,
) -> onnx.ModelProto:
    writer = ModelWriter(19)
    x = writer.input("x", "uint8", SHAPE)
    given = (
        writer.constant(np.array([1, 3, *size], np.int64))
        if size is not None
        else writer.constant(np.array([1, 1, *(scales or ())], np.float32))
    )
    inputs = ["", "", given] if size is not None else ["", given]
    if on_integers:
        moved = writer.node("Resize", x, *inputs, **attributes)
        return writer.model(
            writer.quantize(writer.node("Relu", writer.dequantize(moved, X)), X), dtype="uint8"
        )
    real = writer.node("Resize", writer.dequantize(x, X), *inputs, **attributes)
    return writer.model(writer.quantize(real, y), dtype="uint8")


def agrees(model: onnx.ModelProto) -> ImportedNetwork:
    return assert_nearly_agrees(model, FEEDS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_nearest(coordinates: str, rounding: str, size: tuple[int, int]):
    model = resized(size, coordinate_transformation_mode=coordinates, nearest_mode=rounding)
    assert_means(model, FEEDS)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_linear(coordinates: str, size: tuple[int, int]):
    agrees(resized(size, mode="linear", coordinate_transformation_mode=coordinates))


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("scales", [(1.5, 2.0), (0.5, 0.6), (2.5, 1.0)])
def test_scales(mode: str, scales: tuple[float, float]):
    agrees(resized(scales=scales, mode=mode, coordinate_transformation_mode="asymmetric"))


def test_nearest_by_a_scale_that_is_no_quotient_of_sizes():
    agrees(resized(scales=(0.34, 1.7), coordinate_transformation_mode="asymmetric"))


def test_nearest_of_integers():
    imported = agrees(resized((9, 4), on_integers=True))
    assert "interpolate" in [layer.kind for layer in layer_operations(imported).values()]


def test_repetitions_are_what_they_were():
    imported = agrees(resized((12, 15)))
    assert "resize" in [layer.kind for layer in layer_operations(imported).values()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "cubic"}, "resizes by mode 'cubic'"),
        ({"mode": "linear", "on_integers": True}, "resizes integers by mode 'linear'"),
        ({"mode": "linear", "scales": (0.34, 1.6)}, "resize by a fraction of small numbers"),
        ({"mode": "linear", "antialias": 1}, "has antialias"),
        (
            {"coordinate_transformation_mode": "tf_crop_and_resize"},
            "has coordinates by 'tf_crop_and_resize'",
        ),
        ({"nearest_mode": "simple"}, "rounds coordinates by 'simple'"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str):
    size = None if "scales" in options else (9, 4)
    with pytest.raises(ModelError, match=message):
        import_onnx(resized(size, **options))
