"""Mobile networks from torch by way of ONNX Runtime's quantiser: they import, compile and agree."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnxruntime.quantization import QuantFormat

import dsconv
from dsconv.verification.verify import verify

pytest.importorskip("torch", reason="torch is not installed; make exported installs and runs this")
exported_networks = pytest.importorskip("exported_networks")

QDQ, QOPERATOR = QuantFormat.QDQ, QuantFormat.QOperator
slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "width", "pixels", "form", "runner"),
    [
        ("mobilenet_v3_small", 0.25, 96, QDQ, "qemu"),
        pytest.param("mobilenet_v1", 0.25, 224, QDQ, "host", marks=slow),
        pytest.param("mobilenet_v1", 0.5, 128, QOPERATOR, "host", marks=slow),
        pytest.param("mobilenet_v2", 0.25, 160, QDQ, "host", marks=slow),
        pytest.param("mobilenet_v3_small", 0.5, 128, QDQ, "host", marks=slow),
        pytest.param("mobilenet_v3_small", 0.25, 96, QOPERATOR, "host", marks=slow),
        pytest.param("mnasnet", 0.25, 128, QDQ, "host", marks=slow),
        pytest.param("efficientnet_lite0", 0.25, 128, QDQ, "host", marks=slow),
        pytest.param("efficientnet_b0", 0.25, 96, QDQ, "host", marks=slow),
    ],
)
def test_an_exported_network(
    name: str, width: float, pixels: int, form: QuantFormat, runner: str, tmp_path: Path
):
    model = tmp_path / "network.onnx"
    onnx.save(exported_networks.quantised(name, width, pixels, form), str(model))
    (image,) = exported_networks.images(1, pixels, seed=1)[:, None]
    found = verify(dsconv.compile(model, target="pulp_open"), model, image, on=runner)
    assert found.equal
    assert all(layer.agreement is not None for layer in found.layers)
