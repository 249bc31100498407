"""How an import describes itself: names, labels, ports, layouts, exact scales, printed IR."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import ModelWriter
from frontend_support import (
    Array,
    function_of,
    interpreter,
    layer_operations,
    onnx_runtime,
    run_network,
)
from hypothesis import given
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, DictionaryAttr, FloatAttr
from xdsl.dialects.func import Func
from xdsl.parser import Parser

from dsconv.dialects.attributes import Layout, RequantAttr
from dsconv.dialects.dsconv import Dsconv
from dsconv.dialects.graph import LinearOp, layout_of
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import (
    Quantisation,
    addition_multipliers,
    mantissa_and_shift,
    requantisation,
)
from dsconv.frontends.onnx_file.labels import c_identifier, layer_labels
from dsconv.frontends.onnx_file.view import View

U8 = Quantisation(0.5, 3, "uint8")
S8 = Quantisation(0.25, -7, "int8")
UNBOUNDED = (-math.inf, math.inf)


class Writer(ModelWriter):
    """Layers whose weights do not matter."""

    def convolution(self, real: str, kernels: int, channels: int, size: int = 1) -> str:
        weights = np.arange(kernels * channels * size * size).astype(np.int8) % 7 - 3
        shaped = weights.reshape(kernels, channels, size, size)
        scale, zero = np.array(0.1, np.float32), np.array(0, np.int8)
        return self.node("Conv", real, self.dequantized_constant(shaped, scale, zero))

    def requantized(self, real: str, quantisation: Quantisation) -> str:
        return self.dequantize(self.quantize(real, quantisation), quantisation)


def small_network() -> onnx.ModelProto:
    writer = Writer()
    x = writer.requantized(writer.input("image", "float32", ("batch", 2, 4, 4)), U8)
    y = writer.requantized(writer.convolution(x, 3, 2), S8)
    return writer.model(writer.node("Softmax", y), dtype="float32")


def test_function_is_named_after_the_file(tmp_path: Path):
    onnx.save(small_network(), str(tmp_path / "key-words 2.onnx"))
    assert function_of(import_onnx(tmp_path / "key-words 2.onnx")).sym_name.data == "key_words_2"
    assert function_of(import_onnx(small_network(), "a.b")).sym_name.data == "a_b"
    assert function_of(import_onnx(small_network())).sym_name.data == "test_network"


@pytest.mark.parametrize(
    ("text", "name"),
    [("a/b;c", "a_b_c"), ("2net", "n_2net"), ("default", "n_default"), ("ü/", "network")],
)
def test_c_identifier(text: str, name: str):
    assert c_identifier(text) == name


def test_labels_are_short_and_unique():
    names = [
        "MobilenetV1/Conv2d_1_depthwise/BatchNorm_Fold/bias_prequant",
        "model/activation/Relu;model/conv2d_1/BiasAdd;model/conv2d_1/Conv2D1_quant",
        "/layer1/layer1.0/conv1/Conv",
        "/layer1/layer1.1/conv1/Conv",
        "Conv_12",
        "Conv_12",
        "7",
        "a" * 60,
        "",
    ]
    assert layer_labels(names) == [
        "conv2d_1_depthwise",
        "conv2d_1",
        "layer1_0_conv1",
        "layer1_1_conv1",
        "conv_12",
        "conv_12_2",
        "layer_7",
        "a" * 40,
        "layer",
    ]


@given(st.lists(st.text("ab/;._1 é", max_size=50), max_size=12))
def test_labels_are_c_identifiers(names: list[str]):
    labels = layer_labels(names)
    assert len(set(labels)) == len(names)
    assert all(label.isidentifier() and label.isascii() for label in labels)


def test_ports_and_notes():
    network = import_onnx(small_network())
    (image,), (output,) = network.inputs, network.outputs
    assert (image.name, image.shape, image.dtype) == ("image", (1, 2, 4, 4), "uint8")
    assert (image.scale, image.zero_point, image.float_model) == (0.5, 3, True)
    assert (output.shape, output.dtype, output.zero_point) == ((1, 3, 4, 4), "int8", -7)
    assert output.caller_steps == ("DequantizeLinear", "Softmax")
    assert len(network.notes) == 2
    assert image.meaning == "uint8 1x2x4x4, real = 0.5 * (q - 3)"
    assert output.meaning == "int8 1x3x4x4, real = 0.25 * (q + 7)"


def test_the_function_carries_the_quantisation():
    function = function_of(import_onnx(small_network()))
    (port,) = function.attributes["dsconv.inputs"]  # pyright: ignore[reportGeneralTypeIssues]
    assert isinstance(port, DictionaryAttr)
    scale = port.data["scale"]
    assert isinstance(scale, FloatAttr)
    assert scale.value.data == 0.5


def test_printed_module_parses_and_computes_the_same():
    network = import_onnx(small_network())
    context = Context()
    for dialect in (Builtin, Func, Dsconv):
        context.load_dialect(dialect)
    parsed = Parser(context, str(network.module)).parse_module()
    parsed.verify()
    assert str(parsed) == str(network.module)
    x = np.arange(32, dtype=np.uint8).reshape(1, 2, 4, 4)
    (function,) = parsed.ops
    (again,) = interpreter(parsed).call_op(function, (x,))
    np.testing.assert_array_equal(again, run_network(network, x)[0])


def layouts(network: ImportedNetwork) -> tuple[list[Layout | None], list[Layout | None]]:
    function = function_of(network)
    returned = function.get_return_op()
    assert returned is not None
    arguments = [layout_of(value) for value in function.body.block.args]
    return arguments, [layout_of(value) for value in returned.operands]


def run_on_bytes(network: ImportedNetwork, model: onnx.ModelProto, x: Array) -> None:
    """Compares with ONNX Runtime on the caller's bytes, laid out as the types say."""
    (argument,) = function_of(network).body.block.args
    sizes = argument.type.get_shape()  # pyright: ignore
    if layout_of(argument) is Layout.HWC:
        _, channels, height, width = sizes
        activation = x.reshape(1, height, width, channels).transpose(0, 3, 1, 2)
    else:
        activation = x.reshape(sizes)
    (result,) = run_network(network, activation)
    ((layout,), expected) = (
        layouts(network)[1],
        onnx_runtime(model, optimised=False).run(None, {network.inputs[0].name: x}),
    )
    ordered = result.transpose(0, 2, 3, 1) if layout is Layout.HWC else result
    np.testing.assert_array_equal(ordered.reshape(-1), np.asarray(expected[0]).reshape(-1))


