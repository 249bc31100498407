"""dsconv verify: each layer against ONNX Runtime, and what is wrong is found where it is."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_models import ModelWriter
from frontend_support import model_file
from integer_models import WRITERS
from xdsl.dialects.builtin import ModuleOp

import dsconv
from dsconv.dialects.graph import ConstantOp, WeightedOperation
from dsconv.errors import DsconvError
from dsconv.exact.interpreter import evaluate
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification.onnx_runtime import open_session
from dsconv.verification.oracles import Judge
from dsconv.verification.result import Verification
from dsconv.verification.verify import verify

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"


def verified(model: Path, x: object = None) -> Verification:
    return verify(dsconv.compile(model, "host"), model, x, on="host")


def add_to_bias(module: ModuleOp, layer: str, channel: int, addend: int = 2**14) -> None:
    """Makes one channel of a layer wrong."""
    (op,) = (op for op in module.walk() if isinstance(op, WeightedOperation) and op.label == layer)
    bias = op.bias_array.copy()
    bias[channel] += addend
    constant = op.bias.owner
    assert isinstance(constant, ConstantOp)
    constant.properties["value"] = ConstantOp.of(bias).properties["value"]


def test_digits_agree():
    with np.load(DIGITS.with_name("digits_test.npz")) as digits:
        found = verified(DIGITS, digits["images"][:3])
    assert found.equal
    assert [layer.label for layer in found.layers][:2] == ["conv", "block1_dw"]
    values = [layer.agreement.values for layer in found.layers if layer.agreement]
    assert values[0] == 3 * 16 * 16 * 16
    assert len(values) == len(found.layers)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_inputs_that_are_no_numbers_are_an_error(value: float):
    image = np.full((1, 1, 16, 16), value, np.float32)
    compiled = dsconv.compile(DIGITS, "host")
    (port,) = compiled.imported.inputs
    with pytest.raises(DsconvError, match="not all finite"):
        verify(compiled, DIGITS, np.resize(image, port.shape), on="host")


def test_the_first_wrong_layer_and_channel_are_named(capsys: pytest.CaptureFixture[str]):
    compiled = dsconv.compile(DIGITS, "host")
    add_to_bias(compiled.imported.module, "block2_dw", 5)
    found = verify(compiled, DIGITS, on="host")
    wrong = [layer for layer in found.layers if layer.agreement and layer.agreement.different]
    assert [layer.label for layer in wrong] == ["block2_dw"]
    assert wrong[0].agreement is not None
    assert wrong[0].agreement.channel == 5
    assert 0 < wrong[0].agreement.different <= 64
    assert wrong[0].agreement.largest > 1
    assert not found.equal
    assert found.report.differences[0].place.startswith("layer block")


@pytest.mark.parametrize("flavour", WRITERS)
def test_graphs_on_integers(flavour: str, tmp_path: Path):
    onnx.save(WRITERS[flavour](0).network(), str(tmp_path / "model.onnx"))
    found = verified(tmp_path / "model.onnx")
    assert found.equal
    assert found.judge is Judge.EXACT
    assert sum(layer.agreement is not None for layer in found.layers) > 3


def test_a_bias_that_is_off_by_a_little_is_not_explained():
    """Many values are 1 away then, of which hardly any lies at a tie."""
    compiled = dsconv.compile(DIGITS, "host")
    add_to_bias(compiled.imported.module, "block2_dw", 5, 12)
    found = verify(compiled, DIGITS, on="host")
    agreements = [layer.agreement for layer in found.layers if layer.agreement]
    (wrong,) = (agreement for agreement in agreements if agreement.different)
    assert wrong.largest == 1
    assert wrong.explained < wrong.different
    assert not found.equal


def test_sums_beyond_24_bits_are_verified_exactly(tmp_path: Path):
    """In float32, as ONNX Runtime computes them, they are not."""
    writer, channels = WRITERS["RequantShift"](0), 2048
    image = writer.input("image", "float32", (1, channels, 2, 2))
    kernels = writer.constant(writer.whole(90, 127, 8, channels, 1, 1))
    sums = writer.requantised(writer.node("Conv", image, kernels), 8)
    onnx.save(writer.model(sums, dtype="float32"), str(tmp_path / "model.onnx"))
    x = np.random.default_rng(0).integers(0, 256, (1, channels, 2, 2), np.uint8)
    assert x.astype(np.int64).sum() * 90 > 2**24
    assert verified(tmp_path / "model.onnx", x).equal


def test_the_one_value_of_mobilenet_is_explained():
    model = model_file("mobilenet_v1_025_128_tflite_qdq/network.onnx")
    found = verified(model)
    agreements = [layer.agreement for layer in found.layers if layer.agreement]
    assert [agreement.different for agreement in agreements if agreement.different] == [1]
    assert sum(agreement.explained for agreement in agreements) == 1
    assert found.equal


def test_a_layer_without_a_tensor_is_compared_with_what_follows(tmp_path: Path):
    writer, unit = ModelWriter(), Quantisation(0.05, 3, "uint8")
    real = writer.dequantize(writer.input("x", "uint8", (1, 2, 6, 6)), unit)
    weights = writer.dequantized_constant(
        np.arange(-9, 9, dtype=np.int8).reshape(1, 2, 3, 3),
        np.array(0.02, np.float32),
        np.array(0, np.int8),
    )
    pooled = writer.node("MaxPool", writer.node("Conv", real, weights), kernel_shape=[2, 2])
    onnx.save(writer.model(writer.quantize(pooled, unit), dtype="uint8"), str(tmp_path / "m.onnx"))
    found = verified(tmp_path / "m.onnx")
    assert found.equal
    assert [layer.agreement is None for layer in found.layers] == [True, False]


@pytest.mark.parametrize("quantised_again", [False, True])
def test_an_output_that_is_transposed_behind_its_layer(quantised_again: bool, tmp_path: Path):
    """The file may have no tensor with these bytes in the order that the network gives them."""
    writer, meaning = ModelWriter(), Quantisation(0.05, 3, "uint8")
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 8, 6)), meaning)
    pooled = writer.quantize(writer.node("MaxPool", x, kernel_shape=[2, 2]), meaning)
    turned = writer.node("Transpose", writer.dequantize(pooled, meaning), perm=[0, 2, 3, 1])
    if quantised_again:
        turned = writer.dequantize(writer.quantize(turned, meaning), meaning)
    onnx.save(writer.model(turned, dtype="float32"), str(tmp_path / "model.onnx"))
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 8, 6), np.uint8)
    found = verified(tmp_path / "model.onnx", image)
    assert found.equal
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2), (2, 3))
    expected = windows.max(axis=(4, 5)).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(found.report.output.reshape(expected.shape), expected)


def test_what_onnx_runtime_does_not_know_is_one_clear_error(tmp_path: Path):
    writer, meaning = ModelWriter(opset=13), Quantisation(0.1, 0, "int8")
    x = writer.dequantize(writer.input("x", "int8", (1, 2, 3, 3)), meaning)
    mish = writer.node("Mish", x)  # of opset 18
    onnx.save(writer.model(writer.quantize(mish, meaning)), str(tmp_path / "model.onnx"))
    with pytest.raises(DsconvError, match="ONNX Runtime cannot run the model"):
        verified(tmp_path / "model.onnx")


def test_the_judge_keeps_weights_that_are_float_in_the_file():
    writer, meaning = ModelWriter(opset=17), Quantisation(0.05, -3, "int8")
    rng = np.random.default_rng(0)
    real = writer.dequantize(writer.input("x", "int8", (1, 6, 5, 4)), meaning)
    weights = writer.constant(rng.normal(0, 1, (6, 3, 4, 4)).astype(np.float32))
    turned = writer.node("ConvTranspose", real, weights, strides=[2, 1])
    model = writer.model(writer.quantize(turned, Quantisation(0.4, -3, "int8")))
    feeds = {"x": rng.integers(-128, 128, (1, 6, 5, 4), np.int8)}
    (result,) = open_session(model, optimised=True).run(None, feeds)
    (output,) = (output.name for output in model.graph.output)
    judged = evaluate(model, feeds, [output], float_sums=True)[output]
    assert not judged.different(np.asarray(result)).any()
