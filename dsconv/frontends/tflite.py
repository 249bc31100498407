"""TFLite's own arithmetic, for QDQ files that were converted from it.

Such a file means ONNX Runtime's arithmetic to whoever runs it, so this flavour is never detected:
`--flavour TFLite` gives what the original computes with TFLite's reference kernels.
"""

from __future__ import annotations

import math

import numpy as np

from dsconv.dialects.attributes import TWICE_DIVISOR, RequantAttr, Rounding
from dsconv.errors import ModelError
from dsconv.frontends.elementwise import read_add
from dsconv.frontends.flavour import Flavour
from dsconv.frontends.onnx_graph import Node
from dsconv.frontends.qdq import QDQ_HANDLERS
from dsconv.frontends.reader import Reader
from dsconv.frontends.scales import LARGEST_DIVISOR, Floats, Quantisation
from dsconv.frontends.values import AddLayer, AveragePoolLayer, Layer, Value, WeightedLayer

SAME_MEANING = (
    *("AveragePool", "Cast", "Clip", "Concat", "Constant", "Conv", "DequantizeLinear"),
    *("Flatten", "Gather", "Gemm", "LogSoftmax", "MatMul", "MaxPool", "QuantizeLinear", "Relu"),
    *("Reshape", "Shape", "Softmax", "Squeeze", "Transpose", "Unsqueeze"),
)
"""Operations for which TFLite's kernels differ from ONNX Runtime's in nothing but arithmetic."""


class TfliteArithmetic:
    """One factor of 31 bits, and gemmlowp's two roundings."""

    def requantisation(
        self, layer: Layer, x: Quantisation, weights: Floats, pixels: int, output: Quantisation
    ) -> RequantAttr:
        """The accumulator times a multiplier of 31 bits, rounded twice."""
        if isinstance(layer, AveragePoolLayer):
            return _average(layer, x, pixels, output)
        factors = [_factor(layer, scale) for scale in _real_factors(layer, x, weights, output)]
        return RequantAttr.of(
            [multiplier for multiplier, _ in factors],
            [divisor for _, divisor in factors],
            rounding=Rounding.TWICE,
            zero_point=output.zero_point,
            clip=output.clip_range(layer.bounds),
        )

    def addition(
        self, layer: AddLayer, output: Quantisation
    ) -> tuple[tuple[int, int], RequantAttr]:
        """TFLite rounds both terms before it adds them, which no operation here does."""
        raise no_addition(layer.node)


def no_addition(node: Node) -> ModelError:
    """The error for a sum that is no bias."""
    return node.problem(
        "TFLite's arithmetic of additions is not supported", "leave out --flavour TFLite"
    )


def read_bias(reader: Reader, node: Node) -> Value:
    """A product and its bias."""
    if not any(isinstance(reader.value(node, index), WeightedLayer) for index in (0, 1)):
        raise no_addition(node)
    return read_add(reader, node)


def _real_factors(
    layer: Layer, x: Quantisation, weights: Floats, output: Quantisation
) -> list[float]:
    """Scale ratios in double; for weights of one scale, the product is rounded to float32 first.

    That holds for uint8 and for fully connected layers, of which there is no other in TFLite.
    """
    per_tensor = weights.size == 1 and (x.dtype == "uint8" or _is_fully_connected(layer))
    if per_tensor:
        return [float(np.float32(x.scale) * weights[0]) / output.scale]
    return [x.scale * float(scale) / output.scale for scale in weights]


def _is_fully_connected(layer: Layer) -> bool:
    return isinstance(layer, WeightedLayer) and layer.node.op_type in ("Gemm", "MatMul")


def _factor(layer: Layer, factor: float) -> tuple[int, int]:
    """Multiplier and divisor of a real factor, 0 where TFLite's shift would be more than 31."""
    fraction, exponent = math.frexp(factor)
    multiplier = math.floor(fraction * TWICE_DIVISOR + 0.5)
    if multiplier == TWICE_DIVISOR:
        multiplier, exponent = multiplier // 2, exponent + 1
    if exponent > 30:
        raise layer.node.problem(
            f"input, weight and output scales give a factor of {factor}",
            "quantise the model again with representative data",
        )
    divisor = math.ldexp(TWICE_DIVISOR, -exponent)
    return (0, 1) if divisor > LARGEST_DIVISOR else (multiplier, int(divisor))


def _average(
    layer: AveragePoolLayer, x: Quantisation, pixels: int, output: Quantisation
) -> RequantAttr:
    """The mean of the integers themselves, half away from 0."""
    if x != output or any(layer.window.pads):
        raise layer.node.problem(
            "TFLite's average pools neither pad nor change the scale", "leave out --flavour TFLite"
        )
    return RequantAttr.of(
        [1],
        [pixels],
        addends=[pixels * x.zero_point],
        rounding=Rounding.HALF_AWAY,
        clip=output.clip_range(layer.bounds),
    )


TFLITE = Flavour(
    "TFLite",
    "tf2onnx, from a .tflite file; only where it is asked for",
    "TFLite's reference kernels: times 31 bits, rounded twice",
    lambda graph: False,
    {operation: QDQ_HANDLERS[operation] for operation in SAME_MEANING} | {"Add": read_bias},
    TfliteArithmetic(),
)
