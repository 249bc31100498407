"""onnx's own node tests of every operation that we read, through the exact interpreter.

ONNX Runtime runs them too: as they are, and with every real tensor quantised. Each of its values is
one that the interpreter allows, and is the interpreter's own wherever that has no choice. What the
front end reads of them means what the interpreter says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from exact_support import differences
from frontend_models import ModelWriter
from frontend_support import onnx_runtime
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests

from dsconv.errors import DsconvError, ModelError
from dsconv.exact.elementwise import ELEMENTWISE
from dsconv.exact.functions import FUNCTIONS
from dsconv.exact.interpreter import STANDARD, Judged, evaluate
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.flavours.registry import FLAVOURS

Array = npt.NDArray[Any]
Feeds = Mapping[str, Array]

READ = sorted({name for flavour in FLAVOURS for name in flavour.handlers} & STANDARD.keys())
TYPES = {"float32", "int8", "uint8", "int32", "int64"}
NEWEST_OPSET = 23
"""That ONNX Runtime has all kernels of."""
OF_ACTIVATIONS = {"Add", "Concat", "Div", "Max", "Min", "Mul", "Pow", "Sub", "Sum"}
"""Operations of which any number of inputs may be activations."""
WITH_WEIGHTS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1, "MatMul": 1}
"""The axis of their output channels."""
UNKNOWN = (
    *("in training", "indices of its maxima", "resizes by 'cubic'", "'tf_crop_and_resize'"),
    *("has an antialias or leaves out what is outside", "has scales for blocks"),
    "keeps an aspect ratio",
)
"""What no network of integers has, and the interpreter says so."""
VALUE_BY_VALUE = {*ELEMENTWISE, *FUNCTIONS} - {
    *("ArgMax", "ArgMin", "BatchNormalization", "Cast", "LogSoftmax", "Softmax")
}
"""Operations that a batch of 1 changes nothing of, where others need it."""
BY_TABLES = {"LogSoftmax", "Softmax"}
"""What ONNX Runtime's optimiser makes of these between integers has its own roundings."""
WITHOUT_TESTS = {"Cast", "RequantShift"}
"""Operations of which onnx has tests of other types alone, or none."""
STEPS = 200
"""In which the numbers of a quantised tensor lie."""

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


def runs_of(operation: str) -> Iterator[tuple[str, onnx.ModelProto, Feeds]]:
    """Tests with types that networks have: a name, a model, and its inputs."""
    for case in node_tests().get(operation, []):
        model = onnx.ModelProto()
        assert case.model is not None
        model.CopyFrom(case.model)
        model.ir_version = min(model.ir_version, 10)
        for known in model.opset_import:
            known.version = min(known.version, NEWEST_OPSET)
        for inputs, _ in case.data_sets or ():
            arrays = [np.asarray(x) for x in inputs]
            if all(array.dtype.name in TYPES and array.size for array in arrays):
                names = (value.name for value in model.graph.input)
                yield case.name, model, dict(zip(names, arrays, strict=True))


def with_constants(model: onnx.ModelProto, feeds: Feeds) -> tuple[onnx.ModelProto, Feeds]:
    """The model with all its inputs but the first as constants."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    first, *rest = changed.graph.input
    for value in rest:
        tensor = onnx.numpy_helper.from_array(feeds[value.name], value.name)
        changed.graph.initializer.append(tensor)
        changed.graph.input.remove(value)
    return changed, {first.name: feeds[first.name]}


def range_of(array: Array) -> Quantisation:
    """A scale and a zero point for the numbers of a tensor, and 0."""
    low, high = min(float(array.min()), 0.0), max(float(array.max()), 0.0)
    scale = np.float32((high - low) / STEPS or 0.1)
    return Quantisation(float(scale), int(np.clip(np.rint(-low / scale) + 20, 0, 255)), "uint8")


def in_a_batch(operation: str, array: Array, rank: int) -> Array:
    """A tensor of the node's rank with one more dimension, of size 1, where that is the same."""
    return array[None] if operation in VALUE_BY_VALUE and array.ndim == rank < 4 else array


