"""Every broken or unsupported model gives a ModelError that names the node and what to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_models import ModelWriter
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.handlers.integers import has_integer_weights
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph

U8 = Quantisation(0.5, 3, "uint8")
S8 = Quantisation(0.25, 0, "int8")
SHAPE = (1, 4, 6, 6)


class ConvWriter(ModelWriter):
    """A model of one convolution whose parts a test may break."""

    def __init__(self):
        super().__init__()
        self.x = self.input("x", "uint8", SHAPE)
        self.real = self.dequantize(self.x, U8)
        self.weights = self.weights_of((5, 4, 3, 3))

    def weights_of(self, shape: tuple[int, ...], scale: float = 0.01, dtype: str = "int8") -> str:
        """Weights, all 1."""
        return self.dequantized_constant(
            np.ones(shape, dtype), np.array(scale, np.float32), np.array(0, dtype)
        )

    def finished(self, real: str) -> onnx.ModelProto:
        """The model that gives a real tensor quantised."""
        return self.model(self.quantize(real, S8))


def convolution(**attributes: Any) -> onnx.ModelProto:
    writer = ConvWriter()
    return writer.finished(
        writer.node("Conv", writer.real, writer.weights, name="conv1", **attributes)
    )


def with_weights(shape: tuple[int, ...], **attributes: Any) -> onnx.ModelProto:
    writer = ConvWriter()
    weights = writer.weights_of(shape)
    return writer.finished(writer.node("Conv", writer.real, weights, name="conv1", **attributes))


def with_weight_scale(scale: float) -> onnx.ModelProto:
    writer = ConvWriter()
    weights = writer.weights_of((5, 4, 3, 3), scale)
    return writer.finished(writer.node("Conv", writer.real, weights, name="conv1"))


def unsupported_operation() -> onnx.ModelProto:
    writer = ConvWriter()
    return writer.finished(writer.node("Einsum", writer.real, name="mix", equation="nchw->nchw"))


def foreign_operation() -> onnx.ModelProto:
    writer = ConvWriter()
    return writer.finished(writer.node("Conv", writer.real, name="mix", domain="org.elsewhere"))


def not_quantised() -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.input("x", "float32", SHAPE)
    weights = writer.constant(np.ones((5, 4, 3, 3), np.float32))
    return writer.model(writer.node("Conv", x, weights, name="conv1"), dtype="float32")


def quantised_while_it_runs() -> onnx.ModelProto:
    """What ONNX Runtime's quantize_dynamic writes begins with this."""
    writer = ModelWriter()
    x = writer.input("x", "float32", SHAPE)
    return writer.model(writer.node("DynamicQuantizeLinear", x), dtype="uint8")


def two_activations(operation: str) -> onnx.ModelProto:
    writer = ConvWriter()
    other = writer.dequantize(writer.input("y", "uint8", SHAPE), U8)
    return writer.finished(writer.node(operation, writer.real, other, name="both"))


def softmax_between_layers() -> onnx.ModelProto:
    writer = ConvWriter()
    softmax = writer.quantize(writer.node("Softmax", writer.real, axis=1), S8)
    real = writer.dequantize(softmax, S8)
    return writer.finished(writer.node("Conv", real, writer.weights, name="conv2"))


def float_weights() -> onnx.ModelProto:
    writer = ConvWriter()
    weights = writer.constant(np.ones((5, 4, 3, 3), np.float32))
    return writer.finished(writer.node("Conv", writer.real, weights, name="conv1"))


def float_input_of_a_layer() -> onnx.ModelProto:
    writer = ConvWriter()
    image = writer.input("image", "float32", SHAPE)
    return writer.finished(writer.node("Conv", image, writer.weights, name="conv1"))


def missing_quantisation_between_layers() -> onnx.ModelProto:
    writer = ConvWriter()
    first = writer.node("Conv", writer.real, writer.weights, name="conv1")
    second = writer.weights_of((2, 5, 1, 1))
    return writer.finished(writer.node("Conv", first, second, name="conv2"))


def float_output() -> onnx.ModelProto:
    writer = ConvWriter()
    sum_ = writer.node("Add", writer.real, writer.real, name="sum")
    return writer.model(sum_, dtype="float32")


def variable_weights() -> onnx.ModelProto:
    writer = ConvWriter()
    weights = writer.dequantize(writer.input("w", "int8", (1, 4, 3, 3)), S8)
    return writer.finished(writer.node("Conv", writer.real, weights, name="conv1"))


