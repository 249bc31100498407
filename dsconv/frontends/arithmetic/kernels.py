"""QLinearAdd, QLinearMul and QLinear pools, as ONNX Runtime's kernels round them.

All but the global average add the zero point before they round half to even, so ties go the other
way where it is odd. And they compute in float32, which makes ties of sums that lie next to one:
ONNX Runtime 1.32 on x86 rounds products of QLinearAdd together with the sum, those of QLinearMul by
themselves. QLinearAveragePool adds up floats, in an order of its own: its averages are exact here.

There are 65536 pairs of bytes, and few sums of a map. So whatever a kernel computes is a table, and
an integer form is right where it gives this table (`addition_forms`, `product_forms`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dsconv.frontends.arithmetic.addition_forms import Addition, Integers, addition_of, bytes_of
from dsconv.frontends.arithmetic.product_forms import (
    Average,
    Product,
    average_of,
    centred_products,
    form_of,
    product_of,
    with_zero_point_inside,
)
from dsconv.frontends.arithmetic.real_factors import (
    OnnxRuntimeArithmetic,
    average_sums,
    exact_average,
)
from dsconv.frontends.arithmetic.scales import Floats, Quantisation, requantisation
from dsconv.frontends.arithmetic.values import AddLayer, AveragePoolLayer, MulLayer

KernelTable = Callable[[Quantisation, Quantisation, Quantisation], Integers]
"""Results of every pair of bytes, from what both and the result mean."""


def kernel_sums(lhs: Quantisation, rhs: Quantisation, output: Quantisation) -> Integers:
    """QLinearAdd of every pair of bytes (256, 256)."""
    first, second = (np.float32(x.scale) / np.float32(output.scale) for x in (lhs, rhs))
    centre = _fused(np.float32(lhs.zero_point), first, second * np.float32(rhs.zero_point))
    start = np.float32(output.zero_point) - centre
    inner = _fused(bytes_of(rhs).astype(np.float32), second, start)
    return _rounded(_fused(bytes_of(lhs).astype(np.float32)[:, None], first, inner), output)


def kernel_products(lhs: Quantisation, rhs: Quantisation, output: Quantisation) -> Integers:
    """QLinearMul of every pair of bytes (256, 256)."""
    factor = np.float32(lhs.scale) * np.float32(rhs.scale) / np.float32(output.scale)
    products = centred_products(lhs, rhs).astype(np.float32)
    return _rounded(products * factor + np.float32(output.zero_point), output)


def kernel_averages(sums: Integers, pixels: int, x: Quantisation, output: Quantisation) -> Integers:
    """QLinearGlobalAveragePool of sums of so many pixels."""
    steps = np.rint(sums.astype(np.float32) * _average_factor(pixels, x, output))
    return (steps + output.zero_point).clip(*output.limits).astype(np.int64)


def _average_factor(pixels: int, x: Quantisation, output: Quantisation) -> np.float32:
    return np.float32(x.scale) / (np.float32(output.scale) * np.float32(pixels))


def _fused(x: Floats | np.float32, factor: np.float32, addend: Floats | np.float32) -> Floats:
    """A product and a sum, rounded once: doubles hold the product of two float32."""
    return np.asarray(np.float64(x) * np.float64(factor) + np.float64(addend)).astype(np.float32)


def _rounded(reals: Floats, output: Quantisation) -> Integers:
    return np.rint(reals).clip(*output.limits).astype(np.int64)


class OnnxRuntimeKernels(OnnxRuntimeArithmetic):
    """The same factors as ever; the zero point is part of what is rounded."""

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """Both scales over one power of two."""
        near = self.scaled(layer, output)
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        inside = replace(near, requant=with_zero_point_inside(near.requant))
        return addition_of(inside, lhs, rhs, kernel_sums(lhs, rhs, output))

    def product(self, layer: MulLayer, output: Quantisation) -> Product:
        """The product times one float32."""
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        near = with_zero_point_inside(self.scaled_product(layer, output))
        return product_of(near, centred_products(lhs, rhs), kernel_products(lhs, rhs, output))

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> Average:
        """The sum over the number of pixels, with the zero point inside."""
        near = with_zero_point_inside(self.scaled_average(layer, output))
        return exact_average(layer, near, output)


class GlobalAverageKernel(OnnxRuntimeArithmetic):
    """The sum of a map times one float32, in which the number of pixels is."""

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> Average:
        """A form that gives what the kernel does for every sum that there is."""
        x, pixels = layer.x.quantisation, math.prod(layer.window.kernel)
        sums = average_sums(x, pixels)
        expected = kernel_averages(sums, pixels, x, output)
        near = self.scaled_average(layer, output)
        factor = np.array([_average_factor(pixels, x, output)])
        for requant in (near, requantisation(factor, output, layer.bounds)):
            found = form_of(requant, sums, expected)
            if found is not None:
                return Average(x.zero_point, found)
        between = average_of(Average(x.zero_point, near), sums, expected)
        if between is not None:
            return between
        raise layer.node.problem(
            "averages lie so near to ties that ONNX Runtime's float32 turns some of them, and no "
            "integers do",
            "quantise its output with the scale of its input",
        )
