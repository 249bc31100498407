"""Whole networks: each layer on its true input and all layers end to end against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from frontend_support import (
    Array,
    layer_differences,
    layer_operations,
    model_file,
    onnx_runtime,
    run_network,
    with_exposed,
)

from dsconv.frontends import ImportedNetwork, import_onnx

KWS = "kws_dscnn_tflite_qdq"
MOBILENET = "mobilenet_v1_025_128_tflite_qdq"
VWW = "vww_ort_quantized"
NETWORKS = {
    KWS: (f"{KWS}/network.onnx", f"{KWS}/goldens.npz"),
    MOBILENET: (f"{MOBILENET}/network.onnx", f"{MOBILENET}/goldens.npz"),
    "vww_qdq": (f"{VWW}/qdq_pc_u8s8.onnx", f"{VWW}/qdq_pc_u8s8_goldens.npz"),
    "vww_qoperator": (f"{VWW}/qop_pc_u8s8.onnx", f"{VWW}/qop_pc_u8s8_goldens.npz"),
}
# Optimised, ONNX Runtime computes on integers as the import does: what differs is its product of
# accumulator and scale, rounded to float32 before it is rounded to an integer. Unoptimised, QDQ
# layers are float sums.
HIGHEST_RATES = {True: 1e-5, False: 1e-4}


def load(name: str) -> tuple[onnx.ModelProto, ImportedNetwork, Array]:
    """Model, import and inputs of a network."""
    model, goldens = (model_file(file) for file in NETWORKS[name])
    return onnx.load(model), import_onnx(model), np.load(goldens)["inputs"]


@pytest.mark.parametrize("optimised", [True, False], ids=["optimised", "unoptimised"])
@pytest.mark.parametrize("name", NETWORKS)
def test_layers_on_their_true_inputs(name: str, optimised: bool):
    model, network, inputs = load(name)
    differences = [
        difference
        for x in inputs
        for difference in layer_differences(
            network, model, {network.inputs[0].name: x}, optimised=optimised
        )
    ]
    assert max(difference.largest for difference in differences) <= 1
    different = sum(difference.different for difference in differences)
    values = sum(difference.values for difference in differences)
    assert different / values <= HIGHEST_RATES[optimised]


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_end_to_end(name: str):
    model, network, inputs = load(name)
    (port,), (output,), first = network.inputs, network.outputs, network.layers[0].inputs[0]
    assert first is not None
    session = onnx_runtime(with_exposed(model, [first.name, output.tensor]), optimised=True)
    for x in inputs:
        quantised, expected = map(np.asarray, session.run(None, {port.name: x}))
        (logits,) = run_network(network, first.view.stored(quantised))
        flat, wanted = logits.reshape(-1).astype(int), expected.reshape(-1).astype(int)
        assert np.abs(flat - wanted).max() <= 1
        assert flat.argmax() == wanted.argmax()


def test_mobilenet_takes_pixels_channels_last():
    _, network, _ = load(MOBILENET)
    text = str(network.module)
    assert "tensor<1x3x128x128xui8, #dsconv.layout<hwc>>" in text
    assert "-> tensor<1x1001x1x1xui8, #dsconv.layout<chw>>" in text
    assert network.inputs[0].shape == (1, 128, 128, 3)
    assert network.outputs[0].shape == (1, 1001)
    assert network.outputs[0].caller_steps == ("DequantizeLinear", "Softmax", "QuantizeLinear")


def test_mobilenet_keeps_its_layers():
    _, network, _ = load(MOBILENET)
    kinds = [operation.kind for operation in layer_operations(network).values()]
    assert kinds == ["conv2d", *["depthwise", "pointwise"] * 13, "avg_pool", "pointwise"]
    labels = [layer.label for layer in network.layers]
    assert labels[:3] == ["conv2d_0", "conv2d_1_depthwise", "conv2d_1_pointwise"]


def test_kws_reshape_of_the_input_is_a_relabelling():
    _, network, _ = load(KWS)
    assert "@network(%input: tensor<1x1x49x10xsi8, #dsconv.layout<chw>>)" in str(network.module)
    assert network.inputs[0].zero_point == 83


def test_the_float_input_of_vww_is_left_to_the_caller():
    _, network, _ = load("vww_qdq")
    (port,) = network.inputs
    assert port.float_model
    assert port.dtype == "uint8"
    assert "the caller gives clip(round_half_even(input_1 /" in network.notes[0]
