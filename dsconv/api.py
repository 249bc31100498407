"""The public API: compiles a model file, and runs what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

from onnx import ModelProto

from dsconv.driver.compiled import CompiledNetwork
from dsconv.driver.pipeline import (
    GRAPH_LEVEL,
    default_pipeline,
    layers_left,
    run_pipeline,
    set_target,
)
from dsconv.driver.smallest_memory import smallest_size
from dsconv.errors import CapacityError, DsconvError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.passes.scheduling.search import Objective
from dsconv.targets import ClusterTarget, SystolicTarget, load_systolic_target, load_target

if TYPE_CHECKING:  # imported where it is used: a compilation runs nothing
    from dsconv.execution.array import MappedNetwork
    from dsconv.execution.report import Report
    from dsconv.profiling.schedule import Measurer


class Network(CompiledNetwork):
    """A compiled network that can be run."""

    def run(
        self,
        x: object = None,
        *,
        on: str = "host",
        expect: object = None,
        stalls: bool = False,
    ) -> Report:
        """Builds and runs the network, and compares it with the reference semantics.

        `x`: one input or a stack of them, in the model's shape and type, or already quantised;
        None draws a random one. `on`: host, qemu or gvsoc. `expect`: outputs to compare with. Of
        a model with several inputs or outputs, both are mappings by their names.
        `stalls`: on gvsoc, run again to count what the cores wait for.
        """
        from dsconv.execution.execute import execute

        return execute(self, x, on=on, expect=expect, stalls=stalls)


def compile(
    model: str | Path | ModelProto,
    target: str | ClusterTarget = "gap8",
    *,
    flavour: str | None = None,
    l1: int | None = None,
    l2: int | None = None,
    passes: str | None = None,
    objective: str = Objective.LATENCY,
    kernel: str | None = None,
    remarks: bool = False,
    trace: IO[str] | None = None,
    verify_each: bool = False,
    measurer: Measurer | None = None,
) -> Network:
    """Compiles an ONNX model.

    `flavour` is what the nodes of the model mean (`dsconv support` lists them), which the model
    tells by default. `l1` and `l2` override the target's memory sizes, in bytes; `passes` is a
    pipeline in the syntax of `xdsl-opt -p` in place of the default one; `objective` is what the
    default one chooses by: latency, transfers or energy; `kernel`, such as
    `dw-pw-rows-chw-hwc-chw`, is the one fused kernel that is used, wherever it can be, in place of
    that choice; `remarks` says on stderr what is fused, and what is not and why; `trace` receives
    the IR after every pass; `verify_each` runs it after every pass and finds it equal; `measurer`,
    such as `dsconv.profiling.schedule.gvsoc_measurer`, measures what the default passes choose
    among, in place of the model's estimates. Raises DsconvError with one message for whatever is
    wrong with the model or the options.
    """
    if passes and (kernel or remarks):
        raise DsconvError(
            "a kernel and remarks are options of the default passes; among your own, write "
            "fuse-dsconv{kernel=NAME remarks=true}"
        )
    if measurer and (passes or kernel):
        raise DsconvError("profiles serve the default passes' choice; give no passes and no kernel")
    if kernel and objective != Objective.LATENCY:
        raise DsconvError("a kernel leaves nothing to choose by an objective; give one of the two")
    if isinstance(target, str):
        target = load_target(target)
    return compile_imported(
        import_onnx(model, flavour=flavour),
        target.with_sizes(l1, l2),
        passes=passes,
        objective=objective,
        kernel=kernel,
        remarks=remarks,
        trace=trace,
        verify_each=verify_each,
        measurer=measurer,
    )


def compile_imported(
    imported: ImportedNetwork,
    target: ClusterTarget,
    *,
    passes: str | None = None,
    objective: str = Objective.LATENCY,
    kernel: str | None = None,
    remarks: bool = False,
    trace: IO[str] | None = None,
    verify_each: bool = False,
    measurer: Measurer | None = None,
) -> Network:
    """Compiles a network that was imported; options are those of `compile`."""
    lowered = imported.module.clone()
    layers = len(imported.layers) if passes else layers_left(imported.module)
    try:
        set_target(lowered, target, layers)
        pipeline = passes or default_pipeline(
            target, Objective(objective), kernel=kernel, remarks=remarks
        )
        if measurer is not None:
            from dsconv.profiling.schedule import write_profiled_schedule

            run_pipeline(lowered, GRAPH_LEVEL)
            write_profiled_schedule(lowered, target, Objective(objective), measurer)
        run_pipeline(lowered, pipeline, trace=trace, verify_each=verify_each)
    except CapacityError as error:
        if passes:
            raise
        space, size = error.space, smallest_size(imported.module, target, layers, error)
        advice = f"{size} bytes of {space.name} would do (--{space.value} {size})"
        raise CapacityError(space, f"{error}; {advice}", error.missing) from error
    return Network(imported, lowered, target)


def map_to_array(
    model: str | Path | ModelProto,
    target: str | SystolicTarget = "systolic_64",
    *,
    flavour: str | None = None,
    passes: str | None = None,
    objective: str = Objective.LATENCY,
    trace: IO[str] | None = None,
    verify_each: bool = False,
) -> MappedNetwork:
    """Maps an ONNX model to a systolic array; options are those of `compile`.

    Raises DsconvError where the model or an option is wrong, or the array cannot run a layer.
    """
    from dsconv.execution.array import MappedNetwork

    if isinstance(target, str):
        target = load_systolic_target(target)
    imported = import_onnx(model, flavour=flavour)
    return MappedNetwork.of(
        imported,
        target,
        passes=passes,
        objective=Objective(objective),
        trace=trace,
        verify_each=verify_each,
    )
