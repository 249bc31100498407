"""What a file does to an input before the network begins, which the caller does instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

from dsconv.frontends.onnx_file.onnx_graph import Array, GraphInput, Node, OnnxGraph
from dsconv.frontends.onnx_file.rearrange import REARRANGING
from dsconv.frontends.onnx_file.split_inputs import with_inputs_quantised_once
from dsconv.frontends.onnx_file.transposed_inputs import is_transposed, with_transposes_first
from dsconv.frontends.onnx_file.view import Shape

COMPUTING = {
    *("Add", "BatchNormalization", "Cast", "Clip", "Div", "Max", "Min", "Mul", "Pad", "Resize"),
    *("Sub", "Upsample"),
}


@dataclass(frozen=True)
class Preparation:
    """The first operations of a file on one of its inputs, left to the caller.

    `model` takes the input as the file has it and gives the last of `results`, of `shape`.
    """

    source: GraphInput
    steps: tuple[str, ...]
    results: tuple[str, ...]
    shape: Shape
    model: onnx.ModelProto

    @property
    def result(self) -> str:
        """The tensor that is quantised."""
        return self.results[-1]

    @property
    def note(self) -> str:
        """What is left to whom."""
        if not self.steps:
            return (
                f"input '{self.source.name}' is quantised in several ways: the caller gives "
                f"'{self.result}' for one of them; dsconv run and verify take it once"
            )
        return (
            f"input '{self.source.name}': {', '.join(self.steps)} left to the caller, who gives "
            f"'{self.result}' instead; dsconv run and verify do it to what they are given"
        )

    def apply(self, rows: Array) -> Array:
        """What comes of (n, shape in the file): (n, shape), computed as ONNX defines it."""
        from onnx.reference import ReferenceEvaluator

        evaluator = ReferenceEvaluator(self.model)
        results = [evaluator.run(None, {self.source.name: row}) for row in rows]
        return np.stack([np.asarray(found) for result in results for found in result])


def without_preprocessing(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[Preparation]]:
    """The model from where its inputs are ready to be quantised, and what is left out.

    That is whatever computes on a float input with constants, such as a Sub of a mean, a Clip or a
    Resize, and what rearranges the input before; and a transpose to an order that is neither NCHW
    nor NHWC. What is quantised in several ways is an input for each. A model without that is
    returned as it is.
    """
    rest, found = _without_first_steps(model)
    split, parts = with_inputs_quantised_once(rest)
    known = {preparation.result: preparation for preparation in found}
    sources = {source.name: source for source in OnnxGraph(rest).inputs} if parts else {}
    whole = [preparation for preparation in found if preparation.result not in parts.values()]
    return split, [
        *whole,
        *(_part(rest, sources[name], known.get(name), part) for part, name in parts.items()),
    ]


def _without_first_steps(model: onnx.ModelProto) -> tuple[onnx.ModelProto, list[Preparation]]:
    for source in OnnxGraph(model).inputs:
        model = with_transposes_first(model, *_computed(model, source))
    found = [
        _preparation(model, source, nodes)
        for source in OnnxGraph(model).inputs
        if (nodes := _preprocessing(model, source))
    ]
    if not found:
        return model, []
    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    left_out = {output for known in found for output in known.results}
    del rest.graph.node[:]
    rest.graph.node.extend(node for node in model.graph.node if node.output[0] not in left_out)
    by_name = {known.source.name: known for known in found}
    for value in rest.graph.input:
        if value.name in by_name:
            known = by_name[value.name]
            value.CopyFrom(_value(known.result, known.source, known.shape))
    return rest, found


def _preprocessing(model: onnx.ModelProto, source: GraphInput) -> list[Node]:
    """What stands between an input and its QuantizeLinear, up to the last step that computes.

    Where the network takes the result transposed to an order that no layout has, up to the last of
    all.
    """
    graph = OnnxGraph(model)
    if is_transposed(graph, *_computed(model, source)):
        return list(_nodes(graph, source.name))
    return _computing(graph, source)


def _computed(model: onnx.ModelProto, source: GraphInput) -> tuple[str, Shape]:
    """Name and shape of what comes of an input by all the steps that compute."""
    nodes = _computing(OnnxGraph(model), source)
    if not nodes:
        return source.name, source.shape
    preparation = _preparation(model, source, nodes)
    return preparation.result, preparation.shape


def _computing(graph: OnnxGraph, source: GraphInput) -> list[Node]:
    """What stands between a float input and its QuantizeLinear, up to the last that computes."""
    nodes = list(_nodes(graph, source.name))
    while nodes and nodes[-1].op_type in REARRANGING:
        del nodes[-1]
    if source.dtype != "float32" or not nodes:
        return []
    return nodes if _is_quantised(graph, nodes[-1].outputs[0]) else []


def _nodes(graph: OnnxGraph, tensor: str) -> Iterator[Node]:
    """What is done to an input by nodes each of which is the only one to take what it takes."""
    while tensor not in graph.outputs:
        consumers = graph.consumers.get(tensor, [])
        if len(consumers) != 1:
            return
        node = consumers[0]
        others = [name for name in node.inputs if name and name != tensor]
        known = all(graph.constant(name) is not None for name in others)
        (tensor, *more) = node.outputs
        if node.op_type not in {*COMPUTING, *REARRANGING} or more or not known:
            return
        yield node


def _preparation(model: onnx.ModelProto, source: GraphInput, nodes: list[Node]) -> Preparation:
    graph = OnnxGraph(model)
    results = tuple(node.outputs[0] for node in nodes)
    read = {name for node in nodes for name in node.inputs}
    constants = {name for name in read if (node := graph.producer(name)) and not node.inputs}
    initializers = [tensor for tensor in model.graph.initializer if tensor.name in read]
    kept: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.output[0] in results and node.op_type == "BatchNormalization":
            factor, addend = _normalisation(graph, nodes[results.index(node.output[0])])
            initializers += [factor, addend]
            product = f"{node.output[0]}/product"
            kept.append(helper.make_node("Mul", [node.input[0], factor.name], [product]))
            kept.append(helper.make_node("Add", [product, addend.name], [node.output[0]]))
        elif node.output[0] in {*results, *constants}:
            kept.append(node)
    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    part.graph.CopyFrom(
        helper.make_graph(
            kept,
            "preparation",
            [_value(source.name, source, source.shape)],
            [_value(results[-1], source, None)],
            initializers,
        )
    )
    steps = tuple(node.op_type for node in nodes)
    return Preparation(source, steps, results, _shape(part, nodes[-1]), part)


def _part(
    model: onnx.ModelProto, source: GraphInput, before: Preparation | None, name: str
) -> Preparation:
    """An input of the network that is another one under a name of its own."""
    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    if before is None:
        part.graph.name = "preparation"
        part.graph.input.add().CopyFrom(_value(source.name, source, source.shape))
    else:
        part.CopyFrom(before.model)
        del part.graph.output[:]
    part.graph.node.append(helper.make_node("Identity", [source.name], [name]))
    part.graph.output.add().CopyFrom(_value(name, source, None))
    if before is None:
        return Preparation(source, (), (name,), source.shape, part)
    return replace(before, results=(*before.results, name), model=part)


def _normalisation(graph: OnnxGraph, node: Node) -> tuple[onnx.TensorProto, onnx.TensorProto]:
    """Factor and addend of a BatchNormalization, in float32 as ONNX Runtime computes them.

    Before opset 14, ONNX's reference normalises by the statistics of the batch in its place.
    """
    scale, bias, mean, variance = (
        np.asarray(graph.constant(name), np.float32).reshape(-1, 1, 1) for name in node.inputs[1:]
    )
    factor = scale / np.sqrt(variance + np.float32(node.real("epsilon", 1e-5)))
    name = node.outputs[0]
    return (
        numpy_helper.from_array(factor, f"{name}/factor"),
        numpy_helper.from_array(bias - mean * factor, f"{name}/addend"),
    )


def _value(name: str, source: GraphInput, shape: Shape | None) -> onnx.ValueInfoProto:
    """A tensor of the type that an input has."""
    element = helper.np_dtype_to_tensor_dtype(np.dtype(source.dtype))
    return helper.make_tensor_value_info(name, element, shape)


def _shape(part: onnx.ModelProto, last: Node) -> Shape:
    """Shape of the result of a model, which has to be static."""
    try:
        inferred = shape_inference.infer_shapes(part, strict_mode=True, data_prop=True)
    except Exception as error:  # onnx has an exception of its own for each way to fail
        raise last.problem(f"its shape cannot be told: {error}") from error
    dimensions = inferred.graph.output[0].type.tensor_type.shape.dim
    sizes = tuple(dimension.dim_value for dimension in dimensions)
    if not sizes or min(sizes) < 1:
        raise last.problem("its shape is not static")
    return sizes


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
