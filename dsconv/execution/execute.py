"""Runs a compiled network and compares every layer with the reference semantics."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import TensorType

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.graph import DTYPES, dtype_of, layout_of, tensor_bytes, tensor_type
from dsconv.dialects.run import (
    Array,
    ReferenceRun,
    from_memory,
    network_of,
    run_reference,
    to_memory,
)
from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.compiled import CompiledNetwork
from dsconv.driver.difference import Difference, first_difference
from dsconv.driver.output import write_folder
from dsconv.errors import DsconvError
from dsconv.execution.counting import CountedRun, count_stalls
from dsconv.execution.ports import expected_differences, packed, quantised_inputs, unpacked
from dsconv.execution.report import LayerReport, Report
from dsconv.execution.slow_layers import why_slow
from dsconv.frontends import ImportedNetwork
from dsconv.lowering.c_target import network_function
from dsconv.passes.spill_activations import line_bytes
from dsconv.runners import RunResult, build
from dsconv.runners.platforms import PLATFORMS, platforms_on, runners
from dsconv.targets import ClusterTarget

TIMEOUT_S = 900.0

logger = logging.getLogger(__name__)


def platform_for(target: ClusterTarget, runner: str) -> str:
    """Folder of runtime_c that a runner needs for a target: its only one, or the target's own."""
    platforms = platforms_on(runner)
    if not platforms:
        raise DsconvError(f"no runner {runner}; there are {', '.join(runners())}")
    if len(platforms) == 1:
        return platforms[0]
    if target.platform not in platforms:
        raise DsconvError(
            f"{runner} does not run target {target.name}; take {' or '.join(platforms)}"
        )
    return target.platform


def execute(
    compiled: CompiledNetwork,
    x: object,
    *,
    on: str,
    expect: object = None,
    stalls: bool = False,
) -> Report:
    """Builds in a temporary folder, runs, compares; see `dsconv.api.Network.run`.

    Cycles are those of a run without a trace, as the application runs: what a trace writes between
    layers takes the place of code in the instruction cache, and weights come from L3 meanwhile.
    """
    platform = platform_for(compiled.target, on)
    inputs = quantised_inputs(x, compiled.imported.inputs)
    result = build_and_run(compiled, platform, inputs, trace=True)
    if result.cycles is not None:
        timed = build_and_run(compiled, platform, inputs, trace=False)
        result = replace(result, cycles=timed.cycles, layer_stats=timed.layer_stats)
    counted = count_stalls(compiled, platform, packed(inputs)[-1]) if stalls else None
    return Comparison(compiled, inputs, result, counted).report(on, expect)


def build_and_run(
    compiled: CompiledNetwork, platform: str, inputs: Sequence[Array], *, trace: bool
) -> RunResult:
    """Builds in a temporary folder and runs on quantised inputs."""
    with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
        directory = Path(folder)
        write_folder(compiled.lowered, directory, compiled.target, platform, trace=trace)
        logger.info("build for %s", platform)
        build(directory)
        logger.info("run for %s", platform)
        return PLATFORMS[platform].module.run(directory, packed(inputs), TIMEOUT_S)


def run_imported(imported: ImportedNetwork, row: Sequence[Array]) -> ReferenceRun:
    """Reference semantics of a network for one value of each input, as they lie in the file."""
    arguments = network_of(imported.module).body.block.args
    values = [
        from_memory(
            np.ascontiguousarray(x).view(np.uint8).reshape(-1),
            tensor_type(argument).get_shape(),
            dtype_of(argument),
            layout_of(argument),
        )
        for argument, x in zip(arguments, row, strict=True)
    ]
    return run_reference(imported.module, *values)


