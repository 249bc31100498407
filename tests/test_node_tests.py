"""onnx's own node tests of every operation that we read, through the exact interpreter.

ONNX Runtime runs them too: as they are, and with every real tensor quantised. Each of its values is
one that the interpreter allows, and is the interpreter's own wherever that has no choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from exact_support import differences
from frontend_support import onnx_runtime
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from dsconv.errors import ModelError
from dsconv.exact.interpreter import STANDARD, Judged, evaluate
from dsconv.frontends import import_onnx
from dsconv.frontends.flavours.registry import FLAVOURS

Array = npt.NDArray[Any]

READ = sorted({name for flavour in FLAVOURS for name in flavour.handlers} & STANDARD.keys())
TYPES = {"float32", "int8", "uint8", "int32", "int64"}
NOT_JUDGED = """
BatchNormalization/training Dropout/training MaxPool/indices Resize/cubic
"""
QUANTISED_OPSET = 21
SCALE_PARTS = 200
"""Steps that the numbers of a quantised tensor lie in."""

pytestmark = pytest.mark.slow


@cache
def node_tests() -> dict[str, list[TestCase]]:
    """Tests of one node, by its operation."""
    found: dict[str, list[TestCase]] = {}
    for case in load_model_tests(kind="node"):
        if case.model is not None and len(case.model.graph.node) == 1:
            node = case.model.graph.node[0]
            if node.domain in ("", "ai.onnx"):
                found.setdefault(node.op_type, []).append(case)
    return found


def runs_of(case: TestCase) -> Iterator[tuple[onnx.ModelProto, dict[str, Array]]]:
    """The model of a test with each of its inputs; nothing for types that no network of ours has."""
    model = case.model
    assert model is not None
    names = [value.name for value in model.graph.input]
    for inputs, _ in case.data_sets or ():
        if all(isinstance(x, np.ndarray) and x.dtype.name in TYPES and x.size for x in inputs):
            yield model, dict(zip(names, inputs, strict=True))


def results_of_onnx_runtime(
    model: onnx.ModelProto, feeds: dict[str, Array], *, optimised: bool
) -> list[Array] | None:
    """None for what ONNX Runtime has no kernel for."""
    try:
        return [
            np.asarray(result)
            for result in onnx_runtime(model, optimised=optimised).run(None, feeds)
        ]
    except (
        ort.capi.onnxruntime_pybind11_state.NotImplemented,
        ort.capi.onnxruntime_pybind11_state.InvalidGraph,
        ort.capi.onnxruntime_pybind11_state.Fail,
    ):
        return None


def disagreement(judged: Judged, given: Array) -> str | None:
    """What of a result the interpreter does not allow, or what it has that is not the result's."""
    if judged.value.shape != given.shape:
        return f"shape {judged.value.shape}, of ONNX Runtime {given.shape}"
    rounding = np.abs(np.spacing(given)) if given.dtype.kind == "f" else np.zeros(given.shape)
    wrong = (given < judged.low - rounding) | (given > judged.high + rounding)
    own = (np.abs(given - judged.value) > rounding) & ~judged.choices
    if not (wrong | own).any():
        return None
    place = tuple(np.argwhere(wrong | own)[0])
    return f"{place}: {judged.value[place]}, of ONNX Runtime {given[place]}"


@pytest.mark.parametrize("operation", READ)
def test_as_they_are(operation: str):
    wrong: list[str] = []
    judged = 0
    for case in node_tests().get(operation, []):
        for model, feeds in runs_of(case):
            names = [value.name for value in model.graph.output]
            given = results_of_onnx_runtime(model, feeds, optimised=False)
            if given is None or any(x.dtype.name not in TYPES for x in given):
                continue
            try:
                found = evaluate(model, feeds, names)
            except ModelError as error:
                wrong.append(f"{case.name}: {error}")
                continue
            judged += 1
            notes = (disagreement(found[name], x) for name, x in zip(names, given, strict=True))
            wrong += [f"{case.name} {note}" for note in notes if note is not None]
    assert not wrong, "\n".join(wrong)
