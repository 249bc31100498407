"""Five mobile networks at width 1.0 for 224x224 images, as float ONNX with seeded weights.

MobileNetV1 (Howard et al. 2017), V2 (Sandler et al. 2018), MnasNet-B1 (Tan et al. 2019) and
MobileNetV3 small and large (Howard et al. 2019), as FuSeConv's tables have them (arXiv 2105.13434):
V3's squeezes are to a quarter of the expanded width, and every one of its blocks expands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

RESOLUTION = 224
CLASSES = 1000
OPSET = 17
IR_VERSION = 8

Activation: TypeAlias = Literal["Relu", "Relu6", "HardSwish"]


class Block(NamedTuple):
    """An inverted residual block: KxK depthwise, expanded and output channels, stride."""

    kernel: int
    expanded: int
    channels: int
    stride: int = 1
    squeeze: bool = False
    activation: Activation = "Relu"


def mobilenet_v1(seed: int = 0) -> onnx.ModelProto:
    """Depthwise and pointwise layers in turns, table 1."""
    network = _Builder("mobilenet-v1", 32, "Relu", seed)
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    blocks += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    for number, (channels, stride) in enumerate(blocks, start=1):
        network.depthwise(f"block{number}/dw", 3, stride, "Relu")
        network.convolution(f"block{number}/pw", channels, activation="Relu")
    return network.finish()


def mobilenet_v2(seed: int = 0) -> onnx.ModelProto:
    """Table 2: expansion, channels, repeats and stride of each stage."""
    stages = [(6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2)]
    network = _Builder("mobilenet-v2", 32, "Relu6", seed)
    network.separable("block1", Block(3, 32, 16, activation="Relu6"))
    width, number = 16, 1
    for expansion, channels, repeats, stride in [*stages, (6, 320, 1, 1)]:
        for repeat in range(repeats):
            number += 1
            expanded, step = expansion * width, 1 if repeat else stride
            block = Block(3, expanded, channels, step, activation="Relu6")
            network.bottleneck(f"block{number}", block)
            width = channels
    network.convolution("head", 1280, activation="Relu6")
    return network.finish()


def mnasnet_b1(seed: int = 0) -> onnx.ModelProto:
    """Figure 7a: kernel, expansion, channels, repeats and stride of each stage."""
    stages = [(3, 3, 24, 3, 2), (5, 3, 40, 3, 2), (5, 6, 80, 3, 2), (3, 6, 96, 2, 1)]
    network = _Builder("mnasnet-b1", 32, "Relu", seed)
    network.separable("block1", Block(3, 32, 16))
    width, number = 16, 1
    for kernel, expansion, channels, repeats, stride in [
        *stages,
        (5, 6, 192, 4, 2),
        (3, 6, 320, 1, 1),
    ]:
        for repeat in range(repeats):
            number += 1
            block = Block(kernel, expansion * width, channels, 1 if repeat else stride)
            network.bottleneck(f"block{number}", block)
            width = channels
    network.convolution("head", 1280, activation="Relu")
    return network.finish()


def mobilenet_v3_small(seed: int = 0) -> onnx.ModelProto:
    """Table 2."""
    swish: Activation = "HardSwish"
    return _mobilenet_v3(
        "mobilenet-v3-small",
        576,
        seed,
        [
            Block(3, 16, 16, 2, squeeze=True),
            Block(3, 72, 24, 2),
            Block(3, 88, 24),
            Block(5, 96, 40, 2, True, swish),
            Block(5, 240, 40, 1, True, swish),
            Block(5, 240, 40, 1, True, swish),
            Block(5, 120, 48, 1, True, swish),
            Block(5, 144, 48, 1, True, swish),
            Block(5, 288, 96, 2, True, swish),
            Block(5, 576, 96, 1, True, swish),
            Block(5, 576, 96, 1, True, swish),
        ],
    )


def mobilenet_v3_large(seed: int = 0) -> onnx.ModelProto:
    """Table 1."""
    swish: Activation = "HardSwish"
    return _mobilenet_v3(
        "mobilenet-v3-large",
        960,
        seed,
        [
            Block(3, 16, 16),
            Block(3, 64, 24, 2),
            Block(3, 72, 24),
            Block(5, 72, 40, 2, squeeze=True),
            Block(5, 120, 40, squeeze=True),
            Block(5, 120, 40, squeeze=True),
            Block(3, 240, 80, 2, activation=swish),
            Block(3, 200, 80, activation=swish),
            Block(3, 184, 80, activation=swish),
            Block(3, 184, 80, activation=swish),
            Block(3, 480, 112, 1, True, swish),
            Block(3, 672, 112, 1, True, swish),
            Block(5, 672, 160, 2, True, swish),
            Block(5, 960, 160, 1, True, swish),
            Block(5, 960, 160, 1, True, swish),
        ],
    )


def _mobilenet_v3(name: str, head: int, seed: int, blocks: Sequence[Block]) -> onnx.ModelProto:
    network = _Builder(name, 16, "HardSwish", seed)
    for number, block in enumerate(blocks, start=1):
        network.bottleneck(f"block{number}", block)
    network.convolution("head", head, activation="HardSwish")
    network.pool("pool")
    network.convolution("features", 1280, activation="HardSwish")
    return network.finish(pooled=True)


MOBILE_NETWORKS = {
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "mnasnet-b1": mnasnet_b1,
    "mobilenet-v3-small": mobilenet_v3_small,
    "mobilenet-v3-large": mobilenet_v3_large,
}
"""By their names: what builds them."""


@dataclass
class _Builder:
    """A chain of layers; `value` is the activation of the last one, of so many channels."""

    name: str
    first: int
    activation: Activation
    seed: int
    value: str = "input"
    channels: int = 3
    nodes: list[onnx.NodeProto] = field(default_factory=list[onnx.NodeProto])
    weights: list[onnx.TensorProto] = field(default_factory=list[onnx.TensorProto])

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self.convolution("conv", self.first, 3, 2, self.activation)

    def convolution(
        self,
        name: str,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        activation: Activation | None = None,
        groups: int = 1,
    ) -> None:
        """Convolution with bias, padded to the size of its input over the stride."""
        weights = self._constant(
            f"{name}/weights", channels, self.channels // groups, kernel, kernel
        )
        bias = self._constant(f"{name}/bias", channels)
        self._node(
            "Conv",
            name,
            [self.value, weights, bias],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
            group=groups,
        )
        self.channels = channels
        self._activate(name, activation)

    def depthwise(self, name: str, kernel: int, stride: int, activation: Activation | None) -> None:
        """Depthwise convolution."""
        self.convolution(name, self.channels, kernel, stride, activation, self.channels)

    def separable(self, name: str, block: Block) -> None:
        """A block that does not expand."""
        self.depthwise(f"{name}/dw", block.kernel, block.stride, block.activation)
        self.convolution(f"{name}/project", block.channels)

    def bottleneck(self, name: str, block: Block) -> None:
        """Expansion, depthwise, squeeze and excite where there is one, projection, residual."""
        source, width = self.value, self.channels
        self.convolution(f"{name}/expand", block.expanded, activation=block.activation)
        self.depthwise(
            f"{name}/dw", block.kernel, block.stride, None if block.squeeze else block.activation
        )
        if block.squeeze:
            self._squeeze_and_excite(f"{name}/se", block.expanded // 4)
            self._activate(f"{name}/se", block.activation)
        self.convolution(f"{name}/project", block.channels)
        if block.stride == 1 and block.channels == width:
            self._node("Add", f"{name}/add", [source, self.value])

    def _squeeze_and_excite(self, name: str, squeezed: int) -> None:
        gated, channels = self.value, self.channels
        self.pool(f"{name}/pool")
        self.convolution(f"{name}/reduce", squeezed, activation="Relu")
        self.convolution(f"{name}/expand", channels)
        self._node("HardSigmoid", f"{name}/gate", [self.value], alpha=1 / 6, beta=0.5)
        self._node("Mul", name, [gated, self.value])

    def pool(self, name: str) -> None:
        """Global average."""
        self._node("GlobalAveragePool", name, [self.value])

    def finish(self, *, pooled: bool = False) -> onnx.ModelProto:
        """Global average, if need be, and classifier."""
        if not pooled:
            self.pool("pool")
        self._node("Flatten", "flatten", [self.value])
        inputs = [
            self._constant("fc/weights", CLASSES, self.channels),
            self._constant("fc/bias", CLASSES),
        ]
        self._node("Gemm", "fc", [self.value, *inputs], transB=1)
        size = (1, 3, RESOLUTION, RESOLUTION)
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, size)],
            [helper.make_tensor_value_info(self.value, TensorProto.FLOAT, (1, CLASSES))],
            self.weights,
        )
        return helper.make_model(
            graph,
            producer_name="dsconv",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )

    def _activate(self, name: str, activation: Activation | None) -> None:
        match activation:
            case None:
                return
            case "Relu6":
                limits = [f"{name}/min", f"{name}/max"]
                for limit, value in zip(limits, (0, 6), strict=True):
                    self._add_weights(limit, np.float32(value))
                self._node("Clip", f"{name}/clip", [self.value, *limits])
            case _:
                self._node(activation, f"{name}/{activation.lower()}", [self.value])

    def _node(self, kind: str, name: str, inputs: Sequence[str], **attributes: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        self.value = name

    def _constant(self, name: str, *shape: int) -> str:
        """Normal weights that keep the variance of what they sum; biases are small."""
        spread = (2 / prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.1
        self._add_weights(
            name, np.float32(spread) * self._random.standard_normal(shape, np.float32)
        )
        return name

    def _add_weights(self, name: str, values: NDArray[np.float32] | np.float32) -> None:
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
