"""Operations on single numbers whose results are fractions, which are exact."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce

import numpy as np
from onnx import helper

from dsconv.exact.operation import Call, Operation
from dsconv.exact.products import factor
from dsconv.exact.tensor import (
    UNIT_ROUNDOFF,
    Array,
    Floats,
    Tensor,
    added,
    aligned,
    exact,
    multiplied,
    reciprocal,
    rounded_down,
)

ROUNDINGS = 4
"""Of float32 in a sum: two operands read as reals, the sum, and one to spare."""


def real_result(call: Call, result: Tensor, *terms: Floats) -> Tensor:
    """A result with the roundings of its terms, unless it is an integer's."""
    if result.dtype.kind != "f":
        return result.with_error(0.0)
    rounding = ROUNDINGS * UNIT_ROUNDOFF * np.asarray(sum(terms, np.zeros(())))
    return call.rounded(result, rounding)


def add(call: Call) -> Tensor:
    """A sum, broadcast."""
    lhs, rhs = call.real(0), call.real(1)
    return real_result(call, added(lhs, rhs), lhs.magnitude, rhs.magnitude)


def subtract(call: Call) -> Tensor:
    """A difference, broadcast."""
    lhs, rhs = call.real(0), call.real(1)
    return real_result(call, added(lhs, rhs, -1), lhs.magnitude, rhs.magnitude)


def total(call: Call) -> Tensor:
    """The sum of all inputs."""
    terms = [call.real(index) for index in range(len(call.inputs))]
    return real_result(call, reduce(added, terms), *(term.magnitude for term in terms))


def multiply(call: Call) -> Tensor:
    """A product, broadcast."""
    product = multiplied(call.real(0), call.real(1))
    return real_result(call, product, product.magnitude)


def divide(call: Call) -> Tensor:
    """A quotient, broadcast; of integers, rounded down.

    ONNX rounds quotients of integers to 0 and NEMO, whose they are, down: both are told.
    """
    lhs, rhs = call.real(0), call.real(1)
    try:
        quotient = multiplied(lhs, reciprocal(rhs))
    except ValueError as error:
        raise call.problem(str(error)) from error
    if lhs.dtype.kind == "f":
        return real_result(call, quotient, quotient.magnitude)
    down = rounded_down(quotient)
    to_zero = np.where(quotient.steps < 0, -rounded_down(negative(quotient)), down)
    result = exact(down, Fraction(1), lhs.dtype)
    return Tensor(down, result.unit, result.dtype, result.error, down, to_zero.astype(np.int64))


def negative(x: Tensor) -> Tensor:
    """The numbers with another sign."""
    return exact(-x.steps, x.unit, x.dtype).with_error(x.error)


def absolute(x: Tensor) -> Tensor:
    """The numbers without their signs."""
    return exact(np.abs(x.steps), x.unit, x.dtype).with_error(x.error)


def smaller(lhs: Tensor, rhs: Tensor) -> Tensor:
    """The smaller of two."""
    return _chosen(np.minimum, lhs, rhs)


def larger(lhs: Tensor, rhs: Tensor) -> Tensor:
    """The larger of two."""
    return _chosen(np.maximum, lhs, rhs)


def _chosen(choose: Callable[[Array, Array], Array], lhs: Tensor, rhs: Tensor) -> Tensor:
    (a, b), unit = aligned(lhs, rhs)
    error = np.maximum(lhs.error, rhs.error)
    return exact(choose(a, b), unit, lhs.dtype).with_error(error)


def clipped(x: Tensor, low: float | None, high: float | None) -> Tensor:
    """Within bounds, of which the upper one counts where they cross."""
    if low is not None and np.isfinite(low):
        x = larger(x, Tensor.of(np.asarray(low)).with_error(0.0))
    if high is not None and np.isfinite(high):
        bound = Tensor.of(np.asarray(high))
        x = smaller(x, bound)
    return x


def clip(call: Call) -> Tensor:
    """Within bounds, which are inputs or, in earlier opsets, attributes."""
    x = call.real(0)
    bounds: list[float | None] = []
    for index, name in ((1, "min"), (2, "max")):
        if call.has(index):
            bounds.append(float(call.array(index).reshape(-1)[0]))
        else:
            given = call.attribute(name, None)
            bounds.append(None if given is None else float(np.float32(given)))
    result = clipped(x, *bounds)
    return Tensor(result.steps, result.unit, x.dtype, result.error)


def relu(call: Call) -> Tensor:
    """Nothing below 0."""
    return clipped(call.real(0), 0.0, None)


def minimum(call: Call) -> Tensor:
    """The smallest of all inputs."""
    return reduce(smaller, [call.real(index) for index in range(len(call.inputs))])


