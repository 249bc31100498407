"""Handlers of graphs that compute on integers: sums, then Mul, Add, Div and Floor, then Clip.

Their tensors are integers, held in float32 or int64 as the exporter left them. What one operation
after another does to the sums of a layer is gathered in an `IntegerFunction`, until the result is
clipped to 8 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from onnx import TensorProto

from dsconv.dialects.reference import sum_pool
from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.arithmetic.integer_function import IDENTITY, IntegerFunction
from dsconv.frontends.arithmetic.ranges import limits_of
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AddLayer,
    AveragePoolLayer,
    Constant,
    Dequantised,
    Integers,
    LeftToCaller,
    LinearLayer,
    RealInput,
    RescaleLayer,
    ScaledConstant,
    ScaledLayer,
    Value,
    WeightedLayer,
    with_bounds,
)
from dsconv.frontends.core.reader import Handler, Reader
from dsconv.frontends.handlers import binary, pools, reductions, weighted_layers
from dsconv.frontends.handlers.common import COMMON_HANDLERS, maximum, read_cast
from dsconv.frontends.handlers.movements import MOVEMENT_HANDLERS
from dsconv.frontends.handlers.quantisation import read_bound, reduced_axes
from dsconv.frontends.handlers.transposes import read_transpose
from dsconv.frontends.onnx_file.network import OnnxTensor
from dsconv.frontends.onnx_file.onnx_graph import Array, Node, OnnxGraph

INTEGER_CASTS = (TensorProto.INT32, TensorProto.INT64)
INPUT_DTYPE = "uint8"
WEIGHTED = ("Conv", "Gemm", "MatMul")


def has_integer_weights(graph: OnnxGraph) -> bool:
    """Whether there are weights, and all of them are whole numbers."""
    arrays = [
        graph.constant(node.inputs[1])
        for node in graph.nodes
        if node.op_type in WEIGHTED and node.has_input(1)
    ]
    return bool(arrays) and all(array is not None and _is_whole(array) for array in arrays)


def _is_whole(array: Array) -> bool:
    finite = array.dtype.kind in "iuf" and bool(np.all(np.isfinite(array)))
    return finite and bool(np.all(array == np.rint(array)))


def scaled(layer: LinearLayer, function: IntegerFunction = IDENTITY) -> ScaledLayer:
    """The sums of a layer, or a function of them."""
    return ScaledLayer(layer.node, layer.view, layer.bounds, layer, function, rounded=False)


def unit(dtype: str) -> Quantisation:
    """Integers that mean themselves."""
    return Quantisation(1.0, 0, dtype)


def settled(reader: Reader, node: Node, index: int = 0) -> Dequantised:
    """A required input as an activation of 8 bits."""
    value = reader.value(node, index)
    match value:
        case Integers():
            integers = reader.integers(node, index)
            return Dequantised(integers, unit(integers.dtype))
        case RealInput():
            return _input(reader, value)
        case ScaledLayer():
            integers = settle(reader, value, node.inputs[index])
            reader.remember(node.inputs[index], integers)
            return Dequantised(integers, unit(integers.dtype))
        case _:
            raise reader.wrong_input(node, value, "integers of 8 bits")


def _input(reader: Reader, value: RealInput) -> Dequantised:
    name, quantisation = value.source.name, unit(INPUT_DTYPE)
    tensor = OnnxTensor(name, value.view)
    integers = reader.builder.quantise_input(value.source, value.file_view, tensor, quantisation)
    reader.note(
        f"input '{name}' holds integers in float32: the caller gives {INPUT_DTYPE}; "
        "for signed ones, make it INT8 in the file"
    )
    return Dequantised(integers, quantisation)


def settle(reader: Reader, layer: ScaledLayer, name: str | None) -> Integers:
    """The layer with its result in 8 bits: those of its bounds, or of all values that it can have.

    Raises `ModelError` where that are more than 8 bits.
    """
    low, high = layer.bounds
    if math.isinf(low) or math.isinf(high):
        first, last = _results(layer)
        low, high = max(low, first), min(high, last)
    dtype = dtype_for(low, high)
    if dtype is None:
        raise layer.node.problem(
            f"its result reaches from {low} to {high}, which is more than 8 bits",
            "a Clip to 8 bits has to stand behind it",
        )
    clipped = replace(layer.sums, view=layer.view, bounds=(low, high))
    return reader.builder.add_layer(clipped, unit(dtype), name, IntegerArithmetic(layer.function))


def dtype_for(low: float, high: float) -> str | None:
    """The type of 8 bits that has all integers from `low` to `high`."""
    for dtype in ("uint8", "int8"):
        if np.iinfo(dtype).min <= low <= high <= np.iinfo(dtype).max:
            return dtype
    return None


def _results(layer: ScaledLayer) -> tuple[int, int]:
    """Smallest and largest result of a layer without weights.

    For any values of its inputs' types, or where 8 bits do not hold these, for any that the layers
    before it can give.
    """
    widest = layer.function.image(*_sums(layer, _type_limits))
    if dtype_for(*widest) is not None:
        return widest
    return layer.function.image(*_proved_sums(layer))


def _proved_sums(layer: ScaledLayer) -> tuple[int, int]:
    """Smallest and largest sum of a layer without weights that the layers before it can give."""
    if not isinstance(layer.sums, AveragePoolLayer):
        return _sums(layer, _proved_limits)
    low, high = (
        sum_pool(values, layer.sums.window) for values in limits_of(layer.sums.x.integers.value)
    )
    return int(low.min()), int(high.max())


def _type_limits(x: Dequantised) -> tuple[int, int]:
    return x.quantisation.limits


def _proved_limits(x: Dequantised) -> tuple[int, int]:
    low, high = limits_of(x.integers.value)
    return int(low.min()), int(high.max())


def _sums(layer: ScaledLayer, ends_of: Callable[[Dequantised], tuple[int, int]]) -> tuple[int, int]:
    """Smallest and largest sum of a layer without weights, for inputs within limits."""
    match layer.sums:
        case WeightedLayer():
            raise layer.node.problem(
                "its result is not clipped to 8 bits", "a Clip has to stand behind it"
            )
        case AddLayer(terms=(first, second)):
            return first.clip[0] + second.clip[0], first.clip[1] + second.clip[1]
        case AddLayer(lhs=lhs, rhs=rhs):
            terms, pixels = (lhs, rhs), 1
        case AveragePoolLayer(x=x, window=window):
            terms, pixels = (x,), math.prod(window.kernel)
        case RescaleLayer(x=x):
            terms, pixels = (x,), 1
    ends = [
        sorted(limit * int(term.quantisation.scale) for limit in ends_of(term)) for term in terms
    ]
    return pixels * sum(low for low, _ in ends), pixels * sum(high for _, high in ends)


def integers_of(node: Node, array: Array, role: str) -> Array:
    """A constant as int64. Raises `ModelError` where it has other numbers than integers."""
    if not _is_whole(array) or np.any(np.abs(array) >= 2**53):
        raise node.problem(f"{role} are not all integers", "--flavour names another meaning")
    return array.astype(np.int64)


def _constant(reader: Reader, node: Node, index: int) -> Array | None:
    value = reader.value(node, index)
    return value.array if isinstance(value, Constant) else None


def channel_integers(node: Node, layer: ScaledLayer, array: Array, role: str) -> tuple[int, ...]:
    """A constant operand as one integer or K."""
    values = integers_of(node, array, role)
    if values.size > 1:
        values = weighted_layers.channel_vector(node, values, layer.view)
    return tuple(int(value) for value in values.reshape(-1))


def read_conv(reader: Reader, node: Node) -> Value:
    """Integers with integer weights and bias, 1-D or 2-D."""
    layer = weighted_layers.convolution(node, settled(reader, node), _weights(reader, node))
    return scaled(_with_bias(reader, node, layer))


def read_matmul(reader: Reader, node: Node) -> Value:
    """Integers with integer weights."""
    return scaled(
        weighted_layers.matrix_product(node, settled(reader, node), _weights(reader, node))
    )


def read_gemm(reader: Reader, node: Node) -> Value:
    """A vector with integer weights and bias, alpha and beta 1."""
    if node.real("alpha", 1) != 1 or (node.has_input(2) and node.real("beta", 1) != 1):
        raise node.problem("alpha and beta other than 1 are not supported")
    x, weights = settled(reader, node), _weights(reader, node)
    return scaled(
        _with_bias(reader, node, weighted_layers.general_matrix_product(node, x, weights))
    )


def _weights(reader: Reader, node: Node) -> ScaledConstant:
    values = integers_of(node, reader.array(node, 1), "its weights")
    dtype = dtype_for(values.min(initial=-1), values.max(initial=-1))
    if dtype is None:
        raise node.problem("its weights do not fit 8 bits", "quantise to 8 bits")
    ones = (1,) * values.ndim
    return ScaledConstant(
        values.astype(dtype), np.ones(ones, np.float32), np.zeros(ones, np.dtype(dtype))
    )


def _with_bias(
    reader: Reader, node: Node, layer: weighted_layers.WeightedT
) -> weighted_layers.WeightedT:
    if not node.has_input(2):
        return layer
    bias = integers_of(node, reader.array(node, 2), "its bias")
    return weighted_layers.with_bias_units(node, layer, bias.reshape(-1))


def read_mul(reader: Reader, node: Node) -> Value:
    """An integer factor, or one for every channel."""
    layer, array = _operands(reader, node)
    factors = channel_integers(node, layer, array, "its factors")
    if layer.rounded and layer.function.divisor != 1:
        raise node.problem(
            "multiplies what was divided and rounded before", "multiply before the division"
        )
    if layer.bounds != UNBOUNDED and min(factors) < 0:
        raise node.problem(
            "a negative factor behind an activation function", "multiply before the Relu"
        )
    return replace(layer, function=layer.function.times(factors))


def _operands(reader: Reader, node: Node) -> tuple[ScaledLayer, Array]:
    """An activation and a constant, in any order."""
    for index in (0, 1):
        array = _constant(reader, node, index)
        if array is not None:
            return scaled_input(reader, node, 1 - index), array
    raise node.problem("one of its inputs has to be constant")


def scaled_input(reader: Reader, node: Node, index: int) -> ScaledLayer:
    """A required input as the integers of a layer; an activation is its own layer."""
    value = reader.value(node, index)
    if isinstance(value, ScaledLayer):
        return value
    x = settled(reader, node, index)
    return scaled(RescaleLayer(node, x.view, UNBOUNDED, x))


def read_add(reader: Reader, node: Node) -> Value:
    """An integer addend, one for every channel, or another activation times an integer."""
    if any(_constant(reader, node, index) is not None for index in (0, 1)):
        return _plus(node, *_operands(reader, node))
    lhs, rhs = (_term(reader, node, index) for index in (0, 1))
    return scaled(binary.addition(reader, node, lhs, rhs))


def read_sub(reader: Reader, node: Node) -> Value:
    """An integer, one for every channel, or another activation times an integer taken off."""
    if _constant(reader, node, 1) is not None:
        layer, array = _operands(reader, node)
        return _plus(node, layer, -integers_of(node, array, "its subtrahends"))
    lhs, rhs = (_term(reader, node, index) for index in (0, 1))
    return scaled(binary.difference(reader, node, lhs, rhs))


def _plus(node: Node, layer: ScaledLayer, array: Array) -> ScaledLayer:
    """The integers of a layer with constants added."""
    if layer.bounds != UNBOUNDED:
        raise node.problem("adds a constant behind an activation function", "add before the Relu")
    if not layer.rounded and layer.function.divisor > 1:
        return _plus_part(node, layer, array)
    terms = channel_integers(node, layer, array, "its addends")
    return replace(layer, function=layer.function.plus(terms))


def _plus_part(node: Node, layer: ScaledLayer, array: Array) -> ScaledLayer:
    """A quotient not yet rounded with constants added, such as a half."""
    divisor = layer.function.divisor
    parts = channel_integers(node, layer, array * divisor, f"its addends, times {divisor},")
    return replace(layer, function=layer.function.plus_parts(parts))


def _term(reader: Reader, node: Node, index: int) -> Dequantised:
    """One side of an addition: an activation whose scale is the integer it is multiplied by."""
    value = reader.value(node, index)
    if isinstance(value, ScaledLayer) and isinstance(value.sums, RescaleLayer):
        function = value.function
        if function == IntegerFunction(function.multipliers) and len(function.multipliers) == 1:
            x = value.sums.x
            integers = replace(x.integers, view=value.view)
            scale = float(function.multipliers[0])
            return Dequantised(integers, replace(x.quantisation, scale=scale))
    return settled(reader, node, index)


def read_div(reader: Reader, node: Node) -> Value:
    """A positive integer divisor; the quotient is rounded down, once."""
    layer, divisor = scaled_input(reader, node, 0), reader.array(node, 1)
    values = integers_of(node, divisor, "its divisor")
    if values.size != 1 or values.min() < 1:
        raise node.problem("its divisor is not one positive integer")
    return replace(layer, function=layer.function.over(int(values.reshape(-1)[0])))


def read_floor(reader: Reader, node: Node) -> Value:
    """The end of a division."""
    layer = scaled_input(reader, node, 0)
    return _rounded(reader, node, layer)


def _rounded(reader: Reader, node: Node, layer: ScaledLayer) -> Value:
    """What is no sum of products is settled as soon as its values are known to fit."""
    done = replace(layer, rounded=True)
    if isinstance(layer.sums, WeightedLayer) or layer.function.divisor == 1:
        return done
    fits = dtype_for(*_results(layer)) is not None
    return settle(reader, done, node.outputs[0]) if fits else done


def read_integer_cast(reader: Reader, node: Node) -> Value:
    """Between types that hold the same integers; to an integer, it rounds a quotient down."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return read_cast(reader, node)
    if isinstance(value, ScaledLayer) and node.integer("to", 0) in INTEGER_CASTS:
        return replace(value, rounded=True)
    return value


