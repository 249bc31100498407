"""Imports a quantised network into the graph level of the dialect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from dsconv.frontends.core.reader import Reader
from dsconv.frontends.flavours.flavour import Flavour
from dsconv.frontends.flavours.registry import flavour_named, flavour_of
from dsconv.frontends.flavours.tflite import TFLITE
from dsconv.frontends.mlir_file import SUFFIX as MLIR_SUFFIX
from dsconv.frontends.mlir_file import import_mlir
from dsconv.frontends.onnx_file.model_file import load_model
from dsconv.frontends.onnx_file.network import ImportedNetwork
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph
from dsconv.frontends.onnx_file.preprocessing import without_preprocessing
from dsconv.frontends.tflite_file.onnx_writer import PRODUCER

FROM_TFLITE = "tf2onnx"
"""Who writes what was a .tflite file, or a TensorFlow graph."""


def import_onnx(
    path_or_model: str | Path | onnx.ModelProto,
    name: str | None = None,
    flavour: str | None = None,
) -> ImportedNetwork:
    """Imports a quantised network: ONNX, a .tflite file, or TOSA in a file of MLIR.

    The function in the module is called `name`, by default after the file or the graph. `flavour`
    names what the nodes mean, which the graph itself tells by default. Raises `ModelError`, with
    the node and what to do, for anything that cannot be compiled.
    """
    if isinstance(path_or_model, onnx.ModelProto):
        model, stem = path_or_model, path_or_model.graph.name
    else:
        path = Path(path_or_model)
        if path.suffix == MLIR_SUFFIX and path.is_file():
            return import_mlir(path, name)
        model, stem = load_model(path), path.stem
    model, left_out = without_preprocessing(model)
    graph = OnnxGraph(model)
    meaning = _flavour(model, graph, flavour)
    reader = Reader(graph, meaning.handlers, meaning.arithmetic, left_out)
    if flavour is None and model.producer_name == FROM_TFLITE:
        reader.note(
            "converted from TensorFlow: this is ONNX Runtime's arithmetic; for that of TFLite's "
            f"kernels, --flavour {TFLITE.name}"
        )
    if model.producer_name == PRODUCER:
        for line in model.doc_string.splitlines():
            reader.note(line)
    with np.errstate(all="ignore"):  # what is not finite is found and reported with its node
        return reader.read(name or stem, meaning.name)


def _flavour(model: onnx.ModelProto, graph: OnnxGraph, name: str | None) -> Flavour:
    if name is not None:
        return flavour_named(name)
    return TFLITE if model.producer_name == PRODUCER else flavour_of(graph)