@pytest.mark.parametrize(
    ("first", "last"),
    list(itertools.product(["nchw", "nhwc", "nhwc real"], ["nchw", "nhwc", "flat"])),
)
def test_layouts_at_the_edges(first: str, last: str):
    writer = Writer()
    if first == "nchw":
        real = writer.dequantize(writer.input("x", "uint8", (1, 3, 4, 5)), U8)
    elif first == "nhwc":
        x = writer.input("x", "uint8", (1, 4, 5, 3))
        real = writer.dequantize(writer.node("Transpose", x, perm=[0, 3, 1, 2]), U8)
    else:
        x = writer.dequantize(writer.input("x", "uint8", (1, 4, 5, 3)), U8)
        real = writer.node("Transpose", x, perm=[0, 3, 1, 2])
    y = writer.convolution(real, 6, 3, 2)
    if last == "nhwc":
        y = writer.node("Transpose", y, perm=[0, 2, 3, 1])
    y = writer.quantize(y, S8)
    if last == "flat":
        y = writer.node("Flatten", y)
    model = writer.model(y)
    network = import_onnx(model)
    inside = Layout.CHW if first == "nchw" else Layout.HWC
    outside = Layout.HWC if last == "nhwc" else Layout.CHW
    assert layouts(network) == ([inside], [outside])
    assert network.inputs[0].shape == ((1, 3, 4, 5) if first == "nchw" else (1, 4, 5, 3))
    assert (
        network.outputs[0].shape
        == {
            "nchw": (1, 6, 3, 4),
            "nhwc": (1, 3, 4, 6),
            "flat": (1, 72),
        }[last]
    )
    x = np.random.default_rng(0).integers(0, 256, network.inputs[0].shape, np.uint8)
    run_on_bytes(network, model, x)


def test_transposes_that_cancel_leave_nothing():
    writer = Writer()
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 4, 5)), U8)
    y = writer.node("Transpose", writer.convolution(x, 6, 3), perm=[0, 2, 3, 1])
    y = writer.requantized(writer.node("Relu", y), S8)
    y = writer.convolution(writer.node("Transpose", y, perm=[0, 3, 1, 2]), 2, 6)
    model = writer.model(writer.quantize(y, S8))
    network = import_onnx(model)
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert kinds == ["pointwise", "pointwise"]
    assert layouts(network) == ([Layout.CHW], [Layout.CHW])
    run_on_bytes(network, model, np.arange(60, dtype=np.uint8).reshape(1, 3, 4, 5))


@pytest.mark.parametrize("channels_last", [False, True])
def test_flattening_reorders_the_weights(channels_last: bool):
    writer = Writer()
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 2, 4)), U8)
    y = writer.requantized(writer.convolution(x, 5, 3), S8)
    if channels_last:
        y = writer.node("Transpose", y, perm=[0, 2, 3, 1])
    shape = writer.node("Shape", y)
    batch = writer.node("Gather", shape, writer.constant(np.array([0])))
    target = writer.node("Concat", batch, writer.constant(np.array([-1])), axis=0)
    weights = np.random.default_rng(0).integers(-9, 9, (40, 6)).astype(np.int8)
    scale, zero = np.array(0.1, np.float32), np.array(0, np.int8)
    flat = writer.node("Reshape", y, target)
    product = writer.node("MatMul", flat, writer.dequantized_constant(weights, scale, zero))
    wide = Quantisation(4.0, 1, "int8")
    model = writer.model(writer.quantize(product, wide))
    network = import_onnx(model)
    operation = list(layer_operations(network).values())[-1]
    assert isinstance(operation, LinearOp)
    same = np.array_equal(operation.weight_array, weights.T)
    assert same != channels_last
    run_on_bytes(network, model, np.arange(24, dtype=np.uint8).reshape(1, 3, 2, 4))


