"""Imports a quantised ONNX network into the graph level of the dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from dsconv.errors import ModelError
from dsconv.frontends.model_file import load_model
from dsconv.frontends.network import ImportedNetwork
from dsconv.frontends.onnx_graph import OnnxGraph
from dsconv.frontends.qdq import QDQ_HANDLERS
from dsconv.frontends.qoperator import QOPERATOR_HANDLERS, QOPERATOR_ONLY
from dsconv.frontends.reader import QUANTISE_FIRST, Handler, Reader


@dataclass(frozen=True)
class Flavour:
    """A way to write quantised networks: operations that give it away, and what all nodes mean."""

    name: str
    signs: frozenset[str]
    handlers: Mapping[str, Handler]


QDQ = Flavour("QDQ", frozenset({"QuantizeLinear", "DequantizeLinear"}), QDQ_HANDLERS)
QOPERATOR = Flavour("QOperator", frozenset(QOPERATOR_ONLY), QOPERATOR_HANDLERS)
FLAVOURS = (QOPERATOR, QDQ)


def import_onnx(
    path_or_model: str | Path | onnx.ModelProto, name: str | None = None
) -> ImportedNetwork:
    """Imports a quantised ONNX network.

    The function in the module is called `name`, by default after the file or the graph. Raises
    `ModelError`, with the node and what to do, for anything that cannot be compiled.
    """
    if isinstance(path_or_model, onnx.ModelProto):
        model, stem = path_or_model, path_or_model.graph.name
    else:
        path = Path(path_or_model)
        model, stem = load_model(path), path.stem
    graph = OnnxGraph(model)
    flavour = _flavour(graph)
    with np.errstate(all="ignore"):  # what is not finite is found and reported with its node
        return Reader(graph, flavour.handlers).read(name or stem, flavour.name)


def _flavour(graph: OnnxGraph) -> Flavour:
    operations = {node.op_type for node in graph.nodes}
    for flavour in FLAVOURS:
        if flavour.signs & operations:
            return flavour
    if any(source.dtype != "float32" for source in graph.inputs):
        return QDQ
    known = " and ".join(flavour.name for flavour in FLAVOURS)
    raise ModelError(
        f"the model is not quantised in a way that dsconv reads ({known}); {QUANTISE_FIRST}"
    )
