"""The paper's six networks at width 0.25, and two of them at 1.0, as quantised ONNX (QDQ).

Weights are random, from a seed.

A network is a list of layers. `build` runs it once in float on natural-looking inputs, which
normalises every convolution (a folded batch normalisation) and finds the range of every activation,
and then emits it with QuantizeLinear and DequantizeLinear around each layer:

- activations: uint8, per tensor, asymmetric; zero point 0 wherever a ReLU precedes;
- weights: int8, per output channel, symmetric;
- biases: int32, with the product of the input's and the weights' scales as scale.

Every node has one output of the same name: `block3/dw`, `block3/dw/relu`, `block3/dw/quantize`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8
INPUT = "input"
RELU6_MAX = 6.0
CALIBRATION_SAMPLES = 4
# Percentage of an activation's values that its quantised range covers.
COVERAGE = 99.9
# Smallest standard deviation that is normalised to 1: keeps near-silent channels quiet.
STD_FLOOR = 0.1

Floats: TypeAlias = NDArray[np.float32]
Activation: TypeAlias = Literal["Relu", "Clip"]


@dataclass(frozen=True)
class Conv:
    """Convolution with bias; `kernel` is (FY, FX), `pads` is ONNX's (top, left, bottom, right)."""

    name: str
    source: str
    channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    activation: Activation | None = None


@dataclass(frozen=True)
class Depthwise:
    """Depthwise 3x3 convolution with bias and channel multiplier 1."""

    name: str
    source: str
    stride: int
    activation: Activation
    kernel: tuple[int, int] = (3, 3)
    pads: tuple[int, int, int, int] = (1, 1, 1, 1)


@dataclass(frozen=True)
class Add:
    """Residual sum of two activations of the same shape."""

    name: str
    left: str
    right: str


@dataclass(frozen=True)
class Pool:
    """Global average over the height and width of an activation."""

    name: str
    source: str


@dataclass(frozen=True)
class Linear:
    """Fully connected layer with bias on a flattened 1x1 map."""

    name: str
    source: str
    classes: int


Layer: TypeAlias = Conv | Depthwise | Add | Pool | Linear


@dataclass(frozen=True)
class ZooNetwork:
    """Layers in order of execution; `input_shape` is (C, IY, IX), the last layer is a Linear."""

    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...]


def _mobilenet_v1(resolution: int, classes: int, width: float = 0.25) -> ZooNetwork:
    """MobileNetV1 (Howard et al., 2017), table 1."""
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    blocks += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    channels = _channels(32, width)
    layers: list[Layer] = [Conv("conv", INPUT, channels, (3, 3), 2, (1, 1, 1, 1), "Relu")]
    for index, (channels, stride) in enumerate(blocks, start=1):
        source = layers[-1].name
        layers += _separable_block(f"block{index}", source, _channels(channels, width), stride)
    layers += _classifier(layers[-1].name, classes)
    return ZooNetwork((3, resolution, resolution), tuple(layers))


