"""What ONNX Runtime's own quantiser writes for a float network imports, in all its variants."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import ModelWriter
from frontend_support import layer_differences, layer_operations
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from dsconv.frontends import import_onnx

SHAPE = (1, 3, 16, 20)


class RandomImages(CalibrationDataReader):
    """Calibration with a few random images."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self._images: Iterator[dict[str, Any]] = iter(
            {"image": rng.uniform(-1, 1, SHAPE).astype(np.float32)} for _ in range(4)
        )

    def get_next(self) -> dict[str, Any]:
        return next(self._images, {})


def inverted_residual_network() -> onnx.ModelProto:
    """Convolution, inverted residual block with ReLU6, pool, Gemm and Softmax, all float."""
    rng = np.random.default_rng(1)
    writer = ModelWriter()
    low, high = (writer.constant(np.array(bound, np.float32)) for bound in (0, 6))

    def convolution(x: str, *shape: int, **attributes: Any) -> str:
        weights = writer.constant(rng.normal(0, 0.4, shape).astype(np.float32))
        bias = writer.constant(rng.normal(0, 0.2, shape[0]).astype(np.float32))
        return writer.node("Conv", x, weights, bias, **attributes)

    def relu6(x: str) -> str:
        return writer.node("Clip", x, low, high)

    image = writer.input("image", "float32", SHAPE)
    stem = relu6(convolution(image, 8, 3, 3, 3, strides=[2, 2], pads=[0, 0, 1, 1]))
    expanded = relu6(convolution(stem, 24, 8, 1, 1))
    filtered = relu6(convolution(expanded, 24, 1, 3, 3, pads=[1, 1, 1, 1], group=24))
    total = writer.node("Add", stem, convolution(filtered, 8, 24, 1, 1))
    flat = writer.node("Flatten", writer.node("GlobalAveragePool", total))
    weights = writer.constant(rng.normal(0, 0.4, (8, 5)).astype(np.float32))
    logits = writer.node("Gemm", flat, weights, writer.constant(np.ones(5, np.float32)))
    return writer.model(writer.node("Softmax", logits), dtype="float32")


@pytest.mark.parametrize("per_channel", [False, True], ids=["per tensor", "per channel"])
@pytest.mark.parametrize("activations", [QuantType.QInt8, QuantType.QUInt8], ids=["s8", "u8"])
@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator], ids=["QDQ", "QOperator"])
def test_quantised_network(
    tmp_path: Path, form: QuantFormat, activations: QuantType, per_channel: bool
):
    source, target = tmp_path / "float.onnx", tmp_path / "quantised.onnx"
    onnx.save(inverted_residual_network(), str(source))
    quantize_static(
        source,
        target,
        RandomImages(),
        quant_format=form,
        activation_type=activations,
        weight_type=QuantType.QInt8,
        per_channel=per_channel,
        reduce_range=True,
    )
    network = import_onnx(target)
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert [kind for kind in kinds if kind != "rescale"] == [
        "conv2d",
        "pointwise",
        "depthwise",
        "pointwise",
        "add",
        "avg_pool",
        "linear",
    ]
    image = np.random.default_rng(2).uniform(-1, 1, SHAPE).astype(np.float32)
    model = onnx.load(target)
    assert_means(model, {"image": image}, network)
    differences = layer_differences(network, model, {"image": image}, optimised=True)
    assert max(difference.largest for difference in differences) <= 1
    assert sum(difference.different for difference in differences) <= 1
