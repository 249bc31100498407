"""Makes pools from nodes whose operands are known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import overload

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.reference import pixels_inside
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyPendingLayer,
    AveragePoolLayer,
    Dequantised,
    MaxPoolLayer,
    Summand,
    SumPoolLayer,
)
from dsconv.frontends.handlers.windows import check_map, read_window_of_map, windowed_view
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


@overload
def average_pool(
    node: Node, x: Dequantised, *, ceil_mode_counts: bool = False
) -> AveragePoolLayer: ...


@overload
def average_pool(
    node: Node, x: Summand, *, ceil_mode_counts: bool = False
) -> AveragePoolLayer | SumPoolLayer: ...


def average_pool(
    node: Node, x: Summand, *, ceil_mode_counts: bool = False
) -> AveragePoolLayer | SumPoolLayer:
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
    return _average(node, view, x, window, pads)


def _average(
    node: Node,
    view: View,
    x: Summand,
    window: WindowAttr,
    counted_pads: tuple[int, ...] | None = None,
) -> AveragePoolLayer | SumPoolLayer:
    if isinstance(x, Dequantised):
        return AveragePoolLayer(node, view, UNBOUNDED, x, window, counted_pads)
    if counted_pads is not None:
        raise node.problem(
            "pads that do not count in an average of what is not quantised",
            "export with count_include_pad=1 or without pads, or quantise in between",
        )
    return SumPoolLayer(node, view, UNBOUNDED, x, window)


def max_pool(node: Node, x: Dequantised | AnyPendingLayer) -> MaxPoolLayer:
    """MaxPool with its window, over an activation or a layer that is not quantised yet."""
    window = _pool_window(node, x.view)
    _check_covers(node, x.view, window)
    return MaxPoolLayer(node, windowed_view(x.view, x.view.sizes[1], window), UNBOUNDED, x, window)


@overload
def global_average(
    node: Node, x: Dequantised, reduced: set[int], keep: bool
) -> AveragePoolLayer: ...


@overload
def global_average(
    node: Node, x: Summand, reduced: set[int], keep: bool
) -> AveragePoolLayer | SumPoolLayer: ...


def global_average(
    node: Node, x: Summand, reduced: set[int], keep: bool
) -> AveragePoolLayer | SumPoolLayer:
    """Average over the dimensions `reduced`."""
    view, window = _reduction_of_maps(node, x.view, reduced, keep)
    return _average(node, view, x, window)


def global_max(
    node: Node, x: Dequantised | AnyPendingLayer, reduced: set[int], keep: bool
) -> MaxPoolLayer:
    """Maximum over the dimensions `reduced`."""
    view, window = _reduction_of_maps(node, x.view, reduced, keep)
    return MaxPoolLayer(node, view, UNBOUNDED, x, window)


def _check_covers(
    node: Node, view: View, window: WindowAttr, pads: Sequence[int] = (0, 0, 0, 0)
) -> None:
    size, (top, left, _, _) = view.sizes[2:], window.pads
    pixels = pixels_inside(window, size, window.output_size(*size), (-top, -left), pads)
    if pixels.min() < 1:
        raise node.problem(f"pads {list(window.pads)} that are all of a window")


def _pool_window(node: Node, view: View, *, ceil_mode: bool = True) -> WindowAttr:
    check_map(node, view)
    kernel = node.integers("kernel_shape")
    if kernel is None:
        raise node.problem("kernel_shape is missing")
    return read_window_of_map(node, kernel, view, ceil_mode=ceil_mode)


def _reduction_of_maps(
    node: Node, view: View, reduced: set[int], keep: bool
) -> tuple[View, WindowAttr]:
    """What is left without the dimensions `reduced`, which are whole rows, columns or both."""
    result, (channels, *taps) = reduction(node, view, reduced, keep)
    if channels > 1:
        raise node.problem(
            f"reduces the channels of {list(view.shape)}",
            "rows and columns are supported; over channels, sums and averages",
        )
    return result, WindowAttr.of(taps)


def reduction(
    node: Node, view: View, reduced: set[int], keep: bool
) -> tuple[View, tuple[int, int, int]]:
    """What is left without the dimensions `reduced`; how many channels, rows and columns become 1.

    Raises `ModelError` where these are not whole ones.
    """
    dimensions = view.axes_of_dimensions()
    if dimensions is None:
        raise node.problem(
            f"reduces dimensions of {list(view.shape)} that are parts of channels, rows or columns"
        )
    axes = set(chain.from_iterable(dimensions[index] for index in reduced))
    shape = tuple(
        1 if dimension in reduced else size
        for dimension, size in enumerate(view.shape)
        if keep or dimension not in reduced
    )
    _, channels, rows, columns = (
        size if axis in axes else 1 for axis, size in enumerate(view.sizes)
    )
    kernel = (channels, rows, columns)
    sizes = tuple(size // taps for size, taps in zip(view.sizes, (1, *kernel), strict=True))
    return View(sizes, view.order, shape), kernel
