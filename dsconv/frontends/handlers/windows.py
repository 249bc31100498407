"""Windows of ONNX convolutions and pools: kernel, strides, pads, dilations, automatic padding."""

from __future__ import annotations

from collections.abc import Sequence

from dsconv.dialects.attributes import WindowAttr
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


def read_window_of_map(
    node: Node, kernel: Sequence[int], view: View, *, ceil_mode: bool = True
) -> WindowAttr:
    """The window of a node over the stored rows and columns of what `view` reads.

    A row may be read as a column, or the other way.
    """
    window = read_window(node, kernel, view.shape[2:], ceil_mode=ceil_mode)
    return _turned(window) if view.is_turned else window


def read_window(
    node: Node, kernel: Sequence[int], size: Sequence[int], *, ceil_mode: bool = True
) -> WindowAttr:
    """The window of a node with one or two spatial dimensions, the input having `size` there.

    One dimension is taken as a column: Hx1. Raises `ModelError` for attributes that fit neither the
    kernel nor the input. The node's `ceil_mode` adds to the pads at the end, unless it is not asked
    for.
    """
    rank = len(size)
    if rank not in (1, 2) or len(kernel) != rank:
        raise node.problem(
            f"a {len(kernel)}-dimensional window over a {rank}-dimensional map",
            "1-D and 2-D windows are supported",
        )
    strides = per_dimension(node, "strides", rank)
    dilations = per_dimension(node, "dilations", rank)
    if min(kernel) < 1:
        raise node.problem(f"kernel {list(kernel)} is not positive")
    extent = [(taps - 1) * dilation + 1 for taps, dilation in zip(kernel, dilations, strict=True)]
    begins, ends = _pads(node, size, extent, strides)
    for begin, end, covered, available in zip(begins, ends, extent, size, strict=True):
        if begin + available + end < covered:
            raise node.problem(f"a window of {covered} pixels over {available} pixels with pads")
    if ceil_mode and node.integer("ceil_mode", 0):
        ends = list(map(_end_with_ceil_mode, begins, ends, extent, size, strides))
    flat = [1] * (2 - rank)
    none = [0] * (2 - rank)
    return WindowAttr.of(
        [*kernel, *flat],
        [*strides, *flat],
        [*begins, *none, *ends, *none],
        [*dilations, *flat],
    )


def _end_with_ceil_mode(begin: int, end: int, extent: int, size: int, stride: int) -> int:
    """The padding with which one more window fits, if that begins before the padding."""
    rest = begin + size + end - extent
    return end if -(-rest // stride) * stride >= begin + size else end + -rest % stride


def per_dimension(node: Node, name: str, rank: int) -> tuple[int, ...]:
    """An attribute with one positive number a spatial dimension, 1 by default."""
    values = node.integers(name) or (1,) * rank
    if len(values) != rank or min(values) < 1:
        raise node.problem(f"{name} {list(values)} for {rank} spatial dimensions")
    return values


def _pads(
    node: Node, size: Sequence[int], extent: Sequence[int], strides: Sequence[int]
) -> tuple[list[int], list[int]]:
    rank = len(size)
    match node.text("auto_pad", "NOTSET"):
        case "NOTSET":
            pads = node.integers("pads") or (0,) * (2 * rank)
        case "VALID":
            pads = (0,) * (2 * rank)
        case "SAME_UPPER" | "SAME_LOWER" as mode:
            totals = [
                max((-(-pixels // stride) - 1) * stride + covered - pixels, 0)
                for pixels, covered, stride in zip(size, extent, strides, strict=True)
            ]
            small, large = [total // 2 for total in totals], [-(-total // 2) for total in totals]
            pads = (*small, *large) if mode == "SAME_UPPER" else (*large, *small)
        case other:
            raise node.problem(f"unknown auto_pad '{other}'")
    if len(pads) != 2 * rank or min(pads) < 0:
        raise node.problem(f"pads {list(pads)} for {rank} spatial dimensions")
    return list(pads[:rank]), list(pads[rank:])


def check_nchw(node: Node, view: View) -> None:
    """Raises `ModelError` where the dimensions are not N, C, H, W or N, C, H."""
    if not view.is_nchw:
        raise node.problem(
            f"its input {list(view.shape)} is not the 1xCxHxW tensor that an earlier layer or the "
            "network's input is",
            "reshapes that mix channels, rows and columns are not supported",
        )


def check_map(node: Node, view: View) -> None:
    """The same, but that a map of one row may be read as one of one column, or the other way."""
    if not view.is_turned:
        check_nchw(node, view)


def windowed_view(view: View, channels: int, window: WindowAttr) -> View:
    """The result of a window over a map, with as many dimensions."""
    rows, columns = window.output_size(*view.sizes[2:])
    read = (columns, rows) if view.is_turned else (rows, columns)
    return View.plain((1, channels, rows, columns), (1, channels, *read)[: len(view.shape)])


def _turned(window: WindowAttr) -> WindowAttr:
    """The window with rows and columns exchanged."""
    top, left, bottom, right = window.pads
    return WindowAttr.of(
        window.kernel[::-1],
        window.strides[::-1],
        (left, top, right, bottom),
        window.dilations[::-1],
    )
