"""The operation of a layer whose operands and output are quantised: sizes and sums checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    ConstantOp,
    InterpolateOp,
    IntTensorType,
    LayerOperation,
    LookupOp,
    MaxPoolOp,
    MulOp,
    PairLookupOp,
    RescaleOp,
    activation_type,
    packed_bits,
)
from dsconv.frontends.arithmetic.addition_forms import Addition
from dsconv.frontends.arithmetic.product_forms import Average
from dsconv.frontends.arithmetic.real_factors import NO_WEIGHTS, Arithmetic, OnnxRuntimeArithmetic
from dsconv.frontends.arithmetic.scales import LARGEST_DIVISOR, Quantisation
from dsconv.frontends.arithmetic.values import (
    UNLABELLED,
    AddLayer,
    ArithmeticLayer,
    AveragePoolLayer,
    ConvolutionLayer,
    Dequantised,
    Integers,
    InterpolatedLayer,
    MatrixLayer,
    MaxPoolLayer,
    MulLayer,
    PendingLayer,
    RescaleLayer,
    TableLayer,
    WeightedLayer,
)
from dsconv.frontends.core.fold_constants import fold_constant
from dsconv.frontends.onnx_file.onnx_graph import Node

WeightedT = TypeVar("WeightedT", bound=WeightedLayer)

LARGEST_ACTIVATION = 2**28
ACCUMULATOR_LIMIT = 2**31


@dataclass(frozen=True)
class MadeLayer:
    """The operation of a layer, and what it reads.

    `ones` (256, 256) are added to what it gives, for each pair of its inputs, or of its own result
    and that of a second operation, `above`.
    """

    operation: LayerOperation
    inputs: tuple[Dequantised, ...]
    ones: npt.NDArray[np.int64] | None = None
    above: LayerOperation | None = None


def layer_operation(
    layer: ArithmeticLayer, output: Quantisation, arithmetic: Arithmetic
) -> MadeLayer:
    """The operation of a layer whose result is quantised as `output`.

    Its constants are not in any block yet.
    """
    match layer:
        case ConvolutionLayer() | MatrixLayer():
            return MadeLayer(_weighted_operation(layer, output, arithmetic), (layer.x,))
        case AddLayer():
            addition = arithmetic.addition(layer, output)
            operation = fold_constant(_add_operation(layer, output, addition))
            return MadeLayer(operation, layer.activations, addition.ones)
        case MulLayer():
            product = arithmetic.product(layer, output)
            operation = fold_constant(_mul_operation(layer, output, product.requant))
            return MadeLayer(operation, layer.activations, product.ones)
        case AveragePoolLayer():
            average = arithmetic.average(layer, output)
            operation = _average_pool_operation(layer, output, average, average.requant)
            above = average.above and _average_pool_operation(layer, output, average, average.above)
            return MadeLayer(operation, (layer.x,), average.ones, above)
        case InterpolatedLayer():
            return MadeLayer(_interpolate_operation(layer, output, arithmetic), (layer.x,))
        case RescaleLayer():
            return MadeLayer(_rescale_operation(layer, output, arithmetic), (layer.x,))
        case TableLayer():
            return MadeLayer(_lookup_operation(layer, output, arithmetic), (layer.x,))


def ones_operation(
    layer: PendingLayer,
    pair: Sequence[Integers],
    ones: npt.NDArray[np.int64],
    output: Quantisation,
) -> PairLookupOp:
    """What is added for each pair of integers."""
    lhs, rhs = (x.value for x in pair)
    table = ConstantOp.of(packed_bits(ones))
    return PairLookupOp(UNLABELLED, lhs, rhs, table, result_type(layer, output.dtype))


def sum_operation(layer: PendingLayer, lhs: Integers, rhs: Integers, output: Quantisation) -> AddOp:
    """Two integers, added up as they are."""
    requant = RequantAttr.of([1], [1], clip=output.limits)
    made = result_type(layer, output.dtype)
    return AddOp(UNLABELLED, lhs.value, rhs.value, requant, made, multipliers=(1, 1))


def max_pool_operation(layer: MaxPoolLayer, source: Integers) -> LayerOperation:
    """The maximum of a window of quantised values."""
    return MaxPoolOp(UNLABELLED, source.value, layer.window, result_type(layer, source.dtype))


def _weighted_operation(
    layer: ConvolutionLayer | MatrixLayer, output: Quantisation, arithmetic: Arithmetic
) -> LayerOperation:
    if isinstance(arithmetic, OnnxRuntimeArithmetic):
        layer = with_accumulators_in_32_bits(layer)
    _check_accumulators(layer)
    x, weights = layer.x, layer.weights
    requant = arithmetic.requantisation(layer, x.quantisation, weights.scales, output)
    made = result_type(layer, output.dtype)
    operands = (
        x.integers.value,
        ConstantOp.of(weights.array),
        ConstantOp.of(layer.bias.astype(np.int32)),
    )
    if isinstance(layer, ConvolutionLayer):
        return layer.operation(
            UNLABELLED,
            *operands,
            layer.window,
            requant,
            made,
            input_zero_point=x.quantisation.zero_point,
            weight_zero_points=weights.zero_points,
        )
    return layer.operation(
        UNLABELLED,
        *operands,
        requant,
        made,
        input_zero_point=x.quantisation.zero_point,
        weight_zero_points=weights.zero_points,
    )


def _add_operation(layer: AddLayer, output: Quantisation, addition: Addition) -> AddOp:
    """(a - za) * ma + (b - zb) * mb, requantised."""
    terms = [x.quantisation for x in (layer.lhs, layer.rhs)]
    distances = (
        abs(multiplier) * term.largest_distance
        for multiplier, term in zip(addition.multipliers, terms, strict=True)
    )
    _check_sum(layer.node, sum(distances))
    return AddOp(
        UNLABELLED,
        layer.lhs.integers.value,
        layer.rhs.integers.value,
        addition.requant,
        result_type(layer, output.dtype),
        multipliers=addition.multipliers,
        zero_points=(terms[0].zero_point, terms[1].zero_point),
        terms=addition.terms,
    )


def _mul_operation(layer: MulLayer, output: Quantisation, requant: RequantAttr) -> MulOp:
    """(a - za) * (b - zb), requantised."""
    lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
    return MulOp(
        UNLABELLED,
        layer.lhs.integers.value,
        layer.rhs.integers.value,
        requant,
        result_type(layer, output.dtype),
        zero_points=(lhs.zero_point, rhs.zero_point),
    )


def _average_pool_operation(
    layer: AveragePoolLayer, output: Quantisation, average: Average, requant: RequantAttr
) -> LayerOperation:
    """The sum of a window, divided by its size, or the pixels that count, in its requantisation."""
    x, pixels = layer.x, math.prod(layer.window.kernel)
    _check_sum(layer.node, pixels * x.quantisation.largest_distance)
    if layer.counted_pads is not None:
        _check_varying_divisors(layer.node, requant, pixels)
    return AveragePoolOp(
        UNLABELLED,
        x.integers.value,
        layer.window,
        requant,
        result_type(layer, output.dtype),
        input_zero_point=average.zero_point,
        counted_pads=layer.counted_pads,
    )


def _check_varying_divisors(node: Node, requant: RequantAttr, pixels: int) -> None:
    largest = max(*requant.divisors, *map(abs, requant.addends))
    if largest * pixels > LARGEST_DIVISOR:
        raise node.problem(
            "pads that do not count in the average, in a requantisation that does not allow for it",
            "export with count_include_pad=1 or without pads",
        )


def _interpolate_operation(
    layer: InterpolatedLayer, output: Quantisation, arithmetic: Arithmetic
) -> LayerOperation:
    x = layer.x
    return InterpolateOp(
        UNLABELLED,
        x.integers.value,
        *layer.places,
        arithmetic.requantisation(layer, x.quantisation, NO_WEIGHTS, output),
        result_type(layer, output.dtype),
        input_zero_point=0 if layer.of_integers else x.quantisation.zero_point,
    )


def _rescale_operation(
    layer: RescaleLayer, output: Quantisation, arithmetic: Arithmetic
) -> LayerOperation:
    x, form = layer.x, arithmetic.rescaled(layer, output)
    if isinstance(form, TableLayer):
        return _lookup_operation(form, output, arithmetic)
    return RescaleOp(
        UNLABELLED,
        x.integers.value,
        form,
        result_type(layer, output.dtype),
        input_zero_point=x.quantisation.zero_point,
    )


def _lookup_operation(
    layer: TableLayer, output: Quantisation, arithmetic: Arithmetic
) -> LayerOperation:
    if np.isnan(layer.reals).any():
        raise layer.node.problem("its result is not a number for some inputs")
    tables = arithmetic.table(layer, output)
    if np.all(tables == tables[:1]):
        tables = tables[:1]
    return LookupOp(
        UNLABELLED,
        layer.x.integers.value,
        ConstantOp.of(tables),
        result_type(layer, output.dtype),
    )


def result_type(layer: PendingLayer, dtype: str) -> IntTensorType:
    """Type of a layer's result."""
    size = math.prod(layer.view.sizes)
    if size > LARGEST_ACTIVATION:
        raise layer.node.problem(f"its result has {size} values, too many for any target")
    return activation_type(layer.view.sizes, dtype)


