"""Handlers of QDQ models: float operations between DequantizeLinear and QuantizeLinear."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import ml_dtypes
import numpy as np
from onnx import TensorProto

from dsconv.frontends.arithmetic.real_factors import OnnxRuntimeArithmetic
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyPendingLayer,
    AnyWeightedLayer,
    AveragePoolLayer,
    Constant,
    ConvolutionLayer,
    Dequantised,
    Integers,
    MatrixLayer,
    PendingLayer,
    RealInput,
    RescaleLayer,
    ScaledConstant,
    SumLayer,
    Summand,
    SumPoolLayer,
    TableLayer,
    Value,
    with_bounds,
    with_view,
)
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.flavours.flavour import Flavour, has_operation
from dsconv.frontends.handlers import pools, reductions, weighted_layers
from dsconv.frontends.handlers.averaged_functions import averaged_function
from dsconv.frontends.handlers.common import COMMON_HANDLERS, maximum
from dsconv.frontends.handlers.elementwise import ELEMENTWISE_HANDLERS
from dsconv.frontends.handlers.integer_sums import INTEGER_SUMS
from dsconv.frontends.handlers.maps import on_maps
from dsconv.frontends.handlers.movements import MOVEMENT_HANDLERS
from dsconv.frontends.handlers.quantisation import (
    read_bound,
    read_quantisation,
    read_scaled_constant,
    reduced_axes,
)
from dsconv.frontends.handlers.transposed_convolutions import transposed_convolution
from dsconv.frontends.handlers.weight_scales import by_scale
from dsconv.frontends.onnx_file.network import OnnxTensor
from dsconv.frontends.onnx_file.onnx_graph import Node

OUTPUT_DTYPES: dict[int, str] = {TensorProto.INT8: "int8", TensorProto.UINT8: "uint8"}


def read_quantize(reader: Reader, node: Node) -> Value:
    """The end of a layer, of a float input or of a constant."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return _quantised_constant(reader, node, value)
    quantisation = read_quantisation(reader, node, 1, _named_dtype(node))
    match value:
        case RealInput():
            return _quantised_input(reader, node, value, quantisation)
        case Dequantised() if value.quantisation == quantisation:
            return value.integers
        case Dequantised():
            layer = RescaleLayer(node, value.view, UNBOUNDED, value)
            return reader.builder.add_layer(layer, quantisation, node.outputs[0])
        case PendingLayer():
            return reader.builder.add_layer(value, quantisation, node.outputs[0])
        case _:
            raise reader.wrong_input(node, value, "reals")


def _named_dtype(node: Node) -> str | None:
    """The type that a QuantizeLinear of later opsets names, where it does."""
    number = node.integer("output_dtype", TensorProto.UNDEFINED)
    if number == TensorProto.UNDEFINED:
        return None
    if number not in OUTPUT_DTYPES:
        raise node.problem(f"output_dtype {number}; int8 and uint8 are supported")
    return OUTPUT_DTYPES[number]


def _quantised_constant(reader: Reader, node: Node, value: Constant) -> Constant:
    """Float weights, quantised as ONNX Runtime does."""
    if value.array.dtype != np.float32:
        raise node.problem(f"quantises a constant of {value.array.dtype}; float32 is needed")
    dtype = np.dtype(_named_dtype(node) or "uint8")
    zero_point = reader.array(node, 2) if node.has_input(2) else np.zeros((), dtype)
    parameters = read_scaled_constant(
        reader,
        node,
        np.zeros(value.array.shape, zero_point.dtype),
        1,
        node.integer("axis", 1),
    )
    limits = ml_dtypes.iinfo(zero_point.dtype)
    rounded = np.rint(value.array / parameters.scale) + parameters.zero_point
    if not np.all(np.isfinite(rounded)):
        raise node.problem("quantises a constant that is not finite")
    integers = np.clip(rounded, int(limits.min), int(limits.max))
    return Constant(integers.astype(parameters.array.dtype).astype(zero_point.dtype))


def _quantised_input(
    reader: Reader, node: Node, value: RealInput, quantisation: Quantisation
) -> Integers:
    tensor = OnnxTensor(node.outputs[0], value.view)
    name = value.source.name
    integers = reader.builder.quantise_input(value.source, value.file_view, tensor, quantisation)
    low, high = quantisation.limits
    reader.note(
        f"input '{name}' is float in the file: the caller gives clip(round_half_even({name} / "
        f"{quantisation.scale:.9g}) + {quantisation.zero_point}, {low}, {high})"
    )
    return integers


