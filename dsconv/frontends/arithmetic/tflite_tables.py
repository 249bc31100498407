"""Functions of one activation that TFLite's reference kernels compute on integers.

Each is a table of the activation's 256 values. The kernels are those of tensorflow/lite/kernels/
internal/reference: leaky_relu.h, prelu.h and hard_swish.h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dsconv.dialects import reference
from dsconv.frontends.arithmetic.gemmlowp import factor_of, quantised_factor, rounded_twice
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import ScaledConstant, TableLayer
from dsconv.frontends.onnx_file.onnx_graph import Node

Integers = npt.NDArray[np.int64]

HIGH_PLACES = 7
"""Binary places that a hard swish gives its input."""
INT16 = (-(2**15), 2**15 - 1)


@dataclass(frozen=True, eq=False)
class SlopesLayer(TableLayer):
    """A parametric ReLU: `slopes` has one value, or one a channel."""

    slopes: ScaledConstant


def two_slopes(layer: TableLayer, output: Quantisation) -> npt.NDArray[np.integer]:
    """A leaky ReLU: a factor for what is below the zero point, and another one for the rest."""
    x, node = layer.x.quantisation, layer.node
    centred = _centred(x).reshape(1, 1, 1, -1)
    ratio = np.float32(x.scale) / np.float32(output.scale)
    slope = np.float32(x.scale) * np.float32(node.real("alpha", 0.01)) / np.float32(output.scale)
    below, above = (
        reference.requantise(
            centred, rounded_twice([factor_of(node, float(factor))], layer, output), output.dtype
        )
        for factor in (slope, ratio)
    )
    return np.where(centred < 0, below, above).reshape(1, -1)


def slopes_of_channels(layer: SlopesLayer, output: Quantisation) -> npt.NDArray[np.integer]:
    """A parametric ReLU: below the zero point, values times a slope of 8 bits."""
    x, node, slopes = layer.x.quantisation, layer.node, layer.slopes
    centred = _centred(x)
    ratio = np.float32(x.scale) / np.float32(output.scale)
    product = np.float32(x.scale) * np.float32(slopes.scale.item()) / np.float32(output.scale)
    integers = slopes.array.astype(np.int64).reshape(-1, 1) - int(slopes.zero_point.item())
    sums = np.where(centred < 0, centred * integers, centred)
    below, above = (
        reference.requantise(
            sums.reshape(1, 1, *sums.shape),
            rounded_twice([factor_of(node, float(factor))], layer, output),
            output.dtype,
        )[0, 0]
        for factor in (product, ratio)
    )
    return np.where(centred < 0, below, above)


def hard_swish(layer: TableLayer, output: Quantisation) -> npt.NDArray[np.integer]:
    """x times a ramp from 0 to 1, in 16 bits: the ramp saturates where the int16 does."""
    x, node = layer.x.quantisation, layer.node
    fine = np.float32(1 / 2**HIGH_PLACES) * np.float32(x.scale)
    scaling, scaling_exponent = _factor_of_16_bits(node, float(fine / np.float32(output.scale)))
    ramping, ramp_exponent = _factor_of_16_bits(node, float(fine / np.float32(3 / 2**15)))
    value = _centred(x) << HIGH_PLACES
    ramp = value
    if ramp_exponent > 0:
        ramp = np.clip(ramp << (ramp_exponent - 1), *INT16)
    ramp = _high_product(ramp, ramping)
    if ramp_exponent > 0:
        ramp = np.clip(ramp << 1, *INT16)
    if ramp_exponent < 0:
        ramp = _divided_by_power(ramp, -ramp_exponent)
    ramp = (ramp + 2**15) >> 1
    product = _towards_zero(ramp * _high_product(value, scaling), 2**15)
    if scaling_exponent > 0:
        raise node.problem(
            "its output scale is so small that TFLite has no hard swish for it",
            "quantise the model again with representative data",
        )
    result = _divided_by_power(product, -scaling_exponent) + output.zero_point
    return np.clip(result, *output.limits).astype(output.dtype)[None]


def _centred(x: Quantisation) -> Integers:
    """All values of an activation, less its zero point."""
    low, high = x.limits
    return np.arange(low, high + 1) - x.zero_point


def _factor_of_16_bits(node: Node, factor: float) -> tuple[int, int]:
    """A factor of 31 bits, rounded to 15, and its exponent."""
    multiplier, exponent = quantised_factor(node, factor)
    return min((multiplier + 2**15) >> 16, INT16[1]), exponent


def _high_product(values: Integers, multiplier: int) -> Integers:
    """Half of the high half of a product, rounded half away from 0, as int16."""
    products = values * multiplier
    nudged = products + np.where(products >= 0, 2**14, 1 - 2**14)
    return np.clip(_towards_zero(nudged, 2**15), *INT16)


def _towards_zero(values: Integers, divisor: int) -> Integers:
    return np.sign(values) * (np.abs(values) // divisor)


def _divided_by_power(values: Integers, places: int) -> Integers:
    """Values over 2**places, rounded half away from 0."""
    return np.sign(values) * ((np.abs(values) + ((1 << places) >> 1)) >> places)
