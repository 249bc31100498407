"""What TOSA says and dsconv does not read: refused with the operation and the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from tosa_functions import TosaFunction, module, random_weights

from dsconv.errors import ModelError
from dsconv.frontends import import_onnx

Replacements = Sequence[tuple[str, str]]
NO_PADS = (0, 0, 0, 0)


def image(f: TosaFunction) -> str:
    return f.input(1, 4, 4, 3)


def wide(f: TosaFunction, scale: float = 4.0) -> str:
    """An activation in 32 bits."""
    return f.rescale(image(f), [scale], dtype="int32")


def convolved(f: TosaFunction, bits: str = "int8") -> str:
    weights, bias = random_weights(f.rng, 3, 2, 2, 3).astype(bits), np.zeros(3, np.int32)
    sums = f.convolution(image(f), weights, bias, NO_PADS, (0, 0))
    return f.rescale(sums, [0.01])


def filtered(f: TosaFunction) -> str:
    weights, bias = random_weights(f.rng, 2, 2, 3, 1), np.zeros(3, np.int32)
    return f.rescale(f.depthwise(image(f), weights, bias, NO_PADS, (0, 0)), [0.01])


def multiplied(f: TosaFunction) -> str:
    matrix = random_weights(f.rng, 1, 3, 5)
    return f.rescale(f.matmul(f.input(1, 4, 3), matrix, (0, 0)), [0.01])


def added(f: TosaFunction, scale: float = 4.0) -> str:
    return f.rescale(f.binary("tosa.add", wide(f, scale), wide(f)), [0.01])


def of_factors(f: TosaFunction) -> str:
    return f.rescale(f.binary("tosa.mul", wide(f), wide(f)), [0.001])


def with_constants(f: TosaFunction) -> str:
    addend = f.constant(np.arange(4, dtype=np.int32).reshape(1, 4, 1, 1))
    return f.rescale(f.binary("tosa.add", wide(f), addend), [0.01])


def summed(f: TosaFunction) -> str:
    return f.rescale(f.reduce_sum(wide(f, 1.0), 3), [0.01])


def enlarged(f: TosaFunction) -> str:
    return f.resize(image(f), (8, 8), (2, 1, 2, 1), (0, 0), "NEAREST_NEIGHBOR")


def unused(f: TosaFunction) -> str:
    x = image(f)
    f.clamp(x, -9, 9)
    return x


def rescaled(f: TosaFunction) -> str:
    return f.rescale(image(f), [0.5])


CASES: dict[str, tuple[Callable[[TosaFunction], str], Replacements, str]] = {
    "a convolution that does not divide": (
        convolved,
        [("stride = array<i64: 1, 1>", "stride = array<i64: 3, 3>")],
        "main: ",
    ),
    "a depthwise convolution that does not divide": (
        filtered,
        [("stride = array<i64: 1, 1>", "stride = array<i64: 3, 3>")],
        "main: ",
    ),
    "weights of 16 bits": (
        lambda f: convolved(f, "int16"),
        [],
        r"\(tosa.conv2d\): weights of other than 8 bits",
    ),
    "a list of pads that is none": (
        convolved,
        [("pad = array<i64: 0, 0, 0, 0>", "pad = 3 : i64")],
        "attribute 'pad' is not a list of integers",
    ),
    "a matrix of another height": (
        multiplied,
        [("tensor<1x4x3xi8>", "tensor<1x4x2xi8>")],
        r"\(tosa.matmul\): a matrix of shape \(1, 3, 5\) on",
    ),
    "a shift of 1": (
        rescaled,
        [("dense<[31]> : tensor<1xi8>", "dense<[1]> : tensor<1xi8>")],
        r"1 multipliers, shifts \[1\]",
    ),
    "integers of 16 bits": (
        lambda f: f.rescale(image(f), [0.5], dtype="int16"),
        [],
        r"\(tosa.rescale\): gives integers of 16 bits",
    ),
    "a flag that is none": (
        rescaled,
        [("input_unsigned = false", "input_unsigned = 3 : i8")],
        "attribute 'input_unsigned' is not a bool",
    ),
    "bytes read with and without a sign": (
        lambda f: f.rescale(f.pool("tosa.max_pool2d", image(f), (2, 2), (0, 0)), [0.5]),
        [("input_unsigned = false", "input_unsigned = true")],
        "reads bytes with a sign that other operations take otherwise",
    ),
    "terms without a rescale": (
        lambda f: f.rescale(f.binary("tosa.add", image(f), image(f)), [0.01]),
        [],
        r"\(tosa.add\): operand 0 is no activation in 32 bits; a rescale has to stand before it",
    ),
    "a product of rescaled factors": (of_factors, [], "a product that is shifted, or of rescaled"),
    "constants of rows": (with_constants, [], r"a constant of shape \(1, 4, 1, 1\) beside"),
    "a term that is rounded twice": (
        lambda f: f.rescale(f.rescale(wide(f, 0.3), [0.3], dtype="int32"), [0.01]),
        [],
        "rounds a term twice",
    ),
    "a sum over channels": (summed, [], r"\(tosa.reduce_sum\): sums over axis 3; rows and columns"),
    "pads of channels": (
        lambda f: f.pad(image(f), [0, 0, 1, 1, 1, 1, 0, 2], 3),
        [],
        r"\(tosa.pad\): pads .*; rows and columns can be padded",
    ),
    "a resize by 0": (
        enlarged,
        [("dense<[2, 1, 2, 1]>", "dense<[2, 0, 2, 1]>")],
        r"mode NEAREST_NEIGHBOR, scale \(2, 0, 2, 1\)",
    ),
    "a table of 16 bits": (
        lambda f: f.table(image(f), random_weights(f.rng, 513).astype("int16")),
        [],
        r"\(tosa.table\): a table of 513 values; 256 of int8 are supported",
    ),
    "a reshape of another size": (
        lambda f: f.clamp(f.reshape(f.clamp(image(f), -9, 9), 1, 48), -3, 3),
        [("dense<[1, 48]>", "dense<[1, 47]>")],
        r"\(tosa.reshape\): reshapes \(1, 4, 4, 3\) to \(1, 47\)",
    ),
    "an input as it is": (unused, [], "returns an input as it is"),
    "sums that nothing rescales": (wide, [], "returns what is no activation of 8 bits"),
    "rows of unknown number": (
        lambda f: f.clamp(image(f), -9, 9),
        [("tensor<1x4x4x3xi8>", "tensor<1x?x4x3xi8>")],
        r"argument 0 is tensor<1x\?x4x3xi8>; tensors of i8, of batch 1",
    ),
    "a batch of 2": (
        lambda f: f.clamp(image(f), -9, 9),
        [("tensor<1x4x4x3xi8>", "tensor<2x4x4x3xi8>")],
        r"argument 0 is tensor<2x4x4x3xi8>; tensors of i8, of batch 1",
    ),
    "reals": (
        lambda f: f.clamp(image(f), -9, 9),
        [("tensor<1x4x4x3xi8>", "tensor<1x4x4x3xf32>")],
        "argument 0 is tensor<1x4x4x3xf32>; tensors of i8",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case: str, tmp_path: Path):
    write, replacements, message = CASES[case]
    function = TosaFunction(np.random.default_rng(0))
    text = module(function.text(write(function)))
    for old, new in replacements:
        assert old in text, text
        text = text.replace(old, new)
    path = tmp_path / "net.mlir"
    path.write_text(text)
    with pytest.raises(ModelError, match=message):
        import_onnx(path)


def test_a_transpose_that_moves_bytes_is_refused(tmp_path: Path):
    f = TosaFunction(np.random.default_rng(0))
    f.clamp(f.input(1, 4, 5, 3), -9, 9)
    f.lines.append(
        '%t = "tosa.transpose"(%0) <{perms = array<i32: 0, 2, 1, 3>}> : '
        "(tensor<1x4x5x3xi8>) -> tensor<1x5x4x3xi8>"
    )
    f.values["%t"] = f.inputs[0].transpose(0, 2, 1, 3)
    path = tmp_path / "net.mlir"
    path.write_text(module(f.text("%t")))
    with pytest.raises(ModelError, match=r"transposes .* those that move no byte are supported"):
        import_onnx(path)
