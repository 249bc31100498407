"""Makes layers with weights from nodes whose operands are known: convolutions and products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import Conv2DOp, DepthwiseOp, LinearOp, PointwiseOp
from dsconv.frontends.arithmetic.scales import LAST_PLACES
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    Constant,
    ConvolutionLayer,
    Dequantised,
    MatrixLayer,
    ScaledConstant,
    Value,
    WeightedLayer,
    WeightTensor,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.windows import check_map, read_window_of_map, windowed_view
from dsconv.frontends.onnx_file.onnx_graph import Array, Node
from dsconv.frontends.onnx_file.view import Shape, View

WeightedT = TypeVar("WeightedT", bound=WeightedLayer)

WEIGHT_DTYPES = ("int8", "uint8")
BIAS_LIMIT = 2**34
"""Of what the addend of a requantisation can hold beside 32 bits of accumulators."""
UNIT_WINDOW = WindowAttr.of((1, 1))


def convolution(
    node: Node, x: Dequantised, constant: ScaledConstant
) -> ConvolutionLayer | MatrixLayer:
    """A Conv without its bias, 1-D or 2-D: dense, depthwise or pointwise."""
    check_map(node, x.view)
    rank, shape = len(x.view.shape), constant.array.shape
    if len(shape) != rank or rank not in (3, 4):
        raise node.problem(
            f"weights of {len(shape)} dimensions for an input of {rank}",
            "1-D and 2-D convolutions are supported",
        )
    if (node.integers("kernel_shape") or shape[2:]) != shape[2:]:
        raise node.problem(f"kernel_shape and the shape of its weights {list(shape)} differ")
    operation = _convolution_kind(node, x.view.sizes[1], shape)
    window = read_window_of_map(node, shape[2:], x.view)
    view = windowed_view(x.view, shape[0], window)
    weights, bias = weight_tensor(node, constant), np.zeros(shape[0], np.int64)
    if window == UNIT_WINDOW and shape[1] == x.view.sizes[1]:
        matrix = replace(weights, array=weights.array.reshape(shape[:2]))
        return MatrixLayer(node, view, UNBOUNDED, x, matrix, bias, PointwiseOp)
    kernels = replace(weights, array=_kernels(weights.array, x.view, window))
    return ConvolutionLayer(node, view, UNBOUNDED, x, kernels, bias, operation, window)


def _kernels(weights: Array, view: View, window: WindowAttr) -> Array:
    """Weights (K, C/G, FY, FX) over stored rows and columns."""
    if view.is_turned:
        weights = weights.reshape(*weights.shape[:2], *window.kernel[::-1]).swapaxes(2, 3)
    return np.ascontiguousarray(weights).reshape(*weights.shape[:2], *window.kernel)


def _convolution_kind(node: Node, channels: int, shape: Shape) -> type[Conv2DOp | DepthwiseOp]:
    groups = node.integer("group", 1)
    if groups < 1 or channels % groups or shape[0] % groups or shape[1] != channels // groups:
        raise node.problem(
            f"weights {list(shape)} in {groups} groups for an input of {channels} channels"
        )
    return DepthwiseOp if groups == channels == shape[0] > 1 else Conv2DOp


def matrix_product(node: Node, x: Dequantised, constant: ScaledConstant) -> MatrixLayer:
    """The last dimension of `x` times weights (features, K), without a bias."""
    if constant.array.ndim != 2:
        raise node.problem(f"weights of {constant.array.ndim} dimensions; 2 are supported")
    features, kernels = constant.array.shape
    shape = x.view.shape
    if not shape or shape[-1] != features:
        raise node.problem(f"weights {features}x{kernels} for an input {list(shape)}")
    bias = np.zeros(kernels, np.int64)
    weights = weight_tensor(node, _transposed(constant))
    result_shape = (*shape[:-1], kernels)
    if math.prod(shape) == features:
        flattened = replace(weights, array=_stored_order(weights.array, x.view))
        view = View.plain((1, kernels, 1, 1), result_shape)
        return MatrixLayer(node, view, UNBOUNDED, x, flattened, bias, LinearOp)
    dimensions = x.view.axes_of_dimensions()
    if dimensions is None or dimensions[-1] != (1,):
        raise node.problem(f"a product over a dimension of {list(shape)} that is not the channels")
    _, _, height, width = x.view.sizes
    view = View((1, kernels, height, width), x.view.order, result_shape)
    return MatrixLayer(node, view, UNBOUNDED, x, weights, bias, PointwiseOp)


def general_matrix_product(node: Node, x: Dequantised, constant: ScaledConstant) -> MatrixLayer:
    """A Gemm without its addend: transA of a vector, transB of the weights."""
    if len(x.view.shape) != 2 or constant.array.ndim != 2:
        raise node.problem(f"an input {list(x.view.shape)}; Gemm takes 1xF")
    if node.integer("transA", 0):
        view = x.view.reshaped((x.view.shape[1], x.view.shape[0]))
        x = replace(x, integers=replace(x.integers, view=view))
    if x.view.shape[0] != 1:
        raise node.problem(f"an input {list(x.view.shape)}; Gemm takes 1xF")
    weights = _transposed(constant) if node.integer("transB", 0) else constant
    return matrix_product(node, x, weights)


def scaled_gemm(node: Node, product: MatrixLayer) -> MatrixLayer:
    """A Gemm's product times alpha."""
    alpha = np.float32(node.real("alpha", 1))
    return product if alpha == 1 else with_factor(node, product, np.array([alpha]))


