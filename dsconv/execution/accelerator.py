"""Schedules a network for an accelerator behind DRAM, runs it there, and compares it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import IO

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.accelerator.semantics import ProgramRun, Transfers, run_program
from dsconv.dialects.graph import LayerOperation, dtype_of, layout_of, tensor_type
from dsconv.dialects.run import Array, from_memory, network_of, run_reference, to_memory
from dsconv.dialects.target import TARGET, Accelerator, AcceleratorAttr
from dsconv.dialects.tiled import OFFSETS
from dsconv.dram.trace import Trace
from dsconv.driver.difference import Difference, first_difference
from dsconv.driver.pipeline import CLEAN_UP, LAYERS, run_pipeline
from dsconv.errors import DsconvError
from dsconv.execution.ports import quantised_inputs
from dsconv.frontends import ImportedNetwork
from dsconv.passes.dram.decided import step_of
from dsconv.passes.dram.rooms import Traffic
from dsconv.passes.dram.schedule import DramSchedule

GRAPH_LEVEL = f"{LAYERS},fold-negative-scales"
"""The passes before the choice of a schedule. Units requantise exactly: there is no narrow form."""


@dataclass(frozen=True)
class LayerTraffic:
    """A layer, or a chain that runs as one: entries that it moves, and that it takes on chip."""

    label: str
    traffic: Traffic
    entries: int


@dataclass(frozen=True)
class DramRun:
    """What a program moved between DRAM and the chip, and what differs from the reference."""

    trace: Trace
    high_water: int
    outputs: Sequence[Array] = ()
    differences: Sequence[Difference] = ()


@dataclass(frozen=True)
class ScheduledNetwork:
    """A network with a schedule for an accelerator, and the program that it becomes."""

    imported: ImportedNetwork
    accelerator: Accelerator
    schedule: DramSchedule
    scheduled: ModuleOp
    lowered: ModuleOp

    @staticmethod
    def of(
        imported: ImportedNetwork,
        accelerator: Accelerator,
        schedule: DramSchedule = DramSchedule.BEST,
        *,
        trace: IO[str] | None = None,
    ) -> ScheduledNetwork:
        """Schedules an imported network; `trace` receives the IR after every pass.

        Raises CapacityError where the buffer is too small for a layer, with the smallest size, and
        DsconvError where the accelerator has no unit for one.
        """
        scheduled = imported.module.clone()
        scheduled.attributes[TARGET] = AcceleratorAttr(accelerator)
        run_pipeline(scheduled, f"{GRAPH_LEVEL},schedule-dram{{schedule={schedule}}}", trace=trace)
        lowered = scheduled.clone()
        run_pipeline(lowered, f"lower-to-accelerator,{CLEAN_UP}", trace=trace)
        return ScheduledNetwork(imported, accelerator, schedule, scheduled, lowered)

    @cached_property
    def layers(self) -> Sequence[LayerTraffic]:
        """What each layer or chain moves, as the search has counted it, and takes on chip."""
        operations = network_of(self.scheduled).body.block.ops
        found: list[LayerTraffic] = []
        for op in operations:
            if isinstance(op, LayerOperation):
                step = step_of(op, self.accelerator)
                found.append(LayerTraffic(step.chain.label, step.way.traffic, step.way.entries))
        return found

    @property
    def moved_bytes(self) -> int:
        """Bytes that are loaded and stored, as the search has counted them."""
        entries = sum(layer.traffic.entries for layer in self.layers)
        return entries * self.accelerator.entry_bytes

    def walk(self) -> DramRun:
        """Runs the program without values: what it moves, in order."""
        run = self._run([])
        return DramRun(trace_of(run.transfers, self.accelerator), run.high_water)

    def run(self, x: object = None) -> DramRun:
        """Runs the program on an input, a random one by default, and compares it.

        What each layer or chain makes, and the outputs, are those of the reference semantics.
        """
        rows = zip(*quantised_inputs(x, self.imported.inputs), strict=True)
        arguments = self._arguments(next(rows))
        run = self._run(arguments)
        reference = run_reference(self.imported.module, *arguments)
        found = [
            first_difference(f"layer {label}", reference.layers[label], values)
            for label, values in run.layers.items()
            if label in reference.layers
        ]
        found += [
            first_difference(f"output {port.name}", expected, actual)
            for port, expected, actual in zip(
                self.imported.outputs, reference.outputs, run.outputs, strict=True
            )
        ]
        return DramRun(
            trace_of(run.transfers, self.accelerator),
            run.high_water,
            [self._in_file_order(run, number) for number in range(len(run.outputs))],
            [difference for difference in found if difference is not None],
        )

    def _run(self, arguments: Sequence[Array]) -> ProgramRun:
        try:
            return run_program(program_of(self.lowered), self.accelerator, arguments)
        except DiagnosticException as error:
            raise DsconvError(str(error)) from error

    def _arguments(self, row: Sequence[Array]) -> list[Array]:
        return [
            from_memory(
                np.ascontiguousarray(data).view(np.uint8).reshape(-1),
                tensor_type(argument).get_shape(),
                dtype_of(argument),
                layout_of(argument),
            )
            for data, argument in zip(row, network_of(self.scheduled).body.block.args, strict=True)
        ]

    def _in_file_order(self, run: ProgramRun, number: int) -> Array:
        """An output in the order of elements that the file has."""
        returned = network_of(self.scheduled).body.block.last_op
        assert returned is not None, "a network ends with a return"
        values = run.outputs[number]
        data = to_memory(values, layout_of(returned.operands[number])).view(values.dtype)
        return data.reshape(self.imported.outputs[number].shape)


def program_of(module: ModuleOp) -> FuncOp:
    """The program of a lowered module."""
    (program,) = (
        op for op in module.body.block.ops if isinstance(op, FuncOp) and OFFSETS in op.attributes
    )
    return program


def trace_of(transfers: Transfers, accelerator: Accelerator) -> Trace:
    """The transfers of a program, in bytes."""
    firsts, entries, stores, layers = transfers.table.T
    size = accelerator.entry_bytes
    names = tuple(transfers.layers)
    return Trace.of_runs(firsts * size, entries * size, stores != 0, layers, names)
