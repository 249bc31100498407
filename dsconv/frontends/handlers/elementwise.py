"""Handlers of operations on reals, value by value: functions of one activation, sums of two."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeGuard

import numpy as np

from dsconv.frontends.arithmetic.functions import (
    FUNCTIONS,
    FunctionT,
    mapped,
    of_sums,
    on_sums_of,
    table,
)
from dsconv.frontends.arithmetic.scales import Floats, Reals
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyWeightedLayer,
    Constant,
    Dequantised,
    FunctionOfSums,
    PendingLayer,
    RescaleLayer,
    ScaledConstant,
    SummingLayer,
    TableLayer,
    Value,
    with_bounds,
)
from dsconv.frontends.core.kept_values import is_summing
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.handlers import binary, weighted_layers
from dsconv.frontends.handlers.constant_maps import read_constant_map
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View

BinaryFunction = Callable[[Reals, Reals], Reals]
FUNCTIONS_OF_TWO: dict[str, BinaryFunction] = {
    "Div": np.divide,
    "Max": np.maximum,
    "Min": np.minimum,
    "Pow": np.power,
}
NO_QUOTIENT = "a quotient has no value where the second is 0: multiply by its quantised Reciprocal"


def read_function(reader: Reader, node: Node) -> Value:
    """A table of 256 values for any function of an activation, steps for one of a layer's sums."""
    is_last = node.outputs[0] not in reader.graph.consumers
    behind_sums = reader.sums(node) if is_last else None
    return behind_sums or mapped(node, _table(reader, node, 0), FUNCTIONS[node.op_type](node))


def read_prelu(reader: Reader, node: Node) -> Value:
    """A table of 256 values, one for each channel where slopes differ."""
    x = _table(reader, node, 0)
    slope = _operand(node, reader.value(node, 1), x.view)
    return mapped(node, x, lambda reals: np.where(reals < 0, slope * reals, reals))


def read_batch_normalization(reader: Reader, node: Node) -> Value:
    """A table of 256 values for each channel, where no layer before it has taken it in."""
    if len(node.outputs) > 1 or node.integer("training_mode", 0):
        raise node.problem("in training mode", "export the model for inference")
    layer = reader.value(node)
    if isinstance(layer, AnyWeightedLayer) and layer.bounds == UNBOUNDED:
        return _normalised_layer(reader, node, layer)
    x = _table(reader, node, 0)
    check_nchw(node, x.view)
    scale, bias, mean, variance = (
        _channel_parameter(reader, node, index, x.view) for index in range(1, 5)
    )
    reader.note(
        "normalisations that are not folded into layers are tables for every channel: ONNX "
        "Runtime's quant_pre_process folds them, before the network is quantised"
    )
    epsilon = np.float32(node.real("epsilon", 1e-5))

    def normalised(reals: Reals) -> Reals:
        factor = (scale / np.sqrt(variance + epsilon)).astype(np.float32)
        return reals * factor + (bias - mean * factor)

    return mapped(node, x, normalised)


def _normalised_layer(reader: Reader, node: Node, layer: AnyWeightedLayer) -> AnyWeightedLayer:
    """A layer with weights and what normalises it, factors and addends of its channels."""
    check_nchw(node, layer.view)
    scale, bias, mean, variance = (
        _channel_parameter(reader, node, index, layer.view).astype(np.float64).reshape(-1)
        for index in range(1, 5)
    )
    factors = scale / np.sqrt(variance + node.real("epsilon", 1e-5))
    addends = (bias - mean * factors).astype(np.float32)
    scaled = weighted_layers.with_factor(node, layer, factors)
    return weighted_layers.with_bias(node, scaled, Constant(addends))


def _scaled_layer(reader: Reader, node: Node) -> Value | None:
    """A layer with weights times constants of its channels, or over them; None for any other."""
    for index in (0, 1) if node.op_type == "Mul" else (0,):
        layer, constant = reader.value(node, index), reader.value(node, 1 - index)
        if (
            isinstance(layer, AnyWeightedLayer)
            and layer.bounds == UNBOUNDED
            and isinstance(constant, Constant | ScaledConstant)
        ):
            reals = _operand(node, constant, layer.view).astype(np.float64)
            factors = reals if node.op_type == "Mul" else 1 / reals
            return weighted_layers.with_factor(node, layer, factors)
    return None


