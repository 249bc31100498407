"""How well hybrids are chosen: the front of `Hybrids` beside the best of all 32 masks.

    python examples/cluttered_digits/all_masks.py FOLDER [EPOCHS]

reads FOLDER/train.npz, FOLDER/test.npz and FOLDER/teacher.onnx. For every number of cycles that a
mask takes, the choice within it and the best mask within it, by the accuracy of test images.
"""

from __future__ import annotations

import sys
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import onnx
from rich.console import Console
from rich.table import Table

from dsconv.training import Recipe, accuracy
from dsconv.training.data import Labelled
from dsconv.training.front import Choice
from dsconv.training.hybrid import Hybrids
from dsconv.training.latency import latency_on
from dsconv.training.student import Task

BATCH, TARGET = 128, "systolic_16"
console = Console()


def main() -> None:
    """Trains one supernet, then evaluates all of its masks."""
    folder = Path(sys.argv[1])
    recipe = Recipe(epochs=int(sys.argv[2]) if len(sys.argv) > 2 else 15)
    teacher = onnx.load(str(folder / "teacher.onnx"))
    with np.load(folder / "train.npz") as arrays:
        task = Task.of(teacher, teacher, arrays["images"], arrays["labels"], recipe, BATCH)
    with np.load(folder / "test.npz") as arrays:
        test = Labelled.of(task.teacher, arrays["images"], arrays["labels"])
    latency = latency_on(TARGET, "array", task.training.images)
    hybrids = Hybrids.of(task, latency, folder / "supernet.checkpoint", lambda _: None)
    options = {option.name: option for option in hybrids.options}

    masks: dict[tuple[str, ...], tuple[int, float]] = {}
    for layers in chain.from_iterable(combinations(options, n) for n in range(len(options) + 1)):
        choice = Choice()
        for name in layers:
            choice = choice.with_option(options[name])
        hybrids.supernet.take(layers, task.training.images)
        right = accuracy(hybrids.supernet, test.in_order(256))
        masks[layers] = hybrids.whole + choice.cycles, right

    table = Table("cycles", "chosen, %", "best mask, %", "lost, points", "axial layers")
    for budget in sorted({cycles for cycles, _ in masks.values()}):
        chosen = hybrids.within(budget).layers
        best = max(right for cycles, right in masks.values() if cycles <= budget)
        own = masks[chosen][1]
        table.add_row(
            f"{budget:,}",
            f"{100 * own:.1f}",
            f"{100 * best:.1f}",
            f"{100 * (best - own):.1f}",
            ", ".join(chosen),
        )
    console.print(table)


if __name__ == "__main__":
    main()
