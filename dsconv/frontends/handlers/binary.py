"""Makes layers of two activations, value by value: sums, differences and products."""

from __future__ import annotations

from typing import overload

from dsconv.dialects.graph import ResizeOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    AddLayer,
    Dequantised,
    MovingLayer,
    MulLayer,
    ProductLayer,
    SumLayer,
    Summand,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


@overload
def addition(reader: Reader, node: Node, lhs: Dequantised, rhs: Dequantised) -> AddLayer: ...
@overload
def addition(reader: Reader, node: Node, lhs: Summand, rhs: Summand) -> AddLayer | SumLayer: ...
def addition(reader: Reader, node: Node, lhs: Summand, rhs: Summand) -> AddLayer | SumLayer:
    """Sum of two activations, or of what is not quantised."""
    return _weighted_sum(reader, node, (lhs, 1), (rhs, 1))


@overload
def difference(reader: Reader, node: Node, lhs: Dequantised, rhs: Dequantised) -> AddLayer: ...
@overload
def difference(reader: Reader, node: Node, lhs: Summand, rhs: Summand) -> AddLayer | SumLayer: ...
def difference(reader: Reader, node: Node, lhs: Summand, rhs: Summand) -> AddLayer | SumLayer:
    """What is left of the first without the second."""
    return _weighted_sum(reader, node, (lhs, 1), (rhs, -1))


def _weighted_sum(
    reader: Reader, node: Node, lhs: tuple[Summand, int], rhs: tuple[Summand, int]
) -> AddLayer | SumLayer:
    first, second = _larger_first(reader, node, lhs[0], rhs[0])
    signs = (rhs[1], lhs[1]) if second is lhs[0] else (lhs[1], rhs[1])
    if isinstance(first, Dequantised) and isinstance(second, Dequantised):
        return AddLayer(node, first.view, UNBOUNDED, first, second, signs)
    return SumLayer(node, first.view, UNBOUNDED, (first, second), signs)


def product(reader: Reader, node: Node, lhs: Summand, rhs: Summand) -> MulLayer | ProductLayer:
    """Product of two activations, or of what is not quantised."""
    first, second = _larger_first(reader, node, lhs, rhs)
    if isinstance(first, Dequantised) and isinstance(second, Dequantised):
        return MulLayer(node, first.view, UNBOUNDED, first, second)
    return ProductLayer(node, first.view, UNBOUNDED, (first, second))


def _larger_first(
    reader: Reader, node: Node, lhs: Summand, rhs: Summand
) -> tuple[Summand, Summand]:
    """Both operands, the first as large as the result; one of them is repeated if it has to be."""
    if lhs.view.reads_like(rhs.view) or _broadcasts(rhs.view, lhs.view):
        return lhs, rhs
    if _broadcasts(lhs.view, rhs.view):
        return rhs, lhs
    whole, other = (lhs, rhs) if lhs.view.sizes[1] >= rhs.view.sizes[1] else (rhs, lhs)
    repeated = _repeated(reader, node, whole, other.view)
    if repeated is None or not _broadcasts(other.view, repeated.view):
        raise node.problem(
            f"takes tensors of shape {list(lhs.view.shape)} and {list(rhs.view.shape)}, or in "
            "different orders",
            "two of one shape, or of which one broadcasts over the other, are supported",
        )
    return repeated, other


def _broadcasts(view: View, over: View) -> bool:
    """Whether each dimension of a tensor is that of another one, or 1."""
    rank = len(over.shape)
    if len(view.shape) > rank:
        return False
    aligned = view.reshaped((*[1] * (rank - len(view.shape)), *view.shape))
    own, others = aligned.axes_of_dimensions(), over.axes_of_dimensions()
    if own is None or others is None:
        return False
    fits = all(size in (1, whole) for size, whole in zip(view.sizes, over.sizes, strict=True))
    return fits and all(axes in ((), whole) for axes, whole in zip(own, others, strict=True))


def _repeated(reader: Reader, node: Node, x: Summand, other: View) -> Dequantised | None:
    """An activation with as many rows and columns as another one, where it has one of them."""
    if not isinstance(x, Dequantised):
        return None
    if not (x.view.is_nchw and other.is_nchw):
        return None
    sizes = (*x.view.sizes[:2], *map(max, x.view.sizes[2:], other.sizes[2:]))
    if any(whole % size for size, whole in zip(x.view.sizes, sizes, strict=True)):
        return None
    layer = MovingLayer(
        node,
        View.plain(sizes, sizes[: len(x.view.shape)]),
        UNBOUNDED,
        (x,),
        lambda values, result, _, __: ResizeOp(UNLABELLED, values[0], result),
    )
    return Dequantised(reader.builder.add_layer(layer, x.quantisation, None), x.quantisation)
