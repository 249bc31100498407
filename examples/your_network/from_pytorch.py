"""A network in PyTorch, trained for some seconds on scikit-learn's digits, as float ONNX.

Writes float.onnx, and digits.npz with images to calibrate with, and images and labels to test with.
"""

from pathlib import Path

import torch
from digits import images, save, train
from torch import nn


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A depthwise and a pointwise convolution."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, padding=1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1, bias=False),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    separable(16, 32),
    separable(32, 32, stride=2),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 10),
)
train(network)
names = {"input_names": ["image"], "output_names": ["scores"]}
torch.onnx.export(network, (images[:1],), "float.onnx", **names)
save(Path("digits.npz"))
