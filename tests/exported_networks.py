"""Mobile networks as torch modules with random weights, exported and quantised by ONNX Runtime."""

# torch need not be installed; tests that need it are skipped then
# pyright: reportMissingImports=false, reportUntypedBaseClass=false

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

CLASSES = 100
CHANNEL_MULTIPLE = 8
CALIBRATION_IMAGES = 4


def scaled(channels: int, width: float) -> int:
    """Channels of a network of another width, in whole multiples as all these networks have."""
    wanted = channels * width
    rounded = max(CHANNEL_MULTIPLE, int(wanted / CHANNEL_MULTIPLE + 0.5) * CHANNEL_MULTIPLE)
    return rounded if rounded >= 0.9 * wanted else rounded + CHANNEL_MULTIPLE


def convolution(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    *,
    groups: int = 1,
    activation: type[nn.Module] | None = None,
) -> nn.Sequential:
    """Convolution, normalisation and an activation function."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([] if activation is None else [activation()]))


class SqueezeAndExcite(nn.Module):
    """A gate for every channel, from the averages of all channels."""

    def __init__(self, channels: int, squeezed: int, gate: type[nn.Module]):
        super().__init__()
        self.gates = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, channels, 1),
            gate(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The map, channel by channel times its gate."""
        return x * self.gates(x)


@dataclass(frozen=True)
class Block:
    """An inverted residual block: expansion, depthwise filter, gate, projection."""

    kernel: int
    hidden: int
    outputs: int
    stride: int
    activation: type[nn.Module]
    gate: type[nn.Module] | None = None
    squeezed: int = 0


class InvertedResidual(nn.Module):
    """A `Block`, with a shortcut where it keeps the shape."""

    def __init__(self, inputs: int, block: Block):
        super().__init__()
        layers: list[nn.Module] = []
        if block.hidden != inputs:
            layers.append(convolution(inputs, block.hidden, activation=block.activation))
        layers.append(
            convolution(
                block.hidden,
                block.hidden,
                block.kernel,
                block.stride,
                groups=block.hidden,
                activation=block.activation,
            )
        )
        if block.gate is not None:
            layers.append(SqueezeAndExcite(block.hidden, block.squeezed, block.gate))
        layers.append(convolution(block.hidden, block.outputs))
        self.layers = nn.Sequential(*layers)
        self.has_shortcut = block.stride == 1 and inputs == block.outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The block's result, added to its input where there is a shortcut."""
        return x + self.layers(x) if self.has_shortcut else self.layers(x)


def classifier(features: Sequence[nn.Module], *head: nn.Module) -> nn.Module:
    """Feature layers, global average and a head."""
    return nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), *head)


