"""dsconv scaffold: trains the axial student of a float network."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from dsconv.axial import Variant
from dsconv.cli.arrays import load_array
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
from dsconv.cli.options import ARRAYS, OutputModel
from dsconv.cli.progress import working
from dsconv.errors import DsconvError
from dsconv.files import check_writable, written_at_once
from dsconv.frontends.onnx_file.model_file import load_model

if TYPE_CHECKING:
    from dsconv.training.hybrid import Hybrids
    from dsconv.training.student import Task


class LatencySource(StrEnum):
    """Who says what a hybrid costs in cycles."""

    MODEL = "model"
    GVSOC = "gvsoc"
    ARRAY = "array"


def scaffold_command(
    model: Annotated[Path, typer.Argument(help="Trained float network.", metavar="FLOAT.onnx")],
    data: Annotated[
        str, typer.Option("--data", metavar=ARRAYS, help="Images, as the network takes them.")
    ],
    labels: Annotated[str, typer.Option("--labels", metavar=ARRAYS, help="Their classes.")],
    output: OutputModel,
    variant: Annotated[
        Variant,
        typer.Option(
            "--variant",
            help="half: each filter on a half of the channels; full: both on all of them.",
        ),
    ] = Variant.HALF,
    layers: Annotated[
        str | None,
        typer.Option("--layers", metavar="NAME,NAME", help="Depthwise layers, by their nodes."),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(
            "--teacher", metavar="FLOAT.onnx", help="Who teaches; the network itself by default."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 60,
    batch: Annotated[int, typer.Option("--batch", min=2, help="Images at a time.")] = 64,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", min=0.0, help="The highest of the cycle.")
    ] = 4e-3,
    seed: Annotated[int, typer.Option("--seed", help="Of all random numbers.")] = 0,
    hybrid: Annotated[
        bool,
        typer.Option("--hybrid", help="Choose the axial layers by accuracy and cycles."),
    ] = False,
    target: Annotated[
        str | None, typer.Option("--target", help="With --hybrid: the machine to choose for.")
    ] = None,
    on: Annotated[
        LatencySource, typer.Option("--on", help="With --hybrid: who says the cycles.")
    ] = LatencySource.MODEL,
    budget: Annotated[
        int | None,
        typer.Option("--budget", min=1, metavar="CYCLES", help="With --hybrid: at most so many."),
    ] = None,
    whole_front: Annotated[
        bool,
        typer.Option(
            "--front",
            help="With --hybrid: every hybrid that no other one beats in both, Y-1.onnx and so on, "
            "with Y.csv and Y.png.",
        ),
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Train the axial student of a float network by scaffolding (NOS), for systolic arrays.

    One image in ten is held out for the accuracies. Y.csv and Y.png have the
    curves. After a break, the same command goes on from Y.checkpoint, to the same
    student.
    """
    import onnx

    from dsconv.training import Recipe
    from dsconv.training.records import write_log
    from dsconv.training.student import Task

    if hybrid != (target is not None) or hybrid != (whole_front or budget is not None):
        raise DsconvError("a hybrid takes --hybrid, --target, and --budget or --front")
    if hybrid and (whole_front == (budget is not None) or layers or variant is Variant.FULL):
        raise DsconvError("--hybrid chooses among axial-half layers, by --budget or by --front")
    check_writable(output)
    check_json_path(json_file)
    people = people_console(json_file)
    task = Task.of(
        load_model(model),
        load_model(model if teacher is None else teacher),
        load_array(data),
        load_array(labels),
        Recipe(epochs=epochs, learning_rate=learning_rate, seed=seed),
        batch,
    )
    chosen = None if layers is None else layers.split(",")
    if hybrid:
        assert target is not None
        found = _hybrids(task, target, on, output, people)
        if whole_front:
            front = _write_front(found, output, people)
            _write_document(json_file, task, front)
            return
        assert budget is not None
        choice = found.within(budget)
        people.print(
            f"axial: {', '.join(choice.layers) or 'no layer'}; {choice.cycles:,} cycles of "
            f"{found.whole:,} (by the sum of its layers)",
            highlight=False,
        )
        chosen = list(choice.layers)
        if not chosen:
            raise DsconvError("no axial layer pays within the budget: keep the network as it is")
    checkpoint = output.with_suffix(".checkpoint")
    with working(f"training {output.name} for {epochs} epochs"):
        student = task.train(variant, chosen, checkpoint)
    write_log(student.log, output)
    with written_at_once(output) as draft:
        onnx.save(student.model, str(draft))
    for path in (checkpoint, _supernet_checkpoint(output)):
        path.unlink(missing_ok=True)
    people.print(
        f"{output}: {student.accuracy:.2%} of {len(task.held_out)} images held out, the teacher "
        f"{student.teacher_accuracy:.2%}; next: dsconv quantize {output}",
        highlight=False,
    )
    _write_document(json_file, task, [_as_json(output, student.accuracy, chosen, None)])


