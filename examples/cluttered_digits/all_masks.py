"""How well hybrids are chosen: the front of `Hybrids` beside the best of all 32 masks.

    python examples/cluttered_digits/all_masks.py FOLDER

reads FOLDER/teacher.onnx. For every number of cycles that a mask takes, the choice within it and
the best mask within it. One half of the test digits says what layers cost, the other half judges.
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

from dsconv.training import OnnxModule, Recipe, accuracy
from dsconv.training.data import Labelled
from dsconv.training.front import Choice
from dsconv.training.hybrid import Hybrids
from dsconv.training.latency import latency_on
from dsconv.training.student import Task

EPOCHS, BATCH, TARGET = 15, 128, "systolic_16"
COPIES = 8
"""Images of each digit that says what layers cost, or that judges."""
console = Console()


def main() -> None:
    """Trains one supernet, then evaluates all of its masks."""
    folder = Path(sys.argv[1])
    teacher = onnx.load(str(folder / "teacher.onnx"))
    module = OnnxModule(teacher)
    random = np.random.default_rng(0)
    digits = Digits.load(random)
    half = len(digits.test) // 2
    training, held_out, test = (
        Labelled.of(module, *cluttered(digits, np.tile(chosen, copies), random))
        for chosen, copies in (
            (digits.training, TRAIN_COPIES),
            (digits.test[:half], COPIES),
            (digits.test[half:], COPIES),
        )
    )
    task = Task(teacher, module, training, held_out, Recipe(epochs=EPOCHS), BATCH)
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
