"""The command line: dsconv compile, run, verify, report, quantize, support, doctor, zoo, bench."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console

from dsconv.bench import Part
from dsconv.errors import DsconvError
from dsconv.execution.report import WIDEST, read_as
from dsconv.passes.scheduling.search import Objective

if TYPE_CHECKING:
    from dsconv.frontends import ImportedNetwork
    from dsconv.profiling.schedule import Measurer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Quantised ONNX networks to C for ultra-low-power RISC-V clusters.",
)
bench = typer.Typer(no_args_is_help=True, help="Measure what the compiler makes, on GVSoC.")
app.add_typer(bench, name="bench")
console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)

Model = Annotated[Path, typer.Argument(help="Quantised ONNX file.", metavar="MODEL.onnx")]
Flavour = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="What the nodes mean (see dsconv support); detected by default."
    ),
]
L1 = Annotated[int | None, typer.Option("--l1", metavar="BYTES", help="Size of L1.")]
L2 = Annotated[int | None, typer.Option("--l2", metavar="BYTES", help="Size of L2.")]
Passes = Annotated[
    str | None, typer.Option(metavar="PIPELINE", help="Passes in place of the default ones.")
]
VerifyEach = Annotated[
    bool,
    typer.Option(
        "--verify-each",
        help="Run the IR before and after every pass on one input; it has to be equal. Takes "
        "minutes for 1 M MAC.",
    ),
]


ObjectiveOption = Annotated[
    Objective, typer.Option("--objective", help="What to choose the schedule by.")
]
Kernel = Annotated[
    str | None,
    typer.Option(
        "--kernel",
        metavar="NAME",
        help="Fuse by this kernel alone, wherever it can be: dw-pw-rows-chw-hwc-chw, for example.",
    ),
]
Remarks = Annotated[
    bool, typer.Option("--remarks", help="Say what is fused, and what is not and why.")
]


class CostSource(StrEnum):
    """Who says what a choice costs."""

    MODEL = "model"
    GVSOC = "gvsoc"


ProfileOption = Annotated[
    CostSource,
    typer.Option(
        "--profile",
        help="Choose the schedule by the model's estimates, or by what GVSoC measures of the "
        "choices that could be best if the model overestimates each by 5 % at most. Measurements "
        "are kept: break off and go on at will.",
    ),
]
Jobs = Annotated[
    int, typer.Option("--jobs", min=1, help="With --profile gvsoc: simulations at a time.")
]


class Runner(StrEnum):
    """Where a network can run."""

    HOST = "host"
    QEMU = "qemu"
    GVSOC = "gvsoc"


class JudgeName(StrEnum):
    """Who says what a file means."""

    ONNX_RUNTIME = "onnxruntime"
    INTEGERS = "integers"


DEFAULT_TARGETS = {Runner.HOST: "host", Runner.QEMU: "qemu", Runner.GVSOC: "pulp_open"}


@app.command("compile")
def compile_command(
    model: Model,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.")],
    target: Annotated[str, typer.Option(help="gap8, pulp_open, qemu, host or a .toml.")] = "gap8",
    flavour: Flavour = None,
    l1: L1 = None,
    l2: L2 = None,
    passes: Passes = None,
    objective: ObjectiveOption = Objective.LATENCY,
    kernel: Kernel = None,
    remarks: Remarks = False,
    print_ir_after_all: Annotated[
        bool, typer.Option("--print-ir-after-all", help="Print the IR after every pass.")
    ] = False,
    profile: ProfileOption = CostSource.MODEL,
    jobs: Jobs = 1,
    verify_each: VerifyEach = False,
) -> None:
    """Compile a network to C that builds without dsconv."""
    from dsconv.api import compile

    trace = sys.stdout if print_ir_after_all else None
    compiled = compile(
        model,
        target,
        flavour=flavour,
        l1=l1,
        l2=l2,
        passes=passes,
        objective=objective,
        kernel=kernel,
        remarks=remarks,
        trace=trace,
        verify_each=verify_each,
        measurer=measurer_for(profile, jobs),
    )
    compiled.write(output)
    for note in (read_as(compiled.imported.flavour), *compiled.imported.notes):
        errors.print(f"note: {note}", style="dim", highlight=False)
    errors.print(f"{output}: C for {compiled.target.name}; build it with make -C {output}")


@app.command()
def run(
    model: Model,
    on: Annotated[Runner, typer.Option(help="Where to run.")] = Runner.HOST,
    target: Annotated[
        str | None, typer.Option(help="Target to compile for; the runner's own by default.")
    ] = None,
    flavour: Flavour = None,
    l1: L1 = None,
    l2: L2 = None,
    passes: Passes = None,
    objective: ObjectiveOption = Objective.LATENCY,
    kernel: Kernel = None,
    remarks: Remarks = False,
    profile: ProfileOption = CostSource.MODEL,
    jobs: Jobs = 1,
    verify_each: VerifyEach = False,
    input: Annotated[
        str | None, typer.Option("--input", metavar="X.npy|X.npz[:KEY]", help="One or more inputs.")
    ] = None,
    expect: Annotated[
        str | None, typer.Option(metavar="Y.npy|Y.npz[:KEY]", help="Outputs to compare with.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="Y.npy|Y.npz[:KEY]", help="Classes, for the accuracy.")
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Show the table of layers.")] = False,
    stalls: Annotated[
        bool, typer.Option("--stalls", help="On gvsoc: show what the cores wait for, by layer.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="Y.npz", help="Write the outputs.")
    ] = None,
) -> None:
    """Build and run a network, and compare every layer with the reference semantics."""
    from dsconv.api import compile

    x = None if input is None else load_array(input)
    expected = None if expect is None else load_array(expect)
    classes = None if labels is None else load_array(labels)
    compiled = compile(
        model,
        target or DEFAULT_TARGETS[on],
        flavour=flavour,
        l1=l1,
        l2=l2,
        passes=passes,
        objective=objective,
        kernel=kernel,
        remarks=remarks,
        verify_each=verify_each,
        measurer=measurer_for(profile, jobs),
    )
    report = compiled.run(x, on=on.value, expect=expected, stalls=stalls)
    report.print(console, layers=layers)
    if classes is not None:
        print_accuracy(report.outputs, classes)
    if json_file is not None:
        write_text(json_file, json.dumps(report.as_json(), indent=2) + "\n")
    if output is not None:
        np.savez(output, output=report.outputs)
    if not report.equal:
        raise typer.Exit(1)


@app.command()
def verify(
    model: Model,
    against: Annotated[
        JudgeName | None,
        typer.Option(help="What to compare with; by default, integers for graphs on integers."),
    ] = None,
    on: Annotated[Runner, typer.Option(help="Where to run the C.")] = Runner.HOST,
    target: Annotated[
        str | None, typer.Option(help="Target to compile for; the runner's own by default.")
    ] = None,
    flavour: Flavour = None,
    input: Annotated[
        str | None, typer.Option("--input", metavar="X.npy|X.npz[:KEY]", help="One or more inputs.")
    ] = None,
) -> None:
    """Compare every layer on its true input with ONNX Runtime, then all of them, then the C.

    Exit status 0: all equal, or off by one where float32's rounding explains it; 1: a value
    differs; 2: an error.
    """
    from dsconv.api import compile
    from dsconv.verification.oracles import INTEGERS, ONNX_RUNTIME
    from dsconv.verification.verify import verify

    x = None if input is None else load_array(input)
    compiled = compile(model, target or DEFAULT_TARGETS[on], flavour=flavour)
    judges = {None: None, JudgeName.ONNX_RUNTIME: ONNX_RUNTIME, JudgeName.INTEGERS: INTEGERS}
    verification = verify(compiled, model, x, on=on.value, judge=judges[against])
    verification.print(console)
    if not verification.equal:
        raise typer.Exit(1)


@app.command()
def report(
    model: Model,
    memory: Annotated[bool, typer.Option("--memory", help="Show the memory plan.")] = False,
    program: Annotated[
        bool, typer.Option("--program", help="Build it; show what code and stacks take.")
    ] = False,
    pareto: Annotated[
        bool, typer.Option("--pareto", help="Show all schedules worth having: cycles and bytes.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw L2: address against time.")
    ] = None,
    target: Annotated[str, typer.Option(help="gap8, pulp_open, qemu, host or a .toml.")] = "gap8",
    flavour: Flavour = None,
    l1: L1 = None,
    l2: L2 = None,
    passes: Passes = None,
    objective: ObjectiveOption = Objective.LATENCY,
    kernel: Kernel = None,
    profile: ProfileOption = CostSource.MODEL,
    jobs: Jobs = 1,
    remarks: Remarks = False,
) -> None:
    """Show what was read and what the compiler decided, without running it."""
    from dsconv.api import compile
    from dsconv.reports.footprint import Footprint
    from dsconv.reports.memory import MemoryPlan
    from dsconv.reports.pareto_front import ParetoFront

    measurer = measurer_for(profile, jobs)
    compiled = compile(
        model,
        target,
        flavour=flavour,
        l1=l1,
        l2=l2,
        passes=passes,
        objective=objective,
        kernel=kernel,
        remarks=remarks,
        measurer=measurer,
    )
    print_import(compiled.imported)
    if memory or plot is not None:
        plan = MemoryPlan.of(compiled.lowered)
        plan.print(Console(width=WIDEST))
        if plot is not None:
            plan.plot(plot)
    if pareto:
        ParetoFront.of(compiled, measurer).print(Console(width=WIDEST))
    if program:
        Footprint.of(compiled).print(console)


@app.command("quantize")
def quantize_command(
    model: Annotated[Path, typer.Argument(help="Float ONNX file.", metavar="MODEL.onnx")],
    calibration: Annotated[
        str, typer.Option(metavar="X.npy|X.npz[:KEY]", help="Representative inputs.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="Q.onnx")],
    per_tensor: Annotated[
        bool, typer.Option("--per-tensor", help="One scale for all channels of a layer's weights.")
    ] = False,
) -> None:
    """Quantise a float network to 8 bits, with ONNX Runtime."""
    from dsconv.quantise import quantise

    quantise(model, load_arrays(calibration), output, per_channel=not per_tensor)
    errors.print(f"{output}: quantised; compile it with dsconv compile {output}", highlight=False)


@app.command()
def support() -> None:
    """Show which flavours and operations can be read, as Markdown."""
    from dsconv.frontends.support import support

    print(support(), end="")


@app.command()
def doctor() -> None:
    """Show which compilers and simulators are here, and how to get those that are not."""
    from dsconv.doctor import check

    for tool in check():
        if tool.path is None:
            console.print(f"[red]no[/red]  {tool.name}: {tool.purpose}", highlight=False)
            console.print(f"    to get it: {tool.how_to_get}", highlight=False)
        else:
            console.print(
                f"[green]ok[/green]  {tool.name}: {tool.path} {tool.version}", highlight=False
            )


@app.command()
def zoo(
    name: Annotated[str, typer.Argument(help="mv1-224 mv1-128 mv1-96 mv2-224 mv2-128 dscnn")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.onnx")],
    seed: Annotated[int, typer.Option(help="Seed of the weights.")] = 0,
) -> None:
    """Build one of the paper's networks as quantised ONNX with seeded weights."""
    import onnx

    from dsconv.zoo import build

    try:
        model = build(name, seed)
    except ValueError as error:
        raise DsconvError(str(error)) from error
    try:
        onnx.save(model, str(output))
    except OSError as error:
        raise DsconvError(f"cannot write {output}: {error.strerror}") from error


