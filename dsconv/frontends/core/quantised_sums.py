"""Quantised results of what is not quantised: the steps at which they change, in one layer."""

from __future__ import annotations

import numpy as np

from dsconv.dialects.graph import ConstantOp, StepsOp, SumStepsOp
from dsconv.frontends.arithmetic.linear_forms import (
    SUMS,
    Function,
    IntArray,
    LinearForm,
    Rationals,
    Term,
    TooWideError,
    Total,
    quantised_steps,
    spread,
)
from dsconv.frontends.arithmetic.scales import Quantisation, Reals
from dsconv.frontends.arithmetic.step_tables import (
    Steps,
    TooManyStepsError,
    padded_tables,
    steps_of,
)
from dsconv.frontends.arithmetic.values import (
    UNLABELLED,
    FunctionOfSums,
    LayerOfSums,
    SummingLayer,
)
from dsconv.frontends.core.operations import result_type
from dsconv.frontends.onnx_file.onnx_graph import Node


def quantised_sums(
    layer: LayerOfSums | FunctionOfSums,
    sums: SummingLayer,
    form: LinearForm,
    function: Function | None,
    output: Quantisation,
) -> StepsOp | SumStepsOp:
    """Quantises a function of the form of `sums`; without one, the form within the layer's bounds.

    Raises `ModelError` where no table or no integer of 64 bits holds it.
    """
    try:
        return _operation(layer, sums, form, function, output)
    except TooManyStepsError as error:
        raise layer.node.problem(
            f"what it gives of the sums of {sums.node.title} changes too often for a table",
            "quantise in between",
        ) from error
    except TooWideError as error:
        raise layer.node.problem(
            "the integer that holds its sum exactly does not fit 64 bits",
            "look for a scale or a bias far out of range, or quantise in between",
        ) from error


def _operation(
    layer: LayerOfSums | FunctionOfSums,
    sums: SummingLayer,
    form: LinearForm,
    function: Function | None,
    output: Quantisation,
) -> StepsOp | SumStepsOp:
    result = result_type(layer, output.dtype)
    (term, *others), checked = form.terms, _checked(layer.node, function)
    is_alone = not others and term.integers.dtype == SUMS.dtype
    if is_alone and (form.is_uniform or checked is not None):
        steps = _steps(sums, term, form.addends, checked, output, layer.bounds)
        thresholds, values = padded_tables(steps, output.dtype)
        tables = ConstantOp.of(thresholds), ConstantOp.of(values)
        return StepsOp(UNLABELLED, term.integers.value, *tables, result)
    total = Total.of(form)
    steps = total.steps(checked, output, layer.bounds)
    thresholds, values = padded_tables(steps, output.dtype, np.int64)
    tables = ConstantOp.of(thresholds), ConstantOp.of(values)
    read = [term.integers.value for term in form.terms]
    return SumStepsOp(UNLABELLED, read, ConstantOp.of(total.weights), *tables, result)


def _steps(
    layer: SummingLayer,
    term: Term,
    addends: Rationals,
    function: Function | None,
    output: Quantisation,
    bounds: tuple[float, float],
) -> list[Steps]:
    """Sums of one term at which results change, in every channel."""
    if function is None:
        limits = int(term.low.min()), int(term.high.max())
        return [quantised_steps(term.scales[0], addends[0], limits, output, bounds)]
    channels = layer.view.sizes[1]
    scales, added = (
        np.array([float(value) for value in spread(values, channels)]).reshape(-1, 1)
        for values in (term.scales, addends)
    )

    def reals(sums: IntArray) -> Reals:
        return function(sums.astype(np.float64) * scales + added)

    low, high = (np.broadcast_to(limit, (channels,)).tolist() for limit in (term.low, term.high))
    return steps_of(reals, output.quantised, list(zip(low, high, strict=True)))


def _checked(node: Node, function: Function | None) -> Function | None:
    """A function whose results are all numbers."""
    if function is None:
        return None

    def checked(reals: Reals) -> Reals:
        results = function(reals)
        if np.isnan(results).any():
            raise node.problem("its result is not a number for some inputs")
        return results

    return checked
