"""A module of others: two networks of TOSA, a function that calls them, one that does neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tosa_functions import TosaFunction, module, random_weights

Array = npt.NDArray[Any]

LOW, HIGH = -20, 90
CALLER = f"""\
"func.func"() <{{function_type = (tensor<1x8x8x4xi8>) -> tensor<1x5xi8>, sym_name = "app"}}> ({{
  ^bb0(%image: tensor<1x8x8x4xi8>):
    %0 = "func.call"(%image) <{{callee = @features}}> : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x6xi8>
    %1 = "mine.clip"(%0) {{low = {LOW} : i8, high = {HIGH} : i8}} \
: (tensor<1x8x8x6xi8>) -> tensor<1x8x8x6xi8>
    %2 = "func.call"(%1) <{{callee = @classes}}> : (tensor<1x8x8x6xi8>) -> tensor<1x5xi8>
    "func.return"(%2) : (tensor<1x5xi8>) -> ()
}}) : () -> ()"""
OTHER = """\
"func.func"() <{function_type = (f32, f32) -> f32, sym_name = "mean"}> ({
  ^bb0(%a: f32, %b: f32):
    %sum = "arith.addf"(%a, %b) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
    %half = "arith.constant"() <{value = 5.000000e-01 : f32}> : () -> f32
    %mean = "arith.mulf"(%sum, %half) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
    "func.return"(%mean) : (f32) -> ()
}) : () -> ()"""


@dataclass(frozen=True)
class EmbeddedModule:
    """The module, an input of `app`, and its output."""

    text: str
    image: Array
    classes: Array


def embedded_module(seed: int) -> EmbeddedModule:
    """Random weights and an image of a seed."""
    rng = np.random.default_rng(seed)
    features = TosaFunction(rng)
    found = _features(features)
    classes = TosaFunction(rng)
    clipped = np.clip(features.values[found], LOW, HIGH)
    result = _classes(classes, clipped)
    functions = (features.text(found, name="features"), classes.text(result, name="classes"))
    text = module(*functions, CALLER, OTHER)
    return EmbeddedModule(text, features.inputs[0], classes.values[result])


def _features(f: TosaFunction) -> str:
    """A depthwise layer and a pointwise one."""
    x, rng = f.input(1, 8, 8, 4), f.rng
    bias = rng.integers(-500, 500, 4).astype(np.int32)
    sums = f.depthwise(x, random_weights(rng, 3, 3, 4, 1), bias, [1, 1, 1, 1], (-5, 0))
    middle = f.clamp(f.rescale(sums, rng.uniform(0.002, 0.01, 4).tolist(), (0, -128)), -128, 127)
    bias = rng.integers(-500, 500, 6).astype(np.int32)
    sums = f.convolution(middle, random_weights(rng, 6, 1, 1, 4), bias, [0, 0, 0, 0], (-128, 0))
    return f.rescale(sums, rng.uniform(0.002, 0.01, 6).tolist(), (0, 7))


def _classes(f: TosaFunction, x: Array) -> str:
    """The average of an image, and a fully connected layer."""
    image, rng = f.input(*x.shape), f.rng
    f.values[image] = f.inputs[0] = x
    wide = f.rescale(image, [1.0], (7, 0), dtype="int32")
    mean = f.rescale(f.reduce_sum(f.reduce_sum(wide, 1), 2), [1.3 / 64], (0, 4))
    flat = f.reshape(f.reshape(mean, 1, 6), 1, 1, 1, 6)
    bias = rng.integers(-99, 99, 5).astype(np.int32)
    sums = f.convolution(flat, random_weights(rng, 5, 1, 1, 6), bias, [0, 0, 0, 0], (4, 0))
    return f.reshape(f.rescale(sums, [0.004], (0, -3)), 1, 5)
