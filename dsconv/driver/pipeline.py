"""The passes that take a network from tensors to C, in their order."""

from __future__ import annotations

import logging
from functools import cache
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.universe import Universe
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ParseError,
    VerifyException,
)

from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.run import network_of
from dsconv.dialects.target import TARGET
from dsconv.driver.ir_text import ir_text
from dsconv.errors import CapacityError, DsconvError
from dsconv.lowering.instruction_sets import INSTRUCTION_SETS
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.scheduling.search import Objective
from dsconv.targets import ClusterTarget, Target

logger = logging.getLogger(__name__)

LAYERS = "fold-pads,fold-weight-zero-points,join-depthwise"
"""The passes that decide what the layers are."""

GRAPH_LEVEL = f"{LAYERS},fold-negative-scales,narrow-requant"
"""The passes before the choice of a schedule, with its layouts."""

SCHEDULED_LEVEL = "select-layout,tile-l1"
"""What the choice leaves open."""

TILED_LEVEL = (
    "lower-to-tiles,elide-copies,"
    "keep-in-l1,double-buffer,"  # L1: what stays there, and what is there twice
    "spill-activations,stream-weights,prefetch-weights,"  # L2 and L3: what comes when
    "plan-memory"
)
"""From tensors to loops over tiles, and where everything lies."""

CLEAN_UP = "canonicalize-functions,cse"


def planning_passes(
    objective: Objective = Objective.LATENCY, *, kernel: str | None = None, remarks: bool = False
) -> str:
    """The passes up to the memory plan, for a module that says its target.

    They choose what to fuse by an objective, or fuse by the kernel of a name all that it can fuse.
    With `remarks` they say on stderr what they fuse, and what not and why.
    """
    options = f"objective={objective}" if kernel is None else f"kernel={kernel}"
    choice = "select-schedule" if kernel is None else "fuse-dsconv"
    choice += f"{{{options} remarks={str(remarks).lower()}}}"
    return f"{GRAPH_LEVEL},{choice},{SCHEDULED_LEVEL},{TILED_LEVEL}"


def default_pipeline(
    target: ClusterTarget,
    objective: Objective = Objective.LATENCY,
    *,
    kernel: str | None = None,
    remarks: bool = False,
) -> str:
    """All passes for a module that says its target, in the syntax of `xdsl-opt -p`.

    Options are those of `planning_passes`.
    """
    planning = planning_passes(objective, kernel=kernel, remarks=remarks)
    kernels = ",".join(INSTRUCTION_SETS[target.core.isa].kernel_passes)
    return f"{planning},{kernels},{CLEAN_UP}"


def set_target(module: ModuleOp, target: Target, layers: int) -> None:
    """Writes into a module what it is compiled for: a network of so many layers.

    Raises CapacityError where a memory of the target has no room for tensors at all.
    """
    module.attributes[TARGET] = target.attribute(layers)


def layers_left(module: ModuleOp) -> int:
    """Layers that the default passes leave of an imported network; L2 holds the code of each."""
    left = module.clone()
    run_pipeline(left, LAYERS)
    return sum(isinstance(op, LayerOperation) for op in network_of(left).body.ops)


@cache
def installed() -> Universe:
    """All dialects and passes; looked up once, for that reads what every package brings."""
    return Universe.get_multiverse()


def make_context() -> Context:
    """A context that knows every dialect that is installed."""
    context = Context()
    for name, factory in installed().all_dialects.items():
        context.register_dialect(name, factory)
    return context


def parse_pipeline(pipeline: str) -> tuple[ModulePass, ...]:
    """The passes of a pipeline; DsconvError where one is unknown or has wrong options."""
    try:
        return PassPipeline.parse_spec(installed().all_passes, pipeline).passes
    except (ValueError, ArgSpecParseError, ParseError) as error:
        raise DsconvError(f"pass pipeline {pipeline!r}: {error}") from error


def run_pipeline(
    module: ModuleOp, pipeline: str, *, trace: IO[str] | None = None, verify_each: bool = False
) -> None:
    """Runs passes on a module, in place, and verifies it at the end.

    `trace` receives the IR before the first and after every pass. With `verify_each` the module is
    verified after every pass, and run before the first and after every one: on a random input it
    has to compute the same. Raises DsconvError where a pass cannot do what is asked, or does
    something else: CapacityError where that needs a larger memory.
    """
    context = make_context()
    if trace is not None:
        trace.write(f"// ---- IR before all passes\n{ir_text(module)}")
    passes = parse_pipeline(pipeline)
    checker = None
    if verify_each:
        from dsconv.driver.pass_checker import PassChecker

        checker = PassChecker(module)
    for number, module_pass in enumerate(passes, start=1):
        logger.info(module_pass.name)
        try:
            module_pass.apply(context, module)
            if verify_each or number == len(passes):
                module.verify()
        except DoesNotFitError as error:
            message = f"{module_pass.name}: {error}"
            raise CapacityError(error.space, message, error.missing) from error
        except (DiagnosticException, VerifyException) as error:
            raise DsconvError(f"{module_pass.name}: {error}") from error
        if trace is not None:
            trace.write(f"// ---- IR after {module_pass.pipeline_pass_spec()}\n{ir_text(module)}")
        if checker is not None:
            checker = checker.after(module_pass, module)
