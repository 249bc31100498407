"""Handlers of QOperator models: QLinearConv and its family, which take and give integers.

Such models keep operations without an integer form between DequantizeLinear and QuantizeLinear, so
this table extends that of QDQ models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dsconv.frontends.arithmetic.functions import FUNCTIONS, mapped, table
from dsconv.frontends.arithmetic.kernels import (
    GlobalAverageKernel,
    KernelTable,
    OnnxRuntimeKernels,
    kernel_products,
    kernel_sums,
)
from dsconv.frontends.arithmetic.real_factors import OnnxRuntimeArithmetic
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyPendingLayer,
    Constant,
    Dequantised,
    Integers,
    ScaledConstant,
    TableLayer,
    Value,
)
from dsconv.frontends.core.channels_last import with_channels_first, with_channels_last
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.flavours.flavour import Flavour, has_operation
from dsconv.frontends.flavours.qdq import QDQ_HANDLERS
from dsconv.frontends.handlers import binary, concats, pools, weighted_layers
from dsconv.frontends.handlers.common import read_end
from dsconv.frontends.handlers.constant_maps import constant_map, is_of_pixels
from dsconv.frontends.handlers.maps import on_maps
from dsconv.frontends.handlers.quantisation import read_quantisation, read_scaled_constant
from dsconv.frontends.onnx_file.onnx_graph import Node


@on_maps
def read_qlinear_conv(reader: Reader, node: Node) -> Value:
    """A Conv of x and w to y, each with scale and zero point; bias."""
    x = with_channels_first(node, _activation(reader, node, 0))
    layer = weighted_layers.convolution(node, x, _weights(reader, node, 0))
    layer = with_channels_last(node, _with_bias(reader, node, layer, 8))
    return _quantised(reader, node, layer, 6)


def read_qlinear_matmul(reader: Reader, node: Node) -> Value:
    """A MatMul of a and b to y, each with scale and zero point."""
    x, weights = _activation(reader, node, 0), _weights(reader, node, 1)
    return _quantised(reader, node, weighted_layers.matrix_product(node, x, weights), 6)


def read_qgemm(reader: Reader, node: Node) -> Value:
    """Microsoft's Gemm of A, B and C to y, with scales and zero points but those of a float y."""
    if node.real("alpha", 1) != 1:
        raise node.problem("alpha other than 1 is not supported")
    x = _activation(reader, node, 0)
    weights = _weights(reader, node, 0 if node.integer("transB", 0) else 1)
    product = weighted_layers.general_matrix_product(node, x, weights)
    layer = _with_bias(reader, node, product, 6)
    return _quantised(reader, node, layer, 7) if node.has_input(7) else layer


def read_qlinear_add(reader: Reader, node: Node) -> Value:
    """Microsoft's Add of a and b to y, each with scale and zero point; one may be constant."""
    return _read_binary(reader, node, kernel_sums, binary.addition)


def read_qlinear_mul(reader: Reader, node: Node) -> Value:
    """Microsoft's Mul of a and b to y, each with scale and zero point; one may be constant."""
    return _read_binary(reader, node, kernel_products, binary.product)


def _read_binary(
    reader: Reader,
    node: Node,
    kernel: KernelTable,
    make: Callable[[Reader, Node, Dequantised, Dequantised], AnyPendingLayer],
) -> Value:
    """What commutes, of two activations or of one and a constant."""
    for activation, other in ((0, 3), (3, 0)):
        constant = reader.value(node, other)
        if not isinstance(constant, Constant):
            continue
        x = _activation(reader, node, activation)
        if is_of_pixels(constant.array, x):
            meaning = read_quantisation(reader, node, other + 1, constant.array.dtype.name)
            made = constant_map(reader, node, x, constant.array, meaning)
            reader.remember(node.inputs[other], made.integers)
            continue
        quantisation = read_quantisation(reader, node, 6)
        table = _with_constant(reader, node, other, kernel, x, quantisation)
        return reader.builder.add_layer(table, quantisation, node.outputs[0])
    layer = make(reader, node, _activation(reader, node, 0), _activation(reader, node, 3))
    return _quantised(reader, node, layer, 6, OnnxRuntimeKernels())


def _with_constant(
    reader: Reader,
    node: Node,
    index: int,
    kernel: KernelTable,
    x: Dequantised,
    output: Quantisation,
) -> TableLayer:
    """A column of the kernel's table for each channel's constant."""
    array = reader.array(node, index)
    constant = read_quantisation(reader, node, index + 1, array.dtype.name)
    values = array.reshape(-1)
    if values.size > 1:
        values = weighted_layers.channel_vector(node, array, x.view)
    columns = values.astype(np.int64) - constant.limits[0]
    steps = kernel(x.quantisation, constant, output)[:, columns].T - output.zero_point
    reals = steps.astype(np.float32) * np.float32(output.scale)
    return TableLayer(node, x.view, UNBOUNDED, x, reals, (node.op_type,))


