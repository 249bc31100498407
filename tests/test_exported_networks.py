"""Mobile networks from torch by way of ONNX Runtime's quantiser: they import, compile and agree."""

from __future__ import annotations

import onnx
import pytest
from frontend_support import layer_differences
from onnxruntime.quantization import QuantFormat

import dsconv
from dsconv.frontends import import_onnx

pytest.importorskip("torch", reason="torch is not installed: it exports these networks")
exported_networks = pytest.importorskip("exported_networks")

HIGHEST_RATE = 1e-5
"""Of values that differ by 1 from ONNX Runtime with optimisations, which computes on integers."""

QDQ, QOPERATOR = QuantFormat.QDQ, QuantFormat.QOperator
slow = pytest.mark.slow


def check(model: onnx.ModelProto, pixels: int, runner: str) -> None:
    network = import_onnx(model)
    (image,) = exported_networks.images(1, pixels, seed=1)[:, None]
    differences = layer_differences(network, model, {network.inputs[0].name: image}, optimised=True)
    assert max(difference.largest for difference in differences) <= 1
    different = sum(difference.different for difference in differences)
    assert different <= HIGHEST_RATE * sum(difference.values for difference in differences)
    assert dsconv.compile(model, target="pulp_open").run(image, on=runner).equal


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
def test_an_exported_network(name: str, width: float, pixels: int, form: QuantFormat, runner: str):
    check(exported_networks.quantised(name, width, pixels, form), pixels, runner)
