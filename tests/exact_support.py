"""Compares an imported network with what the exact interpreter says that its file means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
import onnx

from dsconv.exact.interpreter import evaluate
from dsconv.execution.execute import run_imported
from dsconv.execution.ports import quantised_inputs
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.onnx_file.preprocessing import without_preprocessing
from dsconv.verification.exact import ExactComparison
from dsconv.verification.verify import as_in_file

Array = npt.NDArray[Any]


def assert_means(
    model: onnx.ModelProto, feeds: Mapping[str, Array], network: ImportedNetwork | None = None
) -> ImportedNetwork:
    """Every layer and output is what the file means, on the inputs of the file by name."""
    network = import_onnx(model) if network is None else network
    wrong = differences(network, model, feeds)
    assert not wrong, wrong
    return network


def differences(
    network: ImportedNetwork, model: onnx.ModelProto, feeds: Mapping[str, Array]
) -> list[str]:
    """Layers and outputs that are not what the file means, and by how much."""
    given = dict(feeds)
    for port in network.inputs:
        if port.scale is None and port.name in given:
            given[port.name] = given[port.name].astype(port.dtype)
    rows = list(zip(*quantised_inputs(given, network.inputs), strict=True))
    rest, _ = without_preprocessing(model)
    made = {name for node in model.graph.node for name in node.output}
    judged = evaluate(model, feeds, [port.tensor for port in network.inputs if port.tensor in made])
    wrong = [
        f"input {port.name}"
        for row in rows
        for port, array in zip(network.inputs, row, strict=True)
        if port.tensor in judged
        and judged[port.tensor].value.shape == array.shape
        and judged[port.tensor].different(array).any()
    ]
    begun = [
        {
            port.name: as_in_file(rest, array, port)
            for port, array in zip(network.inputs, row, strict=True)
        }
        for row in rows
    ]
    runs = [run_imported(network, row) for row in rows]
    comparison = ExactComparison(network, rest, begun, runs)
    agreements = {source.label: comparison.layer(source) for source in network.layers}
    agreements |= {f"output {port.name}": comparison.output(port) for port in network.outputs}
    return wrong + [
        f"{label}: {found}"
        for label, found in agreements.items()
        if found is not None and not found.is_explained
    ]
