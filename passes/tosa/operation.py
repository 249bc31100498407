"""A TOSA operation, whether or not the context knows it.

xDSL 0.74 has some of TOSA's operations, and reads the others as unregistered ones. A second dialect
of the same name would be in the way of everybody's, so operations are taken by their names here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    ShapedType,
    Signedness,
    StringAttr,
    TensorType,
    UnregisteredAttr,
    i1,
)
from xdsl.ir import Attribute, Operation, SSAValue

from dsconv.errors import DsconvError
from dsconv.passes.analysis.diagnostics import name_of, place_of

Array = npt.NDArray[Any]
PREFIX = "tosa."
OLD_FORM = {"double_round", "quantization_info", "multiplier"}
"""Attributes of TOSA before 1.0, which later has them as operands."""


class UnreadableError(DsconvError):
    """An operation that has no meaning at the graph level. The message names it and the reason."""


@dataclass(frozen=True)
class TosaOperation:
    """An operation by its name, its attributes in one place; `index` counts in the function."""

    operation: Operation
    index: int

    @property
    def name(self) -> str:
        """The name, `tosa.` included for TOSA's own."""
        return name_of(self.operation)

    @property
    def operands(self) -> Sequence[SSAValue]:
        """The operands."""
        return self.operation.operands

    @property
    def result(self) -> SSAValue:
        """The only result."""
        return self.operation.results[0]

    @property
    def result_shape(self) -> tuple[int, ...]:
        """Shape of the result, a dynamic batch taken as 1."""
        return shape_of(self.result)

    def problem(self, reason: str, advice: str = "") -> UnreadableError:
        """An error that names this operation."""
        where = f"{place_of(self.operation)}operation {self.index} ({self.name})"
        return UnreadableError(f"{where}: {reason}" + (f"; {advice}" if advice else ""))

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """Properties and attributes."""
        self.check_form()
        return {**self.operation.attributes, **self.operation.properties}

    def check_form(self) -> None:
        """Raises UnreadableError for the form of TOSA before 1.0."""
        known = {*self.operation.attributes, *self.operation.properties}
        if is_tosa(self.operation) and OLD_FORM & known:
            raise self.problem(
                "the form of TOSA before 1.0",
                "convert the model again with LLVM 21 or later, or tosa-converter-for-tflite",
            )

    def integers(self, name: str) -> tuple[int, ...]:
        """A list of integers."""
        value = self.attributes.get(name)
        if not isinstance(value, DenseArrayBase):
            raise self.problem(f"attribute '{name}' is not a list of integers")
        return tuple(int(number) for number in value.get_values())

    @property
    def pads(self) -> tuple[int, int, int, int]:
        """Top, left, bottom, right: TOSA has top, bottom, left, right."""
        top, bottom, left, right = self.integers("pad")
        return top, left, bottom, right

    def integer(self, name: str) -> int:
        """An integer."""
        value = self.attributes.get(name)
        if not isinstance(value, IntegerAttr):
            raise self.problem(f"attribute '{name}' is not an integer")
        return value.value.data

    def flag(self, name: str) -> bool:
        """A bool, false where it is absent."""
        value = self.attributes.get(name)
        if value is None:
            return False
        if not isinstance(value, IntegerAttr) or value.type != i1:
            raise self.problem(f"attribute '{name}' is not a bool")
        return bool(value.value.data)

    def word(self, name: str) -> str:
        """An enum's case, as in `#tosa.rounding_mode<DOUBLE_ROUND>`."""
        value = self.attributes.get(name)
        if isinstance(value, UnregisteredAttr):
            return value.value.data.strip("<> ")
        if isinstance(value, StringAttr):
            return value.data
        return "" if value is None else str(value).rpartition("<")[2].strip("> ")

    def values(self) -> Array:
        """What a constant holds."""
        value = self.attributes.get("values", self.attributes.get("value"))
        if not isinstance(value, DenseIntOrFPElementsAttr):
            raise self.problem("its values are not dense")
        numbers = np.array(value.get_values())
        shape = value.get_shape()
        return numbers.reshape(shape) if numbers.size > 1 else np.resize(numbers, shape)


def is_tosa(operation: Operation) -> bool:
    """Whether an operation is one of TOSA."""
    return name_of(operation).startswith(PREFIX)


def shape_of(value: SSAValue) -> tuple[int, ...]:
    """Dimensions of a tensor, a dynamic batch taken as 1."""
    if not isinstance(value.type, ShapedType):
        return ()
    sizes = list(value.type.get_shape())
    if sizes and sizes[0] == DYNAMIC_INDEX:
        sizes[0] = 1
    return tuple(sizes)


def bits_of(value: SSAValue) -> int | None:
    """Width of a tensor's integers, None where they are none."""
    if not isinstance(value.type, TensorType):
        return None
    element = value.type.element_type
    if not isinstance(element, IntegerType) or element.signedness.data is Signedness.UNSIGNED:
        return None
    return element.width.data
