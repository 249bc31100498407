"""Brevitas' QCDQ: fewer than 8 bits, layer by layer against ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from frontend_models import Array, ModelWriter
from frontend_support import layer_differences, layer_operations

import dsconv
from dsconv.dialects.graph import RequantisedOperation
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.scales import Quantisation

SHAPE = (1, 3, 8, 6)


class QcdqWriter(ModelWriter):
    """Quantisers as Brevitas exports them: QuantizeLinear, Clip to fewer bits, DequantizeLinear."""

    def __init__(self, bits: int):
        super().__init__(opset=13)
        self.bits = bits
        self.rng = np.random.default_rng(bits)

    def quantised(self, x: str, scale: float, signed: bool) -> str:
        """An activation of `bits` bits."""
        dtype = "int8" if signed else "uint8"
        low, high = (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1)
        bounds = (low, high) if signed else (0, 2**self.bits - 1)
        meaning = Quantisation(float(np.float32(scale)), 0, dtype)
        clip = self.clip(self.quantize(x, meaning), *bounds, dtype)
        return self.dequantize(clip, meaning)

    def clip(self, x: str, low: int, high: int, dtype: str) -> str:
        """A Clip of integers."""
        return self.node("Clip", x, *(self.constant(np.array(b, dtype)) for b in (low, high)))

    def weights(self, *shape: int, as_float: bool = False) -> str:
        """Narrow weights per channel, as integers or as floats to be quantised in the file."""
        limit = 2 ** (self.bits - 1) - 1
        integers = self.rng.integers(-limit, limit + 1, shape).astype(np.int8)
        scale = self.rng.uniform(0.01, 0.02, shape[0]).astype(np.float32)
        names = self.constant(scale), self.constant(np.zeros(shape[0], np.int8))
        tensor = self.constant(integers)
        if as_float:
            reals = integers * scale.reshape(-1, *[1] * (len(shape) - 1)) * np.float32(1.5)
            tensor = self.node("QuantizeLinear", self.constant(reals), *names, axis=0)
        clipped = self.clip(tensor, -limit, limit, "int8")
        return self.node("DequantizeLinear", clipped, *names, axis=0)

    def network(self) -> onnx.ModelProto:
        """A depthwise-separable block."""
        image = self.quantised(self.input("image", "float32", SHAPE), 0.02, signed=True)
        bias = self.constant(self.rng.normal(0, 0.1, 8).astype(np.float32))
        first = self.node("Conv", image, self.weights(8, 3, 3, 3), bias, pads=[1, 1, 1, 1])
        first = self.quantised(self.node("Relu", first), 0.03, signed=False)
        weights = self.weights(8, 1, 3, 3, as_float=True)
        depthwise = self.node("Conv", first, weights, group=8, pads=[1, 1, 1, 1])
        depthwise = self.quantised(depthwise, 0.02, signed=True)
        last = self.quantised(self.node("Conv", depthwise, self.weights(5, 8, 1, 1)), 0.01, True)
        return self.model(last, dtype="float32")


def image() -> Array:
    return np.random.default_rng(9).normal(0, 1, SHAPE).astype(np.float32)


@pytest.mark.parametrize("bits", [2, 4, 6, 8])
def test_layers_are_what_onnx_runtime_gives(bits: int):
    model = QcdqWriter(bits).network()
    network = import_onnx(model)
    assert network.flavour == "QCDQ"
    differences = layer_differences(network, model, {"image": image()}, optimised=True)
    assert sum(difference.different for difference in differences) <= 1
    assert max(difference.largest for difference in differences) <= 1


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