def read_qlinear_concat(reader: Reader, node: Node) -> Value:
    """Microsoft's Concat to y of any number of inputs, each with scale and zero point."""
    parts = [_activation(reader, node, index) for index in range(2, len(node.inputs), 3)]
    if not parts:
        raise node.problem("has no inputs")
    return _quantised(reader, node, concats.concatenation(node, parts), 0)


def read_qlinear_function(reader: Reader, node: Node) -> Value:
    """Microsoft's function of x, as y, each with scale and zero point."""
    function = FUNCTIONS[node.op_type.removeprefix("QLinear")](node)
    x = table(node, _activation(reader, node, 0))
    return _quantised(reader, node, mapped(node, x, function), 3)


@on_maps
def read_qlinear_average_pool(reader: Reader, node: Node) -> Value:
    """Microsoft's AveragePool of x to y, each with scale and zero point."""
    x = with_channels_first(node, _activation(reader, node, 0))
    layer = pools.average_pool(node, x, ceil_mode_counts=True)  # as ONNX Runtime's kernel does
    return _quantised(reader, node, with_channels_last(node, layer), 3, OnnxRuntimeKernels())


def read_qlinear_global_average_pool(reader: Reader, node: Node) -> Value:
    """Microsoft's GlobalAveragePool of x to y, each with scale and zero point."""
    x = with_channels_first(node, _activation(reader, node, 0))
    layer = pools.global_average(node, x, set(range(2, len(x.view.shape))), keep=True)
    return _quantised(reader, node, with_channels_last(node, layer), 3, GlobalAverageKernel())


def read_nhwc_max_pool(reader: Reader, node: Node) -> Value:
    """Microsoft's MaxPool of integers N, H, W, C."""
    integers = reader.integers(node)
    meaning = integers.quantisation or Quantisation(1.0, 0, integers.dtype)
    layer = pools.max_pool(node, with_channels_first(node, Dequantised(integers, meaning)))
    result = with_channels_last(node, layer)
    pooled = reader.builder.add_layer(result, meaning, node.outputs[0])
    return replace(pooled, quantisation=integers.quantisation)


def _activation(reader: Reader, node: Node, index: int) -> Dequantised:
    integers = reader.integers(node, index)
    quantisation = read_quantisation(reader, node, index + 1, integers.dtype)
    return reader.dequantise(integers, quantisation)


def _weights(reader: Reader, node: Node, axis: int) -> ScaledConstant:
    return read_scaled_constant(reader, node, reader.array(node, 3), 4, axis)


def _with_bias(
    reader: Reader, node: Node, layer: weighted_layers.WeightedT, index: int
) -> weighted_layers.WeightedT:
    if not node.has_input(index):
        return layer
    units = reader.array(node, index)
    if units.dtype != np.int32:
        raise node.problem(f"a bias of {units.dtype}; int32 is needed")
    return weighted_layers.with_bias_units(node, layer, units.reshape(-1))


def _quantised(
    reader: Reader,
    node: Node,
    layer: AnyPendingLayer,
    index: int,
    kernel: OnnxRuntimeArithmetic | None = None,
) -> Integers:
    """A layer with the scale and zero point of its output at `index`, as its kernel rounds it."""
    quantisation = read_quantisation(reader, node, index)
    return reader.builder.add_layer(layer, quantisation, node.outputs[0], kernel)


QOPERATOR_ONLY: dict[str, Handler] = {
    "NhwcMaxPool": read_nhwc_max_pool,
    "QGemm": read_qgemm,
    "QLinearAdd": read_qlinear_add,
    "QLinearAveragePool": read_qlinear_average_pool,
    "QLinearConcat": read_qlinear_concat,
    "QLinearConv": read_qlinear_conv,
    "QLinearGlobalAveragePool": read_qlinear_global_average_pool,
    "QLinearMatMul": read_qlinear_matmul,
    "QLinearLeakyRelu": read_qlinear_function,
    "QLinearMul": read_qlinear_mul,
    "QLinearSigmoid": read_qlinear_function,
    "QLinearSoftmax": read_end,
}
QOPERATOR = Flavour(
    "QOperator",
    "ONNX Runtime's quantiser (QLinearConv and its family), optimised for it or not",
    "as QDQ",
    has_operation(*QOPERATOR_ONLY),
    QDQ_HANDLERS | QOPERATOR_ONLY,
    OnnxRuntimeArithmetic(),
)
