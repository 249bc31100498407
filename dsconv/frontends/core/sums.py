"""Layers whose results are not quantised: sums of 32 bits between them.

What a layer makes is a linear form of integers, each of them a tensor of the module. Additions put
forms together, averages and movements go through every term, and where a result is quantised at
last, one table of steps has what the file means for every integer. What no such form holds exactly
is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import Protocol

import numpy as np

from dsconv.dialects.attributes import RequantAttr
from dsconv.dialects.graph import (
    AveragePoolOp,
    ConstantOp,
    InterpolateOp,
    LayerOperation,
    LookupOp,
    MaxPoolOp,
    MulOp,
    WeightedOperation,
    tensor_type,
)
from dsconv.errors import ModelError
from dsconv.frontends.arithmetic.digits import DIGITS, digits_of
from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.arithmetic.linear_forms import (
    SUMS,
    Function,
    IntArray,
    LinearForm,
    Rationals,
    Term,
    by_channel,
)
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    AddLayer,
    AnyPendingLayer,
    AnyWeightedLayer,
    AveragePoolLayer,
    ConvolutionLayer,
    Dequantised,
    FunctionOfSums,
    Integers,
    InterpolatedLayer,
    InterpolatedSumsLayer,
    LayerOfSums,
    MatrixLayer,
    MaxPoolLayer,
    MovingLayer,
    MulLayer,
    PendingLayer,
    ProductLayer,
    RescaleLayer,
    SumLayer,
    Summand,
    SummingLayer,
    SumPoolLayer,
    TableLayer,
    TransposedConvolutionLayer,
    with_bounds,
)
from dsconv.frontends.core.kept_values import kept_quantisation
from dsconv.frontends.core.on_grids import AddLayerAs, GridMaker
from dsconv.frontends.core.operations import (
    ACCUMULATOR_LIMIT,
    largest_products,
    layer_operation,
    result_type,
    with_accumulators_in_32_bits,
)
from dsconv.frontends.core.phases import in_phases
from dsconv.frontends.core.quantised_sums import quantised_sums

NOTHING: Rationals = (Fraction(0),)
Limits = tuple[int, int]
EVERY: Limits = SUMS.limits
SMALLEST_SUM = -0x7F7F7F80
"""Of 32 bits whose bytes are equal, which windows read outside a map."""
QUANTISE_BETWEEN = "let the quantiser put a QuantizeLinear and a DequantizeLinear behind it"


class Append(Protocol):
    """Puts an operation at the end of the module: that of a layer, with what it reads."""

    def __call__(
        self,
        operation: LayerOperation,
        layer: PendingLayer,
        inputs: Sequence[Integers],
        output: Quantisation,
        name: str | None,
    ) -> Integers: ...


class SumMaker:
    """Makes linear forms of layers, each of them once."""

    def __init__(self, append: Append, add_layer: AddLayerAs, grids: GridMaker):
        """`add_layer` makes a layer whose result is quantised."""
        self._append, self._add_layer, self._grids = append, add_layer, grids
        self._forms: dict[Summand, LinearForm] = {}

    def quantised(
        self,
        layer: LayerOfSums | FunctionOfSums,
        sums: SummingLayer,
        function: Function | None,
        output: Quantisation,
        name: str | None,
    ) -> Integers:
        """Quantises a function of what a layer sums up; without one, the sums within its bounds."""
        unbounded = sums if sums.bounds == UNBOUNDED else replace(sums, bounds=UNBOUNDED)
        form = self._form(unbounded)
        operation = quantised_sums(layer, sums, form, function, output)
        read = [term.integers for term in form.terms]
        return self._append(operation, layer, read, output, name)

    def integers(self, layer: SummingLayer) -> Integers:
        """The sums of a layer in int32, with what they mean."""
        form = self._form(layer)
        term, *others = form.terms
        if others or form.has_addends:
            raise layer.node.problem(
                "its result is float and no integer times one scale",
                "quantise the network's output (a QuantizeLinear behind the last layer)",
            )
        scales = tuple(map(float, term.scales))
        if len(set(scales)) > 1:
            return replace(term.integers, quantisation=None, channel_scales=scales)
        meaning = Quantisation(scales[0], term.zero_point, term.integers.dtype)
        return replace(term.integers, quantisation=meaning)

    def _form(self, value: Summand) -> LinearForm:
        if value not in self._forms:
            self._forms[value] = self._made_form(value)
        return self._forms[value]

    def _made_form(self, value: Summand) -> LinearForm:
        kept = kept_quantisation(value)
        if kept is not None:
            return _of_bytes(value, kept, self._add_layer)
        addends = self._grids.activations(value)
        if addends is not None:
            forms = [_of_bytes(addend, addend.quantisation, self._add_layer) for addend in addends]
            return reduce(LinearForm.plus, forms)
        match value:
            case ConvolutionLayer() | MatrixLayer() | TransposedConvolutionLayer():
                return self._weighted(value)
            case SumLayer(operands=operands, signs=signs):
                return self._sum(value, operands, signs)
            case AddLayer(lhs=lhs, rhs=rhs, signs=signs):
                return self._sum(value, (lhs, rhs), signs)
            case ProductLayer(operands=operands):
                return self._product(value, operands)
            case MulLayer(lhs=lhs, rhs=rhs):
                return self._product(value, (lhs, rhs))
            case SumPoolLayer(x=x) | AveragePoolLayer(x=x):
                return self._average(value, x)
            case InterpolatedSumsLayer(x=x) | InterpolatedLayer(x=x):
                return self._interpolated(value, x)
            case MaxPoolLayer():
                return self._maximum(value)
            case MovingLayer():
                return self._moved(value)
            case TableLayer():
                return self._digits(value)
            case Dequantised() | RescaleLayer():
                raise AssertionError("their integers are kept")

    def _part(self, value: Dequantised | AnyPendingLayer, user: PendingLayer) -> LinearForm:
        """The form of what a layer reads."""
        if not isinstance(value, Summand):
            raise user.node.problem(
                f"takes the result of {value.node.title}, which is not quantised and no sum",
                QUANTISE_BETWEEN,
            )
        return self._form(value)

    def _weighted(self, layer: AnyWeightedLayer) -> LinearForm:
        layer = with_accumulators_in_32_bits(layer)
        products = largest_products(layer)
        low, high = layer.bias - products, layer.bias + products
        scales = tuple(
            Fraction(float(scale)) / layer.divisor
            for scale in np.float32(layer.x.quantisation.scale) * layer.weights.scales.reshape(-1)
        )
        rests = layer.bias_rests or NOTHING
        addends = tuple(rest * scale for rest, scale in by_channel(rests, scales))
        clip = _integer_bounds(layer, scales, addends)
        unbounded = replace(layer, bounds=UNBOUNDED)
        if isinstance(unbounded, TransposedConvolutionLayer):
            integers = self._phases(in_phases(unbounded), clip)
        else:
            integers = self._accumulators(unbounded, clip)
        return LinearForm((Term(integers, 0, scales, low, high),), addends)

    def _phases(self, layer: AnyPendingLayer, clip: Limits) -> Integers:
        """The sums of a transposed convolution, from those of its phases."""
        if isinstance(layer, MovingLayer):
            (part,) = layer.parts
            assert isinstance(part, PendingLayer), "phases are made by a convolution"
            return self._moving(layer, [self._phases(part, clip)])
        assert isinstance(layer, ConvolutionLayer | MatrixLayer), "phases are those of sums"
        return self._accumulators(layer, clip)

    def _accumulators(self, layer: ConvolutionLayer | MatrixLayer, clip: Limits) -> Integers:
        operation = layer_operation(layer, SUMS, IntegerArithmetic()).operation
        assert isinstance(operation, WeightedOperation), "that is what layers with weights are"
        operation.requant = operation.requant.clipped(*clip)
        return self._append(operation, layer, [layer.x.integers], SUMS, None)

    def _digits(self, layer: TableLayer) -> LinearForm:
        """The float32 values of a function, in tables of their digits."""
        planes, unit = digits_of(layer.reals, layer.node)
        terms: list[Term] = []
        for place, plane in planes.items():
            tables = plane[:1] if np.all(plane == plane[:1]) else plane
            result = result_type(layer, plane.dtype.name)
            value = layer.x.integers.value
            operation = LookupOp(UNLABELLED, value, ConstantOp.of(tables), result)
            output = Quantisation(1.0, 0, plane.dtype.name)
            integers = self._append(operation, layer, [layer.x.integers], output, None)
            limits = (np.array([end], np.int64) for end in (plane.min(), plane.max()))
            terms.append(Term(integers, 0, (unit * DIGITS**place,), *limits))
        return LinearForm(tuple(terms))

    def _sum(
        self, layer: SumLayer | AddLayer, operands: Sequence[Summand], signs: Sequence[int]
    ) -> LinearForm:
        if layer.bounds != UNBOUNDED:
            raise _problem(layer, "is clipped, of a sum of several terms")
        if isinstance(layer, AddLayer) and layer.terms:
            raise _problem(layer, "is a sum of terms that are rounded")
        first, second = (
            self._part(operand, layer).scaled(Fraction(sign))
            for operand, sign in zip(operands, signs, strict=True)
        )
        return first.plus(second)

    def _product(self, layer: ProductLayer | MulLayer, operands: Sequence[Summand]) -> LinearForm:
        forms = [self._part(operand, layer) for operand in operands]
        if any(len(form.terms) > 1 or form.has_addends for form in forms):
            raise _problem(layer, "is a product of sums of several terms")
        lhs, rhs = (form.terms[0] for form in forms)
        scales = tuple(first * second for first, second in by_channel(lhs.scales, rhs.scales))
        ends = [low * high for low in (lhs.low, lhs.high) for high in (rhs.low, rhs.high)]
        low, high = reduce(np.minimum, ends), reduce(np.maximum, ends)
        clip = _integer_bounds(layer, scales, NOTHING)
        operation = MulOp(
            UNLABELLED,
            lhs.integers.value,
            rhs.integers.value,
            _clipping(clip),
            result_type(layer, SUMS.dtype),
            zero_points=(lhs.zero_point, rhs.zero_point),
        )
        term = self._term(layer, operation, (lhs, rhs), scales, low, high)
        return LinearForm((term,))

    def _average(
        self, layer: SumPoolLayer | AveragePoolLayer, x: Dequantised | AnyPendingLayer
    ) -> LinearForm:
        form, window = self._of_map(layer, x), layer.window
        if isinstance(layer, AveragePoolLayer) and layer.counted_pads is not None:
            raise _problem(layer, "is an average of a window whose pads do not count")
        if form.has_addends and any(window.pads):
            raise _problem(layer, "is an average of pads and of sums with a real bias")
        pixels = math.prod(window.kernel)
        if layer.is_sum:
            form = form.scaled(Fraction(pixels))

        def make(term: Term, clip: Limits) -> LayerOperation:
            return AveragePoolOp(
                UNLABELLED,
                term.integers.value,
                window,
                _clipping(clip),
                result_type(layer, SUMS.dtype),
                input_zero_point=term.zero_point,
            )

        return self._of_each_term(layer, form, pixels, make)

    def _interpolated(
        self, layer: InterpolatedSumsLayer | InterpolatedLayer, x: Dequantised | AnyPendingLayer
    ) -> LinearForm:
        rows, columns = layer.places
        if isinstance(layer, InterpolatedLayer) and layer.of_integers:
            raise _problem(layer, "is of integers")

        def make(term: Term, clip: Limits) -> LayerOperation:
            return InterpolateOp(
                UNLABELLED,
                term.integers.value,
                rows,
                columns,
                _clipping(clip),
                result_type(layer, SUMS.dtype),
                input_zero_point=term.zero_point,
            )

        return self._of_each_term(layer, self._of_map(layer, x), rows[2] * columns[2], make)

    def _of_map(self, layer: PendingLayer, x: Dequantised | AnyPendingLayer) -> LinearForm:
        """The form of a map that windows read, whose terms are all as large as it is."""
        form = self._part(x, layer)
        for term in form.terms:
            if tensor_type(term.integers.value).get_shape() != x.view.sizes:
                raise _problem(layer, "reads a sum of which one term broadcasts over the other")
        return form

    def _of_each_term(
        self,
        layer: SummingLayer,
        form: LinearForm,
        parts: int,
        make: Callable[[Term, Limits], LayerOperation],
    ) -> LinearForm:
        """What a layer makes of every term: sums of so many parts of its integers."""
        if len(form.terms) > 1 and layer.bounds != UNBOUNDED:
            raise _problem(layer, "is clipped, of a sum of several terms")
        made: list[Term] = []
        for term in form.scaled(Fraction(1, parts)).terms:
            clip = _integer_bounds(layer, term.scales, form.addends)
            low, high = (np.array([0, *limit]) * parts for limit in (term.low, term.high))
            operation = make(term, clip)
            low, high = low.min(keepdims=True), high.max(keepdims=True)
            made.append(self._term(layer, operation, (term,), term.scales, low, high))
        return LinearForm(tuple(made), form.addends)

    def _maximum(self, layer: MaxPoolLayer) -> LinearForm:
        """The largest integers, as of a layer that is quantised: a maximum commutes with bounds."""
        form = self._of_map(layer, _within(layer.x, layer.bounds))
        term, *others = form.terms
        if others:
            raise _problem(layer, "is a maximum of sums of several terms")
        if min(term.scales) < 0:
            raise _problem(layer, "is a maximum of integers times a negative scale")
        if term.integers.dtype != SUMS.dtype:
            raise _problem(layer, "is a maximum of bytes")
        if term.low.min() <= SMALLEST_SUM:
            raise _problem(layer, f"is a maximum of sums that may be below {SMALLEST_SUM}")
        operation = MaxPoolOp(
            UNLABELLED, term.integers.value, layer.window, result_type(layer, SUMS.dtype)
        )
        made = self._term(layer, operation, (term,), term.scales, term.low, term.high)
        return LinearForm((made,), form.addends)

    def _moved(self, layer: MovingLayer) -> LinearForm:
        """The same integers elsewhere, where they mean the same in all parts and channels.

        The terms of an only part move one by one.
        """
        forms = [self._part(_within(part, layer.bounds), layer) for part in layer.parts]
        if any(form.has_addends for form in forms):
            raise _problem(layer, "moves sums with a real bias")
        if layer.fill is not None and np.clip(layer.fill, *layer.bounds) != 0:
            raise _problem(layer, "pads sums with another value than 0")
        if len(forms) > 1 and any(len(form.terms) > 1 for form in forms):
            raise _problem(layer, "joins sums of several terms")
        rows = zip(*(form.terms for form in forms), strict=True)
        return LinearForm(tuple(self._moved_terms(layer, row) for row in rows))

    def _moved_terms(self, layer: MovingLayer, terms: Sequence[Term]) -> Term:
        """One term of every part."""
        kinds = {(scale, term.integers.dtype) for term in terms for scale in term.scales}
        if len(kinds) > 1 or any(term.zero_point for term in terms):
            raise _problem(layer, "moves sums that have several scales")
        ((scale, _),) = kinds
        integers = self._moving(layer, [term.integers for term in terms])
        low = min(0, *(int(term.low.min()) for term in terms))
        high = max(0, *(int(term.high.max()) for term in terms))
        return Term(integers, 0, (scale,), np.array([low]), np.array([high]))

    def _moving(self, layer: MovingLayer, parts: Sequence[Integers]) -> Integers:
        values, meaning = [part.value for part in parts], Quantisation(1.0, 0, parts[0].dtype)
        operation = layer.make(values, result_type(layer, meaning.dtype), meaning, 0)
        if isinstance(operation, WeightedOperation) and meaning.dtype == SUMS.dtype:
            raise layer.node.problem(
                "takes channels of what is not quantised in another order", QUANTISE_BETWEEN
            )
        return self._append(operation, layer, parts, meaning, None)

    def _term(
        self,
        layer: PendingLayer,
        operation: LayerOperation,
        read: Sequence[Term],
        scales: Rationals,
        low: IntArray,
        high: IntArray,
    ) -> Term:
        """What an operation makes of terms: sums within limits."""
        largest = max(-int(low.min()), int(high.max()))
        if largest >= ACCUMULATOR_LIMIT:
            raise layer.node.problem(
                f"its sums may reach {largest}, which does not fit 32 bits", QUANTISE_BETWEEN
            )
        inputs = [term.integers for term in read]
        return Term(self._append(operation, layer, inputs, SUMS, None), 0, scales, low, high)


def _of_bytes(value: Summand, kept: Quantisation, add_layer: AddLayerAs) -> LinearForm:
    """A quantised activation, or one that is still quantised as it was."""
    integers = value.integers if isinstance(value, Dequantised) else add_layer(value, kept, None)
    low, high = (np.array([limit - kept.zero_point]) for limit in kept.limits)
    scales = (Fraction(kept.scale),)
    return LinearForm((Term(integers, kept.zero_point, scales, low, high),))


def _within(
    value: Dequantised | AnyPendingLayer, bounds: tuple[float, float]
) -> Dequantised | AnyPendingLayer:
    return value if isinstance(value, Dequantised) else with_bounds(value, bounds)


def _clipping(clip: Limits) -> RequantAttr:
    """Leaves sums as they are, within limits."""
    return RequantAttr.of([1], [1], clip=clip)


def _integer_bounds(layer: SummingLayer, scales: Rationals, addends: Rationals) -> Limits:
    """The integers that real bounds leave, which have to be whole and the same in all channels."""
    if layer.bounds == UNBOUNDED:
        return EVERY
    pairs = by_channel(scales, addends)
    limits = {_limits(layer.bounds, scale, addend) for scale, addend in pairs}
    clip = limits.pop()
    if clip is None or limits:
        low, high = layer.bounds
        raise _problem(
            layer, f"is clipped to {low:g} to {high:g}, no whole numbers of its sums' units"
        )
    return clip


def _limits(bounds: tuple[float, float], scale: Fraction, addend: Fraction) -> Limits | None:
    places = [None if math.isinf(bound) else (Fraction(bound) - addend) / scale for bound in bounds]
    if scale < 0:
        places.reverse()
    if any(place is not None and place.denominator > 1 for place in places):
        return None
    low, high = (
        end if place is None else min(max(int(place), EVERY[0]), EVERY[1])
        for place, end in zip(places, EVERY, strict=True)
    )
    return low, high


def _problem(layer: PendingLayer, what: str) -> ModelError:
    return layer.node.problem(
        f"its result, which is not quantised, {what}: sums of it are not exact", QUANTISE_BETWEEN
    )
