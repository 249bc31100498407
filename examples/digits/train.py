"""Trains and quantises the digits network: writes digits.onnx and digits_test.npz beside this file.

Needs scikit-learn, PyTorch and ONNX Runtime; takes about half a minute on one core.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

HERE = Path(__file__).parent
SEED = 0
TEST_IMAGES = 360
CALIBRATION_IMAGES = 256
EPOCHS = 60
BATCH = 64
INPUT = "image"
STEM_CHANNELS = 16
BLOCKS = ((32, 1), (32, 2), (64, 1), (64, 2))  # output channels, stride of the depthwise layer

Images = NDArray[np.float32]  # (N, 1, 16, 16), within [0, 1]


class Split(NamedTuple):
    """Images and their labels (N,)."""

    images: Images
    labels: NDArray[np.int64]


class Layer(NamedTuple):
    """A convolution of 1x1 or 3x3 with its batch normalisation folded in, followed by ReLU."""

    name: str
    weights: NDArray[np.float32]  # (K, C / groups, FY, FX)
    bias: NDArray[np.float32]  # (K,)
    stride: int
    groups: int


def load() -> tuple[Split, Split]:
    """The training and the test split; each pixel of the 8x8 images becomes 2x2 pixels."""
    pixels, digits = load_digits(return_X_y=True)
    small = np.asarray(pixels, np.float32).reshape(-1, 1, 8, 8) / 16
    images = np.kron(small, np.ones((2, 2), np.float32))
    labels = np.asarray(digits, np.int64)
    return (
        Split(images[:-TEST_IMAGES], labels[:-TEST_IMAGES]),
        Split(images[-TEST_IMAGES:], labels[-TEST_IMAGES:]),
    )


def conv_bn_relu(c: int, k: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution without bias, batch normalisation and ReLU, on c input and k output channels."""
    conv = nn.Conv2d(c, k, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(k), nn.ReLU())


def network() -> nn.Sequential:
    """The untrained network; its convolutions carry the names they have in the ONNX file."""
    model = nn.Sequential()
    model.add_module("conv", conv_bn_relu(1, STEM_CHANNELS, 3))
    channels = STEM_CHANNELS
    for index, (out_channels, stride) in enumerate(BLOCKS, start=1):
        depthwise = conv_bn_relu(channels, channels, 3, stride, groups=channels)
        model.add_module(f"block{index}/dw", depthwise)
        model.add_module(f"block{index}/pw", conv_bn_relu(channels, out_channels, 1))
        channels = out_channels
    model.add_module("pool", nn.AdaptiveAvgPool2d(1))
    model.add_module("flatten", nn.Flatten())
    model.add_module("fc", nn.Linear(channels, 10))
    return model


def shifted(images: torch.Tensor) -> torch.Tensor:
    """The batch moved by up to two pixels in a random direction, for augmentation."""
    y, x = torch.randint(0, 5, (2,)).tolist()
    height, width = images.shape[2:]
    return functional.pad(images, (2, 2, 2, 2))[:, :, y : y + height, x : x + width]


def train(model: nn.Sequential, split: Split) -> None:
    """Fit the model to the split with AdamW and a one-cycle learning rate."""
    images, labels = torch.from_numpy(split.images), torch.from_numpy(split.labels)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    batches = -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, EPOCHS * batches)
    model.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            logits = model(shifted(images[batch]))
            loss = functional.cross_entropy(logits, labels[batch], label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()


def folded(name: str, block: nn.Sequential) -> Layer:
    """A trained `conv_bn_relu` as one convolution with bias."""
    conv, norm = block[0], block[1]
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weights = conv.weight * gain[:, None, None, None]
    bias = norm.bias - norm.running_mean * gain
    return Layer(name, weights.detach().numpy(), bias.detach().numpy(), conv.stride[0], conv.groups)


def to_onnx(model: nn.Sequential, image_shape: tuple[int, ...]) -> onnx.ModelProto:
    """The trained network as float ONNX: one image (1, 1, H, W) in, logits (1, 10) out."""
    children = dict(model.named_children())
    layers = [folded(n, block) for n, block in children.items() if isinstance(block, nn.Sequential)]
    fc = children["fc"]
    assert isinstance(fc, nn.Linear)
    constants = {
        "fc/weights": fc.weight.detach().numpy(),
        "fc/bias": fc.bias.detach().numpy(),
        **{f"{layer.name}/weights": layer.weights for layer in layers},
        **{f"{layer.name}/bias": layer.bias for layer in layers},
    }
    sources = [INPUT, *(f"{layer.name}/relu" for layer in layers)]
    graph = helper.make_graph(
        [
            *(n for pair in zip(layers, sources[:-1], strict=True) for n in conv_nodes(*pair)),
            node("GlobalAveragePool", "pool", sources[-1]),
            node("Flatten", "flatten", "pool"),
            node("Gemm", "logits", "flatten", "fc/weights", "fc/bias", transB=1),
        ],
        "digits",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, image_shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, 10))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 13)])


def conv_nodes(layer: Layer, source: str) -> list[onnx.NodeProto]:
    """The layer's convolution, reading `source`, and its ReLU, giving `<name>/relu`."""
    kernel = layer.weights.shape[2:]
    conv = node(
        "Conv",
        layer.name,
        source,
        f"{layer.name}/weights",
        f"{layer.name}/bias",
        kernel_shape=kernel,
        strides=[layer.stride] * 2,
        pads=[kernel[0] // 2] * 4,
        group=layer.groups,
    )
    return [conv, node("Relu", f"{layer.name}/relu", layer.name)]


def node(op: str, name: str, *inputs: str, **attributes: Any) -> onnx.NodeProto:
    """A node with one output, named as the node."""
    return helper.make_node(op, inputs, [name], name, **attributes)


class TrainingImages(CalibrationDataReader):
    """Feeds images one by one to ONNX Runtime's calibration."""

    def __init__(self, images: Images) -> None:
        self._feeds: Iterator[dict[str, Images]] = ({INPUT: image} for image in images[:, None])

    def get_next(self) -> dict[str, Images]:
        """The next image as the network's input; nothing after the last."""
        return next(self._feeds, {})


def quantise(model: onnx.ModelProto, images: Images, path: Path) -> None:
    """Write the model with uint8 activations and per-channel int8 weights, as QDQ."""
    with tempfile.TemporaryDirectory() as scratch:
        float_path = Path(scratch) / "float.onnx"
        onnx.save(model, float_path)
        quantize_static(
            float_path,
            path,
            TrainingImages(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


def accuracy(model: onnx.ModelProto, split: Split) -> float:
    """Fraction of the split that ONNX Runtime classifies rightly with the model."""
    session = ort.InferenceSession(model.SerializeToString())
    logits = [np.asarray(session.run(None, {INPUT: image})[0]) for image in split.images[:, None]]
    return float(np.mean(np.concatenate(logits).argmax(1) == split.labels))


def main() -> None:
    """Train, quantise, write the files and print both accuracies on the test split."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    training, test = load()
    model = network()
    train(model, training)
    float_model = to_onnx(model, (1, *training.images.shape[1:]))
    quantise(float_model, training.images[:CALIBRATION_IMAGES], HERE / "digits.onnx")
    np.savez_compressed(HERE / "digits_test.npz", images=test.images, labels=test.labels)
    print(f"float {accuracy(float_model, test):.4f}")
    print(f"int8  {accuracy(onnx.load(HERE / 'digits.onnx'), test):.4f}")


if __name__ == "__main__":
    main()
