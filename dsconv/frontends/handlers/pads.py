"""Values around an activation: a constant, or the activation's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import PadOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    Constant,
    Integers,
    MovingLayer,
    ScaledConstant,
    Value,
    with_view,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.channels import with_channels
from dsconv.frontends.handlers.gathers import all_gathered, gathered
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.windows import windowed_view
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.pads import read_pads
from dsconv.frontends.onnx_file.view import View

Mode = Literal["edge", "reflect", "wrap"]
MODES: tuple[Mode, ...] = ("edge", "reflect", "wrap")
"""With these an activation is padded with its own values, as numpy does it."""


def read_pad(reader: Reader, node: Node) -> Value:
    """Channels, rows and columns of one value, or of its own; padding of a Conv where that is 0."""
    named = node.text("mode", "constant")
    for mode in MODES:
        if mode == named:
            return moved(reader, node, [0], partial(_extended, reader, node, mode))
    if named != "constant":
        raise node.problem(f"pads by mode '{named}'", f"constant, {', '.join(MODES)} are supported")
    value = reader.value(node)
    integers = value if isinstance(value, Integers) else None
    real = _pad_value(reader, node, integers)
    return moved(reader, node, [0], lambda parts: _padded(reader, node, parts[0], real))


def _extended(reader: Reader, node: Node, mode: Mode, parts: Sequence[Part]) -> MovingLayer:
    """The values of rows and columns near the edges, or behind the other edge, around them."""
    (part,) = parts
    shape = part.view.shape
    around = list(zip(*read_pads(node, len(shape), reader.constant), strict=True))
    places: dict[int, list[int]] = {}
    for axis, (before, behind) in enumerate(around):
        most = shape[axis] - (mode == "reflect")
        if min(before, behind) < 0 or (mode != "edge" and max(before, behind) > most):
            raise node.problem(f"pads {before} and {behind} around {shape[axis]} by mode '{mode}'")
        if before or behind:
            places[axis] = np.pad(np.arange(shape[axis]), (before, behind), mode=mode).tolist()
    return all_gathered(node, part, places)


def _pad_value(reader: Reader, node: Node, integers: Integers | None) -> float:
    """The value in reals."""
    if not node.has_input(2):
        value = node.real("value", 0.0)
    else:
        constant = reader.value(node, 2)
        if not isinstance(constant, Constant | ScaledConstant):
            raise node.problem("its value is not constant")
        array = constant.real if isinstance(constant, ScaledConstant) else constant.array
        if array.size != 1 or np.isnan(array).any():
            raise node.problem("its value is not one number")
        value = float(array.reshape(-1)[0])
    meaning = None if integers is None else integers.quantisation
    return value if meaning is None else (value - meaning.zero_point) * meaning.scale


def _padded(reader: Reader, node: Node, part: Part, real: float) -> MovingLayer:
    """The pads of stored axes; dimensions may read them in any order. Negative ones take off."""
    before, behind = read_pads(node, len(part.view.shape), reader.constant)
    for axis, (first, last) in enumerate(zip(before, behind, strict=True)):
        if min(first, last) < 0:
            kept = range(max(-first, 0), part.view.shape[axis] - max(-last, 0))
            if not kept:
                raise node.problem(f"pads {before + behind} of {list(part.view.shape)}")
            part = gathered(node, part, axis, kept)
    before, behind = ([max(pad, 0) for pad in pads] for pads in (before, behind))
    if isinstance(part, MovingLayer) and part.node is node and not any(before + behind):
        return part
    shape = tuple(map(sum, zip(part.view.shape, before, behind, strict=True)))
    begin_view = part.view.resized(tuple(map(sum, zip(part.view.shape, before, strict=True))))
    view = part.view.resized(shape)
    if begin_view is None or view is None:
        raise node.problem(
            f"pads {before + behind} of {list(part.view.shape)}; whole channels, rows and columns "
            "can be added"
        )
    sizes = part.view.sizes
    begins = [new - old for new, old in zip(begin_view.sizes, sizes, strict=True)]
    ends = [new - old for new, old in zip(view.sizes, begin_view.sizes, strict=True)]
    if begins[0] or ends[0]:
        raise node.problem(f"pads {before + behind}; the batch cannot be added to")
    stored = with_view(part, lambda view: View.plain(view.sizes))
    return replace(_padded_axes(node, stored, begins, ends, real), view=view)


def _padded_axes(
    node: Node, part: Part, begins: Sequence[int], ends: Sequence[int], real: float
) -> MovingLayer:
    """An activation N, C, H, W with channels, rows and columns around it."""
    if begins[1] or ends[1]:
        own = range(part.view.sizes[1])
        part = with_channels(node, part, [*[None] * begins[1], *own, *[None] * ends[1]], real)
        if not any((*begins[2:], *ends[2:])):
            return part
    window = WindowAttr.of((1, 1), pads=(*begins[2:], *ends[2:]))
    return MovingLayer(
        node,
        windowed_view(part.view, part.view.sizes[1], window),
        UNBOUNDED,
        (part,),
        lambda values, result, _, value: PadOp(UNLABELLED, values[0], window.pads, value, result),
        real,
    )
