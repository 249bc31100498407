"""Handlers of operations that move values and change none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.handlers import common
from dsconv.frontends.handlers.blocks import read_depth_to_space, read_space_to_depth
from dsconv.frontends.handlers.channels import with_channels
from dsconv.frontends.handlers.concats import read_concat
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.quantisation import read_integers
from dsconv.frontends.handlers.resizes import read_expand, read_resize
from dsconv.frontends.handlers.slices import read_slice, read_split
from dsconv.frontends.handlers.transposes import read_transpose
from dsconv.frontends.handlers.windows import check_nchw, windowed_view
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.pads import read_pads
from dsconv.frontends.onnx_file.view import View


def read_pad(reader: Reader, node: Node) -> Value:
    """Channels, rows and columns of one value; padding of a Conv where that is 0."""
    if node.text("mode", "constant") != "constant":
        raise node.problem(f"pads by mode '{node.text('mode', '')}'; constant is supported")
    value = reader.value(node)
    integers = value if isinstance(value, Integers) else None
    real = _pad_value(reader, node, integers)
    return moved(reader, node, [0], lambda parts: _padded(reader, node, parts[0], real))


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
    """The pads of stored axes; dimensions may read them in any order."""
    before, behind = read_pads(node, len(part.view.shape), reader.constant)
    shape = tuple(map(sum, zip(part.view.shape, before, behind, strict=True)))
    begin_view = part.view.resized(tuple(map(sum, zip(part.view.shape, before, strict=True))))
    view = part.view.resized(shape)
    if begin_view is None or view is None or min(before + behind) < 0:
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


def read_gather(reader: Reader, node: Node) -> Value:
    """Channels of an activation in any order, or an element of a constant list, as of a shape."""
    if isinstance(reader.value(node), Constant):
        return common.read_gather(reader, node)
    return moved(reader, node, [0], lambda parts: _gathered(reader, node, parts[0]))


def _gathered(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    channels, indices = part.view.sizes[1], read_integers(reader, node, 1)
    is_list = reader.array(node, 1).ndim == 1 and indices
    if node.integer("axis", 0) not in (1, 1 - len(part.view.shape)) or not is_list:
        raise node.problem("takes something else than a list of channels")
    if not all(-channels <= index < channels for index in indices):
        raise node.problem(f"channels {indices} of {channels}")
    return with_channels(node, part, [index % channels for index in indices])


MOVEMENT_HANDLERS: dict[str, Handler] = {
    "Concat": read_concat,
    "DepthToSpace": read_depth_to_space,
    "Expand": read_expand,
    "Gather": read_gather,
    "Pad": read_pad,
    "Resize": read_resize,
    "Slice": read_slice,
    "SpaceToDepth": read_space_to_depth,
    "Split": read_split,
    "Transpose": read_transpose,
    "Upsample": read_resize,
}