def read_add(reader: Reader, node: Node) -> Value:
    """Two tensors, quantised or sums, of which one may broadcast; one and a constant, or a bias."""
    _read_constant_maps(reader, node)
    lhs, rhs = reader.value(node, 0), reader.value(node, 1)
    if _takes_bias(lhs) and isinstance(rhs, Constant | ScaledConstant):
        return weighted_layers.with_added_constant(reader, node, lhs, rhs)
    if _takes_bias(rhs) and isinstance(lhs, Constant | ScaledConstant):
        return weighted_layers.with_added_constant(reader, node, rhs, lhs)
    return _function_of_one(reader, node, np.add) or binary.addition(
        reader, node, reader.summand(node, 0), reader.summand(node, 1)
    )


def _read_constant_maps(reader: Reader, node: Node) -> None:
    for index in (0, 1):
        read_constant_map(reader, node, index, 1 - index)


def _takes_bias(value: Value) -> TypeGuard[AnyWeightedLayer]:
    """Whether a constant beside a value becomes part of its bias."""
    return isinstance(value, AnyWeightedLayer) and value.bounds == UNBOUNDED


def read_sum(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, one and a constant, or a bias."""
    _check_takes_two(node)
    return read_add(reader, node)


def read_mul(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, or one and a constant."""
    _read_constant_maps(reader, node)
    return (
        _scaled_layer(reader, node)
        or _function_of_one(reader, node, np.multiply)
        or binary.product(reader, node, reader.summand(node, 0), reader.summand(node, 1))
    )


def read_sub(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, or one and a constant."""
    _read_constant_maps(reader, node)
    layer, constant = reader.value(node, 0), reader.value(node, 1)
    if _takes_bias(layer) and isinstance(constant, Constant | ScaledConstant):
        subtrahend = Constant(-_constant_reals(node, constant))
        return weighted_layers.with_added_constant(reader, node, layer, subtrahend)
    return _function_of_one(reader, node, np.subtract) or binary.difference(
        reader, node, reader.summand(node, 0), reader.summand(node, 1)
    )


def read_extremum(reader: Reader, node: Node) -> Value:
    """An activation and a constant, or functions of one activation; folded where that is a Clip."""
    _check_takes_two(node)
    for index in (0, 1):
        layer, bound = reader.value(node, index), reader.value(node, 1 - index)
        if isinstance(layer, PendingLayer) and isinstance(bound, Constant | ScaledConstant):
            real = _operand(node, bound, layer.view)
            if real.size == 1:
                limit = float(real[0, 0])
                bounds = (limit, math.inf) if node.op_type == "Max" else (-math.inf, limit)
                return with_bounds(layer, bounds)
    return read_function_of_two(reader, node)


def _check_takes_two(node: Node) -> None:
    if len(node.inputs) != 2:
        raise node.problem(f"takes {len(node.inputs)} inputs", "two are supported")


def read_function_of_two(reader: Reader, node: Node) -> Value:
    """An activation and a constant, or functions of one activation."""
    scaled = _scaled_layer(reader, node) if node.op_type == "Div" else None
    if scaled is not None:
        return scaled
    result = _function_of_one(reader, node, FUNCTIONS_OF_TWO[node.op_type])
    if result is None:
        is_quotient = node.op_type == "Div"
        advice = NO_QUOTIENT if is_quotient else "one activation and a constant are supported"
        raise node.problem("takes two activations", advice)
    return result


def _function_of_one(
    reader: Reader, node: Node, function: BinaryFunction
) -> TableLayer | FunctionOfSums | None:
    """A node whose operands are constant or functions of one activation; None for two of them.

    In place of an activation there may be what a layer sums up.
    """
    lhs, rhs = reader.value(node, 0), reader.value(node, 1)
    if isinstance(rhs, Constant | ScaledConstant):
        return with_constant(node, _table(reader, node, 0), rhs, function)
    if isinstance(lhs, Constant | ScaledConstant):
        x = _table(reader, node, 1)
        return with_constant(node, x, lhs, lambda reals, left: function(left, reals))
    if _is_of_sums(lhs) and _is_of_sums(rhs):
        return _function_of_sums(_of_sums(node, lhs), _of_sums(node, rhs), node, function)
    tables = isinstance(lhs, TableLayer) or isinstance(rhs, TableLayer)
    if not tables or not isinstance(lhs, TABULATED) or not isinstance(rhs, TABULATED):
        return None
    first, second = table(node, lhs), table(node, rhs)
    if not _read_alike(first, second):
        return None
    return mapped(node, second, lambda reals: function(first.reals, reals))


def _function_of_sums(
    first: FunctionOfSums, second: FunctionOfSums, node: Node, function: BinaryFunction
) -> FunctionOfSums | None:
    """A function of two functions of the same sums, None where they are not the same."""
    if first.sums.node is not second.sums.node or not first.view.reads_like(second.view):
        return None
    steps = tuple(dict.fromkeys((*first.steps, *second.steps, node.op_type)))
    first_function = on_sums_of(first, second.sums)

    def both(reals: Reals) -> Reals:
        return function(first_function(reals), second.function(reals))

    return replace(second, node=node, function=both, steps=steps)


def with_constant(
    node: Node, x: FunctionT, constant: Constant | ScaledConstant, function: BinaryFunction
) -> FunctionT:
    """A function of an activation and a constant that broadcasts over its channels."""
    operand = _operand(node, constant, x.view)
    return mapped(node, x, lambda reals: function(reals, operand))


TABULATED = (Dequantised, RescaleLayer, TableLayer)


def _is_of_sums(value: Value) -> TypeGuard[SummingLayer | FunctionOfSums]:
    """Whether a value is what a layer sums up, or a function of that."""
    return isinstance(value, FunctionOfSums) or is_summing(value)


def _of_sums(node: Node, value: SummingLayer | FunctionOfSums) -> FunctionOfSums:
    return value if isinstance(value, FunctionOfSums) else of_sums(node, value)


def _read_alike(first: TableLayer, second: TableLayer) -> bool:
    same = first.x.integers.value is second.x.integers.value
    return (
        same
        and first.x.quantisation == second.x.quantisation
        and first.view.reads_like(second.view)
    )


def _table(reader: Reader, node: Node, index: int) -> TableLayer | FunctionOfSums:
    value = reader.value(node, index)
    if _is_of_sums(value):
        return _of_sums(node, value)
    if isinstance(value, RescaleLayer | TableLayer):
        return table(node, value)
    return table(node, reader.dequantised(node, index))


def _channel_parameter(reader: Reader, node: Node, index: int, view: View) -> Floats:
    """A constant with one value a channel, as (C, 1) reals."""
    reals, channels = _constant_reals(node, reader.value(node, index)), view.sizes[1]
    if reals.shape != (channels,):
        raise node.problem(f"input {index} is of shape {list(reals.shape)} for {channels} channels")
    return reals.reshape(-1, 1)


def _operand(node: Node, value: Value, view: View) -> Floats:
    """A constant that broadcasts over channels, as (1, 1) or (C, 1) reals."""
    reals = _constant_reals(node, value)
    if reals.size > 1:
        reals = weighted_layers.channel_vector(node, reals, view)
    return reals.reshape(-1, 1)


def _constant_reals(node: Node, value: Value) -> Floats:
    if not isinstance(value, Constant | ScaledConstant):
        raise node.problem("an operand that has to be constant is not")
    reals = value.real if isinstance(value, ScaledConstant) else value.array
    if reals.dtype != np.float32 or not np.all(np.isfinite(reals)):
        raise node.problem("its constant is not float32 and finite")
    return reals


ELEMENTWISE_HANDLERS: dict[str, Handler] = {
    "Add": read_add,
    "BatchNormalization": read_batch_normalization,
    "Div": read_function_of_two,
    "Max": read_extremum,
    "Min": read_extremum,
    "Mul": read_mul,
    "PRelu": read_prelu,
    "Pow": read_function_of_two,
    "Sub": read_sub,
    "Sum": read_sum,
    **dict.fromkeys(FUNCTIONS, read_function),
}
