"""Where a Resize reads its input: ONNX's coordinate and nearest modes, in fractions.

Every mode places output i at `a * i + b` of the input; places outside are moved to its edge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor, lcm
from typing import NamedTuple

from dsconv.dialects.graph import Places
from dsconv.frontends.onnx_file.onnx_graph import Node

UNMOVED: Places = (1, 0, 1)
"""Every output is the input of its own index."""
HALF = Fraction(1, 2)
LARGEST_DENOMINATOR = 4096
LAST_PLACES = Fraction(1, 2**21)
"""By how much scales of float32 differ from the quotients of sizes that they mean."""
NEAREST: dict[str, Callable[[Fraction], int]] = {
    "ceil": ceil,
    "floor": floor,
    "round_prefer_ceil": lambda place: floor(place + HALF),
    "round_prefer_floor": lambda place: ceil(place - HALF),
}


class Axis(NamedTuple):
    """An axis of the input, and how long and by what factor it is resized."""

    size: int
    target: int
    scale: Fraction

    @property
    def changes(self) -> bool:
        """Whether it is more than copied."""
        return self.size != self.target or self.scale != 1


class Line(NamedTuple):
    """Output i lies at `step * i + offset`."""

    step: Fraction
    offset: Fraction

    def at(self, index: int) -> Fraction:
        """The place of an output."""
        return self.step * index + self.offset


def line(node: Node, axis: Axis) -> Line:
    """Places of the outputs of an axis, as the node's coordinate mode says."""
    upsample = node.op_type == "Upsample"
    mode = node.text("coordinate_transformation_mode", "asymmetric" if upsample else "half_pixel")
    step = 1 / axis.scale
    half_pixel = Line(step, step / 2 - HALF)
    match mode:
        case "half_pixel":
            return half_pixel
        case "pytorch_half_pixel":
            return half_pixel if axis.target > 1 else Line(Fraction(0), Fraction(0))
        case "half_pixel_symmetric":
            rest = Fraction(axis.size, 2) * (1 - axis.target / (axis.scale * axis.size))
            return Line(step, half_pixel.offset + rest)
        case "asymmetric":
            return Line(step, Fraction(0))
        case "align_corners":
            return Line(Fraction(axis.size - 1, max(axis.target - 1, 1)), Fraction(0))
        case _:
            raise node.problem(f"has coordinates by '{mode}'")


def nearest_indices(node: Node, axis: Axis) -> list[int]:
    """The index that each output reads."""
    default = "floor" if node.op_type == "Upsample" else "round_prefer_floor"
    mode = node.text("nearest_mode", default)
    if mode not in NEAREST:
        raise node.problem(f"rounds coordinates by '{mode}'")
    places = line(node, axis)
    chosen = (NEAREST[mode](places.at(index)) for index in range(axis.target))
    return [min(max(index, 0), axis.size - 1) for index in chosen]


def places_of_indices(indices: Sequence[int], axis: Axis, step: Fraction) -> Places | None:
    """Integers whose quotients, rounded down and moved into the axis, are indices; None without."""
    near = step.limit_denominator(LARGEST_DENOMINATOR)
    parts, increment = 2 * near.denominator, 2 * near.numerator
    last = axis.size - 1
    starts = [taken * parts - number * increment for number, taken in enumerate(indices)]
    least = [start for start, taken in zip(starts, indices, strict=True) if taken > 0]
    most = [start + parts - 1 for start, taken in zip(starts, indices, strict=True) if taken < last]
    low = max(least, default=min(most, default=0))
    return (increment, low, parts) if low <= min(most, default=low) else None


def places_of_line(node: Node, axis: Axis) -> Places:
    """The same places as integers over one denominator."""
    quotient = Fraction(axis.target, axis.size)
    if abs(axis.scale - quotient) <= quotient * LAST_PLACES:
        axis = axis._replace(scale=quotient)
    step, offset = line(node, axis)
    parts = lcm(step.denominator, offset.denominator)
    return int(step * parts), int(offset * parts), parts
