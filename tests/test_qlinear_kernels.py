"""QLinearAdd, QLinearMul and QLinearAveragePool as the kernels of ONNX Runtime round them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import random_integers
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations, onnx_runtime, run_network

import dsconv
from dsconv.dialects.graph import AddOp, LookupOp, MulOp, PairLookupOp
from dsconv.frontends import ImportedNetwork
from dsconv.frontends.arithmetic.scales import Quantisation

SQUARE = (1, 1, 256, 256)
SCALES = {
    "equal": (0.5, 0.5, 1.0),
    "twice": (0.125, 0.25, 0.5),
    "three quarters": (0.75, 0.25, 1.0),
    "any": (0.0731, 0.0317, 0.0913),
    "far apart": (0.0913127, 0.0023391, 0.0711173),
    "next to ties": (0.07387557, 0.018526102, 0.055464648),
}
ZERO_POINTS = [(127, 127, 127), (3, 200, 131), (0, 0, 0), (255, 1, 254)]


def binary(
    operation: str, meanings: list[Quantisation], constant: Array | None = None, first: bool = False
) -> onnx.ModelProto:
    """One node of two activations, or of an activation and a constant."""
    writer = ModelWriter()
    a, b, y = meanings
    names = [writer.input("a", a.dtype, SQUARE)]
    names.append(
        writer.input("b", b.dtype, SQUARE) if constant is None else writer.constant(constant)
    )
    operands = [(names[0], a), (names[1], b)]
    terms = [
        part
        for name, x in operands[:: -1 if first else 1]
        for part in (name, *writer.parameters(x))
    ]
    node = writer.node(operation, *terms, *writer.parameters(y), domain="com.microsoft")
    return writer.model(node, dtype=y.dtype)


def agrees(
    model: onnx.ModelProto, feeds: dict[str, Array], *, with_table: bool = False
) -> ImportedNetwork:
    """Every value is what ONNX Runtime's kernel gives, and the exact judge takes it."""
    network = assert_means(model, feeds)
    (result,) = run_network(network, *feeds.values())
    (expected,) = onnx_runtime(model, optimised=False).run(None, feeds)
    assert len(np.unique(result)) > 1, "a constant says nothing"
    np.testing.assert_array_equal(result, np.asarray(expected))
    assert any("table of 8 kB" in note for note in network.notes) == with_table
    return network


def meanings(scales: str, zero_points: tuple[int, ...], dtype: str) -> list[Quantisation]:
    offset = 128 if dtype == "int8" else 0
    return [
        Quantisation(float(np.float32(scale)), zero_point - offset, dtype)
        for scale, zero_point in zip(SCALES[scales], zero_points, strict=True)
    ]


def every_pair(dtype: str) -> dict[str, Array]:
    low = np.iinfo(dtype).min
    values = np.arange(low, low + 256, dtype=dtype)
    grids = np.meshgrid(values, values, indexing="ij")
    return {name: grid.reshape(SQUARE) for name, grid in zip("ab", grids, strict=True)}


@pytest.mark.parametrize("zero_points", ZERO_POINTS)
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("operation", ["QLinearAdd", "QLinearMul"])
def test_every_pair_of_bytes(operation: str, scales: str, zero_points: tuple[int, ...]):
    agrees(binary(operation, meanings(scales, zero_points, "uint8")), every_pair("uint8"))


@pytest.mark.parametrize("operation", ["QLinearAdd", "QLinearMul"])
def test_every_pair_of_signed_bytes(operation: str):
    agrees(binary(operation, meanings("equal", (127, 127, 127), "int8")), every_pair("int8"))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("operation", ["QLinearAdd", "QLinearMul"])
def test_a_constant(operation: str, scales: str, first: bool):
    constant = np.array(201, np.uint8)
    model = binary(operation, meanings(scales, (128, 127, 129), "uint8"), constant, first)
    feeds = {"a": every_pair("uint8")["a"]}
    (layer,) = layer_operations(agrees(model, feeds)).values()
    assert isinstance(layer, LookupOp)


