"""Trains the teacher: from the images of data.py to float ONNX.

    python examples/cluttered_digits/train.py FOLDER

reads FOLDER/train.npz, writes FOLDER/teacher.onnx. Needs torch and scikit-learn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from data import network
from rich.progress import Progress

from dsconv.training import OnnxModule, Recipe, fit
from dsconv.training.data import Labelled

EPOCHS, BATCH = 15, 128


def main() -> None:
    """Trains for a minute or two."""
    folder = Path(sys.argv[1])
    teacher = OnnxModule(network(seed=0))
    with np.load(folder / "train.npz") as arrays:
        training = Labelled.of(teacher, arrays["images"], arrays["labels"])
    with Progress() as progress:
        bar = progress.add_task("teacher", total=EPOCHS)
        fit(
            teacher,
            training.shuffled(BATCH),
            Recipe(epochs=EPOCHS),
            tell=lambda epoch: progress.update(bar, completed=epoch.number),
        )
    onnx.save(teacher.to_onnx(), str(folder / "teacher.onnx"))


if __name__ == "__main__":
    main()