def variable_scale() -> onnx.ModelProto:
    writer = ConvWriter()
    scale = writer.input("scale", "float32", (1,))
    real = writer.node("DequantizeLinear", writer.x, scale, name="dequantize")
    return writer.finished(writer.node("Relu", real))


def zero_point_of_another_type() -> onnx.ModelProto:
    writer = ConvWriter()
    real = writer.dequantize(writer.x, S8)
    return writer.finished(writer.node("Relu", real))


def sixteen_bits() -> onnx.ModelProto:
    writer = ConvWriter()
    y = writer.quantize(writer.node("Relu", writer.real), Quantisation(0.1, 0, "int16"))
    return writer.model(y, dtype="int16")


def activation_per_channel() -> onnx.ModelProto:
    writer = ConvWriter()
    scales = writer.constant(np.ones(4, np.float32))
    zeros = writer.constant(np.zeros(4, np.uint8))
    real = writer.node("DequantizeLinear", writer.x, scales, zeros, name="dequantize", axis=1)
    return writer.finished(writer.node("Relu", real))


def dynamic_size() -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", ("N", 4, "H", 6)), U8)
    return writer.model(writer.quantize(writer.node("Relu", x), S8))


def batch_of_two() -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", (2, 4, 6, 6)), U8)
    return writer.model(writer.quantize(writer.node("Relu", x), S8))


def huge_input() -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", (1, 2**20, 2**20, 2**20)), U8)
    return writer.model(writer.quantize(writer.node("Relu", x), S8))


def huge_result() -> onnx.ModelProto:
    return convolution(pads=[2**31] * 4)


def cycle() -> onnx.ModelProto:
    writer = ConvWriter()
    model = writer.finished(writer.node("Add", writer.real, "later", name="loop"))
    model.graph.node.append(helper.make_node("Relu", ["loop_3"], ["later"], name="back"))
    loop = next(node for node in model.graph.node if node.name == "loop")
    model.graph.node[-1].input[0] = loop.output[0]
    return model


def undefined_tensor() -> onnx.ModelProto:
    writer = ConvWriter()
    return writer.finished(writer.node("Relu", "nowhere", name="relu"))


def tensor_defined_twice() -> onnx.ModelProto:
    model = convolution()
    model.graph.node.append(model.graph.node[-1])
    return model


def softmax_in_the_middle() -> onnx.ModelProto:
    writer = ConvWriter()
    real = writer.dequantize(writer.quantize(writer.node("Softmax", writer.real), S8), S8)
    return writer.finished(writer.node("Conv", real, writer.weights, name="conv1"))


def average_pool(**attributes: Any) -> onnx.ModelProto:
    writer = ConvWriter()
    return writer.finished(writer.node("AveragePool", writer.real, name="pool", **attributes))


def addition_of_far_scales() -> onnx.ModelProto:
    writer = ConvWriter()
    other = writer.dequantize(writer.input("far", "uint8", SHAPE), Quantisation(3e38, 0, "uint8"))
    total = writer.node("Add", writer.real, other, name="sum")
    return writer.model(writer.quantize(total, Quantisation(1e-3, 0, "int8")))


def mixing_reshape() -> onnx.ModelProto:
    writer = ConvWriter()
    pooled = writer.node("MaxPool", writer.real, kernel_shape=[1, 1])
    real = writer.dequantize(writer.quantize(pooled, S8), S8)
    shape = writer.constant(np.array([1, 4, 4, 9], np.int64))
    moved = writer.node("Reshape", real, shape, name="reshape")
    return writer.finished(writer.node("Conv", moved, writer.weights, name="conv1"))


def impossible_reshape() -> onnx.ModelProto:
    writer = ConvWriter()
    shape = writer.constant(np.array([1, 5, -1], np.int64))
    return writer.finished(writer.node("Reshape", writer.real, shape, name="reshape"))


def bias_of_wrong_length() -> onnx.ModelProto:
    writer = ConvWriter()
    bias = writer.constant(np.zeros(3, np.float32))
    return writer.finished(writer.node("Conv", writer.real, writer.weights, bias, name="conv1"))


def bias_out_of_range() -> onnx.ModelProto:
    writer = ConvWriter()
    bias = writer.constant(np.full(5, 1e9, np.float32))
    return writer.finished(writer.node("Conv", writer.real, writer.weights, bias, name="conv1"))


def truncated_initializer() -> onnx.ModelProto:
    model = convolution()
    model.graph.initializer[2].raw_data = b"\0"
    return model


def gemm(**attributes: Any) -> onnx.ModelProto:
    writer = ConvWriter()
    flat = writer.node("Flatten", writer.real)
    weights = writer.weights_of((144, 5))
    return writer.finished(writer.node("Gemm", flat, weights, name="fc", **attributes))


