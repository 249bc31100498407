"""Models that ONNX Runtime has optimised for itself: their layers take channels last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from frontend_layers import assert_agrees, random_integers, random_quantisation
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations, onnx_runtime
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from test_frontend_quantize_static import SHAPE, RandomImages

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification.verify import verify

MICROSOFT = {"domain": "com.microsoft"}


class Inception(ModelWriter):
    """A float network of two branches and pools."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(1)

    def convolution(self, x: str, *shape: int, **attributes: Any) -> str:
        """With random weights (K, C, H, W), and ReLU."""
        weights = self.constant(self.rng.normal(0, 0.4, shape).astype(np.float32))
        return self.node("Relu", self.node("Conv", x, weights, **attributes))

    def network(self) -> onnx.ModelProto:
        """Convolution, branches that are put together, average and logits."""
        window: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]}
        x = self.convolution(self.input("image", "float32", SHAPE), 8, 3, 3, 3, strides=[2, 2])
        wide = self.convolution(x, 8, 8, 3, 3, pads=[1, 1, 1, 1])
        pooled = self.convolution(self.node("MaxPool", x, **window), 4, 8, 1, 1)
        smooth = self.convolution(self.node("AveragePool", x, **window), 4, 8, 1, 1)
        joined = self.node("Concat", wide, pooled, smooth, axis=1)
        filtered = self.convolution(joined, 16, 1, 3, 3, group=16)
        flat = self.node("Flatten", self.node("GlobalAveragePool", filtered))
        weights = self.constant(self.rng.normal(0, 0.4, (16, 5)).astype(np.float32))
        return self.model(self.node("MatMul", flat, weights), dtype="float32")


def optimised(source: Path, target: Path) -> onnx.ModelProto:
    """What ONNX Runtime makes of a model for this machine."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    return onnx.load(str(target))


@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator], ids=["QDQ", "QOperator"])
def test_an_optimised_network(form: QuantFormat, tmp_path: Path):
    real, quantised, file = (tmp_path / f"{name}.onnx" for name in "abc")
    onnx.save(Inception().network(), str(real))
    quantize_static(
        real,
        quantised,
        RandomImages(),
        quant_format=form,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        reduce_range=True,
    )
    model = optimised(quantised, file)
    kinds = {node.op_type for node in model.graph.node}
    assert {"NhwcMaxPool", "QLinearConcat", "QLinearGlobalAveragePool"} <= kinds
    image = np.random.default_rng(2).uniform(-1, 1, SHAPE).astype(np.float32)
    assert verify(dsconv.compile(file, target="pulp_open"), file, image, on="host").equal


def convolution(shape: tuple[int, ...], dtype: str = "uint8") -> onnx.ModelProto:
    """A convolution whose input has its channels last."""
    rng = np.random.default_rng(3)
    writer = ModelWriter()
    x, y = random_quantisation(rng, dtype), random_quantisation(rng, dtype, 2)
    weights: tuple[Array, ...] = (
        rng.integers(-60, 60, (5, shape[-1], 2, 2), np.int8),
        np.array(0.02, np.float32),
        np.array(0, np.int8),
    )
    result = writer.node(
        "QLinearConv",
        writer.input("x", dtype, shape),
        *writer.parameters(x),
        *map(writer.constant, weights),
        *writer.parameters(y),
        channels_last=1,
        strides=[2, 1],
        **MICROSOFT,
    )
    return writer.model(result, dtype=dtype)


@pytest.mark.parametrize("shape", [(1, 7, 6, 3), (1, 5, 5, 5)])
def test_the_input_may_have_its_channels_last(shape: tuple[int, ...]):
    model = convolution(shape)
    network = import_onnx(model)
    x = random_integers(np.random.default_rng(4), "uint8", shape)
    (port,) = network.inputs
    assert port.shape == shape
    report = dsconv.compile(model, target="host").run(x, on="host")
    expected = np.asarray(onnx_runtime(model, optimised=False).run(None, {"x": x})[0])
    np.testing.assert_array_equal(report.output.reshape(expected.shape), expected)


@pytest.mark.parametrize("axis", [1, 2, 3])
def test_activations_with_channels_last_are_put_together(axis: int):
    writer, meaning = ModelWriter(), Quantisation(0.1, 0, "int8")
    x = writer.dequantize(writer.input("x", "int8", (1, 3, 4, 5)), meaning)
    turned = writer.node("Transpose", x, perm=[0, 2, 3, 1])
    joined = writer.node("Concat", turned, turned, axis=axis)
    model = writer.model(
        writer.quantize(writer.node("Transpose", joined, perm=[0, 3, 1, 2]), meaning)
    )
    network = assert_agrees(
        model, {"x": random_integers(np.random.default_rng(5), "int8", (1, 3, 4, 5))}
    )
    assert [layer.kind for layer in layer_operations(network).values()] == ["concat"]


def test_a_vector_has_no_last_channels():
    writer = ModelWriter()
    operands = (
        writer.input("x", "int8", (1, 8)),
        *writer.parameters(Quantisation(0.1, 0, "int8")) * 2,
    )
    pool = writer.node("QLinearGlobalAveragePool", *operands, channels_last=1, **MICROSOFT)
    with pytest.raises(ModelError, match=r"takes \[1, 8\] with channels last"):
        import_onnx(writer.model(pool))
