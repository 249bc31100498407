"""What a training leaves beside its student: curves and fronts, as CSV and as plots."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from dsconv.files import written_at_once
from dsconv.training.hybrid import Hybrid
from dsconv.training.loop import Epoch


def write_log(log: Sequence[Epoch], path: Path) -> None:
    """One line an epoch in PATH.csv, the curves in PATH.png."""
    columns = [field.name for field in fields(Epoch)]
    _write_csv(path.with_suffix(".csv"), columns, (asdict(epoch) for epoch in log))
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    numbers = [epoch.number for epoch in log]
    loss.plot(numbers, [epoch.loss for epoch in log])
    loss.set_ylabel("loss")
    accuracy.plot(numbers, [100 * epoch.accuracy for epoch in log])
    accuracy.set_ylabel("right answers in training, %")
    for axes in (loss, accuracy):
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
    with written_at_once(path.with_suffix(".png")) as draft:
        figure.savefig(draft, dpi=150)


def write_front(front: Sequence[Hybrid], path: Path) -> None:
    """One line a hybrid in PATH.csv, accuracy against cycles in PATH.png."""
    _write_csv(
        path.with_suffix(".csv"),
        ("file", "cycles", "accuracy", "layers"),
        (
            {
                "file": hybrid_path(path, number).name,
                "cycles": hybrid.cycles,
                "accuracy": hybrid.accuracy,
                "layers": " ".join(hybrid.layers),
            }
            for number, hybrid in enumerate(front, start=1)
        ),
    )
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(
        [hybrid.cycles / 1e3 for hybrid in front],
        [100 * hybrid.accuracy for hybrid in front],
        marker="o",
    )
    axes.set_xlabel("thousand cycles")
    axes.set_ylabel("right answers of what was held out, %")
    axes.grid(alpha=0.3)
    with written_at_once(path.with_suffix(".png")) as draft:
        figure.savefig(draft, dpi=150)


def hybrid_path(path: Path, number: int) -> Path:
    """The file of one hybrid of a front, counted from 1."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    with written_at_once(path) as draft, draft.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
