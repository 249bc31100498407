"""Walks an ONNX graph and gives every tensor a value; what a node means is a table of handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TypeAlias

import numpy as np
from xdsl.ir import SSAValue

from dsconv.errors import ModelError
from dsconv.frontends.arithmetic.real_factors import Arithmetic
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    Activation,
    Constant,
    ConvolutionLayer,
    Dequantised,
    FunctionOfSums,
    Integers,
    LeftToCaller,
    MatrixLayer,
    MaxPoolLayer,
    MovingLayer,
    PendingLayer,
    RealInput,
    RescaleLayer,
    ScaledConstant,
    ScaledLayer,
    Summand,
    SummingLayer,
    TableLayer,
    Value,
)
from dsconv.frontends.core.builder import NetworkBuilder, Output
from dsconv.frontends.core.input_view import input_view
from dsconv.frontends.core.kept_values import check_values, is_summing, kept_quantisation
from dsconv.frontends.onnx_file.network import ImportedNetwork, OnnxTensor
from dsconv.frontends.onnx_file.onnx_graph import Array, GraphInput, Node, OnnxGraph
from dsconv.frontends.onnx_file.preprocessing import Preparation
from dsconv.frontends.onnx_file.rearrange import REARRANGING
from dsconv.frontends.onnx_file.view import View

Handler: TypeAlias = Callable[["Reader", Node], Value]
QUANTISE_FIRST = (
    "quantise the whole network, for example with dsconv quantize or ONNX Runtime's quantize_static"
)
ACCUMULATORS = "int32"
CLIPPING = {"Clip", "Relu"}
QUANTISING = {"DequantizeLinear", "QuantizeLinear"}
TRANSPARENT = {"Identity", "Dropout"}
SHAPE_OPERATIONS = {
    "Cast",
    "Concat",
    "Constant",
    "Gather",
    "Shape",
    "Slice",
    "Squeeze",
    "Unsqueeze",
}
"""With these exporters compute what a Reshape takes."""
NORMALISATIONS = {
    *("GroupNormalization", "InstanceNormalization", "LayerNormalization", "LpNormalization"),
    *("LRN", "MeanVarianceNormalization", "RMSNormalization", "SimplifiedLayerNormalization"),
}
"""They divide by what the input itself says, which no integers of constant scales do."""
TRAILING = {
    "ArgMax",
    "ArgMin",
    "Cast",
    "Concat",
    "DequantizeLinear",
    "Gather",
    "LogSoftmax",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QuantizeLinear",
    "Sigmoid",
    "Softmax",
    *REARRANGING,
    *TRANSPARENT,
}


class Reader:
    """Evaluates the graph node by node. Handlers and arithmetic are those of the flavour."""

    def __init__(
        self,
        graph: OnnxGraph,
        handlers: Mapping[str, Handler],
        arithmetic: Arithmetic,
        left_out: Sequence[Preparation] = (),
    ):
        """`left_out` is what the caller does to inputs before the graph takes them."""
        self.graph = graph
        preparations = {known.result: known for known in left_out}
        self.builder = NetworkBuilder(arithmetic, preparations, self.note)
        self._handlers = handlers
        self._values: dict[str, Value] = {}
        self._notes = [known.note for known in left_out]

    def read(self, name: str, flavour: str) -> ImportedNetwork:
        """Imports the whole graph into a function `name`."""
        for source in self.graph.inputs:
            self._read_input(source)
        for node in chain.from_iterable(node.single_outputs for node in self.graph.nodes):
            self._values[node.outputs[0]] = self._read_node(node)
        return self.builder.finish(name, self._outputs(), self._notes, flavour)

    def note(self, text: str) -> None:
        """Tells the user something about the import, once."""
        if text not in self._notes:
            self._notes.append(text)

    def value(self, node: Node, index: int = 0) -> Value:
        """Value of a required input of a node."""
        if not node.has_input(index):
            raise node.problem(f"input {index} is missing")
        return self._tensor(node.inputs[index], node)

    def array(self, node: Node, index: int) -> Array:
        """A required constant input."""
        value = self.value(node, index)
        if not isinstance(value, Constant):
            raise node.problem(
                f"input {index} ('{node.inputs[index]}') is not a constant",
                "scales, zero points, weights and shapes have to be constant",
            )
        return value.array

    def remember(self, tensor: str, value: Value) -> None:
        """Replaces the value of a tensor by what a later node found it to be."""
        self._values[tensor] = value

    def constant(self, name: str) -> Array | None:
        """The array of a tensor that is constant, None for any other."""
        value = self._values.get(name)
        return value.array if isinstance(value, Constant) else self.graph.constant(name)

    def integers(self, node: Node, index: int = 0) -> Integers:
        """A required input that is a quantised activation, as bytes."""
        value = self.value(node, index)
        if isinstance(value, Integers) and value.dtype != ACCUMULATORS:
            return value
        raise self.wrong_input(node, value, "a quantised tensor")

    def sums(self, node: Node) -> LeftToCaller | None:
        """The first input as the int32 sums of the network's last layer, where it can be that."""
        value = self.value(node)
        if not isinstance(value, ScaledLayer) and not is_summing(value):
            return None
        last = self._last_layer(value, node.inputs[0])
        self.remember(node.inputs[0], last)
        return LeftToCaller(last.last, (*last.steps, node.op_type))

    def _last_layer(self, value: SummingLayer | ScaledLayer, tensor: str) -> LeftToCaller:
        """The sums of a layer that is not quantised, which the caller makes what it means."""
        if isinstance(value, ScaledLayer):
            return LeftToCaller(self._scaled_sums(value, tensor), ())
        if not isinstance(value, ConvolutionLayer | MatrixLayer):
            return LeftToCaller(self.builder.add_sums(value), ("DequantizeLinear",))
        clips = () if value.bounds == UNBOUNDED else ("Clip",)
        if value.bias_rests:
            self.note(
                f"output '{tensor}': its real bias is rounded to integers in units of input scale "
                "x weight scale"
            )
        sums = self.builder.add_accumulators(value, self._unclipped(value, tensor))
        return LeftToCaller(sums, ("DequantizeLinear", *clips))

    def _unclipped(self, layer: ConvolutionLayer | MatrixLayer, tensor: str) -> str | None:
        """The tensor of a layer before its bounds; None where something else stands between."""
        bounded = layer.bounds != UNBOUNDED
        while (node := self.graph.producer(tensor)) is not None and node.op_type in CLIPPING:
            tensor, bounded = node.inputs[0], False
        return None if bounded else tensor

    def _scaled_sums(self, value: ScaledLayer, tensor: str) -> Integers:
        sums, function = value.sums, value.function
        if not isinstance(sums, ConvolutionLayer | MatrixLayer) or not function.only_adds:
            raise value.node.problem(
                "its result is scaled but not clipped to 8 bits", "a Clip has to stand behind it"
            )
        layer = replace(sums, view=value.view, bias=sums.bias + np.asarray(function.addends))
        return self.builder.add_accumulators(layer, tensor)

    def dequantised(self, node: Node, index: int = 0) -> Dequantised:
        """A required input that is a quantised activation, read as reals."""
        value = self.value(node, index)
        if isinstance(value, Dequantised):
            return value
        if isinstance(value, MaxPoolLayer | MovingLayer | RescaleLayer):
            made = self._kept(value)
            if made is not None:
                self.remember(node.inputs[index], made)
                return made
        check_values(value)
        raise self.wrong_input(node, value, "a quantised activation")

    def addends(self, node: Node, index: int = 0) -> tuple[Dequantised, ...]:
        """A required input that is an activation, or a sum of several of other scales."""
        value = self.value(node, index)
        if (
            isinstance(value, MaxPoolLayer | MovingLayer | RescaleLayer)
            and kept_quantisation(value) is None
            and (found := self.builder.addends(value)) is not None
        ):
            return found
        return (self.dequantised(node, index),)

    def _kept(self, layer: MaxPoolLayer | MovingLayer | RescaleLayer) -> Dequantised | None:
        """The layer's result with the scale of what it takes, where it has no other values."""
        quantisation = kept_quantisation(layer)
        if quantisation is None:
            return None
        return Dequantised(self.builder.add_layer(layer, quantisation, None), quantisation)

    def summand(self, node: Node, index: int = 0) -> Summand:
        """A required input that is an activation, a function of one, or what a layer sums up."""
        value = self.value(node, index)
        if isinstance(value, TableLayer) or is_summing(value):
            return value
        if isinstance(value, RescaleLayer) and kept_quantisation(value) is None:
            return value
        return self.dequantised(node, index)

    def dequantise(self, integers: Integers, quantisation: Quantisation) -> Dequantised:
        """Reads bytes as reals."""
        self.builder.set_input_quantisation(integers, quantisation)
        return Dequantised(integers, quantisation)

    def activation(self, node: Node, index: int = 0) -> Activation:
        """A required input that is an activation in any form."""
        value = self.value(node, index)
        if isinstance(value, Constant | ScaledConstant | LeftToCaller):
            raise self.wrong_input(node, value, "an activation")
        return value

    def wrong_input(self, node: Node, value: Value, wanted: str) -> ModelError:
        """An error that says what an input is instead of `wanted`."""
        match value:
            case LeftToCaller():
                known = (step for step in value.steps if step not in QUANTISING)
                source = next(known, "a layer that is not quantised")
                return node.problem(
                    f"takes what comes from {source}, which is supported at the end only"
                )
            case PendingLayer() | ScaledLayer():
                return node.problem(
                    f"takes the result of {value.node.title}, which is not quantised: the two are "
                    "not computed as one layer",
                    "let the quantiser put a QuantizeLinear and a DequantizeLinear between them "
                    f"(with both {value.node.op_type} and {node.op_type} among its "
                    "op_types_to_quantize)",
                )
            case RealInput():
                return node.problem(
                    f"takes the float input '{value.source.name}', which is not quantised",
                    QUANTISE_FIRST,
                )
            case Integers():
                return node.problem(f"takes integers, not {wanted}", QUANTISE_FIRST)
            case Constant() | ScaledConstant():
                return node.problem(f"takes a constant, not {wanted}")
            case Dequantised():
                return node.problem(f"takes reals, not {wanted}")

    def _tensor(self, name: str, user: Node) -> Value:
        if name in self._values:
            return self._values[name]
        array = self.graph.constant(name)
        if array is None:
            raise user.problem(f"takes '{name}', which is not the first output of its node")
        return self._values.setdefault(name, Constant(array))

    def _read_node(self, node: Node) -> Value:
        behind = self._left_to_caller(node)
        if behind is not None:
            return behind
        if node.op_type in TRANSPARENT:
            return self.value(node)
        handler = self._handlers.get(node.op_type)
        if handler is None and node.op_type in NORMALISATIONS:
            raise node.problem(
                "divides by a deviation or a length of its input, for which there are no integers",
                "train with a BatchNormalization, whose deviation is constant, in its place",
            )
        if handler is None:
            supported = ", ".join(sorted({*self._handlers, *TRANSPARENT}))
            raise node.problem("this operation is not supported", f"supported are {supported}")
        return handler(self, node)

    def _left_to_caller(self, node: Node) -> LeftToCaller | None:
        """The value of a node behind the end of the network, where it is there."""
        if node.op_type not in TRAILING or not node.has_input(0):
            return None
        value = self.value(node)
        if not isinstance(value, LeftToCaller):
            return None
        steps = dict.fromkeys(value.steps)
        for index in range(1, len(node.inputs) if node.op_type == "Concat" else 1):
            part = self.value(node, index)
            if not isinstance(part, LeftToCaller) or part.last.value is not value.last.value:
                return None
            steps |= dict.fromkeys(part.steps)
        return LeftToCaller(value.last, (*steps, node.op_type))

    def _read_input(self, source: GraphInput) -> None:
        if not self.graph.consumers.get(source.name):
            self.note(f"input '{source.name}' is not used and left out")
            return
        view = input_view(self.graph, source, partial(self._constant_of_shape, source))
        self._values[source.name] = (
            RealInput(source, view, view)
            if source.dtype == "float32"
            else self.builder.add_input(source, view, OnnxTensor(source.name, view), source.dtype)
        )

    def _constant_of_shape(self, source: GraphInput, tensor: str) -> Array | None:
        """A constant, or what the file computes from the shape of an input that is not read yet."""
        known = dict(self._values)
        plain = View.plain(source.shape)
        self._values[source.name] = RealInput(source, plain, plain)
        try:
            self._read_shape_nodes(tensor)
            return self.constant(tensor)
        finally:
            self._values = known

    def _read_shape_nodes(self, tensor: str) -> None:
        """Reads what a tensor is made of, as far as that computes with shapes."""
        node = self.graph.producer(tensor)
        if tensor in self._values or node is None or node.op_type not in SHAPE_OPERATIONS:
            return
        for source in filter(None, node.inputs):
            self._read_shape_nodes(source)
        given = (name in self._values or self.constant(name) is not None for name in node.inputs)
        if all(given):
            self._values[tensor] = self._read_node(node)

    def _outputs(self) -> list[Output]:
        """Outputs of the network: one for each value, whatever the caller makes of it."""
        outputs: dict[SSAValue, Output] = {}
        for tensor in self.graph.outputs:
            output = self._output(tensor)
            known = outputs.setdefault(output.integers.value, output)
            if known is not output:
                steps = (*known.steps, *(step for step in output.steps if step not in known.steps))
                aliases = (*known.aliases, tensor)
                outputs[output.integers.value] = replace(known, steps=steps, aliases=aliases)
        return list(outputs.values())

    def _output(self, tensor: str) -> Output:
        value = self._values.get(tensor)
        match value:
            case Integers():
                return Output(tensor, value, ())
            case Dequantised():
                return self._float_output(tensor, value.meant, ("DequantizeLinear",))
            case LeftToCaller():
                return self._float_output(tensor, value.last, value.steps)
            case TableLayer():
                behind = value.left_to_caller()
                return self._float_output(tensor, behind.last, behind.steps)
            case FunctionOfSums(sums=sums):
                last = self._last_layer(sums, self._before(tensor, value.steps))
                return self._float_output(tensor, last.last, (*last.steps, *value.steps))
            case MaxPoolLayer() | MovingLayer() | RescaleLayer() if made := self._kept(value):
                return self._float_output(tensor, made.meant, ("DequantizeLinear",))
            case _ if isinstance(value, SummingLayer | ScaledLayer):
                last = self._last_layer(value, tensor)
                return self._float_output(tensor, last.last, last.steps)
            case PendingLayer():
                raise value.node.problem(
                    f"output '{tensor}' is float: its scale is not known",
                    "quantise the network's output too (a QuantizeLinear behind the last layer)",
                )
            case _:
                raise ModelError(f"output '{tensor}' does not come from a quantised layer")

    def _float_output(self, tensor: str, last: Integers, steps: tuple[str, ...]) -> Output:
        if last.dtype == ACCUMULATORS:
            self.note(f"output '{tensor}' comes from sums that are not quantised: given as int32")
        if steps:
            self.note(f"output '{tensor}': {', '.join(steps)} left to the caller")
        return Output(tensor, last, steps, reals=self._before(tensor, steps[1:]))

    def _before(self, tensor: str, steps: tuple[str, ...]) -> str:
        """The tensor of which operations make another one; that one where they need several."""
        found, open_tensors = set[str](), [tensor]
        while open_tensors:
            name = open_tensors.pop()
            node = self.graph.producer(name)
            if node is None or node.op_type not in steps:
                found.add(name)
                continue
            open_tensors += [x for x in node.inputs if x and self.constant(x) is None]
        return found.pop() if len(found) == 1 else tensor
