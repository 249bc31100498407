"""Writes small networks as Brevitas exports them."""

from __future__ import annotations

import numpy as np
import onnx
from frontend_models import ModelWriter

from dsconv.frontends.arithmetic.scales import Quantisation

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