def read_clip(reader: Reader, node: Node) -> Value:
    """Bounds within 8 bits, where the result of a layer becomes an activation."""
    low = read_bound(reader, node, 1, "min", -math.inf)
    high = read_bound(reader, node, 2, "max", math.inf)
    layer = with_bounds(scaled_input(reader, node, 0), (low, high))
    return settle(reader, layer, node.outputs[0])


def read_relu(reader: Reader, node: Node) -> Value:
    """Nothing below 0, before or behind the division."""
    return with_bounds(scaled_input(reader, node, 0), (0.0, math.inf))


def read_average_pool(reader: Reader, node: Node) -> Value:
    """The sum of a window over its size, one exact quotient with what follows."""
    return _average(pools.average_pool(node, settled(reader, node)))


def read_global_average_pool(reader: Reader, node: Node) -> Value:
    """The average of every channel, one exact quotient with what follows."""
    x = settled(reader, node)
    return _average(pools.global_average(node, x, set(range(2, len(x.view.shape))), keep=True))


def read_reduce_mean(reader: Reader, node: Node) -> Value:
    """The average over any dimensions, one exact quotient with what follows."""
    x = settled(reader, node)
    chosen, keep = reduced_axes(reader, node, len(x.view.shape))
    count = math.prod(x.view.shape[dimension] for dimension in chosen)
    return scaled(reductions.total(node, x, chosen, keep), IntegerFunction(divisor=count))


