"""Functions whose results are no fractions: worked out in doubles, with a bound of the error."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import erf

import numpy as np

from dsconv.exact.operation import Call, Operation
from dsconv.exact.tensor import UNIT_ROUNDOFF, Array, Floats, Tensor

ROUNDINGS = 8
"""Units in the last place, of the result or of 1, that float32 functions may be off.

ONNX Runtime 1.32's are off by 3.3 at most, for reals from -100 to 80 (beside doubles).
"""
INFINITY = 2.0**130
"""Stands for an infinite result, beyond what any scale reaches."""
LARGEST_MOVE = 2.0**40
"""Of a result, in units: no output is so far from another."""
Function = Callable[[Floats], Floats]


def applied(x: Tensor, function: Function) -> Tensor:
    """A function of every number; what x may be off makes its result off, too."""
    reals = x.floats()
    with np.errstate(all="ignore"):
        results, *ends = (
            function(x).clip(-INFINITY, INFINITY) for x in (reals, reals + x.error, reals - x.error)
        )
    if np.isnan(results).any():
        raise ValueError("its result is no number")
    moved = np.maximum(*(np.nan_to_num(np.abs(end - results), nan=0.0) for end in ends))
    rounding = ROUNDINGS * UNIT_ROUNDOFF * (1 + np.abs(results))
    return Tensor.of(results).with_error((moved + rounding).clip(0, LARGEST_MOVE))


def sigmoid(x: Floats) -> Floats:
    """The logistic function."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def softplus(x: Floats) -> Floats:
    """`log(1 + exp(x))`."""
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def error_function(x: Floats) -> Floats:
    """The error function."""
    return np.vectorize(erf, otypes=[np.float64])(x)


def gelu(x: Floats) -> Floats:
    """x times the normal distribution's probability of less."""
    return 0.5 * x * (1 + error_function(x / np.sqrt(2)))


def gelu_by_tanh(x: Floats) -> Floats:
    """The approximation of it by a tanh."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _plain(function: Function) -> Operation:
    return lambda call: _applied(call, function)


def _applied(call: Call, function: Function) -> Tensor:
    try:
        return applied(call.real(0), function)
    except ValueError as error:
        raise call.problem(str(error)) from error


def _number(call: Call, name: str, default: float) -> float:
    return float(np.float32(call.attribute(name, default)))


def elu(call: Call) -> Tensor:
    """`alpha * (exp(x) - 1)` below 0."""
    alpha = _number(call, "alpha", 1.0)
    return _applied(call, lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x))


def celu(call: Call) -> Tensor:
    """`alpha * (exp(x / alpha) - 1)` below 0."""
    alpha = _number(call, "alpha", 1.0)
    return _applied(call, lambda x: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0) / alpha), x))


def selu(call: Call) -> Tensor:
    """`gamma * elu(x)`."""
    alpha = _number(call, "alpha", 1.67326319217681884765625)
    gamma = _number(call, "gamma", 1.05070102214813232421875)
    return _applied(call, lambda x: gamma * np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x))


def thresholded_relu(call: Call) -> Tensor:
    """Nothing up to alpha."""
    alpha = _number(call, "alpha", 1.0)
    return _applied(call, lambda x: np.where(x > alpha, x, 0))


def shrink(call: Call) -> Tensor:
    """Nearer to 0 by a bias, and 0 within lambd of it."""
    bias, lambd = _number(call, "bias", 0.0), _number(call, "lambd", 0.5)
    return _applied(
        call, lambda x: np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, 0.0))
    )


def gelu_of(call: Call) -> Tensor:
    """Gelu, exact or by its approximation."""
    approximate = call.attribute("approximate", "none") == "tanh"
    return _applied(call, gelu_by_tanh if approximate else gelu)


def swish(call: Call) -> Tensor:
    """x times the logistic function of alpha * x."""
    alpha = _number(call, "alpha", 1.0)
    return _applied(call, lambda x: x * sigmoid(alpha * x))


def power(call: Call) -> Tensor:
    """x to a constant power."""
    exponent = call.real(1).floats()
    return _applied(call, lambda x: np.power(x, exponent))


def softmax(call: Call) -> Tensor:
    """Exponentials over their sum along an axis."""
    return _normalised(call, np.exp)


def log_softmax(call: Call) -> Tensor:
    """The logarithm of softmax."""
    return _normalised(call, lambda x: x)


def _normalised(call: Call, function: Function) -> Tensor:
    x = call.real(0)
    rank = len(x.shape)
    axis = call.attribute("axis", 1 if call.opset < 13 else -1) % rank
    axes = (axis,) if call.opset >= 13 else tuple(range(axis, rank))
    reals = x.floats()
    shifted = reals - reals.max(axes, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axes, keepdims=True))
    results = function(logarithms)
    terms = np.prod([x.shape[axis] for axis in axes])
    moved = 2 * x.error.max(axes, keepdims=True) * (1 + np.abs(results))
    rounding = (ROUNDINGS + terms) * UNIT_ROUNDOFF * (1 + np.abs(results))
    return Tensor.of(results).with_error((moved + rounding).clip(0, LARGEST_MOVE))


def round_half_even(call: Call) -> Tensor:
    """Rounded, half to even."""
    return _applied(call, np.rint)


def _place(find: Callable[[Array, int], Array], call: Call) -> Array:
    """Where a number is along an axis."""
    x = call.real(0)
    axis = call.attribute("axis", 0) % len(x.shape)
    steps = np.flip(x.steps, axis) if call.attribute("select_last_index", 0) else x.steps
    found = np.asarray(find(steps, axis))
    if call.attribute("select_last_index", 0):
        found = x.shape[axis] - 1 - found
    return np.expand_dims(found, axis) if call.attribute("keepdims", 1) else found


FUNCTIONS: dict[str, Operation] = {
    "ArgMax": partial(_place, np.argmax),
    "ArgMin": partial(_place, np.argmin),
    "Celu": celu,
    "Cos": _plain(np.cos),
    "Elu": elu,
    "Erf": _plain(error_function),
    "Exp": _plain(np.exp),
    "Gelu": gelu_of,
    "Log": _plain(np.log),
    "LogSoftmax": log_softmax,
    "Mish": _plain(lambda x: x * np.tanh(softplus(x))),
    "Pow": power,
    "Reciprocal": _plain(lambda x: 1 / x),
    "Round": round_half_even,
    "Selu": selu,
    "Shrink": shrink,
    "Sigmoid": _plain(sigmoid),
    "Sign": _plain(np.sign),
    "Sin": _plain(np.sin),
    "Softmax": softmax,
    "Softplus": _plain(softplus),
    "Softsign": _plain(lambda x: x / (1 + np.abs(x))),
    "Sqrt": _plain(np.sqrt),
    "Swish": swish,
    "Tan": _plain(np.tan),
    "Tanh": _plain(np.tanh),
    "ThresholdedRelu": thresholded_relu,
}
