"""dsconv verify: a network compared with what others say that its file means."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dsconv.cli.arrays import GivenArrays
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
from dsconv.cli.options import Flavour, Inputs, Model, On, RunnerTarget
from dsconv.cli.progress import working
from dsconv.runners.platforms import Runner, default_target


class JudgeName(StrEnum):
    """Who says what a file means."""

    ONNX_RUNTIME = "onnxruntime"
    EXACT = "exact"
    TFLM = "tflm"
    LITERT = "litert"


def verify_command(
    model: Model,
    against: Annotated[
        JudgeName | None,
        typer.Option(
            "--against",
            help="What to compare with; by default, exact for graphs on integers, and tflm or "
            "litert, as the flavour says, for .tflite files.",
        ),
    ] = None,
    on: On = Runner.HOST,
    target: RunnerTarget = None,
    flavour: Flavour = None,
    input: Inputs = None,
    json_file: JsonFile = None,
) -> None:
    """Compare every layer with ONNX Runtime, TFLite or exact numbers, then all of them, then the C.

    Exit status 0: all equal, or off where float32's rounding explains it; 1: a
    value differs; 2: an error.
    """
    from dsconv.api import compile
    from dsconv.reports.memory import MemoryPlan
    from dsconv.verification.oracles import Judge
    from dsconv.verification.verify import verify

    check_json_path(json_file)
    given = GivenArrays.load("--input", input)
    with working(f"compile {model}"):
        compiled = compile(model, target or default_target(on), flavour=flavour)
    judges = {
        None: None,
        JudgeName.ONNX_RUNTIME: Judge.ONNX_RUNTIME,
        JudgeName.EXACT: Judge.EXACT,
        JudgeName.TFLM: Judge.TFLM,
        JudgeName.LITERT: Judge.LITERT,
    }
    x = None if given is None else given.for_ports(compiled.imported.inputs)
    with working(f"verify {model}"):
        verification = verify(compiled, model, x, on=on.value, judge=judges[against])
    verification.print(people_console(json_file))
    memory = MemoryPlan.of(compiled.lowered).as_json()
    write_document(json_file, Kind.VERIFICATION, {**verification.as_json(), "memory": memory})
    if not verification.equal:
        raise typer.Exit(1)