def read_reduce_sum(reader: Reader, node: Node) -> Value:
    """The sum over any dimensions."""
    x = settled(reader, node)
    return scaled(reductions.total(node, x, *reduced_axes(reader, node, len(x.view.shape))))


def _average(layer: AveragePoolLayer) -> ScaledLayer:
    return scaled(layer, IntegerFunction(divisor=math.prod(layer.window.kernel)))


def read_max_pool(reader: Reader, node: Node) -> Value:
    """The maximum of activations."""
    x = settled(reader, node)
    return reader.builder.add_layer(maximum(reader, node, x), x.quantisation, node.outputs[0])


def read_movement(reader: Reader, node: Node) -> Value:
    """Activations put together, padded, repeated or cut: no value changes."""
    count = len(node.inputs) if node.op_type == "Concat" else 1
    for index in range(count):
        if not isinstance(reader.value(node, index), Constant):
            reader.remember(node.inputs[index], settled(reader, node, index).integers)
    return MOVEMENT_HANDLERS[node.op_type](reader, node)


def read_end(reader: Reader, node: Node) -> Value:
    """The end of the network, which the caller computes from the last integers."""
    return reader.sums(node) or LeftToCaller(settled(reader, node).integers, (node.op_type,))


def read_gather(reader: Reader, node: Node) -> Value:
    """Channels, rows or columns of an activation, elements of a list, or the end of the network."""
    return reader.sums(node) or read_movement(reader, node)


INTEGER_HANDLERS: dict[str, Handler] = COMMON_HANDLERS | {
    "Add": read_add,
    "AveragePool": read_average_pool,
    "Cast": read_integer_cast,
    "Clip": read_clip,
    "Conv": read_conv,
    "Div": read_div,
    "Floor": read_floor,
    "Gemm": read_gemm,
    "GlobalAveragePool": read_global_average_pool,
    "GlobalMaxPool": read_max_pool,
    "MatMul": read_matmul,
    "MaxPool": read_max_pool,
    "Mul": read_mul,
    "ReduceMax": read_max_pool,
    "ReduceMean": read_reduce_mean,
    "ReduceSum": read_reduce_sum,
    "Relu": read_relu,
    "Sub": read_sub,
    **dict.fromkeys(MOVEMENT_HANDLERS, read_movement),
    "Transpose": read_transpose,
    "Gather": read_gather,
    **dict.fromkeys(("ArgMax", "ArgMin", "LogSoftmax", "Sigmoid", "Softmax"), read_end),
}
