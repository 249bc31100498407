"""How an input of a file reads as N, C, H, W, which the first layer that takes it tells."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dsconv.errors import ModelError
from dsconv.frontends.core.channels_last import (
    channels_first,
    takes_channels_last,
    turned_to_nchw,
)
from dsconv.frontends.onnx_file.onnx_graph import Array, GraphInput, Node, OnnxGraph
from dsconv.frontends.onnx_file.pads import read_pads
from dsconv.frontends.onnx_file.rearrange import REARRANGING, permutation, rearranged
from dsconv.frontends.onnx_file.transposed_inputs import TAKE_NCHW
from dsconv.frontends.onnx_file.view import (
    Shape,
    View,
    channels_last_view,
    nchw_view_of_input,
)

Constants = Callable[[str], Array | None]

TAKE_ANY_DIMENSIONS = {"QuantizeLinear", "DequantizeLinear", "Identity", "Dropout"}
"""Operations that are no layers."""
RECUT = {*TAKE_ANY_DIMENSIONS, "Reshape", "Squeeze", "Unsqueeze"}
"""Operations that leave the order of values as it is."""
MULTIPLY_LAST = {"MatMul", "QLinearMatMul"}
"""Layers that take channels in their last dimension."""
VALUE_BY_VALUE = {"Add", "Cast", "Clip", "Div", "Max", "Min", "Mul", "Relu", "Sub"}
"""Layers that take any dimensions."""


@dataclass(frozen=True)
class _Read:
    """A tensor made of the input alone.

    `file_shape` is the input's shape with all Pads on the way, and `view` reads these dimensions as
    the tensor's. `is_behind_layers` tells whether more than its dimensions has changed.
    """

    file_shape: Shape
    view: View
    is_behind_layers: bool = False


def input_view(graph: OnnxGraph, source: GraphInput, constant: Constants) -> View:
    """The stored axes N, C, H, W of an input, and how the file's dimensions read them.

    Dimensions that cut channels for a shuffle are none of these. `constant` gives the array of a
    tensor, None where it is not constant. Raises `ModelError` where the input is no such
    activation.
    """
    if source.is_channels_last and len(source.shape) == 4 and source.shape[0] == 1:
        return channels_last_view(source.shape)
    denoted = _channels_last_behind(graph, source)
    if denoted is not None:
        return channels_last_view(denoted).reshaped(source.shape)
    for read in reversed(_reads(graph, source, constant)):
        named = nchw_view_of_input(read.view)
        if named is None:
            continue
        view = View(named.sizes, named.order, read.file_shape)
        if read.file_shape != source.shape:
            view = view.resized(source.shape)
        if view is not None:
            return view
    if source.shape[0] != 1:
        raise ModelError(
            f"input '{source.name}' has a batch of {source.shape[0]}; export with batch 1, and run "
            "the program once for each: dsconv run takes several at a time"
        )
    raise ModelError(
        f"input '{source.name}' of shape {list(source.shape)} does not become one "
        "activation 1xCxHxW"
    )


def _channels_last_behind(graph: OnnxGraph, source: GraphInput) -> Shape | None:
    """Dimensions N, H, W, C that the file denotes where it has only cut the input's anew."""
    tensor = source.name
    while (node := _first_consumer(graph, tensor)) and node.op_type in RECUT:
        tensor = node.outputs[0]
        shape = graph.channels_last.get(tensor)
        if shape is not None and len(shape) == 4 and shape[0] == 1:
            return shape
    return None


def _reads(graph: OnnxGraph, source: GraphInput, constant: Constants) -> list[_Read]:
    """Ways to read the input, the later the better.

    Behind layers that take any dimensions, they count where a layer takes N, C, H, W.
    """
    read = _Read(source.shape, View.plain(source.shape))
    reads, tensor = [read], source.name
    while node := _first_consumer(graph, tensor):
        if takes_channels_last(node):
            turned = channels_first(node, read.view)
            return [*reads, _Read(read.file_shape, turned, read.is_behind_layers)]
        if node.op_type in TAKE_NCHW:
            return reads
        if node.op_type in MULTIPLY_LAST and (turned := turned_to_nchw(read.view)) is not None:
            view = View.plain(turned.sizes) if turned.is_plain else turned
            return [*reads, _Read(read.file_shape, view, read.is_behind_layers)]
        following = _following(graph, node, tensor, read, constant)
        if following is None:
            break
        if following.view is not read.view:
            reads.append(following)
        read, tensor = following, node.outputs[0]
    return [known for known in reads if not known.is_behind_layers]


def _first_consumer(graph: OnnxGraph, tensor: str) -> Node | None:
    consumers = graph.consumers.get(tensor, [])
    return next((node for node in consumers if node.op_type != "Shape"), None)


def _following(
    graph: OnnxGraph, node: Node, tensor: str, read: _Read, constant: Constants
) -> _Read | None:
    """How the input reads behind a node; None where that tells nothing."""
    view = read.view
    if node.op_type in TAKE_ANY_DIMENSIONS:
        return read
    if node.op_type in VALUE_BY_VALUE and _keeps_shape(graph, node, tensor, view.shape):
        return _Read(read.file_shape, view, is_behind_layers=True)
    try:
        if node.op_type in REARRANGING:
            return _rearranged(node, read, constant)
        if node.op_type == "Pad":
            return _padded(node, read, constant)
    except ModelError:  # which the handler of the node raises again
        return None
    return None


def _rearranged(node: Node, read: _Read, constant: Constants) -> _Read | None:
    is_transpose = node.op_type == "Transpose"
    if is_transpose and read.view.transposed(permutation(node, len(read.view.shape))) is None:
        return None
    view = rearranged(node, read.view, constant)
    view = View.plain(view.shape, view.shape) if view.is_plain else view
    return _Read(read.file_shape, view, read.is_behind_layers)


def _padded(node: Node, read: _Read, constant: Constants) -> _Read | None:
    begins, ends = read_pads(node, len(read.view.shape), constant)
    shape = tuple(map(sum, zip(read.view.shape, begins, ends, strict=True)))
    view = read.view.resized(shape)
    if view is None:
        return None
    file_view = View.plain(read.file_shape, read.view.sizes).resized(view.sizes)
    return None if file_view is None else _Read(file_view.sizes, view, is_behind_layers=True)


def _keeps_shape(graph: OnnxGraph, node: Node, tensor: str, shape: Shape) -> bool:
    """Whether everything else that a node takes is constant, and no larger than the tensor."""
    for other in filter(None, node.inputs):
        if other == tensor:
            continue
        constant = graph.quantised_constant(other)
        if constant is None or not fits(constant.shape, shape):
            return False
    return True


def fits(constant: Shape, shape: Shape) -> bool:
    """Whether an array broadcasts over a shape and leaves it as it is."""
    sizes = zip(constant[::-1], shape[::-1], strict=False)
    return math.prod(constant) == 1 or (
        len(constant) <= len(shape) and all(size in (1, whole) for size, whole in sizes)
    )
