"""Maps that a Reshape makes of other channels and rows, as decoders do behind a product."""

from __future__ import annotations

from functools import wraps

from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    Dequantised,
    Integers,
    MovingLayer,
    PendingLayer,
    with_view,
)
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.handlers.blocks import depth_to_space
from dsconv.frontends.handlers.concats import joined
from dsconv.frontends.handlers.gathers import MOST_PARTS, taken
from dsconv.frontends.handlers.moving import Part
from dsconv.frontends.handlers.shuffles import shuffle
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View, padded_to_rank_4

CHANNELS, ROWS = 1, 2
"""Stored axes."""


def on_maps(handler: Handler) -> Handler:
    """A handler of windows over a map, before which its first input becomes one."""

    @wraps(handler)
    def read(reader: Reader, node: Node):
        _make_map(reader, node)
        return handler(reader, node)

    return read


def _make_map(reader: Reader, node: Node) -> None:
    """Moves the values of an input that reads other channels and rows than are stored."""
    value = reader.value(node)
    if not isinstance(value, Integers | Dequantised | PendingLayer) or not _is_cut(value.view):
        return
    if not isinstance(value, Integers):
        layer = laid_out(node, value)
        if layer is not None:
            reader.remember(node.inputs[0], layer)
        return
    meaning = value.quantisation or Quantisation(1.0, 0, value.dtype)
    layer = laid_out(node, Dequantised(value, meaning))
    if layer is not None:
        made = reader.builder.add_layer(layer, meaning, node.inputs[0])
        reader.remember(node.inputs[0], made)


def _is_cut(view: View) -> bool:
    """Whether dimensions N, C, H, W, or N, C, H, are others than the stored ones."""
    is_map = len(view.shape) in (3, 4) and view.shape[0] == 1
    return is_map and view.is_plain and not view.is_nchw and not view.is_turned


def laid_out(node: Node, part: Part) -> MovingLayer | None:
    """The map that dimensions read, row after row; None where columns are cut or put together.

    Of a vector they may be.
    """
    _, channels, rows, columns = part.view.sizes
    _, new_channels, new_rows, new_columns = shape = padded_to_rank_4(part.view.shape)
    whole = with_view(part, lambda view: View.plain(view.sizes))
    if (rows, columns) == (1, 1):
        layer = depth_to_space(node, whole, (new_rows, new_columns), by_pixels=False)
    elif columns != new_columns or max(rows, new_rows) > MOST_PARTS:
        return None
    elif rows % new_rows == 0:
        layer = _rows_as_channels(node, whole, new_channels // channels)
    elif new_rows % rows == 0:
        layer = _channels_as_rows(node, whole, new_rows // rows)
    else:
        layer = _channels_as_rows(node, _rows_as_channels(node, whole, rows), new_rows)
    return with_view(layer, lambda _: View.plain(shape, part.view.shape))


def _rows_as_channels(node: Node, part: Part, count: int) -> MovingLayer:
    """Every channel cut into so many, one below the other."""
    _, channels, rows, columns = part.view.sizes
    height = rows // count
    below = [
        taken(node, part, (range(1), range(channels), range(place, place + height), range(columns)))
        for place in range(0, rows, height)
    ]
    together = joined(node, below, CHANNELS)
    return shuffle(node, together, count, View.plain(together.view.sizes))


def _channels_as_rows(node: Node, part: Part, count: int) -> MovingLayer:
    """So many channels each, one below the other, as one."""
    _, channels, rows, columns = part.view.sizes
    first = channels // count
    turns = shuffle(node, part, first, View.plain(part.view.sizes))
    below = [
        taken(node, turns, (range(1), range(place, place + first), range(rows), range(columns)))
        for place in range(0, channels, first)
    ]
    return joined(node, below, ROWS)
