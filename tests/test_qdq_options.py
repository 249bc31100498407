"""Every way to write one quantised convolution as QDQ, against ONNX Runtime's unoptimised run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array, ModelWriter
from frontend_support import layer_differences, layer_operations

from dsconv.frontends import import_onnx

SHAPE = (1, 4, 6, 5)
KERNELS = 6


@dataclass(frozen=True)
class Options:
    """What may differ between exporters that mean the same network."""

    x_dtype: str = "uint8"
    w_dtype: str = "int8"
    per_channel: bool = True
    activation_scale: tuple[int, ...] = ()
    weight_scale: tuple[int, ...] = ()
    zero_points: bool = True
    quantised_weights: bool = True
    bias: str = "int32"
    activation: str = ""


class Writer(ModelWriter):
    """One convolution with options."""

    def __init__(self, options: Options):
        super().__init__()
        self.options = options
        self.rng = np.random.default_rng(4)

    def activation_parameters(self, scale: float, zero_point: int) -> list[str]:
        shape = self.options.activation_scale
        names = [self.constant(np.full(shape, scale, np.float32))]
        if self.options.zero_points:
            names.append(self.constant(np.full(shape, zero_point, self.options.x_dtype)))
        return names

    def weights(self) -> tuple[str, Array]:
        """The dequantised weights and their scales."""
        options = self.options
        info = np.iinfo(options.w_dtype)
        shape = (KERNELS, SHAPE[1], 3, 3)
        array = self.rng.integers(info.min, info.max + 1, shape).astype(options.w_dtype)
        scales = (KERNELS,) if options.per_channel else options.weight_scale
        scale = self.rng.uniform(0.002, 0.004, scales).astype(np.float32)
        zero_point = 0 if options.w_dtype == "int8" else 117
        parameters = [self.constant(scale)]
        if options.zero_points:
            parameters.append(self.constant(np.full(scales, zero_point, options.w_dtype)))
        axis: dict[str, Any] = {"axis": 0} if options.per_channel else {}
        tensor = self.constant(array)
        if not options.quantised_weights:
            reals = (array.astype(np.float32) - zero_point) * scale.reshape(-1, 1, 1, 1)
            tensor = self.node("QuantizeLinear", self.constant(reals), *parameters, **axis)
        return self.node("DequantizeLinear", tensor, *parameters, **axis), scale

    def bias(self, units: Array) -> list[str]:
        values = self.rng.integers(-3000, 3000, KERNELS).astype(np.int32)
        match self.options.bias:
            case "int32":
                axis: dict[str, Any] = {"axis": 0} if units.size > 1 else {}
                scale = self.constant(units)
                return [self.node("DequantizeLinear", self.constant(values), scale, **axis)]
            case "other scale":
                scale = self.constant(np.array(0.00037, np.float32))
                return [self.node("DequantizeLinear", self.constant(values), scale)]
            case "float":
                return [self.constant((values * units).astype(np.float32))]
            case _:
                return []

    def network(self) -> onnx.ModelProto:
        """The convolution between its quantisers."""
        options = self.options
        weights, scale = self.weights()
        x = self.input("x", options.x_dtype, SHAPE)
        parameters = self.activation_parameters(0.03, 20)
        real = self.node("DequantizeLinear", x, *parameters)
        y = self.node(
            "Conv", real, weights, *self.bias(np.float32(0.03) * scale), pads=[1, 1, 1, 1]
        )
        if options.bias == "Add":
            values = self.rng.normal(0, 0.3, (KERNELS, 1, 1)).astype(np.float32)
            y = self.node("Add", y, self.constant(values))
        if options.activation == "Relu":
            y = self.node("Relu", y)
        if options.activation == "Clip":
            bounds = [self.constant(np.array(bound, np.float32)) for bound in (0, 6)]
            y = self.node("Clip", y, *bounds)
        return self.model(self.node("QuantizeLinear", y, *self.activation_parameters(0.07, 9)))


CASES = {
    "scalar scales": Options(per_channel=False),
    "scales of one element": Options(per_channel=False, activation_scale=(1,), weight_scale=(1,)),
    "one scale for activations, many for weights": Options(activation_scale=(1,)),
    "no zero points": Options(zero_points=False),
    "no zero points, per tensor": Options(zero_points=False, per_channel=False),
    "s8 activations": Options(x_dtype="int8"),
    "u8 weights": Options(w_dtype="uint8"),
    "u8 weights per tensor": Options(w_dtype="uint8", per_channel=False),
    "s8 activations and u8 weights": Options(x_dtype="int8", w_dtype="uint8"),
    "weights quantised in the file": Options(quantised_weights=False),
    "weights quantised in the file, per tensor": Options(
        quantised_weights=False, per_channel=False
    ),
    "no bias": Options(bias=""),
    "float bias": Options(bias="float"),
    "bias of another scale": Options(bias="other scale"),
    "bias in an Add": Options(bias="Add"),
    "Relu": Options(activation="Relu"),
    "Relu6": Options(activation="Clip", x_dtype="int8"),
}


@pytest.mark.parametrize("case", CASES)
def test_option(case: str):
    options = CASES[case]
    model = Writer(options).network()
    network = import_onnx(model)
    assert [op.kind for op in layer_operations(network).values()] == ["conv2d"]
    info = np.iinfo(options.x_dtype)
    x = np.random.default_rng(1).integers(info.min, info.max + 1, SHAPE, options.x_dtype)
    assert_means(model, {"x": x}, network)
    (difference,) = layer_differences(network, model, {"x": x}, optimised=False)
    assert difference.largest <= 1
    assert difference.different <= 1
