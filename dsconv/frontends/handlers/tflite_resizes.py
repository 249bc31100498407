"""Where TFLite's reference kernels read what they resize.

RESIZE_NEAREST_NEIGHBOR computes places in float32 (reference_ops::ResizeNearestNeighbor),
RESIZE_BILINEAR in 1024ths of a pixel (reference_ops::ResizeBilinearInteger).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dsconv.dialects.graph import Places
from dsconv.frontends.arithmetic.values import InterpolatedLayer, Value
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.coordinates import Axis
from dsconv.frontends.handlers.resizes import read_resized
from dsconv.frontends.onnx_file.onnx_graph import Node

PARTS = 1 << 10


def read_resize(reader: Reader, node: Node) -> Value:
    """Rows and columns in other numbers: mode nearest, or linear of int8 in 1024ths of a pixel."""
    value = read_resized(reader, node, _nearest, _between)
    if not isinstance(value, InterpolatedLayer):
        return value
    if value.x.quantisation.dtype != "int8":
        raise node.problem(
            f"TFLite interpolates {value.x.quantisation.dtype} in float32", "int8 is supported"
        )
    return replace(value, of_integers=True)


def _nearest(node: Node, axis: Axis) -> list[int]:
    """The index that each output reads."""
    aligned, half = _modes(node)
    size, target = _lengths(axis, aligned=aligned)
    scale = np.float32(size) / np.float32(target)
    outputs = np.arange(axis.target, dtype=np.float32) + np.float32(0.5 if half else 0)
    places = outputs * scale
    indices = np.floor(places + np.float32(0.5)) if aligned else np.floor(places)
    return [int(index) for index in np.clip(indices, 0, axis.size - 1)]


def _between(node: Node, axis: Axis) -> Places:
    """Steps and offset of the outputs, in 1024ths."""
    aligned, half = _modes(node)
    size, target = _lengths(axis, aligned=aligned)
    step = (PARTS * size + target // 2) // target
    return step, step // 2 - PARTS // 2 if half else 0, PARTS


def _lengths(axis: Axis, *, aligned: bool) -> tuple[int, int]:
    """Input and output, whose quotient is the step: from corner to corner where these align."""
    less = 1 if aligned and axis.target > 1 else 0
    return axis.size - less, axis.target - less


def _modes(node: Node) -> tuple[bool, bool]:
    """Whether corners are aligned, and whether pixels have their places in their middle."""
    mode = node.text("coordinate_transformation_mode", "")
    return mode == "align_corners", mode == "half_pixel"
