"""Graphs on integers, every layer: small ones against ONNX Runtime, real ones against goldens."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array
from frontend_support import layer_operations, model_file, onnx_runtime, run_network, with_exposed
from handwritten import needs_gvsoc
from hypothesis import given
from hypothesis import strategies as st
from integer_models import SHAPE, WRITERS, IntegerWriter, NemoWriter, QuantLabWriter
from onnx import TensorProto, helper, numpy_helper

import dsconv
from dsconv.dialects.attributes import Rounding
from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.run import run_reference
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.integer_function import IntegerFunction
from dsconv.verification.decompose import spelled_out
from dsconv.verification.oracles import Judge
from dsconv.verification.verify import verify

KINDS = ["conv2d", "depthwise", "pointwise", "add", "max_pool", "linear"]


def expected_layers(
    network: ImportedNetwork, model: onnx.ModelProto, image: Array
) -> dict[str, Array]:
    """What ONNX Runtime gives for every layer of a network, as (1, C, H, W)."""
    tensors = {layer.label: layer.output for layer in network.layers}
    names = [tensor.name for tensor in tensors.values() if tensor is not None]
    session = onnx_runtime(with_exposed(spelled_out(model), names), optimised=False)
    results = dict(zip(names, session.run(names, {"image": image}), strict=True))
    return {
        label: tensor.view.stored(np.asarray(results[tensor.name]))
        for label, tensor in tensors.items()
        if tensor is not None
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flavour", WRITERS)
def test_every_layer_is_what_onnx_runtime_gives(flavour: str, seed: int):
    model = WRITERS[flavour](seed).network()
    network = import_onnx(model)
    assert network.flavour == flavour
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert [kind for kind in kinds if kind != "rescale"] == KINDS
    image = np.random.default_rng(seed).integers(0, 256, SHAPE, np.uint8)
    assert_means(model, {network.inputs[0].name: image.astype(np.float32)}, network)
    expected = expected_layers(network, model, image.astype(np.float32))
    layers = run_reference(network.module, image).layers
    assert len(expected) == len(layers)
    for label, values in layers.items():
        np.testing.assert_array_equal(values, expected[label].reshape(values.shape), label)
        assert len(np.unique(values)) > 1, f"{label} is constant: the test says nothing"


@pytest.mark.parametrize("flavour", WRITERS)
def test_the_c_is_bit_exact(flavour: str):
    report = dsconv.compile(WRITERS[flavour](0).network(), target="pulp_open").run(on="host")
    assert report.equal
    assert report.flavour == flavour
    assert report.output.dtype == (np.int32 if flavour == "NEMO" else np.int8)


@pytest.mark.parametrize("flavour", ["NEMO", "QuantLab"])
def test_activations_are_padded_and_put_together(flavour: str):
    writer = WRITERS[flavour](1)
    image = writer.input("image", "float32", SHAPE)
    padded = writer.node("Pad", image, pads=[0, 0, 1, 2, 0, 0, 0, 1])
    kernels = writer.constant(writer.whole(-20, 20, 8, 4, 2, 4))
    first = writer.requantised(writer.node("Conv", padded, kernels), 8)
    second = writer.requantised(writer.convolution(first, 8, 8, 3, group=8), 8)
    both = writer.node("Concat", first, second, axis=1)
    model = writer.model(writer.end(both, 16 * 8 * 6), dtype="float32")
    network = import_onnx(model)
    operations = layer_operations(network).values()
    assert [op.kind for op in operations] == ["pad", "conv2d", "depthwise", "concat", "linear"]
    values = np.random.default_rng(1).integers(0, 256, SHAPE, np.uint8)
    expected = expected_layers(network, model, values.astype(np.float32))
    for label, result in run_reference(network.module, values).layers.items():
        np.testing.assert_array_equal(result, expected[label].reshape(result.shape), label)


def test_integers_are_subtracted():
    """An activation times an integer from another one, and a constant from their difference."""
    writer = QuantLabWriter(2)
    image = writer.input("image", "float32", SHAPE)
    first = writer.requantised(writer.convolution(image, 8, 4, 1), 8)
    second = writer.requantised(writer.convolution(image, 8, 4, 3), 8)
    doubled = writer.node("Mul", second, writer.constant(np.array(2, np.float32)))
    difference = writer.node(
        "Sub", writer.node("Sub", first, doubled), writer.constant(np.array(9, np.float32))
    )
    clipped = writer.node("Clip", difference, min=-128.0, max=127.0)
    model = writer.model(writer.end(clipped, 8 * 8 * 6), dtype="float32")
    network = import_onnx(model)
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert kinds[2:] == ["add", "linear"]
    values = np.random.default_rng(1).integers(0, 256, SHAPE, np.uint8)
    expected = expected_layers(network, model, values.astype(np.float32))
    for label, result in run_reference(network.module, values).layers.items():
        np.testing.assert_array_equal(result, expected[label].reshape(result.shape), label)


def node_named(model: onnx.ModelProto, operation: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == operation)


def test_a_requant_shift_may_be_verified_against_onnx_runtime(tmp_path: Path):
    path = tmp_path / "network.onnx"
    onnx.save(WRITERS["RequantShift"](0).network(), str(path))
    compiled = dsconv.compile(path, target="host")
    assert verify(compiled, path, on="host", judge=Judge.ONNX_RUNTIME).equal


def test_nemos_division_is_a_true_one():
    network = import_onnx(NemoWriter().network())
    first = next(iter(layer_operations(network).values()))
    assert isinstance(first, WeightedOperation)
    assert first.requant.divisors == ((1 << 20) - 1,)
    assert first.requant.rounding is Rounding.FLOOR


def test_two_outputs_of_the_last_sums_are_one():
    writer = NemoWriter()
    image = writer.input("image", "float32", SHAPE)
    sums = writer.end(writer.requantised(writer.convolution(image, 8, 4, 3), 8), 8 * 8 * 6)
    picks = [
        writer.node("Gather", sums, writer.constant(np.array(index)), axis=1) for index in (0, 3)
    ]
    outputs = (picks[0], writer.node("Sigmoid", picks[1]))
    network = import_onnx(writer.model(*outputs, dtype="float32"))
    (port,) = network.outputs
    assert (port.tensor, port.shape, port.dtype) == (sums, (1, 5), "int32")
    assert port.caller_steps == ("Gather", "Sigmoid")
    assert f"output '{outputs[1]}': Gather, Sigmoid left to the caller" in network.notes


def test_a_signed_input_is_declared_in_the_file():
    model = QuantLabWriter().network()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT8
    assert import_onnx(model).inputs[0].dtype == "int8"
    assert import_onnx(QuantLabWriter().network()).inputs[0].dtype == "uint8"


def single(*steps: tuple[str, Any], weights: Array | None = None) -> onnx.ModelProto:
    """A convolution and operations with one constant operand each, named by their operation."""
    writer = IntegerWriter()
    image = writer.input("image", "float32", SHAPE)
    kernels = np.ones((8, 4, 1, 1), np.float32) if weights is None else weights
    x = writer.node("Conv", image, writer.constant(kernels), name="conv")
    for operation, operand in steps:
        if isinstance(operand, dict):
            x = writer.node(operation, x, name=operation.lower(), **operand)
        elif operand is None:
            x = writer.node(operation, x, name=operation.lower())
        else:
            constant = writer.constant(np.asarray(operand, np.float32))
            x = writer.node(operation, x, constant, name=operation.lower())
    return writer.model(x, dtype="float32")


CLIP = ("Clip", {"min": 0.0, "max": 255.0})
ERRORS: dict[str, tuple[onnx.ModelProto, str, str]] = {
    "no Clip": (single(("Mul", 3.0), ("Div", 8.0)), "QuantLab", r"'conv.*Clip has to stand behind"),
    "wide Clip": (
        single(("Div", 8.0), ("Clip", {"min": 0.0, "max": 300.0})),
        "QuantLab",
        "0.0 to 300.0, which is more than 8 bits",
    ),
    "real factor": (single(("Mul", 0.5), CLIP), "NEMO", r"'mul.*factors are not all integers"),
    "real addend": (single(("Add", 0.5), CLIP), "NEMO", r"'add.*addends are not all integers"),
    "negative divisor": (single(("Div", -8.0), CLIP), "NEMO", r"'div.*not one positive integer"),
    "many divisors": (single(("Div", [1.0] * 8), CLIP), "NEMO", r"'div.*not one positive"),
    "real weights": (
        single(CLIP, weights=np.full((8, 4, 1, 1), 0.5)),
        "NEMO",
        r"'conv.*weights are not all integers",
    ),
    "wide weights": (
        single(CLIP, weights=np.full((8, 4, 1, 1), 300.0)),
        "NEMO",
        r"'conv.*do not fit 8 bits",
    ),
    "rounded twice": (
        single(("Div", 8.0), ("Floor", None), ("Mul", 3.0), CLIP),
        "QuantLab",
        r"'mul.*divided and rounded before",
    ),
    "addend behind Relu": (
        single(("Relu", None), ("Add", 3.0), CLIP),
        "QuantLab",
        r"'add.*behind an activation function",
    ),
    "negative factor behind Relu": (
        single(("Relu", None), ("Mul", -3.0), CLIP),
        "QuantLab",
        r"'mul.*negative factor",
    ),
    "64 bits": (
        single(("Mul", 2.0**30), ("Mul", 2.0**30), ("Div", 3.0), CLIP),
        "NEMO",
        r"'conv.*do not fit 64 bits",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_message(case: str):
    model, flavour, message = ERRORS[case]
    with pytest.raises(ModelError, match=message):
        import_onnx(model, flavour=flavour)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("div", 3.0, "no power of two"),
        ("signed", 0.5, "not all integers"),
        ("div", None, "missing"),
    ],
)
def test_requant_shift_attributes(name: str, value: float | None, message: str):
    model = WRITERS["RequantShift"](0).network()
    node = node_named(model, "RequantShift")
    kept = [item for item in node.attribute if item.name != name]
    del node.attribute[:]
    node.attribute.extend(kept)
    if value is not None:
        tensor = numpy_helper.from_array(np.array(value, np.float32))
        node.attribute.append(helper.make_attribute(name, tensor))
    with pytest.raises(ModelError, match=f"{node.name}.*{message}"):
        import_onnx(model)


def test_an_average_is_one_quotient_with_what_follows():
    writer = QuantLabWriter()
    image = writer.input("image", "float32", SHAPE)
    mean = writer.node("AveragePool", image, kernel_shape=[2, 3], strides=[2, 3])
    total = writer.node("Mul", mean, writer.constant(np.array(6 * 11, np.float32)))
    quotient = writer.node("Div", total, writer.constant(np.array(128, np.float32)))
    model = writer.model(writer.node("Floor", quotient), dtype="float32")
    network = import_onnx(model, flavour="QuantLab")
    image_values = np.random.default_rng(0).integers(0, 256, SHAPE, np.uint8)
    (result,) = run_network(network, image_values)
    sums = image_values.astype(int).reshape(1, 4, 4, 2, 2, 3).sum(axis=(3, 5))
    np.testing.assert_array_equal(result, sums * 11 // 128)


REQUANTISED_ADDS = {
    "unsigned": (
        {"in1_mul": 70, "in1_add": 64, "in1_shift": 7, "in2_mul": 90, "in2_shift": 7},
        {},
    ),
    "one operand": ({"in2_mul": -50, "in2_add": 6400, "in2_shift": 7}, {}),
    "the sum, too": (
        {"in1_mul": 150, "in1_shift": 7},
        {"out_mul": 3, "out_add": 2, "out_shift": 2, "out_n_levels": 200},
    ),
}


@pytest.mark.parametrize("smaller", [None, 0, 1])
@pytest.mark.parametrize("case", REQUANTISED_ADDS)
def test_an_add_that_says_how_it_is_requantised(case: str, smaller: int | None):
    inputs, output = REQUANTISED_ADDS[case]
    parts = {name.split("_")[0] for name in (*inputs, *output)}
    attributes: dict[str, Any] = {**inputs, **output, **{f"{part}_rq": 1 for part in parts}}
    writer = QuantLabWriter()
    shape = (1, 4, 1, 1)
    names = [
        writer.input(name, "uint8", shape if index == smaller else SHAPE)
        for index, name in enumerate("ab")
    ]
    model = writer.model(writer.node("Add", *names, **attributes), dtype="uint8")
    network = import_onnx(model, flavour="QuantLab")
    rng = np.random.default_rng(2)
    values = [
        rng.integers(0, 256, shape if index == smaller else SHAPE, np.uint8) for index in range(2)
    ]
    terms = [
        value.astype(int) * inputs.get(f"in{number}_mul", 1) + inputs.get(f"in{number}_add", 0)
        >> inputs.get(f"in{number}_shift", 0)
        for number, value in enumerate(values, 1)
    ]
    total = sum(terms) * output.get("out_mul", 1) + output.get("out_add", 0)
    expected = np.clip(total >> output.get("out_shift", 0), 0, output.get("out_n_levels", 256) - 1)
    (result,) = run_network(network, *values)
    np.testing.assert_array_equal(result, expected)
    spelled = spelled_out(model)
    spelled.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    feeds = dict(zip("ab", values, strict=True))
    (judged,) = onnx_runtime(spelled, optimised=False).run(None, feeds)
    np.testing.assert_array_equal(judged, expected)


@pytest.mark.parametrize(
    "attribute", [{"in1_shift": 40}, {"in2_mul": 2**31}, {"out_add": -(2**40)}]
)
def test_factors_of_an_add_out_of_range_are_an_error(attribute: dict[str, Any]):
    writer = QuantLabWriter()
    names = [writer.input(name, "uint8", SHAPE) for name in "ab"]
    rounds: dict[str, Any] = {f"{part}_rq": 1 for part in ("in1", "in2", "out")}
    model = writer.model(writer.node("Add", *names, name="sum", **rounds, **attribute))
    with pytest.raises(ModelError, match=r"'sum.*integers of 32 bits are supported"):
        import_onnx(model, flavour="QuantLab")


FRACTIONS = {"times": operator.mul, "plus": operator.add, "over": operator.truediv}
operations = st.one_of(
    st.tuples(st.just("times"), st.tuples(st.integers(-9, 9), st.integers(-9, 9))),
    st.tuples(st.just("plus"), st.tuples(st.integers(-99, 99))),
    st.tuples(st.just("over"), st.integers(1, 99)),
)


@given(st.lists(operations, max_size=6), st.integers(-999, 999))
def test_functions_compose_as_fractions_do(chain: list[tuple[str, Any]], total: int):
    function, exact = IntegerFunction(), [Fraction(total)] * 2
    for name, operand in chain:
        function = getattr(function, name)(operand)
        values = operand if isinstance(operand, tuple) else (operand,)
        values = values * 2 if len(values) == 1 else values
        for channel, value in enumerate(values):
            before = exact[channel]
            exact[channel] = FRACTIONS[name](before, Fraction(value))
    count = max(len(function.multipliers), len(function.addends))
    multipliers, addends = (
        values * (count // len(values)) for values in (function.multipliers, function.addends)
    )
    results = [
        (total * multiplier + addend) // function.divisor
        for multiplier, addend in zip(multipliers, addends, strict=True)
    ]
    assert results == [math.floor(value) for value in exact[:count]]
    assert function.image(total, total) == (min(results), max(results))


# Real networks


def requant_shift_goldens(folder: Path) -> tuple[Array, list[Array]]:
    """Input and activations, in the order of the graph."""
    with np.load(folder / "activations.npz") as data:
        layers = [data[key] for key in data.files if "act_pass" in key or key == "model_5"]
    with np.load(folder / "inputs.npz") as data:
        return data["input_0"], layers


def text_goldens(folder: Path, shape: tuple[int, ...]) -> tuple[Array, list[Array]]:
    """Input and layers in text, channels last, in the order of the graph."""
    files = [folder / "input.txt", *sorted(folder.glob("out_layer*.txt"), key=layer_number)]
    values, *layers = [np.array([*map(float, numbers_of(file.read_text()))]) for file in files]
    _, channels, height, width = shape
    return values.reshape(1, height, width, channels).transpose(0, 3, 1, 2), layers


def numbers_of(text: str) -> list[str]:
    """The first word of every line that begins with a number."""
    words = (line.split(",")[0].strip() for line in text.splitlines())
    return [word for word in words if word.replace(".", "", 1).lstrip("-").isdigit()]


def layer_number(file: Path) -> int:
    return int(file.stem.removeprefix("out_layer"))


CHANNELS_FIRST = {"nemo_dscnn"}
"""Networks whose text has channels first."""


def assert_layers_equal(network: ImportedNetwork, model: Path, image: Array, goldens: list[Array]):
    """Every value of every layer but pads, in the order of the file's nodes."""
    order = {node.name: place for place, node in enumerate(onnx.load(model).graph.node)}
    layers = run_reference(network.module, image.astype(np.uint8)).layers
    operations = layer_operations(network)
    known = [layer for layer in network.layers if operations[layer.label].kind != "pad"]
    in_order = sorted(known, key=lambda layer: order[layer.node])
    for layer, golden in zip(in_order, goldens, strict=True):
        values = layers[layer.label]
        if golden.ndim == 1 and model.parent.name not in CHANNELS_FIRST:
            values = values.transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(values.reshape(-1), golden.reshape(-1), layer.label)


