"""Options that several commands share, each with its name and its help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from dsconv.cli.consoles import errors
from dsconv.cli.progress import working
from dsconv.files import output_path
from dsconv.passes.scheduling.search import Objective
from dsconv.runners.platforms import Runner
from dsconv.targets import CLUSTER

if TYPE_CHECKING:
    from dsconv.api import Network
    from dsconv.profiling.schedule import Measurer

ARRAYS = "X.npy|X.npz[:KEY]"
"""How arrays are given."""
NAMED_ARRAYS = f"[NAME=]{ARRAYS}"
"""How arrays are given for inputs or outputs of a model."""


class CostSource(StrEnum):
    """Who says what a choice costs."""

    MODEL = "model"
    GVSOC = "gvsoc"


Model = Annotated[
    Path,
    typer.Argument(help="Quantised network: ONNX, .tflite, or TOSA in .mlir.", metavar="MODEL"),
]
OutputFolder = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", parser=output_path, help="Folder to write."),
]
OutputModel = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="Y.onnx", parser=output_path, help="File to write."),
]
TargetOption = Annotated[
    str, typer.Option("--target", help=f"{', '.join(CLUSTER.names)} or a .toml.")
]
RunnerTarget = Annotated[
    str | None,
    typer.Option("--target", help="Target to compile for; the runner's own by default."),
]
On = Annotated[Runner, typer.Option("--on", help="Where to run the C.")]
Flavour = Annotated[
    str | None,
    typer.Option(
        "--flavour",
        metavar="NAME",
        help="What the nodes mean (see dsconv support); detected by default.",
    ),
]
L1 = Annotated[int | None, typer.Option("--l1", metavar="BYTES", help="Size of L1.")]
L2 = Annotated[int | None, typer.Option("--l2", metavar="BYTES", help="Size of L2.")]
Passes = Annotated[
    str | None,
    typer.Option("--passes", metavar="PIPELINE", help="Passes in place of the default ones."),
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
Profile = Annotated[
    CostSource,
    typer.Option(
        "--profile",
        help="Choose the schedule by the model's estimates, or by what GVSoC measures of the "
        "choices that could be best if the model overestimates each by 5 % at most. Measurements "
        "are kept: break off and go on at will.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, help="Independent runs at a time, as of --profile gvsoc; 1."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Independent runs go to the workers of this scheduler of dask.distributed.",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar=NAMED_ARRAYS,
        help="One value or more of an input, once for each input. An .npz with arrays by the "
        "inputs' names holds all of them.",
    ),
]


@dataclass(frozen=True)
class CompileOptions:
    """How to compile: what several commands take alike."""

    flavour: Flavour = None
    l1: L1 = None
    l2: L2 = None
    passes: Passes = None
    objective: ObjectiveOption = Objective.LATENCY
    kernel: Kernel = None
    remarks: Remarks = False
    profile: Profile = CostSource.MODEL
    jobs: Jobs = None
    scheduler: Scheduler = None

    @cached_property
    def measurer(self) -> Measurer | None:
        """What measures choices; None where the model estimates them."""
        if self.profile is CostSource.MODEL:
            return None
        from dsconv.parallel.executor import executor_for
        from dsconv.profiling.runs import gvsoc_measurer

        return gvsoc_measurer(executor_for(self.jobs, self.scheduler), errors)

    def compile(
        self, model: Path, target: str, *, trace: IO[str] | None = None, verify_each: bool = False
    ) -> Network:
        """Compiles a model for a target."""
        from dsconv.api import compile

        with working(f"compile {model}"):
            return compile(
                model,
                target,
                flavour=self.flavour,
                l1=self.l1,
                l2=self.l2,
                passes=self.passes,
                objective=self.objective,
                kernel=self.kernel,
                remarks=self.remarks,
                trace=trace,
                verify_each=verify_each,
                measurer=self.measurer,
            )


def with_compile_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command that Typer sees: fields of `CompileOptions` in place of its `options`."""
    hints = get_type_hints(CompileOptions, include_extras=True)
    own = signature(command, eval_str=True).parameters.values()
    shared = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(CompileOptions)
    ]
    parameters = [*(one for one in own if one.name != "options"), *shared]

    def run(**given: Any) -> None:
        options = CompileOptions(**{one.name: given.pop(one.name) for one in shared})
        command(**given, options=options)

    run.__doc__ = command.__doc__
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(run)["__signature__"] = Signature(parameters)
    return run
