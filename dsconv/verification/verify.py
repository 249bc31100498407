"""Compares a network with what its file means to others: layer by layer, end to end, and its C."""

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

from dsconv.api import Network
from dsconv.dialects.graph import LayerOperation, dtype_of, tensor_type
from dsconv.dialects.run import make_interpreter, network_of
from dsconv.execution.execute import run_imported
from dsconv.execution.ports import quantised_inputs
from dsconv.execution.report import WIDEST, Report
from dsconv.frontends import ImportedNetwork, LayerSource, OnnxTensor, Port
from dsconv.frontends.onnx_file.model_file import load_model
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph
from dsconv.frontends.onnx_file.preprocessing import without_preprocessing
from dsconv.verification.decompose import spelled_out
from dsconv.verification.exact import ExactComparison, output_view
from dsconv.verification.onnx_runtime import Array, part_of
from dsconv.verification.oracles import EXACT, INTEGERS, Agreement, Judge, judge_of
from dsconv.verification.rounding import explained


@dataclass(frozen=True)
class LayerCheck:
    """A layer on its true inputs; no agreement where the file has no tensor with its bytes."""

    label: str
    op: str
    shape: tuple[int, ...]
    agreement: Agreement | None


@dataclass(frozen=True)
class Verification:
    """Comparisons of a network with a judge, and of its C with the reference semantics."""

    judge: Judge
    layers: Sequence[LayerCheck]
    outputs: Sequence[Agreement]
    report: Report

    @property
    def equal(self) -> bool:
        """Whether no value differs anywhere, but for the judge's own rounding."""
        return self.report.equal and self._layers_agree and self._outputs_agree

    @property
    def _layers_agree(self) -> bool:
        return all(found.is_explained for found in self._compared())

    @property
    def _outputs_agree(self) -> bool:
        """What follows from differences that are explained is, too."""
        follows = not all(found.is_settled for found in self._compared())
        equal = all(output.is_explained for output in self.outputs)
        return equal or (self._layers_agree and follows)

    def print(self, console: Console) -> None:
        """The table of layers and where the first difference is."""
        Console(width=WIDEST, file=console.file).print(self._table())
        for difference in self._differences():
            console.print(f"DIFFERENT  {difference}", style="bold red", highlight=False)
        uncompared = sum(layer.agreement is None for layer in self.layers)
        if uncompared:
            console.print(
                f"note: {uncompared} layers have no tensor of their own in the file; what follows "
                "them is compared",
                style="dim",
                highlight=False,
            )
        console.print(
            f"{self.report.network} on {self.report.runner}: {self._verdict}",
            style="bold green" if self.equal else "bold red",
            highlight=False,
        )

    @property
    def _verdict(self) -> str:
        if not self.equal:
            return "NOT equal"
        explained = sum(found.explained for found in self._compared())
        if not explained:
            return f"every layer and the outputs equal those of {self.judge.name}, and the C them"
        return (
            f"equal to {self.judge.name} but for {explained} values that lie within float32's "
            "rounding of a tie (docs/arithmetic.md), and the C is exact"
        )

    def _compared(self) -> list[Agreement]:
        return [layer.agreement for layer in self.layers if layer.agreement is not None]

    def _differences(self) -> list[str]:
        diverging = [
            f"layer {layer.label}: {layer.agreement}"
            for layer in self.layers
            if layer.agreement is not None and not layer.agreement.is_explained
        ]
        outputs = [
            f"{title}: {output}"
            for title, output in self._titled_outputs()
            if output.different and not self._outputs_agree
        ]
        return [*diverging[:1], *outputs, *(f"the C: {found}" for found in self.report.differences)]

    def _table(self) -> Table:
        table = Table(title=f"{self.report.network} against {self.judge.name}", box=box.SIMPLE_HEAD)
        for column in ("layer", "op", "output"):
            table.add_column(column, no_wrap=True)
        for column in ("values", "differ", "by rounding", "by at most", "from channel"):
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
        for title, output in self._titled_outputs():
            table.add_row(title, "", "", *_cells(output), "")
        return table

    def _titled_outputs(self) -> list[tuple[str, Agreement]]:
        names = list(self.report.outputs) if len(self.outputs) > 1 else []
        titles = [f"end to end, {name}" for name in names] or ["end to end"]
        return list(zip(titles, self.outputs, strict=True))


def _cells(agreement: Agreement | None) -> tuple[str, ...]:
    if agreement is None:
        return ("", "", "", "", "")
    values, different = f"{agreement.values:,}", f"{agreement.different:,}"
    if not agreement.different:
        return (values, different, "", "", "")
    if not agreement.is_explained:
        different = f"[red]{different}[/red]"
    rest = (agreement.explained, agreement.largest, agreement.channel)
    return (values, different, *(f"{count:,}" for count in rest))


