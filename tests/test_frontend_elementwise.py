"""Functions of one activation, and operations on two, against ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_layers import (
    DTYPES,
    EXAMPLES,
    Weighted,
    assert_agrees,
    dtypes,
    flavours,
    qdq_weights,
    random_integers,
    random_quantisation,
    seeds,
)
from frontend_models import ModelWriter
from frontend_support import layer_operations
from hypothesis import given
from hypothesis import strategies as st

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 3, 16, 16)
"""Every value of 8 bits in every channel, three times."""

FUNCTIONS: dict[str, dict[str, Any]] = {
    "Abs": {},
    "Ceil": {},
    "Celu": {"alpha": 1.7},
    "Cos": {},
    "Elu": {"alpha": 0.7},
    "Erf": {},
    "Exp": {},
    "Floor": {},
    "Gelu": {},
    "HardSigmoid": {"alpha": 1 / 6},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.1},
    "Mish": {},
    "Neg": {},
    "Round": {},
    "Selu": {},
    "Sigmoid": {},
    "Sign": {},
    "Sin": {},
    "Softplus": {},
    "Softsign": {},
    "Tanh": {},
    "ThresholdedRelu": {"alpha": 0.3},
}


def every_value(dtype: str) -> np.ndarray:
    """All 256 values of a type in each channel of SHAPE."""
    values = np.arange(256).astype(np.uint8).view(dtype)
    return np.tile(values, SHAPE[1]).reshape(SHAPE)


def quantised_function(
    dtype: str, real: Callable[[ModelWriter, str], str], scales: tuple[float, float] = (0.05, 0.02)
) -> onnx.ModelProto:
    """A float function between DequantizeLinear and QuantizeLinear."""
    rng = np.random.default_rng(1)
    writer = ModelWriter(20)
    x, y = (random_quantisation(rng, dtype, scale) for scale in scales)
    result = real(writer, writer.dequantize(writer.input("x", dtype, SHAPE), x))
    return writer.model(writer.quantize(result, y), dtype=dtype)


def assert_is_one_lookup(model: onnx.ModelProto, dtype: str) -> None:
    network = assert_agrees(model, {"x": every_value(dtype)})
    assert [operation.kind for operation in layer_operations(network).values()] == ["lookup"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_a_table(function: str, dtype: str):
    attributes = FUNCTIONS[function]
    model = quantised_function(dtype, lambda writer, x: writer.node(function, x, **attributes))
    assert_is_one_lookup(model, dtype)


@pytest.mark.parametrize("function", ["Log", "Reciprocal", "Sqrt"])
def test_a_function_of_what_is_never_negative(function: str):
    """Of 0 it may be infinite."""
    x, y = Quantisation(0.03, 0, "uint8"), Quantisation(0.05, 100, "uint8")
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", "uint8", SHAPE), x)
    model = writer.model(writer.quantize(writer.node(function, real), y), dtype="uint8")
    assert_is_one_lookup(model, "uint8")


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(approximate: str):
    model = quantised_function(
        "int8", lambda writer, x: writer.node("Gelu", x, approximate=approximate)
    )
    assert_is_one_lookup(model, "int8")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gate", ["Sigmoid", "HardSigmoid"])
def test_an_activation_times_its_gate_is_a_table(gate: str, dtype: str):
    model = quantised_function(dtype, lambda writer, x: writer.node("Mul", x, writer.node(gate, x)))
    assert_is_one_lookup(model, dtype)


def test_a_chain_of_functions_and_clips_is_a_table():
    def chain(writer: ModelWriter, x: str) -> str:
        low, high = (writer.constant(np.array(bound, np.float32)) for bound in (-1, 2))
        clipped = writer.node("Clip", writer.node("Neg", x), low, high)
        return writer.node("Relu", writer.node("Tanh", clipped))

    assert_is_one_lookup(quantised_function("uint8", chain), "uint8")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (3, 1, 1), (1, 3, 1, 1)])
@pytest.mark.parametrize("operation", ["Add", "Sub", "Mul", "Div", "PRelu"])
def test_a_constant_is_part_of_the_table(operation: str, shape: tuple[int, ...], dtype: str):
    constant = np.random.default_rng(2).uniform(0.5, 2, shape).astype(np.float32)
    model = quantised_function(
        dtype, lambda writer, x: writer.node(operation, x, writer.constant(constant))
    )
    assert_is_one_lookup(model, dtype)


@pytest.mark.parametrize("exponent", [0.5, 2.0, 3.0, -1.0])
def test_a_power(exponent: float):
    def power(writer: ModelWriter, x: str) -> str:
        constant = writer.constant(np.array(exponent, np.float32))
        return writer.node("Pow", writer.node("Abs", x), constant)

    assert_is_one_lookup(quantised_function("int8", power), "int8")


@pytest.mark.parametrize("quantised", [False, True])
def test_a_normalisation_that_no_layer_took_in(quantised: bool):
    rng = np.random.default_rng(3)

    def real(writer: ModelWriter, x: str) -> str:
        scale, bias, mean, variance = rng.uniform(0.5, 1.5, (4, 3)).astype(np.float32)
        factor = (
            writer.dequantized_constant(
                np.array([5, -3, 100], np.int8), np.array(0.02, np.float32), np.array(0, np.int8)
            )
            if quantised
            else writer.constant(scale)
        )
        others = [writer.constant(values) for values in (bias, mean, variance)]
        return writer.node("BatchNormalization", x, factor, *others, epsilon=1e-3)

    model = quantised_function("uint8", real)
    assert_is_one_lookup(model, "uint8")
    assert any("quant_pre_process folds them" in note for note in import_onnx(model).notes)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3, 1, 1)])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("operation", ["QLinearAdd", "QLinearMul"])
def test_a_constant_of_qoperator(operation: str, first: bool, shape: tuple[int, ...], dtype: str):
    rng = np.random.default_rng(7)
    writer = ModelWriter()
    x, constant, y = (random_quantisation(rng, dtype, scale) for scale in (0.05, 0.02, 0.04))
    operands = [
        (writer.input("x", dtype, SHAPE), *writer.parameters(x)),
        (writer.constant(random_integers(rng, dtype, shape)), *writer.parameters(constant)),
    ]
    lhs, rhs = reversed(operands) if first else operands
    result = writer.node(operation, *lhs, *rhs, *writer.parameters(y), domain="com.microsoft")
    assert_is_one_lookup(writer.model(result, dtype=dtype), dtype)


@pytest.mark.parametrize("operation", ["Add", "Sub", "Mul"])
def test_the_constant_may_come_first_and_be_quantised(operation: str):
    def real(writer: ModelWriter, x: str) -> str:
        values = np.array([5, -3, 100], np.int8).reshape(3, 1, 1)
        constant = writer.dequantized_constant(
            values, np.array(0.02, np.float32), np.array(0, np.int8)
        )
        return writer.node(operation, constant, x)

    assert_is_one_lookup(quantised_function("int8", real), "int8")


def test_a_constant_of_another_shape_is_an_error():
    constant = np.ones(SHAPE, np.float32)
    model = quantised_function(
        "int8", lambda writer, x: writer.node("Mul", x, writer.constant(constant))
    )
    with pytest.raises(ModelError, match=r"mul_\d.*one value, or one per channel, is supported"):
        import_onnx(model)


def test_a_maximum_of_a_function_is_taken_of_its_table():
    model = quantised_function(
        "int8",
        lambda writer, x: writer.node("MaxPool", writer.node("Abs", x), kernel_shape=[2, 2]),
    )
    network = assert_agrees(model, {"x": random_integers(np.random.default_rng(3), "int8", SHAPE)})
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert kinds == ["lookup", "max_pool"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("function", "attributes"), [("Sigmoid", {}), ("LeakyRelu", {"alpha": 0.3})]
)
def test_functions_of_qoperator(function: str, attributes: dict[str, Any], dtype: str):
    rng = np.random.default_rng(4)
    writer = ModelWriter()
    x, y = random_quantisation(rng, dtype), random_quantisation(rng, dtype, 0.01)
    operands = (writer.input("x", dtype, SHAPE), *writer.parameters(x), *writer.parameters(y))
    result = writer.node(f"QLinear{function}", *operands, domain="com.microsoft", **attributes)
    assert_is_one_lookup(writer.model(result, dtype=dtype), dtype)


def test_a_function_behind_the_last_layer_is_left_to_the_caller():
    writer = ModelWriter()
    x = writer.input("x", "int8", (1, 4, 4, 4))
    quantisation = Quantisation(0.125, 3, "int8")
    pooled = writer.node("MaxPool", x, kernel_shape=[4, 4])
    last = writer.node("Sigmoid", writer.dequantize(pooled, quantisation))
    (output,) = import_onnx(writer.model(last, dtype="float32")).outputs
    assert output.caller_steps == ("DequantizeLinear", "Sigmoid")
    assert (output.scale, output.zero_point) == (0.125, 3)


def test_a_sum_of_three_is_an_error():
    model = quantised_function("int8", lambda writer, x: writer.node("Sum", x, x, x))
    with pytest.raises(ModelError, match=r"sum_\d.*takes 3 inputs; two are supported"):
        import_onnx(model)


def test_a_function_without_a_number_is_an_error():
    def real(writer: ModelWriter, x: str) -> str:
        large = writer.node("Exp", writer.node("Exp", x))
        return writer.node("Add", writer.node("Neg", large), large)

    with pytest.raises(ModelError, match="not a number for some inputs"):
        import_onnx(quantised_function("int8", real, (1.0, 1.0)))


MAP = (1, 3, 5, 7)
SHAPES_OF_TWO = [
    *((MAP, other) for other in (MAP, (1, 3, 1, 1), (1, 1, 5, 7), (1, 3, 1, 7))),
    *((MAP, other) for other in ((1, 1, 5, 1), (1, 1, 1, 1))),
    ((1, 3, 1, 1), (1, 1, 5, 7)),
    ((1, 1, 5, 1), (1, 3, 1, 7)),
]
"""Of two operands that broadcast to a map."""


@EXAMPLES
@given(
    operation=st.sampled_from(["Add", "Mul", "Sub", "Sum"]),
    flavour=flavours,
    signs=st.tuples(dtypes, dtypes),
    shapes=st.sampled_from(SHAPES_OF_TWO),
    swapped=st.booleans(),
    seed=seeds,
)
def test_two_activations(
    operation: str,
    flavour: str,
    signs: tuple[str, str],
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    swapped: bool,
    seed: int,
):
    rng = np.random.default_rng(seed)
    if operation in ("Sub", "Sum"):  # which have no kernel on integers
        flavour = "QDQ"
    x_dtype, y_dtype = signs if flavour == "QDQ" else (signs[0], signs[0])
    a, b = random_quantisation(rng, x_dtype), random_quantisation(rng, x_dtype, 0.01)
    y_quantisation = random_quantisation(
        rng, y_dtype, 0.05 if operation in ("Add", "Sum") else 0.03
    )
    writer = ModelWriter()
    operands = [
        (writer.input("a", x_dtype, shapes[0]), a),
        (writer.input("b", x_dtype, shapes[1]), b),
    ]
    if swapped:
        operands.reverse()
    if flavour == "QDQ":
        result = writer.node(operation, *(writer.dequantize(*operand) for operand in operands))
        y = writer.quantize(result, y_quantisation)
    else:
        parameters = [
            tensor for name, meaning in operands for tensor in (name, *writer.parameters(meaning))
        ]
        y = writer.node(
            f"QLinear{operation}",
            *parameters,
            *writer.parameters(y_quantisation),
            domain="com.microsoft",
        )
    feeds = {
        name: random_integers(rng, x_dtype, shape) for name, shape in zip("ab", shapes, strict=True)
    }
    network = assert_agrees(writer.model(y, dtype=y_dtype), feeds)
    kinds = [layer.kind for layer in layer_operations(network).values()]
    kind = "mul" if operation == "Mul" else "add"
    assert kinds == ([kind] if MAP in shapes else ["resize", kind])


@pytest.mark.parametrize("other", [(1, 2, 5, 7), (1, 3, 7, 5), (1, 1, 2, 7)])
@pytest.mark.parametrize("operation", ["Add", "Mul"])
def test_other_shapes_are_an_error(operation: str, other: tuple[int, ...]):
    writer = ModelWriter()
    meaning = Quantisation(0.1, 0, "int8")
    a = writer.dequantize(writer.input("a", "int8", MAP), meaning)
    b = writer.dequantize(writer.input("b", "int8", other), meaning)
    y = writer.quantize(writer.node(operation, a, b), meaning)
    with pytest.raises(ModelError, match="of which one broadcasts over the other"):
        import_onnx(writer.model(y))


@pytest.mark.parametrize("runner", ["host", "qemu"])
def test_an_attention_over_pixels(runner: str):
    """Channels, pixels, and both, times a map: what CBAM and its kin do."""
    writer = ModelWriter()
    q = Quantisation(0.05, -3, "int8")
    x = writer.dequantize(writer.input("x", "int8", (1, 12, 10, 9)), q)

    def quantised(tensor: str) -> str:
        return writer.dequantize(writer.quantize(tensor, q), q)

    channels = quantised(writer.node("GlobalAveragePool", x))
    first = writer.node("Slice", x, *(writer.constant(np.array([n])) for n in (0, 1, 1)))
    both = quantised(writer.node("Mul", channels, quantised(first)))
    result = writer.node("Add", quantised(writer.node("Mul", x, quantised(first))), both)
    model = writer.model(writer.quantize(result, q))
    assert dsconv.compile(model, target="pulp_open", l1=9600).run(on=runner).equal


@pytest.mark.parametrize("operation", ["Max", "Min"])
@pytest.mark.parametrize("shape", [(), (3, 1, 1)])
def test_an_extremum_of_an_activation_and_a_constant(operation: str, shape: tuple[int, ...]):
    constant = np.random.default_rng(2).uniform(-1, 1, shape).astype(np.float32)
    model = quantised_function(
        "int8", lambda writer, x: writer.node(operation, writer.constant(constant), x)
    )
    assert_is_one_lookup(model, "int8")


def test_an_extremum_folds_into_the_layer_before_it():
    """Relu6 as some exporters write it."""
    rng = np.random.default_rng(5)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (4, 3, 1, 1))
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", SHAPE), layer.x)
    real = writer.node("Conv", x, qdq_weights(writer, layer))
    for operation, bound in (("Max", 0.0), ("Min", 1.5)):
        real = writer.node(operation, real, writer.constant(np.array(bound, np.float32)))
    model = writer.model(writer.quantize(real, layer.y), dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", SHAPE)})
    assert [operation.kind for operation in layer_operations(network).values()] == ["pointwise"]


def test_a_product_with_a_quantised_reciprocal():
    """How one activation is divided by another one."""
    rng = np.random.default_rng(8)
    x, inverse, y = Quantisation(0.03, 0, "uint8"), *(random_quantisation(rng, "uint8"),) * 2
    writer = ModelWriter()
    a, b = (writer.dequantize(writer.input(name, "uint8", MAP), x) for name in "ab")
    offset = writer.node("Add", b, writer.constant(np.array(1, np.float32)))
    factor = writer.quantize(writer.node("Reciprocal", offset), inverse)
    result = writer.node("Mul", a, writer.dequantize(factor, inverse))
    model = writer.model(writer.quantize(result, y), dtype="uint8")
    network = assert_agrees(model, {name: random_integers(rng, "uint8", MAP) for name in "ab"})
    assert [layer.kind for layer in layer_operations(network).values()] == ["lookup", "mul"]


def test_squeeze_and_excite():
    """A map times the gate that a pool, two products and a hard sigmoid make of it."""
    rng = np.random.default_rng(6)
    squeeze = Weighted.random(rng, "uint8", "uint8", "int8", (2, 4, 1, 1))
    excite = Weighted.random(rng, "uint8", "uint8", "int8", (4, 2, 1, 1))
    x, pooled, gate, y = (
        random_quantisation(rng, "uint8", scale) for scale in (0.05, 0.05, 1 / 256, 0.02)
    )
    writer = ModelWriter()
    real = writer.dequantize(writer.input("x", "uint8", (1, 4, 6, 6)), x)
    mean = writer.quantize(writer.node("GlobalAveragePool", real), pooled)
    hidden = replace(squeeze, x=pooled)
    small = writer.node("Conv", writer.dequantize(mean, pooled), qdq_weights(writer, hidden))
    small = writer.quantize(writer.node("Relu", small), hidden.y)
    wide = writer.node("Conv", writer.dequantize(small, hidden.y), qdq_weights(writer, excite))
    wide = writer.dequantize(writer.quantize(wide, excite.y), excite.y)
    factor = writer.quantize(writer.node("HardSigmoid", wide), gate)
    result = writer.node("Mul", writer.dequantize(factor, gate), real)
    model = writer.model(writer.quantize(result, y), dtype="uint8")
    network = import_onnx(model)
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert kinds == ["avg_pool", "pointwise", "pointwise", "lookup", "mul"]
    assert dsconv.compile(model, target="host").run(on="host").equal
