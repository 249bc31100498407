"""Handlers of operations on reals, value by value: functions of one activation, sums of two."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from dsconv.frontends import binary, weighted_layers
from dsconv.frontends.functions import FUNCTIONS, mapped, table
from dsconv.frontends.onnx_graph import Node
from dsconv.frontends.reader import Handler, Reader
from dsconv.frontends.scales import Floats
from dsconv.frontends.values import (
    Constant,
    Dequantised,
    Layer,
    RescaleLayer,
    ScaledConstant,
    TableLayer,
    Value,
    WeightedLayer,
    with_bounds,
)
from dsconv.frontends.view import View

BinaryFunction = Callable[[Floats, Floats], Floats]
FUNCTIONS_OF_TWO: dict[str, BinaryFunction] = {
    "Div": np.divide,
    "Max": np.maximum,
    "Min": np.minimum,
}


def read_function(reader: Reader, node: Node) -> Value:
    """A table of 256 values, exact for any function of an activation."""
    is_last = node.outputs[0] not in reader.graph.consumers
    behind_sums = reader.sums(node) if is_last else None
    return behind_sums or mapped(node, _table(reader, node, 0), FUNCTIONS[node.op_type](node))


def read_prelu(reader: Reader, node: Node) -> Value:
    """A table of 256 values, one for each channel where slopes differ."""
    x = _table(reader, node, 0)
    slope = _operand(node, reader.value(node, 1), x.view)
    return mapped(node, x, lambda reals: np.where(reals < 0, slope * reals, reals))


def read_add(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, one and a constant, or a bias."""
    lhs, rhs = reader.value(node, 0), reader.value(node, 1)
    if isinstance(lhs, WeightedLayer) and isinstance(rhs, Constant | ScaledConstant):
        return weighted_layers.with_added_constant(reader, node, lhs, rhs)
    if isinstance(rhs, WeightedLayer) and isinstance(lhs, Constant | ScaledConstant):
        return weighted_layers.with_added_constant(reader, node, rhs, lhs)
    return _function_of_one(reader, node, np.add) or binary.addition(
        reader, node, reader.dequantised(node, 0), reader.dequantised(node, 1)
    )


def read_mul(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, or one and a constant."""
    return _function_of_one(reader, node, np.multiply) or binary.product(
        reader, node, reader.dequantised(node, 0), reader.dequantised(node, 1)
    )


def read_sub(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, or one and a constant."""
    return _function_of_one(reader, node, np.subtract) or binary.difference(
        reader, node, reader.dequantised(node, 0), reader.dequantised(node, 1)
    )


def read_extremum(reader: Reader, node: Node) -> Value:
    """An activation and a constant, or functions of one activation; folded where that is a Clip."""
    if len(node.inputs) != 2:
        raise node.problem(f"takes {len(node.inputs)} inputs", "two are supported")
    for index in (0, 1):
        layer, bound = reader.value(node, index), reader.value(node, 1 - index)
        if isinstance(layer, Layer) and isinstance(bound, Constant | ScaledConstant):
            real = _operand(node, bound, layer.view)
            if real.size == 1:
                limit = float(real[0, 0])
                bounds = (limit, math.inf) if node.op_type == "Max" else (-math.inf, limit)
                return with_bounds(layer, bounds)
    return read_function_of_two(reader, node)


def read_function_of_two(reader: Reader, node: Node) -> Value:
    """An activation and a constant, or functions of one activation."""
    result = _function_of_one(reader, node, FUNCTIONS_OF_TWO[node.op_type])
    if result is None:
        raise node.problem("takes two activations", "one activation and a constant are supported")
    return result


def _function_of_one(reader: Reader, node: Node, function: BinaryFunction) -> TableLayer | None:
    """A node whose operands are constant or functions of one activation; None for two of them."""
    lhs, rhs = reader.value(node, 0), reader.value(node, 1)
    if isinstance(rhs, Constant | ScaledConstant):
        x = _table(reader, node, 0)
        right = _operand(node, rhs, x.view)
        return mapped(node, x, lambda reals: function(reals, right))
    if isinstance(lhs, Constant | ScaledConstant):
        x = _table(reader, node, 1)
        left = _operand(node, lhs, x.view)
        return mapped(node, x, lambda reals: function(left, reals))
    tables = isinstance(lhs, TableLayer) or isinstance(rhs, TableLayer)
    if not tables or not isinstance(lhs, TABULATED) or not isinstance(rhs, TABULATED):
        return None
    first, second = table(node, lhs), table(node, rhs)
    if not _read_alike(first, second):
        return None
    return mapped(node, second, lambda reals: function(first.reals, reals))


TABULATED = (Dequantised, RescaleLayer, TableLayer)


def _read_alike(first: TableLayer, second: TableLayer) -> bool:
    same = first.x.integers.value is second.x.integers.value
    return (
        same
        and first.x.quantisation == second.x.quantisation
        and first.view.reads_like(second.view)
    )


def _table(reader: Reader, node: Node, index: int) -> TableLayer:
    value = reader.value(node, index)
    if isinstance(value, RescaleLayer | TableLayer):
        return table(node, value)
    return table(node, reader.dequantised(node, index))


def _operand(node: Node, value: Value, view: View) -> Floats:
    """A constant that broadcasts over channels, as (1, 1) or (C, 1) reals."""
    if not isinstance(value, Constant | ScaledConstant):
        raise node.problem("an operand that has to be constant is not")
    reals = value.real if isinstance(value, ScaledConstant) else value.array
    if reals.dtype != np.float32 or not np.all(np.isfinite(reals)):
        raise node.problem("its constant is not float32 and finite")
    if reals.size > 1:
        reals = weighted_layers.channel_vector(node, reals, view)
    return reals.reshape(-1, 1)


ELEMENTWISE_HANDLERS: dict[str, Handler] = {
    "Add": read_add,
    "Div": read_function_of_two,
    "Max": read_extremum,
    "Min": read_extremum,
    "Mul": read_mul,
    "PRelu": read_prelu,
    "Sub": read_sub,
    **dict.fromkeys(FUNCTIONS, read_function),
}
