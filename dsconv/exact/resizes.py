"""Resize and Upsample: places of the result in the input, and what lies between pixels.

ONNX's Resize, opset 10 to 19: coordinate_transformation_mode gives the place, mode the value.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

import numpy as np

from dsconv.exact.operation import Call, Operation
from dsconv.exact.tensor import (
    UNIT_ROUNDOFF,
    Array,
    Tensor,
    exact,
    of_fractions,
)

ROUNDINGS = 8
HALF = Fraction(1, 2)
Coordinate = Callable[[int, Fraction, int, int], Fraction]
"""Of a place in the result, the scale, the input's size and the result's."""


def _half_pixel(place: int, scale: Fraction, size: int, length: int) -> Fraction:
    return (place + HALF) / scale - HALF


def _align_corners(place: int, scale: Fraction, size: int, length: int) -> Fraction:
    return Fraction(0) if length == 1 else Fraction(place * (size - 1), length - 1)


def _pytorch_half_pixel(place: int, scale: Fraction, size: int, length: int) -> Fraction:
    return Fraction(0) if length == 1 else _half_pixel(place, scale, size, length)


def _asymmetric(place: int, scale: Fraction, size: int, length: int) -> Fraction:
    return place / scale


def _half_pixel_symmetric(place: int, scale: Fraction, size: int, length: int) -> Fraction:
    adjustment = length / (scale * size)
    offset = Fraction(size, 2) * (1 - adjustment)
    return offset + _half_pixel(place, scale, size, length)


COORDINATES: dict[str, Coordinate] = {
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
}
NEAREST: dict[str, Callable[[Fraction], int]] = {
    "ceil": ceil,
    "floor": floor,
    "round_prefer_ceil": lambda place: floor(place + HALF),
    "round_prefer_floor": lambda place: ceil(place - HALF),
}


def resize(call: Call) -> Tensor:
    """Nearest or linear, by scales or sizes."""
    x = call.real(0)
    rank = len(x.shape)
    if call.attribute("antialias", 0) or call.attribute("exclude_outside", 0):
        raise call.problem("has an antialias or leaves out what is outside")
    axes = call.attribute("axes", list(range(rank)))
    lengths, scales = _extents(call, x, axes)
    default = "asymmetric" if call.op_type == "Upsample" or call.opset < 11 else "half_pixel"
    mode = call.attribute("coordinate_transformation_mode", default)
    if mode not in COORDINATES:
        raise call.problem(f"has coordinates by '{mode}'")
    kind = call.attribute("mode", "nearest")
    if all(x.shape[axis] == 1 for axis in axes if axis > 1):
        kind = "nearest"  # one pixel, whatever lies between several
    if kind not in ("linear", "nearest"):
        raise call.problem(f"resizes by '{kind}'")
    for axis, length, scale in zip(axes, lengths, scales, strict=True):
        size = x.shape[axis]
        places = [COORDINATES[mode](place, scale, size, length) for place in range(length)]
        if size == length and scale == 1:
            continue
        x = _nearest(call, x, axis, places) if kind == "nearest" else _linear(x, axis, places)
    return x if kind == "nearest" else call.rounded(x, ROUNDINGS * UNIT_ROUNDOFF * x.magnitude)


def _extents(call: Call, x: Tensor, axes: list[int]) -> tuple[list[int], list[Fraction]]:
    """Sizes of the result and scales, by axes."""
    index = 1 if call.opset < 11 or call.op_type == "Upsample" else 2
    if call.has(3):
        if call.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise call.problem("keeps an aspect ratio")
        sizes = [int(size) for size in call.array(3).reshape(-1)]
        before = [x.shape[axis] for axis in axes]
        return sizes, [Fraction(size, old) for size, old in zip(sizes, before, strict=True)]
    given = call.array(index) if call.has(index) else np.array(call.attribute("scales", []))
    scales = [Fraction(float(scale)) for scale in given.reshape(-1)]
    if len(scales) != len(axes):
        raise call.problem("has no scale for each axis")
    return [floor(x.shape[axis] * scale) for axis, scale in zip(axes, scales, strict=True)], scales


def _nearest(call: Call, x: Tensor, axis: int, places: list[Fraction]) -> Tensor:
    default = "round_prefer_floor" if call.opset >= 11 and call.op_type == "Resize" else "floor"
    choose = NEAREST[call.attribute("nearest_mode", default)]
    last = x.shape[axis] - 1
    chosen = [min(max(choose(place), 0), last) for place in places]
    return x.map(lambda array: np.take(array, chosen, axis))


def _linear(x: Tensor, axis: int, places: list[Fraction]) -> Tensor:
    """Between two neighbours, the nearer one counting more; the edge goes on outside."""
    size = x.shape[axis]
    weights = np.full((len(places), size), Fraction(0), object)
    for index, place in enumerate(places):
        inside = min(max(place, Fraction(0)), Fraction(size - 1))
        low = floor(inside)
        high = min(low + 1, size - 1)
        weights[index, low] += 1 - (inside - low)
        weights[index, high] += inside - low
    factors = of_fractions(weights, np.float32)

    def mixed(array: Array, by: Array) -> Array:
        return np.moveaxis(np.tensordot(array, by, ([axis], [1])), -1, axis)

    steps = mixed(x.steps.astype(object), factors.steps.astype(object))
    result = exact(np.asarray(steps, object), x.unit * factors.unit, x.dtype)
    return result.with_error(mixed(x.error, factors.floats()))


RESIZES: dict[str, Operation] = {"Resize": resize, "Upsample": resize}
