"""dsconv verify: each layer against ONNX Runtime, and what is wrong is found where it is."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_models import ModelWriter
from integer_models import WRITERS
from xdsl.dialects.builtin import ModuleOp

import dsconv
from dsconv.dialects.graph import ConstantOp, WeightedOperation
from dsconv.errors import DsconvError
from dsconv.frontends.scales import Quantisation
from dsconv.verification import Verification, verify

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"


def verified(model: Path, x: object = None) -> Verification:
    return verify(dsconv.compile(model, "host"), model, x, on="host")


def add_to_bias(module: ModuleOp, layer: str, channel: int) -> None:
    """Makes one channel of a layer wrong."""
    (op,) = (op for op in module.walk() if isinstance(op, WeightedOperation) and op.label == layer)
    bias = op.bias_array.copy()
    bias[channel] += 2**14
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


@pytest.mark.parametrize("flavour", ["NEMO", "QuantLab"])
def test_graphs_on_integers(flavour: str, tmp_path: Path):
    onnx.save(WRITERS[flavour](0).network(), str(tmp_path / "model.onnx"))
    assert verified(tmp_path / "model.onnx").equal


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


def test_what_onnx_runtime_does_not_know_is_one_clear_error(tmp_path: Path):
    writer, meaning = ModelWriter(opset=13), Quantisation(0.1, 0, "int8")
    x = writer.dequantize(writer.input("x", "int8", (1, 2, 3, 3)), meaning)
    mish = writer.node("Mish", x)  # of opset 18
    onnx.save(writer.model(writer.quantize(mish, meaning)), str(tmp_path / "model.onnx"))
    with pytest.raises(DsconvError, match="ONNX Runtime cannot run the model"):
        verified(tmp_path / "model.onnx")
