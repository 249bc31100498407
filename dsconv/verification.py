"""Compares a network with ONNX Runtime: layer by layer on true inputs, end to end, and its C."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from rich import box
from rich.console import Console
from rich.table import Table
from xdsl.ir import Operation, SSAValue

from dsconv.compiler import CompiledNetwork
from dsconv.dialects.graph import LayerOperation, dtype_of, layout_of, tensor_type
from dsconv.execution import quantised_inputs, run_imported
from dsconv.frontends import ImportedNetwork, LayerSource, OnnxTensor, Port
from dsconv.frontends.model_file import load_model
from dsconv.frontends.onnx_graph import OnnxGraph
from dsconv.frontends.spelled_out import spelled_out
from dsconv.onnx_runtime import Array, part_of, run_model
from dsconv.reference import from_memory, make_interpreter, network_of
from dsconv.report import WIDEST, Report


@dataclass(frozen=True)
class Agreement:
    """How values compare with ONNX Runtime's.

    Optimised, it computes QDQ layers on integers; unoptimised, as float sums. `different` of
    `values` equal neither, and are at most `largest` away from the nearer; `channel` is the first
    with such a value, or None.
    """

    values: int
    different: int
    largest: int
    channel: int | None

    @staticmethod
    def of(actual: Array, both: Sequence[Array]) -> Agreement:
        """Compares values (n, C, ...) with those of both modes."""
        distance = np.minimum(*(np.abs(actual.astype(np.float64) - mode) for mode in both))
        per_channel = distance.reshape(*actual.shape[:2], -1).max(axis=(0, 2))
        channels = np.flatnonzero(per_channel)
        return Agreement(
            distance.size,
            int(np.count_nonzero(distance)),
            int(distance.max()),
            int(channels[0]) if channels.size else None,
        )

    def __str__(self) -> str:
        return (
            f"{self.different} of {self.values} values differ from ONNX Runtime, by at most "
            f"{self.largest}, the first in channel {self.channel}"
        )


@dataclass(frozen=True)
class LayerCheck:
    """A layer on its true inputs; no agreement where the file has no tensor with its bytes."""

    label: str
    op: str
    shape: tuple[int, ...]
    agreement: Agreement | None


@dataclass(frozen=True)
class Verification:
    """Comparisons of a network with ONNX Runtime, and of its C with the reference semantics."""

    layers: Sequence[LayerCheck]
    outputs: Agreement
    report: Report

    @property
    def equal(self) -> bool:
        """Whether no value differs anywhere."""
        return self.report.equal and not any(found.different for found in self._compared())

    def print(self, console: Console) -> None:
        """The table of layers and where the first difference is."""
        Console(width=WIDEST, file=console.file).print(self._table())
        for difference in self._differences():
            console.print(f"DIFFERENT  {difference}", style="bold red", highlight=False)
        if any(found.largest == 1 for found in self._compared()):
            console.print(
                "note: ONNX Runtime rounds to float32 before it rounds to integers, so about one "
                "value in a million may be 1 away (docs/arithmetic.md)",
                style="dim",
                highlight=False,
            )
        uncompared = sum(layer.agreement is None for layer in self.layers)
        if uncompared:
            console.print(
                f"note: {uncompared} layers have no tensor of their own in the file; what follows "
                "them is compared",
                style="dim",
                highlight=False,
            )
        verdict = (
            "every layer and the outputs equal ONNX Runtime's, and the C equals them"
            if self.equal
            else "NOT equal"
        )
        console.print(
            f"{self.report.network} on {self.report.runner}: {verdict}",
            style="bold green" if self.equal else "bold red",
            highlight=False,
        )

    def _compared(self) -> list[Agreement]:
        layers = [layer.agreement for layer in self.layers if layer.agreement is not None]
        return [*layers, self.outputs]

    def _differences(self) -> list[str]:
        diverging = [
            f"layer {layer.label}: {layer.agreement}"
            for layer in self.layers
            if layer.agreement is not None and layer.agreement.different
        ]
        outputs = [f"end to end: {self.outputs}"] if self.outputs.different else []
        return [*diverging[:1], *outputs, *(f"the C: {found}" for found in self.report.differences)]

    def _table(self) -> Table:
        table = Table(title=f"{self.report.network} against ONNX Runtime", box=box.SIMPLE_HEAD)
        for column in ("layer", "op", "output"):
            table.add_column(column, no_wrap=True)
        for column in ("values", "differ", "by at most", "from channel"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column(f"C on {self.report.runner}")
        on_device = {layer.name: layer.equal for layer in self.report.layers}
        for layer in self.layers:
            equal = on_device.get(layer.label)
            table.add_row(
                layer.label,
                layer.op,
                "x".join(map(str, layer.shape[1:])),
                *_cells(layer.agreement),
                "" if equal is None else "equal" if equal else "[red]NO[/red]",
            )
        table.add_row("end to end", "", "", *_cells(self.outputs), "")
        return table


def _cells(agreement: Agreement | None) -> tuple[str, ...]:
    if agreement is None:
        return ("", "", "", "")
    if not agreement.different:
        return (f"{agreement.values:,}", "0", "", "")
    counts = (agreement.different, agreement.largest, agreement.channel)
    return (f"{agreement.values:,}", *(f"[red]{count:,}[/red]" for count in counts))


def verify(compiled: CompiledNetwork, path: Path, x: object = None, *, on: str) -> Verification:
    """Compares a compiled network with ONNX Runtime's results for the file that it comes from.

    `x` is one input or several, as `CompiledNetwork.run` takes them. Raises DsconvError where ONNX
    Runtime cannot run the file or the runner cannot run the C.
    """
    model, imported = spelled_out(load_model(path)), compiled.imported
    (port,), (result,) = imported.inputs, imported.outputs
    rows = quantised_inputs(x, port)
    feeds = [{port.name: _as_in_file(model, row, port)} for row in rows]
    names = {tensor.name for tensor in _layer_tensors(imported)} - {port.name}
    true = run_model(model, feeds, [*names, result.tensor], optimised=True)
    plain = run_model(model, feeds, [result.tensor], optimised=False)
    known = [feed | tensors for feed, tensors in zip(feeds, true, strict=True)]
    comparison = _LayerComparison(model, imported, known)
    layers = [comparison.check(source) for source in imported.layers]
    both = [
        np.concatenate([_output(imported, tensors[result.tensor]) for tensors in mode])
        for mode in (true, plain)
    ]
    actual = np.concatenate([run_imported(imported, row).outputs[0] for row in rows])
    return Verification(layers, Agreement.of(actual, both), compiled.run(rows, on=on))


def _layer_tensors(imported: ImportedNetwork) -> list[OnnxTensor]:
    return [
        tensor
        for source in imported.layers
        for tensor in (*source.inputs, source.output)
        if tensor is not None
    ]


def _as_in_file(model: onnx.ModelProto, row: Array, port: Port) -> Array:
    """Quantised values as the input of the file takes them: reals where it quantises itself."""
    (dtype,) = (source.dtype for source in OnnxGraph(model).inputs if source.name == port.name)
    if "QuantizeLinear" in port.caller_steps and port.scale is not None:
        centred = row.astype(np.float32) - port.zero_point
        return centred * np.float32(port.scale)
    return row.astype(dtype)


def _output(imported: ImportedNetwork, array: Array) -> Array:
    """The network's output, as it lies in the file, as (1, C, H, W)."""
    returned = network_of(imported.module).body.block.last_op
    assert returned is not None, "a network ends with a return"
    (value,) = returned.operands
    data = np.ascontiguousarray(array.astype(dtype_of(value))).view(np.uint8).reshape(-1)
    return from_memory(data, tensor_type(value).get_shape(), dtype_of(value), layout_of(value))


