"""Rescales, clamps, tables, sums and products of TOSA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from dsconv.dialects import reference
from dsconv.dialects.attributes import RequantAttr, Rounding, WindowAttr
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    ConstantOp,
    LayerOperation,
    LookupOp,
    MulOp,
    RescaleOp,
    activation_type,
)
from dsconv.passes.tosa.function_reader import FunctionReader
from dsconv.passes.tosa.operation import TosaOperation, bits_of
from dsconv.passes.tosa.values import (
    INT32,
    Activation,
    Array,
    Constant,
    Result,
    Sums,
    Term,
    WindowSum,
)

LARGEST_FACTOR = 2**22
"""Of a term that is not rounded: 9 bits times it, twice, fit 32 bits."""
SHIFTS = range(2, 63)
ROUNDINGS = {"SINGLE_ROUND": Rounding.HALF_UP, "DOUBLE_ROUND": Rounding.TWICE}
TABLE_SIZE = 256


def read_rescale(reader: FunctionReader, operation: TosaOperation) -> None:
    """From 8 bits to 32, from 32 to 8, or in between; what is exact is not rounded."""
    zero_point, out_zero_point = (reader.number(operation, index) for index in (3, 4))
    bits = bits_of(operation.result)
    value = reader.value(operation, 0)
    unsigned_in, unsigned_out = operation.flag("input_unsigned"), operation.flag("output_unsigned")
    if unsigned_in:
        zero_point %= 256
    if unsigned_out:
        out_zero_point %= 256
    if isinstance(value, Activation | Result | Constant):
        value = _term(reader, operation, zero_point)
    elif zero_point:
        raise operation.problem(f"takes {zero_point} off sums of 32 bits")
    multipliers, divisors, rounding = _factors(reader, operation)
    if bits == 32 and out_zero_point == 0 and isinstance(value, Term):
        reader.set(operation, _rescaled(operation, value, multipliers, divisors, rounding))
        return
    if bits != 8:
        raise operation.problem(f"gives integers of {bits} bits")
    dtype = np.uint8 if unsigned_out else np.int8
    limits = np.iinfo(dtype)
    requant = RequantAttr.of(
        multipliers,
        divisors,
        rounding=rounding,
        zero_point=out_zero_point,
        clip=(int(limits.min), int(limits.max)),
    )
    sums = _sums(reader, operation, value)
    reader.set(operation, Result(sums, requant, dtype, operation.result_shape))


def _term(reader: FunctionReader, operation: TosaOperation, zero_point: int) -> Term:
    """An operand of 8 bits, less its zero point."""
    value = reader.value(operation, 0)
    if isinstance(value, Constant):
        centred = value.array.astype(np.int64) - zero_point
        return Term(None, 0, 1, None, value.shape, centred)
    x = reader.activation(operation, 0)
    if operation.flag("input_unsigned") != (x.dtype == np.uint8):
        raise operation.problem("reads bytes with a sign that other operations take otherwise")
    return Term(x, zero_point, 1, None, x.shape)


def _factors(
    reader: FunctionReader, operation: TosaOperation
) -> tuple[tuple[int, ...], tuple[int, ...], Rounding]:
    multipliers, shifts = reader.numbers(operation, 1), reader.numbers(operation, 2)
    if not operation.flag("scale32"):
        raise operation.problem("multipliers of 16 bits", "scale32 = true is supported")
    rounding = ROUNDINGS.get(operation.word("rounding_mode"))
    if rounding is None:
        raise operation.problem(
            f"rounding mode {operation.word('rounding_mode')}",
            f"{' and '.join(ROUNDINGS)} are known",
        )
    if any(shift not in SHIFTS for shift in shifts) or len(shifts) != len(multipliers):
        raise operation.problem(f"{len(multipliers)} multipliers, shifts {sorted(set(shifts))}")
    return multipliers, tuple(1 << shift for shift in shifts), rounding


def _rescaled(
    operation: TosaOperation,
    term: Term,
    multipliers: tuple[int, ...],
    divisors: tuple[int, ...],
    rounding: Rounding,
) -> Term:
    """A term times one more factor."""
    if len(multipliers) != 1:
        raise operation.problem(f"{len(multipliers)} factors to 32 bits", "one is supported")
    multiplier, divisor = multipliers[0], divisors[0]
    quotient, rest = divmod(term.factor * multiplier, divisor)
    if term.rounded is not None:
        raise operation.problem("rounds a term twice")
    if rest == 0 and 0 < quotient <= LARGEST_FACTOR:
        return replace(term, factor=quotient, shape=operation.result_shape)
    rounded = RequantAttr.of([multiplier], [divisor], rounding=rounding, clip=INT32)
    return replace(term, rounded=rounded, shape=operation.result_shape)


def _sums(reader: FunctionReader, operation: TosaOperation, value: object) -> Sums:
    """What a rescale to 8 bits takes, as a layer."""
    if isinstance(value, Sums):
        return value
    if isinstance(value, Term) and value.activation is not None:
        x, zero_point = value.activation, value.zero_point
        if value.factor != 1 or value.rounded is not None:
            raise operation.problem("rescales one value twice")

        def rescale(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
            type_ = activation_type(x.sizes, dtype)
            return RescaleOp(
                reader.label(operation), x.value, requant, type_, input_zero_point=zero_point
            )

        return Sums(rescale, value.shape)
    if isinstance(value, WindowSum):
        return _mean(reader, operation, value)
    raise operation.problem("takes what is no sum of a layer")


def _mean(reader: FunctionReader, operation: TosaOperation, value: WindowSum) -> Sums:
    """The sum over rows, columns or both, of which the requantisation makes an average."""
    x, term = value.term.activation, value.term
    if x is None or not x.is_image or term.factor != 1 or term.rounded is not None:
        raise operation.problem("sums what is not a plain activation")
    batch, channels, height, width = x.sizes
    kernel = (height if 1 in value.axes else 1, width if 2 in value.axes else 1)
    sizes = (batch, channels, height // kernel[0], width // kernel[1])

    def average(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        return AveragePoolOp(
            reader.label(operation),
            x.value,
            WindowAttr.of(kernel, kernel),
            requant,
            activation_type(sizes, dtype),
            input_zero_point=term.zero_point,
        )

    return Sums(average, value.shape)


def read_reduce_sum(reader: FunctionReader, operation: TosaOperation) -> None:
    """The sum over rows, or over columns."""
    value, axis = reader.value(operation, 0), operation.integer("axis")
    if isinstance(value, Term):
        value = WindowSum(value, frozenset(), value.shape)
    if not isinstance(value, WindowSum) or axis not in (1, 2) or len(value.shape) != 4:
        raise operation.problem(f"sums over axis {axis}", "rows and columns are supported")
    reader.set(operation, WindowSum(value.term, value.axes | {axis}, operation.result_shape))


def read_clamp(reader: FunctionReader, operation: TosaOperation) -> None:
    """Bounds of the layer before it, or a layer of its own."""
    low, high = operation.integer("min_val"), operation.integer("max_val")
    value = reader.value(operation, 0)
    if isinstance(value, Result):
        requant = value.requant.clipped(low, high)
        reader.set(operation, replace(value, requant=requant))
        return
    x = reader.activation(operation, 0)
    reader.set(operation, reader.clipped(operation, x, low, high))


def read_table(reader: FunctionReader, operation: TosaOperation) -> None:
    """A function of 8 bits."""
    x, table = reader.activation(operation, 0), reader.array(operation, 1).reshape(-1)
    if table.size != TABLE_SIZE or x.dtype != np.int8:
        raise operation.problem(f"a table of {table.size} values", "256 of int8 are supported")
    _look_up(reader, operation, x, table.reshape(1, -1))


def _look_up(
    reader: FunctionReader, operation: TosaOperation, x: Activation, tables: Array
) -> None:
    constant = ConstantOp.of(tables.astype(np.int8))
    layer = LookupOp(reader.label(operation), x.value, constant, activation_type(x.sizes, np.int8))
    reader.set(operation, Activation(reader.append(operation, layer), operation.result_shape))


def read_add(reader: FunctionReader, operation: TosaOperation) -> None:
    """The sum of two terms."""
    _read_sum(reader, operation, 1)


def read_sub(reader: FunctionReader, operation: TosaOperation) -> None:
    """The difference of two terms."""
    _read_sum(reader, operation, -1)


def _read_sum(reader: FunctionReader, operation: TosaOperation, sign: int) -> None:
    terms, signs = _two_terms(reader, operation), (1, sign)
    first, second = terms
    if _broadcasts(first, second):
        first, second, signs = second, first, (sign, 1)
    x, y = _activations(operation, first, second)
    if second.constant is not None:
        reader.set(operation, _with_constant(reader, operation, first, second, signs))
        return
    assert y is not None, "a term is a constant or an activation"
    rounded = first.rounded is not None or second.rounded is not None

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        return AddOp(
            reader.label(operation),
            x.value,
            y.value,
            requant,
            activation_type(x.sizes, dtype),
            multipliers=(signs[0] * first.factor, signs[1] * second.factor),
            zero_points=(first.zero_point, second.zero_point),
            terms=(first.form, second.form) if rounded else (),
        )

    reader.set(operation, Sums(make, operation.result_shape))


def read_mul(reader: FunctionReader, operation: TosaOperation) -> None:
    """The product of two activations less their zero points."""
    first, second = _two_terms(reader, operation)
    if _broadcasts(first, second):
        first, second = second, first
    x, y = _activations(operation, first, second)
    shift = reader.number(operation, 2) if len(operation.operands) > 2 else 0
    plain = all(term.factor == 1 and term.rounded is None for term in (first, second))
    if shift or not plain:
        raise operation.problem("a product that is shifted, or of rescaled factors")
    if second.constant is not None:
        reader.set(operation, _product_with_constant(reader, operation, first, second))
        return
    assert y is not None, "a term is a constant or an activation"

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        return MulOp(
            reader.label(operation),
            x.value,
            y.value,
            requant,
            activation_type(x.sizes, dtype),
            zero_points=(first.zero_point, second.zero_point),
        )

    reader.set(operation, Sums(make, operation.result_shape))


def _two_terms(reader: FunctionReader, operation: TosaOperation) -> tuple[Term, Term]:
    terms: list[Term] = []
    for index in (0, 1):
        value = reader.value(operation, index)
        if isinstance(value, Constant) and bits_of(operation.operands[index]) == 32:
            array = value.array.astype(np.int64)
            value = Term(None, 0, 1, None, value.shape, array)
        if not isinstance(value, Term):
            raise operation.problem(
                f"operand {index} is no activation in 32 bits", "a rescale has to stand before it"
            )
        terms.append(value)
    return terms[0], terms[1]


def _broadcasts(first: Term, second: Term) -> bool:
    """Whether the second is the larger one, or the only one that is no constant."""
    return first.constant is not None or (
        second.constant is None and prod(first.shape) < prod(second.shape)
    )


def _activations(
    operation: TosaOperation, first: Term, second: Term
) -> tuple[Activation, Activation | None]:
    """Both activations; the second may be a constant, or broadcast."""
    x, y = first.activation, second.activation
    if x is None:
        raise operation.problem("takes constants alone")
    if y is None:
        return x, None
    together = zip(x.sizes, y.sizes, strict=True)
    if not all(size in (1, whole) for whole, size in together) or x.is_image != y.is_image:
        raise operation.problem(f"takes tensors of shape {x.shape} and {y.shape}")
    return x, y


def _with_constant(
    reader: FunctionReader,
    operation: TosaOperation,
    term: Term,
    constant: Term,
    signs: tuple[int, int],
) -> Sums:
    """A sum with constants of the channels: tables of 256 values."""
    added = _by_channel(operation, term, constant) * constant.factor * signs[1]
    addends = reference.requantise(added.reshape(1, -1, 1, 1), constant.form, np.int32)

    def sums(centred: Array) -> Array:
        own = (centred * term.factor * signs[0]).reshape(1, 1, 1, -1)
        return reference.requantise(own, term.form, np.int32).astype(np.int64) + addends

    return _table_of(reader, operation, term, sums)


def _product_with_constant(
    reader: FunctionReader, operation: TosaOperation, term: Term, constant: Term
) -> Sums:
    factors = _by_channel(operation, term, constant).reshape(1, -1, 1, 1)
    return _table_of(
        reader, operation, term, lambda centred: centred.reshape(1, 1, 1, -1) * factors
    )


def _by_channel(operation: TosaOperation, term: Term, constant: Term) -> Array:
    """Constants as one value, or one a channel."""
    array, x = constant.constant, term.activation
    assert array is not None, "called for a constant"
    assert x is not None, "called for an activation"
    channels = x.shape[-1]
    by_channel = array.shape[-1:] == (channels,) and array.size == channels == x.sizes[1]
    if array.size != 1 and not by_channel:
        raise operation.problem(
            f"a constant of shape {array.shape} beside an activation {x.shape}",
            "one value, or one a channel, is supported",
        )
    return array.reshape(-1).astype(np.int64)


def _table_of(
    reader: FunctionReader,
    operation: TosaOperation,
    term: Term,
    sums: Callable[[Array], Array],
) -> Sums:
    """The requantised sums of all 256 values, one table for each channel or for all."""
    x = term.activation
    assert x is not None, "called for an activation"
    limits = np.iinfo(x.dtype)
    totals = sums(np.arange(limits.min, limits.max + 1) - term.zero_point)

    def make(requant: RequantAttr, dtype: type[np.integer]) -> LayerOperation:
        tables = reference.requantise(totals, requant, dtype)[0, :, 0]
        return LookupOp(
            reader.label(operation), x.value, ConstantOp.of(tables), activation_type(x.sizes, dtype)
        )

    return Sums(make, operation.result_shape)
