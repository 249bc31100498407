"""What an operation is given: its node, its inputs and its attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from dsconv.errors import ModelError
from dsconv.exact.tensor import FLOAT32_INTEGERS, Array, Floats, Tensor, whole

Value = Tensor | Array
"""Computed, or a constant as it lies in the file."""


@dataclass(frozen=True)
class Call:
    """A node with the values of its inputs, None where one is left out.

    `opset` is the version of its domain. `float_sums`: whether sums of products are bounded as
    those of float32 are, in any order, or as those of integers.
    """

    label: str
    op_type: str
    inputs: Sequence[Value | None]
    attributes: Mapping[str, Any]
    outputs: int
    opset: int
    float_sums: bool

    def problem(self, reason: str) -> ModelError:
        """An error that names the node."""
        return ModelError(f"{self.label}: {reason}; the exact interpreter does not know that")

    def has(self, index: int) -> bool:
        """Whether an input is there."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def value(self, index: int) -> Value:
        """An input that has to be there."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise self.problem(f"has no input {index}")
        return value

    def real(self, index: int) -> Tensor:
        """An input as exact numbers."""
        value = self.value(index)
        if isinstance(value, Tensor):
            return value
        try:
            return Tensor.of(value)
        except ValueError as error:
            raise self.problem(str(error)) from error

    def array(self, index: int) -> Array:
        """An input as it lies in the file, or as integers."""
        value = self.value(index)
        if not isinstance(value, Tensor):
            return value
        if value.dtype.kind == "f":
            raise self.problem(f"input {index} is neither constant nor an integer")
        return np.asarray(self.whole(index), value.dtype)

    def whole(self, index: int) -> Array:
        """An input that holds integers."""
        try:
            return whole(self.real(index))
        except ValueError as error:
            raise self.problem(f"input {index} {error}") from error

    def integers(self, index: int, attribute: str | None = None) -> list[int] | None:
        """Integers of an input or, as earlier opsets have it, of an attribute; None without."""
        if self.has(index):
            return [int(value) for value in self.array(index).reshape(-1)]
        given = None if attribute is None else self.attributes.get(attribute)
        return None if given is None else [int(value) for value in np.ravel(given)]

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def rounded(self, result: Tensor, rounding: Floats, sums: Floats | None = None) -> Tensor:
        """A result with a bound of float32's roundings in it, besides its operands' errors.

        Of sums of floats, none is rounded that float32 holds, nor are the sums on the way to it:
        `sums` are those of absolute values, where there are more than one operation.
        """
        if self.float_sums:
            numbers = result.floats()
            held = (numbers == numbers.astype(np.float32)) & (result.error == 0)
            if sums is not None:
                held = held & (sums < FLOAT32_INTEGERS / _places(result.unit))
            rounding = np.where(held, 0, rounding)
        return result.with_error(result.error + rounding)


def _places(unit: Fraction) -> int:
    """The power of two by which a unit's multiples, and sums before a mean of them, are whole."""
    return unit.denominator & -unit.denominator


Operation = Callable[[Call], Value | Sequence[Value]]
