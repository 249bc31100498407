"""What a file does to a float input before it quantises it, which the caller does instead."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from dsconv.frontends.onnx_graph import GraphInput, Node, OnnxGraph
from dsconv.frontends.rearrange import REARRANGING

ELEMENTWISE = {"Add", "BatchNormalization", "Div", "Mul", "Sub"}


def without_preprocessing(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[str]]:
    """The model from where its inputs are ready to be quantised, and notes on what is left out.

    That are sums, products and normalisations with constants, such as a Sub of a mean and a Div.
    A model without them is returned as it is.
    """
    graph = OnnxGraph(model)
    found = {
        source.name: nodes
        for source in graph.inputs
        if source.dtype == "float32" and (nodes := _preprocessing(graph, source))
    }
    if not found:
        return model, []
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    left_out = {node.outputs[0] for nodes in found.values() for node in nodes}
    del rest.graph.node[:]
    rest.graph.node.extend(node for node in model.graph.node if node.output[0] not in left_out)
    for value in rest.graph.input:
        if value.name in found:
            value.name = found[value.name][-1].outputs[0]
    return rest, [_note(name, nodes) for name, nodes in found.items()]


def _note(name: str, nodes: list[Node]) -> str:
    steps = ", ".join(node.op_type for node in nodes)
    return f"input '{name}': {steps} left to the caller, who gives '{nodes[-1].outputs[0]}' instead"


def _preprocessing(graph: OnnxGraph, source: GraphInput) -> list[Node]:
    """The operations with constants that stand between an input and its QuantizeLinear."""
    nodes: list[Node] = []
    tensor = source.name
    for node in _only_consumers(graph, tensor):
        if node.op_type not in ELEMENTWISE or not _keeps_shape(graph, node, tensor, source):
            break
        nodes.append(node)
        tensor = node.outputs[0]
    return nodes if nodes and _is_quantised(graph, tensor) else []


def _only_consumers(graph: OnnxGraph, tensor: str) -> Iterator[Node]:
    """The node that takes a tensor, the one that takes its result, as long as there is just one."""
    while len(consumers := graph.consumers.get(tensor, [])) == 1 and tensor not in graph.outputs:
        (node,) = consumers
        yield node
        tensor = node.outputs[0]


def _keeps_shape(graph: OnnxGraph, node: Node, tensor: str, source: GraphInput) -> bool:
    """Whether everything else that a node takes is constant and no larger than the input."""
    if len(node.outputs) > 1:
        return False
    others = [graph.constant(name) for name in node.inputs if name != tensor]
    if node.op_type == "BatchNormalization":
        return all(other is not None for other in others)
    return all(
        other is not None
        and other.ndim <= len(source.shape)
        and all(
            size in (1, whole)
            for size, whole in zip(other.shape[::-1], source.shape[::-1], strict=False)
        )
        for other in others
    )


def _is_quantised(graph: OnnxGraph, tensor: str) -> bool:
    """Whether nothing but a QuantizeLinear takes a tensor, rearranged or not."""
    tensors = [tensor]
    while tensors:
        tensor = tensors.pop()
        consumers = graph.consumers.get(tensor, [])
        if tensor in graph.outputs or not consumers:
            return False
        for node in consumers:
            if node.op_type in REARRANGING:
                tensors.append(node.outputs[0])
            elif node.op_type != "QuantizeLinear":
                return False
    return True
