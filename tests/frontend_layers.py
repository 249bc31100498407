"""Random layers as ONNX models, and how an import of one agrees with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from exact_support import assert_means
from frontend_models import ModelWriter
from frontend_support import Array, onnx_runtime, run_network
from hypothesis import settings
from hypothesis import strategies as st

from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

DTYPES = ("int8", "uint8")
FLAVOURS = ("QDQ", "QOperator")
EXAMPLES = settings(max_examples=40, derandomize=True)

dtypes = st.sampled_from(DTYPES)
flavours = st.sampled_from(FLAVOURS)
seeds = st.integers(0, 2**32 - 1)


def random_integers(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> Array:
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def random_quantisation(rng: np.random.Generator, dtype: str, scale: float = 0.05) -> Quantisation:
    exact = np.float32(rng.uniform(0.5, 2) * scale)
    return Quantisation(float(exact), int(random_integers(rng, dtype, ())), dtype)


def supported_signs(flavour: str, x: str, y: str, weights: str) -> tuple[str, str, str]:
    """The nearest types for which ONNX Runtime has a kernel of the flavour."""
    if flavour == "QDQ":
        return x, y, weights
    return x, x, "int8" if x == "int8" else weights


def imported_inputs(network: ImportedNetwork, feeds: Mapping[str, Array]) -> list[Array]:
    """The feeds as (1, C, H, W) arrays, each read as the layer that takes it reads it."""
    views = {
        tensor.name: tensor.view
        for layer in network.layers
        for tensor in layer.inputs
        if tensor is not None
    }
    return [views[port.name].stored(feeds[port.name]) for port in network.inputs]


def assert_agrees(
    model: onnx.ModelProto, feeds: Mapping[str, Array], ties: Array | bool = False
) -> ImportedNetwork:
    """Every value is what the file means, and agrees with one of ONNX Runtime's two modes.

    At `ties` it may be off by one from the latter.
    """
    network = assert_means(model, feeds, import_onnx(model, "layer"))
    (result,) = run_network(network, *imported_inputs(network, feeds))
    flat = result.astype(int).reshape(-1)
    distances = [
        np.abs(flat - np.asarray(session.run(None, dict(feeds))[0]).reshape(-1))
        for session in (onnx_runtime(model, optimised=optimised) for optimised in (False, True))
    ]
    nearest = np.minimum(*distances)
    assert nearest.max() <= 1
    assert not np.any((nearest > 0) & ~np.broadcast_to(np.reshape(ties, -1), nearest.shape))
    return network


def assert_nearly_agrees(
    model: onnx.ModelProto, feeds: Mapping[str, Array], *, most_away: float = 0.02
) -> ImportedNetwork:
    """Every value is what the file means, and at most one off from ONNX Runtime's floats.

    Fewer than that part are, where float32 rounds to the other side of a tie.
    """
    network = assert_means(model, feeds)
    (result,) = run_network(network, *imported_inputs(network, feeds))
    (expected,) = onnx_runtime(model, optimised=False).run(None, dict(feeds))
    away = np.abs(result.astype(int).reshape(-1) - np.asarray(expected).reshape(-1))
    assert away.max() <= 1
    assert np.mean(away > 0) < most_away
    return network


@dataclass(frozen=True)
class Weighted:
    """Quantised operands of a convolution or product: K channels of weights."""

    x: Quantisation
    y: Quantisation
    weights: Array
    weight_scale: Array
    weight_zero_point: Array
    bias: Array

    @property
    def bias_scale(self) -> Array:
        return (np.float32(self.x.scale) * self.weight_scale).astype(np.float32)

    @staticmethod
    def random(
        rng: np.random.Generator,
        x_dtype: str,
        y_dtype: str,
        weights_dtype: str,
        shape: tuple[int, ...],
        *,
        per_channel: bool = False,
        weight_zero_points: bool = False,
    ) -> Weighted:
        """Scales that spread the results over the whole output range.

        Weights keep to 7 bits, because ONNX Runtime's uint8 x int8 product saturates on processors
        without VNNI.
        """
        kernels, taps = shape[0], int(np.prod(shape[1:]))
        weights = random_integers(rng, weights_dtype, shape) // 2
        parameters = (kernels,) if per_channel else ()
        zero_point = random_integers(rng, weights_dtype, parameters) // 2 * weight_zero_points
        x = random_quantisation(rng, x_dtype)
        scale = rng.uniform(0.001, 0.002, parameters).astype(np.float32)
        spread = 128 * 64 * np.sqrt(taps) * x.scale * 0.0015
        return Weighted(
            x,
            random_quantisation(rng, y_dtype, spread / 64),
            weights,
            np.asarray(scale),
            np.asarray(zero_point, weights_dtype),
            rng.integers(-3000, 3000, kernels, np.int32),
        )


def qdq_weights(writer: ModelWriter, layer: Weighted, axis: int = 0) -> str:
    return writer.dequantized_constant(
        layer.weights, layer.weight_scale, layer.weight_zero_point, axis
    )


def qdq_bias(writer: ModelWriter, layer: Weighted) -> str:
    zeros = np.zeros(layer.bias_scale.shape, np.int32)
    return writer.dequantized_constant(layer.bias, layer.bias_scale, zeros)


def qoperator_weights(writer: ModelWriter, layer: Weighted) -> list[str]:
    parts = (layer.weights, layer.weight_scale, layer.weight_zero_point)
    return [writer.constant(part) for part in parts]


def convolution_model(
    flavour: str, layer: Weighted, shape: tuple[int, ...], **attributes: Any
) -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.input("x", layer.x.dtype, shape)
    if flavour == "QDQ":
        operands = (
            writer.dequantize(x, layer.x),
            qdq_weights(writer, layer),
            qdq_bias(writer, layer),
        )
        y = writer.quantize(writer.node("Conv", *operands, **attributes), layer.y)
    else:
        y = writer.node(
            "QLinearConv",
            x,
            *writer.parameters(layer.x),
            *qoperator_weights(writer, layer),
            *writer.parameters(layer.y),
            writer.constant(layer.bias),
            **attributes,
        )
    return writer.model(y, dtype=layer.y.dtype)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    pads = [draw(st.integers(0, size - 1)) for size in (*kernel, *kernel)]
    return {
        "kernel_shape": list(kernel),
        "pads": pads,
        "strides": draw(st.lists(st.integers(1, 3), min_size=2, max_size=2)),
        "dilations": draw(st.lists(st.integers(1, 2), min_size=2, max_size=2)),
    }
