"""Compares a network with what its file means to others: layer by layer, end to end, and its C."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx

from dsconv.api import Network
from dsconv.dialects.graph import tensor_type
from dsconv.dialects.run import ReferenceRun, layers_of
from dsconv.errors import DsconvError
from dsconv.execution.execute import run_imported
from dsconv.execution.ports import quantised_inputs
from dsconv.frontends import ImportedNetwork, LayerSource, Port
from dsconv.frontends.mlir_file import FLAVOUR as TOSA
from dsconv.frontends.onnx_file.model_file import decoded, read_file
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph
from dsconv.frontends.onnx_file.preprocessing import without_preprocessing
from dsconv.frontends.tflite_file.schema import is_tflite, parse
from dsconv.frontends.tflite_file.variables import variables_as_ports
from dsconv.verification.exact import ExactComparison
from dsconv.verification.onnx_runtime import Array
from dsconv.verification.oracles import TFLITE_JUDGES, Agreement, Feeds, Judge, judge_of
from dsconv.verification.result import LayerCheck, Verification
from dsconv.verification.runtime_comparison import RuntimeComparison
from dsconv.verification.tflite_comparison import TfliteComparison

logger = logging.getLogger(__name__)


def verify(
    compiled: Network,
    path: Path,
    x: object = None,
    *,
    on: str,
    judge: Judge | None = None,
    stalls: bool = False,
) -> Verification:
    """Compares a compiled network with what a judge gives for the file that it comes from.

    `x` is one input or several, and `stalls` counts, as `Network.run` takes them; the judge is
    that of the flavour by default. Raises DsconvError where the judge cannot run the file or the
    runner cannot run the C.
    """
    imported = compiled.imported
    if imported.flavour == TOSA:
        raise DsconvError(
            f"{path}: nothing that dsconv knows judges MLIR; compare with outputs of your own: "
            "dsconv run --expect"
        )
    data = read_file(path)
    judge = judge or judge_of(imported.flavour, of_tflite_file=is_tflite(data))
    model, _ = without_preprocessing(decoded(data, path))
    ports = imported.inputs
    inputs = quantised_inputs(x, ports)
    if is_tflite(data):
        inputs = _of_the_first_call(data, ports, inputs, are_random=x is None)
    rows = list(zip(*inputs, strict=True))
    feeds = [
        {port.name: as_in_file(model, x, port) for port, x in zip(ports, row, strict=True)}
        for row in rows
    ]
    logger.info("run the reference semantics")
    runs = [run_imported(imported, row) for row in rows]
    logger.info("ask %s", judge.value)
    comparison = _comparison(judge, imported, model, data, feeds, runs)
    layers = _checks(imported, comparison.layer)
    outputs = [comparison.output(port) for port in imported.outputs]
    given = {port.name: array for port, array in zip(ports, inputs, strict=True)}
    return Verification(judge, layers, outputs, compiled.run(given, on=on, stalls=stalls))


def _of_the_first_call(
    data: bytes, ports: Sequence[Port], inputs: Sequence[Array], *, are_random: bool
) -> list[Array]:
    """Inputs whose states are as a file's variables, which the judge keeps itself, begin."""
    states = variables_as_ports(parse(data)).states
    first = {state.given.name: state.first.array for state in states if state.first is not None}
    arrays: list[Array] = []
    for port, array in zip(ports, inputs, strict=True):
        begin = first.get(port.name)
        if begin is not None and are_random:
            array = np.broadcast_to(begin.reshape(array.shape[1:]), array.shape)
        elif begin is not None and not np.array_equal(array, np.broadcast_to(begin, array.shape)):
            raise DsconvError(
                f"the judge keeps '{port.name}' itself, so the first call alone is compared: leave "
                "it as it begins, or compare with outputs of your own: dsconv run --expect"
            )
        arrays.append(array)
    return arrays


def _comparison(
    judge: Judge,
    imported: ImportedNetwork,
    model: onnx.ModelProto,
    data: bytes,
    feeds: Feeds,
    runs: Sequence[ReferenceRun],
) -> ExactComparison | RuntimeComparison | TfliteComparison:
    if judge in TFLITE_JUDGES:
        if not is_tflite(data):
            raise DsconvError(f"{judge.value} judges .tflite files, and this is none")
        return TfliteComparison(imported, data, feeds, runs, judge)
    if is_tflite(data):
        raise DsconvError(f"{judge.value} judges ONNX files; take --against tflm or litert")
    kind = ExactComparison if judge is Judge.EXACT else RuntimeComparison
    return kind(imported, model, feeds, runs)


def _checks(
    imported: ImportedNetwork, agreement: Callable[[LayerSource], Agreement | None]
) -> list[LayerCheck]:
    operations = layers_of(imported.module)
    return [
        LayerCheck(
            source.label,
            operations[source.label].kind,
            tensor_type(operations[source.label].result).get_shape(),
            agreement(source),
        )
        for source in imported.layers
    ]


def as_in_file(model: onnx.ModelProto, row: Array, port: Port) -> Array:
    """Quantised values as the input of the file takes them: reals where it quantises itself."""
    (dtype,) = (source.dtype for source in OnnxGraph(model).inputs if source.name == port.name)
    if "QuantizeLinear" in port.caller_steps and port.scale is not None:
        centred = row.astype(np.float32) - port.zero_point
        return centred * np.float32(port.scale)
    return row.astype(dtype)
