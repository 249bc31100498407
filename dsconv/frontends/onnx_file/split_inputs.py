"""Float inputs that a file quantises in several ways: an input of the network for each of them."""

from __future__ import annotations

import onnx

from dsconv.frontends.onnx_file.onnx_graph import GraphInput, Node, OnnxGraph


def with_inputs_quantised_once(model: onnx.ModelProto) -> tuple[onnx.ModelProto, dict[str, str]]:
    """The model with such inputs taken apart, and the input that each of their parts is.

    A model without them is returned as it is.
    """
    graph = OnnxGraph(model)
    ways = {
        source.name: found
        for source in graph.inputs
        if len(found := _ways_to_quantise(graph, source)) > 1
    }
    if not ways:
        return model, {}
    split = onnx.ModelProto()
    split.CopyFrom(model)
    names = {name for node in model.graph.node for name in (*node.input, *node.output)}
    parts: dict[str, str] = {}
    renamed: dict[str, str] = {}
    del split.graph.input[:]
    for value in model.graph.input:
        for quantised in ways.get(value.name, [[]]):
            port = split.graph.input.add()
            port.CopyFrom(value)
            if quantised:
                port.name = _new_name(value.name, names)
                names.add(port.name)
                parts[port.name] = value.name
                renamed |= dict.fromkeys(quantised, port.name)
    for node in split.graph.node:
        if node.output[0] in renamed:
            node.input[0] = renamed[node.output[0]]
    return split, parts


def _ways_to_quantise(graph: OnnxGraph, source: GraphInput) -> list[list[str]]:
    """What alike QuantizeLinear nodes make of a float input; nothing where others read it."""
    consumers = graph.consumers.get(source.name, [])
    if source.dtype != "float32" or source.name in graph.outputs:
        return []
    ways: dict[object, list[str]] = {}
    for node in consumers:
        if node.op_type != "QuantizeLinear" or node.inputs[0] != source.name:
            return []
        ways.setdefault(_parameters(graph, node), []).append(node.outputs[0])
    return list(ways.values())


def _parameters(graph: OnnxGraph, node: Node) -> tuple[object, ...]:
    """Scale and zero point, or the tensors that they are."""
    arrays = ((name, graph.constant(name)) for name in node.inputs[1:])
    return tuple(
        name if array is None else (array.dtype, array.tobytes()) for name, array in arrays
    )


def _new_name(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