def scaled_addend(node: Node, addend: Value) -> Value:
    """A Gemm's constant addend times beta."""
    beta = np.float32(node.real("beta", 1))
    match addend:
        case _ if beta == 1:
            return addend
        case Constant(array=array) if array.dtype == np.float32:
            return Constant(array * beta)
        case ScaledConstant():
            return Constant(addend.real * beta)
        case _:
            raise node.problem(f"scales an addend by {beta} that is no real constant")


def _transposed(constant: ScaledConstant) -> ScaledConstant:
    return ScaledConstant(constant.array.T, constant.scale.T, constant.zero_point.T)


def _stored_order(weights: Array, view: View) -> Array:
    """Columns (K, features in the order of the view) in the order C, H, W."""
    read = weights.reshape(len(weights), *(view.sizes[axis] for axis in view.order))
    order = (0, *(1 + position for position in np.argsort(view.order).tolist()))
    return np.ascontiguousarray(read.transpose(order)).reshape(len(weights), -1)


def weight_tensor(node: Node, constant: ScaledConstant) -> WeightTensor:
    """Weights with output channels in the first dimension."""
    if constant.array.dtype.name not in WEIGHT_DTYPES:
        raise node.problem(
            f"weights of {constant.array.dtype.name}; int8 and uint8 are supported",
            "quantise to 8 bits",
        )
    zero_points = [int(value) for value in _per_output_channel(node, constant.zero_point)]
    if len(set(zero_points)) == 1:
        zero_points = zero_points[:1]
    scales = _per_output_channel(node, constant.scale)
    return WeightTensor(constant.array, scales.astype(np.float32), tuple(zero_points))


def _per_output_channel(node: Node, values: Array) -> Array:
    if values.size not in (1, values.shape[0]):
        raise node.problem("weights are quantised along another axis than their output channels")
    return values.reshape(-1)


def with_bias(node: Node, layer: WeightedT, bias: Constant | ScaledConstant) -> WeightedT:
    """The layer with a bias (K,) added: int32 in units of input scale x weight scale, or reals.

    Integers without a scale are added to sums of integers.
    """
    _check_bias_length(node, layer, bias.array)
    if bias.array.dtype == np.int32 and not isinstance(bias, ScaledConstant):
        return with_bias_units(node, layer, bias.array.astype(np.int64))
    if not isinstance(bias, ScaledConstant):
        return _with_real_bias(node, layer, bias.array)
    if not _is_in_units(layer, bias):
        return _with_real_bias(node, layer, bias.real)
    return with_bias_units(node, layer, bias.array.astype(np.int64) - bias.zero_point)


def with_bias_units(node: Node, layer: WeightedT, units: Array) -> WeightedT:
    """The layer with a bias (K,) added, in units of input scale x weight scale."""
    _check_bias_length(node, layer, units)
    bias = layer.bias + units
    _check_bias(node, bias.tolist())
    return replace(layer, bias=bias)


