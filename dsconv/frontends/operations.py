"""The operation of a layer whose operands and output are quantised: sizes and sums checked.

Labels stay empty until the names of all layers are known.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    ConstantOp,
    IntTensorType,
    LayerOperation,
    MaxPoolOp,
    RescaleOp,
    activation_type,
)
from dsconv.frontends.onnx_graph import Node
from dsconv.frontends.scales import (
    MULTIPLIER_LIMIT,
    Floats,
    Quantisation,
    addition_multipliers,
    float_multipliers,
    requantisation,
)
from dsconv.frontends.values import (
    AddLayer,
    AveragePoolLayer,
    ConvolutionLayer,
    Dequantised,
    Integers,
    Layer,
    MatrixLayer,
    MaxPoolLayer,
    RescaleLayer,
    WeightedLayer,
)

LARGEST_ACTIVATION = 2**28
ACCUMULATOR_LIMIT = 2**31
UNLABELLED = ""

ArithmeticLayer: TypeAlias = (
    ConvolutionLayer | MatrixLayer | AddLayer | AveragePoolLayer | RescaleLayer
)
"""All but a maximum, which needs no arithmetic."""


def layer_operation(
    layer: ArithmeticLayer, output: Quantisation
) -> tuple[LayerOperation, tuple[Dequantised, ...]]:
    """The operation of a layer whose result is quantised as `output`, and what it reads.

    Its constants are not in any block yet.
    """
    match layer:
        case ConvolutionLayer() | MatrixLayer():
            return _weighted_operation(layer, output), (layer.x,)
        case AddLayer():
            return _add_operation(layer, output), (layer.lhs, layer.rhs)
        case AveragePoolLayer():
            return _average_pool_operation(layer, output), (layer.x,)
        case RescaleLayer():
            return _rescale_operation(layer, output), (layer.x,)


def max_pool_operation(layer: MaxPoolLayer, source: Integers) -> LayerOperation:
    """The maximum of a window of quantised values."""
    return MaxPoolOp(UNLABELLED, source.value, layer.window, _result_type(layer, source.dtype))


def _weighted_operation(
    layer: ConvolutionLayer | MatrixLayer, output: Quantisation
) -> LayerOperation:
    _check_accumulators(layer)
    x, weights = layer.x, layer.weights
    multipliers = float_multipliers(x.quantisation.scale, weights.scales, output.scale)
    requant = _requantisation(layer, multipliers, output)
    result_type = _result_type(layer, output.dtype)
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
            result_type,
            input_zero_point=x.quantisation.zero_point,
            weight_zero_points=weights.zero_points,
        )
    return layer.operation(
        UNLABELLED,
        *operands,
        requant,
        result_type,
        input_zero_point=x.quantisation.zero_point,
        weight_zero_points=weights.zero_points,
    )


def _add_operation(layer: AddLayer, output: Quantisation) -> LayerOperation:
    """(a - za) * ma + (b - zb) * mb, both scales over one power of two."""
    lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
    scales = np.array([lhs.scale, rhs.scale], np.float32)
    multipliers, shift = addition_multipliers(float_multipliers(1.0, scales, output.scale).tolist())
    if shift < 0:
        raise layer.node.problem("an input scale is millions of times the output scale")
    requant = RequantAttr.of(
        [1], [1 << shift], zero_point=output.zero_point, clip=output.clip_range(layer.bounds)
    )
    return AddOp(
        UNLABELLED,
        layer.lhs.integers.value,
        layer.rhs.integers.value,
        requant,
        _result_type(layer, output.dtype),
        multipliers=multipliers,
        zero_points=(lhs.zero_point, rhs.zero_point),
    )


def _average_pool_operation(layer: AveragePoolLayer, output: Quantisation) -> LayerOperation:
    """The sum of a window, divided by its size in the requantisation."""
    x, pixels = layer.x, math.prod(layer.window.kernel)
    _check_sum(layer.node, pixels * x.quantisation.largest_distance)
    requant = _requantisation(layer, _scale_ratio(x, output), output, divisor=pixels)
    return AveragePoolOp(
        UNLABELLED,
        x.integers.value,
        layer.window,
        requant,
        _result_type(layer, output.dtype),
        input_zero_point=x.quantisation.zero_point,
    )


def _rescale_operation(layer: RescaleLayer, output: Quantisation) -> LayerOperation:
    x = layer.x
    return RescaleOp(
        UNLABELLED,
        x.integers.value,
        _requantisation(layer, _scale_ratio(x, output), output),
        _result_type(layer, output.dtype),
        input_zero_point=x.quantisation.zero_point,
    )


def _result_type(layer: Layer, dtype: str) -> IntTensorType:
    size = math.prod(layer.view.sizes)
    if size > LARGEST_ACTIVATION:
        raise layer.node.problem(f"its result has {size} values, too many for any target")
    return activation_type(layer.view.sizes, dtype)


def _requantisation(
    layer: Layer, multipliers: Floats, output: Quantisation, divisor: int = 1
) -> RequantAttr:
    if not np.all(multipliers < MULTIPLIER_LIMIT):
        raise layer.node.problem(
            f"input, weight and output scales give a factor of {np.max(multipliers)}",
            "quantise the model again with representative data",
        )
    return requantisation(multipliers, output, layer.bounds, divisor)


def _check_accumulators(layer: WeightedLayer) -> None:
    array = layer.weights.array
    weights = array.reshape(len(array), -1).astype(np.int64)
    centred = weights - np.asarray(layer.weights.zero_points, np.int64).reshape(-1, 1)
    products = np.abs(centred).sum(axis=1) * layer.x.quantisation.largest_distance
    _check_sum(layer.node, int((products + np.abs(layer.bias)).max()))


def _check_sum(node: Node, largest: int) -> None:
    if largest >= ACCUMULATOR_LIMIT:
        raise node.problem(
            f"its sums may reach {largest}, which does not fit 32 bits",
            "look for a bias, a scale or a window far out of range",
        )


def _scale_ratio(x: Dequantised, output: Quantisation) -> Floats:
    return float_multipliers(x.quantisation.scale, np.ones(1, np.float32), output.scale)
