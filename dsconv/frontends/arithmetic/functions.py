"""Functions of one activation, in float32 for tables of its 256 values, in doubles for sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, TypeVar

import numpy as np

from dsconv.frontends.arithmetic.scales import Reals
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyWeightedLayer,
    Dequantised,
    FunctionOfSums,
    RescaleLayer,
    SummingLayer,
    TableLayer,
    with_bounds,
)
from dsconv.frontends.onnx_file.onnx_graph import Node

Function: TypeAlias = Callable[[Reals], Reals]

_error_function = np.vectorize(math.erf, otypes=[np.float64])


def _in_double(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Node], Function]:
    """A function without attributes, rounded to the type of its argument once."""
    return lambda _: lambda x: function(x.astype(np.float64)).astype(x.dtype)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _gelu(node: Node) -> Function:
    if node.text("approximate", "none") == "tanh":
        return _in_double(
            lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        )(node)
    return _in_double(lambda x: x / 2 * (1 + _error_function(x / math.sqrt(2))))(node)


def _hard_sigmoid(node: Node) -> Function:
    alpha, beta = np.float32(node.real("alpha", 0.2)), np.float32(node.real("beta", 0.5))
    return lambda x: np.clip(alpha * x + beta, 0, 1)


def _hard_swish(node: Node) -> Function:
    sixth, half = np.float32(1 / 6), np.float32(0.5)
    return lambda x: x * np.clip(x * sixth + half, 0, 1)


def _leaky_relu(node: Node) -> Function:
    alpha = np.float32(node.real("alpha", 0.01))
    return lambda x: np.where(x < 0, alpha * x, x)


def _thresholded_relu(node: Node) -> Function:
    alpha = np.float32(node.real("alpha", 1.0))
    return lambda x: np.where(x > alpha, x, np.float32(0))


def _exponential(alpha: float, gamma: float, slope: float = 1.0) -> Function:
    """gamma * x above 0, gamma * alpha * (exp(slope * x) - 1) below."""
    return lambda x: np.where(
        x < 0, gamma * (alpha * np.expm1(slope * x.astype(np.float64))), gamma * x
    ).astype(x.dtype)


def _celu(node: Node) -> Function:
    alpha = node.real("alpha", 1.0)
    if alpha == 0:
        raise node.problem("alpha 0, by which it divides")
    return _exponential(alpha, 1.0, 1 / alpha)


FUNCTIONS: dict[str, Callable[[Node], Function]] = {
    "Abs": _in_double(np.abs),
    "Ceil": _in_double(np.ceil),
    "Celu": _celu,
    "Cos": _in_double(np.cos),
    "Elu": lambda node: _exponential(node.real("alpha", 1.0), 1.0),
    "Erf": _in_double(_error_function),
    "Exp": _in_double(np.exp),
    "Floor": _in_double(np.floor),
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _hard_swish,
    "LeakyRelu": _leaky_relu,
    "Log": _in_double(np.log),
    "Mish": _in_double(lambda x: x * np.tanh(np.logaddexp(0, x))),
    "Neg": _in_double(np.negative),
    "Reciprocal": _in_double(np.reciprocal),
    "Round": _in_double(np.rint),
    "Selu": lambda node: _exponential(
        node.real("alpha", 1.67326319217681884765625), node.real("gamma", 1.05070102214813232421875)
    ),
    "Sigmoid": _in_double(_sigmoid),
    "Sign": _in_double(np.sign),
    "Sin": _in_double(np.sin),
    "Softplus": _in_double(lambda x: np.logaddexp(0, x)),
    "Softsign": _in_double(lambda x: x / (1 + np.abs(x))),
    "Sqrt": _in_double(np.sqrt),
    "Tanh": _in_double(np.tanh),
    "ThresholdedRelu": _thresholded_relu,
}
"""What an operation computes, from its attributes."""


FunctionT = TypeVar("FunctionT", bound=TableLayer | FunctionOfSums)


def table(node: Node, value: Dequantised | RescaleLayer | TableLayer) -> TableLayer:
    """An activation, or what became of it, as the table of a node's operand."""
    if isinstance(value, TableLayer):
        return replace(value, node=node)
    if isinstance(value, RescaleLayer):
        return with_bounds(table(node, value.x), value.bounds)
    return TableLayer(node, value.view, UNBOUNDED, value, value.quantisation.reals[None], ())


def of_sums(node: Node, layer: SummingLayer) -> FunctionOfSums:
    """What a layer sums up, as a node's operand."""
    bounds = layer.bounds
    return FunctionOfSums(
        node, layer.view, UNBOUNDED, layer, lambda reals: np.clip(reals, *bounds), ()
    )


def on_sums_of(operand: FunctionOfSums, sums: SummingLayer) -> Function:
    """The function as one of what another layer sums up: of the same node, perhaps with a bias and
    a factor of its own.
    """
    own, function = operand.sums, operand.function
    if not isinstance(own, AnyWeightedLayer) or not isinstance(sums, AnyWeightedLayer):
        return function
    (scales, biases), (other_scales, other_biases) = (
        _scales_and_biases(own),
        _scales_and_biases(sums),
    )
    factors, addends = scales / other_scales, (biases - other_biases) * scales
    return lambda reals: function(reals * factors + addends)


def _scales_and_biases(layer: AnyWeightedLayer) -> tuple[Reals, Reals]:
    """What a unit of a layer's sums means, (1, 1) or (K, 1), and its biases in such units."""
    rests = np.array(layer.bias_rests or (0,), np.float64)
    scales = layer.weights.scales.astype(np.float64).reshape(-1, 1)
    biases = (layer.bias + rests).reshape(-1, 1)
    return scales * layer.x.quantisation.scale / layer.divisor, biases


def mapped(node: Node, operand: FunctionT, function: Function) -> FunctionT:
    """A function of what a table holds, or of another function of sums."""
    steps = (*operand.steps, node.op_type)
    if isinstance(operand, TableLayer):
        return replace(operand, reals=function(operand.reals), steps=steps)
    return replace(operand.then(function), node=node, steps=steps)
