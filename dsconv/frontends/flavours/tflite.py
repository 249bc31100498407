"""TFLite's own arithmetic, for .tflite files and for QDQ files that were converted from them.

It is that of TensorFlow Lite Micro's reference kernels, of which docs/arithmetic.md has a list;
`LiteRT` has what LiteRT's do otherwise. A QDQ file means ONNX Runtime's arithmetic to whoever runs
it, so there `--flavour TFLite` has to be asked for.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import RequantAttr, Rounding
from dsconv.dialects.graph import ConstantOp
from dsconv.frontends.arithmetic.addition_forms import Addition
from dsconv.frontends.arithmetic.functions import table
from dsconv.frontends.arithmetic.gemmlowp import (
    clip_range,
    divided,
    factor_of,
    quantised_factor,
    round_half_away,
    rounded_twice,
)
from dsconv.frontends.arithmetic.product_forms import Average, Product
from dsconv.frontends.arithmetic.real_factors import NO_WEIGHTS
from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.tflite_tables import (
    SlopesLayer,
    hard_swish,
    slopes_of_channels,
    two_slopes,
)
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AddLayer,
    AveragePoolLayer,
    Dequantised,
    Integers,
    InterpolatedLayer,
    MovingLayer,
    MulLayer,
    PendingLayer,
    RescaleLayer,
    ScaledConstant,
    TableLayer,
    Value,
    WeightedLayer,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.flavours.qdq import QDQ_HANDLERS
from dsconv.frontends.handlers import binary, elementwise
from dsconv.frontends.handlers.quantisation import ACTIVATION_DTYPES
from dsconv.frontends.handlers.tflite_resizes import read_resize
from dsconv.frontends.handlers.weighted_layers import channel_vector
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import CHANNEL_AXIS, View

SAME_MEANING = (
    *("ArgMax", "ArgMin"),
    *("AveragePool", "Cast", "Clip", "Concat", "Constant", "Conv", "ConvTranspose"),
    *(
        "DepthToSpace",
        "DequantizeLinear",
        "Expand",
        "Flatten",
        "Gather",
        "Gemm",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "LogSoftmax",
        "MatMul",
    ),
    *("MaxPool", "Pad", "QuantizeLinear", "ReduceMax", "ReduceMean", "Relu", "Reshape"),
    *("Shape", "Slice", "Softmax", "SpaceToDepth", "Split", "Squeeze", "Transpose", "Unsqueeze"),
)
"""Operations for which TFLite's kernels differ from ONNX Runtime's in nothing but arithmetic."""
TABLES = ("Elu", "HardSwish", "LeakyRelu", "Sigmoid", "Tanh")
"""Functions of one activation for which TFLite's reference kernels have tables, or two factors."""
INTEGER_FUNCTIONS = {"HardSwish": hard_swish, "LeakyRelu": two_slopes}
"""What the kernels compute on integers; other functions are tables of reals."""
ADDITION_SHIFT = 20
"""Binary places that an addition gives its operands."""
INT32 = (-(2**31), 2**31 - 1)
WITHOUT_FLAVOUR = "leave out --flavour TFLite"


