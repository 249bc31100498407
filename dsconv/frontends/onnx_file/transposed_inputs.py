"""Inputs that a file transposes to an order which is neither NCHW nor NHWC."""

from __future__ import annotations

import onnx

from dsconv.errors import ModelError
from dsconv.frontends.onnx_file.onnx_graph import Node, OnnxGraph
from dsconv.frontends.onnx_file.rearrange import REARRANGING, rearranged
from dsconv.frontends.onnx_file.view import Shape, View, is_in_a_layout

QUANTISING = {"QuantizeLinear", "DequantizeLinear"}
TAKE_NCHW = {
    *("AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose"),
    *("GlobalAveragePool", "GlobalMaxPool", "MaxPool"),
    *("QLinearAveragePool", "QLinearConv", "QLinearGlobalAveragePool"),
}
"""Layers that take N, C, H, W and nothing else."""


def is_transposed(graph: OnnxGraph, tensor: str, shape: Shape) -> bool:
    """Whether what takes a tensor is a layer that needs it in an order that no layout has."""
    return bool(_path(graph, tensor, shape))


def with_transposes_first(model: onnx.ModelProto, tensor: str, shape: Shape) -> onnx.ModelProto:
    """The model with such transposes of a tensor in front of the QuantizeLinear before them.

    Both commute. A model without them is returned as it is.
    """
    path = _path(OnnxGraph(model), tensor, shape)
    if any(node.op_type in QUANTISING for node in path):
        return _moved_first(model, tensor, path)
    return model


def _path(graph: OnnxGraph, tensor: str, shape: Shape) -> list[Node]:
    """What quantises a tensor and renames its dimensions, where that makes another order of it."""
    nodes: list[Node] = []
    view = View.plain(shape)
    while len(consumers := graph.consumers.get(tensor, [])) == 1 and tensor not in graph.outputs:
        node = consumers[0]
        if node.op_type in REARRANGING:
            try:
                view = rearranged(node, view, graph.constant)
            except ModelError:  # which the handler of the node raises again
                return []
            view = View.plain(view.shape, view.shape) if view.is_plain else view
        elif node.op_type not in QUANTISING:
            break
        nodes.append(node)
        tensor = node.outputs[0]
    takers = graph.consumers.get(tensor, [])
    is_image = _is_image(view) and all(node.op_type in TAKE_NCHW for node in takers)
    if is_in_a_layout(view) or not is_image:
        return []
    while nodes[-1].op_type not in REARRANGING:
        del nodes[-1]
    return nodes


def _is_image(view: View) -> bool:
    """Whether no dimension holds several axes, as those of shuffled channels do."""
    dimensions = view.axes_of_dimensions()
    return dimensions is not None and all(len(axes) <= 1 for axes in dimensions)


def _moved_first(model: onnx.ModelProto, start: str, path: list[Node]) -> onnx.ModelProto:
    """The nodes of a path in another order: those that rearrange, then those that quantise."""
    moving = [node for node in path if node.op_type in REARRANGING]
    ordered = [*moving, *(node for node in path if node.op_type in QUANTISING)]
    by_output = {node.output[0]: node for node in model.graph.node}
    protos: list[onnx.NodeProto] = []
    tensor = start
    for number, node in enumerate(ordered):
        proto = onnx.NodeProto()
        proto.CopyFrom(by_output[node.outputs[0]])
        proto.input[0] = tensor
        is_last = number == len(ordered) - 1
        proto.output[0] = path[-1].outputs[0] if is_last else f"{start}/{number}"
        tensor = proto.output[0]
        protos.append(proto)
    moved = {node.outputs[0] for node in path}
    result = onnx.ModelProto()
    result.CopyFrom(model)
    del result.graph.node[:]
    del result.graph.value_info[:]
    others = [node for node in model.graph.node if node.output[0] not in moved]
    constants = [node for node in others if node.op_type == "Constant"]
    rest = [node for node in others if node.op_type != "Constant"]
    result.graph.node.extend([*constants, *protos, *rest])
    return result
