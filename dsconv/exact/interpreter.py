"""Runs an ONNX file in exact numbers: what every tensor is, and what float32 can make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from dsconv.errors import ModelError
from dsconv.exact.elementwise import ELEMENTWISE
from dsconv.exact.functions import FUNCTIONS
from dsconv.exact.integers import INTEGERS
from dsconv.exact.moving import MOVING
from dsconv.exact.operation import Call, Operation, Value
from dsconv.exact.pools import POOLS
from dsconv.exact.products import PRODUCTS
from dsconv.exact.qoperators import QOPERATORS, STANDARD_QOPERATORS
from dsconv.exact.quantisation import QUANTISATION
from dsconv.exact.resizes import RESIZES
from dsconv.exact.rounding import held_by_float32
from dsconv.exact.tensor import UNIT_ROUNDOFF, Array, Tensor, whole

STANDARD = (
    ELEMENTWISE
    | FUNCTIONS
    | MOVING
    | POOLS
    | PRODUCTS
    | QUANTISATION
    | RESIZES
    | STANDARD_QOPERATORS
    | INTEGERS
)
ARITHMETIC = {"Add", "BatchNormalization", "Div", "Mul", "PRelu", "Sub", "Sum"}
"""What is computed in float32 where one operand is constant; sums of activations are integers'."""
CHOOSING = {"Clip", "GlobalMaxPool", "Max", "MaxPool", "Min", "ReduceMax", "ReduceMin", "Relu"}
"""What gives one of its numbers as it is, or a bound."""
FUNCTIONS_OF_REALS = {"HardSigmoid", "HardSwish", "LeakyRelu", *FUNCTIONS}
OPERATIONS: dict[str, Mapping[str, Operation]] = {
    "": STANDARD,
    "ai.onnx": STANDARD,
    "com.microsoft": QOPERATORS,
    "PACTOps": INTEGERS,
}
"""By domain and name."""


@dataclass(frozen=True)
class Judged:
    """What a tensor is: `value`, or anything from `low` to `high` where float32 leaves a choice.

    Integers as they are, reals rounded to doubles.
    """

    value: Array
    low: Array
    high: Array

    def different(self, array: Array) -> Array:
        """Where an array is none of what the tensor can be."""
        return (array < self.low) | (array > self.high)

    @property
    def choices(self) -> Array:
        """Where float32 leaves a choice."""
        return self.low != self.high


def evaluate(
    model: onnx.ModelProto,
    feeds: Mapping[str, Array],
    names: Iterable[str],
    *,
    given: Mapping[str, Array] | None = None,
    float_sums: bool = False,
) -> dict[str, Judged]:
    """Any tensors of a model by name.

    `feeds` are its inputs, or any other tensors, from which the rest follows. Tensors that are
    `given` are judged, and then taken as they are given: what follows from them is judged as what
    follows from them. With `float_sums`, errors are those of sums in float32, in any order, as a
    runtime makes them that takes a QDQ file literally. Raises ModelError for what it does not know.
    """
    return _Evaluation(model, feeds, given or {}, float_sums).run(list(names))


