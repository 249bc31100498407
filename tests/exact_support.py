"""Compares an imported network with what the exact interpreter says that its file means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from dsconv.exact.interpreter import evaluate
from dsconv.execution.execute import run_imported
from dsconv.execution.ports import quantised_inputs
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.verification.exact import ExactComparison

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
    begun = [port.name for port in network.inputs]
    missing = [name for name in begun if name not in feeds]
    if missing:  # behind steps that are left to the caller
        computed = evaluate(model, feeds, missing)
        feeds = dict(feeds) | {name: computed[name].value.astype(np.float32) for name in missing}
    given = {
        port.name: feeds[port.name].astype(port.dtype) if port.scale is None else feeds[port.name]
        for port in network.inputs
    }
    inputs = quantised_inputs(given, network.inputs)
    runs = [run_imported(network, row) for row in zip(*inputs, strict=True)]
    comparison = ExactComparison(network, model, [feeds], runs)
    agreements = {source.label: comparison.layer(source) for source in network.layers}
    agreements |= {f"output {port.name}": comparison.output(port) for port in network.outputs}
    return [
        f"{label}: {found}"
        for label, found in agreements.items()
        if found is not None and not found.is_explained
    ]