def maximum(call: Call) -> Tensor:
    """The largest of all inputs."""
    return reduce(larger, [call.real(index) for index in range(len(call.inputs))])


def with_slope(x: Tensor, slope: Tensor) -> Tensor:
    """What is below 0, times a slope."""
    (bent, straight), unit = aligned(multiplied(x, slope), x)
    steps = np.where(np.broadcast_to(x.steps < 0, bent.shape), bent, straight)
    error = x.error * np.maximum(1.0, slope.magnitude)
    result = exact(steps, unit, x.dtype)
    return result.with_error(error + ROUNDINGS * UNIT_ROUNDOFF * result.magnitude)


def leaky_relu(call: Call) -> Tensor:
    """One slope for what is below 0."""
    return with_slope(call.real(0), factor(call.attribute("alpha", 0.01)))


def prelu(call: Call) -> Tensor:
    """A slope for what is below 0, broadcast."""
    return with_slope(call.real(0), call.real(1))


def hard_sigmoid(call: Call) -> Tensor:
    """`clip(alpha * x + beta, 0, 1)`."""
    alpha, beta = factor(call.attribute("alpha", 0.2)), factor(call.attribute("beta", 0.5))
    return clipped(_line(call.real(0), alpha, beta), 0.0, 1.0)


def hard_swish(call: Call) -> Tensor:
    """`x * clip(x / 6 + 0.5, 0, 1)`."""
    x = call.real(0)
    sixth = exact(np.array(1), Fraction(1, 6), x.dtype)
    gate = clipped(_line(x, sixth, factor(0.5)), 0.0, 1.0)
    return multiplied(x, gate)


def _line(x: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
    product = multiplied(x, slope)
    rounding = ROUNDINGS * UNIT_ROUNDOFF * (product.magnitude + offset.magnitude)
    total = added(product, offset)
    return total.with_error(total.error + rounding)


def batch_normalization(call: Call) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * scale + bias`, by channels."""
    if call.attribute("training_mode", 0):
        raise call.problem("is in training")
    x = call.real(0)
    shape = (-1, *[1] * (len(x.shape) - 2))
    scale, bias, mean = (
        call.real(index).map(lambda array: array.reshape(shape)) for index in (1, 2, 3)
    )
    variance = call.array(4).astype(np.float64).reshape(shape)
    epsilon = float(np.float32(call.attribute("epsilon", 1e-5)))
    deviation = Tensor.of(1 / np.sqrt(variance + epsilon))
    factors = multiplied(scale, deviation)
    product = multiplied(added(x, mean, -1), factors)
    terms = (x.magnitude + mean.magnitude) * factors.magnitude + bias.magnitude
    return real_result(call, added(product, bias), terms)


def floor(call: Call) -> Tensor:
    """Rounded down."""
    x = call.real(0)
    return exact(rounded_down(x), Fraction(1), x.dtype)


def ceil(call: Call) -> Tensor:
    """Rounded up."""
    x = call.real(0)
    return exact(-rounded_down(negative(x)), Fraction(1), x.dtype)


def cast(call: Call) -> Tensor:
    """To another type; reals become integers by leaving out what is behind the point."""
    x, dtype = call.real(0), helper.tensor_dtype_to_np_dtype(call.attribute("to", 1))
    if dtype.kind == "f":
        if dtype.itemsize < 4:
            raise call.problem(f"casts to {dtype.name}")
        return Tensor(x.steps, x.unit, dtype, x.error)
    if dtype.kind not in "iu":
        raise call.problem(f"casts to {dtype.name}")
    down = rounded_down(x)
    whole = np.where(x.steps < 0, -rounded_down(negative(x)), down)
    limits = np.iinfo(dtype)
    if np.any(whole < limits.min) or np.any(whole > limits.max):
        raise call.problem(f"casts what does not fit {dtype.name}")
    return exact(whole, Fraction(1), dtype)


def _of_one(change: Callable[[Tensor], Tensor]) -> Operation:
    return lambda call: change(call.real(0))


ELEMENTWISE: dict[str, Operation] = {
    "Abs": _of_one(absolute),
    "Add": add,
    "BatchNormalization": batch_normalization,
    "Cast": cast,
    "Ceil": ceil,
    "Clip": clip,
    "Div": divide,
    "Floor": floor,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": hard_swish,
    "LeakyRelu": leaky_relu,
    "Max": maximum,
    "Min": minimum,
    "Mul": multiply,
    "Neg": _of_one(negative),
    "PRelu": prelu,
    "Relu": relu,
    "Sub": subtract,
    "Sum": total,
}
