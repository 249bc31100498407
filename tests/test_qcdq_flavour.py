"""Brevitas' QCDQ: fewer than 8 bits, layer by layer against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import pytest
from exact_support import assert_means
from frontend_models import Array
from frontend_support import layer_differences, layer_operations
from qcdq_models import SHAPE, QcdqWriter

import dsconv
from dsconv.dialects.graph import RequantisedOperation
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation


def image() -> Array:
    return np.random.default_rng(9).normal(0, 1, SHAPE).astype(np.float32)


@pytest.mark.parametrize("bits", [2, 4, 6, 8])
def test_layers_are_what_onnx_runtime_gives(bits: int):
    model = QcdqWriter(bits).network()
    network = import_onnx(model)
    assert network.flavour == "QCDQ"
    assert_means(model, {"image": image()}, network)
    differences = layer_differences(network, model, {"image": image()}, optimised=False)
    assert not any(difference.different for difference in differences)


@pytest.mark.parametrize("bits", [2, 4])
def test_clips_become_ranges_of_the_layers_before_them(bits: int):
    network = import_onnx(QcdqWriter(bits).network())
    operations = list(layer_operations(network).values())
    assert [operation.kind for operation in operations] == [
        *("rescale", "conv2d", "depthwise", "pointwise"),
    ]
    high = 2 ** (bits - 1)
    ranges = [op.requant.clip for op in operations if isinstance(op, RequantisedOperation)]
    assert ranges == [(-high, high - 1), (0, 2**bits - 1), (-high, high - 1), (-high, high - 1)]


def test_the_c_is_bit_exact():
    assert dsconv.compile(QcdqWriter(4).network(), target="pulp_open").run(on="host").equal


def test_an_empty_range_names_the_clip():
    writer = QcdqWriter(4)
    meaning = Quantisation(0.5, 0, "int8")
    quantised = writer.quantize(writer.input("image", "float32", SHAPE), meaning)
    clip = writer.clip(quantised, 7, -8, "int8")
    with pytest.raises(ModelError, match=f"'{clip}.*empty range 7 to -8"):
        import_onnx(writer.model(writer.dequantize(clip, meaning), dtype="float32"))