def _hybrids(task: Task, target: str, on: LatencySource, output: Path, people: Console) -> Hybrids:
    """A trained supernet and what its layers cost; the table of them."""
    from dsconv.training.hybrid import Hybrids
    from dsconv.training.latency import latency_on

    checkpoint = _supernet_checkpoint(output)
    latency = latency_on(target, on, task.training.images)
    with working(f"trying hybrids, with {task.recipe.epochs} epochs of training"):
        found = Hybrids.of(task, latency, checkpoint)
    table = Table(title=f"{target}: {found.whole:,} cycles with KxK layers", box=box.SIMPLE_HEAD)
    table.add_column("layer", no_wrap=True)
    for column in ("loss when axial", "cycles when axial"):
        table.add_column(column, justify="right")
    for option in found.options():
        table.add_row(option.name, f"{option.loss:+.4f}", f"{option.cycles:+,}")
    people.print(table)
    return found


def _write_front(found: Hybrids, output: Path, people: Console) -> list[dict[str, Any]]:
    """Files of all hybrids of the front, and their table; the hybrids for programs."""
    import onnx

    from dsconv.training.records import hybrid_path, write_front

    front = found.front()
    table = Table(title="hybrids worth having", box=box.SIMPLE_HEAD)
    table.add_column("file", no_wrap=True)
    for column in ("cycles", "right"):
        table.add_column(column, justify="right")
    table.add_column("axial layers")
    for number, hybrid in enumerate(front, start=1):
        path = hybrid_path(output, number)
        with written_at_once(path) as draft:
            onnx.save(found.network(hybrid), str(draft))
        table.add_row(
            path.name, f"{hybrid.cycles:,}", f"{hybrid.accuracy:.2%}", ", ".join(hybrid.layers)
        )
    people.print(table)
    write_front(front, output)
    _supernet_checkpoint(output).unlink(missing_ok=True)
    return [
        _as_json(hybrid_path(output, number), hybrid.accuracy, hybrid.layers, hybrid.cycles)
        for number, hybrid in enumerate(front, start=1)
    ]


def _as_json(
    path: Path, accuracy: float, layers: Sequence[str] | None, cycles: int | None
) -> dict[str, Any]:
    """A student for programs; no layers are all of them, and cycles are those of a hybrid."""
    axial = None if layers is None else list(layers)
    return {"file": str(path), "accuracy": accuracy, "axial_layers": axial, "cycles": cycles}


def _write_document(path: Path | None, task: Task, students: Sequence[dict[str, Any]]) -> None:
    document = {
        "images_held_out": len(task.held_out),
        "teacher_accuracy": task.teacher_accuracy,
        "students": students,
    }
    write_document(path, Kind.SCAFFOLDING, document)


def _supernet_checkpoint(output: Path) -> Path:
    return output.with_suffix(".supernet")
