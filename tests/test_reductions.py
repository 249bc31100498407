"""Sums and averages over any dimensions against ONNX Runtime and the exact interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import assert_nearly_agrees, random_integers, random_quantisation
from frontend_models import ModelWriter
from frontend_support import layer_operations
from handwritten import needs_gvsoc
from integer_models import WRITERS

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 6, 5, 4)
X = Quantisation(0.03, 20, "uint8")
EVERY_AXES = [(1,), (2,), (3,), (-1, -2), (1, 2), (1, 3), (1, 2, 3), (0, 1, 2, 3), None]


def reduced(
    operation: str,
    axes: tuple[int, ...] | None,
    y: Quantisation,
    shape: tuple[int, ...] = SHAPE,
    **options: Any,
) -> onnx.ModelProto:
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "uint8", shape), X)
    inputs = [] if axes is None else [writer.constant(np.array(axes, np.int64))]
    result = writer.node(operation, x, *inputs, **options)
    return writer.model(writer.quantize(result, y), dtype=y.dtype)


def agrees(model: onnx.ModelProto, shape: tuple[int, ...] = SHAPE) -> ImportedNetwork:
    """Every value is what the file means, and within a step of ONNX Runtime's floats."""
    feeds = {"x": random_integers(np.random.default_rng(1), "uint8", shape)}
    return assert_nearly_agrees(model, feeds, most_away=0.05)


def kinds(network: ImportedNetwork) -> list[str]:
    return [operation.kind for operation in layer_operations(network).values()]


def range_of(operation: str, axes: tuple[int, ...] | None) -> Quantisation:
    """A scale that has room for the sums."""
    sizes = [SHAPE[axis] for axis in axes] if axes else SHAPE
    return Quantisation(
        0.021 * (float(np.prod(sizes)) ** 0.5 if operation == "ReduceSum" else 1), 100, "uint8"
    )


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", EVERY_AXES)
@pytest.mark.parametrize("operation", ["ReduceSum", "ReduceMean"])
def test_any_axes(operation: str, axes: tuple[int, ...] | None, keepdims: int):
    agrees(reduced(operation, axes, range_of(operation, axes), keepdims=keepdims))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("operation", ["ReduceSum", "ReduceMean"])
def test_any_scales(operation: str, seed: int):
    rng = np.random.default_rng(seed)
    y = random_quantisation(rng, "int8" if seed % 2 else "uint8")
    axes = ((1,), (2, 3), (1, 3))[seed % 3]
    feeds = {"x": random_integers(rng, "uint8", SHAPE)}
    assert_means(reduced(operation, axes, y), feeds)


def test_equal_scales_tie():
    """Averages of eight values of the result's scale lie on ties."""
    shape = (1, 8, 16, 16)
    assert_means(
        reduced("ReduceMean", (1,), Quantisation(X.scale, 21, "uint8"), shape),
        {"x": random_integers(np.random.default_rng(2), "uint8", shape)},
    )


def test_what_they_become():
    def found(operation: str, *axes: int) -> list[str]:
        return kinds(import_onnx(reduced(operation, axes, X)))

    assert found("ReduceSum", 2, 3) == ["avg_pool"]
    assert found("ReduceMean", 1) == ["pointwise"]
    assert found("ReduceSum", 1, 3) == ["conv2d"]


def test_of_the_last_dimension_of_a_vector():
    shape = (1, 7)
    assert kinds(agrees(reduced("ReduceMean", (-1,), X, shape), shape)) == ["pointwise"]


def test_nothing_is_reduced():
    model = reduced("ReduceSum", None, X, noop_with_empty_axes=1)
    assert_means(model, {"x": random_integers(np.random.default_rng(1), "uint8", SHAPE)})


@pytest.mark.parametrize(
    ("operation", "axes", "reason"),
    [
        ("ReduceMax", (1,), "reduces the channels"),
        ("ReduceSum", (4,), r"axes \[4\] for 4 dimensions"),
    ],
)
def test_other_reductions_are_an_error(operation: str, axes: tuple[int, ...], reason: str):
    with pytest.raises(ModelError, match=reason):
        import_onnx(reduced(operation, axes, X))


@pytest.mark.parametrize("flavour", WRITERS)
@pytest.mark.parametrize("operation", ["ReduceSum", "ReduceMean"])
@pytest.mark.parametrize("axes", [(1,), (2, 3), (1, 2)])
def test_integer_flavours(flavour: str, operation: str, axes: tuple[int, ...]):
    writer = WRITERS[flavour](3)
    image = writer.input("image", "float32", (1, 4, 8, 6))
    x = writer.requantised(writer.convolution(image, 6, 4, 3), 6)
    x = writer.node(operation, x, axes=axes, keepdims=1)
    if operation == "ReduceMean":
        y = writer.node("Clip", writer.node("Floor", x), min=0.0, max=100.0)
    else:
        y = writer.requantised(x, 1)
    model = writer.model(y, dtype="float32")
    values = np.random.default_rng(1).integers(0, 256, (1, 4, 8, 6)).astype(np.float32)
    assert_means(model, {"image": values})


@pytest.mark.parametrize("runner", ["host", "qemu", pytest.param("gvsoc", marks=needs_gvsoc)])
def test_the_c_is_bit_exact(runner: str):
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "uint8", (1, 9, 12, 10)), X)

    def step(x: str, operation: str, scale: float, *axes: int) -> str:
        total = writer.node(operation, x, writer.constant(np.array(axes, np.int64)))
        y = Quantisation(scale, 100, "uint8")
        return writer.dequantize(writer.quantize(total, y), y)

    channels = step(x, "ReduceMean", 0.02, 1)
    rows = step(x, "ReduceSum", 0.2, 2)
    added = writer.quantize(writer.node("Add", channels, rows), Quantisation(0.2, 90, "uint8"))
    both = writer.dequantize(added, Quantisation(0.2, 90, "uint8"))
    total = writer.node("ReduceSum", both, writer.constant(np.array([1, 3], np.int64)))
    model = writer.model(writer.quantize(total, Quantisation(3.0, 20, "uint8")), dtype="uint8")
    assert dsconv.compile(model, target="pulp_open", l1=9600).run(on=runner).equal