@bench.command("paper")
def bench_paper_command(
    only: Annotated[
        list[Part] | None, typer.Option(help="Parts to measure; all of them by default.")
    ] = None,
    size: Annotated[
        list[int] | None,
        typer.Option(help="Maps of fig3: 32, 64 or 128; all of them by default."),
    ] = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(help="Fused kernels of fig3; the paper's six by default."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for tables and plots.")
    ] = Path("build/paper"),
    jobs: Annotated[int, typer.Option(min=1, help="Simulations at a time.")] = 1,
) -> None:
    """Measure Figure 3, Table 2 and Figure 4 of the paper on GVSoC, beside the paper's numbers.

    Takes hours the first time; what was measured is kept, so it may be stopped at any time.
    """
    from dsconv.bench.paper import bench_paper

    bench_paper(only or list(Part), output, jobs, console, sizes=size or (), kernels=kernel or ())


def print_import(imported: ImportedNetwork) -> None:
    """Flavour, inputs, outputs and notes of a model."""
    for kind, ports in (("input", imported.inputs), ("output", imported.outputs)):
        for port in ports:
            console.print(f"{kind} {port.name}: {port.meaning}", highlight=False)
    console.print(f"{len(imported.layers)} layers", highlight=False)
    for note in (read_as(imported.flavour), *imported.notes):
        console.print(f"note: {note}", style="dim", highlight=False)


