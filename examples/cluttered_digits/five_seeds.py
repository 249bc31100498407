"""What scaffolding recovers: accuracies of five seeds, all trained for equally many epochs.

    python examples/cluttered_digits/five_seeds.py RESULTS.csv [SEED ...]

Appends one line for each seed that RESULTS.csv does not have, and prints the table of all.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from data import Split, network, splits
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

import dsconv
from dsconv.axial import Variant, axial
from dsconv.quantise import quantise
from dsconv.training import OnnxModule, Recipe, Scaffold, accuracy, fit, recalibrate
from dsconv.training.data import Labelled
from dsconv.verification.onnx_runtime import run_model
from dsconv.verification.verify import verify

EPOCHS, BATCH = 15, 128
CALIBRATION_IMAGES = 256
SEEDS = range(5)
console = Console()


@dataclass(frozen=True)
class Accuracies:
    """Shares of right answers of the test images, by how the axial-half student was trained.

    `differing`: values of the int8 student that dsconv and ONNX Runtime compute differently, all
    for sums that lie within float32's rounding of a tie.
    """

    seed: int
    teacher: float
    scratch: float
    distilled: float
    adapters: float
    scaffolded: float
    int8: float
    differing: int


def measured(seed: int) -> Accuracies:
    """Trains a teacher and its students from one seed."""
    training, test = splits()
    untrained = network(seed)
    labelled, tested = (
        Labelled.of(OnnxModule(untrained), split.images, split.labels) for split in (training, test)
    )

    def trained(module: nn.Module, teacher: nn.Module | None = None) -> nn.Module:
        fit(module, labelled.shuffled(BATCH), Recipe(epochs=EPOCHS, seed=seed), teacher=teacher)
        return module

    def right(module: nn.Module) -> float:
        return accuracy(module, tested.in_order(BATCH))

    def scaffolded(origin: onnx.ModelProto, teacher: nn.Module | None) -> OnnxModule:
        torch.manual_seed(seed)
        scaffold = Scaffold(origin, Variant.HALF, labelled.images[:CALIBRATION_IMAGES])
        trained(scaffold, teacher)
        student = scaffold.collapsed()
        recalibrate(student, labelled.images.split(CALIBRATION_IMAGES))
        return student

    teacher = OnnxModule(untrained)
    trained(teacher)
    student = scaffolded(teacher.to_onnx(), teacher)
    int8, differing = quantised(student.to_onnx(), training, test)
    return Accuracies(
        seed,
        right(teacher),
        right(trained(OnnxModule(axial(untrained, Variant.HALF)))),
        right(trained(OnnxModule(axial(untrained, Variant.HALF)), teacher)),
        right(scaffolded(teacher.to_onnx(), None)),
        right(student),
        int8,
        differing,
    )


def quantised(student: onnx.ModelProto, training: Split, test: Split) -> tuple[float, int]:
    """Accuracy of the int8 student on dsconv's host, and values that ONNX Runtime has otherwise.

    Where any is, every layer is compared on those images; one that float32's rounding does not
    explain ends the measurement.
    """
    with TemporaryDirectory() as folder:
        path, integers = Path(folder, "student.onnx"), Path(folder, "int8.onnx")
        onnx.save(student, str(path))
        quantise(path, {"image": training.images[:CALIBRATION_IMAGES]}, integers)
        compiled = dsconv.compile(integers, "host")
        report = compiled.run(test.images)
        assert report.equal
        logits = compiled.imported.outputs[0].tensor
        feeds = [{"image": image[None]} for image in test.images]
        rows = run_model(onnx.load(str(integers)), feeds, [logits], optimised=True)
        own = report.output.reshape(len(feeds), -1)
        differs = own != np.concatenate([row[logits] for row in rows])
        images = test.images[differs.any(axis=1)]
        if len(images):
            found = verify(compiled, integers, images, on="host")
            assert found.equal, found.verdict
    return float(np.mean(own.argmax(1) == test.labels)), int(np.count_nonzero(differs))


def known(path: Path) -> dict[int, Accuracies]:
    """Seeds that a file has results of."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        rows = [
            Accuracies(
                int(row.pop("seed")),
                differing=int(row.pop("differing")),
                **{name: float(share) for name, share in row.items()},
            )
            for row in csv.DictReader(file)
        ]
    return {row.seed: row for row in rows}


def table(rows: list[Accuracies]) -> Table:
    """Means and standard deviations in percent, and the share of the gap that is recovered."""
    made = Table("student", "right, %", "of the gap", title=f"{len(rows)} seeds, {EPOCHS} epochs")
    values = {
        field.name: np.array([getattr(row, field.name) for row in rows])
        for field in fields(Accuracies)
    }
    teacher, scratch = values["teacher"].mean(), values["scratch"].mean()
    labels = {
        "teacher": "teacher (3x3)",
        "scratch": "half, from scratch",
        "distilled": "half, distilled from the teacher",
        "adapters": "half, through adapters alone",
        "scaffolded": "half, through adapters and distilled",
        "int8": "the same in int8, by dsconv",
    }
    for name, label in labels.items():
        mean, spread = values[name].mean(), values[name].std(ddof=min(1, len(rows) - 1))
        share = (mean - scratch) / (teacher - scratch)
        made.add_row(label, f"{100 * mean:.1f} ± {100 * spread:.1f}", f"{share:.0%}")
    made.caption = f"{values['differing'].sum()} values differ between dsconv and ONNX Runtime"
    return made


def main() -> None:
    """Trains what is missing and prints what there is."""
    path = Path(sys.argv[1])
    wanted = list(map(int, sys.argv[2:])) or list(SEEDS)
    for seed in track([seed for seed in wanted if seed not in known(path)], console=console):
        row = asdict(measured(seed))
        is_new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if is_new:
                writer.writeheader()
            writer.writerow(row)
    console.print(table([row for seed, row in known(path).items() if seed in wanted]))


if __name__ == "__main__":
    main()
