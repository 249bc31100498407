"""Random .tflite files of one operator: every value is that of TFLite's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tflite_operators import WRITERS, random_operator

from dsconv.errors import ModelError
from dsconv.execution.execute import run_imported
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.tflite_file import reader
from dsconv.frontends.tflite_file.dilations import JOINED
from dsconv.frontends.tflite_file.reader import as_onnx
from dsconv.verification.comparison import place_of_output
from dsconv.verification.tflite_interpreters import Tensors, run_litert, run_tflm

Array = npt.NDArray[Any]
Judge = Callable[[bytes, Sequence[Array]], Tensors]

FEW, MANY = 6, 500
EXPONENTIALS: dict[str, Callable[[Array], Array]] = {
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "ELU": lambda x: np.where(x < 0, np.expm1(x), x),
    "TANH": np.tanh,
}
"""Functions whose float32 results depend on the C library: 1 of 384,000 values was seen to."""
NOT_IN_TFLM = {
    "BATCH_TO_SPACE_ND": "its SPACE_TO_BATCH_ND pads with the byte 0, not with the zero point",
    "RELU_0_TO_1": "it has no such operator",
    "RELU_N1_TO_1": "it has no such operator",
    "TILE": "it has no such operator",
}
"""Kinds of which LiteRT says what they mean in both flavours."""
NOT_IN_LITERT = {"ELU": "its reference kernels have none of integers"}
"""Kinds of which TensorFlow Lite Micro says what they mean in both flavours."""
FLOAT_IN_UINT8 = "RESIZE_BILINEAR"
"""What LiteRT computes in float32 on uint8, and we refuse."""
NOT_AS_UINT8 = {FLOAT_IN_UINT8, *NOT_IN_LITERT}


def assert_equal(kind: str, seed: int, dtype: str, flavour: str) -> None:
    """Compares one operator with the interpreter that the flavour means."""
    data, inputs = random_operator(kind, seed, dtype)
    tensor_of: Tensors = judge_of(kind, flavour)(data, inputs)
    imported = import_onnx(as_onnx(data, "operator"), flavour=flavour)
    run = run_imported(imported, inputs)
    for port, found in zip(imported.outputs, run.outputs, strict=True):
        index = int(port.tensor.removeprefix("t"))
        expected = place_of_output(imported, port).stored(tensor_of(index).reshape(port.shape))
        if kind in EXPONENTIALS:
            found = np.where(near_ties(kind, imported, inputs[0]), expected, found)
        np.testing.assert_array_equal(found, expected, f"{kind} {seed} {dtype} {flavour}")


def judge_of(kind: str, flavour: str) -> Judge:
    """The interpreter that says what a kind means in a flavour."""
    if kind in NOT_IN_TFLM:
        return run_litert
    return run_tflm if flavour == "TFLite" or kind in NOT_IN_LITERT else run_litert


def near_ties(kind: str, imported: ImportedNetwork, x: Array) -> Array:
    """Where a function is so near half a step that one unit of float32's last place decides."""
    (source,), (result,) = imported.inputs, imported.outputs
    assert source.scale is not None
    assert result.scale is not None
    reals = source.scale * (x.astype(np.float64) - source.zero_point)
    exact = EXPONENTIALS[kind](reals) / result.scale
    near = np.abs(exact - np.floor(exact) - 0.5) < np.abs(exact) * 2.0**-22
    return np.moveaxis(near, 3, 1)


def test_every_operator_that_is_read_is_written():
    assert {kind.split()[0] for kind in WRITERS} == {*reader.WRITERS, JOINED}


@pytest.mark.parametrize("kind", WRITERS)
def test_int8_is_that_of_tensorflow_lite_micro(kind: str):
    for seed in range(FEW):
        assert_equal(kind, seed, "int8", "TFLite")


@pytest.mark.parametrize("kind", WRITERS)
def test_int8_is_that_of_litert(kind: str):
    for seed in range(FEW):
        assert_equal(kind, seed, "int8", "LiteRT")


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind not in NOT_AS_UINT8])
def test_uint8_is_that_of_litert(kind: str):
    for seed in range(FEW):
        assert_equal(kind, seed, "uint8", "LiteRT")


def test_what_is_computed_in_float32_is_refused():
    data, _ = random_operator(FLOAT_IN_UINT8, 0, "uint8")
    with pytest.raises(ModelError, match="TFLite interpolates uint8 in float32; int8 is supported"):
        import_onnx(as_onnx(data, "operator"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "flavour"), [("int8", "TFLite"), ("int8", "LiteRT"), ("uint8", "LiteRT")]
)
@pytest.mark.parametrize("kind", WRITERS)
def test_many_operators_of_a_kind(kind: str, dtype: str, flavour: str):
    if dtype == "uint8" and kind in NOT_AS_UINT8:
        pytest.skip("no kernel of integers computes it")
    for seed in range(MANY):
        assert_equal(kind, seed, dtype, flavour)
