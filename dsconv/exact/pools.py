"""Maxima and averages: of windows, of maps, of axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import prod

import numpy as np

from dsconv.exact.operation import Call, Operation
from dsconv.exact.products import factor
from dsconv.exact.tensor import (
    LIMIT,
    UNIT_ROUNDOFF,
    Array,
    Floats,
    Tensor,
    exact,
    largest,
    multiplied,
    of_fractions,
)
from dsconv.exact.windows import window_of

ROUNDINGS = 4


def max_pool(call: Call) -> Tensor:
    """The maxima of windows, pads left out."""
    if call.outputs > 1:
        raise call.problem("gives the indices of its maxima")
    x = call.real(0)
    window = window_of(call, x.shape[2:], call.attribute("kernel_shape", []))
    axes = tuple(range(len(x.shape), 2 * len(x.shape) - 2))
    lowest = -LIMIT if x.steps.dtype != object else -(2**2000)
    steps = window.of(x.steps, lowest).max(axes)
    error = window.of(x.error, 0.0).max(axes)
    return exact(steps, x.unit, x.dtype).with_error(error)


def global_max_pool(call: Call) -> Tensor:
    """The maximum of every channel."""
    x = call.real(0)
    return _maximum(x, tuple(range(2, len(x.shape))), keep=True)


def reduce_max(call: Call) -> Tensor:
    """The maximum over axes."""
    axes, keep = reduced_axes(call)
    return _maximum(call.real(0), axes, keep=keep)


def reduce_min(call: Call) -> Tensor:
    """The minimum over axes."""
    axes, keep = reduced_axes(call)
    x = call.real(0)
    steps = np.asarray(x.steps.min(axis=axes, keepdims=keep))
    return exact(steps, x.unit, x.dtype).with_error(x.error.max(axis=axes, keepdims=keep))


def _maximum(x: Tensor, axes: tuple[int, ...], *, keep: bool) -> Tensor:
    steps = np.asarray(x.steps.max(axis=axes, keepdims=keep))
    return exact(steps, x.unit, x.dtype).with_error(x.error.max(axis=axes, keepdims=keep))


def reduced_axes(call: Call) -> tuple[tuple[int, ...], bool]:
    """Axes that a node reduces, all by default, and whether they stay with size 1."""
    if not call.real(0).steps.size:
        raise call.problem("reduces no numbers")
    rank = len(call.real(0).shape)
    chosen = call.integers(1, "axes")
    if not chosen:
        chosen = [] if call.attribute("noop_with_empty_axes", 0) else list(range(rank))
    keep = bool(call.attribute("keepdims", 1))
    return tuple(sorted(axis % rank for axis in chosen)), keep


def average_pool(call: Call) -> Tensor:
    """The averages of windows; pads count as 0 or do not count."""
    x = call.real(0)
    kernel = call.attribute("kernel_shape", [])
    window = window_of(call, x.shape[2:], kernel)
    axes = tuple(range(len(x.shape), 2 * len(x.shape) - 2))
    if call.attribute("count_include_pad", 0) and call.op_type == "QLinearAveragePool":
        sizes = window.of(x.steps, 0).shape
        inside = np.full(sizes[: len(x.shape)], prod(kernel))
    elif call.attribute("count_include_pad", 0):
        inside = _counted(call, x, kernel)
    else:
        inside = window.of(np.ones(x.shape, np.int64), 0).sum(axes)
    return divided(call, x, _total(window.of(x.steps, 0), axes), inside, _sums(x, window.of, axes))


def _counted(call: Call, x: Tensor, kernel: list[int]) -> Array:
    """Pixels of each window in the map or its pads, but not beyond, where ceil_mode goes."""
    without = {name: value for name, value in call.attributes.items() if name != "ceil_mode"}
    plain = Call(call.label, call.op_type, call.inputs, without, 1, call.opset, call.float_sums)
    ends = window_of(plain, x.shape[2:], kernel).pads
    window = window_of(call, x.shape[2:], kernel)
    ones = np.pad(np.ones(x.shape, np.int64), [(0, 0), (0, 0), *ends], constant_values=1)
    beyond = tuple((0, after - end) for (_, after), (_, end) in zip(window.pads, ends, strict=True))
    axes = tuple(range(len(x.shape), 2 * len(x.shape) - 2))
    return replace(window, pads=beyond).of(ones, 0).sum(axes)


def _total(windows: Array, axes: tuple[int, ...]) -> Array:
    terms = prod(windows.shape[axis] for axis in axes)
    if windows.dtype != object and largest(windows) * terms >= LIMIT:
        windows = windows.astype(object)
    return np.asarray(windows.sum(axis=axes))


def _sums(
    x: Tensor, windows: Callable[[Array, float], Array], axes: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Sums of errors and of absolute values."""
    return windows(x.error, 0.0).sum(axes), windows(x.magnitude, 0.0).sum(axes)


def divided(
    call: Call, x: Tensor, total: Array, counts: Array, sums: tuple[Floats, Floats]
) -> Tensor:
    """Totals of steps of x over counts; `sums` are those of errors and absolute values."""
    quotients = np.array([Fraction(1, int(count)) for count in counts.reshape(-1)], object)
    shares = of_fractions(quotients.reshape(counts.shape), x.dtype)
    mean = multiplied(exact(total, x.unit, x.dtype), shares)
    errors, absolute = sums
    mean = mean.with_error(errors / counts)
    if not call.float_sums:
        return call.rounded(mean, ROUNDINGS * UNIT_ROUNDOFF * mean.magnitude)
    terms = np.max(counts, initial=1) + ROUNDINGS
    return call.rounded(mean, terms * UNIT_ROUNDOFF * absolute / counts, absolute)


def global_average_pool(call: Call) -> Tensor:
    """The average of every channel."""
    x = call.real(0)
    return _mean(call, x, tuple(range(2, len(x.shape))), keep=True)


def reduce_mean(call: Call) -> Tensor:
    """The average over axes."""
    axes, keep = reduced_axes(call)
    return _mean(call, call.real(0), axes, keep=keep)


def reduce_sum(call: Call) -> Tensor:
    """The sum over axes."""
    axes, keep = reduced_axes(call)
    x = call.real(0)
    count = prod(x.shape[axis] for axis in axes)
    return multiplied(_mean(call, x, axes, keep=keep), factor(count))


def _mean(call: Call, x: Tensor, axes: tuple[int, ...], *, keep: bool) -> Tensor:
    def reduced(array: Array) -> Array:
        return np.asarray(array.sum(axis=axes, keepdims=keep))

    total = reduced(x.steps.astype(object))
    counts = np.full(total.shape, prod(x.shape[axis] for axis in axes))
    return divided(call, x, total, counts, (reduced(x.error), reduced(x.magnitude)))


POOLS: dict[str, Operation] = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
    "ReduceMax": reduce_max,
    "ReduceMean": reduce_mean,
    "ReduceMin": reduce_min,
    "ReduceSum": reduce_sum,
}
