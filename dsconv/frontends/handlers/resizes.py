"""Handlers of nodes that make more or fewer rows and columns: Resize, Upsample and Expand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor

from dsconv.dialects.graph import MOST_PIXEL_PARTS, Places, ResizeOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Dequantised,
    Integers,
    InterpolatedLayer,
    InterpolatedSumsLayer,
    MovingLayer,
    Summand,
    Value,
)
from dsconv.frontends.core.operations import LARGEST_ACTIVATION
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.coordinates import (
    UNMOVED,
    Axis,
    line,
    nearest_indices,
    places_of_indices,
    places_of_line,
)
from dsconv.frontends.handlers.gathers import gathered, sampled
from dsconv.frontends.handlers.maps import on_maps
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.quantisation import read_integers
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import CHANNEL_AXIS, Shape, View, padded_to_rank_4

LINEAR = ("linear", "bilinear")


@on_maps
def read_resize(reader: Reader, node: Node) -> Value:
    """Rows and columns in other numbers: mode nearest, or linear of reals, with any coordinates."""
    return read_resized(reader, node, nearest_indices, places_of_line)


def read_resized(
    reader: Reader,
    node: Node,
    nearest: Callable[[Node, Axis], list[int]],
    between: Callable[[Node, Axis], Places],
) -> Value:
    """A resize with coordinates of one's own: the nearest index, or places between neighbours."""
    for name in ("antialias", "exclude_outside"):
        if node.integer(name, 0):
            raise node.problem(f"has {name}")
    mode = node.text("coordinate_transformation_mode", "")
    if mode == "tf_crop_and_resize":
        raise node.problem(f"has coordinates by '{mode}'", "crop by a Slice, and resize then")
    if node.text("mode", "nearest") in LINEAR and not isinstance(reader.value(node), Integers):
        part = reader.summand(node)
        axes = _axes(reader, node, part.view)
        if any(axis.changes and axis.size > 1 for axis in axes):
            return _interpolated(node, part, axes, between)
    return moved(reader, node, [0], lambda parts: _resized(reader, node, parts[0], nearest))


def read_expand(reader: Reader, node: Node) -> Value:
    """A single channel, row, column or pixel repeated."""
    return moved(reader, node, [0], lambda parts: _expanded(reader, node, parts[0]))


def _resized(
    reader: Reader, node: Node, part: Part, nearest: Callable[[Node, Axis], list[int]]
) -> MovingLayer:
    """Every pixel of the result as the nearest one of the input."""
    axes = _axes(reader, node, part.view)
    mode = node.text("mode", "nearest")
    if mode != "nearest" and any(axis.changes and axis.size > 1 for axis in axes):
        what = "resizes integers" if mode in LINEAR else "resizes"
        raise node.problem(
            f"{what} by mode '{mode}'", "nearest is supported, and linear of what is dequantised"
        )
    target = tuple(axis.target for axis in axes)
    indices = [nearest(node, axis) if axis.size > 1 else [0] * axis.target for axis in axes[2:]]
    if all(_repeats(taken, axis) for taken, axis in zip(indices, axes[2:], strict=True)):
        return _repeated(node, part, target)
    places = [
        places_of_indices(taken, axis, line(node, axis).step)
        for taken, axis in zip(indices, axes[2:], strict=True)
    ]
    rows, columns, *_ = [*places, UNMOVED]
    if rows is None or columns is None:
        raise node.problem(
            f"resizes {list(part.view.shape)} to {list(target)} by a scale that is no fraction of "
            "small numbers",
            "export it with sizes",
        )
    return sampled(node, part, target, (rows, columns))


def _axes(reader: Reader, node: Node, view: View) -> list[Axis]:
    check_nchw(node, view)
    axes = _resized_axes(reader, node, view.shape)
    if any(axis.changes for axis in axes[:2]):
        raise node.problem(
            f"resizes {list(view.shape)} to {[axis.target for axis in axes]}",
            "rows and columns can be resized",
        )
    return axes


def _repeats(indices: Sequence[int], axis: Axis) -> bool:
    """Whether each row or column is there as many times as any other, one after the other."""
    return axis.target % axis.size == 0 and list(indices) == [
        index * axis.size // axis.target for index in range(axis.target)
    ]


def _interpolated(
    node: Node,
    x: Summand,
    axes: Sequence[Axis],
    between: Callable[[Node, Axis], Places],
) -> InterpolatedLayer | InterpolatedSumsLayer:
    """Every pixel of the result between its neighbours in the input."""
    target = tuple(axis.target for axis in axes)
    rows, columns, *_ = [*(between(node, axis) for axis in axes[2:]), UNMOVED]
    if rows[2] * columns[2] > MOST_PIXEL_PARTS:
        raise node.problem(
            f"resizes {list(x.view.shape)} to {list(target)} between neighbours in "
            f"{rows[2]}x{columns[2]} parts, which are more than {MOST_PIXEL_PARTS}",
            "resize by a fraction of small numbers",
        )
    view = View.plain(padded_to_rank_4(target), target)
    if isinstance(x, Dequantised):
        return InterpolatedLayer(node, view, UNBOUNDED, x, (rows, columns))
    return InterpolatedSumsLayer(node, view, UNBOUNDED, x, (rows, columns))


def _expanded(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    shape, wanted = part.view.shape, read_integers(reader, node, 1)
    aligned = [1] * (len(shape) - len(wanted)) + wanted
    pairs = list(zip(shape, aligned, strict=False))
    fits = all(new >= 1 and (size == 1 or new in (1, size)) for size, new in pairs)
    sizes = tuple(size if new == 1 else new for size, new in pairs)
    if len(aligned) > len(shape) or not fits or sizes[:1] != shape[:1]:
        raise node.problem(
            f"expands {list(shape)} to {wanted}",
            "a single channel, row, column or pixel can be repeated",
        )
    if sizes[1:2] != shape[1:2]:
        part = gathered(node, part, CHANNEL_AXIS, [0] * sizes[CHANNEL_AXIS])
        if sizes[2:] == shape[2:]:
            return part
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


def _resized_axes(reader: Reader, node: Node, shape: Shape) -> list[Axis]:
    """Sizes and factors, from `sizes` or `scales` of all dimensions, or of `axes`."""
    if node.has_input(3) and node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.problem("keeps the aspect ratio", "export it with the sizes that this gives")
    rank = len(shape)
    axes = node.integers("axes") or tuple(range(rank))
    upsample = node.op_type == "Upsample"
    index = 3 if node.has_input(3) else 1 if upsample else 2
    given = reader.array(node, index).reshape(-1)
    if len(given) != len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise node.problem(f"{len(given)} sizes or scales for {len(axes)} axes of {rank}")
    found = [Axis(size, size, Fraction(1)) for size in shape]
    for axis, value in zip(axes, given.tolist(), strict=True):
        size = shape[axis]
        if not 0 < value * (1 if node.has_input(3) else size) <= LARGEST_ACTIVATION:
            raise node.problem(f"resizes {list(shape)} to no size, by {given.tolist()}")
        scale = Fraction(value) / size if node.has_input(3) else Fraction(value)
        found[axis] = Axis(size, floor(size * scale), scale)
    if min(axis.target for axis in found) < 1:
        raise node.problem(f"resizes {list(shape)} to {[axis.target for axis in found]}")
    return found
