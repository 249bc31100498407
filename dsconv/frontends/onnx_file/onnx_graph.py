"""A read-only view of an ONNX graph: live nodes in order of evaluation, constants, consumers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import AttributeProto, TensorProto, ValueInfoProto, numpy_helper

from dsconv.errors import ModelError
from dsconv.frontends.onnx_file.view import Shape
from dsconv.frontends.tflite_file.onnx_writer import CHANNELS_DENOTATION

Array = npt.NDArray[Any]
AttributeValue = int | float | str | tuple[int, ...] | tuple[float, ...] | Array

STANDARD_DOMAINS = ("", "ai.onnx", "com.microsoft")
INPUT_DTYPES: dict[int, str] = {
    TensorProto.FLOAT: "float32",
    TensorProto.UINT8: "uint8",
    TensorProto.INT8: "int8",
}


@dataclass(frozen=True)
class Node:
    """One ONNX node. `op_type` carries the domain where that is neither ONNX's nor Microsoft's."""

    name: str
    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]

    @property
    def title(self) -> str:
        """Name and operation, as in messages."""
        return f"node '{self.name or self.outputs[0]}' ({self.op_type})"

    @property
    def single_outputs(self) -> tuple[Node, ...]:
        """A Split as nodes of one output each, `part` of `parts`; any other node as it is."""
        if self.op_type != "Split":
            return (self,)
        return tuple(
            replace(
                self,
                outputs=(output,),
                attributes={**self.attributes, "part": part, "parts": len(self.outputs)},
            )
            for part, output in enumerate(self.outputs)
        )

    def problem(self, reason: str, advice: str = "") -> ModelError:
        """An error that names this node."""
        return ModelError(f"{self.title}: {reason}" + (f"; {advice}" if advice else ""))

    def has_input(self, index: int) -> bool:
        """Whether an optional input is given."""
        return index < len(self.inputs) and self.inputs[index] != ""

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise self.problem(f"attribute '{name}' is an integer")
        return value

    def real(self, name: str, default: float) -> float:
        """A number attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | float):
            raise self.problem(f"attribute '{name}' is a number")
        return value

    def text(self, name: str, default: str) -> str:
        """A string attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            raise self.problem(f"attribute '{name}' is a string")
        return value

    def integers(self, name: str) -> tuple[int, ...] | None:
        """A list of integers, None where it is absent."""
        value = self.attributes.get(name)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(item, int) for item in value):
            raise self.problem(f"attribute '{name}' is a list of integers")
        return tuple(int(item) for item in value)


@dataclass(frozen=True)
class GraphInput:
    """An input of the network: place, ONNX name, static shape, numpy name of its elements.

    `is_channels_last` says that the file denotes its last dimension as channels.
    """

    position: int
    name: str
    shape: Shape
    dtype: str
    is_channels_last: bool


class OnnxGraph:
    """The graph of a model. Raises `ModelError` for graphs that are broken or have cycles."""

    def __init__(self, model: onnx.ModelProto):
        graph = model.graph
        self.initializers = {_text(tensor.name): tensor for tensor in graph.initializer}
        if graph.sparse_initializer:
            raise ModelError("the model has sparse initializers; make them dense")
        self.inputs = tuple(
            _graph_input(position, value)
            for position, value in enumerate(graph.input)
            if _text(value.name) not in self.initializers
        )
        self.outputs = tuple(_text(value.name) for value in graph.output)
        self.channels_last = {
            _text(value.name): tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
            for value in graph.value_info
            if _denotes_channels_last(value)
        }
        """Shapes of the tensors that the file denotes so, but for inputs and outputs."""
        if not self.outputs:
            raise ModelError("the model has no output")
        self._producers = self._index([_node(proto) for proto in graph.node])
        self.nodes = self._live_nodes()

    def _index(self, nodes: Iterable[Node]) -> dict[str, Node]:
        known = {*self.initializers, *(value.name for value in self.inputs)}
        producers: dict[str, Node] = {}
        for node in nodes:
            for output in filter(None, node.outputs):
                if output in producers or output in known:
                    raise node.problem(f"output '{output}' is defined twice")
                producers[output] = node
        return producers

    def _live_nodes(self) -> tuple[Node, ...]:
        """Nodes that outputs depend on, each after those it depends on."""
        order: list[Node] = []
        finished: set[str] = set()
        for output in self.outputs:
            self._check_defined(output, "the graph's outputs")
            stack = [(output, False)]
            open_outputs: set[str] = set()
            while stack:
                tensor, expanded = stack.pop()
                node = self._producers.get(tensor)
                if node is None or node.outputs[0] in finished:
                    continue
                key = node.outputs[0]
                if expanded:
                    finished.add(key)
                    open_outputs.discard(key)
                    order.append(node)
                    continue
                if key in open_outputs:
                    raise node.problem("depends on its own result: the graph has a cycle")
                open_outputs.add(key)
                stack.append((tensor, True))
                for source in filter(None, node.inputs):
                    self._check_defined(source, node.title)
                    stack.append((source, False))
        return tuple(order)

    def _check_defined(self, tensor: str, user: str) -> None:
        is_input = any(value.name == tensor for value in self.inputs)
        if not is_input and tensor not in self._producers and tensor not in self.initializers:
            raise ModelError(f"{user}: tensor '{tensor}' is not defined anywhere in the graph")

    @cached_property
    def consumers(self) -> dict[str, list[Node]]:
        """Live nodes by the tensors they take."""
        consumers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for tensor in filter(None, node.inputs):
                consumers.setdefault(tensor, []).append(node)
        return consumers

    def quantised_constant(self, name: str) -> Array | None:
        """The array of a constant, or the integers that a constant is dequantised from."""
        producer = self._producers.get(name)
        if producer is not None and producer.op_type == "DequantizeLinear":
            return self.constant(producer.inputs[0])
        return self.constant(name)

    def producer(self, name: str) -> Node | None:
        """The node that makes a tensor."""
        return self._producers.get(name)

    def constant(self, name: str) -> Array | None:
        """The array of an initializer or a Constant node, None for any other tensor."""
        if name in self.initializers:
            return _array(self.initializers[name])
        producer = self._producers.get(name)
        if producer is None or producer.op_type != "Constant":
            return None
        return constant_node_array(producer)


def constant_node_array(node: Node) -> Array:
    """The value of a Constant node."""
    if len(node.attributes) != 1:
        raise node.problem("a Constant has exactly one value")
    ((kind, value),) = node.attributes.items()
    if isinstance(value, str):
        raise node.problem(f"constants of kind {kind} are not supported")
    if isinstance(value, np.ndarray):
        return value
    return np.asarray(value, np.int64 if kind.startswith("value_int") else np.float32)


def _text(name: str | bytes) -> str:
    """A name of the file. Protobuf gives bytes where it is not UTF-8."""
    if isinstance(name, bytes):
        raise ModelError(f"the file is broken: {name!r} stands where a name should")
    return name


def _node(proto: onnx.NodeProto) -> Node:
    name, op_type, domain = _text(proto.name), _text(proto.op_type), _text(proto.domain)
    if domain not in STANDARD_DOMAINS:
        op_type = f"{domain}.{op_type}"
    inputs, outputs = tuple(map(_text, proto.input)), tuple(map(_text, proto.output))
    if not outputs or not outputs[0]:
        raise ModelError(f"node '{name}' ({op_type}) has no output")
    node = Node(name, op_type, inputs, outputs, {})
    attributes = {_text(item.name): _attribute(node, item) for item in proto.attribute}
    return replace(node, attributes=attributes)


def _attribute(node: Node, attribute: AttributeProto) -> AttributeValue:
    match attribute.type:
        case AttributeProto.INT:
            return attribute.i
        case AttributeProto.FLOAT:
            return attribute.f
        case AttributeProto.STRING:
            return attribute.s.decode("utf-8", "replace")
        case AttributeProto.INTS:
            return tuple(attribute.ints)
        case AttributeProto.FLOATS:
            return tuple(attribute.floats)
        case AttributeProto.TENSOR:
            return _array(attribute.t)
        case _:
            raise node.problem(
                f"attribute '{attribute.name}' is a graph, a list of tensors or broken"
            )


def _array(tensor: TensorProto) -> Array:
    if tensor.data_location == TensorProto.EXTERNAL:
        raise ModelError(
            f"tensor '{tensor.name}' has its data in another file; "
            "import the model by its path, with that file beside it"
        )
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"tensor '{tensor.name}' cannot be read: {error}") from error


def _graph_input(position: int, value: ValueInfoProto) -> GraphInput:
    tensor = value.type.tensor_type
    if tensor.elem_type not in INPUT_DTYPES:
        raise ModelError(
            f"input '{value.name}' has elements of ONNX type {tensor.elem_type}; "
            "float32, uint8 and int8 are supported"
        )
    return GraphInput(
        position,
        value.name,
        _static_shape(value),
        INPUT_DTYPES[tensor.elem_type],
        _denotes_channels_last(value),
    )


def _denotes_channels_last(value: ValueInfoProto) -> bool:
    dimensions = value.type.tensor_type.shape.dim
    return bool(dimensions) and dimensions[-1].denotation == CHANNELS_DENOTATION


def _static_shape(value: ValueInfoProto) -> Shape:
    """Shape of an input, a symbolic batch taken as 1."""
    dimensions = value.type.tensor_type.shape.dim
    if not dimensions:
        raise ModelError(f"input '{value.name}' has no shape; give it a static one")
    sizes = [dimension.dim_value for dimension in dimensions]
    if not dimensions[0].HasField("dim_value"):
        sizes[0] = 1
    for index, (size, dimension) in enumerate(zip(sizes, dimensions, strict=True)):
        if size < 1:
            symbol = dimension.dim_param or size
            raise ModelError(
                f"input '{value.name}': dimension {index} is dynamic or empty ({symbol}); fix it, "
                "for example with onnxruntime.tools.make_dynamic_shape_fixed"
            )
    return tuple(sizes)