def second_output() -> onnx.ModelProto:
    writer = ConvWriter()
    writer.nodes.append(helper.make_node("Dropout", [writer.real], ["kept", "mask"], name="drop"))
    return writer.finished(writer.node("Relu", "mask", name="relu"))


def nothing_to_compile() -> onnx.ModelProto:
    writer = ConvWriter()
    return writer.model(writer.quantize(writer.real, U8), dtype="uint8")


def scale_of_other_precision() -> onnx.ModelProto:
    writer = ConvWriter()
    scale = writer.constant(np.array(0.5, np.float16))
    real = writer.node("DequantizeLinear", writer.x, scale, name="dequantize")
    return writer.finished(writer.node("Relu", real))


def blocks() -> onnx.ModelProto:
    writer = ConvWriter()
    parameters = [
        writer.constant(part)
        for part in (
            np.ones((5, 4, 3, 3), np.int8),
            np.ones((5, 3, 3, 3), np.float32),
        )
    ]
    weights = writer.node("DequantizeLinear", *parameters, name="dequantize", axis=1, block_size=2)
    return writer.finished(writer.node("Conv", writer.real, weights))


def subgraph() -> onnx.ModelProto:
    writer = ConvWriter()
    branch = helper.make_graph([], "branch", [], [])
    condition = writer.constant(np.array(True))
    return writer.finished(
        writer.node("If", condition, name="choice", then_branch=branch, else_branch=branch)
    )


