"""Graph level: layers that compute value by value."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import (
    I32,
    ArrayAttr,
    DenseArrayBase,
    IntegerAttr,
    TensorType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import RequantAttr, i64_array
from dsconv.dialects.graph.base import (
    ELEMENTS,
    QUANTISED,
    CentredOperation,
    IntTensorType,
    LayerOperation,
    RequantisedOperation,
    constant_operand,
    layer_format,
    tensor_type,
    ui8,
    verify_activation,
    verify_shape,
    verify_sums,
    verify_zero_point,
    zero_point_property,
)
from dsconv.dialects.reference import IntArray
from dsconv.dialects.tiled.kernel import KernelKind

TABLE_ENTRIES = 256
"""One for each value of 8 bits."""
BIT_ROW = 32
"""Bytes that hold one bit for each value of 8 bits."""


def verify_pair(
    op: LayerOperation,
    lhs: SSAValue,
    rhs: SSAValue,
    elements: Sequence[Attribute] = QUANTISED,
) -> None:
    """The first is as large as the result, the second as well or broadcast over it."""
    for value, role in ((lhs, "lhs"), (rhs, "rhs")):
        verify_activation(value, role, elements)
    verify_shape(lhs, "lhs has", tensor_type(op.result).get_shape())
    verify_broadcast(op, rhs, "rhs has")


def verify_broadcast(op: LayerOperation, value: SSAValue, role_has: str) -> None:
    """An operand is as large as the result, or has one channel, row or column for all of its."""
    own, shape = (tensor_type(value).get_shape() for value in (value, op.result))
    if any(size not in (1, whole) for size, whole in zip(own, shape, strict=True)):
        verify_shape(value, role_has, shape)


class BinaryOperation(RequantisedOperation, abc.ABC):
    """A layer on two activations, value by value.

    The first is as large as the result. The second may have one channel, row or column for all of
    the result's: 1xCx1x1 is one value for each channel, 1x1xHxW one for each pixel.
    """

    OPERAND_ELEMENTS: ClassVar[Sequence[Attribute]] = QUANTISED

    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    zero_points = prop_def(DenseArrayBase[I32])

    assembly_format = layer_format(["lhs", "rhs"], ["requant"])

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"zero_points": i64_array(self.zero_points.get_values())}

    def _verify_operands(self) -> None:
        if len(self.zero_points) != 2:
            raise VerifyException(f"{self.name} has two zero points, not {len(self.zero_points)}")
        verify_pair(self, self.lhs, self.rhs, self.OPERAND_ELEMENTS)
        for value, role, zero_point in zip(
            self.activations, ("lhs", "rhs"), self.zero_points.get_values(), strict=True
        ):
            verify_sums(self, value)
            verify_zero_point(zero_point, value, f"zero point of {role}")


@irdl_op_definition
class AddOp(BinaryOperation):
    """Weighted sum of two activations: `requant((a - za) * ma + (b - zb) * mb)`.

    With `terms`, one for each operand, each product is requantised by its own to 32 bits before the
    sum.
    """

    name = "dsconv.add"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.ADD

    multipliers = prop_def(DenseArrayBase[I32])
    terms = opt_prop_def(ArrayAttr[RequantAttr])

    def __init__(
        self,
        layer: str,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        multipliers: tuple[int, int],
        zero_points: tuple[int, int] = (0, 0),
        terms: Sequence[RequantAttr] = (),
    ):
        super().__init__(
            layer,
            [lhs, rhs],
            result_type,
            requant=requant,
            multipliers=DenseArrayBase.from_list(i32, multipliers),
            zero_points=DenseArrayBase.from_list(i32, zero_points),
            terms=ArrayAttr(terms) if terms else None,
        )

    @property
    def term_requants(self) -> tuple[RequantAttr, ...]:
        """Requantisations of both products; nothing where they are summed as they are."""
        return () if self.terms is None else self.terms.data

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        multipliers = i64_array(self.multipliers.get_values())
        return {**super().kernel_properties, "multipliers": multipliers, "terms": self.terms}

    def _verify_operands(self) -> None:
        super()._verify_operands()
        if len(self.multipliers) != 2:
            raise VerifyException(f"{self.name} has two multipliers, not {len(self.multipliers)}")
        if len(self.term_requants) not in (0, 2):
            raise VerifyException(f"{self.name} has two terms, not {len(self.term_requants)}")
        if any(term.channels > 1 for term in self.term_requants):
            raise VerifyException(f"a term of {self.name} is the same for all channels")


@irdl_op_definition
class MulOp(BinaryOperation):
    """Product of two activations: `requant((a - za) * (b - zb))`.

    A result of i32 is the products, and that of i32 always.
    """

    name = "dsconv.mul"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.MUL
    OPERAND_ELEMENTS: ClassVar[Sequence[Attribute]] = ELEMENTS
    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = ELEMENTS

    def __init__(
        self,
        layer: str,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        zero_points: tuple[int, int] = (0, 0),
    ):
        super().__init__(
            layer,
            [lhs, rhs],
            result_type,
            requant=requant,
            zero_points=DenseArrayBase.from_list(i32, zero_points),
        )


@irdl_op_definition
class RescaleOp(CentredOperation):
    """Requantises one activation, value by value: `requant(x - zx)`."""

    name = "dsconv.rescale"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.RESCALE

    input = operand_def(TensorType)

    assembly_format = layer_format(["input"], ["requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        input_zero_point: int = 0,
    ):
        super().__init__(
            layer,
            [input],
            result_type,
            requant=requant,
            input_zero_point=zero_point_property(input_zero_point),
        )

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"zero_points": i64_array((self.zero_point,))}

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input")
        verify_shape(self.result, "result has", tensor_type(self.input).get_shape())


class TableOperation(LayerOperation, abc.ABC):
    """A layer that finds each result in a table: one for all channels, or one for each."""

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        return (self.operands[0],)

    @property
    @abc.abstractmethod
    def table_array(self) -> IntArray:
        """The results that the tables hold, in as many rows as there are tables."""

    @property
    def shares_table(self) -> bool:
        """Whether all channels have one table."""
        return len(self.table_array) == 1

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"shared_record": UnitAttr() if self.shares_table else None}

    def _verify_tables(self, tables: SSAValue, role: str, entries: int) -> None:
        """Checks that there are so many entries, in one table or in one for each channel."""
        channels, type_ = tensor_type(self.result).get_shape()[1], tensor_type(tables)
        if type_.get_shape() not in ((1, entries), (channels, entries)):
            raise VerifyException(
                f"{role} have shape 1x{entries} or {channels}x{entries}, got {type_}"
            )


@irdl_op_definition
class LookupOp(TableOperation):
    """Replaces each value by its entry in a table: any function of one activation.

    Tables are 1x256, or Kx256 with one for each channel. Their first entry stands for the smallest
    value of the input's type, and their elements are of the result's.
    """

    name = "dsconv.lookup"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.LOOKUP

    input = operand_def(TensorType)
    tables = operand_def(TensorType)

    assembly_format = layer_format(["input", "tables"], [])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        tables: SSAValue | Operation,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [input, tables], result_type)

    @property
    def table_array(self) -> IntArray:
        """The tables as numpy array, (1, 256) or (K, 256)."""
        return constant_operand(self, self.tables, "tables")

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input")
        verify_shape(self.result, "result has", tensor_type(self.input).get_shape())
        self._verify_tables(self.tables, "tables", TABLE_ENTRIES)
        if tensor_type(self.tables).element_type != tensor_type(self.result).element_type:
            raise VerifyException("tables and result have the same elements")


class StepsOperation(TableOperation, abc.ABC):
    """A layer that gives the value of the step that something lies on.

    Its last two operands are thresholds, of one type in rising order, and the values between them.
    """

    THRESHOLD: ClassVar[Attribute]

    @property
    def threshold_array(self) -> IntArray:
        """The thresholds as numpy array, (1, T) or (K, T)."""
        return constant_operand(self, self.operands[-2], "thresholds")

    @property
    def table_array(self) -> IntArray:
        """The values as numpy array, (1, T + 1) or (K, T + 1)."""
        return constant_operand(self, self.operands[-1], "values")

    def _verify_steps(self) -> None:
        """Checks thresholds and values."""
        *_, thresholds, values = self.operands
        passed, made = tensor_type(thresholds), tensor_type(values)
        rows, count = made.get_shape()
        if count < 2 or count & (count - 1):
            raise VerifyException(f"{count} values; a power of two has as many comparisons")
        self._verify_tables(values, "values", count)
        if passed.element_type != self.THRESHOLD or passed.get_shape() != (rows, count - 1):
            raise VerifyException(
                f"thresholds have shape {rows}x{count - 1} and elements {self.THRESHOLD}, "
                f"got {passed}"
            )
        if made.element_type != tensor_type(self.result).element_type:
            raise VerifyException("values and result have the same elements")
        array = self.threshold_array.astype(np.int64)
        if (array[:, 1:] < array[:, :-1]).any():
            raise VerifyException("thresholds are in rising order")


@irdl_op_definition
class StepsOp(StepsOperation):
    """Replaces each sum by the value of the step that it lies on: any function of few results.

    Thresholds, i32 in rising order, are 1xT or KxT, and values 1x(T+1) or Kx(T+1). A sum has the
    value whose number is how many thresholds are at most the sum. T + 1 is a power of two, so that
    halving finds it in as many comparisons for every sum; what is too much repeats the last value
    behind thresholds that no sum passes.
    """

    name = "dsconv.steps"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.STEPS
    THRESHOLD: ClassVar[Attribute] = i32

    input = operand_def(TensorType)
    thresholds = operand_def(TensorType)
    values = operand_def(TensorType)

    assembly_format = layer_format(["input", "thresholds", "values"], [])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        thresholds: SSAValue | Operation,
        values: SSAValue | Operation,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [input, thresholds, values], result_type)

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", (i32,))
        verify_shape(self.result, "result has", tensor_type(self.input).get_shape())
        self._verify_steps()


@irdl_op_definition
class SumStepsOp(StepsOperation):
    """Replaces each weighted sum of activations by the value of the step that it lies on.

    Inputs are of 8 bits, or sums of i32; those behind the first may broadcast over it. Weights, i64
    and Rx(N+1), are the factors of the N inputs and what is added to their sum, for every channel
    or for all: R is K or 1. Thresholds, i64, and values are as those of `dsconv.steps`. Weighted
    sums have 64 bits.
    """

    name = "dsconv.sum_steps"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.SUM_STEPS
    THRESHOLD: ClassVar[Attribute] = i64

    inputs = var_operand_def(TensorType)
    weights = operand_def(TensorType)
    thresholds = operand_def(TensorType)
    values = operand_def(TensorType)

    assembly_format = (
        "$layer `(` $inputs `)` `weights` $weights `thresholds` $thresholds `values` $values "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        layer: str,
        inputs: Sequence[SSAValue | Operation],
        weights: SSAValue | Operation,
        thresholds: SSAValue | Operation,
        values: SSAValue | Operation,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [inputs, weights, thresholds, values], result_type)

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        return tuple(self.inputs)

    @property
    def weight_array(self) -> IntArray:
        """Factors and what is added, (1, N + 1) or (K, N + 1)."""
        return constant_operand(self, self.weights, "weights")

    @property
    def reads_all_channels(self) -> bool:
        """Whether one record has the weights of all channels, so that a tile has these, too."""
        return self.shares_table and len(self.weight_array) > 1

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        thresholds = IntegerAttr(self.threshold_array.shape[1], i64)
        return {**super().kernel_properties, "thresholds": thresholds}

    def _verify_operands(self) -> None:
        if not self.inputs:
            raise VerifyException("a sum has inputs")
        for value in self.inputs:
            verify_activation(value, "input", ELEMENTS)
            verify_broadcast(self, value, "input has")
        channels = tensor_type(self.result).get_shape()[1]
        verify_shape(self.inputs[0], "first input has", tensor_type(self.result).get_shape())
        weights, terms = tensor_type(self.weights), len(self.inputs) + 1
        if weights.element_type != i64 or weights.get_shape() not in (
            (1, terms),
            (channels, terms),
        ):
            raise VerifyException(
                f"weights have shape 1x{terms} or {channels}x{terms} and elements i64, got "
                f"{weights}"
            )
        self._verify_steps()
        has_part = self.tile is not None and self.tile.tile.channels != channels
        if self.reads_all_channels and has_part:
            raise VerifyException("a tile of this sum has all channels")


@irdl_op_definition
class PairLookupOp(LayerOperation):
    """Replaces each pair of values by its bit in a table, 0 or 1: any predicate of two activations.

    The second may broadcast over the first. The table is 256x32 bytes: its first row stands for the
    smallest value of the first operand, and the lowest bit of a row for that of the second.
    """

    name = "dsconv.pair_lookup"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.PAIR_LOOKUP

    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)
    table = operand_def(TensorType)

    assembly_format = layer_format(["lhs", "rhs", "table"], [])

    def __init__(
        self,
        layer: str,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        table: SSAValue | Operation,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [lhs, rhs, table], result_type)

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        return (self.lhs, self.rhs)

    @property
    def bits(self) -> IntArray:
        """The table as (256, 256) numbers, 0 or 1."""
        return unpacked_bits(constant_operand(self, self.table, "table"))

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"shared_record": UnitAttr()}

    def _verify_operands(self) -> None:
        verify_pair(self, self.lhs, self.rhs)
        table = tensor_type(self.table)
        if table.get_shape() != (TABLE_ENTRIES, BIT_ROW) or table.element_type != ui8:
            raise VerifyException(f"the table is {TABLE_ENTRIES}x{BIT_ROW} of ui8, got {table}")


def packed_bits(bits: IntArray) -> IntArray:
    """Bits (256, 256) as the rows of a table (256, 32), the lowest bit of a byte first."""
    return np.packbits(bits.astype(np.bool_), axis=1, bitorder="little")


def unpacked_bits(table: IntArray) -> IntArray:
    """The bits (256, 256) of a table (256, 32)."""
    return np.unpackbits(table.astype(np.uint8), axis=1, bitorder="little")


ELEMENTWISE_OPS: list[type[Operation]] = [
    AddOp,
    MulOp,
    RescaleOp,
    LookupOp,
    StepsOp,
    SumStepsOp,
    PairLookupOp,
]