@dataclass(frozen=True)
class Comparison:
    """A run beside the reference semantics of the same inputs: (n, ...) for each port."""

    compiled: CompiledNetwork
    inputs: Sequence[Array]
    result: RunResult
    counted: CountedRun | None = None

    def report(self, runner: str, expect: object) -> Report:
        """Compares layer by layer, then with the expected outputs."""
        imported = self.compiled.imported
        logger.info("compare with the reference semantics")
        references = [run_imported(imported, row) for row in zip(*self.inputs, strict=True)]
        differences: list[Difference] = []
        layers: list[LayerReport] = []
        for number, layer in enumerate(self.compiled.layers):
            found = self._layer_difference(number, layer, references)
            differences += [found] if found else []
            layers.append(self._layer_report(number, layer, found is None))
        outputs = unpacked(self.result.outputs, imported.outputs)
        differences += self._output_differences(outputs, references, expect)
        return Report(
            network_function(self.compiled.lowered).sym_name.data,
            self.compiled.target.name,
            runner,
            imported.flavour,
            imported.inputs,
            imported.outputs,
            outputs,
            None if self.result.cycles is None else self.result.cycles[-1],
            self.result.bank_conflicts,
            None if self.counted is None else self.counted.cycles,
            layers,
            differences,
            imported.notes,
        )

    def _layer_difference(
        self, number: int, layer: LayerOp, references: Sequence[ReferenceRun]
    ) -> Difference | None:
        assert self.result.layer_outputs is not None, "the network was built with tracing"
        actual = self.result.layer_outputs[number]
        label = layer.label.data
        shape, dtype, layout = _tensor(layer.shape)
        for reference, data in zip(references, actual, strict=True):
            if label not in reference.layers:
                continue
            values = from_memory(without_padding(data, layer.shape), shape, dtype, layout)
            found = first_difference(f"layer {label}", reference.layers[label], values)
            if found is not None:
                return found
        return None

    def _layer_report(self, number: int, layer: LayerOp, equal: bool) -> LayerReport:
        stats = self.result.layer_stats[-1][number]
        return LayerReport(
            layer.label.data,
            layer.kind.data,
            layer.shape.get_shape(),
            layer.macs.value.data,
            stats.cycles,
            stats.l2_l1_in,
            stats.l2_l1_out,
            stats.l2_l1_weights,
            stats.l3_l2,
            layer.tile.tile.size_text,
            layer.schedule.schedule.text,
            layer.narrow_channels.value.data,
            layer.wide_channels.value.data,
            equal,
            None if self.counted is None else self.counted.layers[number],
            why_slow(layer, self.compiled.lowered, stats, self._cluster),
        )

    @property
    def _cluster(self) -> Cluster:
        return self.compiled.target.cluster(len(self.result.layer_stats[-1]))

    def _output_differences(
        self, outputs: Mapping[str, Array], references: Sequence[ReferenceRun], expect: object
    ) -> list[Difference]:
        imported = self.compiled.imported
        returned = network_of(imported.module).body.block.last_op
        assert returned is not None, "a network ends with a return"
        found: list[Difference | None] = []
        for number, port in enumerate(imported.outputs):
            place = f"output {port.name}" if len(outputs) > 1 else "output"
            layout = layout_of(returned.operands[number])
            calculated = np.stack(
                [to_memory(reference.outputs[number], layout) for reference in references]
            )
            actual = outputs[port.name]
            found.append(
                first_difference(place, calculated.view(port.dtype).reshape(actual.shape), actual)
            )
        differs = [difference for difference in found if difference is not None]
        return differs + expected_differences(expect, outputs, imported.outputs, imported.notes)


def without_padding(data: npt.NDArray[np.uint8], type_: TensorType) -> npt.NDArray[np.uint8]:
    """The bytes of an activation as it lies in L2: in L3 its lines are whole words."""
    size = tensor_bytes(type_)
    if data.size == size:
        return data
    line = line_bytes(type_)
    return data.reshape(size // line, -1)[:, :line].reshape(-1)


def _tensor(type_: TensorType) -> tuple[tuple[int, ...], type[np.integer], Layout | None]:
    layout = type_.encoding.data if isinstance(type_.encoding, LayoutAttr) else None
    return type_.get_shape(), DTYPES[type_.element_type], layout
