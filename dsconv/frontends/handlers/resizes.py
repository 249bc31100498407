"""Handlers of nodes that repeat rows and columns: Resize, Upsample and Expand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dsconv.dialects.graph import (
    ResizeOp,
)
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    MovingLayer,
    Value,
)
from dsconv.frontends.core.operations import LARGEST_ACTIVATION
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.quantisation import read_integers
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Array, Node
from dsconv.frontends.onnx_file.view import Shape, View, padded_to_rank_4


def read_resize(reader: Reader, node: Node) -> Value:
    """Rows and columns repeated a whole number of times (mode nearest; any mode for one pixel)."""
    return moved(reader, node, [0], lambda parts: _resized(reader, node, parts[0]))


def read_expand(reader: Reader, node: Node) -> Value:
    """A single row, column or pixel repeated."""
    return moved(reader, node, [0], lambda parts: _expanded(reader, node, parts[0]))


def _resized(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    shape = part.view.shape
    sizes = _resized_shape(reader, node, shape)
    repeats = all(_repeats(node, *pair) for pair in zip(shape, sizes, strict=True))
    if not repeats or sizes[:2] != shape[:2]:
        raise node.problem(
            f"resizes {list(shape)} to {list(sizes)} in a way that is no repetition",
            "rows and columns a whole number of times as many are supported",
        )
    return _repeated(node, part, sizes)


def _repeats(node: Node, size: int, target: int) -> bool:
    """Whether each row or column is there as many times as any other, one after the other."""
    if size == target:
        return True
    if size == 1:
        return node.text("coordinate_transformation_mode", "") != "tf_crop_and_resize"
    mode = node.text("mode", "nearest")
    if mode != "nearest":
        raise node.problem(f"resizes by mode '{mode}'; nearest is supported")
    return target % size == 0 and _source_indices(node, size, target) == [
        index * size // target for index in range(target)
    ]


def _expanded(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    shape, wanted = part.view.shape, read_integers(reader, node, 1)
    aligned = [1] * (len(shape) - len(wanted)) + wanted
    pairs = list(zip(shape, aligned, strict=False))
    fits = all(new >= 1 and (size == 1 or new in (1, size)) for size, new in pairs)
    sizes = tuple(size if new == 1 else new for size, new in pairs)
    if len(aligned) > len(shape) or not fits or sizes[:2] != shape[:2]:
        raise node.problem(
            f"expands {list(shape)} to {wanted}", "a single row, column or pixel can be repeated"
        )
    return _repeated(node, part, sizes)


def _repeated(node: Node, part: Part, sizes: Shape) -> MovingLayer:
    view = View.plain(padded_to_rank_4(sizes), sizes)
    return MovingLayer(
        node,
        view,
        UNBOUNDED,
        (part,),
        lambda values, result, _, __: ResizeOp(UNLABELLED, values[0], result),
    )


def _resized_shape(reader: Reader, node: Node, shape: Shape) -> Shape:
    """The result's shape, from `sizes` or `scales` of all dimensions, or of `axes`."""
    if node.has_input(3) and node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.problem("keeps the aspect ratio", "export it with the sizes that this gives")
    rank = len(shape)
    axes = node.integers("axes") or tuple(range(rank))
    upsample = node.op_type == "Upsample"
    index = 3 if node.has_input(3) else 1 if upsample else 2
    given = reader.array(node, index).reshape(-1)
    if len(given) != len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise node.problem(f"{len(given)} sizes or scales for {len(axes)} axes of {rank}")
    sizes = np.array(shape, np.float64)
    for axis, value in zip(axes, given.tolist(), strict=True):
        sizes[axis] = value if node.has_input(3) else np.floor(shape[axis] * value)
    if not np.all((sizes >= 1) & (sizes <= LARGEST_ACTIVATION)):
        raise node.problem(f"resizes {list(shape)} to {sizes.tolist()}")
    return tuple(int(size) for size in sizes)


def _source_indices(node: Node, size: int, target: int) -> list[int]:
    """The index that each index of the result reads, as the node's modes say."""
    index, scale = np.arange(target), target / size
    upsample = node.op_type == "Upsample"
    half_pixel = (index + 0.5) / scale - 0.5
    places = {
        "half_pixel": half_pixel,
        "half_pixel_symmetric": half_pixel,
        "pytorch_half_pixel": half_pixel if target > 1 else index * 0.0,
        "asymmetric": index / scale,
        "align_corners": index * (size - 1) / max(target - 1, 1),
    }
    rounded: dict[str, Callable[[Array], Array]] = {
        "round_prefer_floor": lambda place: np.ceil(place - 0.5),
        "round_prefer_ceil": lambda place: np.floor(place + 0.5),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    transformation = node.text(
        "coordinate_transformation_mode", "asymmetric" if upsample else "half_pixel"
    )
    rounding = node.text("nearest_mode", "floor" if upsample else "round_prefer_floor")
    if transformation not in places or rounding not in rounded:
        raise node.problem(f"coordinates by '{transformation}', rounded by '{rounding}'")
    indices = rounded[rounding](places[transformation]).clip(0, size - 1)
    return indices.astype(int).tolist()