class _Evaluation:
    def __init__(
        self,
        model: onnx.ModelProto,
        feeds: Mapping[str, Array],
        given: Mapping[str, Array],
        float_sums: bool,
    ):
        if model.functions:
            raise ModelError("functions in a file are unknown to the exact interpreter")
        self._graph, self._given, self._float_sums = model.graph, given, float_sums
        self._opsets = {opset.domain or "": opset.version for opset in model.opset_import}
        self._values: dict[str, Value] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in self._graph.initializer
        }
        self._values |= {name: _fed(name, array) for name, array in feeds.items()}
        self._fed = set(feeds)
        self._constants = set(self._values) - self._fed
        self._dequantised: set[str] = set()
        """Reals that are those of integers, with nothing computed between."""

    def run(self, names: Sequence[str]) -> dict[str, Judged]:
        found: dict[str, Judged] = {}
        for node in self._needed({*names, *self._given}):
            for name, value in zip(node.output, self._results(node), strict=False):
                if name in self._given or name in names:
                    found[name] = judged(value)
                if name in self._given:
                    value = _as_given(value, np.asarray(self._given[name]))
                self._values[name] = value
        for name in names:
            if name not in self._values:
                raise ModelError(f"there is no tensor '{name}'")
            found.setdefault(name, judged(self._values[name]))
        return found

    def _needed(self, names: set[str]) -> list[onnx.NodeProto]:
        """The nodes that some tensors depend on, in order."""
        needed, nodes = set(names) - self._fed, list[onnx.NodeProto]()
        for node in reversed(self._graph.node):
            if not needed.isdisjoint(node.output):
                nodes.append(node)
                needed |= set(node.input) - self._fed
        return nodes[::-1]

    def _results(self, node: onnx.NodeProto) -> Sequence[Value]:
        label = f"{node.op_type} '{node.name or next(iter(node.output), '')}'"
        operation = OPERATIONS.get(node.domain, {}).get(node.op_type)
        if operation is None:
            domain = f" of {node.domain}" if node.domain else ""
            raise ModelError(f"{label}{domain} is unknown to the exact interpreter")
        missing = [name for name in node.input if name and name not in self._values]
        if missing:
            raise ModelError(f"{label} reads '{missing[0]}', which nothing gives")
        inputs = [self._values[name] if name else None for name in node.input]
        attributes = {item.name: _attribute(item) for item in node.attribute}
        opset = self._opsets.get("" if node.domain == "ai.onnx" else node.domain, 1)
        outputs = sum(bool(name) for name in node.output)
        call = Call(label, node.op_type, inputs, attributes, outputs, opset, self._float_sums)
        if node.op_type == "QuantizeLinear" and node.input[0] in self._dequantised:
            call = replace(call, inputs=[_read_as_reals(call.real(0)), *inputs[1:]])
        result = operation(call)
        results = result if isinstance(result, Sequence) else [result]
        if self._gives_dequantised(node):
            self._dequantised |= set(node.output)
        if all(name in self._constants for name in node.input if name):
            self._constants |= set(node.output)
        elif self._in_float32(node, inputs):
            return [_in_float32(value) for value in results]
        return results

    def _gives_dequantised(self, node: onnx.NodeProto) -> bool:
        """Whether no runtime has an integer operation from the integers before to those behind."""
        if node.op_type == "DequantizeLinear":
            return True
        known = self._dequantised | self._constants | {""}
        return node.op_type in {*CHOOSING, *MOVING} and all(name in known for name in node.input)

    def _in_float32(self, node: onnx.NodeProto, inputs: Sequence[Value | None]) -> bool:
        """Whether a runtime computes a node's results in float32, from activations as reals."""
        if any(isinstance(value, Tensor) and value.in_float32 for value in inputs):
            return True
        beside_constants = any(name in self._constants for name in node.input)
        return node.op_type in FUNCTIONS_OF_REALS or (
            node.op_type in ARITHMETIC and beside_constants
        )


def judged(value: Value) -> Judged:
    """A value as arrays."""
    if not isinstance(value, Tensor):
        return Judged(value, value, value)
    if value.dtype.kind != "f":
        steps = whole(value)
        low = steps if value.low is None else value.low
        high = steps if value.high is None else value.high
        return Judged(steps, low, high)
    numbers = value.floats()
    return Judged(numbers, numbers - value.error, numbers + value.error)


def _fed(name: str, array: Array) -> Value:
    try:
        return Tensor.of(np.asarray(array))
    except ValueError as error:
        raise ModelError(f"input '{name}': {error}") from error


def _in_float32(value: Value) -> Value:
    if not isinstance(value, Tensor) or value.dtype.kind != "f":
        return value
    return replace(value, in_float32=True)


def _read_as_reals(x: Tensor) -> Tensor:
    """Integers times a scale, each rounded to float32."""
    numbers = x.floats()
    rounding = np.where(held_by_float32(numbers), 0, UNIT_ROUNDOFF * np.abs(numbers))
    return replace(x.with_error(x.error + rounding), in_float32=True)


def _as_given(value: Value, array: Array) -> Value:
    if not isinstance(value, Tensor):
        return array
    if _sizes(array.shape) != _sizes(value.shape):
        raise ModelError(f"shape {array.shape} is given, {value.shape} is right")
    return replace(Tensor.of(array.reshape(value.shape)), dtype=value.dtype)


def _sizes(shape: tuple[int, ...]) -> list[int]:
    """A shape without the axes of size 1, which may stand anywhere."""
    return [size for size in shape if size != 1]


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return value
