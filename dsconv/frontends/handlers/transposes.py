"""Transposes: of whole axes, where no byte moves, or of parts of axes, where blocks do."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from dsconv.frontends.arithmetic.values import Dequantised, Integers, PendingLayer, Value
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers import common
from dsconv.frontends.handlers.blocks import blocks_of
from dsconv.frontends.handlers.moving import moved
from dsconv.frontends.handlers.shuffles import shuffle
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.rearrange import permutation
from dsconv.frontends.onnx_file.view import View


def read_transpose(reader: Reader, node: Node) -> Value:
    """New dimensions where no byte moves, channels shuffled in groups, or blocks moved."""
    value = reader.value(node)
    if not isinstance(value, Integers | Dequantised | PendingLayer):
        return common.read_rearrangement(reader, node)
    view = value.view
    order = permutation(node, len(view.shape))
    if view.axes_of_dimensions() is not None:
        return common.read_rearrangement(reader, node)
    shuffled = view.shuffled(order) or _rotated_vector(view, order)
    if shuffled is not None:
        return moved(reader, node, [0], lambda parts: shuffle(node, parts[0], *shuffled))
    blocks = blocks_of(view, order)
    if blocks is not None:
        return moved(reader, node, [0], lambda parts: blocks(node, parts[0]))
    return common.read_rearrangement(reader, node)


def _rotated_vector(view: View, order: Sequence[int]) -> tuple[int, View] | None:
    """Groups of a vector's values that permuted dimensions take in turns, and how they are read.

    None for other activations, and where the first dimensions do not just become the last ones.
    """
    if view.sizes[2:] != (1, 1):
        return None
    long = [dimension for dimension in order if view.shape[dimension] > 1]
    before = sorted(dimension for dimension in long if dimension < long[0])
    if long != [*sorted(set(long) - set(before)), *before]:
        return None
    groups = prod(view.shape[dimension] for dimension in before)
    return groups, View.plain(view.sizes, tuple(view.shape[dimension] for dimension in order))
