"""ONNX operations in torch, as float networks for images have them (ONNX's operator specification).

Every value but the parameters may carry a batch of any size: a Reshape to the batch of the file
keeps the batch that comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from dsconv.frontends.onnx_file.onnx_graph import Node

Inputs = Sequence[Tensor | None]
Operation = Callable[[Node, Inputs], Tensor]

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "Identity": lambda x: x,
    "Relu": functional.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "HardSwish": functional.hardswish,
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda x: x.amax((2, 3), keepdim=True),
}
BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
    "MatMul": torch.matmul,
}


def operation(node: Node) -> Operation:
    """What computes a node's first output. Raises ModelError where nothing does."""
    if node.op_type in FUNCTIONS:
        function = FUNCTIONS[node.op_type]
        return lambda _, inputs: function(given(inputs[0]))
    if node.op_type in BINARY:
        combine = BINARY[node.op_type]
        return lambda _, inputs: combine(given(inputs[0]), given(inputs[1]))
    if node.op_type not in OPERATIONS:
        raise node.problem(
            "training does not know this operation",
            "export the network without it, or train it in a loop of your own and then quantise it",
        )
    return OPERATIONS[node.op_type]


def given(value: Tensor | None) -> Tensor:
    """An input that a node cannot do without."""
    assert value is not None
    return value


def _optional(inputs: Inputs, index: int) -> Tensor | None:
    return inputs[index] if index < len(inputs) else None


def _convolution(node: Node, inputs: Inputs) -> Tensor:
    x, weights = given(inputs[0]), given(inputs[1])
    strides, dilations = (node.integers(name) or (1, 1) for name in ("strides", "dilations"))
    left, right, top, bottom = _padding(node, x, weights.shape[2:], strides, dilations)
    is_even = left == right and top == bottom
    return functional.conv2d(
        x if is_even else functional.pad(x, [left, right, top, bottom]),
        weights,
        _optional(inputs, 2),
        cast("tuple[int, int]", strides),
        (top, left) if is_even else 0,
        cast("tuple[int, int]", dilations),
        node.integer("group", 1),
    )


