"""Writes small networks that compute on integers, in the manner of each of their exporters."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from frontend_models import Array, ModelWriter
from onnx import TensorProto

SHAPE = (1, 4, 8, 6)


class IntegerWriter(ModelWriter):
    """Layers of whole numbers in float32, as PyTorch exports them."""

    def __init__(self, seed: int = 0):
        super().__init__(opset=9)
        self.rng = np.random.default_rng(seed)

    def whole(self, low: int, high: int, *shape: int) -> Array:
        """Whole numbers from `low` to `high`."""
        return self.rng.integers(low, high + 1, shape).astype(np.float32)

    def convolution(self, x: str, kernels: int, channels: int, size: int, group: int = 1) -> str:
        """A Conv with pads that keep the map's size."""
        weights = self.constant(self.whole(-20, 20, kernels, channels // group, size, size))
        pad = size // 2
        return self.node("Conv", x, weights, group=group, pads=[pad] * 4, kernel_shape=[size, size])

    def requantised(self, x: str, channels: int) -> str:
        """The exporter's operations between the sums of a layer and its activation."""
        raise NotImplementedError

    def residual(self, lhs: str, rhs: str) -> str:
        """The exporter's sum of two activations."""
        raise NotImplementedError

    def end(self, x: str, features: int) -> str:
        """The exporter's last layer."""
        weights = self.constant(self.whole(-20, 20, features, 5))
        return self.node("MatMul", self.node("Flatten", x, axis=1), weights)

    def network(self) -> onnx.ModelProto:
        """A depthwise-separable block with its residual, a pool and a product."""
        image = self.input("image", "float32", SHAPE)
        first = self.requantised(self.convolution(image, 8, 4, 3), 8)
        depthwise = self.requantised(self.convolution(first, 8, 8, 3, group=8), 8)
        pointwise = self.requantised(self.convolution(depthwise, 8, 8, 1), 8)
        total = self.residual(first, pointwise)
        pooled = self.node("MaxPool", total, kernel_shape=[2, 2], strides=[2, 2])
        return self.model(self.end(pooled, 8 * 4 * 3), dtype="float32")


class NemoWriter(IntegerWriter):
    """kappa, lamda; then in int64 times m over D; and back to float32."""

    def requantised(self, x: str, channels: int) -> str:
        kappa = self.constant(self.whole(1, 900, 1, channels, 1, 1))
        lamda = self.constant(self.whole(-90_000, 900_000, 1, channels, 1, 1))
        affine = self.node("Add", self.node("Mul", kappa, x), lamda)
        wide = self.node("Cast", affine, to=TensorProto.INT64)
        product = self.node("Mul", wide, self.constant(np.array([43])))
        quotient = self.node("Div", product, self.constant(np.array((1 << 20) - 1)))
        again = self.node("Cast", quotient, to=TensorProto.FLOAT)
        return self.node("Clip", again, min=0.0, max=255.0)

    def residual(self, lhs: str, rhs: str) -> str:
        terms = [
            self.node("Mul", x, self.constant(np.array(factor, np.float32)))
            for x, factor in ((lhs, 32), (rhs, 24))
        ]
        quotient = self.node(
            "Div", self.node("Add", *terms), self.constant(np.array(56, np.float32))
        )
        return self.node("Floor", quotient)


class QuantLabWriter(IntegerWriter):
    """mul, add with half of the divisor in it, a power of two, Floor, Clip."""

    def requantised(self, x: str, channels: int) -> str:
        factors = self.constant(self.whole(1, 90, channels, 1, 1))
        return self._shifted(x, factors, self.whole(-9_000, 9_000, channels, 1, 1), 12)

    def _shifted(self, x: str, factors: str, addends: Array, shift: int) -> str:
        divisor = np.array(1 << shift, np.float32)
        affine = self.node("Add", self.node("Mul", x, factors), self.constant(addends))
        floor = self.node("Floor", self.node("Div", affine, self.constant(divisor)))
        return self.node("Clip", floor, min=-128.0, max=127.0)

    def residual(self, lhs: str, rhs: str) -> str:
        half = np.array(64, np.float32)
        terms = [
            self._shifted(x, self.constant(np.array(factor, np.float32)), half, 7)
            for x, factor in ((lhs, 70), (rhs, 50))
        ]
        unit = self.constant(np.array(1, np.float32))
        return self._shifted(self.node("Add", *terms), unit, np.array(0, np.float32), 0)

    def end(self, x: str, features: int) -> str:
        return self.requantised(super().end(x, features), 1)


class RequantShiftWriter(IntegerWriter):
    """One node behind every layer."""

    def requantised(self, x: str, channels: int, signed: int = 0) -> str:
        parameters = (
            self.constant(self.whole(1, 900, channels, 1, 1)),
            self.constant(self.whole(-9_000, 9_000, channels, 1, 1)),
        )
        attributes: dict[str, Any] = {
            name: onnx.numpy_helper.from_array(np.array(value, np.float32))
            for name, value in (("div", 1 << 15), ("n_levels_out", 256), ("signed", signed))
        }
        return self.node("RequantShift", x, *parameters, domain="PACTOps", **attributes)

    def residual(self, lhs: str, rhs: str) -> str:
        return self.requantised(self.node("Add", lhs, rhs), 1)

    def end(self, x: str, features: int) -> str:
        return self.requantised(super().end(x, features), 1, signed=1)


WRITERS: dict[str, type[IntegerWriter]] = {
    "NEMO": NemoWriter,
    "QuantLab": QuantLabWriter,
    "RequantShift": RequantShiftWriter,
}
