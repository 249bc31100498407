"""Runs a compiled network and compares every layer with the reference semantics."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import TensorType

from dsconv.dialects.attributes import Layout, LayoutAttr, Space
from dsconv.dialects.graph import DTYPES, dtype_of, layout_of, tensor_bytes, tensor_type
from dsconv.dialects.run import (
    Array,
    ReferenceRun,
    from_memory,
    network_of,
    run_reference,
    to_memory,
)
from dsconv.dialects.tiled import LayerOp, buffer_space
from dsconv.driver.compiled import CompiledNetwork
from dsconv.driver.difference import Difference, first_difference
from dsconv.driver.output import write_folder
from dsconv.errors import DsconvError
from dsconv.execution.counting import CountedRun, count_stalls
from dsconv.execution.report import LayerReport, Report
from dsconv.frontends import ImportedNetwork, Port
from dsconv.lowering.c_target import network_function
from dsconv.passes.spill_activations import line_bytes
from dsconv.runners import RunResult, build, gvsoc, gvsoc_gap8, host, qemu
from dsconv.targets import Target

RUNNERS: dict[str, dict[str, ModuleType]] = {
    "host": {"host": host},
    "qemu": {"qemu": qemu},
    "gvsoc": {"pulp_open": gvsoc, "gap8": gvsoc_gap8},
}
"""By the runner's name: the module that runs each platform of runtime_c."""

TIMEOUT_S = 900.0
RANDOM_SEED = 0


def platform_for(target: Target, runner: str) -> str:
    """Folder of runtime_c that a runner needs for a target: its only one, or the target's own."""
    if runner not in RUNNERS:
        raise DsconvError(f"no runner {runner}; there are {', '.join(RUNNERS)}")
    platforms = list(RUNNERS[runner])
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
    """Builds in a temporary folder, runs, compares; see `dsconv.api.Network.run`."""
    platform = platform_for(compiled.target, on)
    (port,) = compiled.imported.inputs
    inputs = quantised_inputs(x, port)
    result = build_and_run(compiled, on, platform, inputs, trace=True)
    if result.cycles is not None and outputs_in_l3(compiled):
        undisturbed = build_and_run(compiled, on, platform, inputs, trace=False)
        result = replace(result, cycles=undisturbed.cycles, layer_stats=undisturbed.layer_stats)
    counted = count_stalls(compiled, platform, inputs[-1]) if stalls else None
    return Comparison(compiled, inputs, result, counted).report(on, expect)


def build_and_run(
    compiled: CompiledNetwork, on: str, platform: str, inputs: Array, *, trace: bool
) -> RunResult:
    """Builds in a temporary folder and runs on quantised inputs."""
    with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
        directory = Path(folder)
        write_folder(compiled.lowered, directory, compiled.target, platform, trace=trace)
        build(directory)
        return RUNNERS[on][platform].run(directory, inputs.view(np.uint8).reshape(-1), TIMEOUT_S)


def outputs_in_l3(compiled: CompiledNetwork) -> bool:
    """Whether a layer's output lies in L3: tracing it takes so long that other transfers end."""
    return any(
        isinstance(op, LayerOp) and buffer_space(op.output) is Space.L3
        for op in network_function(compiled.lowered).body.block.ops
    )


def quantised_inputs(x: object, port: Port) -> Array:
    """Inputs as (n, bytes' shape) in the type that the network takes.

    Floats are quantised as QuantizeLinear does; integers have to be of the network's type.
    """
    dtype = np.dtype(port.dtype)
    if x is None:
        limits = np.iinfo(dtype)
        generator = np.random.default_rng(RANDOM_SEED)
        return generator.integers(limits.min, limits.max + 1, (1, *port.shape), dtype)
    array = np.asarray(x)
    size = int(np.prod(port.shape))
    if array.size == 0 or array.size % size:
        raise DsconvError(
            f"the input has shape {array.shape}; {port.name} takes {port.shape}, or several of them"
        )
    array = array.reshape(-1, *port.shape)
    if np.issubdtype(array.dtype, np.floating):
        return quantise(array, port)
    if array.dtype != dtype:
        raise DsconvError(f"the input is {array.dtype}; {port.name} takes {dtype} or float")
    return np.ascontiguousarray(array)


