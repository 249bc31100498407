"""The flavours of quantised ONNX that can be read, and which of them a graph is written in."""

from __future__ import annotations

from dsconv.errors import ModelError
from dsconv.frontends.core.reader import QUANTISE_FIRST
from dsconv.frontends.flavours.flavour import Flavour, has_operation
from dsconv.frontends.flavours.litert import LITERT
from dsconv.frontends.flavours.nemo import NEMO
from dsconv.frontends.flavours.qcdq import QCDQ
from dsconv.frontends.flavours.qdq import QDQ
from dsconv.frontends.flavours.qoperator import QOPERATOR
from dsconv.frontends.flavours.quantlab import QUANTLAB
from dsconv.frontends.flavours.requantshift import REQUANTSHIFT
from dsconv.frontends.flavours.tflite import TFLITE
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph

FLAVOURS = (REQUANTSHIFT, QOPERATOR, QCDQ, QDQ, NEMO, QUANTLAB, TFLITE, LITERT)
"""In the order in which they are recognised."""
INTEGER_FLAVOURS = {flavour.name for flavour in (REQUANTSHIFT, NEMO, QUANTLAB)}
"""Whose nodes compute on integers."""


def flavour_named(name: str) -> Flavour:
    """A flavour by its name, in any case. Raises `ModelError` where there is none."""
    for flavour in FLAVOURS:
        if flavour.name.lower() == name.lower():
            return flavour
    raise ModelError(f"no flavour '{name}'; there are {_names()}")


def flavour_of(graph: OnnxGraph) -> Flavour:
    """The flavour that a graph is written in. Raises `ModelError` where it is none."""
    if has_operation("DynamicQuantizeLinear")(graph):
        raise ModelError(
            "the model is quantised while it runs, with scales of its own for each input "
            f"(DynamicQuantizeLinear); {QUANTISE_FIRST}"
        )
    for flavour in FLAVOURS:
        if flavour.is_written_in(graph):
            return flavour
    if any(source.dtype != "float32" for source in graph.inputs):
        return QDQ
    raise ModelError(
        f"the model is not quantised in a way that dsconv reads ({_names()}); {QUANTISE_FIRST}"
    )


def _names() -> str:
    return ", ".join(flavour.name for flavour in FLAVOURS)
