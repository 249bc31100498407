"""Replaces depthwise layers of a float network by axial ones (FuSeConv, arXiv 2105.13434).

A KxK depthwise convolution becomes a 1xK one along rows and a Kx1 one along columns. **Half** gives
each a half of the channels; **full** gives both all of them, so that twice as many leave, and what
reads them grows. The new filters begin as sums of the old ones over the other axis: a start for
training, not the same function.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper, shape_inference
from xdsl.utils.str_enum import StrEnum

from dsconv.errors import ModelError

Weights = NDArray[Any]

SLICE_OPSET = 10
"""From which on a Slice takes its bounds as inputs."""

UNARY = {
    *("Relu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "LeakyRelu", "Tanh", "Identity"),
    *("GlobalAveragePool", "AveragePool", "MaxPool", "Flatten", "Dropout"),
}
"""Operations that treat every channel alike."""


class Variant(StrEnum):
    """Which channels the two filters get."""

    HALF = "half"
    FULL = "full"


def depthwise_layers(model: onnx.ModelProto) -> list[str]:
    """Names of the depthwise convolutions with a kernel of more than one row and column."""
    graph = _Graph.of(model)
    return [node.name for node in graph.model.graph.node if graph.is_square_depthwise(node)]


def larger_half(model: onnx.ModelProto) -> list[str]:
    """The half of the depthwise layers with the most outputs: what costs an array most."""
    graph = _Graph.of(model)
    nodes = [node for node in graph.model.graph.node if graph.is_square_depthwise(node)]
    ranked = sorted(nodes, key=lambda node: prod(graph.shapes[node.output[0]]), reverse=True)
    return [node.name for node in ranked[: len(nodes) // 2]]


def axial(
    model: onnx.ModelProto, variant: Variant, layers: Sequence[str] | None = None
) -> onnx.ModelProto:
    """The network with axial layers in place of the named depthwise ones, or of all of them.

    Raises ModelError where there is no such layer, or where the channels of a full layer reach an
    operation that cannot take twice as many.
    """
    graph = _Graph.of(model)
    known = [node.name for node in graph.model.graph.node if graph.is_square_depthwise(node)]
    chosen = known if layers is None else list(layers)
    for name in chosen:
        if name not in known:
            raise ModelError(
                f"'{name}' is no depthwise layer of several rows and columns of taps; there are "
                f"{', '.join(known)}"
            )
    for node in list(graph.model.graph.node):
        if node.name in chosen:
            graph.factorise(node, variant)
    if variant is Variant.FULL:
        graph.widen_readers()
    return graph.finished()


@dataclass(frozen=True)
class _Branch:
    """One of the two filters: its channels, and the axis (2 rows, 3 columns) that has one tap."""

    name: str
    channels: slice
    flat_axis: int


@dataclass
class _Graph:
    """A copy of a network while it is rewritten: shapes of its tensors, values of its constants."""

    model: onnx.ModelProto
    shapes: dict[str, tuple[int, ...]]
    constants: dict[str, Weights]
    nodes: dict[str, list[onnx.NodeProto]] = field(
        default_factory=lambda: defaultdict[str, list[onnx.NodeProto]](list)
    )
    doubled: set[str] = field(default_factory=set[str])

    @staticmethod
    def of(model: onnx.ModelProto) -> _Graph:
        """Names every node; raises ModelError for an opset without the operations that we write."""
        opset = max(
            entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")
        )
        if opset < SLICE_OPSET:
            raise ModelError(
                f"opset {opset} is too old; convert the model to {SLICE_OPSET} or later"
            )
        inferred = shape_inference.infer_shapes(model)
        for number, node in enumerate(inferred.graph.node):
            node.name = node.name or f"{node.op_type}_{number}"
        values = [*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output]
        shapes = {
            value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
            for value in values
        }
        constants = {
            value.name: numpy_helper.to_array(value) for value in inferred.graph.initializer
        }
        return _Graph(inferred, shapes, constants)

    def is_square_depthwise(self, node: onnx.NodeProto) -> bool:
        """Whether a node is a depthwise convolution over several rows and columns."""
        if node.op_type != "Conv" or node.input[1] not in self.constants:
            return False
        weights = self.constants[node.input[1]]
        return (
            weights.ndim == 4
            and weights.shape[1] == 1
            and _attributes(node).get("group", 1) == len(weights) == self.shapes[node.input[0]][1]
            and min(weights.shape[2:]) > 1
        )

    def factorise(self, node: onnx.NodeProto, variant: Variant) -> None:
        """Writes two branches and a concat in place of a depthwise layer."""
        channels = len(self.constants[node.input[1]])
        rows, columns = slice(0, channels), slice(0, channels)
        if variant is Variant.HALF:
            rows, columns = slice(0, ceil(channels / 2)), slice(ceil(channels / 2), channels)
        branches = [
            _Branch(f"{node.name}/rows", rows, 2),
            _Branch(f"{node.name}/columns", columns, 3),
        ]
        written = [part for branch in branches for part in self._branch(node, branch)]
        outputs, joined = [f"{branch.name}/output" for branch in branches], node.output[0]
        normalisation = self._normalisation(node)
        if normalisation is not None:
            parts = [self._normalised(normalisation, branch) for branch in branches]
            written += parts
            outputs, joined = [part.output[0] for part in parts], normalisation.output[0]
            self.model.graph.node.remove(normalisation)
        written.append(helper.make_node("Concat", outputs, [joined], f"{node.name}/concat", axis=1))
        place = list(self.model.graph.node).index(node)
        self.model.graph.node.remove(node)
        for offset, part in enumerate(written):
            self.model.graph.node.insert(place + offset, part)
        if variant is Variant.FULL:
            self.doubled.add(joined)

    def _normalisation(self, node: onnx.NodeProto) -> onnx.NodeProto | None:
        """The batch normalisation that alone reads what a layer makes."""
        readers = [other for other in self.model.graph.node if node.output[0] in other.input]
        if len(readers) != 1 or readers[0].op_type != "BatchNormalization":
            return None
        is_fixed = all(name in self.constants for name in readers[0].input[1:])
        is_output = any(value.name == node.output[0] for value in self.model.graph.output)
        return readers[0] if is_fixed and not is_output else None

    def _normalised(self, node: onnx.NodeProto, branch: _Branch) -> onnx.NodeProto:
        """The normalisation of one branch, so that it lies behind a convolution as before."""
        part = onnx.NodeProto()
        part.CopyFrom(node)
        part.name = f"{branch.name}/normalisation"
        values = [self.constants[name][branch.channels] for name in node.input[1:]]
        labels = ("scale", "bias", "mean", "variance")
        part.input[:] = [
            f"{branch.name}/output",
            *(
                self._constant(f"{part.name}/{label}", value)
                for label, value in zip(labels, values, strict=True)
            ),
        ]
        part.output[:] = [f"{part.name}/output"]
        return part

    def _branch(self, node: onnx.NodeProto, branch: _Branch) -> list[onnx.NodeProto]:
        """A convolution with one tap along an axis, behind a slice where it reads a part."""
        attributes = _attributes(node)
        weights = self.constants[node.input[1]][branch.channels]
        axis = branch.flat_axis
        collapsed = weights.sum(axis=axis, keepdims=True)
        source, part, pads = self._part_of_input(node, branch)
        strides, dilations = (list(attributes.get(key, [1, 1])) for key in ("strides", "dilations"))
        dilations[axis - 2] = 1
        inputs = [source, self._constant(f"{branch.name}/weights", collapsed)]
        if len(node.input) > 2 and node.input[2]:
            bias = self.constants[node.input[2]][branch.channels]
            inputs.append(self._constant(f"{branch.name}/bias", bias))
        convolution = helper.make_node(
            "Conv",
            inputs,
            [f"{branch.name}/output"],
            branch.name,
            kernel_shape=list(collapsed.shape[2:]),
            strides=strides,
            dilations=dilations,
            pads=pads,
            group=len(collapsed),
        )
        return [*part, convolution]

    def _part_of_input(
        self, node: onnx.NodeProto, branch: _Branch
    ) -> tuple[str, list[onnx.NodeProto], list[int]]:
        """What a branch reads, the slice that makes it, and the pads that remain.

        Along its flat axis a branch reads what the middle of the window read: with asymmetric
        padding, as of "SAME" at stride 2, that does not begin with the first row or column.
        """
        source, axis = node.input[0], branch.flat_axis
        pads, size = self._pads(node), self.shapes[source][axis]
        attributes = _attributes(node)
        stride = attributes.get("strides", [1, 1])[axis - 2]
        dilation = attributes.get("dilations", [1, 1])[axis - 2]
        taps = self.constants[node.input[1]].shape[axis]
        first = (taps - 1) // 2 * dilation - pads[axis - 2]
        outputs = self.shapes[node.output[0]][axis]
        last = first + (outputs - 1) * stride + 1
        pads[axis - 2], pads[axis] = max(-first, 0), max(last - size, 0)
        reached = (size + sum(pads[axis - 2 :: 2]) - max(first, 0) - 1) // stride + 1
        starts, ends, axes = [], [], []
        channels = self.shapes[source][1]
        if branch.channels != slice(0, channels):
            starts.append(branch.channels.start)
            ends.append(branch.channels.stop)
            axes.append(1)
        if first > 0 or reached > outputs:
            starts.append(max(first, 0))
            ends.append(min(last, size))
            axes.append(axis)
        if not axes:
            return source, [], pads
        bounds = [
            self._constant(f"{branch.name}/{label}", np.array(values, np.int64))
            for label, values in (("starts", starts), ("ends", ends), ("axes", axes))
        ]
        name = f"{branch.name}/part"
        return name, [helper.make_node("Slice", [source, *bounds], [name], name)], pads

    def _pads(self, node: onnx.NodeProto) -> list[int]:
        """Top, left, bottom and right, also where the node says SAME."""
        attributes = _attributes(node)
        same = attributes.get("auto_pad", b"NOTSET")
        if same not in (b"SAME_UPPER", b"SAME_LOWER"):
            return list(attributes.get("pads", [0] * 4))
        begins: list[int] = []
        ends: list[int] = []
        for axis in (0, 1):
            size, outputs = (
                self.shapes[name][axis + 2] for name in (node.input[0], node.output[0])
            )
            taps = self.constants[node.input[1]].shape[axis + 2]
            extent = (taps - 1) * attributes.get("dilations", [1, 1])[axis] + 1
            stride = attributes.get("strides", [1, 1])[axis]
            total = max((outputs - 1) * stride + extent - size, 0)
            less, more = total // 2, total - total // 2
            begins.append(less if same == b"SAME_UPPER" else more)
            ends.append(more if same == b"SAME_UPPER" else less)
        return [*begins, *ends]

    def widen_readers(self) -> None:
        """Gives what reads doubled channels twice as many inputs, and halves its weights.

        Both filters together then weigh as much as the one before. Convolutions that gate doubled
        channels (squeeze and excite) grow in all their channels.
        """
        for node in self.model.graph.node:
            for name in node.input:
                self.nodes[name].append(node)
        for node in self.model.graph.node:
            read = [name for name in node.input if name in self.doubled]
            if (node.op_type == "Concat" and node.output[0] in self.doubled) or not read:
                continue
            if node.op_type in UNARY or self._joins_doubled(node):
                self.doubled.add(node.output[0])
            elif node.op_type == "Conv" and _attributes(node).get("group", 1) == 1:
                self._widen(node, gate=self._gates(node.output[0]))
            elif node.op_type == "Gemm" and _attributes(node).get("transB", 0) == 1:
                self._widen(node, gate=False)
            else:
                raise ModelError(
                    f"node '{node.name}' ({node.op_type}) cannot take twice as many channels; "
                    "leave the depthwise layer before it as it is, or take the variant half"
                )
        for value in self.model.graph.output:
            if value.name in self.doubled:
                raise ModelError(f"the output '{value.name}' would have twice as many channels")

    def _joins_doubled(self, node: onnx.NodeProto) -> bool:
        """Whether a node is a product or a sum of doubled channels alone."""
        return node.op_type in ("Mul", "Add") and all(name in self.doubled for name in node.input)

    def _gates(self, name: str, convolutions: int = 1) -> bool:
        """Whether an activation becomes a factor of doubled channels, over one more convolution."""
        for node in self.nodes[name]:
            if node.op_type == "Mul" and any(other in self.doubled for other in node.input):
                return True
            if node.op_type in UNARY and self._gates(node.output[0], convolutions):
                return True
            if node.op_type == "Conv" and convolutions and self._gates(node.output[0], 0):
                return True
        return False

    def _widen(self, node: onnx.NodeProto, *, gate: bool) -> None:
        weights = self.constants[node.input[1]]
        times = [2 if gate else 1, 2, *[1] * (weights.ndim - 2)]
        wide = (np.tile(weights, times) / 2).astype(weights.dtype)
        node.input[1] = self._constant(f"{node.name}/wide_weights", wide)
        if not gate:
            return
        self.doubled.add(node.output[0])
        if len(node.input) > 2 and node.input[2]:
            bias = np.tile(self.constants[node.input[2]], 2)
            node.input[2] = self._constant(f"{node.name}/wide_bias", bias)

    def _constant(self, name: str, values: Weights) -> str:
        self.constants[name] = values
        return name

    def finished(self) -> onnx.ModelProto:
        """The network with the constants that it still reads, and shapes inferred anew."""
        graph = self.model.graph
        read = {name for node in graph.node for name in node.input}
        del graph.initializer[:]
        graph.initializer.extend(
            numpy_helper.from_array(np.ascontiguousarray(values), name)
            for name, values in self.constants.items()
            if name in read
        )
        del graph.value_info[:]
        return shape_inference.infer_shapes(self.model, check_type=True, strict_mode=True)


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
