"""What a file does to a float input before it quantises it, which the caller does instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx
from onnx import helper

from dsconv.frontends.onnx_file.onnx_graph import GraphInput, Node, OnnxGraph
from dsconv.frontends.onnx_file.rearrange import REARRANGING, new_shape, permutation
from dsconv.frontends.onnx_file.view import Shape

ELEMENTWISE = {"Add", "BatchNormalization", "Div", "Mul", "Sub"}


def without_preprocessing(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[str]]:
    """The model from where its inputs are ready to be quantised, and notes on what is left out.

    That are sums, products and normalisations with constants, such as a Sub of a mean and a Div,
    and what rearranges the input before them. A model without them is returned as it is.
    """
    graph = OnnxGraph(model)
    found = {
        source.name: steps
        for source in graph.inputs
        if source.dtype == "float32" and (steps := _preprocessing(graph, source))
    }
    if not found:
        return model, []
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    left_out = {step.result for steps in found.values() for step in steps}
    del rest.graph.node[:]
    rest.graph.node.extend(node for node in model.graph.node if node.output[0] not in left_out)
    for value in rest.graph.input:
        if value.name in found:
            last = found[value.name][-1]
            element = value.type.tensor_type.elem_type
            value.CopyFrom(helper.make_tensor_value_info(last.result, element, last.shape))
    return rest, [_note(name, steps) for name, steps in found.items()]


@dataclass(frozen=True)
class _Step:
    """A node that the caller does, and the shape of its result."""

    node: Node
    shape: Shape

    @property
    def result(self) -> str:
        return self.node.outputs[0]


def _note(name: str, steps: list[_Step]) -> str:
    operations = ", ".join(step.node.op_type for step in steps)
    return (
        f"input '{name}': {operations} left to the caller, who gives '{steps[-1].result}' instead"
    )


def _preprocessing(graph: OnnxGraph, source: GraphInput) -> list[_Step]:
    """What stands between an input and its QuantizeLinear, up to the last step that computes."""
    steps = list(_steps(graph, source))
    while steps and steps[-1].node.op_type in REARRANGING:
        del steps[-1]
    return steps if steps and _is_quantised(graph, steps[-1].result) else []


def _steps(graph: OnnxGraph, source: GraphInput) -> Iterator[_Step]:
    """What is done to an input by nodes each of which is the only one to take what it takes."""
    tensor, shape = source.name, source.shape
    while len(consumers := graph.consumers.get(tensor, [])) == 1 and tensor not in graph.outputs:
        (node,) = consumers
        if node.op_type == "Transpose":
            shape = tuple(shape[axis] for axis in permutation(node, len(shape)))
        elif node.op_type in REARRANGING:
            shape = new_shape(node, shape, graph.constant)
        elif node.op_type not in ELEMENTWISE or not _keeps_shape(graph, node, tensor, shape):
            return
        yield _Step(node, shape)
        tensor = node.outputs[0]


def _keeps_shape(graph: OnnxGraph, node: Node, tensor: str, shape: Shape) -> bool:
    """Whether everything else that a node takes is constant and no larger than the tensor."""
    others = [graph.constant(name) for name in node.inputs if name != tensor]
    if len(node.outputs) > 1 or any(other is None for other in others):
        return False
    return node.op_type == "BatchNormalization" or all(
        other is not None and _fits(other.shape, shape) for other in others
    )


def _fits(constant: Shape, shape: Shape) -> bool:
    sizes = zip(constant[::-1], shape[::-1], strict=False)
    return len(constant) <= len(shape) and all(size in (1, whole) for size, whole in sizes)


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
