"""How well hybrids are chosen: the front of `Hybrids` beside the best of all 32 masks.

    python examples/cluttered_digits/all_masks.py FOLDER

reads FOLDER/teacher.onnx. For every number of cycles that a mask takes, the choice within it and
the best of all masks within it, both by the images that the choice goes by.
"""

from __future__ import annotations

import sys
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import onnx
from data import TRAIN_COPIES, Digits, cluttered
from rich.console import Console
from rich.table import Table

from dsconv.training import OnnxModule, Recipe
from dsconv.training.data import Labelled
from dsconv.training.hybrid import Hybrids
from dsconv.training.latency import latency_on
from dsconv.training.student import Task

EPOCHS, BATCH, TARGET = 15, 128, "systolic_16"
COPIES = 4
"""Images of each digit that a choice goes by."""
console = Console()


def main() -> None:
    """Trains one supernet, then evaluates all of its masks."""
    folder = Path(sys.argv[1])
    teacher = onnx.load(str(folder / "teacher.onnx"))
    module = OnnxModule(teacher)
    random = np.random.default_rng(0)
    digits = Digits.load(random)
    training, held_out = (
        Labelled.of(module, *cluttered(digits, np.tile(chosen, copies), random))
        for chosen, copies in ((digits.training, TRAIN_COPIES), (digits.test, COPIES))
    )
    task = Task(teacher, module, training, held_out, Recipe(epochs=EPOCHS), BATCH)
    latency = latency_on(TARGET, "array", task.training.images)
    hybrids = Hybrids.of(task, latency, folder / "supernet.checkpoint")
    tried = len(hybrids.tried)
    chosen = {
        budget: hybrids.within(budget) for budget in sorted({one.cycles for one in hybrids.front()})
    }
    layers = list(hybrids.saved)
    hybrids.try_all(chain.from_iterable(combinations(layers, n) for n in range(len(layers) + 1)))

    title = f"{tried} of {len(hybrids.tried)} hybrids tried"
    table = Table("cycles", "chosen, %", "best, %", "lost, points", "axial layers", title=title)
    for budget in sorted({hybrid.cycles for hybrid in hybrids.tried.values()}):
        own = chosen[max(cycles for cycles in chosen if cycles <= budget)]
        best = hybrids.within(budget)
        table.add_row(
            f"{budget:,}",
            f"{100 * own.accuracy:.1f}",
            f"{100 * best.accuracy:.1f}",
            f"{100 * (best.accuracy - own.accuracy):.1f}",
            ", ".join(own.layers),
        )
    console.print(table)


if __name__ == "__main__":
    main()