@pytest.mark.parametrize(
    ("limits", "part"),
    [({"end": 1}, (1,)), ({"start": -3, "end": 9}, (3, 2, 4)), ({"start": 1, "end": -2}, (3,))],
)
def test_a_part_of_a_shape(limits: dict[str, Any], part: tuple[int, ...]):
    writer = ModelWriter(15)
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 2, 4)), U8)
    sizes = writer.node("Shape", x, **limits)
    shape = writer.node("Concat", sizes, writer.constant(np.array([-1])), axis=0)
    cut = writer.node("Reshape", writer.node("Relu", x), shape)
    (port,) = import_onnx(writer.model(writer.quantize(cut, U8), dtype="uint8")).outputs
    assert port.shape == (*part, 24 // int(np.prod(part)))


def test_two_inputs_and_two_outputs_keep_their_order():
    writer = Writer()
    b, a = (writer.input(name, "uint8", (1, 2, 3, 3)) for name in "ba")
    first = writer.convolution(writer.dequantize(a, U8), 2, 2)
    total = writer.node("Add", writer.requantized(first, S8), writer.dequantize(b, U8))
    outputs = [writer.quantize(total, S8), writer.quantize(first, S8)]
    network = import_onnx(writer.model(*outputs))
    assert [port.name for port in network.inputs] == ["b", "a"]
    assert [port.name for port in network.outputs] == outputs
    rng = np.random.default_rng(0)
    feeds = {name: rng.integers(0, 256, (1, 2, 3, 3), np.uint8) for name in "ba"}
    expected = onnx_runtime(writer.model(*outputs), optimised=True).run(None, feeds)
    for result, wanted in zip(run_network(network, *feeds.values()), expected, strict=True):
        np.testing.assert_array_equal(result, wanted)
    assert_means(writer.model(*outputs), feeds, network)


def test_dead_nodes_and_unused_inputs_are_left_out():
    writer = Writer()
    writer.input("unused", "float32", (1, 7))
    x = writer.dequantize(writer.input("x", "uint8", (1, 2, 3, 3)), U8)
    writer.node("Einsum", x, equation="nchw->nchw")
    network = import_onnx(writer.model(writer.quantize(writer.convolution(x, 2, 2), S8)))
    assert [port.name for port in network.inputs] == ["x"]
    assert network.notes == ("input 'unused' is not used and left out",)


def test_nodes_in_any_order():
    model = small_network()
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))
    assert str(import_onnx(model).module) == str(import_onnx(small_network()).module)


def test_rows_are_added_wherever_one_row_stands():
    """With one row, N, H, C, W and N, C, H, W are the same; with two they are not."""
    one_row = View((1, 7, 1, 5), (0, 2, 1, 3), (1, 7, 1, 5))
    two_rows = one_row.resized((1, 7, 2, 5))
    assert two_rows is not None
    assert two_rows.reads_like(View.plain((1, 7, 2, 5)))


def test_views_read_as_numpy_does():
    sizes = (1, 3, 2, 4)
    stored = np.arange(24).reshape(sizes)
    view = View.plain(sizes)
    array = stored
    for permutation in ((0, 2, 3, 1), (0, 3, 1, 2), (0, 3, 2, 1), (3, 1, 0, 2)):
        moved = view.transposed(permutation)
        assert moved is not None
        view, array = moved, array.transpose(permutation)
        assert view.shape == array.shape
        np.testing.assert_array_equal(view.stored(array), stored)
    assert View.plain(sizes).reshaped((1, 12, 2)).transposed((0, 2, 1)) is None


@given(st.floats(2**-100, 2**30, width=32))
def test_mantissa_and_shift_are_exact(value: float):
    mantissa, shift = mantissa_and_shift(np.float32(value))
    assert Fraction(mantissa, 1 << shift) == Fraction(value)
    assert mantissa < 2**31
    assert shift == 0 or mantissa % 2 == 1


def test_factors_too_small_for_a_shift_become_zero():
    requant = requantisation(np.array([1e-30, 2**-62], np.float32), U8, UNBOUNDED)
    assert requant == RequantAttr.of([0, 1], [1, 2**62], zero_point=3, clip=(0, 255))


def test_equal_channels_share_one_requantisation():
    requant = requantisation(np.full(8, 0.75, np.float32), S8, (0.0, 6.0), divisor=9)
    assert requant == RequantAttr.of([3], [36], zero_point=-7, clip=(-7, 17))


@given(st.floats(2**-20, 2**18, width=32), st.floats(2**-20, 2**18, width=32))
def test_addition_multipliers_fit_and_keep_22_bits(lhs: float, rhs: float):
    multipliers, shift = addition_multipliers((lhs, rhs))
    assert shift >= 0
    assert 255 * sum(multipliers) < 2**31
    for multiplier, ratio in zip(multipliers, (lhs, rhs), strict=True):
        assert (
            abs(Fraction(multiplier, 1 << shift) - Fraction(ratio))
            <= Fraction(max(lhs, rhs)) / 2**21
        )