def hand_made(scales: tuple[int, ...], dtype: str) -> list[Quantisation]:
    """Hundredths, whose quotients make many ties that float32 turns in both ways."""
    offset = 128 if dtype == "int8" else 0
    zero_points = (69, 78, 10)
    return [
        Quantisation(float(np.float32(scale / 100)), zero_point - offset, dtype)
        for scale, zero_point in zip(scales, zero_points, strict=False)
    ]


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(
    ("operation", "scales"), [("QLinearAdd", (34, 25, 30)), ("QLinearMul", (5, 26, 2))]
)
def test_a_table_rounds_pairs_that_no_integers_do(
    operation: str, scales: tuple[int, ...], dtype: str
):
    meanings = hand_made(scales, dtype)
    network = agrees(binary(operation, meanings), every_pair(dtype), with_table=True)
    below, ones, total = layer_operations(network).values()
    assert isinstance(below, AddOp | MulOp)
    assert isinstance(ones, PairLookupOp)
    assert isinstance(total, AddOp)


def test_a_table_of_pairs_broadcasts():
    writer, (a, b, y) = ModelWriter(), hand_made((34, 25, 30), "uint8")
    image = writer.input("a", "uint8", (1, 3, 16, 16))
    row = writer.input("b", "uint8", (1, 3, 1, 1))
    terms = (image, *writer.parameters(a), row, *writer.parameters(b), *writer.parameters(y))
    model = writer.model(writer.node("QLinearAdd", *terms, domain="com.microsoft"), dtype="uint8")
    rng = np.random.default_rng(0)
    feeds = {
        "a": random_integers(rng, "uint8", (1, 3, 16, 16)),
        "b": random_integers(rng, "uint8", (1, 3, 1, 1)),
    }
    agrees(model, feeds, with_table=True)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("scales", [(39, 23), (26, 3), (2, 3), (5, 5)])
def test_global_averages(scales: tuple[int, int], dtype: str):
    x, y = hand_made(scales, dtype)
    writer = ModelWriter()
    image = writer.input("x", dtype, (1, 500, 3, 4))
    parameters = (*writer.parameters(x), *writer.parameters(y))
    node = writer.node(
        "QLinearGlobalAveragePool", image, *parameters, domain="com.microsoft", channels_last=0
    )
    feeds = {"x": random_integers(np.random.default_rng(0), dtype, (1, 500, 3, 4))}
    agrees(writer.model(node, dtype=dtype), feeds, with_table=scales != (5, 5))


WINDOWS: dict[str, dict[str, Any]] = {
    "2x2": {"kernel_shape": [2, 2], "strides": [2, 2]},
    "1x2": {"kernel_shape": [1, 2]},
    "pads that count": {"kernel_shape": [4, 4], "pads": [1, 1, 1, 1], "count_include_pad": 1},
    "pads that do not": {"kernel_shape": [2, 2], "pads": [1, 0, 1, 1]},
}


def pool(window: str, x: Quantisation, y: Quantisation) -> onnx.ModelProto:
    writer = ModelWriter()
    image = writer.input("x", x.dtype, (1, 4, 9, 8))
    parameters = (*writer.parameters(x), *writer.parameters(y))
    attributes = WINDOWS[window]
    node = writer.node(
        "QLinearAveragePool", image, *parameters, domain="com.microsoft", **attributes
    )
    return writer.model(node, dtype=x.dtype)


@pytest.mark.parametrize("zero_point", [3, 128])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("window", WINDOWS)
def test_average_pools(window: str, dtype: str, zero_point: int):
    offset = 128 if dtype == "int8" else 0
    x, y = (Quantisation(scale, zero_point - offset, dtype) for scale in (0.25, 0.5))
    image = random_integers(np.random.default_rng(0), dtype, (1, 4, 9, 8))
    agrees(pool(window, x, y), {"x": image})


@pytest.mark.parametrize("target", ["host", "pulp_open"])
@pytest.mark.parametrize(
    "kind", ["add", "add next to ties", "add of a table", "mul", "pool", "pool without pads"]
)
def test_the_c_rounds_so(kind: str, target: str):
    x, y = Quantisation(0.25, 3, "uint8"), Quantisation(0.5, 5, "uint8")
    models = {
        "add": binary("QLinearAdd", [x, x, y]),
        "add next to ties": binary("QLinearAdd", meanings("next to ties", (176, 205, 38), "uint8")),
        "add of a table": binary("QLinearAdd", hand_made((34, 25, 30), "int8")),
        "mul": binary("QLinearMul", [x, x, y]),
        "pool": pool("2x2", x, y),
        "pool without pads": pool("pads that do not", x, y),
    }
    on = "host" if target == "host" else "qemu"
    assert dsconv.compile(models[kind], target=target).run(on=on).equal