class TfliteArithmetic:
    """One factor of 31 bits, and gemmlowp's two roundings."""

    def requantisation(
        self, layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
    ) -> RequantAttr:
        """The accumulator times a multiplier of 31 bits, rounded twice."""
        if isinstance(layer, WeightedLayer) and layer.bias_rests:
            raise layer.node.problem("TFLite's biases are int32", WITHOUT_FLAVOUR)
        if isinstance(layer, WeightedLayer) and layer.divisor != 1:
            raise layer.node.problem("TFLite's averages are of 8 bits", WITHOUT_FLAVOUR)
        if isinstance(layer, InterpolatedLayer):
            return _interpolation(layer, x, output)
        factors = [
            factor_of(layer.node, factor) for factor in _real_factors(layer, x, weights, output)
        ]
        return rounded_twice(factors, layer, output)

    def product(self, layer: MulLayer, output: Quantisation) -> Product:
        """The product times a multiplier of 31 bits, rounded twice."""
        factor = np.array([layer.rhs.quantisation.scale], np.float32)
        return Product(self.requantisation(layer, layer.lhs.quantisation, factor, output))

    def rescaled(self, layer: RescaleLayer, output: Quantisation) -> RequantAttr:
        """The value times a multiplier of 31 bits, rounded twice."""
        return self.requantisation(layer, layer.x.quantisation, NO_WEIGHTS, output)

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """Both operands over twice the larger scale, with 20 binary places more; then their sum."""
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        _check_types(layer.node, lhs, rhs, output)
        twice = 2 * max(lhs.scale, rhs.scale)
        terms = [_small_factor(layer.node, x.scale / twice) for x in (lhs, rhs)]
        total = _small_factor(layer.node, twice / (2**ADDITION_SHIFT * output.scale))
        return Addition(
            layer.signed(2**ADDITION_SHIFT, 2**ADDITION_SHIFT),
            rounded_twice([total], layer, output),
            tuple(
                RequantAttr.of([multiplier], [divisor], rounding=Rounding.TWICE, clip=INT32)
                for multiplier, divisor in terms
            ),
        )

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> Average:
        """A pool averages the integers themselves, half away from 0; a mean rounds twice."""
        x = layer.x.quantisation
        if layer.node.op_type != "AveragePool":
            pixels = math.prod(layer.window.kernel)
            factor = _over(pixels, *quantised_factor(layer.node, x.scale / output.scale))
            return Average(x.zero_point, rounded_twice([divided(*factor)], layer, output))
        if x != output:
            raise layer.node.problem("TFLite's pools do not change the scale", WITHOUT_FLAVOUR)
        pads = layer.window.pads if layer.counted_pads is None else layer.counted_pads
        if any(pads):
            raise layer.node.problem("TFLite's pools do not count their pads", WITHOUT_FLAVOUR)
        divisor = math.prod(layer.window.kernel) if layer.counted_pads is None else 1
        requant = RequantAttr.of(
            [1], [divisor], rounding=Rounding.HALF_AWAY, clip=clip_range(layer, output)
        )
        return Average(0, requant)

    def restated(self, layer: MovingLayer, x: Dequantised, output: Quantisation) -> TableLayer:
        """Concatenations of uint8 alone change a scale; fused functions do not."""
        scaled = layer.node.op_type == "Concat" and output.dtype == x.quantisation.dtype == "uint8"
        if not scaled or layer.bounds != UNBOUNDED:
            raise layer.node.problem(
                "TFLite's movements do not change the scale, except concatenations of uint8",
                WITHOUT_FLAVOUR,
            )
        scale = np.float32(x.quantisation.scale) * (np.float32(1) / np.float32(output.scale))
        bias = np.float32(-x.quantisation.zero_point) * scale
        steps = round_half_away(np.arange(256).astype(np.float32) * scale + bias)
        return TableLayer(
            layer.node, x.view, UNBOUNDED, x, (steps * np.float32(output.scale))[None], ()
        )

    def table(self, layer: TableLayer, output: Quantisation) -> npt.NDArray[np.integer]:
        """Reals times the inverse of a scale, rounded half away from 0; slopes on integers."""
        x = layer.x.quantisation
        _check_types(layer.node, x, output)
        if isinstance(layer, SlopesLayer):
            return slopes_of_channels(layer, output)
        if layer.node.op_type in INTEGER_FUNCTIONS:
            return INTEGER_FUNCTIONS[layer.node.op_type](layer, output)
        inverse = np.float32(1) / np.float32(output.scale)
        steps = round_half_away(layer.reals * inverse) + output.zero_point
        return np.clip(steps, *output.limits).astype(output.dtype)


def read_function(reader: Reader, node: Node) -> Value:
    """A table of 256 values."""
    value = elementwise.read_function(reader, node)
    if isinstance(value, TableLayer) and len(value.steps) > 1:
        raise node.problem("takes the result of a function, which is not quantised")
    return value


def read_prelu(reader: Reader, node: Node) -> Value:
    """A table of 256 values, one for each channel where slopes differ."""
    x, slopes = reader.dequantised(node, 0), reader.value(node, 1)
    if not isinstance(slopes, ScaledConstant) or slopes.array.dtype.name not in ACTIVATION_DTYPES:
        raise node.problem("its slopes are not 8 bits with a scale", WITHOUT_FLAVOUR)
    if slopes.scale.size > 1:
        raise node.problem(f"its slopes have {slopes.scale.size} scales", "one is supported")
    if slopes.array.size > 1:
        slopes = replace(slopes, array=channel_vector(node, slopes.array, x.view))
    whole = table(node, x)
    return SlopesLayer(
        node, whole.view, whole.bounds, whole.x, whole.reals, (node.op_type,), slopes
    )