def quantise(array: npt.NDArray[np.floating], port: Port) -> Array:
    """QuantizeLinear with the scale and zero point of a port."""
    if port.scale is None:
        raise DsconvError(f"{port.name} has no scale: give integers, not floats")
    limits = np.iinfo(port.dtype)
    steps = np.rint(array.astype(np.float32) / np.float32(port.scale)) + port.zero_point
    return np.clip(steps, limits.min, limits.max).astype(port.dtype)


def run_imported(imported: ImportedNetwork, row: Array) -> ReferenceRun:
    """Reference semantics of a network for one input, in the shape and order of the file."""
    (argument,) = network_of(imported.module).body.block.args
    data = np.ascontiguousarray(row).view(np.uint8).reshape(-1)
    shape, dtype = tensor_type(argument).get_shape(), dtype_of(argument)
    return run_reference(imported.module, from_memory(data, shape, dtype, layout_of(argument)))


@dataclass(frozen=True)
class Comparison:
    """A run beside the reference semantics of the same inputs."""

    compiled: CompiledNetwork
    inputs: Array
    result: RunResult
    counted: CountedRun | None = None

    def report(self, runner: str, expect: object) -> Report:
        """Compares layer by layer, then with the expected outputs."""
        references = [run_imported(self.compiled.imported, row) for row in self.inputs]
        network = network_function(self.compiled.lowered)
        lowered = [op for op in network.body.block.ops if isinstance(op, LayerOp)]
        differences: list[Difference] = []
        layers: list[LayerReport] = []
        for number, layer in enumerate(lowered):
            found = self._layer_difference(number, layer, references)
            differences += [found] if found else []
            layers.append(self._layer_report(number, layer, found is None))
        outputs = self._outputs()
        differences += self._output_differences(outputs, references, expect)
        return Report(
            network.sym_name.data,
            self.compiled.target.name,
            runner,
            self.compiled.imported.flavour,
            outputs,
            None if self.result.cycles is None else self.result.cycles[-1],
            self.result.bank_conflicts,
            None if self.counted is None else self.counted.cycles,
            layers,
            differences,
            self.compiled.imported.notes,
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
            layer.tile.data,
            layer.schedule.data,
            layer.narrow_channels.value.data,
            layer.wide_channels.value.data,
            equal,
            None if self.counted is None else self.counted.layers[number],
        )

    def _outputs(self) -> Array:
        (port,) = self.compiled.imported.outputs
        return self.result.outputs.view(port.dtype).reshape(-1, *port.shape)

    def _output_differences(
        self, outputs: Array, references: Sequence[ReferenceRun], expect: object
    ) -> list[Difference]:
        returned = network_of(self.compiled.imported.module).body.block.last_op
        assert returned is not None, "a network ends with a return"
        layout = layout_of(returned.operands[0])
        (port,) = self.compiled.imported.outputs
        calculated = [
            to_memory(reference.outputs[0], layout).view(port.dtype) for reference in references
        ]
        found = [
            first_difference("output", np.stack(calculated).reshape(outputs.shape), outputs),
            None if expect is None else self._against(expect, outputs, port),
        ]
        return [difference for difference in found if difference is not None]

    def _against(self, expect: object, outputs: Array, port: Port) -> Difference | None:
        expected = np.asarray(expect)
        if expected.size != outputs.size:
            raise DsconvError(
                f"expected outputs have shape {expected.shape}, the network's {outputs.shape}"
                + "".join(f"; note: {note}" for note in self.compiled.imported.notes)
            )
        expected = expected.reshape(outputs.shape)
        if np.issubdtype(expected.dtype, np.floating):
            expected = quantise(expected, port)
        return first_difference("expected output", expected, outputs)


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