CASES: dict[str, tuple[Callable[[], onnx.ModelProto], list[str]]] = {
    "unsupported operation": (
        unsupported_operation,
        ["'mix' (Einsum)", "not supported", "Conv, ", "MaxPool"],
    ),
    "foreign operation": (foreign_operation, ["'mix' (org.elsewhere.Conv)", "not supported"]),
    "not quantised": (not_quantised, ["not quantised", "quantize_static"]),
    "dynamic": (
        quantised_while_it_runs,
        ["while it runs", "DynamicQuantizeLinear", "quantize_static"],
    ),
    "maximum of two": (
        partial(two_activations, "Max"),
        ["'both' (Max): takes two activations; one activation and a constant are supported"],
    ),
    "quotient of two": (
        partial(two_activations, "Div"),
        ["'both' (Div): takes two activations", "no value where the second is 0", "Reciprocal"],
    ),
    "softmax between layers": (
        softmax_between_layers,
        ["'conv2' (Conv): takes what comes from Softmax, which is supported at the end only"],
    ),
    "float weights": (float_weights, ["'conv1' (Conv)", "weights are not quantised"]),
    "float input": (float_input_of_a_layer, ["'conv1'", "float input 'image'", "quantize_static"]),
    "no Q between layers": (
        missing_quantisation_between_layers,
        ["'conv2'", "'conv1'", "not quantised"],
    ),
    "float output": (float_output, ["'sum'", "is float", "QuantizeLinear behind"]),
    "variable weights": (variable_weights, ["'conv1'", "not constant"]),
    "variable scale": (variable_scale, ["'dequantize'", "'scale'", "not a constant"]),
    "zero point type": (zero_point_of_another_type, ["zero point of int8", "uint8"]),
    "16 bits": (sixteen_bits, ["int16", "int8 and uint8"]),
    "per channel activation": (activation_per_channel, ["'dequantize'", "per channel"]),
    "scale 0": (lambda: with_weight_scale(0.0), ["not a positive finite"]),
    "negative scale": (lambda: with_weight_scale(-1.0), ["not a positive finite"]),
    "NaN scale": (lambda: with_weight_scale(float("nan")), ["not a positive finite"]),
    "infinite scale": (lambda: with_weight_scale(float("inf")), ["not a positive finite"]),
    "enormous scale": (lambda: with_weight_scale(1e30), ["'conv1'", "factor"]),
    "float16 scale": (scale_of_other_precision, ["'dequantize'", "float16"]),
    "blocks": (blocks, ["'dequantize'", "blocks"]),
    "dynamic size": (dynamic_size, ["'x'", "dimension 2", "(H)", "make_dynamic_shape_fixed"]),
    "batch of 2": (batch_of_two, ["'x'", "batch of 2"]),
    "huge input": (huge_input, ["'x'", "too many"]),
    "huge result": (huge_result, ["'conv1'", "too many"]),
    "cycle": (cycle, ["cycle"]),
    "undefined tensor": (undefined_tensor, ["'relu'", "'nowhere'", "not defined"]),
    "tensor defined twice": (tensor_defined_twice, ["defined twice"]),
    "Softmax in the middle": (softmax_in_the_middle, ["'conv1'", "at the end only"]),
    "groups": (
        lambda: with_weights((5, 2, 3, 3), group=2),
        ["'conv1'", "[5, 2, 3, 3]", "2 groups"],
    ),
    "wrong channels": (lambda: with_weights((4, 3, 3, 3)), ["'conv1'", "[4, 3, 3, 3]"]),
    "3-D": (lambda: with_weights((4, 4, 3, 3, 3)), ["'conv1'", "1-D and 2-D"]),
    "kernel_shape": (lambda: convolution(kernel_shape=[2, 2]), ["'conv1'", "kernel_shape"]),
    "pads": (lambda: convolution(pads=[0, -1, 0, 0]), ["'conv1'", "pads [0, -1, 0, 0]"]),
    "strides": (lambda: convolution(strides=[1]), ["'conv1'", "strides [1]"]),
    "stride 0": (lambda: convolution(strides=[1, 0]), ["'conv1'", "strides [1, 0]"]),
    "attribute kind": (lambda: convolution(strides="two"), ["'conv1'", "list of integers"]),
    "auto_pad": (lambda: convolution(auto_pad="MOST"), ["'conv1'", "MOST"]),
    "large window": (lambda: convolution(dilations=[4, 4]), ["'conv1'", "9 pixels over 6"]),
    "empty windows": (
        lambda: average_pool(kernel_shape=[2, 2], pads=[2, 0, 0, 0]),
        ["'pool' (AveragePool)", "pads [2, 0, 0, 0]", "all of a window"],
    ),
    "no kernel_shape": (average_pool, ["'pool'", "kernel_shape is missing"]),
    "far scales": (addition_of_far_scales, ["'sum' (Add)", "millions of times"]),
    "mixing reshape": (mixing_reshape, ["'conv1'", "[1, 4, 4, 9]"]),
    "impossible reshape": (impossible_reshape, ["'reshape'", "cannot reshape"]),
    "bias length": (bias_of_wrong_length, ["'conv1'", "shape [3]", "5 channels"]),
    "bias range": (
        bias_out_of_range,
        ["'conv1'", "the bias of channel 0", "input scale x weight scale"],
    ),
    "broken initializer": (truncated_initializer, ["'constant_2'", "cannot be read"]),
    "alpha": (lambda: gemm(alpha=0.0), ["'fc' (Gemm)", "multiplies by 0"]),
    "Gemm shapes": (lambda: gemm(transB=1), ["'fc' (Gemm)", "5x144"]),
    "second output": (second_output, ["'relu'", "'mask'", "first output"]),
    "no layer": (nothing_to_compile, ["nothing to compile"]),
    "subgraph": (subgraph, ["'choice' (If)", "graph"]),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str):
    make, fragments = CASES[case]
    with pytest.raises(ModelError) as caught:
        import_onnx(make(), "network")
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_a_message_is_one_short_line_whatever_the_names():
    writer = ConvWriter()
    name = "a\nb\x1b[2J" + "x" * 5000
    model = writer.finished(writer.node("Einsum", writer.real, name=name))
    with pytest.raises(ModelError) as caught:
        import_onnx(model)
    message = str(caught.value)
    assert message.startswith(r"node 'a\nb\x1b[2Jxxx")
    assert message.isprintable()
    assert len(message) < 1300


def test_no_such_file(tmp_path: Path):
    with pytest.raises(ModelError, match="no such file"):
        import_onnx(tmp_path / "absent.onnx")


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"not a model at all", b"\xff\xd8\xff\xe0"])
def test_garbage(tmp_path: Path, content: bytes):
    file = tmp_path / "garbage.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"neither an ONNX nor a \.tflite file"):
        import_onnx(file)


def test_every_truncation_is_a_model_error(tmp_path: Path):
    model = convolution()
    del model.opset_import[1:]
    content = model.SerializeToString()
    file = tmp_path / "truncated.onnx"
    for length in range(len(content)):
        file.write_bytes(content[:length])
        with pytest.raises(ModelError):
            import_onnx(file)


def test_flipped_bytes_never_give_another_error(tmp_path: Path):
    content = bytearray(convolution().SerializeToString())
    rng = np.random.default_rng(0)
    file = tmp_path / "flipped.onnx"
    for position in rng.integers(len(content), size=1000):
        flipped = bytearray(content)
        flipped[position] ^= int(rng.integers(1, 256))
        file.write_bytes(flipped)
        try:
            import_onnx(file)
        except ModelError:
            continue


