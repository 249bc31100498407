"""Nodes that only rename dimensions: Reshape, Flatten, Squeeze, Unsqueeze, Transpose."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from dsconv.frontends.onnx_file.onnx_graph import Array, Node
from dsconv.frontends.onnx_file.view import Shape, View

REARRANGING = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"}
ConstantLookup = Callable[[str], Array | None]


def rearranged(node: Node, view: View, constant: ConstantLookup) -> View:
    """The view behind a rearranging node. Raises `ModelError` where bytes would have to move."""
    if node.op_type != "Transpose":
        return view.reshaped(new_shape(node, view.shape, constant))
    result = view.transposed(permutation(node, len(view.shape)))
    if result is None:
        raise node.problem("transposes a dimension that is only part of a channel, row or column")
    return result


def permutation(node: Node, rank: int) -> tuple[int, ...]:
    """The permutation of a Transpose."""
    order = node.integers("perm") or tuple(reversed(range(rank)))
    if sorted(order) != list(range(rank)):
        raise node.problem(f"perm {list(order)} for {rank} dimensions")
    return order


def new_shape(node: Node, shape: Shape, constant: ConstantLookup) -> Shape:
    """The shape behind any rearranging node but a Transpose."""
    match node.op_type:
        case "Reshape":
            return _reshape(node, shape, _integers_input(node, constant))
        case "Flatten":
            axis = _flattened_axis(node, len(shape))
            return math.prod(shape[:axis]), math.prod(shape[axis:])
        case "Squeeze":
            return _squeeze(node, shape, axes(node, constant))
        case _:
            return _unsqueeze(node, shape, axes(node, constant) or ())


def axes(node: Node, constant: ConstantLookup) -> tuple[int, ...] | None:
    """Axes as attribute, as later opsets' second input, or None."""
    if node.has_input(1):
        return _integers_input(node, constant)
    return node.integers("axes")


def _integers_input(node: Node, constant: ConstantLookup) -> tuple[int, ...]:
    array = constant(node.inputs[1]) if node.has_input(1) else None
    if array is None or array.dtype.kind not in "iu":
        raise node.problem("its second input is not a constant list of integers")
    return tuple(int(item) for item in array.reshape(-1))


def _axis(node: Node, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise node.problem(f"axis {axis} for {rank} dimensions")
    return axis % rank


def _flattened_axis(node: Node, rank: int) -> int:
    """Where a Flatten cuts: before one of the dimensions, or behind the last of them."""
    axis = node.integer("axis", 1)
    return rank if axis == rank else _axis(node, axis, rank)


def _reshape(node: Node, shape: Shape, target: Sequence[int]) -> Shape:
    copies = not node.integer("allowzero", 0)
    sizes = [
        shape[index] if size == 0 and copies and index < len(shape) else size
        for index, size in enumerate(target)
    ]
    known = math.prod(size for size in sizes if size != -1)
    if sizes.count(-1) == 1 and known > 0 and math.prod(shape) % known == 0:
        sizes[sizes.index(-1)] = math.prod(shape) // known
    if any(size < 1 for size in sizes) or math.prod(sizes) != math.prod(shape):
        raise node.problem(f"cannot reshape {list(shape)} to {list(target)}")
    return tuple(sizes)


def _squeeze(node: Node, shape: Shape, chosen: Sequence[int] | None) -> Shape:
    if chosen is None:
        return tuple(size for size in shape if size != 1)
    dropped = {_axis(node, axis, len(shape)) for axis in chosen}
    if any(shape[axis] != 1 for axis in dropped):
        raise node.problem(f"cannot squeeze axes {list(chosen)} of {list(shape)}")
    return tuple(size for axis, size in enumerate(shape) if axis not in dropped)


def _unsqueeze(node: Node, shape: Shape, chosen: Sequence[int]) -> Shape:
    rank = len(shape) + len(chosen)
    added = {_axis(node, axis, rank) for axis in chosen}
    if len(added) != len(chosen):
        raise node.problem(f"axes {list(chosen)} name one dimension twice")
    rest = iter(shape)
    return tuple(1 if axis in added else next(rest) for axis in range(rank))