def _padding(
    node: Node,
    x: Tensor,
    taps: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int] = (1, 1),
) -> list[int]:
    """Left, right, top and bottom, as torch wants them."""
    same = node.text("auto_pad", "NOTSET")
    if same not in ("SAME_UPPER", "SAME_LOWER"):
        top, left, bottom, right = node.integers("pads") or (0, 0, 0, 0)
        return [left, right, top, bottom]
    padding: list[int] = []
    for axis in (1, 0):
        size, extent = x.shape[axis + 2], (taps[axis] - 1) * dilations[axis] + 1
        outputs = -(-size // strides[axis])
        total = max((outputs - 1) * strides[axis] + extent - size, 0)
        less, more = total // 2, total - total // 2
        padding += [less, more] if same == "SAME_UPPER" else [more, less]
    return padding


def _max_pool(node: Node, inputs: Inputs) -> Tensor:
    x, taps = given(inputs[0]), node.integers("kernel_shape") or ()
    strides = node.integers("strides") or (1, 1)
    x = functional.pad(x, _padding(node, x, taps, strides), value=float("-inf"))
    return functional.max_pool2d(x, taps, strides, ceil_mode=bool(node.integer("ceil_mode", 0)))


def _average_pool(node: Node, inputs: Inputs) -> Tensor:
    x, taps = given(inputs[0]), node.integers("kernel_shape") or ()
    strides = node.integers("strides") or (1, 1)
    if node.integer("ceil_mode", 0):
        raise node.problem("training does not know an average that is rounded up in size")
    padding = _padding(node, x, taps, strides)
    sums = functional.avg_pool2d(functional.pad(x, padding), taps, strides)
    if node.integer("count_include_pad", 0) or not any(padding):
        return sums
    inside = functional.pad(torch.ones_like(x[:1, :1]), padding)
    return sums / functional.avg_pool2d(inside, taps, strides)


def _gemm(node: Node, inputs: Inputs) -> Tensor:
    a, b, c = given(inputs[0]), given(inputs[1]), _optional(inputs, 2)
    a = a.mT if node.integer("transA", 0) else a
    b = b.mT if node.integer("transB", 0) else b
    product = node.real("alpha", 1.0) * (a @ b)
    return product if c is None else product + node.real("beta", 1.0) * c


def _clip(node: Node, inputs: Inputs) -> Tensor:
    low, high = _optional(inputs, 1), _optional(inputs, 2)
    return given(inputs[0]).clamp(
        node.real("min", float("-inf")) if low is None else low.item(),
        node.real("max", float("inf")) if high is None else high.item(),
    )


def _hard_sigmoid(node: Node, inputs: Inputs) -> Tensor:
    x = given(inputs[0])
    return (node.real("alpha", 0.2) * x + node.real("beta", 0.5)).clamp(0, 1)


def _leaky_relu(node: Node, inputs: Inputs) -> Tensor:
    return functional.leaky_relu(given(inputs[0]), node.real("alpha", 0.01))


def _parametric_relu(node: Node, inputs: Inputs) -> Tensor:
    x, slope = given(inputs[0]), given(inputs[1])
    return torch.where(x < 0, x * slope, x)


def _softmax(node: Node, inputs: Inputs) -> Tensor:
    return given(inputs[0]).softmax(node.integer("axis", -1))


def _flatten(node: Node, inputs: Inputs) -> Tensor:
    if node.integer("axis", 1) != 1:
        raise node.problem("training flattens behind the batch alone (axis 1)")
    return given(inputs[0]).flatten(1)


def _reshape(node: Node, inputs: Inputs) -> Tensor:
    x = given(inputs[0])
    shape = [x.shape[axis] if size == 0 else size for axis, size in enumerate(_integers(inputs[1]))]
    return x.reshape(len(x), *shape[1:])


def _transpose(node: Node, inputs: Inputs) -> Tensor:
    x = given(inputs[0])
    return x.permute(node.integers("perm") or tuple(reversed(range(x.ndim))))


def _axes(node: Node, inputs: Inputs) -> list[int]:
    found = _optional(inputs, 1)
    return list(node.integers("axes") or ()) if found is None else _integers(found)


def _squeeze(node: Node, inputs: Inputs) -> Tensor:
    return given(inputs[0]).squeeze(tuple(_axes(node, inputs)))


def _unsqueeze(node: Node, inputs: Inputs) -> Tensor:
    x, axes = given(inputs[0]), _axes(node, inputs)
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _mean(node: Node, inputs: Inputs) -> Tensor:
    return given(inputs[0]).mean(_axes(node, inputs), keepdim=bool(node.integer("keepdims", 1)))


def _concat(node: Node, inputs: Inputs) -> Tensor:
    return torch.cat([given(value) for value in inputs], node.integer("axis", 1))


def _slice(node: Node, inputs: Inputs) -> Tensor:
    x = given(inputs[0])
    starts, ends = _integers(inputs[1]), _integers(inputs[2])
    axes, steps = _optional(inputs, 3), _optional(inputs, 4)
    for start, end, axis, step in zip(
        starts,
        ends,
        range(x.ndim) if axes is None else _integers(axes),
        [1] * len(starts) if steps is None else _integers(steps),
        strict=False,
    ):
        if step < 1:
            raise node.problem("training does not know a slice that runs backwards")
        first, last, _ = slice(start, end, step).indices(x.shape[axis])
        x = x.index_select(axis, torch.arange(first, last, step))
    return x


def _pad(node: Node, inputs: Inputs) -> Tensor:
    x, pads, fill = given(inputs[0]), _integers(inputs[1]), _optional(inputs, 2)
    if node.text("mode", "constant") != "constant":
        raise node.problem("training pads with a constant alone")
    half = len(pads) // 2
    pairs = [side for axis in reversed(range(half)) for side in (pads[axis], pads[axis + half])]
    return functional.pad(x, pairs, value=0.0 if fill is None else float(fill.item()))


def _dropout(node: Node, inputs: Inputs) -> Tensor:
    """Nothing: a network is exported for inference, where it drops nothing."""
    return given(inputs[0])


def _integers(values: Tensor | None) -> list[int]:
    return [int(value) for value in given(values).reshape(-1).tolist()]


OPERATIONS: dict[str, Operation] = {
    "Conv": _convolution,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "Gemm": _gemm,
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky_relu,
    "PRelu": _parametric_relu,
    "Softmax": _softmax,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "ReduceMean": _mean,
    "Concat": _concat,
    "Slice": _slice,
    "Pad": _pad,
    "Dropout": _dropout,
}
"""Of one output each; batch normalisation is the module's, whose statistics it changes."""
