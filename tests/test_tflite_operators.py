"""Random .tflite files of one operator: every value is that of TFLite's reference kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tflite_operators import WRITERS, random_operator

from dsconv.execution.execute import run_imported
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.tflite_file.reader import as_onnx
from dsconv.verification.exact import place_of_output
from dsconv.verification.tflite_interpreters import Tensors, run_litert, run_tflm

Array = npt.NDArray[Any]

FEW, MANY = 6, 500
EXPONENTIALS: dict[str, Callable[[Array], Array]] = {
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "TANH": np.tanh,
}
"""Functions whose float32 results depend on the C library: 1 of 384,000 values was seen to."""


def assert_equal(kind: str, seed: int, dtype: str, flavour: str) -> None:
    """Compares one operator with the interpreter that the flavour means."""
    data, inputs = random_operator(kind, seed, dtype)
    tensor_of: Tensors = (run_tflm if flavour == "TFLite" else run_litert)(data, inputs)
    imported = import_onnx(as_onnx(data, "operator"), flavour=flavour)
    run = run_imported(imported, inputs)
    (port,) = imported.outputs
    index = int(port.name.removeprefix("t"))
    expected = place_of_output(imported, port).stored(tensor_of(index).reshape(port.shape))
    found = run.outputs[0]
    if kind in EXPONENTIALS:
        found = np.where(near_ties(kind, imported, inputs[0]), expected, found)
    np.testing.assert_array_equal(found, expected, f"{kind} {seed} {dtype} {flavour}")


def near_ties(kind: str, imported: ImportedNetwork, x: Array) -> Array:
    """Where a function is so near half a step that one unit of float32's last place decides."""
    (source,), (result,) = imported.inputs, imported.outputs
    assert source.scale is not None
    assert result.scale is not None
    reals = source.scale * (x.astype(np.float64) - source.zero_point)
    exact = EXPONENTIALS[kind](reals) / result.scale
    near = np.abs(exact - np.floor(exact) - 0.5) < np.abs(exact) * 2.0**-22
    return np.moveaxis(near, 3, 1)


@pytest.mark.parametrize("kind", WRITERS)
def test_int8_is_that_of_tensorflow_lite_micro(kind: str):
    for seed in range(FEW):
        assert_equal(kind, seed, "int8", "TFLite")


@pytest.mark.parametrize("kind", WRITERS)
def test_int8_is_that_of_litert(kind: str):
    for seed in range(FEW):
        assert_equal(kind, seed, "int8", "LiteRT")


@pytest.mark.parametrize("kind", WRITERS)
def test_uint8_is_that_of_litert(kind: str):
    for seed in range(FEW):
        assert_equal(kind, seed, "uint8", "LiteRT")


@pytest.mark.slow
@pytest.mark.parametrize("flavour", ["TFLite", "LiteRT"])
@pytest.mark.parametrize("kind", WRITERS)
def test_many_operators_of_a_kind(kind: str, flavour: str):
    for seed in range(MANY):
        assert_equal(kind, seed, "int8", flavour)
