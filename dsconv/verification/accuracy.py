"""How often a network finds the right class, beside the float network that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dsconv.errors import DsconvError
from dsconv.execution.accuracy import right_outputs
from dsconv.execution.ports import rows_of
from dsconv.frontends import Port
from dsconv.frontends.onnx_file.model_file import load_model
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph
from dsconv.verification.onnx_runtime import run_model

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Score:
    """How many of so many outputs have their largest value at the label."""

    right: int
    of: int

    @staticmethod
    def count(outputs: Array, labels: Array) -> Score:
        """The score of outputs (n, ...) against n labels."""
        return Score(right_outputs(outputs, labels), len(outputs))

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.right / self.of

    def __str__(self) -> str:
        return f"{self.right} of {self.of} right, {self.share:.2%}"

    def as_json(self) -> dict[str, Any]:
        """The score for programs."""
        return {"right": self.right, "of": self.of, "share": self.share}


@dataclass(frozen=True)
class Accuracy:
    """Of the quantised network and, where it is given, of the float one, on the same inputs."""

    quantised: Score
    float_network: Score | None

    def __str__(self) -> str:
        beside = "" if self.float_network is None else f"; float: {self.float_network}"
        return f"accuracy: {self.quantised}{beside}"

    def as_json(self) -> dict[str, Any]:
        """The accuracy for programs."""
        beside = self.float_network
        return {
            "quantised": self.quantised.as_json(),
            "float": None if beside is None else beside.as_json(),
        }


def check_labels(labels: Array, inputs: int, outputs: tuple[Port, ...] | list[Port]) -> Array:
    """The labels as n integers, one for each input.

    Raises DsconvError where they are none of the classes of the only output, or not as many as
    there are inputs.
    """
    if len(outputs) != 1:
        names = ", ".join(port.name for port in outputs)
        raise DsconvError(f"labels are for a network with one output; this one has {names}")
    classes = int(np.prod(outputs[0].shape))
    flat = labels.reshape(-1)
    if flat.size != inputs:
        raise DsconvError(f"{flat.size} labels for {inputs} inputs")
    if not np.issubdtype(flat.dtype, np.integer):
        raise DsconvError(f"labels are numbers of classes, integers; these are {flat.dtype}")
    if flat.min() < 0 or flat.max() >= classes:
        raise DsconvError(
            f"labels are from {flat.min()} to {flat.max()}, classes from 0 to {classes - 1}"
        )
    return flat


def float_score(model: Path, x: Array, labels: Array) -> Score:
    """The score of a float network with one input and one output, in ONNX Runtime.

    `x` (n, ...) are reals in the network's shape. Raises DsconvError where they do not fit it.
    """
    loaded = load_model(model)
    inputs, outputs = OnnxGraph(loaded).inputs, loaded.graph.output
    if len(inputs) != 1 or len(outputs) != 1:
        raise DsconvError(f"{model} has {len(inputs)} inputs and {len(outputs)} outputs, not one")
    (source,) = inputs
    if not np.issubdtype(x.dtype, np.floating):
        raise DsconvError(f"{model} takes reals, and --input has {x.dtype}: give floats")
    rows = rows_of(x, source.shape, source.name).astype(source.dtype)
    name = outputs[0].name
    results = run_model(loaded, [{source.name: row} for row in rows], [name], optimised=True)
    return Score.count(np.stack([result[name] for result in results]), labels)