@pytest.mark.parametrize("runner", ["host", "qemu", pytest.param("gvsoc", marks=needs_gvsoc)])
@pytest.mark.parametrize(
    ("name", "flavour"),
    [
        ("requantshift_kws_dscnn", "RequantShift"),
        ("nemo_eegnet_dw_hx1", "NEMO"),
        ("nemo_dronet_2", "NEMO"),
        ("nemo_dscnn", "NEMO"),
        ("nemo_frontnet", "NEMO"),
        ("quantlab_dronet", "QuantLab"),
    ],
)
def test_real_networks(name: str, flavour: str, runner: str):
    model = model_file(f"{name}/network.onnx")
    compiled = dsconv.compile(model, target="pulp_open")
    network = compiled.imported
    assert network.flavour == flavour
    image, goldens = (
        requant_shift_goldens(model.parent)
        if flavour == "RequantShift"
        else text_goldens(model.parent, network.inputs[0].shape)
    )
    assert_layers_equal(network, model, image, goldens)
    report = compiled.run(image.astype(np.uint8), on=runner, expect=goldens[-1].astype(np.int64))
    assert report.equal


def test_a_factor_for_every_channel_needs_weights():
    writer = WRITERS["QuantLab"](0)
    image = writer.input("image", "float32", SHAPE)
    terms = [writer.requantised(writer.convolution(image, 8, 4, 3), 8) for _ in range(2)]
    total = writer.requantised(writer.node("Add", *terms, name="sum"), 8)
    with pytest.raises(ModelError, match=r"'sum.*8 factors or addends behind a layer without"):
        import_onnx(writer.model(total, dtype="float32"))