def _is_in_units(layer: WeightedLayer, bias: ScaledConstant) -> bool:
    """Whether the integers of a bias count in units of input scale x weight scale."""
    ratio = bias.scale.astype(np.float64) / layer.bias_scales
    return bias.array.dtype == np.int32 and bool(np.all(np.abs(ratio - 1) < LAST_PLACES))


def _with_real_bias(node: Node, layer: WeightedT, reals: Array) -> WeightedT:
    """The layer with a real bias (K,) added: whole units, and what is left of them."""
    if reals.dtype != np.float32 or not np.all(np.isfinite(reals)):
        raise node.problem("its bias is not float32 and finite")
    scales = np.broadcast_to(layer.bias_scales, reals.shape)
    if not scales.all():
        raise node.problem(
            "input scale x weight scale is 0 in float32, in which a real bias has no units",
            "quantise the model again with representative data",
        )
    rests = layer.bias_rests or (Fraction(0),) * len(reals)
    units = [
        _units(real, scale) + rest
        for real, scale, rest in zip(reals.tolist(), scales.tolist(), rests, strict=True)
    ]
    _check_bias(node, units)
    whole = with_bias_units(node, layer, np.array([round(unit) for unit in units], np.int64))
    left = tuple(unit - round(unit) for unit in units)
    return replace(whole, bias_rests=left if any(left) else ())


def _units(real: float, scale: float) -> Fraction:
    """How many times a scale a real is: a whole number if it is one but for its last places."""
    units = Fraction(real) / Fraction(scale)
    whole = round(units)
    return Fraction(whole) if abs(units - whole) <= abs(units) * Fraction(LAST_PLACES) else units


def with_factor(node: Node, layer: WeightedT, factors: Array) -> WeightedT:
    """The layer times real constants, one or K, which become part of its weights' scales."""
    if layer.bounds != UNBOUNDED:
        raise node.problem("multiplies behind an activation function", "quantise in between")
    scales = (layer.weights.scales * factors.astype(np.float64).reshape(-1)).astype(np.float32)
    if not np.all(np.isfinite(scales) & (scales != 0)):
        raise node.problem("multiplies by 0, or by what is no finite number")
    return replace(layer, weights=replace(layer.weights, scales=scales))


def _check_bias(node: Node, units: Sequence[Fraction | int]) -> None:
    channel = max(range(len(units)), key=lambda number: abs(units[number]))
    if abs(units[channel]) >= BIAS_LIMIT:
        raise node.problem(
            f"the bias of channel {channel} is {float(units[channel]):g} times input scale x "
            "weight scale",
            "its weights' scale is far too small: quantise the model again",
        )


def _check_bias_length(node: Node, layer: WeightedLayer, bias: Array) -> None:
    if bias.shape != layer.bias.shape:
        raise node.problem(f"a bias of shape {list(bias.shape)} for {len(layer.bias)} channels")


def with_added_constant(reader: Reader, node: Node, layer: WeightedT, value: Value) -> WeightedT:
    """The layer with a constant added that broadcasts along its channels."""
    if layer.bounds != UNBOUNDED:
        raise node.problem("adds a constant behind an activation function")
    if isinstance(value, Constant):
        return with_bias(node, layer, Constant(channel_vector(node, value.array, layer.view)))
    if not isinstance(value, ScaledConstant):
        raise reader.wrong_input(node, value, "a constant bias")
    vectors = (
        channel_vector(node, np.broadcast_to(part, value.array.shape), layer.view)
        for part in (value.array, value.scale, value.zero_point)
    )
    return with_bias(node, layer, ScaledConstant(*vectors))


def channel_vector(node: Node, array: Array, view: View) -> Array:
    """A constant that broadcasts over `view`, as one value a channel."""
    kernels = view.sizes[1]
    if array.size == 1:
        return np.full(kernels, array.reshape(-1)[0])
    dimensions = view.axes_of_dimensions() or ()
    sizes = (*[1] * (len(view.shape) - array.ndim), *array.shape)
    varying = [axes for axes, size in zip(dimensions, sizes, strict=False) if size != 1]
    if len(sizes) != len(view.shape) or varying != [(1,)] or array.size != kernels:
        raise node.problem(
            f"a constant {list(array.shape)} beside an activation {list(view.shape)}",
            "one value, or one per channel, is supported; make another constant an input of the "
            "network, which the caller gives",
        )
    return array.reshape(-1)