def quantised(
    model: onnx.ModelProto, feeds: Feeds, results: list[Array]
) -> tuple[onnx.ModelProto, Feeds]:
    """The node between DequantizeLinear and QuantizeLinear, its weights in int8."""
    (node,) = model.graph.node
    writer = ModelWriter(model.opset_import[0].version)
    inputs: list[str] = []
    given: dict[str, Array] = {}
    rank = max(array.ndim for array in feeds.values())
    for index, name in enumerate(node.input):
        array = feeds.get(name)
        if array is None:
            inputs.append("")
        elif index == 0 or (node.op_type in OF_ACTIVATIONS and array.dtype == np.float32):
            meaning = range_of(array)
            array = in_a_batch(node.op_type, array, rank)
            given[name] = np.asarray(meaning.quantised(array))
            x = writer.input(name, "uint8", array.shape)
            inputs.append(writer.dequantize(x, meaning))
        elif index == 1 and node.op_type in WITH_WEIGHTS:
            scale = np.array(max(float(np.abs(array).max()), 0.1) / 127, np.float32)
            integers = np.rint(array / scale).astype(np.int8)
            inputs.append(writer.dequantized_constant(integers, scale, np.array(0, np.int8)))
        else:
            inputs.append(writer.constant(array))
    names = [f"result_{number}" for number in range(len(results))]
    inner = onnx.NodeProto()
    inner.CopyFrom(node)
    del inner.input[:], inner.output[:]
    inner.input.extend(inputs)
    inner.output.extend(names)
    inner.name = "tested"
    writer.nodes.append(inner)
    outputs = [
        writer.quantize(name, range_of(array)) for name, array in zip(names, results, strict=True)
    ]
    return writer.model(*outputs, dtype="uint8"), given


def results_of(model: onnx.ModelProto, feeds: Feeds, *, optimised: bool) -> list[Array] | None:
    """What ONNX Runtime gives; None for what it has no kernel for."""
    try:
        session = onnx_runtime(model, optimised=optimised)
    except DsconvError:
        return None
    return [np.asarray(result) for result in session.run(None, dict(feeds))]


def disagreement(judged: Judged, given: Array) -> str | None:
    """What of a result the interpreter does not allow, or has otherwise without a choice."""
    if judged.value.shape != given.shape:
        return f"shape {judged.value.shape}, of ONNX Runtime {given.shape}"
    if given.dtype.kind != "f":
        rounding = np.zeros(given.shape)
    else:
        rounding = np.spacing(np.maximum(np.abs(given), np.float32(1e-30)))
    allowed = (given >= judged.low - rounding) & (given <= judged.high + rounding)
    is_own = np.abs(given - judged.value) <= rounding
    wrong = ~(allowed & (is_own | judged.choices))
    if not wrong.any():
        return None
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    return f"{place}: {judged.value[place]}, of ONNX Runtime {given[place]}"


def disagreements(model: onnx.ModelProto, feeds: Feeds, given: list[Array]) -> list[str]:
    """The results of ONNX Runtime that the interpreter does not have."""
    names = [value.name for value in model.graph.output]
    judged = evaluate(model, feeds, names, float_sums=True)
    found = (disagreement(judged[name], x) for name, x in zip(names, given, strict=True))
    return [note for note in found if note is not None]


@pytest.mark.parametrize("operation", READ)
def test_as_they_are(operation: str):
    wrong: list[str] = []
    compared = 0
    for name, model, feeds in runs_of(operation):
        results = results_of(model, feeds, optimised=False)
        if results is None or any(x.dtype.name not in TYPES for x in results):
            continue
        compared += 1
        fixed, rest = with_constants(model, feeds) if len(feeds) > 1 else (model, feeds)
        try:
            wrong += [f"{name} {note}" for note in disagreements(fixed, rest, results)]
        except ModelError as error:
            if not any(words in str(error) for words in UNKNOWN):
                wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)
    assert compared or operation in WITHOUT_TESTS


@pytest.mark.parametrize("operation", READ)
def test_quantised(operation: str):
    wrong: list[str] = []
    for name, model, feeds in runs_of(operation):
        first = next(iter(feeds.values()), np.zeros(0))
        results = results_of(model, feeds, optimised=False)
        if first.dtype != np.float32 or results is None:
            continue
        if any(x.dtype != np.float32 or not x.size or not np.isfinite(x).all() for x in results):
            continue
        between, given = quantised(model, feeds, results)
        try:
            for optimised in (False,) if operation in BY_TABLES else (False, True):
                made = results_of(between, given, optimised=optimised)
                if made is not None:
                    wrong += [f"{name} {note}" for note in disagreements(between, given, made)]
            network = import_onnx(between)
            wrong += [f"{name}: we have {note}" for note in differences(network, between, given)]
        except ModelError as error:
            if "exact interpreter" in str(error) and not any(x in str(error) for x in UNKNOWN):
                wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)