def stages(
    inputs: int, table: Sequence[tuple[int, int, int, int, int]], width: float, **options: Any
) -> tuple[list[nn.Module], int]:
    """Stages of blocks (kernel, expansion, outputs, repeats, stride), and their last channels."""
    modules: list[nn.Module] = []
    for kernel, expansion, outputs, repeats, stride in table:
        for repeat in range(repeats):
            block = Block(
                kernel,
                inputs * expansion,
                scaled(outputs, width),
                stride if repeat == 0 else 1,
                squeezed=max(1, inputs // 4),
                **options,
            )
            modules.append(InvertedResidual(inputs, block))
            inputs = block.outputs
    return modules, inputs


def mobilenet_v1(width: float) -> nn.Module:
    """Depthwise-separable convolutions with ReLU."""
    inputs = scaled(32, width)
    modules: list[nn.Module] = [convolution(3, inputs, 3, 2, activation=nn.ReLU)]
    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
    channels = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
    for stride, outputs in zip(strides, channels, strict=True):
        modules.append(convolution(inputs, inputs, 3, stride, groups=inputs, activation=nn.ReLU))
        modules.append(convolution(inputs, scaled(outputs, width), activation=nn.ReLU))
        inputs = scaled(outputs, width)
    return classifier(modules, nn.Linear(inputs, CLASSES))


def mobilenet_v2(width: float) -> nn.Module:
    """Inverted residuals with ReLU6."""
    inputs, last = scaled(32, width), scaled(1280, max(width, 0.25))
    table = [
        (3, 1, 16, 1, 1),
        (3, 6, 24, 2, 2),
        (3, 6, 32, 3, 2),
        (3, 6, 64, 4, 2),
        (3, 6, 96, 3, 1),
        (3, 6, 160, 3, 2),
        (3, 6, 320, 1, 1),
    ]
    stem = convolution(3, inputs, 3, 2, activation=nn.ReLU6)
    blocks, inputs = stages(inputs, table, width, activation=nn.ReLU6)
    head = convolution(inputs, last, activation=nn.ReLU6)
    return classifier([stem, *blocks, head], nn.Linear(last, CLASSES))


def mobilenet_v3_small(width: float) -> nn.Module:
    """5x5 filters, squeeze-and-excite with hard sigmoids, hard swish."""
    relu, swish = nn.ReLU, nn.Hardswish
    table: list[tuple[int, int, int, bool, type[nn.Module], int]] = [
        (3, 16, 16, True, relu, 2),
        (3, 72, 24, False, relu, 2),
        (3, 88, 24, False, relu, 1),
        (5, 96, 40, True, swish, 2),
        (5, 240, 40, True, swish, 1),
        (5, 240, 40, True, swish, 1),
        (5, 120, 48, True, swish, 1),
        (5, 144, 48, True, swish, 1),
        (5, 288, 96, True, swish, 2),
        (5, 576, 96, True, swish, 1),
        (5, 576, 96, True, swish, 1),
    ]
    inputs = scaled(16, width)
    modules: list[nn.Module] = [convolution(3, inputs, 3, 2, activation=swish)]
    for kernel, expanded, outputs, gated, activation, stride in table:
        hidden = scaled(expanded, width)
        gate = nn.Hardsigmoid if gated else None
        block = Block(
            kernel, hidden, scaled(outputs, width), stride, activation, gate, scaled(hidden, 0.25)
        )
        modules.append(InvertedResidual(inputs, block))
        inputs = block.outputs
    last, hidden = scaled(576, width), scaled(1024, width)
    modules.append(convolution(inputs, last, activation=swish))
    return classifier(modules, nn.Linear(last, hidden), swish(), nn.Linear(hidden, CLASSES))


def mnasnet(width: float) -> nn.Module:
    """Inverted residuals of 3x3 and 5x5 with ReLU."""
    first, second, last = scaled(32, width), scaled(16, width), scaled(1280, width)
    table = [
        (3, 3, 24, 3, 2),
        (5, 3, 40, 3, 2),
        (5, 6, 80, 3, 2),
        (3, 6, 96, 2, 1),
        (5, 6, 192, 4, 2),
        (3, 6, 320, 1, 1),
    ]
    stem = [
        convolution(3, first, 3, 2, activation=nn.ReLU),
        convolution(first, first, 3, groups=first, activation=nn.ReLU),
        convolution(first, second),
    ]
    blocks, inputs = stages(second, table, width, activation=nn.ReLU)
    head = convolution(inputs, last, activation=nn.ReLU)
    return classifier([*stem, *blocks, head], nn.Linear(last, CLASSES))


EFFICIENTNET = [
    (3, 1, 16, 1, 1),
    (3, 6, 24, 2, 2),
    (5, 6, 40, 2, 2),
    (3, 6, 80, 3, 2),
    (5, 6, 112, 3, 1),
    (5, 6, 192, 4, 2),
    (3, 6, 320, 1, 1),
]


def _efficientnet(width: float, activation: type[nn.Module], **options: Any) -> nn.Module:
    first, last = scaled(32, width), scaled(1280, width)
    stem = convolution(3, first, 3, 2, activation=activation)
    blocks, inputs = stages(first, EFFICIENTNET, width, activation=activation, **options)
    head = convolution(inputs, last, activation=activation)
    return classifier([stem, *blocks, head], nn.Linear(last, CLASSES))


def efficientnet_lite0(width: float) -> nn.Module:
    """EfficientNet without gates, with ReLU6."""
    return _efficientnet(width, nn.ReLU6)


def efficientnet_b0(width: float) -> nn.Module:
    """Squeeze-and-excite with sigmoids, x * sigmoid(x)."""
    return _efficientnet(width, nn.SiLU, gate=nn.Sigmoid)


NETWORKS = {
    make.__name__: make
    for make in (
        mobilenet_v1,
        mobilenet_v2,
        mobilenet_v3_small,
        mnasnet,
        efficientnet_lite0,
        efficientnet_b0,
    )
}
"""By name: from a width to a network."""


def images(count: int, pixels: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Random images (count, 3, pixels, pixels) with structure of several scales."""
    rng = np.random.default_rng(seed)
    total = np.zeros((count, 3, pixels, pixels), np.float32)
    for scale in (1, 4, 16):
        coarse = rng.normal(0, 1, (count, 3, -(-pixels // scale), -(-pixels // scale)))
        total += coarse.repeat(scale, 2).repeat(scale, 3)[..., :pixels, :pixels]
    return total


class CalibrationImages(CalibrationDataReader):
    """A few images for ONNX Runtime's quantiser."""

    def __init__(self, pixels: int):
        self._images: Iterator[npt.NDArray[np.float32]] = iter(images(CALIBRATION_IMAGES, pixels))

    def get_next(self) -> dict[str, Any]:
        """The next image, nothing behind the last."""
        image = next(self._images, None)
        return {} if image is None else {"image": image[None]}


def export(name: str, width: float, pixels: int, file: Path) -> None:
    """Writes a network of NETWORKS as a float ONNX model.

    Its normalisations get the statistics of random images, so that activations keep their size
    through all layers.
    """
    torch.manual_seed(0)
    network = NETWORKS[name](width)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        network(torch.from_numpy(images(CALIBRATION_IMAGES, pixels)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's other exporter needs one more package
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 3, pixels, pixels),),
            file,
            input_names=["image"],
            output_names=["logits"],
            opset_version=17,
            dynamo=False,
        )


def quantised(name: str, width: float, pixels: int, form: QuantFormat) -> onnx.ModelProto:
    """A network of NETWORKS, quantised by ONNX Runtime to uint8 with int8 weights per channel.

    Weights keep to 7 bits, because ONNX Runtime's uint8 x int8 product saturates on processors
    without VNNI.
    """
    with TemporaryDirectory() as folder:
        real, prepared, integers = (Path(folder) / f"{step}.onnx" for step in "abc")
        export(name, width, pixels, real)
        quant_pre_process(real, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            integers,
            CalibrationImages(pixels),
            quant_format=form,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(integers)
