"""Maps a network to a systolic array, runs it there, and compares it with the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.graph import dtype_of, layout_of, tensor_type
from dsconv.dialects.run import Array, from_memory, network_of, run_reference, to_memory
from dsconv.driver.difference import Difference, first_difference
from dsconv.driver.pipeline import run_pipeline, set_target
from dsconv.execution.array_report import ArrayLayerReport, ArrayReport
from dsconv.execution.ports import expected_differences, quantised_inputs
from dsconv.frontends import ImportedNetwork
from dsconv.passes.scheduling.search import Objective
from dsconv.runners.systolic.network import NetworkRun, run_network
from dsconv.runners.systolic.rtl_simulator import RtlSimulator
from dsconv.runners.systolic.simulator import Simulator
from dsconv.targets import SystolicTarget


def array_pipeline(*, objective: Objective = Objective.LATENCY, paper: bool = False) -> str:
    """The passes for a module that says its array; `paper` takes FuSeConv's mappings."""
    options = f"objective={objective} paper={str(paper).lower()}"
    return f"fold-pads,fold-weight-zero-points,map-array{{{options}}}"


@dataclass(frozen=True)
class MappedNetwork:
    """A network whose layers have mappings for an array."""

    imported: ImportedNetwork
    module: ModuleOp
    target: SystolicTarget

    @staticmethod
    def of(
        imported: ImportedNetwork,
        target: SystolicTarget,
        *,
        passes: str | None = None,
        objective: Objective = Objective.LATENCY,
        trace: IO[str] | None = None,
        verify_each: bool = False,
    ) -> MappedNetwork:
        """Maps an imported network by an objective, or by `passes` in place of the default ones.

        Raises DsconvError where the array cannot run a layer.
        """
        module = imported.module.clone()
        set_target(module, target, len(imported.layers))
        pipeline = passes or array_pipeline(objective=objective)
        run_pipeline(module, pipeline, trace=trace, verify_each=verify_each)
        return MappedNetwork(imported, module, target)

    def run(self, x: object = None, *, expect: object = None, rtl: bool = False) -> ArrayReport:
        """Runs the network on the simulated array, every register in every clock.

        `x` and `expect` are as in `dsconv.api.Network.run`. With `rtl` a tile of every kind that
        the first input has runs in SystemVerilog, too.
        """
        imported = self.imported
        inputs = quantised_inputs(x, imported.inputs)
        rows = list(zip(*inputs, strict=True))
        simulator = RtlSimulator(self.target.array) if rtl else Simulator()
        runs = [self._run_row(rows[0], simulator)]
        notes = list(imported.notes)
        if isinstance(simulator, RtlSimulator):
            notes.append(str(simulator.check()))
        runs += [self._run_row(row, Simulator()) for row in rows[1:]]
        outputs = {
            port.name: np.stack([self._in_file_order(run, number) for run, _ in runs]).reshape(
                -1, *port.shape
            )
            for number, port in enumerate(imported.outputs)
        }
        unequal = {label for _, found in runs for label in found}
        differences = [difference for _, found in runs for difference in found.values()]
        differences += expected_differences(expect, outputs, imported.outputs, imported.notes)
        return ArrayReport(
            network_of(self.module).sym_name.data,
            self.target,
            imported.flavour,
            outputs,
            [
                ArrayLayerReport.of(layer, layer.label not in unequal)
                for layer in runs[-1][0].layers
            ],
            differences,
            notes,
        )

    def _run_row(
        self, row: Sequence[Array], simulator: Simulator
    ) -> tuple[NetworkRun, dict[str, Difference]]:
        """Runs one value of each input; what differs from the reference, by its layer or output."""
        arguments = [
            from_memory(
                np.ascontiguousarray(data).view(np.uint8).reshape(-1),
                tensor_type(argument).get_shape(),
                dtype_of(argument),
                layout_of(argument),
            )
            for data, argument in zip(row, network_of(self.module).body.block.args, strict=True)
        ]
        run = run_network(self.module, self.target.array, *arguments, simulator=simulator)
        reference = run_reference(self.imported.module, *arguments)
        found = {
            layer.label: first_difference(
                f"layer {layer.label}", reference.layers[layer.label], layer.result
            )
            for layer in run.layers
            if layer.label in reference.layers
        }
        for port, expected, actual in zip(
            self.imported.outputs, reference.outputs, run.outputs, strict=True
        ):
            found[port.name] = first_difference(f"output {port.name}", expected, actual)
        return run, {label: where for label, where in found.items() if where is not None}

    def _in_file_order(self, run: NetworkRun, number: int) -> Array:
        """An output in the order of elements that the file has."""
        returned = network_of(self.module).body.block.last_op
        assert returned is not None, "a network ends with a return"
        value = run.outputs[number]
        return to_memory(value, layout_of(returned.operands[number])).view(value.dtype)