def _mobilenet_v2(resolution: int, width: float = 0.25) -> ZooNetwork:
    """MobileNetV2 (Sandler et al., 2018), table 2."""
    stages = [  # expansion t, channels c, repeats n, stride s of the first
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    bottlenecks = [
        (expansion, _channels(channels, width), 1 if repeat else stride)
        for expansion, channels, repeats, stride in stages
        for repeat in range(repeats)
    ]
    inputs = _channels(32, width)
    layers: list[Layer] = [Conv("conv", INPUT, inputs, (3, 3), 2, (1, 1, 1, 1), "Clip")]
    for index, (expansion, channels, stride) in enumerate(bottlenecks, start=1):
        source = layers[-1].name
        layers += _bottleneck(f"block{index}", source, inputs, expansion, channels, stride)
        inputs = channels
    layers.append(Conv("head", layers[-1].name, 1280, activation="Clip"))
    layers += _classifier(layers[-1].name, 1000)
    return ZooNetwork((3, resolution, resolution), tuple(layers))


def _dscnn() -> ZooNetwork:
    """DS-CNN small (Zhang et al., 2017): keyword spotting on 49 frames of 10 coefficients."""
    layers: list[Layer] = [Conv("conv", INPUT, 64, (10, 4), 2, (4, 1, 5, 1), "Relu")]
    for index in range(1, 5):
        layers += _separable_block(f"block{index}", layers[-1].name, 64, 1)
    layers += _classifier(layers[-1].name, 12)
    return ZooNetwork((1, 49, 10), tuple(layers))


def _channels(channels: int, width: float) -> int:
    """Channels of a layer at a width, to the nearest multiple of 8."""
    return max(8, round(channels * width / 8) * 8)


def _separable_block(name: str, source: str, channels: int, stride: int) -> list[Layer]:
    return [
        Depthwise(f"{name}/dw", source, stride, "Relu"),
        Conv(f"{name}/pw", f"{name}/dw", channels, activation="Relu"),
    ]


def _bottleneck(
    name: str, source: str, inputs: int, expansion: int, channels: int, stride: int
) -> list[Layer]:
    """An inverted residual block on so many input channels."""
    layers: list[Layer] = []
    if expansion > 1:
        layers.append(Conv(f"{name}/expand", source, expansion * inputs, activation="Clip"))
    layers += [
        Depthwise(f"{name}/dw", layers[0].name if layers else source, stride, "Clip"),
        Conv(f"{name}/project", f"{name}/dw", channels),
    ]
    if stride == 1 and channels == inputs:
        layers.append(Add(f"{name}/add", source, f"{name}/project"))
    return layers


def _classifier(source: str, classes: int) -> list[Layer]:
    return [Pool("pool", source), Linear("fc", "pool", classes)]


NETWORKS: Mapping[str, ZooNetwork] = MappingProxyType(
    {
        "mv1-224": _mobilenet_v1(224, 1000),
        "mv1-128": _mobilenet_v1(128, 1000),
        "mv1-96": _mobilenet_v1(96, 2),
        "mv2-224": _mobilenet_v2(224),
        "mv2-128": _mobilenet_v2(128),
        "dscnn": _dscnn(),
    }
)
"""The paper's."""

FULL_WIDTH: Mapping[str, ZooNetwork] = MappingProxyType(
    {
        "mv1-1.0-224": _mobilenet_v1(224, 1000, width=1.0),
        "mv2-1.0-224": _mobilenet_v2(224, width=1.0),
    }
)
"""For an accelerator behind DRAM."""


def build(name: str, seed: int = 0) -> onnx.ModelProto:
    """The named network, float32 image (1, C, IY, IX) in, dequantised logits (1, classes) out.

    The seed fixes weights and scales. Raises ValueError for a name that is not in `NETWORKS` or
    `FULL_WIDTH`.
    """
    network = _network(name)
    samples = [calibration_input(name, seed + i) for i in range(CALIBRATION_SAMPLES)]
    calibration = _Calibration(np.concatenate(samples), np.random.default_rng(seed))
    for layer in network.layers:
        calibration.run(layer)
    return _emit(name, network, calibration)


def calibration_input(name: str, seed: int = 0) -> Floats:
    """A seeded natural-looking input for the named network: (1, C, IY, IX), within [-1, 1].

    Its amplitude spectrum falls as 1/f, as that of photographs does, and channels are correlated.
    Raises ValueError for a name that is not in `NETWORKS` or `FULL_WIDTH`.
    """
    channels, height, width = _network(name).input_shape
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = np.inf
    noise = rng.standard_normal((1 + channels, height, width))
    common, *own = np.fft.irfft2(np.fft.rfft2(noise) / frequency, s=(height, width))
    image = common + 0.3 * np.stack(own)
    return (image / np.abs(image).max())[None].astype(np.float32)


def _network(name: str) -> ZooNetwork:
    known = {**NETWORKS, **FULL_WIDTH}
    if name not in known:
        raise ValueError(f"unknown network {name!r}; known are {', '.join(known)}")
    return known[name]


class _Parameters(NamedTuple):
    weights: Floats  # (K, C / groups, FY, FX) or (K, C)
    bias: Floats  # (K,)


class _Quantisation(NamedTuple):
    scale: np.float32
    zero_point: np.uint8


@dataclass
class _Calibration:
    """Runs layers in float, inventing their parameters, and keeps what quantisation needs."""

    images: Floats
    rng: np.random.Generator
    activations: dict[str, Floats] = field(init=False)
    parameters: dict[str, _Parameters] = field(default_factory=dict[str, _Parameters])

    def __post_init__(self) -> None:
        self.activations = {INPUT: self.images}

    def run(self, layer: Layer) -> None:
        """Compute the layer's activation, after its ReLU if any, from those it reads."""
        match layer:
            case Conv() | Depthwise():
                result = self._convolve(layer)
            case Add(left=left, right=right):
                result = self.activations[left] + self.activations[right]
            case Pool(source=source):
                result = self.activations[source].mean((2, 3), keepdims=True)
            case Linear():
                result = self._connect(layer)
        self.activations[layer.name] = result

    def quantisation(self, name: str) -> _Quantisation:
        """The uint8 range of an activation: `COVERAGE` of its values, zero included."""
        tail = (100 - COVERAGE) / 2
        low, high = np.percentile(self.activations[name], (tail, 100 - tail))
        low, high = min(low, 0.0), max(high, 0.0)
        scale = np.float32((high - low) / 255)
        return _Quantisation(scale, np.uint8(round(-low / scale)))

    def _convolve(self, layer: Conv | Depthwise) -> Floats:
        image = self.activations[layer.source]
        channels = image.shape[1]
        weights = self._he_normal(
            (channels, 1, *layer.kernel)
            if isinstance(layer, Depthwise)
            else (layer.channels, channels, *layer.kernel)
        )
        response = _convolution(image, weights, layer)
        gain, bias = self._batch_normalisation(response)
        self.parameters[layer.name] = _Parameters(weights * gain[:, None, None, None], bias)
        return _activate(response * gain[:, None, None] + bias[:, None, None], layer.activation)

    def _connect(self, layer: Linear) -> Floats:
        features = self.activations[layer.source][:, :, 0, 0]
        weights = self._he_normal((layer.classes, features.shape[1]))
        bias = self.rng.normal(0, 0.1, layer.classes).astype(np.float32)
        self.parameters[layer.name] = _Parameters(weights, bias)
        return features @ weights.T + bias

    def _he_normal(self, shape: tuple[int, ...]) -> Floats:
        std = np.sqrt(2 / np.prod(shape[1:]))
        return self.rng.normal(0, std, shape).astype(np.float32)

    def _batch_normalisation(self, response: Floats) -> tuple[Floats, Floats]:
        """Gain and bias per channel for a (N, K, OY, OX) response, as training might leave them."""
        channels = response.shape[1]
        gain = self.rng.uniform(0.5, 2, channels)
        gain /= np.maximum(response.std((0, 2, 3)), STD_FLOOR)
        bias = self.rng.normal(0.2, 0.5, channels) - gain * response.mean((0, 2, 3))
        return gain.astype(np.float32), bias.astype(np.float32)


def _convolution(image: Floats, weights: Floats, layer: Conv | Depthwise) -> Floats:
    top, left, bottom, right = layer.pads
    padded = np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = sliding_window_view(padded, layer.kernel, axis=(2, 3))
    windows = windows[:, :, :: layer.stride, :: layer.stride]
    if isinstance(layer, Depthwise):
        return np.einsum("nkyxij,kij->nkyx", windows, weights[:, 0])
    return np.moveaxis(np.tensordot(windows, weights, ((1, 4, 5), (1, 2, 3))), 3, 1)


def _activate(values: Floats, activation: Activation | None) -> Floats:
    match activation:
        case "Relu":
            return np.maximum(values, 0)
        case "Clip":
            return np.clip(values, 0, RELU6_MAX)
        case None:
            return values


@dataclass
class _Emitter:
    """Collects nodes and constants; every value is named after the node that gives it."""

    calibration: _Calibration
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    constants: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])

    def node(self, op: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        self.constants[name] = np.asarray(value)
        return name

    def layer(self, layer: Layer) -> None:
        """Emit the layer on dequantised inputs, its ReLU if any, and its quantisation."""
        match layer:
            case Conv() | Depthwise():
                value = self._conv(layer)
            case Add(left=left, right=right):
                value = self.node("Add", layer.name, [_dequantised(left), _dequantised(right)])
            case Pool(source=source):
                value = self.node("GlobalAveragePool", layer.name, [_dequantised(source)])
            case Linear():
                value = self._linear(layer)
        self.quantise(value, layer.name, layer.name)

    def quantise(self, value: str, name: str, activation: str) -> str:
        """Quantise a value with the range of an activation; returns the dequantised value."""
        scale, zero_point = self.calibration.quantisation(activation)
        parameters = [
            self.constant(f"{name}/scale", scale),
            self.constant(f"{name}/zero_point", zero_point),
        ]
        quantised = self.node("QuantizeLinear", f"{name}/quantize", [value, *parameters])
        return self.node("DequantizeLinear", _dequantised(name), [quantised, *parameters])

    def _conv(self, layer: Conv | Depthwise) -> str:
        parameters = self._parameters(layer)
        weights = self.calibration.parameters[layer.name].weights
        value = self.node(
            "Conv",
            layer.name,
            [_dequantised(layer.source), *parameters],
            kernel_shape=layer.kernel,
            strides=[layer.stride] * 2,
            pads=layer.pads,
            group=len(weights) if isinstance(layer, Depthwise) else 1,
        )
        match layer.activation:
            case "Relu":
                return self.node("Relu", f"{layer.name}/relu", [value])
            case "Clip":
                low = self.constant("relu6/min", np.float32(0))
                high = self.constant("relu6/max", np.float32(RELU6_MAX))
                return self.node("Clip", f"{layer.name}/clip", [value, low, high])
            case None:
                return value

    def _linear(self, layer: Linear) -> str:
        name = f"{layer.name}/flatten"
        flat = self.node("Flatten", name, [_dequantised(layer.source)])
        features = self.quantise(flat, name, layer.source)
        return self.node("Gemm", layer.name, [features, *self._parameters(layer)], transB=1)

    def _parameters(self, layer: Conv | Depthwise | Linear) -> list[str]:
        """Emit int8 weights and int32 bias; returns their dequantised values."""
        weights, bias = self.calibration.parameters[layer.name]
        limits = np.abs(weights).max(tuple(range(1, weights.ndim)), keepdims=True)
        scale = limits / np.float32(127)
        bias_scale = scale.ravel() * self.calibration.quantisation(layer.source).scale
        return [
            self._dequantised_constant(
                f"{layer.name}/weights", np.rint(weights / scale).astype(np.int8), scale.ravel()
            ),
            self._dequantised_constant(
                f"{layer.name}/bias", np.rint(bias / bias_scale).astype(np.int32), bias_scale
            ),
        ]

    def _dequantised_constant(self, name: str, values: NDArray[Any], scale: Floats) -> str:
        inputs = [
            self.constant(f"{name}/values", values),
            self.constant(f"{name}/scale", scale),
            self.constant(f"{name}/zero_point", np.zeros(len(scale), values.dtype)),
        ]
        return self.node("DequantizeLinear", name, inputs, axis=0)


def _dequantised(name: str) -> str:
    return f"{name}/dequantize"


def _emit(name: str, network: ZooNetwork, calibration: _Calibration) -> onnx.ModelProto:
    emitter = _Emitter(calibration)
    emitter.quantise(INPUT, INPUT, INPUT)
    for layer in network.layers:
        emitter.layer(layer)
    output = network.layers[-1].name
    classes = calibration.activations[output].shape[1]
    graph = helper.make_graph(
        emitter.nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, (1, *network.input_shape))],
        [helper.make_tensor_value_info(_dequantised(output), TensorProto.FLOAT, (1, classes))],
        [numpy_helper.from_array(value, key) for key, value in emitter.constants.items()],
    )
    return helper.make_model(
        graph,
        producer_name="dsconv",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