class _LayerComparison:
    """Runs one layer after the other, each on the tensors that ONNX Runtime gives for its inputs.

    `known` are these tensors by name, for each input of the network.
    """

    def __init__(
        self, model: onnx.ModelProto, imported: ImportedNetwork, known: Sequence[dict[str, Array]]
    ):
        self._model = model
        self._known = known
        self._interpreter = make_interpreter(imported.module)
        self._operations = {
            op.label: op
            for op in network_of(imported.module).body.block.ops
            if isinstance(op, LayerOperation)
        }
        self._results: list[dict[SSAValue, Array]] = [{} for _ in known]

    def check(self, source: LayerSource) -> LayerCheck:
        """The agreement of a layer."""
        layer = self._operations[source.label]
        for row in range(len(self._known)):
            self._results[row][layer.result] = self._result(layer, source, row)
        actual = np.concatenate([results[layer.result] for results in self._results])
        agreement = None if source.output is None else self._agreement(actual, source.output)
        return LayerCheck(source.label, layer.kind, actual.shape, agreement)

    def _result(self, layer: LayerOperation, source: LayerSource, row: int) -> Array:
        """The layer by its reference semantics."""
        inputs = iter(source.inputs)
        operands = [
            self._activation(operand, next(inputs), row)
            if operand in layer.activations
            else self._constant(operand)
            for operand in layer.operands
        ]
        return self._interpreter.run_op(layer, tuple(operands))[0]

    def _activation(self, value: SSAValue, tensor: OnnxTensor | None, row: int) -> Array:
        """The true input; what the layers before give where the file has no such tensor."""
        if tensor is None:
            return self._results[row][value]
        return tensor.view.stored(self._known[row][tensor.name]).astype(dtype_of(value))

    def _constant(self, value: SSAValue) -> Array:
        assert isinstance(value.owner, Operation), "what is no activation is a constant"
        return self._interpreter.run_op(value.owner)[0]

    def _agreement(self, actual: Array, output: OnnxTensor) -> Agreement:
        part = part_of(self._model, self._known[0], output.name)
        read = {value.name for value in part.graph.input}
        feeds = [{name: tensors[name] for name in read} for tensors in self._known]
        both = [
            np.concatenate(
                [
                    output.view.stored(tensors[output.name])
                    for tensors in run_model(part, feeds, [output.name], optimised=optimised)
                ]
            )
            for optimised in (True, False)
        ]
        return Agreement.of(actual, both)