def with_accumulators_in_32_bits(layer: WeightedT) -> WeightedT:
    """The layer with biases that are too large beside their sums in what the requantisation adds.

    Such are those of channels without weights to speak of, whose scale is tiny.
    """
    sums = largest_products(layer)
    too_large = (sums < ACCUMULATOR_LIMIT) & (sums + np.abs(layer.bias) >= ACCUMULATOR_LIMIT)
    if not too_large.any():
        return layer
    moved = np.where(too_large, layer.bias, 0)
    rests = layer.bias_rests or (Fraction(0),) * len(moved)
    together = tuple(rest + bias for rest, bias in zip(rests, moved.tolist(), strict=True))
    return replace(layer, bias=layer.bias - moved, bias_rests=together)


def largest_products(layer: WeightedLayer) -> npt.NDArray[np.int64]:
    """The largest sum of products that each channel may reach, of either sign."""
    array = layer.weights.array
    weights = array.reshape(len(array), -1).astype(np.int64)
    centred = weights - np.asarray(layer.weights.zero_points, np.int64).reshape(-1, 1)
    return np.abs(centred).sum(axis=1) * layer.x.quantisation.largest_distance


def largest_sums(layer: WeightedLayer) -> npt.NDArray[np.int64]:
    """What no sum of a channel exceeds, of either sign."""
    return largest_products(layer) + np.abs(layer.bias)


def _check_accumulators(layer: WeightedLayer) -> None:
    sums = largest_sums(layer)
    channel = int(np.argmax(sums))
    if sums[channel] >= ACCUMULATOR_LIMIT:
        raise layer.node.problem(
            f"sums of channel {channel}, whose bias is {layer.bias[channel]}, may reach "
            f"{sums[channel]}, which does not fit 32 bits",
            "look for a bias or a scale far out of range",
        )


def _check_sum(node: Node, largest: int) -> None:
    if largest >= ACCUMULATOR_LIMIT:
        raise node.problem(
            f"its sums may reach {largest}, which does not fit 32 bits",
            "look for a bias, a scale or a window far out of range",
        )