def measurer_for(profile: CostSource, jobs: int) -> Measurer | None:
    """What measures choices; None where the model estimates them."""
    if profile is CostSource.MODEL:
        return None
    from dsconv.profiling.runs import gvsoc_measurer

    return gvsoc_measurer(jobs, errors)


def load_arrays(place: str) -> dict[str, npt.NDArray[Any]]:
    """All arrays of X.npz by their keys, or one from X.npy or X.npz:KEY."""
    if not place.endswith(".npz"):
        return {place: load_array(place)}
    return dict(_loaded(place))


def load_array(place: str) -> npt.NDArray[Any]:
    """An array from X.npy, X.npz with one array, or X.npz:KEY."""
    path, _, key = place.partition(".npz:")
    path = f"{path}.npz" if key else place
    loaded = _loaded(path)
    if isinstance(loaded, np.ndarray):
        return loaded
    keys = list(loaded.files)
    if not key and len(keys) == 1:
        key = keys[0]
    if key not in keys:
        raise DsconvError(f"{path} has {', '.join(keys)}; say which: {path}:KEY")
    return loaded[key]


def _loaded(path: str) -> Any:
    try:
        return np.load(path)
    except (OSError, ValueError) as error:
        raise DsconvError(f"cannot read {path}: {error}") from error


def print_accuracy(outputs: npt.NDArray[Any], labels: npt.NDArray[Any]) -> None:
    """Share of the outputs whose largest value is at the label."""
    if len(outputs) != labels.size:
        raise DsconvError(f"{labels.size} labels for {len(outputs)} outputs")
    predicted = outputs.reshape(len(outputs), -1).argmax(axis=1)
    right = int((predicted == labels.reshape(-1)).sum())
    console.print(
        f"accuracy: {right} of {len(outputs)} right, {right / len(outputs):.2%}", highlight=False
    )


def write_text(path: Path, text: str) -> None:
    """Writes a file that the user asked for."""
    try:
        path.write_text(text)
    except OSError as error:
        raise DsconvError(f"cannot write {path}: {error.strerror}") from error


def main() -> None:
    """Entry point: one line for whatever is wrong, no traceback."""
    try:
        app()
    except DsconvError as error:
        errors.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
