"""What QuantLab and Deeploy mean by nodes that ONNX does not have, or by attributes of theirs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from dsconv.exact import elementwise
from dsconv.exact.operation import Call, Operation
from dsconv.exact.tensor import Tensor, exact, rounded_down, whole


def requant_shift(call: Call) -> Tensor:
    """Deeploy's: `clip((x * mul + add + div / 2) >> log2(div))`, to n_levels_out.

    The half of the divisor is not in the file (Deeploy, RequantShift of its generic target).
    """
    divisor, levels, signed = (
        int(np.ravel(call.attribute(name, 0))[0]) for name in ("div", "n_levels_out", "signed")
    )
    if divisor < 1 or divisor.bit_count() != 1:
        raise call.problem(f"a divisor of {divisor}, which is no power of two")
    x, factors, addends = (call.real(index) for index in range(3))
    product = elementwise.multiplied(x, factors)
    total = elementwise.added(product, addends)
    half = exact(np.array(divisor // 2), Fraction(1), x.dtype)
    shifted = elementwise.added(total, half)
    steps = rounded_down(Tensor(shifted.steps, shifted.unit / divisor, x.dtype, shifted.error))
    low = -(levels // 2) if signed else 0
    high = levels // 2 - 1 if signed else levels - 1
    return exact(np.clip(steps, low, high), Fraction(1), x.dtype)


def add(call: Call) -> Tensor:
    """A sum; QuantLab's requantises its operands and itself by attributes.

    `((x1 * in1_mul + in1_add) >> in1_shift) + ((x2 * in2_mul + in2_add) >> in2_shift)`, and the
    same with out_ of the sum, where `_rq` asks for it; each clipped to its n_levels.
    """
    if not any(call.attribute(f"{part}_rq", 0) for part in ("in1", "in2", "out")):
        return elementwise.add(call)
    lhs, rhs = _requantised(call, "in1", call.real(0)), _requantised(call, "in2", call.real(1))
    return _requantised(call, "out", elementwise.added(lhs, rhs))


def _requantised(call: Call, part: str, x: Tensor) -> Tensor:
    def number(name: str) -> int:
        return int(np.ravel(call.attribute(f"{part}_{name}", 0))[0])

    if not number("rq"):
        return x
    scaled = whole(x).astype(object) * number("mul") + number("add")
    shifted = scaled >> number("shift")
    return exact(shifted, Fraction(1), x.dtype)


INTEGERS: dict[str, Operation] = {"Add": add, "RequantShift": requant_shift}
