"""The passes that take a network from tensors to C, in their order."""

from __future__ import annotations

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

from dsconv.dialects.attributes import Space
from dsconv.driver.pass_checker import PassChecker
from dsconv.errors import CapacityError, DsconvError
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.scheduling.legality import WEIGHT_PIECES
from dsconv.passes.scheduling.machine import Machine
from dsconv.passes.scheduling.search import Objective
from dsconv.targets import Target

GRAPH_LEVEL = "fold-pads,fold-weight-zero-points,narrow-requant"
"""The passes before the choice of a schedule, with its layouts."""


def machine_of(target: Target, layers: int) -> Machine:
    """What the search for a schedule needs to know of a target."""
    l1, l2 = target.l1.usable(), target.l2.usable(layers)
    return Machine(l1, l2, target.cores, target.energy.cycle, target.energy.byte)


def planning_passes(
    target: Target,
    layers: int,
    objective: Objective = Objective.LATENCY,
    *,
    kernel: str | None = None,
    remarks: bool = False,
) -> list[str]:
    """The passes up to the memory plan, for a network of so many layers.

    They choose what to fuse by an objective, or fuse by the kernel of a name all that it can fuse.
    With `remarks` they say on stderr what they fuse, and what not and why.

    Raises CapacityError where a memory of the target has no room for tensors at all.
    """
    l1, l2 = target.l1.usable(), target.l2.usable(layers)
    for space, size, usable in (
        (Space.L1, target.l1.bytes, l1),
        (Space.L2, target.l2.bytes, l2),
    ):
        if usable == 0:
            raise CapacityError(
                space,
                f"stacks and code leave nothing for tensors in {size} bytes of {space.name}",
            )
    sizes = f"l1={l1} l2={l2} remarks={str(remarks).lower()}"
    if kernel is None:
        schedule = [
            GRAPH_LEVEL,
            f"select-schedule{{objective={objective} {sizes} cores={target.cores} "
            f"cycle_energy={target.energy.cycle} byte_energy={target.energy.byte}}}",
        ]
    else:
        schedule = [GRAPH_LEVEL, f"fuse-dsconv{{kernel={kernel} {sizes}}}"]
    return [
        *schedule,
        "select-layout",
        f"tile-l1{{l1={l1} cores={target.cores}}}",
        f"lower-to-tiles{{chunk={l2 // WEIGHT_PIECES}}}",
        f"keep-in-l1{{l1={l1}}}",
        "double-buffer",
        f"spill-activations{{l2={l2}}}",
        f"stream-weights{{l2={l2}}}",
        f"prefetch-weights{{l1={l1}}}",
        f"plan-memory{{l1={l1} l2={l2}}}",
    ]


def default_pipeline(
    target: Target,
    layers: int,
    objective: Objective = Objective.LATENCY,
    *,
    kernel: str | None = None,
    remarks: bool = False,
) -> str:
    """Pass pipeline for a network of so many layers, in the syntax of `xdsl-opt -p`.

    Options are those of `planning_passes`. Raises CapacityError where a memory of the target has no
    room for tensors at all.
    """
    passes = planning_passes(target, layers, objective, kernel=kernel, remarks=remarks)
    if target.isa == "xpulp":
        passes.append(f"lower-kernels-to-xpulp{{cores={target.cores}}}")
    passes += [f"lower-kernels{{cores={target.cores}}}", "canonicalize", "cse"]
    return ",".join(passes)


def make_context() -> Context:
    """A context that knows every dialect that is installed."""
    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    return context


def parse_pipeline(pipeline: str) -> tuple[ModulePass, ...]:
    """The passes of a pipeline; DsconvError where one is unknown or has wrong options."""
    try:
        return PassPipeline.parse_spec(Universe.get_multiverse().all_passes, pipeline).passes
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
        trace.write(f"// ---- IR before all passes\n{module}\n")
    passes = parse_pipeline(pipeline)
    checker = PassChecker(module) if verify_each else None
    for number, module_pass in enumerate(passes, start=1):
        try:
            module_pass.apply(context, module)
            if verify_each or number == len(passes):
                module.verify()
        except DoesNotFitError as error:
            raise CapacityError(error.space, f"{module_pass.name}: {error}") from error
        except (DiagnosticException, VerifyException) as error:
            raise DsconvError(f"{module_pass.name}: {error}") from error
        if trace is not None:
            trace.write(f"// ---- IR after {module_pass.pipeline_pass_spec()}\n{module}\n")
        if checker is not None:
            checker.check(module, module_pass.name)