def read_sum(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, one and a constant, or a bias."""
    if any(isinstance(reader.value(node, index), WeightedLayer) for index in (0, 1)):
        return elementwise.read_add(reader, node)
    return binary.addition(reader, node, *_operands(reader, node))


def read_difference(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, or one and a constant."""
    return binary.difference(reader, node, *_operands(reader, node))


def read_product(reader: Reader, node: Node) -> Value:
    """Two activations, of which one may broadcast over the other, or one and a constant."""
    return binary.product(reader, node, *_operands(reader, node))


def _operands(reader: Reader, node: Node) -> tuple[Dequantised, Dequantised]:
    lhs, rhs = reader.value(node, 0), reader.value(node, 1)
    if isinstance(rhs, ScaledConstant):
        x = reader.dequantised(node, 0)
        return x, _constant_operand(node, rhs, x.view)
    if isinstance(lhs, ScaledConstant):
        x = reader.dequantised(node, 1)
        return _constant_operand(node, lhs, x.view), x
    return reader.dequantised(node, 0), reader.dequantised(node, 1)


def _constant_operand(node: Node, constant: ScaledConstant, over: View) -> Dequantised:
    """A constant that broadcasts over the channels of an activation, as another activation."""
    array, scale, zero_point = constant.array, constant.scale, constant.zero_point
    if array.dtype.name not in ACTIVATION_DTYPES or scale.size > 1 or zero_point.size > 1:
        raise node.problem(
            f"a constant of {array.dtype.name} with {scale.size} scales",
            "8 bits and one scale are supported",
        )
    quantisation = Quantisation(float(scale.item()), int(zero_point.item()), array.dtype.name)
    values = array if array.size == 1 else channel_vector(node, array, over)
    sizes = (1, values.size, 1, 1)
    shape = tuple(
        size if axes == (CHANNEL_AXIS,) and values.size > 1 else 1
        for size, axes in zip(over.shape, over.axes_of_dimensions() or (), strict=False)
    )
    stored = ConstantOp.of(values.reshape(sizes)).result
    return Dequantised(Integers(stored, None, View(sizes, over.order, shape), None), quantisation)


def _real_factors(
    layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
) -> list[float]:
    """Scale ratios in double, except where TFLite computes a part of them in float32.

    That is the product of two scales, for uint8 and for fully connected layers, of which there is
    no other in TFLite, and the quotient for activation functions that stand alone.
    """
    if isinstance(layer, MulLayer):
        _check_types(layer.node, layer.lhs.quantisation, layer.rhs.quantisation, output)
        return [x.scale * float(weights[0]) / output.scale]
    if isinstance(layer, RescaleLayer) and layer.node.op_type != "QuantizeLinear":
        if layer.node.op_type == "MaxPool" and x != output:
            raise layer.node.problem("TFLite's pools do not change the scale", WITHOUT_FLAVOUR)
        return [float(np.float32(x.scale) / np.float32(output.scale))]
    per_tensor = weights.size == 1 and (x.dtype == "uint8" or is_fully_connected(layer))
    if per_tensor:
        return [float(np.float32(x.scale) * weights[0]) / output.scale]
    return [x.scale * float(scale) / output.scale for scale in weights]


def _interpolation(layer: InterpolatedLayer, x: Quantisation, output: Quantisation) -> RequantAttr:
    """All parts of a pixel, rounded half away from 0; the integers keep their meaning."""
    if x != output:
        raise layer.node.problem("TFLite's resizes do not change the scale", WITHOUT_FLAVOUR)
    clip = clip_range(layer, output)
    return RequantAttr.of([1], [layer.divisor], rounding=Rounding.HALF_AWAY, clip=clip)


def _check_types(node: Node, *tensors: Quantisation) -> None:
    if len({tensor.dtype for tensor in tensors}) > 1:
        raise node.problem("TFLite takes and gives tensors of one type here", WITHOUT_FLAVOUR)


def is_fully_connected(layer: PendingLayer) -> bool:
    """Whether a layer multiplies by a matrix."""
    return isinstance(layer, WeightedLayer) and layer.node.op_type in ("Gemm", "MatMul")


def _small_factor(node: Node, factor: float) -> tuple[int, int]:
    """A factor of an addition, which is below 1."""
    if not factor < 1:
        raise node.problem(
            f"scales that give a factor of {factor}, for which TFLite has no addition",
            "quantise the model again with representative data",
        )
    return factor_of(node, factor)


def _over(pixels: int, multiplier: int, exponent: int) -> tuple[int, int]:
    """A quantised factor over a number of pixels, as TFLite's means have it."""
    shift = min(pixels.bit_length() - 1, 32, 31 + exponent)
    return (multiplier << shift) // pixels, exponent - shift


TFLITE = Flavour(
    "TFLite",
    "a .tflite file; QDQ that tf2onnx made of one, where it is asked for",
    "TFLite Micro's reference kernels: times 31 bits, rounded twice",
    lambda graph: False,
    {operation: QDQ_HANDLERS[operation] for operation in SAME_MEANING}
    | dict.fromkeys(TABLES, read_function)
    | {
        "Add": read_sum,
        "Mul": read_product,
        "PRelu": read_prelu,
        "Resize": read_resize,
        "Sub": read_difference,
    },
    TfliteArithmetic(),
)
