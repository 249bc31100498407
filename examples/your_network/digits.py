"""What both ways share: scikit-learn's digits, and some seconds of training."""

from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

TRAINING, TEST = slice(0, 1400), slice(1400, None)

_digits = load_digits()
images = torch.tensor(_digits.images[:, None] / 16, dtype=torch.float32)
labels = torch.tensor(_digits.target)


def train(network: nn.Module) -> None:
    """Trains a network on the first 1400 images, and leaves it in `eval` mode."""
    torch.set_num_threads(1)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(6):
        for rows in torch.randperm(TRAINING.stop).split(64):
            loss = nn.functional.cross_entropy(network(images[rows]), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    network.eval()


def save(path: Path) -> None:
    """Writes 200 images to calibrate with, and images and labels to test with."""
    np.savez(
        path,
        calibration=images[TRAINING][:200].numpy(),
        images=images[TEST].numpy(),
        labels=labels[TEST].numpy(),
    )
