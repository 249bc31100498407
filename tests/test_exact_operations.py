"""The exact interpreter beside onnx's own node tests, for every operation that it knows."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import Array
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.case.test_case import TestCase

from dsconv.errors import ModelError
from dsconv.exact.interpreter import STANDARD, evaluate

Cases = dict[str, list[TestCase]]
PARAMETERS = (
    *("BatchNormalization", "Clip", "DequantizeLinear", "Pad", "QLinearConv", "QLinearMatMul"),
    *("QuantizeLinear", "Resize", "Upsample"),
)
"""Operations of whose inputs we take all but activations for constant, as they are in files."""
ACTIVATIONS = {"QLinearConv": (0,), "QLinearMatMul": (0, 3)}
PRECISION = 2.0**-17
"""Of float32, relative: some results of onnx's are rounded more often, or written by hand."""
OTHER_TYPES = re.compile("float16|FLOAT|DOUBLE|float4|e4m3|e5m2|e8m0|U?INT[24]")
"""Tests of types that no file of ours has."""
REFUSED = re.compile(
    "training|mask|argmax|blocked|empty_set|cubic|antialias|crop_and_resize|not_larger|not_smaller"
    "|exclude_outside"
)
"""Tests of what the interpreter refuses."""
FRACTIONS_OF_PIXELS = "test_resize_downsample_scales_linear_align_corners"
"""A test that takes the result for 2.4 pixels wide; ONNX Runtime, as we do, for 2."""
BY_HAND = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}
"""A test whose expected results have four digits."""


@pytest.fixture(scope="module")
def cases() -> Cases:
    """All node tests of one operation, by its name."""
    found: Cases = defaultdict(list)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in collect_testcases(None):
            if case.model is None or len(case.model.graph.node) != 1:
                continue
            (node,) = case.model.graph.node
            if not node.domain and not OTHER_TYPES.search(case.name):
                found[node.op_type].append(case)
    return found


@pytest.mark.parametrize("operation", sorted(set(STANDARD) - {"Cast", "RequantShift", "Upsample"}))
def test_an_operation(operation: str, cases: Cases):
    tested = 0
    for case in cases[operation]:
        if case.name == FRACTIONS_OF_PIXELS:
            continue
        assert case.model is not None
        assert case.data_sets is not None
        for inputs, outputs in case.data_sets:
            if any(isinstance(value, list | None) for value in (*inputs, *outputs)):
                continue  # sequences and what is optional
            try:
                check(case.model, [*map(array, inputs)], [*map(array, outputs)], case.name)
            except ModelError:
                assert REFUSED.search(case.name), case.name
            else:
                tested += 1
    assert tested


def check(model: onnx.ModelProto, inputs: list[Array], outputs: list[Array], name: str) -> None:
    (node,) = model.graph.node
    fed, constants = onnx.ModelProto.FromString(model.SerializeToString()), {}
    feeds: dict[str, Array] = {}
    activations = ACTIVATIONS.get(node.op_type, (0,))
    for index, (value, given) in enumerate(zip(model.graph.input, inputs, strict=False)):
        parameter = node.op_type in PARAMETERS or given.dtype.kind != "f"
        if index in activations or not parameter:
            feeds[value.name] = given
        else:
            constants[value.name] = given
    for constant, given in constants.items():
        fed.graph.initializer.append(numpy_helper.from_array(given, constant))
    names = [value.name for value in model.graph.output]
    found = evaluate(fed, feeds, names, float_sums=True)
    for tensor, expected in zip(names, outputs, strict=True):
        judged = found[tensor]
        assert judged.value.shape == expected.shape, name
        reals = expected.astype(np.float64)
        precision = 1e-3 if name in BY_HAND else PRECISION if expected.dtype.kind == "f" else 0
        allowed = np.abs(reals) * precision
        assert np.all(judged.low - allowed <= reals), name
        assert np.all(reals <= judged.high + allowed), name


def array(value: Any) -> Array:
    is_tensor = isinstance(value, onnx.TensorProto)
    return numpy_helper.to_array(value) if is_tensor else np.asarray(value)
