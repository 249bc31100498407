"""Operations that move numbers and change none of them.

onnx's reference evaluator moves the numbers' places, which are integers; no arithmetic is its.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from dsconv.exact.operation import Call, Operation, Value
from dsconv.exact.tensor import Array, Tensor, aligned, exact

INFINITY = 2**300
"""Stands for an infinite pad: more than any float32, which a maximum or a clip takes away."""
FILLED = -1
"""The place of a number that comes from outside the tensor."""


def moved(call: Call) -> Value | Sequence[Value]:
    """The results of a node that moves the numbers of its first input."""
    x = call.value(0)
    places = _places(call, np.arange(np.prod(x.shape, dtype=np.int64)).reshape(x.shape))
    results: list[Value] = [_taken(x, result) for result in places]
    return results if len(results) > 1 else results[0]


def _places(call: Call, places: Array) -> list[Array]:
    """Where the numbers of a node's results come from, by the reference evaluator."""
    rest = (call.array(index) if call.has(index) else None for index in range(1, len(call.inputs)))
    given: list[Array | None] = [places, *rest]
    names = ["" if array is None else f"input_{index}" for index, array in enumerate(given)]
    feeds = {name: array for name, array in zip(names, given, strict=True) if array is not None}
    outputs = [f"output_{index}" for index in range(call.outputs)]
    graph = helper.make_graph(
        [helper.make_node(call.op_type, names, outputs, **call.attributes)],
        "moved",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in feeds.items()
        ],
        [helper.make_tensor_value_info(name, TensorProto.INT64, None) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", call.opset)])
    try:
        return [np.asarray(result) for result in ReferenceEvaluator(model).run(None, feeds)]
    except Exception as error:  # its errors have no common class
        raise call.problem(f"onnx's reference evaluator says: {error}") from error


def _taken(x: Value, places: Array) -> Value:
    if not isinstance(x, Tensor):
        return x.reshape(-1)[places]
    return x.map(lambda array: array.reshape(-1)[places])


def pad(call: Call) -> Value:
    """Padded with a constant, or with the tensor's own numbers."""
    x = call.value(0)
    places = np.arange(np.prod(x.shape, dtype=np.int64)).reshape(x.shape)
    if call.opset < 11:
        call = _with_inputs(call)
    value = call.value(2) if call.has(2) else np.zeros((), np.float32)
    filled = _with(call, 2, np.array(FILLED, np.int64))
    (result,) = _places(*_cropped(filled, places))
    inside = _taken(x, np.where(result == FILLED, 0, result))
    if not isinstance(inside, Tensor):
        return np.where(result == FILLED, call.array(2) if call.has(2) else 0, inside)
    fill = value if isinstance(value, Tensor) else _filling(call, value)
    (outside, kept), unit = aligned(fill, inside)
    steps = np.where(result == FILLED, outside.reshape(()), kept)
    error = np.where(result == FILLED, 0.0, inside.error)
    return exact(steps, unit, inside.dtype).with_error(error)


def _cropped(call: Call, places: Array) -> tuple[Call, Array]:
    """Places without what negative pads take off, and the pads that are left to add."""
    pads = call.array(1).astype(np.int64)
    if not (pads < 0).any():
        return call, places
    rank = len(places.shape)
    axes = call.array(3).tolist() if call.has(3) else range(rank)
    for axis, (before, behind) in zip(axes, pads.reshape(2, -1).T.tolist(), strict=True):
        kept = slice(max(-before, 0), places.shape[axis] - max(-behind, 0))
        places = places[(slice(None),) * (axis % rank) + (kept,)]
    return _with(call, 1, np.maximum(pads, 0)), places


def _filling(call: Call, value: Array) -> Tensor:
    number = float(value.reshape(()))
    if np.isinf(number):
        infinite = np.array(INFINITY if number > 0 else -INFINITY, object)
        return exact(infinite, Fraction(1), value.dtype)
    try:
        return Tensor.of(value.reshape(()))
    except ValueError as error:
        raise call.problem(str(error)) from error


def _with_inputs(call: Call) -> Call:
    """Pads and value as later opsets have them."""
    pads = np.array(call.attribute("pads", call.attribute("paddings", [])), np.int64)
    value = np.array(call.attribute("value", 0.0), np.float32)
    attributes = {"mode": call.attribute("mode", "constant")}
    return Call(
        *(call.label, call.op_type, [call.value(0), pads, value], attributes),
        *(call.outputs, 13, call.float_sums),
    )


def _with(call: Call, index: int, value: Array) -> Call:
    inputs = [*call.inputs, *[None] * (index + 1 - len(call.inputs))]
    inputs[index] = value
    return Call(
        *(call.label, call.op_type, inputs, call.attributes),
        *(call.outputs, call.opset, call.float_sums),
    )


def concat(call: Call) -> Value:
    """Put together along an axis."""
    values = [call.value(index) for index in range(len(call.inputs))]
    axis = call.attribute("axis", 0)
    if not any(isinstance(value, Tensor) for value in values):
        return np.concatenate([np.asarray(value) for value in values], axis)
    tensors = [call.real(index) for index in range(len(values))]
    steps, unit = aligned(*tensors)
    result = exact(np.concatenate(steps, axis), unit, tensors[0].dtype)
    return result.with_error(np.concatenate([tensor.error for tensor in tensors], axis))


def shape(call: Call) -> Array:
    """The shape of a tensor, or a part of it."""
    sizes = call.value(0).shape
    first, last = call.attribute("start", 0), call.attribute("end", None)
    return np.array(sizes[slice(first, last)], np.int64)


def constant(call: Call) -> Array:
    """A constant of the graph."""
    for name, dtype in (("value_int", np.int64), ("value_ints", np.int64)):
        if name in call.attributes:
            return np.array(call.attributes[name], dtype)
    for name in ("value_float", "value_floats"):
        if name in call.attributes:
            return np.array(call.attributes[name], np.float32)
    value: Any = call.attribute("value", None)
    if value is None:
        raise call.problem("has no value of a known kind")
    return np.asarray(value)


def same(call: Call) -> Value:
    """The same numbers."""
    return call.value(0)


def dropout(call: Call) -> Value:
    """The same numbers, unless it is in training."""
    if call.outputs > 1 or (call.has(2) and call.array(2).any()):
        raise call.problem("is in training")
    return call.value(0)


def constant_of_shape(call: Call) -> Array:
    """One number in a shape."""
    value = np.asarray(call.attribute("value", np.zeros(1, np.float32)))
    return np.full(call.array(0).astype(np.int64), value.reshape(-1)[0])


MOVING: dict[str, Operation] = {
    "Concat": concat,
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Dropout": dropout,
    "Identity": same,
    "Pad": pad,
    "Shape": shape,
} | dict.fromkeys(
    (
        *("DepthToSpace", "Expand", "Flatten", "Gather", "Reshape", "Slice", "SpaceToDepth"),
        *("Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"),
    ),
    moved,
)