def test_external_data_beside_the_file(tmp_path: Path):
    model = convolution()
    for tensor in model.graph.initializer:
        external_data_helper.set_external_data(tensor, "weights.bin")
    onnx.save(model, str(tmp_path / "network.onnx"))
    assert import_onnx(tmp_path / "network.onnx").layers[0].label == "conv1"
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError, match="external data"):
        import_onnx(tmp_path / "network.onnx")


def test_external_data_outside_the_folder(tmp_path: Path):
    (tmp_path / "secret.bin").write_bytes(b"\0" * 4096)
    model = convolution()
    tensor = model.graph.initializer[0]
    external_data_helper.set_external_data(tensor, "../secret.bin", 0, 4)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "network.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="external data"):
        import_onnx(folder / "network.onnx")
    with pytest.raises(ModelError, match="another file"):
        import_onnx(model)


def test_quantised_in_two_orders_and_ways():
    writer = ConvWriter()
    image = writer.input("image", "float32", SHAPE)
    same = writer.node("Reshape", image, writer.constant(np.array(SHAPE)))
    parts = [writer.dequantize(writer.quantize(x, q), q) for x, q in ((image, U8), (same, S8))]
    with pytest.raises(ModelError, match="'image' is quantised in two ways"):
        import_onnx(writer.finished(writer.node("Add", *parts)))


@pytest.mark.parametrize("part", ["scales", "zero points"])
def test_weights_per_input_channel(part: str):
    writer = ConvWriter()
    scales, zero_points = np.ones(4, np.float32), np.zeros(4, np.int8)
    (scales if part == "scales" else zero_points)[2] = 3
    weights = writer.dequantized_constant(np.ones((4, 5, 1, 1), np.int8), scales, zero_points)
    model = writer.finished(writer.node("ConvTranspose", writer.real, weights, name="turned"))
    with pytest.raises(ModelError, match=r"'turned'.*another axis"):
        import_onnx(model)


def test_scales_of_float16():
    writer = ModelWriter(21)
    scale = writer.constant(np.array(0.01, np.float16))
    real = writer.node("DequantizeLinear", writer.input("x", "uint8", SHAPE), scale, name="real1")
    result = writer.node("QuantizeLinear", writer.node("Relu", real), scale)
    with pytest.raises(ModelError, match=r"'real1'.*float16.*convert the model to float32"):
        import_onnx(writer.model(result, dtype="uint8"))


def test_bias_that_is_not_finite():
    writer = ConvWriter()
    bias = numpy_helper.from_array(np.full(5, np.nan, np.float32), "bias")
    writer.initializers.append(bias)
    model = writer.finished(writer.node("Conv", writer.real, writer.weights, "bias", name="conv1"))
    with pytest.raises(ModelError, match=r"'conv1'.*finite"):
        import_onnx(model)


@pytest.mark.filterwarnings("error")
def test_weights_that_are_no_numbers_are_not_rounded():
    """numpy warns of such bits."""
    signalling = np.full((5, 4, 3, 3), 0x7FA00000, np.uint32).view(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], name="conv1")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 5, 4, 4))],
        [numpy_helper.from_array(signalling, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    assert not has_integer_weights(OnnxGraph(model))


@pytest.mark.parametrize(
    "operation",
    ["GroupNormalization", "InstanceNormalization", "LayerNormalization", "LRN"],
)
def test_normalisations_by_the_input_itself(operation: str):
    writer = ConvWriter()
    ones = [writer.constant(np.ones(4, np.float32)) for _ in range(2)]
    model = writer.finished(writer.node(operation, writer.real, *ones, name="norm"))
    with pytest.raises(ModelError, match=r"'norm'.* its input, .*; train with a BatchNorm"):
        import_onnx(model)


def test_attention():
    writer = ConvWriter()
    x = writer.dequantize(writer.input("tokens", "uint8", (1, 8, 16)), U8)
    turned = writer.node("Transpose", x, perm=[0, 2, 1])
    model = writer.finished(writer.node("MatMul", x, turned, name="scores"))
    with pytest.raises(ModelError, match=r"'scores'.* as in attention.*; compile the parts"):
        import_onnx(model)


def test_an_average_of_channels_of_a_function():
    writer = ConvWriter()
    tanh = writer.node("Tanh", writer.real, name="tanh")
    model = writer.finished(writer.node("ReduceMean", tanh, axes=[1], name="mean"))
    with pytest.raises(ModelError, match=r"'mean'.* takes the result of node 'tanh'"):
        import_onnx(model)
