"""The float32 values of a function as whole multiples of one unit, in digits of 8 bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dsconv.frontends.arithmetic.scales import MANTISSA_BITS, Floats
from dsconv.frontends.onnx_file.onnx_graph import Node

DIGITS = 256
"""The base."""
MOST_BITS = 52
"""Of the multiples, which doubles hold exactly."""


def digits_of(reals: Floats, node: Node) -> tuple[dict[int, npt.NDArray[np.integer]], Fraction]:
    """Digits (R, 256) by their place, those that are all 0 left out, and the unit.

    All are uint8 but the first, which is int8: the values are two's complements.
    """
    if not np.isfinite(reals).all():
        raise node.problem("its result is not a finite number for some inputs")
    exact = reals.astype(np.float64)
    mantissas, exponents = np.frexp(exact)
    places = MANTISSA_BITS - int(exponents[mantissas != 0].min(initial=0))
    if int(exponents.max()) + places > MOST_BITS:
        raise node.problem(
            "its results, from the smallest to the largest, are too far apart to be added exactly",
            "let the quantiser put a QuantizeLinear and a DequantizeLinear behind it",
        )
    rest = np.ldexp(exact, places).astype(np.int64)
    planes: dict[int, npt.NDArray[np.integer]] = {}
    place = 0
    while rest.min() < -128 or rest.max() > 127:
        planes[place] = (rest % DIGITS).astype(np.uint8)
        rest //= DIGITS
        place += 1
    planes[place] = rest.astype(np.int8)
    found = {place: plane for place, plane in planes.items() if plane.any()}
    return found or {0: planes[0]}, Fraction(2) ** -places
