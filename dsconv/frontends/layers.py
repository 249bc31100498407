"""Makes layers without weights from nodes whose operands are known: sums, products and pools."""

from __future__ import annotations

from collections.abc import Sequence

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.reference import pixels_inside
from dsconv.frontends.onnx_graph import Node
from dsconv.frontends.values import (
    UNBOUNDED,
    AddLayer,
    AnyLayer,
    AveragePoolLayer,
    Dequantised,
    MaxPoolLayer,
    MulLayer,
)
from dsconv.frontends.view import View
from dsconv.frontends.windows import check_nchw, read_window, windowed_view


def addition(node: Node, lhs: Dequantised, rhs: Dequantised) -> AddLayer:
    """Sum of two activations."""
    first, second = _alike_or_vector(node, lhs, rhs)
    return AddLayer(node, first.view, UNBOUNDED, first, second)


def product(node: Node, lhs: Dequantised, rhs: Dequantised) -> MulLayer:
    """Product of two activations."""
    first, second = _alike_or_vector(node, lhs, rhs)
    return MulLayer(node, first.view, UNBOUNDED, first, second)


def _alike_or_vector(
    node: Node, lhs: Dequantised, rhs: Dequantised
) -> tuple[Dequantised, Dequantised]:
    """Both operands; second comes the one that has one value for each channel of the other."""
    if lhs.view.reads_like(rhs.view) or _broadcasts(rhs.view, lhs.view):
        return lhs, rhs
    if _broadcasts(lhs.view, rhs.view):
        return rhs, lhs
    raise node.problem(
        f"takes tensors of shape {list(lhs.view.shape)} and {list(rhs.view.shape)}, or in "
        "different orders",
        "two of one shape, or one with one value for each channel, are supported",
    )


def _broadcasts(vector: View, view: View) -> bool:
    """Whether a tensor has one value for each channel of another one."""
    channels, rank = view.sizes[1], len(view.shape)
    if vector.sizes != (1, channels, 1, 1) or len(vector.shape) > rank:
        return False
    shape = (*[1] * (rank - len(vector.shape)), *vector.shape)
    dimensions = view.axes_of_dimensions() or ()
    return channels == 1 or shape == tuple(channels if axes == (1,) else 1 for axes in dimensions)


def average_pool(node: Node, x: Dequantised, *, ceil_mode_counts: bool = False) -> AveragePoolLayer:
    """AveragePool with its window.

    Its pads count if the node says so. What `ceil_mode` adds to them counts only as an option.
    """
    window = _pool_window(node, x.view)
    counted = (0, 0, 0, 0)
    if node.integer("count_include_pad", 0):
        counted = _pool_window(node, x.view, ceil_mode=ceil_mode_counts).pads
    view = windowed_view(x.view, x.view.sizes[1], window)
    _check_covers(node, x.view, window, counted)
    pads = None if counted == window.pads else counted
    return AveragePoolLayer(node, view, UNBOUNDED, x, window, pads)


def max_pool(node: Node, x: Dequantised | AnyLayer) -> MaxPoolLayer:
    """MaxPool with its window, over an activation or a layer that is not quantised yet."""
    window = _pool_window(node, x.view)
    _check_covers(node, x.view, window)
    return MaxPoolLayer(node, windowed_view(x.view, x.view.sizes[1], window), UNBOUNDED, x, window)


def global_average(node: Node, x: Dequantised, reduced: set[int], keep: bool) -> AveragePoolLayer:
    """Average over the dimensions `reduced`."""
    view = _global_view(node, x.view, reduced, keep)
    return AveragePoolLayer(node, view, UNBOUNDED, x, WindowAttr.of(x.view.sizes[2:]))


def global_max(node: Node, x: Dequantised | AnyLayer) -> MaxPoolLayer:
    """GlobalMaxPool."""
    reduced = set(range(2, len(x.view.shape)))
    view = _global_view(node, x.view, reduced, keep=True)
    return MaxPoolLayer(node, view, UNBOUNDED, x, WindowAttr.of(x.view.sizes[2:]))


def _check_covers(
    node: Node, view: View, window: WindowAttr, pads: Sequence[int] = (0, 0, 0, 0)
) -> None:
    size, (top, left, _, _) = view.sizes[2:], window.pads
    pixels = pixels_inside(window, size, window.output_size(*size), (-top, -left), pads)
    if pixels.min() < 1:
        raise node.problem(f"pads {list(window.pads)} that are all of a window")


def _pool_window(node: Node, view: View, *, ceil_mode: bool = True) -> WindowAttr:
    check_nchw(node, view)
    kernel = node.integers("kernel_shape")
    if kernel is None:
        raise node.problem("kernel_shape is missing")
    return read_window(node, kernel, view.shape[2:], ceil_mode=ceil_mode)


def _global_view(node: Node, view: View, reduced: set[int], keep: bool) -> View:
    """The view of a reduction over the dimensions `reduced`, which are exactly rows and columns."""
    dimensions = view.axes_of_dimensions() or ()
    covered = {axis for dimension in reduced for axis in dimensions[dimension : dimension + 1]}
    axes = sorted(axis for group in covered for axis in group)
    spatial = [axis for axis in (2, 3) if view.sizes[axis] != 1]
    if not dimensions or axes != spatial:
        raise node.problem("reduces other dimensions than rows and columns, all of both")
    shape = tuple(
        1 if dimension in reduced else size
        for dimension, size in enumerate(view.shape)
        if keep or dimension not in reduced
    )
    return View((1, view.sizes[1], 1, 1), view.order, shape)
