"""A network in PyTorch, trained for some seconds on scikit-learn's digits, as float ONNX.

Writes float.onnx, and digits.npz with images to calibrate with, and images and labels to test with.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
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
torch.set_num_threads(1)
digits = load_digits()
images = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
labels = torch.tensor(digits.target)
train, test = slice(0, 1400), slice(1400, None)

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
optimiser = torch.optim.Adam(network.parameters(), 0.01)
for _ in range(6):
    for rows in torch.randperm(1400).split(64):
        loss = nn.functional.cross_entropy(network(images[train][rows]), labels[train][rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

network.eval()
names = {"input_names": ["image"], "output_names": ["scores"]}
torch.onnx.export(network, (images[:1],), "float.onnx", **names)
np.savez(
    "digits.npz",
    calibration=images[train][:200].numpy(),
    images=images[test].numpy(),
    labels=labels[test].numpy(),
)
