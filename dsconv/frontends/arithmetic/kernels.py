"""QLinearAdd, QLinearMul and QLinearAveragePool, as ONNX Runtime's kernels round them.

They add the zero point before they round half to even, so ties go the other way where it is odd.
And they compute in float32, which makes ties of sums that lie next to one: ONNX Runtime 1.32 on x86
rounds products of QLinearAdd together with the sum, those of QLinearMul by themselves.

There are 65536 pairs of bytes. So whatever a kernel computes is a table, and an integer form is
right where it gives this table: the exact one where float32 makes no difference, or one with
factors and an addend a little beside it (`addition_forms`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dsconv.dialects.attributes import RequantAttr
from dsconv.frontends.arithmetic.addition_forms import (
    LARGEST_ADDEND,
    REACH,
    Addition,
    Integers,
    bytes_of,
    form_of_sums,
    requantised,
    rounded_down,
    sums_of,
)
from dsconv.frontends.arithmetic.real_factors import OnnxRuntimeArithmetic
from dsconv.frontends.arithmetic.scales import Floats, Quantisation
from dsconv.frontends.arithmetic.values import (
    AddLayer,
    AveragePoolLayer,
    MulLayer,
    PendingLayer,
)
from dsconv.frontends.onnx_file.onnx_graph import Node

KernelTable = Callable[[Quantisation, Quantisation, Quantisation], Integers]
"""Results of every pair of bytes, from what both and the result mean."""

MULTIPLIER_BITS = 30
LARGEST_SHIFT = 50


def kernel_sums(lhs: Quantisation, rhs: Quantisation, output: Quantisation) -> Integers:
    """QLinearAdd of every pair of bytes (256, 256)."""
    first, second = (np.float32(x.scale) / np.float32(output.scale) for x in (lhs, rhs))
    centre = _fused(np.float32(lhs.zero_point), first, second * np.float32(rhs.zero_point))
    start = np.float32(output.zero_point) - centre
    inner = _fused(bytes_of(rhs).astype(np.float32), second, start)
    return _rounded(_fused(bytes_of(lhs).astype(np.float32)[:, None], first, inner), output)


def kernel_products(lhs: Quantisation, rhs: Quantisation, output: Quantisation) -> Integers:
    """QLinearMul of every pair of bytes (256, 256)."""
    return _scaled_products(_products(lhs, rhs), lhs, rhs, output)


def _scaled_products(
    products: Integers, lhs: Quantisation, rhs: Quantisation, output: Quantisation
) -> Integers:
    factor = np.float32(lhs.scale) * np.float32(rhs.scale) / np.float32(output.scale)
    return _rounded(products.astype(np.float32) * factor + np.float32(output.zero_point), output)


def _products(lhs: Quantisation, rhs: Quantisation) -> Integers:
    return np.multiply.outer(bytes_of(lhs) - lhs.zero_point, bytes_of(rhs) - rhs.zero_point)


def _fused(x: Floats | np.float32, factor: np.float32, addend: Floats | np.float32) -> Floats:
    """A product and a sum, rounded once: doubles hold the product of two float32."""
    return np.asarray(np.float64(x) * np.float64(factor) + np.float64(addend)).astype(np.float32)


def _rounded(reals: Floats, output: Quantisation) -> Integers:
    return np.rint(reals).clip(*output.limits).astype(np.int64)


@dataclass(frozen=True)
class OnnxRuntimeKernels(OnnxRuntimeArithmetic):
    """The same factors as ever; the zero point is part of what is rounded.

    `note` is told where no integer form gives what float32 does.
    """

    note: Callable[[str], None]

    def addition(self, layer: AddLayer, output: Quantisation) -> Addition:
        """Both scales over one power of two."""
        near = self.scaled(layer, output)
        exact = Addition(near.multipliers, _with_zero_point_inside(near.requant))
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        expected = kernel_sums(lhs, rhs, output)
        wrong = int(np.sum(sums_of(exact, lhs, rhs) != expected))
        if not wrong:
            return exact
        found = form_of_sums(exact, lhs, rhs, expected)
        if found is None:
            self._note_ties(layer.node, wrong, expected.size)
        return found or exact

    def requantisation(
        self, layer: PendingLayer, x: Quantisation, weights: Floats, output: Quantisation
    ) -> RequantAttr:
        """The accumulator times one float32; that of a product with its zero point."""
        near = super().requantisation(layer, x, weights, output)
        if not isinstance(layer, MulLayer):
            return near
        exact = _with_zero_point_inside(near)
        lhs, rhs = layer.lhs.quantisation, layer.rhs.quantisation
        products = np.unique(_products(lhs, rhs))
        expected = _scaled_products(products, lhs, rhs, output)
        wrong = int(np.sum(requantised(products, exact) != expected))
        if not wrong:
            return exact
        found = _product(exact, products, expected)
        if found is None:
            self._note_ties(layer.node, wrong, products.size)
        return found or exact

    def average(self, layer: AveragePoolLayer, output: Quantisation) -> tuple[int, RequantAttr]:
        """The sum times one float32, over the number of pixels."""
        zero_point, requant = super().average(layer, output)
        return zero_point, _with_zero_point_inside(requant)

    def _note_ties(self, node: Node, wrong: int, total: int) -> None:
        self.note(
            f"{node.title}: {wrong} of {total} results lie next to a tie, and ONNX Runtime's "
            "float32 may round them the other way"
        )


def _with_zero_point_inside(requant: RequantAttr) -> RequantAttr:
    """The zero point added before rounding; an even one makes no difference."""
    (divisor,) = requant.divisors
    addend = requant.zero_point * divisor
    if requant.zero_point % 2 == 0 or abs(addend) > LARGEST_ADDEND:
        return requant
    return RequantAttr.of(
        requant.multipliers,
        [divisor],
        addends=[addend],
        rounding=requant.rounding,
        clip=requant.clip,
    )


def _product(near: RequantAttr, products: Integers, expected: Integers) -> RequantAttr | None:
    """A multiplier next to that of a requantisation, and an addend, that give what is expected."""
    (multiplier,), (divisor,) = near.multipliers, near.divisors
    (addend,) = near.addends
    places = min(MULTIPLIER_BITS - multiplier.bit_length(), LARGEST_SHIFT - divisor.bit_length())
    if places < 0:
        return None
    multiplier, divisor = multiplier << places, divisor << places
    finer = near.with_factors([1], [divisor], [addend << places])
    step = max(1, divisor // (int(np.abs(products).max()) << MULTIPLIER_BITS - 12))
    for steps in sorted(range(-REACH, REACH + 1), key=abs):
        factor = multiplier + steps * step
        requant = rounded_down(products * factor, expected, divisor, finer)
        if requant is not None:
            found = requant.with_factors([factor], [divisor], requant.addends)
            if np.array_equal(requantised(products, found), expected):
                return found
    return None