def verify(
    compiled: Network,
    path: Path,
    x: object = None,
    *,
    on: str,
    judge: Judge | None = None,
) -> Verification:
    """Compares a compiled network with what a judge gives for the file that it comes from.

    `x` is one input or several, as `Network.run` takes them; the judge is that of the
    flavour by default. Raises DsconvError where the judge cannot run the file or the runner cannot
    run the C.
    """
    imported = compiled.imported
    judge = judge or judge_of(imported.flavour)
    model, _ = without_preprocessing(load_model(path))
    ports, results = imported.inputs, imported.outputs
    inputs = quantised_inputs(x, ports)
    rows = list(zip(*inputs, strict=True))
    feeds = [
        {port.name: _as_in_file(model, x, port) for port, x in zip(ports, row, strict=True)}
        for row in rows
    ]
    runs = [run_imported(imported, row) for row in rows]
    given = {port.name: array for port, array in zip(ports, inputs, strict=True)}
    if judge is EXACT:
        comparison = ExactComparison.of(imported, model, feeds, runs)
        layers = [_exact_check(comparison, source) for source in imported.layers]
        outputs = [comparison.output(port) for port in results]
        return Verification(EXACT, layers, outputs, compiled.run(given, on=on))
    model = model if judge is INTEGERS else spelled_out(model)
    names = {tensor.name for tensor in _layer_tensors(imported)} - {port.name for port in ports}
    wanted = [result.tensor for result in results]
    true = judge.ways[0](model, feeds, [*names, *wanted])
    known = [feed | tensors for feed, tensors in zip(feeds, true, strict=True)]
    comparison = _LayerComparison(judge, model, imported, known)
    layers = [comparison.check(source) for source in imported.layers]
    ways = [true, *(way(model, feeds, wanted) for way in judge.ways[1:])]
    outputs = [
        Agreement.of(
            np.concatenate([run.outputs[number] for run in runs]),
            [
                np.concatenate(
                    [output_view(imported, port).stored(tensors[port.tensor]) for tensors in way]
                )
                for way in ways
            ],
        )
        for number, port in enumerate(results)
    ]
    return Verification(judge, layers, outputs, compiled.run(given, on=on))


def _exact_check(comparison: ExactComparison, source: LayerSource) -> LayerCheck:
    operation = layer_operations(comparison.imported)[source.label]
    shape = tensor_type(operation.result).get_shape()
    return LayerCheck(source.label, operation.kind, shape, comparison.layer(source))


def layer_operations(imported: ImportedNetwork) -> dict[str, LayerOperation]:
    """Layers by label."""
    return {
        op.label: op
        for op in network_of(imported.module).body.block.ops
        if isinstance(op, LayerOperation)
    }


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


class _LayerComparison:
    """Runs one layer after the other, each on the tensors that a judge gives for its inputs.

    `known` are these tensors by name, for each input of the network.
    """

    def __init__(
        self,
        judge: Judge,
        model: onnx.ModelProto,
        imported: ImportedNetwork,
        known: Sequence[dict[str, Array]],
    ):
        self._judge = judge
        self._model = model
        self._known = known
        self._interpreter = make_interpreter(imported.module)
        self._operations = layer_operations(imported)
        self._results: list[dict[SSAValue, Array]] = [{} for _ in known]

    def check(self, source: LayerSource) -> LayerCheck:
        """The agreement of a layer."""
        layer = self._operations[source.label]
        operands = [self._operands(layer, source, row) for row in range(len(self._known))]
        results = [self._interpreter.run_op(layer, values)[0] for values in operands]
        for known, result in zip(self._results, results, strict=True):
            known[layer.result] = result
        actual = np.concatenate(results)
        if source.output is None:
            return LayerCheck(source.label, layer.kind, actual.shape, None)
        ways = self._given(source.output)
        agreement = Agreement.of(actual, ways)
        if agreement.different and self._judge.rounds:
            reasons = [
                np.concatenate(
                    [
                        explained(layer, values, result, theirs[None])
                        for values, result, theirs in zip(operands, results, way, strict=True)
                    ]
                )
                for way in ways
            ]
            agreement = Agreement.of(actual, ways, np.stack(reasons))
        return LayerCheck(source.label, layer.kind, actual.shape, agreement)

    def _operands(self, layer: LayerOperation, source: LayerSource, row: int) -> tuple[Array, ...]:
        inputs = iter(source.inputs)
        return tuple(
            self._activation(operand, next(inputs), row)
            if operand in layer.activations
            else self._constant(operand)
            for operand in layer.operands
        )

    def _activation(self, value: SSAValue, tensor: OnnxTensor | None, row: int) -> Array:
        """The true input; what the layers before give where the file has no such tensor."""
        if tensor is None:
            return self._results[row][value]
        return tensor.view.stored(self._known[row][tensor.name]).astype(dtype_of(value))

    def _constant(self, value: SSAValue) -> Array:
        assert isinstance(value.owner, Operation), "what is no activation is a constant"
        return self._interpreter.run_op(value.owner)[0]

    def _given(self, output: OnnxTensor) -> list[Array]:
        """What the judge gives for a tensor, (n, C, H, W), in each of its ways."""
        name = output.name
        part = part_of(self._model, self._known[0], name)
        read = {value.name for value in part.graph.input}
        feeds = [{name: tensors[name] for name in read} for tensors in self._known]
        return [
            np.concatenate(
                [
                    output.view.stored(found[output.name])
                    for found in way(part, feeds, [output.name])
                ]
            )
            for way in self._judge.ways
        ]
