"""Digits among parts of other digits: images, labels, and the untrained network that reads them.

    python examples/cluttered_digits/data.py FOLDER

writes train.npz and test.npz to a folder. Needs scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

SIZE = 12
"""Pixels of an image's side; the digits have 8."""
CLUTTER, CLUTTER_SIZE, CLUTTER_STRENGTH = 3, 3, 0.7
"""Parts of other digits in an image, their side, and their brightness beside the digit's."""
TEST_DIGITS = 500
TRAIN_COPIES, TEST_COPIES = 6, 2
"""Images of each digit, every one in another place among other parts."""
BLOCKS = ((32, 1), (32, 2), (48, 1), (64, 2), (64, 1))
"""Output channels and stride of the depthwise-separable blocks."""
STEM, CLASSES = 16, 10


class Split(NamedTuple):
    """Images (N, 1, 12, 12) within [0, 1], and their labels (N,)."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


class Digits(NamedTuple):
    """Images of scikit-learn, (M, 8, 8) within [0, 1], their labels (M,), and what each is for."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    training: NDArray[np.int64]
    test: NDArray[np.int64]

    @staticmethod
    def load(random: np.random.Generator) -> Digits:
        """All digits, in two parts at random."""
        pixels, labels = load_digits(return_X_y=True)
        images = np.asarray(pixels, np.float32).reshape(-1, 8, 8) / 16
        order = random.permutation(len(images))
        return Digits(
            images, np.asarray(labels, np.int64), order[:-TEST_DIGITS], order[-TEST_DIGITS:]
        )


def splits() -> tuple[Split, Split]:
    """Training and test images; their digits, and the parts around them, are not the same."""
    random = np.random.default_rng(0)
    digits = Digits.load(random)
    return (
        cluttered(digits, np.tile(digits.training, TRAIN_COPIES), random),
        cluttered(digits, np.tile(digits.test, TEST_COPIES), random),
    )


def cluttered(digits: Digits, chosen: NDArray[np.int64], random: np.random.Generator) -> Split:
    """Images of the chosen digits, with parts of the chosen ones alone."""
    images = np.zeros((len(chosen), 1, SIZE, SIZE), np.float32)
    for image, number in zip(images[:, 0], chosen, strict=True):
        for _ in range(CLUTTER):
            other = digits.images[random.choice(chosen)]
            part = patch(other, random.integers(0, 9 - CLUTTER_SIZE, 2), CLUTTER_SIZE)
            place = patch(image, random.integers(0, SIZE + 1 - CLUTTER_SIZE, 2), CLUTTER_SIZE)
            np.maximum(place, CLUTTER_STRENGTH * part, out=place)
        place = patch(image, random.integers(0, SIZE - 7, 2), 8)
        np.maximum(place, digits.images[number], out=place)
    return Split(images, digits.labels[chosen])


def patch(image: NDArray[np.float32], corner: NDArray[np.int64], side: int) -> NDArray[np.float32]:
    """A square of an image, as a view."""
    row, column = corner
    return image[row : row + side, column : column + side]


def network(seed: int) -> onnx.ModelProto:
    """The network with random weights: a convolution, five blocks, a classifier."""
    builder = _Builder(np.random.default_rng(seed))
    name, channels = builder.layer("stem", "image", (STEM, 1, 3, 3)), STEM
    for number, (width, stride) in enumerate(BLOCKS, start=1):
        name = builder.layer(f"block{number}/dw", name, (channels, 1, 3, 3), stride, channels)
        name = builder.layer(f"block{number}/pw", name, (width, channels, 1, 1))
        channels = width
    return builder.classified(name, channels)


class _Builder:
    def __init__(self, random: np.random.Generator):
        self.random = random
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def layer(
        self,
        name: str,
        source: str,
        shape: tuple[int, int, int, int],
        stride: int = 1,
        group: int = 1,
    ) -> str:
        """Convolution, batch normalisation and ReLU."""
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        weights = self.constant(f"{name}/weights", self.random.normal(0, deviation, shape))
        self.nodes.append(
            helper.make_node(
                "Conv",
                [source, weights],
                [f"{name}/conv"],
                name,
                kernel_shape=shape[2:],
                strides=[stride, stride],
                pads=[shape[2] // 2] * 4,
                group=group,
            )
        )
        statistics = {"scale": 1.0, "bias": 0.0, "mean": 0.0, "variance": 1.0}
        constants = [
            self.constant(f"{name}/{label}", np.full(shape[0], value))
            for label, value in statistics.items()
        ]
        self.nodes.append(
            helper.make_node(
                "BatchNormalization",
                [f"{name}/conv", *constants],
                [f"{name}/norm"],
                f"{name}/norm",
            )
        )
        self.nodes.append(
            helper.make_node("Relu", [f"{name}/norm"], [f"{name}/relu"], f"{name}/relu")
        )
        return f"{name}/relu"

    def classified(self, source: str, channels: int) -> onnx.ModelProto:
        weights = self.random.normal(0, channels**-0.5, (CLASSES, channels))
        constants = [
            self.constant("classifier/weights", weights),
            self.constant("classifier/bias", np.zeros(CLASSES)),
        ]
        self.nodes += [
            helper.make_node("GlobalAveragePool", [source], ["pool"], "pool"),
            helper.make_node("Flatten", ["pool"], ["flat"], "flatten"),
            helper.make_node("Gemm", ["flat", *constants], ["logits"], "classifier", transB=1),
        ]
        graph = helper.make_graph(
            self.nodes,
            "cluttered_digits",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, SIZE, SIZE])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])],
            self.constants,
        )
        opsets = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for name, split in zip(("train", "test"), splits(), strict=True):
        np.savez_compressed(folder / f"{name}.npz", **split._asdict())