def read_dequantize(reader: Reader, node: Node) -> Value:
    """Weights, a bias or an activation."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return read_scaled_constant(reader, node, value.array, 1, node.integer("axis", 1))
    integers = reader.integers(node)
    return reader.dequantise(integers, read_quantisation(reader, node, 1, integers.dtype))


@on_maps
def read_conv(reader: Reader, node: Node) -> Value:
    """An activation with weights, 1-D or 2-D, in any groups; the bias may follow in an Add."""
    return _of_addends(reader, node, weighted_layers.convolution, _with_bias, kernels=0)


@on_maps
def read_conv_transpose(reader: Reader, node: Node) -> Value:
    """An activation with weights, 1-D or 2-D, in any groups; the bias may follow in an Add."""
    return _of_addends(reader, node, transposed_convolution, _with_bias, kernels=None)


def read_matmul(reader: Reader, node: Node) -> Value:
    """An activation with weights."""
    return _of_addends(reader, node, weighted_layers.matrix_product, kernels=1)


def read_gemm(reader: Reader, node: Node) -> Value:
    """A vector with weights, times alpha, and a constant times beta."""
    kernels = 0 if node.integer("transB", 0) else 1
    return _of_addends(reader, node, _scaled_product, _with_scaled_addend, kernels=kernels)


LayerT = TypeVar("LayerT", bound=AnyWeightedLayer)


def _of_addends(
    reader: Reader,
    node: Node,
    make: Callable[[Node, Dequantised, ScaledConstant], LayerT],
    finish: Callable[[Reader, Node, LayerT], LayerT] = lambda _, __, layer: layer,
    *,
    kernels: int | None,
) -> LayerT | SumLayer:
    """A layer with weights; of a sum of activations, or of weights, the sum of such layers.

    `kernels` is the axis of weights that output channels are, where they may be sums.
    """
    addends, whole = reader.addends(node), _weights(reader, node)
    parts = [whole] if kernels is None else by_scale(node, whole, kernels)
    first, *others = (make(node, x, weights) for x in addends for weights in parts)
    total: LayerT | SumLayer = finish(reader, node, first)
    for layer in others:
        total = SumLayer(node, layer.view, UNBOUNDED, (total, layer), (1, 1))
    return total


def _scaled_product(node: Node, x: Dequantised, weights: ScaledConstant) -> MatrixLayer:
    product = weighted_layers.general_matrix_product(node, x, weights)
    return weighted_layers.scaled_gemm(node, product)


def _with_scaled_addend(reader: Reader, node: Node, layer: MatrixLayer) -> MatrixLayer:
    if not node.has_input(2):
        return layer
    addend = weighted_layers.scaled_addend(node, reader.value(node, 2))
    return weighted_layers.with_added_constant(reader, node, layer, addend)


def _with_bias(reader: Reader, node: Node, layer: LayerT) -> LayerT:
    return (
        weighted_layers.with_bias(node, layer, _bias(reader, node)) if node.has_input(2) else layer
    )


def _weights(reader: Reader, node: Node) -> ScaledConstant:
    value = reader.value(node, 1)
    if isinstance(value, ScaledConstant):
        return value
    if isinstance(value, Constant):
        raise node.problem(
            "its weights are not quantised", "a DequantizeLinear has to stand behind them"
        )
    raise node.problem(
        "its weights are not constant: products of two activations, as in attention, are not "
        "supported",
        "compile the parts of the network before and behind it, and multiply in your own code",
    )


def _bias(reader: Reader, node: Node) -> Constant | ScaledConstant:
    value = reader.value(node, 2)
    if isinstance(value, Constant | ScaledConstant):
        return value
    raise node.problem("its bias is not constant")


def read_relu(reader: Reader, node: Node) -> Value:
    """Folded into the layer before it."""
    return with_bounds(_activated(reader, node), (0.0, math.inf))


def read_clip(reader: Reader, node: Node) -> Value:
    """Folded into the layer before it; bounds are inputs or, before opset 11, attributes."""
    low = read_bound(reader, node, 1, "min", -math.inf)
    high = read_bound(reader, node, 2, "max", math.inf)
    if not low <= high:
        raise node.problem(f"clips to the empty range {low} to {high}")
    return with_bounds(_activated(reader, node), (low, high))


def _activated(reader: Reader, node: Node) -> AnyPendingLayer:
    """The layer that an activation function folds into."""
    value = reader.value(node)
    if isinstance(value, PendingLayer):
        return value
    x = reader.dequantised(node)
    return RescaleLayer(node, x.view, UNBOUNDED, x)


@on_maps
def read_average_pool(reader: Reader, node: Node) -> Value:
    """Any window; pads count or do not, as count_include_pad and ceil_mode say."""
    return _average(reader, node, partial(pools.average_pool, node))


def read_global_average_pool(reader: Reader, node: Node) -> Value:
    """The average of every channel."""
    return _average(
        reader,
        node,
        lambda x: pools.global_average(node, x, set(range(2, len(x.view.shape))), keep=True),
    )


def _reduced(reader: Reader, node: Node) -> tuple[Summand, set[int], bool]:
    """What a reduction takes, over which dimensions, and whether it keeps them as 1."""
    x = reader.summand(node)
    axes, keep = reduced_axes(reader, node, len(x.view.shape))
    if not isinstance(x, Dequantised) and reductions.adds_channels(node, x.view, axes, keep):
        raise reader.wrong_input(node, x, "a quantised activation")
    return x, axes, keep


def read_reduce_mean(reader: Reader, node: Node) -> Value:
    """The average over any dimensions."""
    x, axes, keep = _reduced(reader, node)
    if isinstance(x, Dequantised):
        return reductions.average(node, x, axes, keep)
    return _average(reader, node, lambda part: pools.global_average(node, part, axes, keep))


def read_reduce_sum(reader: Reader, node: Node) -> Value:
    """The sum over any dimensions."""
    x, axes, keep = _reduced(reader, node)
    if isinstance(x, Dequantised):
        return reductions.total(node, x, axes, keep)
    average = pools.global_average(node, x, axes, keep)
    assert isinstance(average, SumPoolLayer), "that is the average of what is not quantised"
    return replace(average, is_sum=True)


def _average(
    reader: Reader, node: Node, pool: Callable[[Summand], AveragePoolLayer | SumPoolLayer]
) -> AveragePoolLayer | SumPoolLayer | ConvolutionLayer:
    """The average of an activation, of what a layer sums up, or of a function of an activation."""
    value = reader.value(node)
    if isinstance(value, TableLayer):
        average = pool(with_view(value.x, lambda _: value.view))
        assert isinstance(average, AveragePoolLayer), "that is the average of an activation"
        found = averaged_function(reader, node, value, average)
        if found is not None:
            return found
    return pool(reader.summand(node))


@on_maps
def read_max_pool(reader: Reader, node: Node) -> Value:
    """Of reals, or of integers directly."""
    value = reader.value(node)
    if isinstance(value, Integers):
        return _pooled_integers(reader, node, value)
    return maximum(
        reader, node, value if isinstance(value, PendingLayer) else reader.dequantised(node)
    )


def _pooled_integers(reader: Reader, node: Node, value: Integers) -> Integers:
    meaning = value.quantisation or Quantisation(1.0, 0, value.dtype)
    layer = maximum(reader, node, Dequantised(value, meaning))
    pooled = reader.builder.add_layer(layer, meaning, node.outputs[0])
    return replace(pooled, quantisation=value.quantisation)


QDQ_HANDLERS: dict[str, Handler] = (
    COMMON_HANDLERS
    | ELEMENTWISE_HANDLERS
    | MOVEMENT_HANDLERS
    | INTEGER_SUMS
    | {
        "AveragePool": read_average_pool,
        "Clip": read_clip,
        "Conv": read_conv,
        "ConvTranspose": read_conv_transpose,
        "DequantizeLinear": read_dequantize,
        "Gemm": read_gemm,
        "GlobalAveragePool": read_global_average_pool,
        "GlobalMaxPool": read_max_pool,
        "MatMul": read_matmul,
        "MaxPool": read_max_pool,
        "QuantizeLinear": read_quantize,
        "ReduceMax": read_max_pool,
        "ReduceMean": read_reduce_mean,
        "ReduceSum": read_reduce_sum,
        "Relu": read_relu,
    }
)
QDQ = Flavour(
    "QDQ",
    "ONNX Runtime's quantiser and most exporters",
    "ONNX Runtime's: times one float32, rounded half to even",
    has_operation("QuantizeLinear", "DequantizeLinear", *INTEGER_SUMS),
    QDQ_HANDLERS,
    OnnxRuntimeArithmetic(),
)
